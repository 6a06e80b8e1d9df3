"""Priorities that weights made: which checks must have failed, and whether that moved anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.evidence.meant import Meant
from vrrpscope.evidence.weights import MAX_COMBINATIONS, explaining
from vrrpscope.findings import Confidence, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.configured import see
from vrrpscope.rules.text import listing, span
from vrrpscope.timeline.events import Cause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.evidence.configuration import Tracker
    from vrrpscope.findings import Finding
    from vrrpscope.timeline.events import Election, Seen

_MAX_STEPS = 20  # priorities of one router that are explained
_MOVED = {Cause.PRIORITY_DROP, Cause.PREEMPTED, Cause.TIE_BREAK, Cause.OWNER}


@rule("priority-step", Meant)
def priority_step(meant: Meant, case: Case) -> Iterator[Finding]:
    """Failed checks have changed a router's priority, and perhaps nothing else."""
    if meant.router is None or case.router is None:
        return
    told: set[int] = {0, meant.instance.effective()}
    for profile, seen in sorted(case.speaker(meant.router).profiles.items(), key=lambda item: item[1].t):
        if profile.priority in told or len(told) > _MAX_STEPS:
            continue
        told.add(profile.priority)
        ways = [way for way in explaining(meant.instance, profile.priority) if way]
        if ways:
            yield _step(meant, case, profile.priority, seen, ways)


def _step(meant: Meant, case: Case, now: int, seen: Seen, ways: list[tuple[Tracker, ...]]) -> Finding:
    mine, trackers = meant.instance, list(dict.fromkeys(tracker for way in ways for tracker in way))
    names = listing((_names(way) for way in ways), "or")
    sums = f"{mine.effective()} {_sum(ways[0])} = {now}"
    why = f"{meant.router} is {meant.host}. It announced {now} ({case.where(seen)}): {names} failed ({sums}). "
    if len(ways) > 1:
        more = " at least" if len(ways) == MAX_COMBINATIONS else ""
        why += f"The weights of{more} {len(ways)} combinations make the same; its log tells which. "
    moved = _moved(meant, case, seen)
    loses, others = _outlook(meant, case, now)
    lines = [mine.at("priority"), *(t.line for t in trackers), *(o.instance.at("priority") for o in others)]
    stays = now < mine.effective() and moved is None and bool(others) and not loses
    if moved is not None:
        why += f"{moved.router} became master of it ({case.where(moved.seen)})."
    elif stays:
        why += f"That moved nothing: {_comparison(others, now)}. The addresses stay where the check fails."
    elif loses:
        why += f"{listing(f'{o.host} ({o.instance.effective()})' for o in loses)} outbids that{_delay(loses)}."
    return case.finding(
        "priority-step",
        Severity.WARNING if stays else Severity.INFO,
        Confidence.CERTAIN if len(ways) == 1 and not meant.doubt else Confidence.LIKELY,
        start=seen.t,
        title=f"{meant.router} ({meant.host}) had priority {now} instead of {mine.effective()}: {names} failed"
        + ", and nobody took over" * stays,
        explanation=why.rstrip(),
        remedy=f"See why {names} failed on {meant.host}. "
        + ("To have the addresses move, give the check a larger weight, or none: a failure is then a FAULT. " * stays)
        + see(lines),
        routers=(meant.router or "",),
        frames=(seen, None if moved is None else moved.seen),
        lines=lines,
        subject=f"{meant.host} {now}",
        cause="priority-weight",
    )


def _names(failed: tuple[Tracker, ...]) -> str:
    return listing(tracker.name for tracker in failed)


def _sum(failed: tuple[Tracker, ...]) -> str:
    steps = [tracker.adds(good=False) - tracker.adds(good=True) for tracker in failed]
    return " ".join(f"{'-' if step < 0 else '+'} {abs(step)}" for step in steps)


def _moved(meant: Meant, case: Case, seen: Seen) -> Election | None:
    """Return the first election after a step in which another outbid this router."""
    elections = [] if case.router is None else case.router.history.elections
    return next(
        (e for e in elections if e.time >= seen.t and e.previous == meant.router and e.cause in _MOVED),
        None,
    )


def _outlook(meant: Meant, case: Case, now: int) -> tuple[list[Meant], list[Meant]]:
    """Return who of the other hosts would take over from this priority, and all of them."""
    others = [m for m in case.testimony.meant if m.key == meant.key and m.host != meant.host]
    loses = [o for o in others if o.instance.effective() > now and not o.instance.nopreempt]
    return loses, others


def _comparison(others: list[Meant], now: int) -> str:
    parts = []
    for other in others:
        theirs = other.instance.effective()
        if theirs > now:
            parts.append(f"{other.host} has {theirs}, but nopreempt, and leaves a master alone")
        else:
            parts.append(f"{other.host} has {theirs}, which is not more")
    return listing(parts)


def _delay(others: list[Meant]) -> str:
    delays = [o.instance.preempt_delay for o in others if o.instance.preempt_delay]
    return f", after a preempt_delay of {span(min(delays))}" if len(delays) == len(others) and delays else ""
