"""The senders' own clocks, as the HMAC trailers of keepalived tell them.

A trailer says when its sender signed the advert, to 1/65536 of a second (and now and then a little later: its number
must grow). What lies between that and the capture's time is the difference of two clocks and a delay of microseconds.
So the clocks of the routers of one virtual router can be compared, whatever the capture's clock is, and if all of them
differ from it alike, it is the capture's that is wrong.

The seconds are read modulo 2**31, as the sequence number holds them: the time meant is the one next to the capture's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from vrrpscope.timeline.events import ClocksRead
from vrrpscope.timeline.timers import SECOND
from vrrpscope.wire.columns import Auth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.timeline.engine import Batch
    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.profile import Profile, RouterKey
    from vrrpscope.timeline.router import Router

MAX_SENDERS: Final = 4_096

_SAMPLES = 2_048
_ERA = (1 << 31) * SECOND


class SenderClock(NamedTuple):
    """How far a sender's clock is ahead of the captures'."""

    offset: int  # nanoseconds: the median
    spread: int  # nanoseconds between the tenth and the ninetieth percentile
    adverts: int
    first: Seen
    last: Seen


class _Sample:
    """A bounded number of one sender's offsets, evenly drawn, and how many adverts there were."""

    def __init__(self, first: Seen) -> None:
        self.first = self.last = first
        self.adverts = 0
        self._step = 1
        self._offsets: list[int] = []

    def add(self, offsets: NDArray[np.int64]) -> None:
        # Those whose place is a multiple of the step, however the adverts are cut into batches.
        self._offsets.extend(offsets[-self.adverts % self._step :: self._step].tolist())
        self.adverts += len(offsets)
        while len(self._offsets) > _SAMPLES:
            self._offsets = self._offsets[::2]
            self._step *= 2

    def read(self) -> SenderClock:
        low, middle, high = np.quantile(np.array(self._offsets), (0.1, 0.5, 0.9), method="nearest").tolist()
        return SenderClock(middle, high - low, self.adverts, self.first, self.last)


def sent_after(sequence: NDArray[np.int64], t: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how much later than `t` adverts were signed by their senders' clocks, nanoseconds. Shape (n,), int64.

    Args:
        sequence: HmacTrailer.sequence of each.
        t: when each was captured.
    """
    fraction = (sequence >> 16 & 0xFFFF) * SECOND >> 16
    sent = (sequence >> 32) * SECOND + fraction
    apart: NDArray[np.int64] = (sent - t % _ERA + _ERA // 2) % _ERA - _ERA // 2
    return apart


class SenderClocks:
    """The clocks of all senders that use the trailer."""

    def __init__(self) -> None:
        self._samples: dict[tuple[RouterKey, str], _Sample] = {}

    def note(self, batch: Batch, rows: NDArray[np.intp], profiles: list[Profile]) -> None:
        """Take the rows of a batch that have a sequence number."""
        numbers: dict[tuple[RouterKey, str], list[int]] = {}  # of each sender's profiles
        for number in np.unique(batch.profile[rows]).tolist():
            profile = profiles[number]
            if profile.auth is Auth.HMAC:
                numbers.setdefault((profile.key, profile.address), []).append(number)
        for key, own_profiles in numbers.items():
            own = rows[np.isin(batch.profile[rows], own_profiles)]
            first, last = batch.seen(own[[0, -1]])
            if key not in self._samples and len(self._samples) >= MAX_SENDERS:
                continue
            sample = self._samples.setdefault(key, _Sample(first))
            sample.add(sent_after(batch.sequence[own], batch.t[own]))
            sample.last = max(sample.last, last)

    def close(self, now: int, machines: list[Router]) -> None:
        """Say of each sender how its clock is, and tell of those of each virtual router together."""
        for machine in machines if self._samples else []:
            for speaker in machine.speakers.values():
                sample = self._samples.get((machine.key, speaker.address))
                speaker.clock = None if sample is None else sample.read()
            if any(speaker.clock for speaker in machine.speakers.values()):
                machine.history.add(ClocksRead(now, machine.key))
