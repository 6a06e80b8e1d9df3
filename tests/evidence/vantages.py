"""Two routers and what captures at several places make of them, each with a clock of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from vrrpscope.capture.frames import Frames
from vrrpscope.evidence.witness import Senders, Witness
from vrrpscope.wire.columns import ADVERT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

SECOND: Final = 1_000_000_000
T0: Final = 1_700_000_000 * SECOND
DELAY: Final = 60_000  # nanoseconds from one host to the other


class Wire(NamedTuple):
    """Adverts as they are sent. dtype ADVERT, times true."""

    adverts: NDArray[np.void]

    @property
    def t(self) -> NDArray[np.int64]:
        t: NDArray[np.int64] = self.adverts["t"]
        return t

    def seen(
        self,
        host: int,
        clock: Callable[[NDArray[np.int64]], NDArray[np.int64]] | None = None,
        *,
        start: float = 0,
        end: float = 1e9,
        keep: NDArray[np.bool_] | None = None,
        jitter: int = 20_000,
        seed: int = 1,
    ) -> NDArray[np.void]:
        """Return what a capture at a host holds, by the host's clock, from and until some seconds after T0."""
        rows = self.adverts[np.ones(len(self.adverts), bool) if keep is None else keep].copy()
        rows = rows[(rows["t"] >= T0 + start * SECOND) & (rows["t"] <= T0 + end * SECOND)]
        noise = np.random.default_rng([seed, host]).integers(0, jitter, len(rows))
        rows["t"] += np.where(rows["src_lo"] == host, 0, DELAY) + noise
        if clock is not None:
            rows["t"] = clock(rows["t"])
        rows = rows[np.argsort(rows["t"], kind="stable")]
        rows["number"] = np.arange(1, len(rows) + 1)
        return rows


def clock(offset: float, ppm: float = 0.0) -> Callable[[NDArray[np.int64]], NDArray[np.int64]]:
    """Return a clock that is some seconds ahead at T0 and runs some parts in a million fast."""
    return lambda t: t + round(offset * SECOND) + np.rint((t - T0) * (ppm * 1e-6)).astype(np.int64)


def speak(
    host: int, start: float, count: int, *, interval: float = 1.0, ip_id: int = 1, seed: int = 1, **columns: int
) -> NDArray[np.void]:
    """Return adverts of one router, as unpunctual as a daemon is; `ip_id` 0: without a number."""
    rows = np.zeros(count, ADVERT)
    late = np.random.default_rng([seed, host, count]).integers(50_000, 300_000, count)
    rows["t"] = T0 + round(start * SECOND) + np.cumsum(late + round(interval * SECOND))
    rows["ip_id"] = (ip_id - 1 + np.arange(count)) % 0xFFFF + 1 if ip_id else 0
    rows["src_lo"], rows["ah_seq"], rows["mac"] = host, -1, host
    rows["interval"] = round(interval * SECOND)
    rows["family"], rows["vrid"], rows["version"], rows["priority"] = 4, 50, 2, 100 + host
    for name, value in columns.items():
        rows[name] = value
    return rows


def wire(*parts: NDArray[np.void]) -> Wire:
    """Put adverts of several routers on one wire."""
    rows = np.concatenate(parts)
    return Wire(rows[np.argsort(rows["t"], kind="stable")])


def witnesses(*captures: NDArray[np.void], homes: Sequence[int] = (), batch: int = 1 << 20) -> list[Witness]:
    """Let each capture be seen by a vantage point; `homes`: the host each stands at, where the capture says so."""
    senders = Senders()
    seen = []
    for number, rows in enumerate(captures):
        witness = Witness(senders)
        for first in range(0, len(rows), batch):
            part = rows[first : first + batch]
            witness.watch(number, frames(part))
            leaving = part["src_lo"] == homes[number] if homes else np.zeros(len(part), bool)
            witness.take(number, part, leaving)
        seen.append(witness)
    return seen


def frames(rows: NDArray[np.void]) -> Frames:
    """Return as much of a batch of frames as a witness looks at."""
    nothing = np.zeros(len(rows), np.int64)
    return Frames(
        np.zeros(0, np.uint8),
        nothing,
        nothing,
        nothing,
        rows["t"],
        nothing.astype(np.uint16),
        nothing.astype(np.uint16),
        rows["number"],
    )
