"""Two clocks against each other, from adverts that both captures hold: offset and drift.

Each advert seen in both votes for the difference of its two times. Numbers come back (an IP ID after 65,536 adverts or
a restart), so one advert may vote for several. Votes are counted in windows of half a second and of a thousand seconds,
within which a clock that drifts by 500 ppm stays in one window; each window with many votes is a *hypothesis*.

A hypothesis is a straight line through its votes, followed outwards from there, twice as far each time, as long as
votes lie on it. Of the lines the right one is *tight*: a wrong one compares one turn of the counter with another, and
lives with the sender's own unpunctuality. Of tight lines with about as many votes the nearest to zero is taken, since
most clocks are nearly right.

An advert takes its time. What left at A is late at B by the path's delay, what left at B is early by it: the clocks'
difference is the midpoint between the earliest and the latest sender, known to half their distance. Adverts of one
sender alone cannot tell a delay from a clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from vrrpscope.evidence.witness import SECOND, SIGHT, groups, nearest
from vrrpscope.findings import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MAX_DRIFT: Final = 600e-6
COPIES: Final = 50_000_000
"""Nanoseconds within which a capture may hold an advert twice."""
_CHUNK: Final = 1_000.0  # seconds
_WINDOW: Final = 0.25  # seconds; two of them are looked at together
_BIN_BITS: Final = 38
_HYPOTHESES: Final = 12
_RECURRING: Final = 24  # times that a numbered advert may occur in one capture and still vote
_PAIRS: Final = 400_000
_MOST: Final = 600  # times that one without a number may
_BLOCKS: Final = 200  # medians that a line is laid through
_GRAIN: Final = 20e-6  # seconds: capture clocks are no better
_CREDIBLE: Final = 30.0  # seconds: one advert alone proves no greater offset


_ORDER: Final = list(Confidence).index


class Line(NamedTuple):
    """B's time minus A's, in seconds, is `offset + drift * (A's time - pivot)`."""

    offset: float
    drift: float
    pivot: int  # nanoseconds since the epoch, by A's clock
    spread: float  # how far the offset may be from the truth, seconds; a one-way path's delay comes to that
    matched: int
    both_ways: bool
    confidence: Confidence


class _Votes(NamedTuple):
    x: Floats  # A's time, seconds after the first
    y: Floats  # B's time minus A's, seconds
    sender: NDArray[np.int64]

    def take(self, rows: NDArray[np.generic]) -> _Votes:
        return _Votes(*(column[rows] for column in self))


class _Hypothesis(NamedTuple):
    offset: float
    drift: float
    votes: _Votes  # those on it
    tightness: float

    def at(self, x: float) -> float:
        return self.offset + self.drift * x


def compare(a: NDArray[np.void], b: NDArray[np.void]) -> Line | None:
    """Compare two samples (dtype SIGHT); None if nothing in them tells.

    Numbered adverts decide where there are any.
    """
    a, b = _first_copies(a), _first_copies(b)
    if not len(a) or not len(b):
        return None
    origin = int(a["t"].min())
    numbered = _best(_votes(a.compress(a["numbered"]), b.compress(b["numbered"]), origin, _RECURRING))
    if numbered is not None and (len(numbered.votes.x) > 2 or abs(numbered.at(0)) < _CREDIBLE):
        return _measure(numbered, origin, Confidence.CERTAIN)
    return _compare_unnumbered(a.compress(~a["numbered"]), b.compress(~b["numbered"]), origin)


def _compare_unnumbered(a: NDArray[np.void], b: NDArray[np.void], origin: int) -> Line | None:
    """Compare adverts that all look alike: where marked ones suggest, all others must fit, too.

    Without a marked one in common only a difference of less than a quarter of an interval can be measured, and only if
    it is no more.
    """
    marked = _votes(a[a["marked"]], b[b["marked"]], origin, _MOST)
    starts = [line for start in _starts(marked) if (line := _follow(marked, *start)) is not None]
    starts.append(_Hypothesis(0.0, 0.0, marked.take(np.zeros(0, np.intp)), 0.0))
    found = []
    for start in starts:
        votes = _neighbours(a, b, origin, start)
        line = _follow(votes, start.offset, start.drift)
        if line is not None:
            fitting = 2 * len(line.votes.x)
            found.append((_covered(a, b, line, origin) - fitting, fitting, start, line))
    found = [each for each in found if each[0] < each[1]]
    if not found:
        return None
    most = max(fitting - missing for missing, fitting, _, _ in found)
    found = [each for each in found if each[1] - each[0] >= 0.8 * most]
    _, _, start, line = min(found, key=lambda each: (each[0], abs(each[3].at(0))))
    sure = len(start.votes.x) > 0 and len(line.votes.x) >= 8 and len(np.unique(line.votes.sender)) > 1
    if not sure and abs(line.at(0)) >= _CREDIBLE:
        return None
    return _measure(line, origin, Confidence.LIKELY if sure else Confidence.POSSIBLE)


def _covered(a: NDArray[np.void], b: NDArray[np.void], line: _Hypothesis, origin: int) -> int:
    """Return how many adverts of both lie where the other capture has any, as the line puts them."""
    x = (a["t"] - origin) / SECOND
    mine, theirs = x + line.offset + line.drift * x, (b["t"] - origin) / SECOND
    slack = 0.01
    low, high = max(mine.min(), theirs.min()) - slack, min(mine.max(), theirs.max()) + slack
    return int(((mine >= low) & (mine <= high)).sum() + ((theirs >= low) & (theirs <= high)).sum())


def _first_copies(sights: NDArray[np.void]) -> NDArray[np.void]:
    """Leave out second copies within one capture."""
    sights = sights.take(np.lexsort((sights["t"], sights["key"])))
    again = (sights["key"][1:] == sights["key"][:-1]) & (np.diff(sights["t"]) <= COPIES)
    return sights.compress(np.concatenate([[True], ~again])) if len(sights) else np.zeros(0, SIGHT)


def _votes(a: NDArray[np.void], b: NDArray[np.void], origin: int, most: int) -> _Votes:
    """Return all pairs of one key of two samples sorted by key, bounded; `most`: what occurs more often has no vote."""
    keys_a, first_a, count_a = np.unique(a["key"], return_index=True, return_counts=True)
    keys_b, first_b, count_b = np.unique(b["key"], return_index=True, return_counts=True)
    _, in_a, in_b = np.intersect1d(keys_a, keys_b, assume_unique=True, return_indices=True)
    first_a, count_a, first_b, count_b = first_a[in_a], count_a[in_a], first_b[in_b], count_b[in_b]
    few = (count_a <= most) & (count_b <= most) | (most == _MOST)
    first_a, count_a, first_b, count_b = first_a[few], count_a[few], first_b[few], count_b[few]
    count_a, count_b = np.minimum(count_a, _MOST), np.minimum(count_b, _MOST)
    pairs = count_a * count_b
    enough = int(np.searchsorted(np.cumsum(pairs), _PAIRS)) + 1  # keys are hashes: the first are any
    first_a, count_a, first_b, count_b, pairs = (x[:enough] for x in (first_a, count_a, first_b, count_b, pairs))
    which = np.repeat(np.arange(len(pairs)), pairs)
    within = np.arange(len(which)) - np.repeat(np.cumsum(pairs) - pairs, pairs)
    rows_a = first_a[which] + within // count_b[which] if len(which) else which
    rows_b = first_b[which] + within % count_b[which] if len(which) else which
    return _pairs(a, rows_a, b, rows_b, origin)


def _pairs(
    a: NDArray[np.void], rows_a: NDArray[np.intp], b: NDArray[np.void], rows_b: NDArray[np.intp], origin: int
) -> _Votes:
    t = a["t"][rows_a]
    return _Votes((t - origin) / SECOND, (b["t"][rows_b] - t) / SECOND, a["sender"][rows_a].astype(np.int64))


def _neighbours(a: NDArray[np.void], b: NDArray[np.void], origin: int, line: _Hypothesis) -> _Votes:
    """Pair each advert of A with the nearest of the same key in B, where a line says that it is to be.

    Both are sorted by key, then time.
    """
    x = (a["t"] - origin) / SECOND
    due = a["t"] + np.rint((line.offset + line.drift * x) * SECOND).astype(np.int64)
    row = nearest(a["key"], due, b)
    near = np.flatnonzero((row >= 0) & (abs(b["t"][row] - due) <= a["interval"] // 4) if len(b) else row >= 0)
    return _pairs(a, near, b, row[near], origin)


def _best(votes: _Votes) -> _Hypothesis | None:
    found = [line for start in _starts(votes) if (line := _follow(votes, *start)) is not None]
    if not found:
        return None
    most = max(len(line.votes.x) for line in found)
    found = [line for line in found if 8 * len(line.votes.x) >= most]
    tightest = min(line.tightness for line in found if 4 * len(line.votes.x) >= most)
    found = [line for line in found if line.tightness <= max(3 * tightest, _GRAIN)]
    most = max(len(line.votes.x) for line in found)
    found = [line for line in found if 5 * len(line.votes.x) >= 3 * most]
    return min(found, key=lambda line: abs(line.at(float(np.median(line.votes.x)))))


def _starts(votes: _Votes) -> Iterator[tuple[float, float, Floats]]:
    """Yield where votes crowd: an offset, no drift, and the rows; what a former start explains is not one more."""
    if not len(votes.x):
        return
    bins = np.floor(votes.y / _WINDOW).astype(np.int64)
    chunk = np.floor(votes.x / _CHUNK).astype(np.int64)
    # One number for each cell, in the order of (chunk, bin): times of 64 bits leave room for both.
    cells = (np.tile(chunk, 2) << _BIN_BITS) + np.concatenate([bins, bins - 1]) + (1 << _BIN_BITS - 1)
    cells, count = np.unique(cells, return_counts=True)
    seen: list[float] = []
    for cell in cells[np.argsort(-count, kind="stable")][: 40 * _HYPOTHESES].tolist():
        of_chunk, of_bin = cell >> _BIN_BITS, (cell & (1 << _BIN_BITS) - 1) - (1 << _BIN_BITS - 1)
        middle = (of_bin + 1) * _WINDOW
        span = votes.x[-1] - votes.x[0] if len(votes.x) > 1 else 0.0
        if any(abs(middle - other) < 3 * _WINDOW + MAX_DRIFT * abs(span) for other in seen):
            continue
        seen.append(middle)
        near = (chunk == of_chunk) & ((bins == of_bin) | (bins == of_bin + 1))
        yield middle, 0.0, near
        if len(seen) == _HYPOTHESES:
            return


def _follow(votes: _Votes, offset: float, drift: float, near: NDArray[np.generic] | None = None) -> _Hypothesis | None:
    """Lay a line through the votes near a first guess, and go on along it in both directions."""
    x, y = votes.x, votes.y
    if not len(x):
        return None
    rows = np.flatnonzero(abs(y - offset - drift * x) <= _WINDOW if near is None else near)
    whole = float(np.ptp(x))
    while len(rows):
        offset, drift = _fit(x[rows], y[rows])
        low, high = float(x[rows].min()), float(x[rows].max())
        scatter = _deviation(y[rows] - offset - drift * x[rows])
        loose = min(MAX_DRIFT, 4 * max(scatter, 50e-6) / max(high - low, 1e-3))
        reach = max(high - low, _CHUNK / 4)
        outside = np.maximum(np.maximum(low - x, x - high), 0)
        on = abs(y - offset - drift * x) <= 0.02 + 4 * scatter + loose * outside
        now = np.flatnonzero(on & (outside <= reach))
        if len(now) <= len(rows) and (reach >= whole or not (on & (outside > 0)).any()):
            rows = now if len(now) else rows
            break
        if len(now) <= len(rows):  # nothing for a while; look at all that lies on it
            now = np.flatnonzero(on)
            if len(now) <= len(rows):
                break
        rows = now
    if not len(rows):
        return None
    offset, drift = _fit(x[rows], y[rows])
    chosen = votes.take(rows)
    rest = chosen.y - offset - drift * chosen.x
    tightness = _deviation(rest - _levels(rest, chosen.sender)[1])
    return _Hypothesis(offset, drift, chosen, tightness)


def _fit(x: Floats, y: Floats) -> tuple[float, float]:
    """Return the line of the median slope between blocks' medians (Theil and Sen): a third may be wrong."""
    drift = 0.0
    if len(x) >= 8:
        order = np.argsort(x, kind="stable")
        count = min(len(x), _BLOCKS)
        at, of = _medians(x[order], count), _medians(y[order], count)
        one, other = np.triu_indices(len(at), 1)
        apart = at[other] - at[one]
        far = apart > np.ptp(at) / 4
        if far.any():
            drift = float(np.clip(np.median((of[other] - of[one])[far] / apart[far]), -MAX_DRIFT, MAX_DRIFT))
    return float(np.median(y - drift * x)), drift


def _medians(values: Floats, count: int) -> Floats:
    """Return the median of each of `count` blocks of values, as long as each other or by one longer. Shape (count,)."""
    size, longer = divmod(len(values), count)
    cut = longer * (size + 1)
    parts = values[:cut].reshape(longer, size + 1), values[cut:].reshape(count - longer, size)
    return np.concatenate([np.median(part, axis=1) for part in parts if len(part)])


def _deviation(rest: Floats) -> float:
    """Return the median distance from the median, as a standard deviation."""
    return 1.4826 * float(np.median(abs(rest - np.median(rest))))


def _levels(rest: Floats, sender: NDArray[np.int64]) -> tuple[list[float], Floats]:
    """Return the median of each sender that is heard often enough, and each row's own level."""
    levels, level = [], np.zeros(len(rest))
    for mine in groups(sender):
        level[mine] = np.median(rest[mine])
        if len(mine) >= max(3, len(rest) // 50):
            levels.append(float(level[mine[0]]))
    return levels, level


def _measure(found: _Hypothesis, origin: int, best: Confidence) -> Line:
    """Refine a hypothesis: the senders' levels apart, a drift only if it shows, the midpoint of both directions."""
    x, y, sender = found.votes
    pivot = float(np.median(x))
    _, level = _levels(y - found.drift * (x - pivot), sender)
    _, drift = _fit(x - pivot, y - level)
    scatter = _deviation(y - level - drift * (x - pivot))
    if abs(drift) * np.ptp(x) < max(6 * scatter / len(x) ** 0.5, 5 * _GRAIN):
        drift = 0.0
    levels, level = _levels(y - drift * (x - pivot), sender)
    scatter = _deviation(y - level - drift * (x - pivot))
    both = len(levels) > 1
    offset = (max(levels) + min(levels)) / 2 if levels else float(np.median(level))
    spread = (max(levels) - min(levels)) / 2 + scatter if both else scatter
    sure = (
        Confidence.POSSIBLE
        if len(x) < 3
        else best
        if both and len(x) >= 10
        else max(best, Confidence.LIKELY, key=_ORDER)
    )
    return Line(offset, drift, origin + round(pivot * SECOND), spread, len(x), both, sure)
