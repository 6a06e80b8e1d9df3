"""Several vantage points on one clock: each capture's clock against the first one's.

Each pair of captures is compared (`alignment`), and clocks are set along the surest comparisons, so that a capture that
shares nothing with the first is set through a third. One that shares nothing with any keeps its times, and its offset
is unknown. Where a clock was set back in mid-capture, both pieces are compared for themselves.

A difference below what can be known is none: captures of one host, or of hosts whose clocks agree to a millisecond,
keep the times that their files say.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from vrrpscope.evidence.alignment import compare
from vrrpscope.evidence.witness import SECOND, Witness, piece_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vrrpscope.findings import Confidence

LEAST: Final = 1_000_000
"""Nanoseconds by which clocks must differ to be set;"""
LEAST_ONE_WAY: Final = 5_000_000
"""and where the path's delay is in it."""
MAX_COMPARED: Final = 64
"""Pieces of captures that are compared with each other."""


class Clock(NamedTuple):
    """One capture's clock. Its time t is `t - offset - rate * (t - pivot)` on the first capture's."""

    offset: int = 0  # this clock minus the first capture's at the pivot, nanoseconds
    rate: float = 0.0  # by how much it runs fast
    pivot: int = 0
    spread: int = 0  # how far the offset may be wrong, nanoseconds
    matched: int = 0  # adverts seen in both
    both_ways: bool = False
    confidence: Confidence | None = None  # None: nothing tells, or somebody did
    against: int | None = None  # the vantage point it was compared with
    given: bool = False  # by the user
    is_aligned: bool = False  # whether it is known how it stands to the first one

    @property
    def is_set(self) -> bool:
        """Whether it changes any time."""
        return bool(self.offset or self.rate)

    def correct(self, t: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return times on the first capture's clock. Shape (n,), int64 nanoseconds."""
        if not self.is_set:
            return t
        corrected: NDArray[np.int64] = t - self.offset
        if self.rate:
            corrected -= np.rint(self.rate * (t - self.pivot)).astype(np.int64)
        return corrected


UNKNOWN: Final = Clock()


class Clocks:
    """The clocks of all captures of an analysis."""

    def __init__(
        self, vantages: Sequence[int], witnesses: Sequence[Witness], clocks: Sequence[Sequence[Clock]]
    ) -> None:
        self._vantages = vantages
        self._witnesses = witnesses
        self._clocks = clocks  # by vantage point and piece

    def of(self, capture: int) -> Clock:
        """Return a capture's clock, the first one if it was set in between."""
        return self._clocks[self._vantages[capture]][0]

    def is_compared(self, vantage: int) -> bool:
        """Whether adverts tell how a vantage point's clock stands to the first one's."""
        clock = self._clocks[vantage][0]
        return clock.is_aligned and clock.confidence is not None

    def steps(self, capture: int) -> int:
        """Return how often a capture's clock was set back, as far as it shows."""
        clocks = self._clocks[self._vantages[capture]]
        return sum(
            of == capture and abs(clocks[piece].offset - clocks[piece - 1].offset) >= SECOND
            for of, _, piece in self._witnesses[self._vantages[capture]].steps
        )

    def correct(self, capture: int, number: NDArray[np.int64], t: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the times of a capture's frames, given with their numbers, on the first one's clock. Shape (n,)."""
        vantage = self._vantages[capture]
        return self._correct(vantage, piece_of(self._witnesses[vantage].steps, capture, number), t)

    def correct_sights(self, vantage: int) -> NDArray[np.void]:
        """Return what a vantage point saw, with times on the first one's clock. dtype SIGHT."""
        sights = self._witnesses[vantage].sights().copy()
        sights["t"] = self._correct(vantage, sights["piece"], sights["t"])
        return sights

    def correct_steady(self, vantage: int, t: int) -> int:
        """Return one time of a vantage point on the first one's clock, its own clock as it was at first."""
        return int(self._clocks[vantage][0].correct(np.array([t]))[0])

    def extent(self, vantage: int) -> tuple[int, int] | None:
        """Return the times of the first and last frame of a vantage point, on the first one's clock."""
        clocks, extents = self._clocks[vantage], self._witnesses[vantage].extents
        times = [int(t) for piece, ends in extents.items() for t in clocks[piece].correct(np.array(ends))]
        return (min(times), max(times)) if times else None

    def _correct(self, vantage: int, piece: NDArray[np.int64], t: NDArray[np.int64]) -> NDArray[np.int64]:
        clocks = self._clocks[vantage]
        if len(clocks) == 1 or not len(t):
            return clocks[0].correct(t)
        corrected = t.copy()
        for each in np.unique(piece).tolist():
            corrected[piece == each] = clocks[each].correct(t[piece == each])
        return corrected


def set_clocks(vantages: Sequence[int], witnesses: Sequence[Witness], given: Mapping[int, int] | None = None) -> Clocks:
    """Find every clock's offset and drift.

    Args:
        vantages: for each capture its vantage point, an index of `witnesses`.
        witnesses: what was seen at each.
        given: for some vantage points their clock's offset as the user says, nanoseconds; it is believed.
    """
    given = given or {}
    places = [(v, piece) for v, witness in enumerate(witnesses) for piece in range(witness.pieces)]
    found: dict[tuple[int, int], Clock] = {
        p: Clock(given[p[0]], given=True, is_aligned=True) for p in places if p[0] in given
    }
    found.setdefault((0, 0), Clock(is_aligned=True))
    links = _links(places[:MAX_COMPARED], witnesses) if len(places) > len(found) else []
    _spread(found, links)
    clocks: list[list[Clock]] = []
    for vantage, witness in enumerate(witnesses):
        clocks.append([])
        for piece in range(witness.pieces):
            before = clocks[-1][-1] if piece else UNKNOWN
            clocks[-1].append(_settle(found.get((vantage, piece), before), witness.extents.get(piece)))
    return Clocks(vantages, witnesses, clocks)


class _Link(NamedTuple):
    """The clock at `to` as it stands to the one at `start`."""

    start: tuple[int, int]
    to: tuple[int, int]
    clock: Clock


def _links(places: Sequence[tuple[int, int]], witnesses: Sequence[Witness]) -> list[_Link]:
    sights = {(v, piece): (s := witnesses[v].sights())[s["piece"] == piece] for v, piece in places}
    links = []
    for one, other in combinations(places, 2):
        if one[0] == other[0]:
            continue
        line = compare(sights[one], sights[other])
        if line is None:
            continue
        offset, spread = round(line.offset * SECOND), round(line.spread * SECOND)
        told = (spread, line.matched, line.both_ways, line.confidence)
        rate = line.drift / (1 + line.drift)
        links.append(_Link(one, other, Clock(offset, rate, line.pivot + offset, *told, one[0])))
        links.append(_Link(other, one, Clock(-offset, -line.drift, line.pivot, *told, other[0])))
    return links


def _spread(found: dict[tuple[int, int], Clock], links: list[_Link]) -> None:
    """Set clocks from those that are known, along the surest links first; `found` grows.

    Of captures that cannot be compared with the first, one stays as it is and the others follow it.
    """
    links = sorted(links, key=_doubt)
    while links:
        link = next((e for e in links if e.start in found and e.to not in found), None)
        if link is not None:
            found[link.to] = _chained(link.clock, found[link.start])
        links = [e for e in links if e.to not in found]
        if link is None and links:
            found[min(e.start for e in links)] = UNKNOWN
            links = [e for e in links if e.to not in found]


def _doubt(link: _Link) -> tuple[int, int, int]:
    clock = link.clock
    return (clock.matched < 3, clock.spread + LEAST_ONE_WAY * (not clock.both_ways), -clock.matched)


def _chained(clock: Clock, base: Clock) -> Clock:
    """Return a clock that was compared with one which itself is not the first."""
    clock = clock._replace(spread=clock.spread + base.spread, is_aligned=base.is_aligned)
    if not base.is_set:
        return clock
    at_pivot = np.array([clock.pivot])
    offset = clock.pivot - int(base.correct(clock.correct(at_pivot))[0])
    rate = 1 - (1 - clock.rate) * (1 - base.rate)
    return clock._replace(offset=offset, rate=rate)


def _settle(clock: Clock, extent: tuple[int, int] | None) -> Clock:
    """Leave a clock alone whose difference is below what can be known."""
    if clock.given or extent is None:
        return clock
    least = max(LEAST if clock.both_ways else LEAST_ONE_WAY, clock.spread)
    ends = np.array(extent)
    if abs(clock.correct(ends) - ends).max() >= least:
        return clock
    return clock._replace(offset=0, rate=0.0)
