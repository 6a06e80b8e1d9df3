"""Adverts that did not come: lost on the way, not sent in time, and how close that was to a failover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.evidence.delivery import deaf_since
from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.silences import held_up
from vrrpscope.rules.text import count, span
from vrrpscope.timeline.events import Closing, Missed, MissedKind
from vrrpscope.wire.columns import Destination

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.evidence.delivery import Delivery, Run

_MANY = 3
_SHOWN = 10  # stretches of lost adverts
_CAUSES: dict[MissedKind, tuple[str, ...]] = {
    MissedKind.LOST: ("packet-loss", "rate-limit"),
    MissedKind.LATE: ("starvation", "host-pause"),
    MissedKind.UNKNOWN: ("packet-loss", "starvation", "host-pause", "send-failure"),
}
"""What made adverts fail to come, the likeliest first, and what looks alike."""


@rule("lost-adverts", Missed)
def lost_adverts(missed: Missed, case: Case) -> Iterator[Finding]:
    """Adverts were sent and did not reach this capture, or one of several."""
    if missed.kind is MissedKind.LOST:
        yield _tally("lost-adverts", missed, case)


@rule("lost-adverts", Closing)
def adverts_lost_between_captures(_: Closing, case: Case) -> Iterator[Finding]:
    """One capture shows adverts that another lacks."""
    for delivery in case.all_deliveries():
        lost = [run for run in delivery.lost if not _in_split_brain(run, delivery, case)]
        if lost and delivery.arrived:
            yield _underway(delivery, lost, case)
        elif _should_arrive(delivery, case) and sum(run.adverts for run in lost) >= _MANY:
            yield _cut(delivery, lost, case)


@rule("late-adverts", Missed)
def late_adverts(missed: Missed, case: Case) -> Iterator[Finding]:
    """A master did not send its adverts in time."""
    if missed.kind is not MissedKind.LOST:
        yield _tally("late-adverts", missed, case)


def _in_split_brain(run: Run, delivery: Delivery, case: Case) -> bool:
    """Whether a finding about two masters tells of these lost adverts already."""
    splits = [] if case.router is None else case.router.history.splits.values()
    return any(
        deaf_since(split) <= run.end and (split.end is None or run.start < split.end)
        for split in splits
        if delivery.sender in split.routers and delivery.receiver in split.routers
    )


def _underway(delivery: Delivery, lost: list[Run], case: Case) -> Finding:
    """Tell of adverts that one capture shows and another lacks."""
    number, longest = sum(run.adverts for run in lost), max(run.adverts for run in lost)
    of = f"{delivery.arrived} of {delivery.sent} adverts compared"
    return case.finding(
        "lost-adverts",
        Severity.WARNING if number >= _MANY else Severity.INFO,
        Confidence.CERTAIN,
        start=lost[0].start,
        end=lost[-1].end,
        title=f"{count(number, 'advert')} of {delivery.sender} did not arrive at {delivery.to}",
        explanation=f"{delivery.at} shows them leaving, {delivery.to} does not show them: they were lost between the "
        f"two. Up to {longest} in a row were lost; {of} arrived.",
        remedy=f"Look for drops on the path from {delivery.at} to {delivery.to} (switch and NIC counters, storm "
        "control) and by the capture itself.",
        routers=(delivery.sender,),
        frames=[run.seen for run in lost[:_SHOWN]],
        cause="packet-loss",
        also_possible=("rate-limit",),
        subject=f"{delivery.sender} {delivery.to}",
    )


def _should_arrive(delivery: Delivery, case: Case) -> bool:
    """Whether adverts are meant for the router at the other capture: those to a peer may be for another one."""
    return delivery.receiver is not None and case.speaker(delivery.sender).profile.destination is Destination.MULTICAST


def _cut(delivery: Delivery, lost: list[Run], case: Case) -> Finding:
    """Tell of a way on which nothing comes through, though nobody has become master for that reason yet."""
    return case.finding(
        "lost-adverts",
        Severity.WARNING,
        Confidence.LIKELY,
        start=lost[0].start,
        end=lost[-1].end,
        title=f"no advert of {delivery.sender} ever arrived at {delivery.to}",
        explanation=f"{delivery.at} shows {count(delivery.sent, 'advert')} leaving, {delivery.to} none. "
        f"{delivery.receiver} cannot know when {delivery.sender} is master: it takes over as soon as it is the "
        "stronger one, and beside the other if it is not.",
        remedy=f"Look at the path from {delivery.at} to {delivery.to} (VLANs, switch ports and filters, multicast "
        f"snooping), and whether the capture {delivery.to} can show adverts at all.",
        routers=(delivery.sender,),
        frames=[run.seen for run in lost[:_SHOWN]],
        subject=f"{delivery.sender} {delivery.to}",
        cause="path",
        also_possible=("igmp-snooping", "virtual-switch", "unicast-peers"),
    )


def _tally(name: str, missed: Missed, case: Case) -> Finding:
    speaker = case.speaker(missed.router)
    tally = speaker.missed[missed.kind]
    numbered = missed.numbered
    causes = _CAUSES[missed.kind]
    if missed.kind is MissedKind.LOST:
        title = f"{count(tally.adverts, 'advert')} of {missed.router} did not arrive here"
        why = (
            "Its IP IDs jump: they were sent, and lost before this capture."
            if numbered
            else "Its rhythm was kept, so they were probably sent, and lost before this capture."
        )
        fix = "Look for drops on the path (switch and NIC counters, storm control) and by the capture itself."
        home = case.home(missed.router)
        if home is not None and numbered:
            why = f"Its IP IDs jump, and {home}, captured at its own host, lacks them too: they never left it."
            fix = (
                "Look for a packet filter on its OUTPUT ('send advert error' in its log), and for drops by the capture."
            )
            causes = ("send-failure",)
    elif missed.kind is MissedKind.LATE:
        title = f"{missed.router} sent {count(tally.adverts, 'advert')} late, or not at all"
        why = (
            "Its IP IDs go on without a jump: nothing was sent in between."
            if numbered
            else "Its rhythm broke, so it was probably held up rather than its adverts lost."
        )
        held = held_up(missed.router, missed.start, missed.end, case)
        why, fix, causes = f"{why} {held.words}".rstrip(), held.remedy, held.causes
    else:
        title = f"{missed.router} left {count(tally.gaps, 'gap')} between its adverts"
        why = "Its IP IDs say neither that adverts were lost nor that none were sent."
        fix = "Capture on the sender too."
    many = tally.adverts >= _MANY or (missed.margin is not None and missed.margin < 0)
    return case.finding(
        name,
        Severity.WARNING if many else Severity.INFO,
        Confidence.CERTAIN if numbered and missed.kind is not MissedKind.UNKNOWN else Confidence.LIKELY,
        start=tally.first.start,
        end=missed.end,
        title=title,
        explanation=f"{why} Longest gap: {span(tally.longest)}.",
        remedy=fix,
        routers=(missed.router,),
        frames=tally.frames,
        cause=causes[0],
        also_possible=causes[1:],
    )


@rule("near-failover", Missed)
def near_failover(missed: Missed, case: Case) -> Iterator[Finding]:
    """A backup was within one interval of taking over from a living master."""
    if missed.margin is None or not 0 <= missed.margin < missed.interval:
        return
    yield case.finding(
        "near-failover",
        Severity.WARNING,
        Confidence.LIKELY,
        start=missed.start,
        end=missed.end,
        title=f"a backup would have been {span(missed.margin)} from taking over from {missed.router}",
        explanation=f"{span(missed.end - missed.start)} passed between two adverts that should be "
        f"{span(missed.interval)} apart."
        + " No backup was ever seen: this is the most impatient one there could be."
        * missed.eager,
        remedy="See lost-adverts or late-adverts for what became of those in between.",
        routers=(missed.router,),
        frames=(missed.before, missed.after),
        cause=_CAUSES[missed.kind][0],
        also_possible=_CAUSES[missed.kind][1:],
    )


@rule("near-failover", Closing)
def near_failover_elsewhere(_: Closing, case: Case) -> Iterator[Finding]:
    """A backup was within one interval of taking over, by what its own capture lacks."""
    for delivery in case.all_deliveries():
        if delivery.receiver is None or not delivery.arrived:
            continue
        sender, receiver = case.speaker(delivery.sender).terms, case.speaker(delivery.receiver).terms
        for run in delivery.lost:
            gap = run.end - run.start + 2 * sender.interval
            margin = receiver.down(sender) - gap
            if 0 <= margin < sender.interval and not _in_split_brain(run, delivery, case):
                yield case.finding(
                    "near-failover",
                    Severity.WARNING,
                    Confidence.LIKELY,
                    start=run.start - sender.interval,
                    end=run.end + sender.interval,
                    title=f"{delivery.receiver} was {span(margin)} from taking over from {delivery.sender}",
                    explanation=f"{count(run.adverts, 'advert')} in a row did not arrive at {delivery.to}: about "
                    f"{span(gap)} passed there between two that should be {span(sender.interval)} apart.",
                    remedy="See lost-adverts for where they were lost.",
                    routers=(delivery.sender, delivery.receiver),
                    frames=(run.seen,),
                    subject=f"{delivery.sender} {delivery.to}",
                    cause="packet-loss",
                    also_possible=("rate-limit",),
                )
