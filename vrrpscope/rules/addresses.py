"""The master and its virtual addresses: does it have them?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.text import count, span
from vrrpscope.timeline import timers
from vrrpscope.timeline.events import AddressUnanswered, Election

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.timeline.events import Seen

_LOOK = """On {master}, see whether the address is there and who takes it away:
  ip -br address show to {address}; ip monitor address
Keep network managers off what the daemon adds: KeepConfiguration=static for systemd-networkd, an \
unmanaged device in NetworkManager, no DHCP client on that interface."""


@rule("address-unanswered", AddressUnanswered)
def address_unanswered(asked: AddressUnanswered, case: Case) -> Iterator[Finding]:
    """The master advertises, but nobody answers for a virtual address any more."""
    at_home = case.home(asked.master)
    if asked.answered is None and at_home is None:
        return  # answers go to one host; this capture may see none of them
    length = "" if asked.end is None else f" for {span(asked.end - asked.start)}"
    why = (
        f"{asked.asker} asked {count(asked.count, 'time')} since {case.where(asked.first)}, and no answer followed, "
        f"while {asked.master} advertised on. "
    )
    if asked.answered is not None:
        why += f"Before, it was answered, last in {case.where(asked.answered)}. "
    else:
        why += f"{at_home} was captured at {asked.master}, where its answers should be seen. "
    yield case.finding(
        "address-unanswered",
        Severity.WARNING,
        Confidence.LIKELY if asked.answered is not None else Confidence.POSSIBLE,
        start=asked.start,
        end=asked.end,
        title=f"{asked.master} is master, and nobody answers for {asked.address}{length}",
        explanation=why + "So the address is not on its interface any more, or it may not answer (arp_ignore, a filter "
        "of ARP).",
        remedy=_LOOK.format(master=asked.master, address=asked.address),
        routers=(asked.master,),
        frames=(asked.answered, asked.first, asked.last),
        subject=f"{asked.asker} {asked.address}",
        cause="address-removed",
    )


@rule("resigned-and-returned", Election)
def resigned_and_returned(election: Election, case: Case) -> Iterator[Finding]:
    """A master resigned, and after its own skew time it was master again itself."""
    farewell = _farewell(election, case)
    if farewell is None:
        return
    profile, seen = election.profile, election.seen
    waited, skew = seen.t - farewell.t, timers.skew(profile.version, profile.priority, profile.interval)
    # Started anew it would have waited for a Master_Down_Interval, and counted from 1.
    goes_on = farewell.ip_id > 0 and seen.ip_id == farewell.ip_id + 1
    if not goes_on or abs(waited - skew) > timers.tolerance(profile.interval):
        return
    router = election.router
    address = next(iter(profile.addresses), "the address")
    yield case.finding(
        "resigned-and-returned",
        Severity.WARNING,
        Confidence.LIKELY,
        start=farewell.t,
        end=seen.t,
        title=f"{router} resigned and {span(waited)} later was master again",
        explanation=f"It sent priority 0 ({case.where(farewell)}) and advertised again after its own skew time "
        f"({case.where(seen)}); its IP IDs go on, so it was not started anew: it became a backup and heard "
        "nobody. keepalived does so when a virtual address vanishes from its interface; had a backup with a shorter "
        "skew time been there, it would be master now.",
        remedy=_LOOK.format(master=router, address=address)
        + f"\nThe log of {router} says which: Netlink reflector reports IP {address} removed.",
        routers=(router,),
        frames=(farewell, seen),
        cause="address-removed",
        also_possible=("fault",),
    )


def _farewell(election: Election, case: Case) -> Seen | None:
    """Return the priority 0 by which a router that is master again now had left, if nobody was master meanwhile."""
    if case.router is None or election.previous is not None:
        return None
    for reign in case.router.history.reigns:
        gone = None if reign.end is None else election.seen.t - reign.end
        if reign.router == election.router and gone == election.masterless and gone:
            return reign.farewell
    return None
