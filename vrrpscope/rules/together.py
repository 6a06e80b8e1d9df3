"""What befell several virtual routers at one time; such findings belong to none of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.text import count, listing, some, span
from vrrpscope.timeline.events import ClockStepped, LossesTogether

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule("capture-clock-step", ClockStepped)
def capture_clock_step(step: ClockStepped, case: Case) -> Iterator[Finding]:
    """The clock of a capture was set forward while it ran."""
    finding = case.finding(
        "capture-clock-step",
        Severity.INFO,
        Confidence.LIKELY,
        start=step.start,
        end=step.end,
        title=f"the clock of the capture was set forward by {span(step.step)}",
        explanation=f"{listing(step.routers)} are late by the same time at one instant, each with its very next IP ID, "
        "though they are different hosts and do not advertise at the same moments. What is told of their silence at "
        "that time is not so: the clock that stamped the frames jumped, or the hosts and their clocks stood still "
        "together, as when a hypervisor halts them all.",
        remedy="Set the clock before a capture, not during it (chronyc makestep, ntpdate), and read times on both "
        "sides of it apart.",
        routers=step.routers,
        frames=step.frames,
        cause="clock",
        also_possible=("host-pause",),
    )
    yield replace(finding, virtual_router=None)


@rule("losses-together", LossesTogether)
def losses_together(losses: LossesTogether, case: Case) -> Iterator[Finding]:
    """Several virtual routers lose adverts in the same seconds, again and again."""
    finding = case.finding(
        "losses-together",
        Severity.WARNING,
        Confidence.LIKELY,
        start=losses.start,
        end=losses.end,
        title=f"{len(losses.keys)} virtual routers lost adverts in the same seconds, {count(losses.times, 'time')}",
        explanation=f"{count(losses.adverts, 'advert')} of {some([str(key) for key in losses.keys], 6)} were sent, by "
        "their IP IDs, and not seen here. What limits multicast drops of all of them at once: storm control or control "
        "plane policing. So does a link that is full or bad, and a capture that loses frames itself.",
        remedy="On the switches between: show storm-control, show policy-map control-plane, and the drop counters of "
        "the ports. Let IP protocol 112 pass, or spread the virtual routers over more time and more VLANs.",
        routers=losses.routers,
        frames=losses.frames,
        cause="rate-limit",
        also_possible=("packet-loss",),
    )
    yield replace(finding, virtual_router=None)
