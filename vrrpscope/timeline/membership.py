"""Who asked the network for VRRP's multicast group, when, and whether anybody keeps asking: IGMP and MLD.

A daemon that starts joins the group: Linux reports that twice within a second, with a record type of its own, and
once more when a link comes up. When the daemon ends, even killed, the kernel leaves the group. A backup says nothing
else, so a report may be the only sign of it. Further reports answer a querier. Where there is none, a switch that
snoops forgets who wanted the group some minutes after the last report, and keeps adverts from that port from then on.

Reports of a host within `_BURST` of one another are one; of older versions, which have no record types, a report
is a join if nobody had asked.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.timeline.timers import SECOND
from vrrpscope.wire.columns import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vrrpscope.timeline.events import Seen

MAX_MEMBERS: Final = 1_024
"""Hosts on all segments whose reports are remembered."""

MAX_WORDS: Final = 2_048
"""Reports and leaves of one host, and queries on one segment, that are remembered."""

_BURST = 2 * SECOND
_ANSWERED_WITHIN = 25 * SECOND  # the longest that a host may take to answer a query, with usual settings
_BLOCKS_OLD, _TO_EXCLUDE = 6, 4  # record types of IGMPv3 and MLDv2; from TO_INCLUDE (3) on they tell of changes

Place = tuple[str, int]
"""A segment, and 4 for IGMP or 6 for MLD."""


class Speaks(NamedTuple):
    """Who sends a message."""

    address: str
    mac: str | None


class Word(NamedTuple):
    """One message of a host about the group."""

    seen: Seen
    kind: Kind  # REPORT or LEAVE
    joins: bool  # it did not want the group before


@dataclass(slots=True)
class Member:
    """A host that asked for the group."""

    address: str
    mac: str | None
    words: list[Word] = field(default_factory=list)  # by time
    full: bool = False  # later ones are not known

    def last(self, before: int) -> Word | None:
        """Return what it said last, at or before a time; None where that is not known."""
        if self.full and before > self.words[-1].seen.t:
            return None
        place = bisect_right(self.words, before, key=lambda word: word.seen.t)
        return self.words[place - 1] if place else None

    def within(self, start: int, end: int) -> list[Word]:
        """Return what it said in a time."""
        first = bisect_left(self.words, start, key=lambda word: word.seen.t)
        return self.words[first : bisect_right(self.words, end, key=lambda word: word.seen.t)]


class Membership:
    """The VRRP groups on all segments. Is told of messages in order of time."""

    def __init__(self) -> None:
        self._members: dict[Place, dict[str, Member]] = {}
        self._queries: dict[Place, list[Seen]] = {}
        self._count = 0

    def report(self, place: Place, by: Speaks, seen: Seen, kind: Kind, code: int) -> None:
        """Take a report or a leave; `code` is its record type, 0 in older versions."""
        known = self._members.setdefault(place, {})
        member = known.get(by.address)
        if member is None:
            if self._count >= MAX_MEMBERS:
                return
            self._count += 1
            member = known[by.address] = Member(by.address, by.mac)
        last = member.words[-1] if member.words else None
        if last is not None and last.kind is kind and seen.t - last.seen.t <= _BURST:
            return
        if len(member.words) >= MAX_WORDS:
            member.full = True
            return
        asked = bool(self.queries(place, seen.t - _ANSWERED_WITHIN, seen.t))
        joins = kind is Kind.REPORT and (not asked if code == 0 else _TO_EXCLUDE <= code <= _BLOCKS_OLD)
        member.words.append(Word(seen, kind, joins))

    def query(self, place: Place, seen: Seen) -> None:
        """Take a query."""
        known = self._queries.setdefault(place, [])
        if len(known) < MAX_WORDS and (not known or seen.t - known[-1].t > _BURST):
            known.append(seen)

    def member(self, place: Place, address: str, mac: str | None) -> Member | None:
        """Return what a router said of the group, known by its address or else by its MAC."""
        known = self._members.get(place, {})
        found = known.get(address)
        if found is None and mac is not None:
            found = next((member for member in known.values() if member.mac == mac), None)
        return found

    def members(self, place: Place) -> Iterable[Member]:
        """Return all that said anything."""
        return self._members.get(place, {}).values()

    def queries(self, place: Place, start: int, end: int) -> list[Seen]:
        """Return the queries of a time. One of too many counts until the end: somebody asks."""
        known = self._queries.get(place, [])
        if len(known) >= MAX_WORDS and known[-1].t < end:
            return known[-1:]
        first = bisect_left(known, start, key=lambda seen: seen.t)
        return known[first : bisect_right(known, end, key=lambda seen: seen.t)]
