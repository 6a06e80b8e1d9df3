"""Whose log it is, which of its instances is which virtual router, and its times on the captures' clock.

A log that names its host's own addresses (keepalived does with `--log-detail`) says itself whose it is. Of another, the
capture of the same name may tell, and else its takeovers: the router that became master when the log says so. A router
that the log speaks of as of another (`Received advert from 10.0.0.5`) is not its own.

Stamps without a zone are often local time: a log that finds its packets once it is moved by whole quarters of an hour
is one of those. A log that the captures have nothing to hold against is believed as it is, if its times are theirs.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.evidence.log_belief import ENTERS, accounts, compare
from vrrpscope.evidence.log_clock import Anchor, Anchored, anchor
from vrrpscope.evidence.said import Kind
from vrrpscope.timeline.events import Cause, EndedBy
from vrrpscope.timeline.timers import SECOND

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from vrrpscope.evidence.quotes import Home, Span
    from vrrpscope.evidence.said import Log, Said
    from vrrpscope.timeline.profile import RouterKey
    from vrrpscope.timeline.router import Router

MAX_HOSTS: Final = 64
"""Hosts that one log is held against, those with most takeovers first."""
MAX_INSTANCES: Final = 1_000
"""Instances of one log that are looked for among the virtual routers."""
_ALIKE: Final = 8  # hosts that fit a log alike
_COMPARED: Final = 50  # takeovers, or reigns, that one line or belief is held against
_UNSEEN_BEFORE: Final = {Cause.INITIAL, Cause.RECLAIMED}  # became master at another time than its first advert
_BEATEN: Final = {Cause.PREEMPTED, Cause.OWNER, Cause.TIE_BREAK}
_RESIGNED: Final = {EndedBy.RESIGNED, EndedBy.FAULT}
_OF_ANOTHER: Final = {Kind.HIGHER_ADVERT, Kind.LOWER_ADVERT, Kind.DISCARDED_LOWER}
_ZONES: Final = 900 * SECOND  # zones are whole quarters of an hour apart
_FARTHEST_ZONE: Final = 14 * 4
_NEAR: Final = 2 * SECOND
_MARGIN: Final = 2 * SECOND
_SILENT: Final = 3600 * SECOND
"""A daemon to which nothing happens may have nothing to say for so long before a capture begins."""
_PAIRS: Final = 20_000
_NUMBER: Final = re.compile(r"\d{1,3}", re.ASCII)
_ADDRESS, _TAKEOVER = 10_000, 10  # how much more than its name tells which virtual router an instance is


class Owner(NamedTuple):
    """A log, and the host of the captures that wrote it."""

    addresses: tuple[str, ...]
    """From which its router advertises; empty where nothing tells, or it was not seen to."""
    anchored: Anchored
    is_believed: bool
    """Whether its times are those of the captures, by the packets or for want of anything against it."""
    is_known: bool
    """Whether it is clear whose log it is, seen or not."""


def hosts_of(routers: Mapping[RouterKey, Router]) -> list[tuple[str, ...]]:
    """Return the addresses of each host that advertises; one MAC is one host, a virtual MAC tells nothing."""
    by_mac: dict[str, dict[str, None]] = defaultdict(dict)
    alone: dict[str, None] = {}
    for router in routers.values():
        for speaker in router.speakers.values():
            macs = {p.mac for p in speaker.profiles if p.mac and not p.mac.startswith("00:00:5e:00:0")}
            if len(macs) == 1:
                by_mac[macs.pop()][speaker.address] = None
            else:
                alone[speaker.address] = None
    hosts = [tuple(addresses) for addresses in by_mac.values()]
    shared = Counter(address for host in hosts for address in host)
    settled = [tuple(a for a in host if shared[a] == 1) for host in hosts]
    loose = dict.fromkeys([*alone, *(a for a in shared if shared[a] > 1)])
    grouped = {a for host in settled for a in host}
    return [*(host for host in settled if host), *((address,) for address in loose if address not in grouped)]


def find(
    log: Log,
    routers: Mapping[RouterKey, Router],
    observed: Span,
    home: Home | None,
    taken: Collection[str] = (),
) -> Owner:
    """Find whose log it is.

    Args:
        log: as it was read.
        routers: the virtual routers of the captures.
        observed: from the captures' first frame to their last.
        home: tells which capture was taken at a router's own host, where several captures tell.
        taken: addresses of routers whose logs are other hosts'.
    """
    spoken = {a for router in routers.values() for a in router.speakers}
    own = tuple(address for address in log.addresses if address in spoken)
    if own or log.addresses:
        return _settled(log, own, routers, observed)
    at_home = _at_home(log.host, routers, home)
    if at_home and (_anchored(log, at_home, routers).matched or _agrees(log.said, at_home, routers, observed)):
        return _settled(log, at_home, routers, observed)
    others = {each.peer for each in log.said if each.kind in _OF_ANOTHER} | set(taken)
    candidates = [host for host in hosts_of(routers) if others.isdisjoint(host)]
    moves = Counter(e.router for router in routers.values() for e in router.history.elections)
    candidates.sort(key=lambda host: -sum(moves[address] for address in host))
    fits = [(host, _anchored(log, host, routers)) for host in candidates[:MAX_HOSTS]]
    most = max((fit.matched for _, fit in fits), default=0)
    best = [(host, fit) for host, fit in fits if fit.matched == most]
    if most and len(best) == 1:
        host, fit = best[0]
        return Owner(host, fit, is_believed=True, is_known=True)
    ours = _priorities(log.said)
    alike = [
        host
        for host, _ in best[:_ALIKE]
        if ours <= _announced(host, routers) and _agrees(log.said, host, routers, observed)
    ]
    if len(alike) == 1:
        return _settled(log, alike[0], routers, observed)
    return Owner((), Anchored(log, None, 0, 0), is_believed=False, is_known=False)


def instances_of(
    said: Sequence[Said], addresses: Collection[str], routers: Mapping[RouterKey, Router]
) -> dict[str, RouterKey]:
    """Find which virtual router each instance of a log is.

    It announces that one's addresses, became master of it at the same times, or is called by its number.
    """
    names = list(islice(dict.fromkeys(each.instance for each in said if each.instance), MAX_INSTANCES))
    keys = [key for key, router in routers.items() if not router.speakers.keys().isdisjoint(addresses)] or [*routers]
    if len(names) == 1 and len(keys) == 1:
        return {names[0]: keys[0]}
    votes = _votes(said, names, {key: routers[key] for key in keys}, addresses)
    found: dict[str, RouterKey] = {}
    for (name, key), weight in votes.most_common():
        if weight and name not in found and key not in found.values():
            found[name] = key
    return found


def _at_home(host: str, routers: Mapping[RouterKey, Router], home: Home | None) -> tuple[str, ...]:
    """Return the addresses of the router at whose host the capture of this name was taken."""
    if home is None:
        return ()
    spoken = ((key, address) for key, router in routers.items() for address in router.speakers)
    return tuple(dict.fromkeys(address for key, address in spoken if home(key, address) == host))


def _votes(
    said: Sequence[Said], names: Sequence[str], routers: Mapping[RouterKey, Router], addresses: Collection[str]
) -> Counter[tuple[str, RouterKey]]:
    """Count what speaks for each instance to be each virtual router."""
    by_number, by_address = defaultdict[str, list["RouterKey"]](list), defaultdict[str, list["RouterKey"]](list)
    for key, router in routers.items():
        by_number[str(key.vrid)].append(key)
        for address in router.addresses:
            by_address[address].append(key)
    votes: Counter[tuple[str, RouterKey]] = Counter()
    for name in names:
        called = (key for number in set(_NUMBER.findall(name)) for key in by_number[number])
        votes.update((name, key) for key in called if "/" not in name or f"ipv{key.family}/" in name)
    takeovers = sorted(
        (e.time, key) for key, router in routers.items() for e in router.history.elections if e.router in addresses
    )
    for each in said:
        if each.instance and each.kind is Kind.GARP:
            votes.update({(each.instance, key): _ADDRESS for key in by_address.get(each.peer or "", ())})
        elif each.instance and each.kind in ENTERS:
            first = bisect_left(takeovers, each.t - SECOND, key=itemgetter(0))
            for time, key in takeovers[first : first + _COMPARED]:
                votes[each.instance, key] += _TAKEOVER * (time <= each.until + SECOND)
    return votes


def zone_of(offset: int | None) -> int:
    """Return the difference between zones that an offset is near to, nanoseconds; 0 if it is none."""
    steps = 0 if offset is None else round(offset / _ZONES)
    return steps * _ZONES if offset is not None and abs(offset - steps * _ZONES) < _NEAR else 0


def _settled(log: Log, host: tuple[str, ...], routers: Mapping[RouterKey, Router], observed: Span) -> Owner:
    """Place a log of which it is known whose it is, or of a host that was not seen to advertise."""
    fit = _anchored(log, host, routers)
    if fit.offset is not None:
        return Owner(host, fit, is_believed=True, is_known=True)
    spoken = [each for each in log.said if each.kind is not Kind.OTHER]
    if not spoken:
        return Owner(host, fit, is_believed=False, is_known=True)
    first, last = min(each.t for each in spoken), max(each.until for each in spoken)
    end = last if observed.end is None else observed.end
    overlaps = first <= end + _MARGIN and observed.start <= last + _SILENT
    kinds = {each.kind for each in spoken}
    against = any(
        first + _MARGIN < each.t < last - _MARGIN and each.kind in kinds
        for each in _anchors(host, routers, log)
        if each.kind in {Kind.MASTER, Kind.TRANSITION}
    )
    return Owner(host, fit, is_believed=overlaps and not against, is_known=True)


def _anchored(log: Log, host: Collection[str], routers: Mapping[RouterKey, Router]) -> Anchored:
    """Put a log on the captures' clock by one host's packets, moved by a zone's difference if need be."""
    anchors = list(_anchors(host, routers, log))
    fit = anchor(log, anchors)
    steps = 0 if fit.offset is None else round(fit.offset / _ZONES)
    if fit.offset is not None and (not steps or abs(fit.offset - steps * _ZONES) > fit.spread):
        return fit
    zone = steps * _ZONES or _zone(log.said, anchors)
    if not zone:
        return fit
    moved = moved_by(log, zone)
    again = anchor(moved, anchors)
    if again.offset is not None:
        return again._replace(offset=again.offset + zone)
    return fit


def moved_by(log: Log, offset: int) -> Log:
    """Return a log with the times of a clock that is so much behind its own."""
    moved = [each._replace(t=each.t - offset, until=each.until - offset, last=each.last - offset) for each in log.said]
    return replace(log, said=tuple(moved))


def _zone(said: Sequence[Said], anchors: Sequence[Anchor]) -> int | None:
    """The one difference between zones by which lines find packets."""
    by_kind: dict[Kind, list[int]] = defaultdict(list)
    for packet in anchors:
        by_kind[packet.kind].append(packet.t)
    found: set[int] = set()
    compared = 0
    for each in said:
        times = by_kind.get(each.kind, ())
        compared += len(times)
        if compared > _PAIRS:
            return None
        for t in times:
            steps = round((each.t - t) / _ZONES)
            if 0 < abs(steps) <= _FARTHEST_ZONE and t - _NEAR < each.t - steps * _ZONES <= t + _NEAR:
                found.add(steps * _ZONES)
    return found.pop() if len(found) == 1 else None


def _anchors(host: Collection[str], routers: Mapping[RouterKey, Router], log: Log) -> Iterator[Anchor]:
    """Yield the packets that a host's log should speak of."""
    first = Kind.TRANSITION if any(each.kind is Kind.TRANSITION for each in log.said) else Kind.MASTER
    is_frr = any(each.instance.startswith(("ipv4/", "ipv6/")) for each in log.said)
    for router in routers.values():
        late = is_frr and router.key.family == 6  # its first advert comes an interval after it became master
        for election in router.history.elections:
            if election.router in host and election.cause not in _UNSEEN_BEFORE:
                yield Anchor(election.time - (election.profile.interval if late else 0), first)
            elif election.previous in host and election.cause in _BEATEN:
                yield Anchor(election.time, Kind.HIGHER_ADVERT)
        for reign in router.history.reigns:
            if reign.router in host and reign.farewell is not None and reign.ended_by in _RESIGNED:
                yield Anchor(reign.farewell.t, Kind.STOPPED if is_frr else Kind.PRIORITY_ZERO_SENT)


def _agrees(said: Sequence[Said], host: Collection[str], routers: Mapping[RouterKey, Router], observed: Span) -> bool:
    """Whether a log, by its own clock, was master when a host was, and not when it was not."""
    common = 0
    instances = instances_of(said, host, routers)
    told = accounts(said, instances)
    for instance, key in instances.items():
        reigns = [reign for reign in routers[key].history.reigns if reign.router in host]
        if any(compare(told[instance], reigns, (key, instance), SECOND, observed)):
            return False
        for reign in reigns[:_COMPARED]:
            end = observed.end or 0 if reign.end is None else reign.end
            beliefs = told[instance].beliefs[:_COMPARED]
            common += sum(max(0, min(b.end, end) - max(b.start, reign.start)) for b in beliefs)
    return common > SECOND


def _priorities(said: Sequence[Said]) -> set[int]:
    """Return what a daemon says its own priority is."""
    told = (each for each in said if each.kind in {Kind.HIGHER_ADVERT, Kind.LOWER_ADVERT})
    return {each.numbers[1] for each in told if len(each.numbers) > 1}


def _announced(host: Collection[str], routers: Mapping[RouterKey, Router]) -> set[int]:
    """Return the priorities that a host announces."""
    speakers = (router.speakers[a] for router in routers.values() for a in host if a in router.speakers)
    return {profile.priority for speaker in speakers for profile in speaker.profiles}
