"""Adverts that every receiver must discard, and strangers on the same protocol number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.text import count
from vrrpscope.timeline.events import CarpBeside, Closing, NewProfile
from vrrpscope.wire.columns import Flag

if TYPE_CHECKING:
    from collections.abc import Iterator


_SAME_NUMBER = (
    " keepalived takes this VHID for its VRID, discards the packets, and restarts a master's advert timer on each: its "
    "adverts come late, or, if CARP is the faster, not at all. Where both use the virtual MAC 00:00:5e:00:01:xx, as "
    "the BSDs and keepalived's use_vmac do, switches lose track of it."
)


@rule("ttl", NewProfile, Closing)
def ttl(event: NewProfile | Closing, case: Case) -> Iterator[Finding]:
    """Multicast adverts arrive with a TTL other than 255."""
    yield from _discarded(
        "ttl",
        Flag.TTL,
        event,
        case,
        what="with a TTL other than 255",
        why="Every receiver discards them (RFC 9568 7.1): 255 proves that nothing routed them here.",
        fix="Find what routes, tunnels or forges them; for routers on different subnets use unicast_peer.",
        cause="ttl",
    )


@rule("bad-checksum", NewProfile, Closing)
def bad_checksum(event: NewProfile | Closing, case: Case) -> Iterator[Finding]:
    """Adverts arrive with a checksum that no known computation gives."""
    yield from _discarded(
        "bad-checksum",
        Flag.BAD_CHECKSUM,
        event,
        case,
        what="with a bad VRRP checksum",
        why="Every receiver discards them. Every way to compute it was tried.",
        fix="Network cards do not compute this checksum: look for damage on the path or a tool that forges adverts.",
    )


def _discarded(
    name: str, flag: Flag, event: NewProfile | Closing, case: Case, *, what: str, why: str, fix: str, cause: str = ""
) -> Iterator[Finding]:
    """Tell of a sender's first such advert at once, and of all of them when the captures end."""
    if case.router is None:
        return
    if isinstance(event, Closing):
        speakers = list(case.router.speakers.values())
    else:
        speakers = [case.speaker(event.profile.address)]
    for speaker in speakers:
        tally = speaker.flags.get(flag)
        if tally is None:
            continue
        yield case.finding(
            name,
            Severity.WARNING,
            Confidence.CERTAIN,
            start=tally.first.t,
            end=tally.last.t,
            title=f"{count(tally.count, 'advert')} of {speaker.address} arrived {what}",
            explanation=why,
            remedy=fix,
            routers=(speaker.address,),
            frames=(tally.first, tally.last),
            cause=cause,
        )


@rule("carp-beside-vrrp", CarpBeside)
def carp_beside_vrrp(carp: CarpBeside, case: Case) -> Iterator[Finding]:
    """CARP and VRRP are spoken on one segment."""
    clash = carp.key.vrid == carp.vhid
    yield case.finding(
        "carp-beside-vrrp",
        Severity.WARNING if clash else Severity.INFO,
        Confidence.CERTAIN,
        start=carp.seen.t,
        subject=str(carp.vhid),
        title=f"CARP (VHID {carp.vhid}) is spoken beside VRRP VRID {carp.key.vrid}",
        explanation="Both use IP protocol 112 and the same multicast group." + (_SAME_NUMBER if clash else ""),
        remedy="Give VHIDs and VRIDs on one segment different numbers.",
        frames=(carp.seen,),
        cause="carp" if clash else "",
    )
