"""Adverts seen more than once, found in the columns: by another capture, twice at a mirror port, sent to several peers.

`Speaker.is_repetition` says of each advert whether it is one already taken. Where two captures hold the same traffic
that is every second row, and to ask each time would cost more than all else together. So what is plain is found here,
all at once: rows that follow directly, within their virtual router, the advert that they repeat.

Nothing is decided by it. That a row is a *copy* says: provided its *original* is taken, `is_repetition` is true of it,
and all that it does is to be counted. Each condition below is one of `is_repetition`, or narrower, with the original as
the last advert of its speaker. The engine gives copies to the machine one by one as all others, but for those whose
originals the machine takes as a run: of these it knows that they are taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vrrpscope.timeline.speaker import ADDRESS, same_advert
from vrrpscope.timeline.timers import MILLISECOND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.timeline.engine import Batch
    from vrrpscope.timeline.profile import Profile, ProfileTable, RouterKey
    from vrrpscope.timeline.router import Router

MAX_CONTENTS: Final = 16
"""Things that one sender says, of which copies are found; those of others the machine finds."""

_AT_ONCE = 50 * MILLISECOND  # at most what a `Speaker` allows to the copies of one place
_UNNUMBERED = 2  # copies of an advert without a number: a third might be of the same capture as the first


class Copies:
    """The copies in one batch.

    Args:
        batch: all rows, sorted by virtual router and time.
        rows: those that are copies, ascending; the first row is none. Shape (n,).
        profiles: by number.
    """

    def __init__(self, batch: Batch, rows: NDArray[np.intp], profiles: list[Profile]) -> None:
        self._batch = batch
        self._rows = rows
        self._profiles = profiles
        is_first = np.ones(len(batch.t), bool)
        is_first[rows] = False
        firsts = np.flatnonzero(is_first)
        self.originals = batch.take(firsts)
        """The batch without them."""
        # How many copies lie before each original, and before the end.
        self._before = np.append(firsts - np.arange(len(firsts)), len(rows))

    def hand_over(self, machine: Router, original: int) -> None:
        """Give the machine the copies of one of `originals` one by one."""
        rows = self._rows[self._before[original] : self._before[original + 1]]
        if len(rows):
            for seen, number in zip(self._batch.seen(rows), self._batch.profile[rows].tolist(), strict=True):
                machine.advert(seen, self._profiles[number])

    def count(self, machine: Router, first: int, end: int) -> None:
        """Count the copies of `originals[first:end]`, all of which are taken."""
        rows = self._rows[self._before[first] : self._before[end]]
        # What was sent to several peers is not a second sighting.
        apart = self._batch.destination[rows] ^ self.originals.destination[self._original_of(first, end)]
        again, elsewhere = rows[apart & ADDRESS == 0], rows[apart != 0]
        if len(elsewhere):
            elsewhere = elsewhere[np.sort(np.unique(self._batch.destination[elsewhere], return_index=True)[1])]
            for seen, number in zip(self._batch.seen(elsewhere), self._batch.profile[elsewhere].tolist(), strict=True):
                speaker = machine.speakers[self._profiles[number].address]
                if not speaker.reaches(seen):
                    machine.reach(speaker, self._profiles[number], seen)
        for capture, count in enumerate(np.bincount(self._batch.capture[again]).tolist()):
            if count:
                machine.duplicates[capture] = machine.duplicates.get(capture, 0) + count

    def _original_of(self, first: int, end: int) -> NDArray[np.intp]:
        return np.repeat(np.arange(first, end), np.diff(self._before[first : end + 1]))


class CopyFinder:
    """Finds copies, batch by batch."""

    def __init__(self, profiles: ProfileTable) -> None:
        self._profiles = profiles
        self._contents: dict[tuple[RouterKey, str], list[int]] = {}  # by sender: the first profile of each content
        self._content_of: list[int] = []  # by profile: equal where two may be one advert
        self._contents_of = np.zeros(0, np.int64)  # the same

    def find(self, batch: Batch) -> Copies | None:
        """Return the copies in a batch, None if there are none."""
        # Rows that may be one advert with the row before; of numbered senders there are few.
        rows = np.flatnonzero(np.diff(batch.ip_id) == 0) + 1
        rows = rows[batch.sequence[rows] == batch.sequence[rows - 1]]
        interval = self._profiles.intervals(batch.profile[rows])
        rows = rows[(batch.t[rows] - batch.t[rows - 1] <= interval // 2) & self._same_content(batch, rows, rows - 1)]
        if not len(rows):
            return None
        original = np.arange(len(batch.t))
        original[rows] = 0
        original = np.maximum.accumulate(original)
        # One doubtful row among several of an advert leaves them all to the machine.
        doubtful = original[rows[~self._are_plain(batch, rows, original[rows])]]
        rows = rows[~np.isin(original[rows], doubtful)]
        return Copies(batch, rows, self._profiles.profiles) if len(rows) else None

    def _are_plain(self, batch: Batch, rows: NDArray[np.intp], original: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Whether rows are surely repetitions of their originals, the last adverts taken."""
        interval = self._profiles.intervals(batch.profile[rows])
        apart = batch.t[rows] - batch.t[original]
        numbered = (batch.ip_id[rows] > 0) | (batch.sequence[rows] >= 0)
        own = batch.capture[rows] == batch.capture[original]
        copied = own & numbered & (batch.profile[rows] == batch.profile[original])
        copied &= apart <= np.minimum(interval // 2, _AT_ONCE)
        window = np.where(numbered, interval // 2, interval // 4)
        narrow = ~numbered & (batch.vantage[rows] == batch.vantage[original])
        window[narrow] = np.minimum(window[narrow], _AT_ONCE)
        # Without a number each capture has one copy to give.
        once = (rows - original <= _UNNUMBERED) & (batch.capture[rows] != batch.capture[rows - 1])
        elsewhere = ~own & (apart <= window) & (numbered | once) & self._same_content(batch, rows, original)
        plain: NDArray[np.bool_] = copied | elsewhere
        return plain

    def _same_content(self, batch: Batch, rows: NDArray[np.intp], others: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Whether rows may be one advert with others, as `speaker.same_advert` says, of one sender."""
        if len(self._contents_of) < len(self._profiles.profiles):
            for number in range(len(self._content_of), len(self._profiles.profiles)):
                self._content_of.append(self._content(number))
            self._contents_of = np.array(self._content_of)
        same: NDArray[np.bool_] = self._contents_of[batch.profile[rows]] == self._contents_of[batch.profile[others]]
        return same

    def _content(self, number: int) -> int:
        """Return the first profile that may be one advert with this one."""
        profiles = self._profiles.profiles
        profile = profiles[number]
        known = self._contents.setdefault((profile.key, profile.address), [])
        for content in known:
            if same_advert(profiles[content], profile):
                return content
        if len(known) < MAX_CONTENTS:
            known.append(number)
        return number
