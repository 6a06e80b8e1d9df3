"""Hosts that never answer, and hosts that were moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.refusals import PEERS
from vrrpscope.rules.text import count
from vrrpscope.timeline.events import Closing, Migrated
from vrrpscope.timeline.timers import SECOND
from vrrpscope.wire.columns import Destination

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.timeline.router import Router
    from vrrpscope.timeline.speaker import Speaker
    from vrrpscope.timeline.unanswered import Unanswered

_AT_ONCE = SECOND // 20


@rule("unicast-peer-absent", Closing)
def unicast_peer_absent(_: Closing, case: Case) -> Iterator[Finding]:
    """A router looks for a unicast peer that nobody answers for."""
    router = case.router
    if router is None or router.around is None:
        return
    own = {(r.sender, r.peer): r for r in router.around.refusals() if r.sender == r.refuser}
    for asked in router.around.unanswered():
        if asked.target in router.addresses or asked.target in router.speakers:
            continue
        asker = _member(asked, router)
        if asker is None and not _is_unseen_master(asked, router):
            continue
        name = asked.asker if asker is None else asker.address
        quoted = own.get((name, asked.target))
        why = (
            f"{count(asked.count, 'question')} for {asked.target}, the first is {case.where(asked.first)}, and no "
            f"answer in this capture, nor a word of {asked.target}. "
        )
        if asker is None:
            why += f"Nothing else of {name} is seen, for no advert can leave before it is answered. "
        if quoted is not None:
            why += f"Its own kernel gave the adverts back ({case.where(quoted.first)}). "
        begun = asker is None or _began_with(asked, asker, router)
        yield case.finding(
            "unicast-peer-absent",
            Severity.WARNING,
            Confidence.CERTAIN if quoted is not None else Confidence.LIKELY if begun else Confidence.POSSIBLE,
            start=asked.first.t,
            end=asked.last.t,
            title=f"{name} looks for {asked.target}, which nobody answers for",
            explanation=f"{why}A wrong or dead entry in its unicast_peer, if it is not its gateway or another server.",
            remedy=PEERS.format(sender=name) + f"If {asked.target} is right: see why that host is down.",
            routers=() if asker is None else (name,),
            frames=(asked.first, asked.last, None if quoted is None else quoted.first),
            subject=f"{name} {asked.target}",
            cause="unicast-peers",
            also_possible=("crashed", "path"),
        )


@rule("host-moved", Migrated)
def host_moved(moved: Migrated, case: Case) -> Iterator[Finding]:
    """The hypervisor of a router's host says that it has moved."""
    yield case.finding(
        "host-moved",
        Severity.INFO,
        Confidence.LIKELY,
        start=moved.at,
        title=f"the host of {moved.router} was moved by its hypervisor",
        explanation=f"{case.where(moved.seen)} is RARP in the name of {moved.mac}, which hypervisors send when a "
        "virtual machine goes on at another host or port. It stands still for a moment before; if that is longer than "
        "a backup waits, the backup takes over.",
        remedy="Move it while it is backup, or give the timers room for the pause: a longer advert_int, or "
        "down_timer_adverts above 3 (keepalived 2.2.8 and later).",
        routers=(moved.router,),
        frames=(moved.seen,),
        cause="host-pause",
    )


def _member(asked: Unanswered, router: Router) -> Speaker | None:
    """Return the router that asks, if it sends to unicast peers."""
    for speaker in router.speakers.values():
        if asked.asker == speaker.address or asked.mac == speaker.profile.mac:
            return speaker if speaker.terms.destination is Destination.UNICAST else None
    return None


def _began_with(asked: Unanswered, asker: Speaker, router: Router) -> bool:
    """Whether a router began to ask with the first advert of a reign, as it does for a peer."""
    return any(
        reign.router == asker.address and abs(asked.first.t - reign.start) <= _AT_ONCE
        for reign in router.history.reigns
    )


def _is_unseen_master(asked: Unanswered, router: Router) -> bool:
    """Whether a host of which no advert was seen has the addresses, in a group that speaks unicast."""
    known = router.speakers.values()
    if any(asked.asker == s.address or asked.mac == s.profile.mac for s in known) or router.around is None:
        return False
    unicast = any(s.terms.destination is Destination.UNICAST for s in known)
    return unicast and router.around.claimed(asked.mac, router.addresses)
