"""Do two routers send from one source address?

Two hosts that send adverts from the same address (FRR's macvlans with link-local addresses made from the one virtual
MAC, a cloned machine) look like one router: a tie is never broken, and each takes the other's adverts for its own or
ignores them. Between them lie more adverts than one an interval: two exact rhythms that interleave, or two counts of
IP IDs. Where the lower one yields, there is one rhythm at a time, and only a takeover shows that it is another's: no
router is master again sooner than its Master_Down_Interval after it has resigned.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from vrrpscope.timeline.events import SharedSource
from vrrpscope.timeline.timers import MILLISECOND, tolerance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.history import History
    from vrrpscope.timeline.profile import Profile, RouterKey
    from vrrpscope.timeline.speaker import Speaker

SIGNS: Final[dict[str, str]] = {
    "rhythms": "its adverts are two exact rhythms that interleave",
    "ip-ids": "its IP IDs are two counts that interleave",
    "priorities": "its priority alternates",
    "macs": "its MAC alternates",
    "too-soon": "it was master again sooner than any router can be that has resigned",
    "another-wait": "its priority changed after a silence as long as the other one would wait",
}
"""What shows it, as words."""

_ENOUGH: Final = 7  # adverts
_CHAIN: Final = 3  # IP IDs of each count
_OFTEN: Final = 3  # times that one count follows the other
_RELATIVE: Final = 64  # of an interval: how exact a rhythm is
_APART: Final = 50 * MILLISECOND  # closer together they may be copies of one advert

Sent = tuple["Seen", "Profile"]


class SharedSources:
    """Watches the adverts of each source address."""

    def __init__(self, key: RouterKey, history: History) -> None:
        self._key = key
        self._history = history

    def spoke(self, speaker: Speaker, profile: Profile, seen: Seen) -> None:
        """A master is about to advertise again."""
        gap, interval = seen.t - speaker.last.t, profile.interval
        if gap < interval * 3 // 4:
            sent = [*speaker.recent, (seen, profile)][-_ENOUGH:]
            why = interleaved(sent, several=speaker.is_seen_twice)
            if why:
                self._tell(speaker, seen, sent, why, both=True)
        elif gap > 2 * interval and profile.priority != speaker.profile.priority and _counts_nothing(profile):
            as_long = abs(gap - profile.down(speaker.profile)) <= tolerance(interval)
            if as_long:
                self._tell(speaker, seen, [speaker.recent[-1], (seen, profile)], ("another-wait",), both=False)

    def returned(self, speaker: Speaker, profile: Profile, seen: Seen) -> None:
        """A router is about to be master again."""
        before = speaker.terms.priority
        if speaker.last.priority or profile.priority in {before, 255} or not _counts_nothing(profile):
            return
        if seen.t - speaker.last.t < profile.down(speaker.terms) - tolerance(profile.interval):
            sent = [*speaker.recent, (seen, profile)][-3:]
            self._tell(speaker, seen, sent, ("too-soon",), both=False)

    def _tell(self, speaker: Speaker, seen: Seen, sent: Sequence[Sent], why: tuple[str, ...], *, both: bool) -> None:
        if not self._history.is_news(f"shared {both}", speaker.address):
            return
        frames = tuple(s for s, _ in sent)
        priorities = tuple(sorted({p.priority for _, p in sent if p.priority}, reverse=True))
        macs = tuple(sorted({p.mac for _, p in sent if p.mac is not None}))
        self._history.add(
            SharedSource(seen.t, self._key, speaker.address, seen, frames, why, priorities, macs, both=both)
        )


def interleaved(sent: Sequence[Sent], *, several: bool) -> tuple[str, ...]:
    """Return what shows that the latest adverts of one address are of two senders; empty where nothing does.

    Args:
        sent: the latest adverts, in order.
        several: whether the captures are known to see the same adverts at the same times. Otherwise those of two
            captures may be one rhythm by two clocks.
    """
    if len(sent) < _ENOUGH or any(not p.priority for _, p in sent):
        return ()
    one, other = sent[-1::-2], sent[-2::-2]
    counts = _count_twice([s.ip_id for s, _ in sent])
    if not counts:
        times = [s.t for s, _ in sent]
        if len({s.capture for s, _ in sent}) > 1 and not several:
            return ()
        if not _beat_twice(times, sent[-1][1].interval) or _is_one_count([s.ip_id for s, _ in sent]):
            return ()
    alternating = tuple(
        word
        for word, field in (("priorities", "priority"), ("macs", "mac"))
        if _values(one, field).isdisjoint(_values(other, field))
    )
    if not counts and not alternating and not _is_lopsided([s.t for s, _ in sent], sent[-1][1].interval):
        return ()  # one sender that advertises twice as often as it says
    return (*(("ip-ids",) if counts else ("rhythms",)), *alternating)


def _values(sent: Sequence[Sent], field: str) -> set[object]:
    return {getattr(p, field) for _, p in sent}


def _beat_twice(times: Sequence[int], interval: int) -> bool:
    """Whether every other advert keeps the interval exactly."""
    exact = all(abs(c - a - interval) <= interval // _RELATIVE for a, c in zip(times, times[2:], strict=False))
    return exact and all(b - a > min(_APART, interval // 8) for a, b in pairwise(times))


def _is_lopsided(times: Sequence[int], interval: int) -> bool:
    return all(abs(2 * (b - a) - interval) > interval // 16 for a, b in pairwise(times))


def _is_one_count(ids: Sequence[int]) -> bool:
    return all(a >= 0 and b == a + 1 for a, b in pairwise(ids))


def _count_twice(ids: Sequence[int]) -> bool:
    """Whether the IP IDs are two counts by one, each going on while the other does."""
    chains: list[list[int]] = []
    owners = []
    for number in ids:
        chain = next((c for c in chains if number == c[-1] + 1), None)
        if chain is None:
            chain = [number]
            chains.append(chain)
        else:
            chain.append(number)
        owners.append(id(chain))
    switches = sum(a != b for a, b in pairwise(owners))
    return min(ids) >= 0 and len(chains) == 2 and min(map(len, chains)) >= _CHAIN and switches >= _OFTEN


def _counts_nothing(profile: Profile) -> bool:
    """Whether nothing in its adverts tells one sender from another."""
    return profile.df or profile.key.family == 6
