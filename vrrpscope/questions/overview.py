"""All adverts of an analysis at a glance: the captures read once more, and of each router kept what a picture needs.

An analysis keeps what adverts told, not the adverts. A picture needs neither: it has room for some thousand columns. So
the captures are decoded again, batch by batch, and of each *lane* (one router of one virtual router, as one place saw
it) kept are

    counts     adverts in each of `BINS` slices of the time that is looked at
    points     the adverts' own times, as long as they are few enough to be drawn singly
    steps      when it began to announce another priority
    gaps       a histogram of the times between its adverts, if it is asked for

A million adverts cost what decoding them costs. Lanes, points and steps are bounded, and what was left out is counted.
Copies that a mirror port made of one advert are not told apart, except by gaps.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from vrrpscope.capture.files import open_source
from vrrpscope.errors import CaptureError
from vrrpscope.questions.again import remembered
from vrrpscope.timeline.gaps import Gaps
from vrrpscope.timeline.profile import RouterKey, address_text
from vrrpscope.timeline.timers import DEFAULT_INTERVAL, MILLISECOND
from vrrpscope.wire.columns import Flag
from vrrpscope.wire.decoder import Decoder

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from vrrpscope.analysis import Analysis
    from vrrpscope.questions.again import Again

BINS: Final = 1_600
"""Slices of time: about as many as a picture has columns."""
MAX_POINTS: Final = 3_000
"""Adverts of one lane whose times are kept; beyond, the slices must do."""
MAX_STEPS: Final = 4_000
"""Changes of priority kept of one lane."""
MAX_LANES: Final = 1_024

_MAX_SENDERS: Final = 1 << 16  # remembered by their hash
_NEEDED: Final = ["ip_id", "priority", "interval", "segment", "family", "vrid", "src_hi", "src_lo"]
_COPIES: Final = 50 * MILLISECOND
"""Two adverts of one IP ID this close are one, captured twice."""


@dataclass(slots=True)
class Lane:
    """The adverts of one router of one virtual router, as one place saw them. Times are nanoseconds."""

    key: RouterKey
    router: str
    place: int
    adverts: int = 0
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))
    steps: list[tuple[int, int]] = field(default_factory=list)  # (time, the priority from then on)
    omitted: int = 0  # steps that were not kept
    gaps: Gaps | None = None
    interval: int = 0  # that it announced last
    _points: list[NDArray[np.int64]] = field(default_factory=list)
    _last: tuple[int, int, int] | None = None  # time, IP ID, priority of its latest advert

    @property
    def points(self) -> NDArray[np.int64] | None:
        """The times of its adverts, if they are few. Shape (n,)."""
        if self.adverts > MAX_POINTS:
            return None
        return np.concatenate(self._points) if self._points else np.empty(0, np.int64)

    def take(self, t: NDArray[np.int64], bins: NDArray[np.int64], rows: NDArray[np.void]) -> None:
        """Take a batch of its adverts, in the order of their frames."""
        self.interval = int(rows["interval"][-1]) or DEFAULT_INTERVAL
        self.adverts += len(t)
        self.counts += np.bincount(bins, minlength=BINS)
        if self.adverts <= MAX_POINTS:
            self._points.append(t.copy())
        else:
            self._points.clear()
        self._take_steps(t, rows["priority"])
        if self.gaps is not None:
            self._take_gaps(self.gaps, t, rows["ip_id"], self.interval)
        self._last = int(t[-1]), int(rows["ip_id"][-1]), int(rows["priority"][-1])

    def _take_steps(self, t: NDArray[np.int64], priority: NDArray[np.uint8]) -> None:
        changed = np.ones(len(t), np.bool_)
        changed[1:] = priority[1:] != priority[:-1]
        changed[0] = self._last is None or self._last[2] != priority[0]
        where = np.flatnonzero(changed)
        kept = where[: max(MAX_STEPS - len(self.steps), 0)]
        self.omitted += len(where) - len(kept)
        self.steps.extend(zip(t[kept].tolist(), priority[kept].tolist(), strict=True))

    def _take_gaps(self, kept: Gaps, t: NDArray[np.int64], ip_id: NDArray[np.int32], interval: int) -> None:
        if self._last is not None:
            t, ip_id = np.concatenate([[self._last[0]], t]), np.concatenate([[self._last[1]], ip_id])
        gaps = np.diff(t)
        copies = (gaps < min(_COPIES, interval // 2)) & ((np.diff(ip_id) == 0) | (gaps < MILLISECOND // 2))
        gaps = gaps[~copies & (gaps >= 0)]
        if len(gaps):
            kept.add_many(gaps, interval)


@dataclass(frozen=True, slots=True)
class Overview:
    """What was seen when all captures were looked at again, between two times in nanoseconds."""

    start: int
    end: int
    lanes: tuple[Lane, ...]  # in the order of the analysis: virtual routers, routers, places
    places: tuple[str, ...]  # where captures were taken; one name if there is one place only
    missing: tuple[str, ...]  # captures that could not be looked at again

    def edges(self) -> NDArray[np.int64]:
        """Return where slices begin and end. Shape (BINS + 1,), nanoseconds."""
        return self.start + (np.arange(BINS + 1) * ((self.end - self.start) / BINS)).astype(np.int64)

    def best(self) -> list[Lane]:
        """Return one lane of each router: as the place saw it that saw most of it."""
        chosen: dict[tuple[RouterKey, str], Lane] = {}
        for lane in self.lanes:
            known = chosen.get((lane.key, lane.router))
            if known is None or lane.adverts > known.adverts:
                chosen[lane.key, lane.router] = lane
        return list(chosen.values())


def overview(analysis: Analysis, captures: Sequence[Again] | None = None, *, gaps: bool = False) -> Overview:
    """Look at the adverts of an analysis again, between its start and its end.

    Standard input, and captures that are gone since, are named as missing.

    Args:
        analysis: of these captures.
        captures: where they are now; where they were, by default.
        gaps: whether to count the times between adverts too; an analysis has them of the whole.
    """
    files = remembered(analysis) if captures is None else captures
    start, end = analysis.start or 0, analysis.end or 0
    places, names = places_of(analysis)
    wanted = {
        (v.router.key, address): n
        for n, (v, address) in enumerate((v, a) for v in analysis.virtual_routers for a in v.router.speakers)
    }
    looking = _Looking(start, end, wanted, gaps=gaps)
    missing = []
    for number, capture in enumerate(files):
        if capture.is_gone:
            missing.append(capture.name)
            continue
        try:
            looking.read(capture, places[number])
        except CaptureError:
            missing.append(capture.name)
    lanes = sorted(looking.lanes.values(), key=lambda lane: (wanted[lane.key, lane.router], lane.place))
    return Overview(start, end, tuple(lanes), names, tuple(missing))


def places_of(analysis: Analysis) -> tuple[list[int], tuple[str, ...]]:
    """Return for each capture at which place it was taken, as far as its adverts tell, and the places' names."""
    vantage: dict[int, int] = {}
    for virtual in analysis.virtual_routers:
        for speaker in virtual.router.speakers.values():
            seen = (speaker.first, speaker.last, *(s for s, _ in speaker.recent), *speaker.profiles.values())
            vantage |= {s.capture: s.vantage for s in seen}
    if len(set(vantage.values())) < 2:
        return [0] * len(analysis.captures), ("",)
    numbers: dict[int, int] = {}
    places: list[int] = []
    names: list[str] = []
    for n, capture in enumerate(analysis.captures):
        known = vantage.get(n, -1 - n)
        if known not in numbers:
            numbers[known] = len(names)
            names.append(capture.info.name.partition("/")[0])
        places.append(numbers[known])
    return places, tuple(names)


class _Looking:
    """The captures being read; one decoder for all, so that ids mean the same."""

    def __init__(self, start: int, end: int, wanted: Collection[tuple[RouterKey, str]], *, gaps: bool) -> None:
        self.lanes: dict[tuple[RouterKey, str, int], Lane] = {}
        self._start, self._end, self._wanted, self._gaps = start, end, wanted, gaps
        self._width = max((end - start) / BINS, 1e-9)
        self._decoder = Decoder()
        self._weights = np.frombuffer(secrets.token_bytes(24), np.uint64) | np.uint64(1)
        self._senders: dict[int, tuple[RouterKey, str] | None] = {}  # by hash; None where nobody asked

    def read(self, capture: Again, place: int) -> None:
        with open_source(capture.spec.path) as source:
            for frames in source:
                rows = self._decoder.decode(frames).adverts
                rows = rows[(rows["flags"] & Flag.MALFORMED) == 0]
                t = capture.correct(rows["t"])
                inside = (t >= self._start) & (t <= self._end)
                if not inside.all():
                    rows, t = rows[inside], t[inside]
                if len(rows):
                    self._take(rows, t, place)

    def _take(self, rows: NDArray[np.void], t: NDArray[np.int64], place: int) -> None:
        hashes = self._hash(rows)
        order = np.argsort(hashes, kind="stable")
        hashes, rows, t = hashes[order], rows[_NEEDED][order], t[order]
        bins = np.minimum(((t - self._start) / self._width).astype(np.int64), BINS - 1)
        cuts = np.flatnonzero(np.diff(hashes)) + 1
        for low, high in zip([0, *cuts.tolist()], [*cuts.tolist(), len(hashes)], strict=True):
            lane = self._lane(int(hashes[low]), rows[low], place)
            if lane is not None:
                lane.take(t[low:high], bins[low:high], rows[low:high])

    def _hash(self, rows: NDArray[np.void]) -> NDArray[np.uint64]:
        """Return a number for each row's sender; keyed, so that no capture can make two alike."""
        one, two, three = self._weights
        where = rows["segment"].astype(np.uint64) << 16 | rows["family"].astype(np.uint64) << 8 | rows["vrid"]
        mixed = (rows["src_lo"] ^ where * one) * two
        mixed ^= mixed >> np.uint64(29)
        mixed ^= rows["src_hi"] * three
        return np.asarray(mixed * one, np.uint64)

    def _lane(self, sender: int, row: np.void, place: int) -> Lane | None:
        """Return the lane of a sender, a new one if there is room."""
        if sender not in self._senders:
            family = int(row["family"])
            key = RouterKey(self._decoder.tables.segments[int(row["segment"])], family, int(row["vrid"]))
            found = key, address_text(family, int(row["src_hi"]), int(row["src_lo"]))
            if len(self._senders) >= _MAX_SENDERS:
                return self._lane_of(found, place) if found in self._wanted else None
            self._senders[sender] = found if found in self._wanted else None
        known = self._senders[sender]
        return None if known is None else self._lane_of(known, place)

    def _lane_of(self, sender: tuple[RouterKey, str], place: int) -> Lane | None:
        lane = self.lanes.get((*sender, place))
        if lane is None and len(self.lanes) < MAX_LANES:
            lane = self.lanes[*sender, place] = Lane(*sender, place, gaps=Gaps() if self._gaps else None)
        return lane
