"""Adverts that did not come: lost on the way, not sent in time, and how close that was to a failover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.evidence.delivery import deaf_since
from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.text import count, span
from vrrpscope.timeline.events import Closing, Missed, MissedKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.evidence.delivery import Delivery, Run

_MANY = 3
_SHOWN = 10  # stretches of lost adverts


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
        subject=f"{delivery.sender} {delivery.to}",
    )


def _tally(name: str, missed: Missed, case: Case) -> Finding:
    speaker = case.speaker(missed.router)
    tally = speaker.missed[missed.kind]
    numbered = missed.numbered
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
    elif missed.kind is MissedKind.LATE:
        title = f"{missed.router} sent {count(tally.adverts, 'advert')} late, or not at all"
        why = (
            "Its IP IDs go on without a jump: nothing was sent in between."
            if numbered
            else "Its rhythm broke, so it was probably held up rather than its adverts lost."
        )
        fix = "Look for CPU starvation, VM pauses or blocked I/O on it ('A thread timer expired' in its log)."
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
        f"{span(missed.interval)} apart.",
        remedy="See lost-adverts or late-adverts for what became of those in between.",
        routers=(missed.router,),
        frames=(missed.before, missed.after),
    )
