"""Adverts that come back to the host that sent them: a loop, or a teaming or virtual switch that echoes.

A cooked capture at a router's own host marks what the host sent (`wire.direction`). The same advert a moment later and
not so marked has come in from outside. A second capture interface, a mirror port or a bridge passing it on shows only
copies that go out, or does not stand at the host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from vrrpscope.timeline.profile import address_text
from vrrpscope.wire.direction import are_outgoing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.capture.frames import Frames

MAX_ECHOES: Final = 10_000
"""Echoes counted of one capture."""

_WITHIN: Final = 5_000_000_000  # ns: older numbers have come round again
_AT_ONCE: Final = 50_000  # ns: so fast the host itself hands a copy to another of its devices

_Sender = tuple[int, int]


class Echo(NamedTuple):
    """One sender's adverts that came back."""

    capture: int
    adverts: int
    sent: tuple[int, int]  # time and frame number of the first
    back: tuple[int, int]  # and when it came back
    last: tuple[int, int]  # the last to come back
    longest: int  # nanoseconds on the way


class Echoes:
    """The echoes in all captures, learned batch by batch."""

    def __init__(self) -> None:
        self._sent: dict[tuple[int, int, int, int], tuple[int, int, int]] = {}  # (IP ID, time, frame) of the latest
        self._found: dict[tuple[str, int], Echo] = {}
        self._left: dict[int, int] = {}

    def note(self, capture: int, frames: Frames, adverts: NDArray[np.void], senders: set[_Sender]) -> None:
        """Take a batch of one capture; `senders` are those at whose host it was taken."""
        for high, low in senders:
            theirs = (adverts["src_lo"] == low) & (adverts["src_hi"] == high) & (adverts["ip_id"] > 0)
            rows = np.flatnonzero(theirs)
            out, vrids = are_outgoing(frames, adverts["number"][rows]), adverts["vrid"][rows]
            for vrid in np.flatnonzero(np.bincount(vrids)).tolist():
                mine = vrids == vrid
                if not out[mine].all():
                    self._match(capture, (high, low), adverts[rows[mine]], out[mine])
                leaving = rows[mine & out]
                if len(leaving):
                    self._remember((capture, high, low, vrid), adverts, leaving)

    def of(self, sender: str, vrid: int) -> Echo | None:
        """Return which adverts of a sender came back to it."""
        return self._found.get((sender, vrid))

    def _remember(self, place: tuple[int, int, int, int], adverts: NDArray[np.void], rows: NDArray[np.intp]) -> None:
        """Keep the latest advert to leave; of several copies, the first."""
        latest, first = int(adverts["ip_id"][rows[-1]]), len(rows) - 1
        while first and adverts["ip_id"][rows[first - 1]] == latest:
            first -= 1
        if place not in self._sent or self._sent[place][0] != latest:
            row = adverts[rows[first]]
            self._sent[place] = latest, int(row["t"]), int(row["number"])

    def _match(self, capture: int, sender: _Sender, rows: NDArray[np.void], out: NDArray[np.bool_]) -> None:
        latest = self._sent.get((capture, *sender, int(rows["vrid"][0])))
        for row, is_leaving in zip(rows, out.tolist(), strict=True):
            t, number, ip_id = int(row["t"]), int(row["number"]), int(row["ip_id"])
            if is_leaving:
                if latest is None or latest[0] != ip_id:  # of several copies that leave, the first
                    latest = ip_id, t, number
            elif latest is not None and latest[0] == ip_id and _AT_ONCE < t - latest[1] <= _WITHIN:
                self._add(capture, row, latest)

    def _add(self, capture: int, row: np.void, sent: tuple[int, int, int]) -> None:
        if self._left.setdefault(capture, MAX_ECHOES) <= 0:
            return
        self._left[capture] -= 1
        family, back = int(row["family"]), (int(row["t"]), int(row["number"]))
        sender = address_text(family, int(row["src_hi"]), int(row["src_lo"]))
        place, took = (sender, int(row["vrid"])), back[0] - sent[1]
        known = self._found.get(place)
        self._found[place] = (
            Echo(capture, 1, sent[1:], back, back, took)
            if known is None
            else known._replace(adverts=known.adverts + 1, last=back, longest=max(known.longest, took))
        )
