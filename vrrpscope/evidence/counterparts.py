"""Configurations beside each other: which instances of several hosts are meant to be one virtual router.

What should be equal may differ by mistake: the VRID, an address, the name. So instances are not paired by a key but by
what they have in common, the likest first, at most one of each host:

    the VRID (4), virtual addresses (4, all the same: 6), the name (2), the interface's name (1), mentioned as peers (2)

Two that have neither the VRID nor an address in common are never one; two that have only the VRID may be two clusters
on one segment, which is a collision, or on two, which is nothing: there something else must speak for one segment.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_network
from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vrrpscope.evidence.configuration import Configuration, Instance

MAX_COMPARED: Final = 50_000
"""Pairs of instances that are compared in search of counterparts."""
_LOOKED_AT: Final = 20  # networks of one instance


class Member(NamedTuple):
    """One instance, and the configuration it stands in."""

    configuration: Configuration
    instance: Instance

    @property
    def host(self) -> str:
        """The host's name."""
        return self.configuration.host


class Counterparts(NamedTuple):
    """Two hosts' instances that are meant to be one virtual router, or collide as if they were."""

    one: Member
    other: Member

    @property
    def members(self) -> tuple[Member, Member]:
        """Both."""
        return self.one, self.other

    @property
    def strangers(self) -> bool:
        """Whether they have one VRID and nothing else in common."""
        a, b = self.one.instance, self.other.instance
        return not _shared(a, b) and bool(a.addresses) and bool(b.addresses) and not _peers(a, b)

    @property
    def one_network(self) -> bool:
        """Whether their virtual addresses are of networks that overlap."""
        return _overlap(self.one.instance, self.other.instance)


class Cluster(NamedTuple):
    """One virtual router: its instances on several hosts, or on one."""

    members: tuple[Member, ...]

    @property
    def key(self) -> str:
        """The key of its first instance; a VRID that differs is a finding."""
        return self.members[0].instance.key

    @property
    def pairs(self) -> Iterable[Counterparts]:
        """Every two of its members."""
        return (Counterparts(one, other) for one, other in combinations(self.members, 2))

    @property
    def parts(self) -> tuple[tuple[Member, ...], ...]:
        """Its members, those apart that only collide with each other."""
        parts: list[list[Member]] = []
        for member in self.members:
            near = [p for p in parts if any(not Counterparts(each, member).strangers for each in p)]
            parts = [p for p in parts if p not in near] + [[*(each for p in near for each in p), member]]
        return tuple(tuple(part) for part in parts)


@dataclass(frozen=True)
class Setup:
    """All configurations that were given, and the virtual routers they make."""

    configurations: tuple[Configuration, ...]
    clusters: tuple[Cluster, ...]

    @cached_property
    def cluster_of(self) -> dict[tuple[str, str], Cluster]:
        """The cluster of each instance, by host and name."""
        return {(m.host, m.instance.name): cluster for cluster in self.clusters for m in cluster.members}


def match(configurations: Sequence[Configuration]) -> Setup:
    """Find out which instances belong together; clusters are in the order in which they are written."""
    members = [Member(each, instance) for each in configurations for instance in each.instances]
    likeness = sorted(
        (-score, i, j)
        for i, j in _candidates(members)
        if (score := _likeness(members[i].instance, members[j].instance))
    )
    cluster_of = {i: [i] for i in range(len(members))}
    for _, i, j in likeness:
        one, other = cluster_of[i], cluster_of[j]
        if one is other or {members[k].host for k in one} & {members[k].host for k in other}:
            continue
        one += other
        cluster_of.update(dict.fromkeys(other, one))
    found = {id(group): group for group in cluster_of.values()}
    clusters = tuple(Cluster(tuple(members[i] for i in sorted(group))) for group in found.values())
    return Setup(tuple(configurations), clusters)


def _candidates(members: Sequence[Member]) -> Iterable[tuple[int, int]]:
    known: dict[object, list[int]] = {}
    for i, member in enumerate(members):
        for key in (member.instance.key, *member.instance.addresses):
            known.setdefault(key, []).append(i)
    found: set[tuple[int, int]] = set()
    for alike in known.values():
        for i, j in combinations(alike, 2):
            if len(found) >= MAX_COMPARED:
                return found
            if members[i].host != members[j].host:
                found.add((i, j))
    return found


def _likeness(a: Instance, b: Instance) -> int:
    shared = _shared(a, b)
    if a.family != b.family or not (a.vrid == b.vrid or shared):
        return 0
    peers = _peers(a, b)
    if not shared and not (peers or _one_segment(a, b)):
        return 0
    return (
        4 * (a.vrid == b.vrid)
        + (6 if set(a.addresses) == set(b.addresses) else 4 if shared else 0)
        + 2 * (a.name == b.name)
        + 2 * peers
        + (a.interface == b.interface)
    )


def _shared(a: Instance, b: Instance) -> bool:
    return not set(a.addresses).isdisjoint(b.addresses)


def _peers(a: Instance, b: Instance) -> bool:
    return (bool(a.source) and a.source in b.peers) or (bool(b.source) and b.source in a.peers)


def _one_segment(a: Instance, b: Instance) -> bool:
    """Tell whether two without a common address may meet: by their networks, or as far as names can tell."""
    apart = any("/32" not in n and "/128" not in n for n in (*a.networks[:1], *b.networks[:1]))
    return _overlap(a, b) or (a.interface == b.interface and (a.name == b.name or not apart))


def _overlap(a: Instance, b: Instance) -> bool:
    if a.family != b.family:
        return False
    mine, theirs = ([ip_network(text) for text in each.networks[:_LOOKED_AT]] for each in (a, b))
    return any(
        x.overlaps(y) for x in mine for y in theirs if x.prefixlen < x.max_prefixlen and y.prefixlen < y.max_prefixlen
    )
