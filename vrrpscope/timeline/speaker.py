"""One router that was heard advertising, and the arithmetic on its own adverts.

keepalived numbers its adverts in the IPv4 identification field: its own counter, from 1 at start, one more
for each advert. That makes the field a witness. After a gap the next number says whether adverts were sent
and lost (it jumped), never sent (it is the next one), or whether the daemon began anew (it is small again).
Whether a sender numbers its adverts is learned from what it does; the kernels of other senders fill the field
as they like, and IPv6 has none.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vrrpscope.timeline.gaps import Gaps
from vrrpscope.timeline.timers import MILLISECOND
from vrrpscope.wire.columns import NO_KEY, Flag

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vrrpscope.timeline.events import Missed, MissedKind, Reign, Seen
    from vrrpscope.timeline.profile import Profile
    from vrrpscope.timeline.sender_clocks import SenderClock

RECENT = 8  # adverts remembered per speaker: a Master_Down_Interval reaches back four

MISSED_FRAMES = 10

MAX_DESTINATIONS = 256  # remembered of one speaker; with so many, it may send to anybody

LOW = (1 << 64) - 1  # of an address

LINK = 40
"""Above this bit of a group's address stands on which interface it was seen (`Seen.destination`)."""
ADDRESS = (1 << LINK) - 1
"""The bits below, which tell one group from another on whatever interface."""

_COPY_WINDOW = 50 * MILLISECOND  # a mirror port or a bond delivers the second copy well within this
_CLOCKS_APART = 30_000 * MILLISECOND  # between two vantage points; the pieces of one capture share a clock
_UNNUMBERED_WINDOW = MILLISECOND // 2  # without a number, two equal adverts this close are one


@dataclass(slots=True)
class Tally:
    """How often something happened to one speaker, with the first and last evidence."""

    count: int
    first: Seen
    last: Seen


@dataclass(slots=True)
class MissedTally:
    """All gaps of one kind of one speaker."""

    first: Missed
    gaps: int = 0
    adverts: int = 0
    longest: int = 0  # nanoseconds
    frames: list[Seen] = field(default_factory=list)  # the adverts after the first few gaps


class Speaker:
    """The state of one router within one virtual router."""

    def __init__(self, profile: Profile, first: Seen) -> None:
        self.profile = profile
        self.terms = profile  # the latest with a priority above 0: what it says when it does not resign
        self.first = first
        self.last = first
        self.destinations = {first.destination & LOW}  # its group, or its peers
        self.adverts = 0
        self.gaps = Gaps()
        self.recent: deque[tuple[Seen, Profile]] = deque(maxlen=RECENT)
        self.profiles: dict[Profile, Seen] = {}  # everything it ever announced, with the first frame of it
        self.flags: dict[Flag, Tally] = {}
        self.missed: dict[MissedKind, MissedTally] = {}
        self.clock: SenderClock | None = None  # its own, by its HMAC trailers; known at the end
        self.replayed: int | None = None  # when the first advert of it was seen that had been seen long before
        # belief
        self.reign: Reign | None = None  # its latest, open or ended
        self.began: Seen | None = None  # the first advert of its latest reign
        self.rearmed = 0  # last time a rejected advert of another restarted its advert timer
        self.yield_at: int | None = None  # it must have accepted a winning advert then; not yet confirmed
        self.yield_to: Seen | None = None
        # numbering
        self.steps = 0  # successive adverts whose IP ID went up by one
        self.jumps = 0  # those whose IP ID did anything else
        self.mixed = 0  # adverts until `recent` is of one capture again
        self._sighted = 1 << first.capture  # captures in which the last advert was seen

    @property
    def address(self) -> str:
        """The sender's address, canonical text."""
        return self.profile.address

    @property
    def keys(self) -> frozenset[int]:
        """Numbers of the keys that its digests fit; empty where none was judged or none fits."""
        return frozenset(profile.signed_with for profile in self.profiles) - {0, NO_KEY}

    @property
    def key_number(self) -> int | None:
        """The number of the key it signs with now; None where that is not known."""
        return self.terms.signed_with if self.terms.signed_with not in {0, NO_KEY} else None

    @property
    def has_bad_digests(self) -> bool:
        """Whether digests of it fit none of the keys given."""
        return Flag.BAD_DIGEST in self.flags

    @property
    def is_master(self) -> bool:
        """Whether it is believed master now."""
        return self.reign is not None and self.reign.end is None

    @property
    def numbers(self) -> bool:
        """Whether it numbers its adverts in the IP ID, as far as seen."""
        return self.steps > self.jumps

    def reaches(self, seen: Seen) -> bool:
        """Whether it is known to send to where this advert goes, or to so many that it may be anybody."""
        return seen.destination & LOW in self.destinations or len(self.destinations) >= MAX_DESTINATIONS

    @property
    def is_seen_twice(self) -> bool:
        """Whether its last advert was seen by more than one capture."""
        return self._sighted.bit_count() > 1

    def step(self, seen: Seen) -> int | None:
        """Return how far the IP ID went up since the last advert; None without IP IDs.

        keepalived's counter leaves out 0 when it wraps.
        """
        before, now = self.last.ip_id, seen.ip_id
        if now < 0 or before < 0 or now == before == 0:
            return None
        return ((now - before) & 0xFFFF) - (0 < now < before)

    def is_repetition(self, seen: Seen, profile: Profile) -> bool:
        """Whether this is the last advert once more: a mirrored, bonded or second vantage point's copy.

        The copies of one advert to several unicast peers are one advert too.
        """
        if not self.adverts:
            return False
        if self._seen_elsewhere(seen, profile):
            return True
        last = self.last
        same = seen.ip_id == last.ip_id and seen.sequence == last.sequence and profile is self.profile
        if not same or seen.t - last.t > min(_COPY_WINDOW, profile.interval // 2):
            return False
        if seen.ip_id > 0 or seen.sequence >= 0 or seen.destination != last.destination:
            return True
        return seen.t - last.t <= _UNNUMBERED_WINDOW

    def _seen_elsewhere(self, seen: Seen, profile: Profile) -> bool:
        """Whether another capture already showed this very advert."""
        if seen.ip_id <= 0 and seen.sequence < 0:
            apart = profile.interval // 4
            if seen.vantage == self.last.vantage:
                apart = min(apart, _COPY_WINDOW)
            fresh = seen.t - self.last.t <= apart and not self._sighted >> seen.capture & 1
            if fresh and same_advert(profile, self.profile) and seen.capture != self.last.capture:
                self._sighted |= 1 << seen.capture
                return True
            return False
        if not self.mixed and seen.capture == self.last.capture:
            return False
        return any(
            old.capture != seen.capture
            and old.ip_id == seen.ip_id
            and old.sequence == seen.sequence
            and seen.t - old.t <= (profile.interval // 2 if old.vantage == seen.vantage else _CLOCKS_APART)
            and same_advert(profile, sent)
            for old, sent in self.recent
        )

    def take(self, seen: Seen, profile: Profile) -> None:
        """Make this the last advert heard of it. Gaps are judged before."""
        step = None
        if self.adverts:
            self.gaps.add(seen.t - self.last.t, self.profile.interval)
            step = self.step(seen)
        self.mixed = RECENT if seen.capture != self.last.capture else max(self.mixed - 1, 0)
        self.last = seen
        self.profile = profile
        if profile.priority:
            self.terms = profile
        self.recent.append((seen, profile))
        self._tally(1, step)

    def take_many(self, gaps: NDArray[np.int64], latest: list[Seen], step: int | None) -> None:
        """Take a run of adverts that only repeat the last one; `latest` are the final few of them."""
        count = len(gaps)
        self.gaps.add_many(gaps, self.profile.interval)
        self.mixed = max(self.mixed - count, 0)
        self.last = latest[-1]
        self.recent.extend((seen, self.profile) for seen in latest)
        self._tally(count, step)

    def _tally(self, count: int, step: int | None) -> None:
        """Count adverts that were just made the last ones; `step`: how the IP ID went up to each."""
        self.adverts += count
        if step == 1:
            self.steps += count
        elif step is not None:
            self.jumps += count
        self._sighted = 1 << self.last.capture
        if self.profile.flags:
            self._count(self.profile.flags, self.last, count)
        if self.reign is not None and self.reign.end is None:
            self.reign.adverts += count

    def miss(self, missed: Missed) -> None:
        """Add one gap to the tally of its kind."""
        tally = self.missed.setdefault(missed.kind, MissedTally(missed))
        tally.gaps += 1
        tally.adverts += missed.adverts
        tally.longest = max(tally.longest, missed.end - missed.start)
        if len(tally.frames) < MISSED_FRAMES:
            tally.frames.append(missed.after)

    def _count(self, flags: Flag, seen: Seen, count: int) -> None:
        for flag in flags:
            tally = self.flags.get(flag)
            if tally is None:
                self.flags[flag] = Tally(count, seen, seen)
            else:
                tally.count += count
                tally.last = seen


def same_advert(one: Profile, other: Profile) -> bool:
    """Whether two profiles may be one advert seen at two places: what a path may change is left out."""
    return one is other or (
        (one.priority, one.version, one.interval, one.addresses, one.secret)
        == (other.priority, other.version, other.interval, other.addresses, other.secret)
    )
