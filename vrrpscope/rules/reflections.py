"""A router and its source: adverts that come back to it, and an address that changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.text import count, span
from vrrpscope.timeline.events import Closing, Seen, SourceChanged

if TYPE_CHECKING:
    from collections.abc import Iterator

_ECHOES: Final = 3  # one may be an accident of a switch


@rule("reflected-adverts", Closing)
def reflected_adverts(closing: Closing, case: Case) -> Iterator[Finding]:
    """A router's own adverts come back to it."""
    for router in () if case.router is None else case.router.speakers:
        echo = None if case.homes is None else case.homes.echoes.of(router, closing.key.vrid)
        if echo is None or echo.adverts < _ECHOES:
            continue
        sent, back, last = (Seen(t, echo.capture, number, 0, -1, -1, 0, 0) for t, number in echo[2:5])
        yield case.finding(
            "reflected-adverts",
            Severity.WARNING,
            Confidence.LIKELY,
            start=back.t,
            end=last.t,
            title=f"{count(echo.adverts, 'advert')} of {router} came back to it",
            explanation=f"It sent {case.where(sent)}, and {case.where(back)} is the same advert coming in "
            f"{span(back.t - sent.t)} later; the longest took {span(echo.longest)}. keepalived takes its own advert "
            "for that of another with its priority and address, logs so and restarts its timer; CARP gives up being "
            "master.",
            remedy="Look for a loop (two ports of a bridge on one segment, spanning tree off), for a bond whose switch "
            "ports are no channel, and at teaming and promiscuous mode of the virtual switch "
            "(Net.ReversePathFwdCheckPromisc on ESXi).",
            routers=(router,),
            frames=(sent, back, last),
            cause="reflection",
            also_possible=("virtual-switch",),
        )


@rule("source-address-changed", SourceChanged)
def source_address_changed(changed: SourceChanged, case: Case) -> Iterator[Finding]:
    """A master goes on under another source address."""
    yield case.finding(
        "source-address-changed",
        Severity.INFO,
        Confidence.LIKELY,
        start=changed.seen.t,
        title=f"{changed.former} advertises from {changed.router} now",
        explanation=f"{case.where(changed.seen)} has the MAC {changed.mac} and the next IP ID of "
        f"{case.where(changed.before)}: it is the same router, and nobody took over. Peers that know it by its "
        "address, as unicast peers and firewalls do, refuse it now; a tie of priorities is decided by the new address.",
        remedy="Fix the source: mcast_src_ip or unicast_src_ip in its keepalived.conf. Else the first address of the "
        "interface is taken, whichever that is.",
        routers=(changed.former, changed.router),
        frames=(changed.before, changed.seen),
        cause="source-address",
    )
