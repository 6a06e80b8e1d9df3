"""Who is to be master, by configuration: priorities, initial states, preemption, sync groups."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from vrrpscope.evidence.configuration import OWNER
from vrrpscope.evidence.counterparts import Cluster, Counterparts, Setup
from vrrpscope.findings import Confidence, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.configured import see, told
from vrrpscope.rules.text import listing, some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.evidence.configuration import Configuration, SyncGroup
    from vrrpscope.findings import Finding


@rule("equal-priority", Counterparts)
def equal_priority(pair: Counterparts, _: Case) -> Iterator[Finding]:
    """Two hosts are configured with the same priority."""
    one, other = pair.one.instance, pair.other.instance
    if pair.strangers or one.priority != other.priority:
        return
    lines = [each.at("priority") for each in (one, other)]
    owners = one.priority == OWNER
    yield told(
        "equal-priority",
        Severity.WARNING if owners else Severity.INFO,
        title=f"{pair.one.host} and {pair.other.host} both have priority {one.priority} for VRID {one.vrid}",
        explanation="Both claim to own the address (priority 255); only one can."
        if owners
        else "The higher address decides between them, and both may start at once when a master is lost.",
        remedy=f"Give each router of a virtual router a priority of its own. {see(lines)}",
        lines=lines,
        key=one.key,
        cause="owner" if owners else "equal-priority",
    )


@rule("both-state-master", Counterparts)
def both_state_master(pair: Counterparts, _: Case) -> Iterator[Finding]:
    """Two hosts have `state MASTER`, which decides nothing."""
    instances = [member.instance for member in pair.members]
    if pair.strangers or any(each.state != "MASTER" for each in instances):
        return
    lines = [each.at("state") for each in instances]
    yield told(
        "both-state-master",
        Severity.INFO,
        title=f"{pair.one.host} and {pair.other.host} both have state MASTER",
        explanation="Since keepalived 2.0 that changes nothing, the priority decides. keepalived 1.x begins to "
        "advertise at once, and takes the addresses for a moment at each start.",
        remedy=f"Write state BACKUP on all but the one with the highest priority. {see(lines)}",
        lines=lines,
        key=instances[0].key,
    )


@rule("nopreempt-one-sided", Counterparts)
def nopreempt_one_sided(pair: Counterparts, _: Case) -> Iterator[Finding]:
    """Only one of two hosts has nopreempt."""
    one, other = pair.one.instance, pair.other.instance
    if pair.strangers or one.nopreempt == other.nopreempt or OWNER in (one.priority, other.priority):
        return
    has, lacks = (pair.one, pair.other) if one.nopreempt else (pair.other, pair.one)
    higher = has.instance.priority >= lacks.instance.priority
    lines = [has.instance.at("nopreempt"), lacks.instance.line]
    yield told(
        "nopreempt-one-sided",
        Severity.INFO,
        title=f"{has.host} has nopreempt, {lacks.host} has not",
        explanation=f"{has.host} has the higher priority, so after a failover the addresses stay on {lacks.host}. But "
        f"if a check ever lowers the priority of {has.host}, they go to {lacks.host} and do not return."
        if higher
        else f"{has.host} has the lower priority, so there is nobody for it to preempt: {lacks.host} takes the "
        "addresses back whenever it returns.",
        remedy="To leave the addresses where they are, write nopreempt (with state BACKUP) on all hosts; else on "
        f"none. {see(lines)}",
        lines=lines,
        key=one.key,
        cause="nopreempt",
    )


@rule("no-backup", Setup)
def no_backup(setup: Setup, _: Case) -> Iterator[Finding]:
    """A virtual router stands in one configuration only."""
    if len(setup.configurations) < 2:
        return
    for cluster in setup.clusters:
        for member in cluster.members:
            if any(other is not member and not Counterparts(member, other).strangers for other in cluster.members):
                continue
            instance = member.instance
            yield told(
                "no-backup",
                Severity.INFO,
                title=f"VRID {instance.vrid} ({some(instance.addresses or [instance.name])}) is on {member.host} only",
                explanation="None of the other configurations has its VRID or one of its addresses.",
                remedy="If another host is to take over, give its configuration too, or write the instance there. "
                + see([instance.line]),
                lines=[instance.line],
                key=instance.key,
                confidence=Confidence.LIKELY,
                subject=instance.name,
            )


@rule("duplicate-router-id", Setup)
def duplicate_router_id(setup: Setup, _: Case) -> Iterator[Finding]:
    """Two hosts have the same router_id."""
    hosts: dict[str, list[Configuration]] = {}
    for each in setup.configurations:
        if each.settings.router_id:
            hosts.setdefault(each.settings.router_id, []).append(each)
    for name, alike in hosts.items():
        if len(alike) < 2:
            continue
        lines = [each.settings.lines["router_id"] for each in alike]
        yield told(
            "duplicate-router-id",
            Severity.INFO,
            title=f"{some([each.host for each in alike])} have the same router_id {name}",
            explanation="It only names the host in keepalived's mails, and is no part of VRRP: nobody is disturbed, "
            "but a mail does not tell who sent it.",
            remedy=f"Give each host its own, or leave it out: the host's name is the default. {see(lines)}",
            lines=lines,
        )


@rule("sync-group-mismatch", Setup)
def sync_group_mismatch(setup: Setup, _: Case) -> Iterator[Finding]:
    """Sync groups hold different virtual routers on two hosts, or pull in different directions."""
    for configuration in setup.configurations:
        for group in configuration.groups:
            yield from _unequal(configuration, group)
    for one, other in combinations(setup.configurations, 2):
        theirs = {group.name: _clusters(setup, other, group) for group in other.groups}
        known = {id(cluster) for group in one.groups for cluster in _clusters(setup, one, group).values()}
        for group in one.groups:
            yield from _against(setup, one, other, group, theirs)
        for group in other.groups:
            if known.isdisjoint(_ids(_clusters(setup, other, group))):
                yield from _against(setup, other, one, group, {})


def _clusters(setup: Setup, configuration: Configuration, group: SyncGroup) -> dict[str, Cluster]:
    found = {name: setup.cluster_of.get((configuration.host, name)) for name in group.members}
    return {name: cluster for name, cluster in found.items() if cluster is not None}


def _unequal(configuration: Configuration, group: SyncGroup) -> Iterator[Finding]:
    """Yield a group whose members have different priorities on one host."""
    names = set(group.members)
    members = [i for i in configuration.instances if i.name in names]
    if len({i.priority for i in members}) < 2:
        return
    lines = [i.at("priority") for i in members]
    yield told(
        "sync-group-mismatch",
        Severity.INFO,
        title=f"the members of sync group {group.name} have different priorities on {configuration.host}",
        explanation=f"{listing(f'{i.name}: {i.priority}' for i in members)}. They move as one, so one that is "
        "preempted takes the others along.",
        remedy=f"Give all members of a group the same priority on one host. {see(lines)}",
        lines=lines,
        subject=group.name,
    )


def _against(
    setup: Setup, one: Configuration, other: Configuration, group: SyncGroup, theirs: dict[str, dict[str, Cluster]]
) -> Iterator[Finding]:
    """Yield how a group of one host does not go with that of another; `theirs` are the other's groups."""
    mine = _clusters(setup, one, group)
    groups = [each for each in other.groups if each.name in theirs]
    match = max(groups, key=lambda g: len(_ids(theirs[g.name]) & _ids(mine)), default=None)
    both = {name for name, cluster in mine.items() if any(m.host == other.host for m in cluster.members)}
    if not both:
        return
    title = f"sync group {group.name} of {one.host} holds other virtual routers than that of {other.host}"
    if match is None or not _ids(theirs[match.name]) & _ids(mine):
        members, lines = "no such group", [group.line]
    else:
        members, lines = f"{match.name}: {listing(match.members)}", [group.line, match.line]
        if _ids(theirs[match.name]) == _ids({name: mine[name] for name in both}):
            yield from _crossing(setup, one, other, group, both)
            return
    yield told(
        "sync-group-mismatch",
        Severity.WARNING,
        title=title,
        explanation=f"{one.host}: {group.name}: {listing(group.members)}; {other.host}: {members}. When one of them "
        "fails over, what belongs together is torn apart: the one host has the address inside, the other that outside.",
        remedy=f"List the same virtual routers in the sync groups of both. {see(lines)}",
        lines=lines,
        subject=group.name,
    )


def _crossing(
    setup: Setup, one: Configuration, other: Configuration, group: SyncGroup, both: set[str]
) -> Iterator[Finding]:
    wins: dict[bool, list[str]] = {}
    lines = []
    for name in sorted(both):
        members = {m.host: m.instance for m in setup.cluster_of[one.host, name].members}
        a, b = members[one.host], members[other.host]
        if a.priority != b.priority:
            wins.setdefault(a.priority > b.priority, []).append(name)
            lines += [a.at("priority"), b.at("priority")]
    if len(wins) < 2:
        return
    yield told(
        "sync-group-mismatch",
        Severity.WARNING,
        title=f"in sync group {group.name} {one.host} is to be master of {some(wins[True])}, {other.host} of "
        f"{some(wins[False])}",
        explanation="The members of a group move as one, so each host pulls all of them over again and again.",
        remedy=f"Give one host the higher priority for all members, or take the group apart. {see(lines)}",
        lines=lines,
        subject=f"{group.name} crossing",
    )


def _ids(clusters: dict[str, Cluster]) -> set[int]:
    return {id(cluster) for cluster in clusters.values()}
