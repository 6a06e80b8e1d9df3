"""When a daemon held itself for master, by its own word, and where the captures say otherwise.

A stamp is a range, so a belief has a part that is certain (from the end of the one stamp to the begin of the other)
and one that is possible. What a log does not cover it does not deny: before its first word of an instance, behind its
last line, and between the last line of a process that was killed and the first of the next.

Belief and captures differ a little by nature. A reign ends with its last advert, up to an interval before its daemon
knew; FRR's first IPv6 advert comes a second after its word; a reign cannot begin before its capture does.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from heapq import merge
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.evidence.said import Kind
from vrrpscope.timeline.timers import SECOND

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from vrrpscope.evidence.quotes import Span
    from vrrpscope.evidence.said import Said
    from vrrpscope.timeline.events import Reign
    from vrrpscope.timeline.profile import RouterKey

ENTERS: Final = frozenset({Kind.MASTER, Kind.TRANSITION})
LEAVES: Final = frozenset(
    {Kind.BACKUP, Kind.INIT_BACKUP, Kind.FAULT, Kind.STOPPING, Kind.STOPPED, Kind.STARTED, Kind.DIED}
)
FOREVER: Final = 1 << 62
_EDGE: Final = SECOND
"""At a capture's own ends, nothing is concluded from what it lacks."""

_Piece = tuple[int, int]


class Belief(NamedTuple):
    """A time as master: certainly from `sure` on until `sure_end`, possibly from `start` until `end`."""

    start: int
    sure: int
    sure_end: int
    end: int
    line: int  # that begins it


class Contradiction(NamedTuple):
    """Where a log and the captures disagree on whether a router was master."""

    key: RouterKey
    instance: str
    start: int
    end: int
    logged: bool  # the log says MASTER and no reign was seen; else a reign was seen and the log has none
    line: int  # of the log, from 1; 0 where it has none


class Account(NamedTuple):
    """What a log says of one instance's mastership."""

    beliefs: tuple[Belief, ...]
    covered: tuple[_Piece, ...]  # the times of which it tells


def accounts(said: Iterable[Said], instances: Collection[str]) -> dict[str, Account]:
    """Return when each instance was master by its log; lines without an instance are about all."""
    changes: list[tuple[Said, int]] = []  # with the time of the last line before
    last = 0
    for each in said:
        if each.kind in LEAVES or each.kind in ENTERS:
            changes.append((each, last))
        last = max(last, each.t, each.last)
    of: dict[str, list[int]] = defaultdict(list)
    for place, (each, _) in enumerate(changes):
        of[each.instance].append(place)
    daemon = of.get("", [])
    return {
        instance: _account([changes[place] for place in merge(daemon, of.get(instance, []))], last)
        for instance in instances
    }


def _account(changes: Iterable[tuple[Said, int]], last: int) -> Account:
    """Follow what one instance says of its state; `last` is when its log ends."""
    beliefs: list[Belief] = []
    covered: list[_Piece] = []
    belief: Belief | None = None
    since: int | None = None  # from when on its state is told
    for each, before in changes:
        if each.kind in ENTERS:
            belief = belief or Belief(each.t, each.until, 0, 0, each.line)
        else:
            unannounced = each.kind is Kind.STARTED and since is not None
            if belief is not None:
                sure_end = max(belief.sure, before if unannounced else each.t)
                beliefs.append(belief._replace(sure_end=sure_end, end=each.until))
                belief = None
            if unannounced and since is not None:
                covered.append((since, before))
                since = each.until
        since = each.until if since is None else since
    if belief is not None:
        beliefs.append(belief._replace(sure_end=max(belief.sure, last), end=FOREVER))
    if since is not None and last > since:
        covered.append((since, last))
    return Account(tuple(beliefs), tuple(covered))


def compare(
    told: Account,
    reigns: Sequence[Reign],
    of: tuple[RouterKey, str],
    interval: int,
    observed: Span,
) -> Iterator[Contradiction]:
    """Yield where an account and the reigns of its router disagree for longer than they may.

    Args:
        told: by the log.
        reigns: of this router.
        of: the virtual router, and how the log calls it.
        interval: between the adverts of this virtual router, nanoseconds.
        observed: from the captures' first frame to their last.
    """
    key, instance = of
    grace = 2 * interval + SECOND
    begin, end = observed.start + _EDGE, (FOREVER if observed.end is None else observed.end) - _EDGE
    seen = _merged((reign.start - grace, FOREVER if reign.end is None else reign.end + grace) for reign in reigns)
    for belief in told.beliefs:
        certain = (max(belief.sure, begin), min(max(belief.sure_end, belief.sure + 1), end))
        least = grace if belief.sure < begin or _touching(seen, belief.sure, belief.end) else 1
        for start, stop in _without(certain, seen):
            if stop - start >= least:
                yield Contradiction(key, instance, start, stop, logged=True, line=belief.line)
    possible = _merged((b.start - grace, min(b.end, FOREVER - grace) + grace) for b in told.beliefs)
    covered = _merged(told.covered)
    for reign in reigns:
        shown = (reign.start, end if reign.end is None else reign.end)
        for low, high in _touching(covered, *shown):
            for start, stop in _without((max(shown[0], low), min(shown[1], high)), possible):
                if stop - start >= grace:
                    yield Contradiction(key, instance, start, stop, logged=False, line=0)


def _merged(pieces: Iterable[_Piece]) -> list[_Piece]:
    """Return times in order, those that overlap as one."""
    merged: list[_Piece] = []
    for start, end in sorted(pieces):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _touching(merged: Sequence[_Piece], low: int, high: int) -> Sequence[_Piece]:
    """Return those of some merged times that have a part in a time."""
    first = bisect_left(merged, low, key=itemgetter(1))
    return merged[first : bisect_right(merged, high, key=itemgetter(0))]


def _without(piece: _Piece, merged: Sequence[_Piece]) -> list[_Piece]:
    """Return what is left of a time without some merged times."""
    left = [piece] if piece[0] < piece[1] else []
    for start, end in _touching(merged, *piece):
        left = [part for low, high in left for part in ((low, min(high, start)), (max(low, end), high))]
        left = [(low, high) for low, high in left if low < high]
    return left
