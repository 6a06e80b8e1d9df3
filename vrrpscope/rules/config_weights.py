"""Checks and what follows from them: would the other host win?

A check with a weight moves a priority, one without puts its instance into FAULT. Whether the addresses move is a sum
that nobody does before the night it matters: it is done here, for each check of the expected master alone, for all of
them together, and for its return.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vrrpscope.evidence.configuration import OWNER, SECOND, Configuration
from vrrpscope.evidence.counterparts import Cluster
from vrrpscope.findings import Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.configured import see, told
from vrrpscope.rules.text import listing, some, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vrrpscope.evidence.configuration import Instance, Tracker
    from vrrpscope.evidence.counterparts import Member
    from vrrpscope.findings import Finding

SLOW: Final = 10 * SECOND
VERY_SLOW: Final = 30 * SECOND


@rule("weight-never-crosses", Cluster)
def weight_never_crosses(cluster: Cluster, _: Case) -> Iterator[Finding]:
    """A check fails, the priority drops, and the addresses stay, or they never come back."""
    for part in cluster.parts:
        if len(part) > 1:
            yield from _weights(part)


def _weights(members: Sequence[Member]) -> Iterator[Finding]:
    first = max(members, key=lambda m: (m.instance.effective(), m.instance.priority))
    others = [m for m in members if m is not first]
    yield from _returns(first, others)
    mine = first.instance
    weighted = [t for t in mine.trackers if t.weight and t.kind != "file" and _falls(mine, t)]
    together = _beaten(mine.effective(weighted), others)
    for tracker in weighted:
        left = mine.effective([tracker])
        if _beaten(left, others):
            continue
        winner = max(others, key=lambda m: m.instance.effective())
        theirs = winner.instance
        higher = theirs.effective() > left
        relation = "below" if higher else "the same as" if theirs.effective() == left else "still above"
        why = (
            f"If {tracker.name} fails on {first.host}, its priority is {_sum(mine, tracker)} = {left}, {relation} the "
            f"{theirs.effective()} of {winner.host}: "
        )
        why += (
            f"but {winner.host} has nopreempt and leaves a master alone whatever its priority. "
            if higher
            else "the addresses stay where the check fails. "
        )
        if len(weighted) > 1 and together:
            why += "Only if more of its checks fail together do they move. "
        lines = [tracker.line, mine.at("priority"), theirs.at("nopreempt" if higher else "priority")]
        need = mine.effective() - theirs.effective() + 1
        fix = (
            f"Remove nopreempt on {winner.host}, or track without a weight: a failure is then a FAULT, and the "
            "addresses move in any case."
            if higher
            else f"Give {tracker.name} a weight of at least {need} in size, or none: a failure is then a FAULT."
        )
        yield told(
            "weight-never-crosses",
            Severity.WARNING,
            title=f"if {tracker.name} fails on {first.host}, no other host takes over",
            explanation=why.rstrip(),
            remedy=f"{fix} {see(lines)}",
            lines=lines,
            key=mine.key,
            subject=tracker.name,
            cause="priority-weight",
        )


def _returns(first: Member, others: Sequence[Member]) -> Iterator[Finding]:
    """Yield what keeps the host with the highest priority of all from having its addresses."""
    wanted = max((first, *others), key=lambda m: m.instance.priority)
    best = max((m for m in (first, *others) if m is not wanted), key=lambda m: m.instance.effective())
    mine, theirs = wanted.instance, best.instance
    if mine.priority <= theirs.priority or mine.effective() > theirs.effective() or mine.effective() == 0:
        return
    lines = [mine.at("priority"), theirs.at("priority"), *(t.line for t in (*mine.trackers, *theirs.trackers))]
    relation = "equal to" if mine.effective() == theirs.effective() else "below"
    yield told(
        "weight-never-crosses",
        Severity.WARNING,
        title=f"with all checks good, {wanted.host} does not get its addresses back from {best.host}",
        explanation=f"Its priority {mine.priority} is above the {theirs.priority} of {best.host}, but the weights make "
        f"them {mine.effective()} and {theirs.effective()}: {relation} the other's. No priority goes above "
        f"{OWNER - 1}.",
        remedy=f"Lower the positive weights, or use negative ones, so that {wanted.host} is above {best.host} when all "
        f"is well and below it when a check fails. {see(lines)}",
        lines=lines,
        key=mine.key,
        subject="return",
        cause="priority-weight",
    )


def _beaten(priority: int, others: Sequence[Member]) -> bool:
    """Tell whether a master with this priority loses its addresses; one in FAULT (0) does."""
    return not priority or any(m.instance.effective() > priority and not m.instance.nopreempt for m in others)


def _falls(instance: Instance, tracker: Tracker) -> bool:
    return instance.effective([tracker]) < instance.effective() or instance.priority == OWNER


def _sum(instance: Instance, tracker: Tracker) -> str:
    if instance.priority == OWNER:
        return "that of an owner, which no weight moves,"
    adds = tracker.adds(good=False) - tracker.adds(good=True)
    return f"{instance.effective()} {'-' if adds < 0 else '+'} {abs(adds)}"


@rule("track-fault", Cluster)
def track_fault(cluster: Cluster, _: Case) -> Iterator[Finding]:
    """A check without a weight: where it fails on all hosts, nobody is master."""
    for part in cluster.parts:
        yield from _faults(part)


def _faults(members: Sequence[Member]) -> Iterator[Finding]:
    faults = [
        (member, [t for t in member.instance.trackers if not t.weight and t.kind in {"script", "process"}])
        for member in members
    ]
    checks = [tracker for _, trackers in faults for tracker in trackers]
    if not checks:
        return
    names = some(list(dict.fromkeys(tracker.name for tracker in checks)))
    hosts = listing([member.host for member, trackers in faults if trackers])
    everywhere = all(trackers for _, trackers in faults)
    yield told(
        "track-fault",
        Severity.INFO,
        title=f"{names}: where it fails, {hosts} goes into FAULT and gives up VRID {members[0].instance.vrid}",
        explanation="It has no weight, or is in a sync group, so that a failure counts as a fault. "
        + ("If it fails on all hosts, nobody is master." if everywhere else "Not all hosts watch it."),
        remedy="That is right for a host that cannot serve at all. To keep the addresses somewhere in any case, give "
        f"it a weight that crosses the other host's priority. {see(t.line for t in checks)}",
        lines=[tracker.line for tracker in checks],
        key=members[0].instance.key,
        cause="fault",
    )


@rule("slow-check", Configuration)
def slow_check(configuration: Configuration, _: Case) -> Iterator[Finding]:
    """A check takes long to notice a failure."""
    tracked = {t.name for each in configuration.instances for t in each.trackers if t.kind == "script"}
    for script in configuration.scripts:
        if script.name not in tracked or script.detection < SLOW:
            continue
        times = f"{span(script.interval)} apart, {script.fall} of which must fail"
        yield told(
            "slow-check",
            Severity.WARNING if script.detection >= VERY_SLOW else Severity.INFO,
            title=f"{script.name} on {configuration.host} can take {span(script.detection)} to notice a failure",
            explanation=f"It runs {times}, and may run for {span(script.timeout or script.interval)}. So long a failed "
            "service keeps its address, and only then does the failover begin.",
            remedy=f"Lower interval, fall or timeout of vrrp_script {script.name}. {see([script.line])}",
            lines=[script.line],
            subject=script.name,
        )
