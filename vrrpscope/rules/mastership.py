"""Mastership that moved, moved slowly, moved too often, or was nowhere."""

from __future__ import annotations

from collections import Counter
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.clients import owner
from vrrpscope.rules.silences import fell_silent, lost_by_silence
from vrrpscope.rules.text import span
from vrrpscope.timeline.events import Cause, Election, Flapping, NoMaster
from vrrpscope.timeline.timers import MILLISECOND, SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPEN = ": a crash, a dead link, or adverts lost on the way."
_PLANNED = {
    Cause.RESIGNED: "{old} resigned (priority 0), as on a clean stop",
    Cause.PREEMPTED: "{new} has the higher priority and took over from {old}",
    Cause.OWNER: "{new} owns the address (priority 255) and took it from {old}",
    Cause.TIE_BREAK: "Both have the same priority and {new} the higher address",
    Cause.RECLAIMED: "{old} had taken over while {new} was silent, and yielded when it went on",
}
_UNPLANNED = {
    Cause.PRIORITY_DROP: "{old} lowered its own priority, as keepalived does when a weighted script fails",
    Cause.UNKNOWN: "{old} fell silent, and {new} took over before its timers could tell it so",
    Cause.FAULT: "{old} resigned twice in a row, as keepalived does on entering FAULT",
    Cause.DEAF: "{new} heard nothing of {old} for as long as it waits, took over, and yielded to the next advert it "
    "heard: {old} had been there all the time",
    Cause.TIMEOUT: "{old} fell silent without resigning" + _OPEN.rstrip("."),
}
_STORIES = _PLANNED | _UNPLANNED
_CHECK = {
    Cause.PRIORITY_DROP: "Look at the track_script results in the log of {old}.",
    Cause.DEAF: "Look for drops on the path from {old} to {new} (switch and NIC counters, storm control).",
    Cause.FAULT: "Look at the log of {old}: a tracked script, interface or process failed.",
    Cause.TIMEOUT: "Look at {old} at that time: host, link and daemon. A daemon that crashed may have left the "
    "address configured (ip address show).",
}

_CAUSES: dict[Cause, tuple[str, ...]] = {
    Cause.RESIGNED: ("stopped", "restarted", "address-removed"),
    Cause.FAULT: ("fault",),
    Cause.TIMEOUT: ("crashed", "link-down", "host-pause", "starvation", "path"),
    Cause.PREEMPTED: ("preemption",),
    Cause.OWNER: ("owner",),
    Cause.TIE_BREAK: ("equal-priority",),
    Cause.PRIORITY_DROP: ("priority-weight", "reloaded"),
    Cause.RECLAIMED: ("starvation", "packet-loss"),
    Cause.DEAF: ("packet-loss", "starvation", "rate-limit"),
}
"""What made a router master, the likeliest first, and what looks alike."""

_UNSEEN = """Look at what becomes of the adverts of {router}: its list of unicast peers, its own output firewall, \
the path, and whether this capture point can see them at all. On it:
  grep -A4 unicast_peer /etc/keepalived/keepalived.conf; nft list ruleset
  tcpdump -nn -i any 'ip proto 112 or ip6 proto 112 or ip proto 51'"""

_RACE = 20 * MILLISECOND
_MOVES = 100  # of a flapping master that are looked at; it is told again with each

_SLOW = SECOND // 4  # later than the timers predict by more than this is not jitter


@rule("failover", Election)
def failover(election: Election, case: Case) -> Iterator[Finding]:
    """Mastership moved from one router to another."""
    for each in (election, lost_by_silence(election, case)):  # the return of a router says why it had been silent
        if (
            each is None
            or each.previous is None
            or each.cause not in _STORIES
            or _is_one_node(each, each.previous, case)
        ):
            continue
        if each.cause is not Cause.DEAF or each.needless:  # else it is a split brain, and told as one
            yield _failover(each, each.previous, case)


def _failover(election: Election, old: str, case: Case) -> Finding:
    new, planned = election.router, election.cause in _PLANNED
    explanation = _STORIES[election.cause].format(old=old, new=new) + "."
    remedy = _CHECK.get(election.cause, "").format(old=old, new=new)
    causes, why = _CAUSES.get(election.cause, ("",)), None
    if election.cause is Cause.TIMEOUT and not election.masterless:
        explanation = f"{old} fell silent; later it went on where it had stopped, so it was master all the time."
        remedy = "See silent-split-brain, late-adverts and lost-adverts for what kept it silent."
        causes = ("starvation", "host-pause", "send-failure", "path")
    elif election.cause is Cause.TIMEOUT:
        why = fell_silent(election, old, case)
    if election.takeover is not None and election.expected is not None and election.last_heard is not None:
        explanation += (
            f" {new} took over {span(election.takeover)} after {case.where(election.last_heard)}; its timers "
            f"predict {span(election.expected)}."
        )
    if why is not None:
        explanation = f"{explanation.replace(_OPEN, '.', 1)} {why.words}"
        remedy, causes = why.remedy, why.causes
    if election.cause is Cause.TIMEOUT and _came_too_late(election, old, case):
        causes = (*causes, "short-timers")
    gone = f", {span(election.masterless)} without a master" if election.masterless else ""
    return case.finding(
        "failover",
        Severity.INFO if planned else Severity.WARNING,
        Confidence.CERTAIN if election.last_heard is not None and not election.unheard else Confidence.LIKELY,
        start=election.time,
        end=election.time,
        title=f"{new} took over from {old} ({election.cause.value}){gone}",
        explanation=explanation,
        remedy=remedy,
        routers=(old, new),
        frames=(election.last_heard, election.seen, None if why is None else why.seen),
        cause=causes[0],
        also_possible=causes[1:],
    )


def _is_one_node(election: Election, old: str, case: Case) -> bool:
    """Whether nobody took over: the master goes on under another address (`source-address-changed`)."""
    mac = election.profile.mac
    is_continued = election.cause is Cause.UNKNOWN and not election.masterless
    return is_continued and mac is not None and case.speaker(old).profile.mac == mac


def _came_too_late(election: Election, old: str, case: Case) -> bool:
    """Whether the old master's next advert came only just after the takeover."""
    missed = () if case.router is None else case.router.history.missed
    return any(m.router == old and m.start < election.time <= m.end <= election.time + _RACE for m in missed)


@rule("slow-failover", Election)
def slow_failover(election: Election, case: Case) -> Iterator[Finding]:
    """A takeover lasted longer than the new master's timers predict, or the timers themselves are long."""
    took, expected, interval = election.takeover, election.expected, election.profile.interval
    if took is None or expected is None:
        return
    if took > expected + _SLOW + expected // 10:
        why = f"The timers of {election.router} predict {span(expected)}."
        delay = "preempt_delay" if election.cause is Cause.PREEMPTED else "a start-up delay"
        fix = f"Look at its log: {delay} or a busy host may have held it up."
        causes: tuple[str, ...] = ("starvation", "path-not-ready")
    elif election.cause is Cause.TIMEOUT and expected > 5 * interval:
        why = (
            f"{election.router} is configured for adverts every {span(interval)}, but a VRRPv3 backup adopts the "
            f"master's interval, and waited {span(expected)}."
        )
        fix = "Set the same advert_int on all routers of this VRID."
        causes = ("learned-interval",)
    else:
        return
    yield case.finding(
        "slow-failover",
        Severity.WARNING,
        Confidence.LIKELY,
        start=election.time,
        end=election.time,
        title=f"{election.router} needed {span(took)} to take over",
        explanation=why,
        remedy=fix,
        routers=(election.router,),
        frames=(election.last_heard, election.seen),
        cause=causes[0],
        also_possible=causes[1:],
    )


@rule("flapping", Flapping)
def flapping(flaps: Flapping, case: Case) -> Iterator[Finding]:
    """Mastership changes hands again and again."""
    causes = _behind(flaps, case)
    yield case.finding(
        "flapping",
        Severity.WARNING,
        Confidence.CERTAIN,
        start=flaps.start,
        end=flaps.at,
        title=f"mastership of {case.vips()} changed {flaps.moves} times in {span(flaps.at - flaps.start)}",
        explanation=f"Causes: {', '.join(flaps.causes)}. Every change moves the address and breaks connections.",
        remedy="Mend the cause of the single changes; on the stronger router nopreempt or "
        "preempt_delay (not both, and with state BACKUP) damp it.",
        routers=flaps.routers,
        frames=flaps.frames,
        cause=causes[0],
        also_possible=causes[1:],
    )


def _behind(flaps: Flapping, case: Case) -> tuple[str, ...]:
    """Return what made mastership move most often; that a router comes back is not what drove it away."""
    latest = islice(() if case.router is None else reversed(case.router.history.elections), _MOVES)
    moves = Counter(e.cause for e in takewhile(lambda e: e.time >= flaps.start, latest) if e.cause in _CAUSES)
    away = [cause for cause, _ in moves.most_common() if cause not in {Cause.PREEMPTED, Cause.RECLAIMED}]
    return _CAUSES[away[0]] if away else ("preemption",)


@rule("no-master", NoMaster)
def no_master(outage: NoMaster, case: Case) -> Iterator[Finding]:
    """No router was seen to be master for longer than any backup would wait."""
    who, ended, claim = outage.previous, outage.end, outage.claim
    length = "" if ended is None else f" for {span(ended - outage.start)}"
    severity, confidence = Severity.CRITICAL, Confidence.LIKELY
    causes: tuple[str, ...] = ("crashed", "stopped", "link-down", "fault", "path")
    title = f"nobody was master of {case.vips()}{length}"
    why = f"After the last advert of {who} nobody advertised for longer than any backup would wait."
    fix = "Check that a second router is configured and running, and that this capture point sees both."
    if outage.resumed:
        severity, title = Severity.WARNING, f"no advert of {case.vips()} was seen{length}"
        why = (
            f"{who} went on afterwards with the IP ID that follows: it was master all along, and either sent nothing "
            "or its adverts did not reach this capture. No backup took over."
        )
        fix = "See late-adverts or lost-adverts; if there is a backup, find out why it did not take over."
        causes = ("starvation", "host-pause", "path", "send-failure")
    elif outage.began is not None:
        severity, title = Severity.WARNING, f"no advert of {case.vips()} was seen{length}"
        why = (
            f"By its IP ID {outage.next} had advertised for {span((ended or outage.at) - outage.began)} when it was "
            "first seen: it had been master since, and its adverts did not come here."
        )
        fix = _UNSEEN.format(router=outage.next)
        causes = ("path", "link-down", "send-failure", "unicast-peers")
    elif claim is not None and claim.seen.t - outage.start > _longest_wait(outage, case):
        why += f" Then {owner(claim)} claimed {claim.address} ({case.where(claim.seen)}), so it may be master since."
    elif claim is not None and claim.announced:
        severity, title = Severity.WARNING, f"no advert of {case.vips()} was seen{length}, but somebody was master"
        causes = ("path", "unicast-peers", "send-failure")
        why = (
            f"Nobody advertised, but {owner(claim)} announced {claim.address} ({case.where(claim.seen)}), which only a "
            "master does: its adverts did not come here."
        )
        fix = _UNSEEN.format(router=claim.router or claim.mac)
    elif claim is not None:
        severity, confidence = Severity.WARNING, Confidence.POSSIBLE
        title = f"no advert of {case.vips()} was seen{length}, but somebody has the address"
        causes = ("path", "unicast-peers", "send-failure", "crashed")
        why = (
            f"Nobody advertised, but {owner(claim)} answered ARP for {claim.address} ({case.where(claim.seen)}): a "
            "master whose adverts did not come here, or a host on which a killed daemon left the address."
        )
        fix = _UNSEEN.format(router=claim.router or claim.mac)
    yield case.finding(
        "no-master",
        severity,
        confidence,
        start=outage.start,
        end=ended,
        title=title,
        explanation=why + " Not seen here does not prove that it was not sent.",
        remedy=fix,
        routers=(who,),
        frames=(outage.last, None if claim is None else claim.seen),
        cause=causes[0],
        also_possible=causes[1:],
    )


def _longest_wait(outage: NoMaster, case: Case) -> int:
    """Return how long the most patient backup waits, and an interval more until it has announced itself."""
    profile = case.speaker(outage.previous).profile
    return profile.down_limit + profile.interval
