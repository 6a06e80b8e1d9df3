"""Timers that leave too little room for how late adverts really are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.text import count, span
from vrrpscope.timeline.events import Closing, MissedKind
from vrrpscope.timeline.timers import SECOND, master_down

if TYPE_CHECKING:
    from collections.abc import Iterator

_ADVERTS: Final = 100  # fewer make no percentile
_GAPS: Final = 3  # one pause is no jitter


@rule("short-interval", Closing)
def short_interval(_: Closing, case: Case) -> Iterator[Finding]:
    """Adverts follow each other so fast that a busy moment is taken for a failure."""
    for speaker in () if case.router is None else case.router.speakers.values():
        profile, late = speaker.terms, speaker.missed.get(MissedKind.LATE)
        interval, usual = profile.interval, speaker.gaps.quantile(0.99)
        if late is None or MissedKind.LOST in speaker.missed or usual is None:
            continue  # what was lost says nothing of how punctual the sender is
        if interval >= SECOND or speaker.adverts < _ADVERTS or late.gaps < _GAPS or usual < 2 * interval:
            continue
        wait = master_down(profile.version, 254, interval)
        yield case.finding(
            "short-interval",
            Severity.WARNING,
            Confidence.LIKELY,
            start=late.first.start,
            end=speaker.last.t,
            title=f"adverts of {speaker.address} are late: one in a hundred by {span(usual - interval)}",
            explanation=f"They are due every {span(interval)}. {count(late.gaps, 'time')} one was missing, the longest "
            f"gap is {span(late.longest)}, and none was lost. A backup may wait no longer than {span(wait)}: what "
            "delays them is no failure, but nearly looks like one to such timers.",
            remedy=f"A longer advert_int ({span(max(4 * usual, SECOND))} at least), or down_timer_adverts above 3 "
            "(keepalived 2.2.3 and later). Or see what keeps its daemon from running: vrrp_priority, vrrp_rt_priority.",
            routers=(speaker.address,),
            frames=late.frames[:3],
            cause="short-timers",
            also_possible=("starvation",),
        )
