"""Elections against what the routers' configurations say: who should not have, and who waited as he was told to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.evidence.configuration import SECOND
from vrrpscope.findings import Confidence, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.configured import see
from vrrpscope.rules.text import span
from vrrpscope.timeline import timers
from vrrpscope.timeline.events import Cause, Election

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.evidence.meant import Meant
    from vrrpscope.findings import Finding, Line

_PREEMPTS = {Cause.PREEMPTED, Cause.PRIORITY_DROP, Cause.TIE_BREAK, Cause.DEAF, Cause.UNKNOWN}
_USUAL = 3  # adverts that a backup misses before it takes over


@rule("preempted-despite-nopreempt", Election)
def preempted_despite_nopreempt(election: Election, case: Case) -> Iterator[Finding]:
    """A router took over from a master that was there, though its configuration has nopreempt."""
    meant = case.configured(election.router)
    if meant is None or not meant.instance.nopreempt or election.previous is None or case.router is None:
        return
    master = case.router.speakers.get(election.previous)
    if election.cause not in _PREEMPTS or master is None or election.masterless:
        return
    line = meant.instance.at("nopreempt")
    new, old, fresh = election.router, election.previous, election.seen.ip_id == 1
    yield case.finding(
        "preempted-despite-nopreempt",
        Severity.WARNING,
        Confidence.LIKELY,
        start=election.time,
        end=election.time,
        title=f"{new} ({meant.host}) took over from {old}, which was there, though it has nopreempt",
        explanation=f"With nopreempt ({line}) a backup leaves a master alone whose adverts it accepts, whatever the "
        f"priorities. So {new} accepted none from {old}"
        + (": it had just been started (IP ID 1), heard no master, and became one. " if fresh else ". ")
        + f"Adverts of {old} are refused or do not reach its daemon, or this file is not the one in force.",
        remedy=f"Look for what keeps the adverts of {old} from the daemon of {new}: a packet filter that is there from "
        f"boot on, a network that does not forward yet (spanning tree, LACP). See {line}.",
        routers=(old, new),
        frames=(election.last_heard, election.seen),
        lines=[line],
        cause="packet-filter",
        also_possible=() if _arrived(election, case) else ("path-not-ready", "path", "igmp-snooping")[not fresh :],
    )


def _arrived(election: Election, case: Case) -> bool:
    """Tell whether a capture at the new master's own host shows the old one's adverts from just before."""
    if case.home(election.router) is None or election.previous is None:
        return False
    if len(case.names) == 1:
        return True
    since = election.time - 10 * election.profile.interval
    delivery = case.delivery(election.previous, election.router, since, election.time)
    return delivery is not None and delivery.arrived > 0


@rule("configured-wait", Election)
def configured_wait(election: Election, case: Case) -> Iterator[Finding]:
    """A takeover took longer than the usual timers say, because the configuration says so."""
    meant = case.configured(election.router)
    if meant is None or election.previous is None or case.router is None:
        return
    took = election.takeover or election.masterless
    usual = _usual_wait(election, case)
    explained = _down_timer(election, meant, took, usual) or _startup_delay(election, meant, took, usual)
    if explained is None:
        return
    why, line = explained
    yield case.finding(
        "configured-wait",
        Severity.INFO,
        Confidence.LIKELY,
        start=election.time,
        end=election.time,
        title=f"{election.router} ({meant.host}) took over after {span(took)}, as it is configured to",
        explanation=f"{why} By the usual timers it would have been {span(usual)}.",
        remedy=f"If that is too long, change it there. {see([line])}",
        routers=(election.router,),
        frames=(election.last_heard, election.seen),
        lines=[line],
        supersedes="slow-failover",
    )


def _interval(election: Election, case: Case) -> int:
    """Return the interval by which it waited: its own, or in VRRPv3 the master's."""
    master = None if case.router is None else case.router.speakers.get(election.previous or "")
    own = election.profile.version == 2 or master is None
    return election.profile.interval if own or master is None else master.terms.interval


def _usual_wait(election: Election, case: Case) -> int:
    if election.expected is not None:
        return election.expected
    return timers.master_down(election.profile.version, election.profile.priority, _interval(election, case))


def _down_timer(election: Election, meant: Meant, took: int, usual: int) -> tuple[str, Line] | None:
    """Explain a wait by the number of adverts that must be missing."""
    adverts, profile = meant.instance.down_timer_adverts, election.profile
    if adverts == _USUAL or election.cause not in {Cause.TIMEOUT, Cause.STARTUP, Cause.DEAF}:
        return None
    interval = usual * 256 // (_USUAL * 256 + 256 - profile.priority) if profile.version == 3 else profile.interval
    if abs(took - usual - (adverts - _USUAL) * interval) > timers.tolerance(interval):
        return None
    line = meant.instance.at("down_timer_adverts")
    return f"It waits until {adverts} adverts are missing, not {_USUAL} (down_timer_adverts).", line


def _startup_delay(election: Election, meant: Meant, took: int, usual: int) -> tuple[str, Line] | None:
    """Explain the wait of a router that was just started."""
    settings = meant.configuration.settings
    if not settings.startup_delay or election.seen.ip_id != 1 or took <= usual + SECOND // 4:
        return None
    if election.cause not in {Cause.TIMEOUT, Cause.STARTUP, Cause.RESIGNED, Cause.FAULT}:
        return None
    why = f"It may just have been started: then it waits {span(settings.startup_delay)} before it does anything "
    return why + "(vrrp_startup_delay).", settings.lines.get("vrrp_startup_delay", meant.configuration.start)
