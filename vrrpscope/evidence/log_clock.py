"""Where a log's lines lie among the packets: their order, and their clock against the capture's.

A stamp of a second says little, but two things say more. One process writes its lines in order (`narrow`). And some
lines are about a packet: keepalived 2.x says `Entering MASTER STATE` just after its first advert has left, so that
line and that packet are one moment (`anchor`).

The log's clock minus the capture's is found as NTP finds a true time among several (Marzullo): each line of a kind
and each packet of that kind would agree for a range of offsets, as wide as the stamp's resolution; the offset with
which most lines find a packet is the right one. Several one-second stamps cut that range to a fraction of a second. Of
offsets that explain as much, the one nearest to zero is taken: logs and captures of one host have one clock.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from statistics import median_low
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vrrpscope.evidence.said import Kind, Log, Said

MILLISECOND: Final = 1_000_000
SLACK: Final = 50 * MILLISECOND
"""Between a packet and the line about it: a scheduler, a pipe, a journal."""
_FINE: Final = 10 * MILLISECOND
"""Stamps of this resolution or better measure the offset themselves."""
_FARTHEST: Final = 26 * 3_600_000_000_000
"""A clock that is set to another zone is wrong by this much at most."""
_ALONE: Final = 2_000 * MILLISECOND
"""One line and one packet prove no offset greater than this."""
_PACKETS: Final = 300
"""Packets of one kind and instance that are compared,"""
_PAIRS: Final = 200_000
"""and pairs of a line and a packet in all."""


class Anchor(NamedTuple):
    """A packet that a log should speak of, by its instance or, where that is empty, by any.

    Only what the capture shows to have happened then: a master that was there before the capture began did not become
    master with its first advert in it.
    """

    t: int
    kind: Kind
    instance: str = ""


class Anchored(NamedTuple):
    """A log on the capture's clock."""

    log: Log
    offset: int | None
    """The log's clock minus the capture's, nanoseconds; None where nothing tells, and the log is as it was."""
    spread: int
    """How far the offset may be from the truth."""
    matched: int
    """Lines that found their packet."""


def narrow(said: Sequence[Said]) -> tuple[Said, ...]:
    """Narrow when lines were written by their order within each process; no interval grows.

    Where a clock was set back, what follows is not compared with what was before.
    """
    narrowed = list(said)
    streams: dict[str, list[int]] = defaultdict(list)
    for index, each in enumerate(said):
        streams[each.process].append(index)
    for stream in streams.values():
        chapter: list[int] = []
        earliest = 0
        for index in stream:
            if chapter and said[index].until <= earliest:
                _not_after_the_next(narrowed, chapter)
                chapter = []
            earliest = max(said[index].t, earliest) if chapter else said[index].t
            narrowed[index] = said[index]._replace(t=earliest)
            chapter.append(index)
        _not_after_the_next(narrowed, chapter)
    return tuple(narrowed)


def anchor(log: Log, anchors: Iterable[Anchor], slack: int = SLACK) -> Anchored:
    """Put a log on the capture's clock, and each line about a packet on that packet.

    Lines that find their packet are from then on written within `slack` of it; all others keep the width of their
    stamp, widened by what is not known of the offset and narrowed by their order.
    """
    packets = _packets(anchors, slack)
    found = _offset(log.said, packets, slack)
    if found is None:
        return Anchored(log, None, 0, 0)
    offset, spread = found
    pairs = _pairs(log.said, packets, offset, slack)
    if not _credible(log.said, packets, offset, len(pairs)):
        return Anchored(log, None, 0, 0)
    fine = [each.t - t for index, t in pairs.items() if (each := log.said[index]).until - each.t <= _FINE]
    if fine:
        offset = median_low(fine)
        spread = max(MILLISECOND, *(abs(each - offset) for each in fine))
    moved = [
        each._replace(t=pairs[index], until=pairs[index] + slack, last=each.last - offset)
        if index in pairs
        else each._replace(t=each.t - offset - spread, until=each.until - offset + spread, last=each.last - offset)
        for index, each in enumerate(log.said)
    ]
    return Anchored(replace(log, said=narrow(moved)), offset, spread, len(pairs))


def _not_after_the_next(said: list[Said], chapter: Sequence[int]) -> None:
    """No line is later than those behind it."""
    latest = said[chapter[-1]].until
    for index in reversed(chapter):
        latest = min(said[index].until, latest)
        said[index] = said[index]._replace(until=latest)


def _packets(anchors: Iterable[Anchor], slack: int) -> dict[tuple[Kind, str], list[int]]:
    """Times of the packets of each kind and instance, sorted; what lies closer than lines can is one."""
    packets: dict[tuple[Kind, str], list[int]] = defaultdict(list)
    for each in sorted(anchors):
        times = packets[each.kind, each.instance]
        if len(times) < _PACKETS and (not times or each.t > times[-1] + slack):
            times.append(each.t)
    return packets


def _about(said: Sequence[Said], packets: dict[tuple[Kind, str], list[int]]) -> Iterator[tuple[list[int], list[int]]]:
    """Lines and packets that may be the same events: indexes and times, both in order of time, bounded in number."""
    most = _PAIRS // max(1, sum(map(len, packets.values())))
    spoken: dict[Kind, list[int]] = defaultdict(list)
    for index, each in enumerate(said):
        spoken[each.kind].append(index)
    for (kind, instance), times in packets.items():
        lines = [
            index
            for index in spoken[kind]
            if instance in {"", said[index].instance} and times[0] - _FARTHEST < said[index].t < times[-1] + _FARTHEST
        ]
        if not lines:
            continue
        lines.sort(key=lambda index: said[index].t)
        middle = bisect_left(lines, times[len(times) // 2], key=lambda index: said[index].t)
        begin = max(0, min(middle - most // 2, len(lines) - most))
        yield lines[begin : begin + most], times


def _offset(said: Sequence[Said], packets: dict[tuple[Kind, str], list[int]], slack: int) -> tuple[int, int] | None:
    """The offset with which most lines find a packet, and how far it may be wrong; None if none does."""
    edges = []
    for lines, times in _about(said, packets):
        for index in lines:
            edges += [(said[index].t - t - slack, 1) for t in times]
            edges += [(said[index].until - t + slack, -1) for t in times]
    edges.sort()
    votes = most = 0
    best: tuple[int, int] | None = None
    for (begin, vote), (end, _) in pairwise(edges):
        votes += vote
        if votes > most or (votes == most and best is not None and _distance(begin, end) < _distance(*best)):
            most, best = votes, (begin, end)
    if best is None:
        return None
    offset = 0 if best[0] <= 0 <= best[1] else sum(best) // 2
    return offset, max(offset - best[0], best[1] - offset)


def _distance(begin: int, end: int) -> int:
    """How far a range lies from zero."""
    return max(begin, -end, 0)


def _pairs(said: Sequence[Said], packets: dict[tuple[Kind, str], list[int]], offset: int, slack: int) -> dict[int, int]:
    """Which packet each line is about: index → time; no packet twice, and none before that of an earlier line."""
    pairs: dict[int, int] = {}
    for lines, times in _about(said, packets):
        at = 0
        for index in lines:
            at = bisect_left(times, said[index].t - offset - slack, lo=at)
            if at < len(times) and times[at] <= said[index].until - offset + slack:
                pairs[index] = times[at]
                at += 1
    return pairs


def _credible(said: Sequence[Said], packets: dict[tuple[Kind, str], list[int]], offset: int, matched: int) -> bool:
    """Whether an offset explains enough: half of the packets in the log's time, and of the lines in theirs.

    A great offset needs more than one line. What the log never speaks of is not asked for.
    """
    first = min(each.t for each in said) - offset
    last = max(each.until for each in said) - offset
    covered = spoken = 0
    for lines, times in _about(said, packets):
        covered += sum(first <= t <= last for t in times)
        spoken += sum(times[0] <= said[i].until - offset and said[i].t - offset <= times[-1] for i in lines)
    return 2 * matched >= max(covered, spoken, 1) and (matched > 1 or abs(offset) <= _ALONE)
