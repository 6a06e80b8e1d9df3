"""How regularly a router advertises: a histogram of the gaps between its adverts, in bounded memory.

A bin is 1/8192 of the announced interval (122 microseconds at 1 s), fine enough to tell one daemon's habit
from another's; gaps of more than eight intervals share the last bin, and the longest is kept exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_BINS_PER_INTERVAL = 8192
_MAX_PLACES = 1 << 16  # a sender that varies its interval gets no more
_LAST_BIN = 8 * _BINS_PER_INTERVAL


class Gaps:
    """Counts of gaps by length, relative to the announced interval."""

    __slots__ = ("_counts", "longest")

    def __init__(self) -> None:
        self._counts: dict[tuple[int, int], int] = {}  # (interval, bin): an interval may change
        self.longest = 0  # nanoseconds

    def add(self, gap: int, interval: int) -> None:
        """Count one gap; both in nanoseconds."""
        self._count((interval, min(gap * _BINS_PER_INTERVAL // interval, _LAST_BIN)), 1)
        self.longest = max(self.longest, gap)

    def add_many(self, gaps: NDArray[np.int64], interval: int) -> None:
        """Count many gaps of one sender whose announced interval stays the same."""
        bins = np.minimum(gaps * _BINS_PER_INTERVAL // interval, _LAST_BIN)
        values, counts = _tally(bins)
        for value, count in zip(values, counts, strict=True):
            if count:
                self._count((interval, value), count)
        self.longest = max(self.longest, int(gaps.max()))

    def _count(self, place: tuple[int, int], count: int) -> None:
        known = self._counts.get(place)
        if known is not None or len(self._counts) < _MAX_PLACES:
            self._counts[place] = (known or 0) + count

    def quantile(self, share: float) -> int | None:
        """Return the gap in nanoseconds below which this share of all gaps lies; None without any."""
        total = sum(self._counts.values())
        if not total:
            return None
        lengths = sorted(
            (min((place * 2 + 1) * interval // (2 * _BINS_PER_INTERVAL), self.longest), count)
            for (interval, place), count in self._counts.items()
        )
        wanted, seen = share * total, 0
        for length, count in lengths:
            seen += count
            if seen >= wanted:
                return length
        return lengths[-1][0]

    def histogram(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the middle of each bin that holds gaps, the interval announced then, and how many gaps it holds.

        Ascending by interval, then by length; three arrays of shape (n,), the first two in nanoseconds.
        """
        places = sorted(self._counts)
        interval = np.array([i for i, _ in places], np.int64)
        length = np.array([(p * 2 + 1) * i // (2 * _BINS_PER_INTERVAL) for i, p in places], np.int64)
        return np.minimum(length, self.longest), interval, np.array([self._counts[p] for p in places], np.int64)


def _tally(bins: NDArray[np.int64]) -> tuple[Iterable[int], list[int]]:
    """Return ascending bins, and how many gaps are in each; the cheaper way depends on how far they scatter."""
    lowest, highest = int(bins.min()), int(bins.max())
    if highest - lowest > 8 * len(bins):
        values, counts = np.unique(bins, return_counts=True)
        return values.tolist(), counts.tolist()
    return range(lowest, highest + 1), np.bincount(bins - lowest).tolist()
