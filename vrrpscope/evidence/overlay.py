"""Logs laid over what the captures show: whose log it is, when each line was written, and where the two disagree.

    log_owner    whose log it is, and its times on the captures' clock
    log_belief   when its daemon held itself for master, by its own word, and where the captures say otherwise

A log knows what a capture cannot: what its daemon believed. So where a log says MASTER and no reign was seen, the
capture has missed a master (a silent one, or one whose adverts did not come here); where a reign was told and the log
knows nothing of it, the capture's story of that router is wrong, or the log is not of this host.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.evidence import log_belief, log_owner
from vrrpscope.evidence.log_belief import ENTERS, LEAVES, Contradiction
from vrrpscope.evidence.quotes import Quote
from vrrpscope.evidence.said import Kind
from vrrpscope.findings import Line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from vrrpscope.evidence.quotes import Home, Span
    from vrrpscope.evidence.said import Log, Said
    from vrrpscope.timeline.profile import RouterKey
    from vrrpscope.timeline.router import Router

WORTH_TELLING: Final = (
    LEAVES
    | ENTERS
    | {
        *(Kind.RELOADED, Kind.REJECTED, Kind.DIFFERS, Kind.SEND_ERROR, Kind.LATE, Kind.PRIORITY_CHANGED, Kind.REFUSED),
        *(Kind.SCRIPT_FAILED, Kind.SCRIPT_SUCCEEDED, Kind.INTERFACE_DOWN, Kind.INTERFACE_UP, Kind.REFLECTED),
        *(Kind.HIGHER_ADVERT, Kind.LOWER_ADVERT, Kind.DISCARDED_LOWER, Kind.FORCED_ELECTION, Kind.TWO_OWNERS),
        *(Kind.PRIORITY_ZERO_SENT, Kind.PRIORITY_ZERO_HEARD, Kind.DOWN_TIMER, Kind.PREEMPT_DELAY, Kind.DELAYED),
    }
)
"""Kinds of lines that belong into a story; gratuitous ARPs and the like fill logs and tell little."""
MAX_CONTRADICTIONS: Final = 200
"""Of one log."""


class _Shelf(NamedTuple):
    """Lines of one kind, by when they were begun to be said."""

    said: tuple[Said, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]  # the latest end of any up to each


@dataclass(frozen=True, slots=True)
class Overlay:
    """One log among the packets. Times are on the captures' clock, if it is placed."""

    host: str
    path: str
    routers: tuple[str, ...]
    """The addresses from which its router advertises; empty where nothing tells, or it was not seen to advertise."""
    log: Log
    offset: int | None
    """The log's clock minus the captures', nanoseconds; None where no packet tells."""
    spread: int
    """How far that may be wrong."""
    matched: int
    """Lines that found their packet."""
    is_placed: bool
    """Whether the lines may be told beside the packets: by packets, or for want of anything against the log's clock."""
    is_known: bool
    """Whether it is clear whose log it is, even if that one was not seen to advertise."""
    instances: Mapping[str, RouterKey]
    contradictions: tuple[Contradiction, ...]
    observed: Span
    _shelves: Mapping[Kind, _Shelf] = field(repr=False, compare=False)

    @property
    def router(self) -> str | None:
        """The first of its router's addresses."""
        return self.routers[0] if self.routers else None

    @property
    def told(self) -> Iterator[tuple[RouterKey | None, Said]]:
        """Yield the lines worth telling in the captures' time; those with None are about the whole daemon."""
        for each in self.log.said if self.is_placed else ():
            if each.kind in WORTH_TELLING and not each.instance:
                if self.during(each):
                    yield None, each
            elif each.kind in WORTH_TELLING and each.instance in self.instances and self.during(each):
                yield self.instances[each.instance], each

    def during(self, said: Said) -> bool:
        """Whether a line was written while the captures ran."""
        end = self.observed.end
        return said.until >= self.observed.start and (end is None or said.t <= end)

    def line(self, said: Said) -> Line:
        """Return where a line stands."""
        return Line(self.host, self.path, said.line)

    def quotes(self, key: RouterKey, span: Span, kinds: Collection[Kind]) -> Iterator[Quote]:
        """Yield what it says of one virtual router or the whole daemon in a time, by kind, then by time."""
        if not self.is_placed:
            return
        for kind in kinds:
            shelf = self._shelves.get(kind)
            if shelf is None:
                continue
            first = bisect_left(shelf.ends, span.start)
            end = len(shelf.said) if span.end is None else bisect_right(shelf.starts, span.end)
            for said in shelf.said[first:end]:
                if max(said.last, said.until) >= span.start and (
                    not said.instance or self.instances.get(said.instance) == key
                ):
                    yield Quote(said, self.line(said))


def lay(
    logs: Sequence[Log],
    routers: Mapping[RouterKey, Router],
    observed: Span,
    home: Home | None = None,
) -> tuple[Overlay, ...]:
    """Lay logs over the virtual routers; what one log leaves open, the others may tell.

    Args:
        logs: as they were read.
        routers: what the captures show.
        observed: from the captures' first frame to their last.
        home: tells which capture was taken at a router's own host, where several captures tell.
    """
    laid = {n: overlay(log, routers, observed, home) for n, log in enumerate(logs)}
    zones = {zone for each in laid.values() if (zone := log_owner.zone_of(each.offset))}
    for n, log in enumerate(logs):
        taken = {a for other in laid.values() if other.host != log.host for a in other.routers}
        if not laid[n].is_known and taken:
            laid[n] = overlay(log, routers, observed, home, taken)
        if not laid[n].is_placed and len(zones) == 1:
            zone = next(iter(zones))
            again = overlay(log_owner.moved_by(log, zone), routers, observed, home, taken)
            if again.is_placed:
                laid[n] = replace(again, offset=zone + (again.offset or 0))
    return tuple(laid.values())


def overlay(
    log: Log,
    routers: Mapping[RouterKey, Router],
    observed: Span,
    home: Home | None = None,
    taken: Collection[str] = (),
) -> Overlay:
    """Lay one log over the virtual routers; `taken` are addresses of those whose logs are other hosts'."""
    owner = log_owner.find(log, routers, observed, home, taken)
    said = owner.anchored.log.said
    instances = log_owner.instances_of(said, owner.addresses, routers) if owner.is_known else {}
    return Overlay(
        host=log.host,
        path=log.path,
        routers=owner.addresses,
        log=owner.anchored.log,
        offset=owner.anchored.offset,
        spread=owner.anchored.spread,
        matched=owner.anchored.matched,
        is_placed=owner.is_believed,
        is_known=owner.is_known,
        instances=instances,
        contradictions=_contradictions(owner, instances, routers, observed),
        observed=observed,
        _shelves=_shelves(said),
    )


def _contradictions(
    owner: log_owner.Owner, instances: Mapping[str, RouterKey], routers: Mapping[RouterKey, Router], observed: Span
) -> tuple[Contradiction, ...]:
    """Compare what a log says of each instance with what was seen of it."""
    found: list[Contradiction] = []
    if not owner.is_believed:
        return ()
    told = log_belief.accounts(owner.anchored.log.said, instances)
    for instance, key in instances.items():
        router = routers[key]
        if router.history.omitted:
            continue  # what was not kept cannot be missed
        interval = max((s.profile.interval for s in router.speakers.values()), default=0)
        reigns = [reign for reign in router.history.reigns if reign.router in owner.addresses]
        found += log_belief.compare(told[instance], reigns, (key, instance), interval, observed)
    return tuple(sorted(found, key=lambda each: each.start)[:MAX_CONTRADICTIONS])


def _shelves(said: Sequence[Said]) -> dict[Kind, _Shelf]:
    """Sort lines by kind and time."""
    kinds: dict[Kind, list[Said]] = defaultdict(list)
    for each in said:
        kinds[each.kind].append(each)
    shelves = {}
    for kind, lines in kinds.items():
        lines.sort(key=lambda each: each.t)
        ends = accumulate((max(each.last, each.until) for each in lines), max)
        shelves[kind] = _Shelf(tuple(lines), tuple(each.t for each in lines), tuple(ends))
    return shelves
