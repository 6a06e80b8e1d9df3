"""What clients were told by ARP and neighbour discovery, where it is not what the routers have agreed on.

These rules speak only where a capture shows ARP or neighbour discovery about the virtual addresses at all; a
filter for VRRP alone shows none, and then nothing is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.text import count, some, span
from vrrpscope.timeline.events import ClaimedByOther, StaleClients, Unannounced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.timeline.events import Claim

_ANNOUNCE = "If {master} is to be master: on it, now:\n  {command}\n"

_REFRESH = (
    "So that it mends itself: keepalived's garp_master_refresh 60 on all routers, and garp_lower_prio_repeat not 0."
)


@rule("stale-arp", StaleClients)
def stale_arp(stale: StaleClients, case: Case) -> Iterator[Finding]:
    """A router is master, but clients were last told that the address is at another router."""
    last, router = stale.last, stale.router
    addresses = some(stale.addresses)
    length = "" if stale.end is None else f" for {span(stale.end - stale.start)}"
    verb = "may send" if stale.end is None else "may have sent"
    change = f"{router} took over" if stale.took else f"{last.router} gave up being master"
    why = (
        f"The last announcement seen is that of {owner(last)}, {case.where(last.seen)}. Then {change}, and "
        f"{router} announced nothing. Clients keep the wrong MAC until they doubt it and ask again."
    )
    if not stale.took:
        why += f" {router} may never have noticed the other, so it saw no need to announce itself."
    if stale.answered is not None:
        asked = span(stale.answered.seen.t - stale.start)
        why += f" {stale.client} asked and was answered after {asked} ({case.where(stale.answered.seen)})."
    yield case.finding(
        "stale-arp",
        Severity.WARNING,
        Confidence.LIKELY,
        start=stale.start,
        end=stale.end,
        title=f"clients {verb} what is meant for {addresses} to {last.router} instead of {router}{length}",
        explanation=why,
        remedy=_announce(router, stale.addresses[0]) + _REFRESH,
        routers=(router, *((last.router,) if last.router else ())),
        frames=(last.seen, None if stale.answered is None else stale.answered.seen),
        cause="stale-arp",
    )


@rule("no-announcement", Unannounced)
def no_announcement(silent: Unannounced, case: Case) -> Iterator[Finding]:
    """A router took over and told no client so."""
    router = silent.router
    yield case.finding(
        "no-announcement",
        Severity.WARNING,
        Confidence.LIKELY,
        start=silent.seen.t,
        title=f"{router} took over {case.vips()} and announced it to nobody",
        explanation=f"{case.where(silent.seen)} is its first advert; no gratuitous ARP or unsolicited neighbour "
        "advertisement of it was seen about that time, though ARP about the address is in this capture. Clients and "
        f"switches go on as if {silent.previous} were master.",
        remedy=_announce(router, _first_address(case))
        + "Look for garp_master_repeat 0 in its configuration, and for filters of ARP on it and its switch port.",
        routers=(router,),
        frames=(silent.seen,),
        cause="stale-arp",
    )


@rule("address-claimed-by-other", ClaimedByOther)
def address_claimed_by_other(other: ClaimedByOther, case: Case) -> Iterator[Finding]:
    """A host that is not master says that it has the virtual address, while another router is master."""
    claim = other.claim
    how = "announced" if claim.announced else "answered ARP for"
    member = case.router is not None and claim.router in case.router.speakers
    why = (
        f"{case.where(claim.seen)} is the first of {count(other.count, 'claim')}; {other.master} was master then. "
        "Clients that heed it do not reach the master. "
    )
    causes: tuple[str, ...] = ("foreign-claim",)
    if member and claim.announced:
        causes = ("path", "send-failure", "unicast-peers")
        why += f"{claim.router} is a router of this group, and only a master announces: it is one too, unseen here."
        fix = f"See why its adverts do not come here: capture on {claim.router} too, and analyse both together."
    elif member:
        causes = ("crashed",)
        why += f"{claim.router} is a router of this group: a daemon that was killed leaves the address configured."
        fix = f"On {claim.router}: ip address show to {claim.address}, and remove it if its daemon is not master."
    else:
        why += "It is no router of this group: a duplicate address, a cloned machine, another manager of virtual "
        why += "addresses, proxy ARP, or a second interface of the master that answers too (arp_ignore)."
        fix = (
            f"Find the port of {claim.mac} (switch: show mac address-table address {claim.mac}) and take the address "
            "from that host."
        )
    yield case.finding(
        "address-claimed-by-other",
        Severity.WARNING,
        Confidence.CERTAIN,
        start=claim.seen.t,
        end=other.last.t,
        title=f"{owner(claim)} {how} {claim.address} while {other.master} was master",
        explanation=why,
        remedy=fix,
        routers=(claim.router,) if member and claim.router else (),
        frames=(claim.seen, other.last),
        subject=claim.mac,
        cause=causes[0],
        also_possible=causes[1:],
    )


def owner(claim: Claim) -> str:
    """Return whose claim it is, as words: the MAC, and the address it is known by."""
    return claim.mac if claim.router is None else f"{claim.mac} ({claim.router})"


def _announce(master: str, address: str) -> str:
    command = f"ndsend {address} eth0" if ":" in address else f"arping -U -c 3 -I eth0 {address}"
    return _ANNOUNCE.format(master=master, command=command)


def _first_address(case: Case) -> str:
    return next(iter(case.router.addresses), "ADDRESS") if case.router is not None else "ADDRESS"
