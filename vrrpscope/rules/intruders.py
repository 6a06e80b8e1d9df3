"""Somebody sends adverts who should not, or in another's name; and two who send from one address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.text import listing, some
from vrrpscope.timeline import intruders, shared
from vrrpscope.timeline.events import Intruder, SharedSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.timeline.speaker import Speaker

_FIND = """Find the switch port of its MAC {mac} (show mac address-table address {mac}) and shut it.
Until then, on each router, let only the others' adverts in:
  nft insert rule inet filter input ip protocol 112 ip saddr != {{ {routers} }} drop
VRRP has no protection that a sniffer cannot copy, but keepalived's auth_hmac (2.4) and a segment of its own."""

_FIND6 = """Find the switch port of its MAC {mac} and shut it; until then let only the routers' own adverts in:
  nft insert rule inet filter input meta l4proto 112 ip6 saddr != {{ {routers} }} drop"""

_SEPARATE = """Give each its own source address, then restart both daemons:
  ip address show dev INTERFACE scope link    # the same on both?
With FRR over IPv6 the macvlan's address is made from the virtual MAC, the same on all routers. On each:
  ip link set dev MACVLAN addrgenmode none && ip address add fe80::NUMBER/64 dev MACVLAN
On cloned machines: new MAC addresses, or keepalived's mcast_src_ip or unicast_src_ip."""


@rule("rogue-master", Intruder)
def rogue_master(intruder: Intruder, case: Case) -> Iterator[Finding]:
    """A stranger has taken the address, or resigned in a router's name."""
    profile, victim = intruder.profile, intruder.victim
    signs = listing(intruders.SIGNS[word] for word in intruder.why)
    known = [s.address for s in _routers(case) if s.address != profile.address or intruder.forged]
    mac = profile.mac or "(unknown)"
    if intruder.forged:
        title = f"somebody resigned in the name of {victim}"
        why = (
            f"{case.where(intruder.seen)} is a resignation (priority 0) of {victim}, which went on as if it "
            f"had not sent it. What gives it away: {signs}. A backup that believed it took over for nothing."
        )
    else:
        title = f"{profile.address} ({mac}), never seen before, took {case.vips()} from {victim}"
        why = (
            f"From {case.where(intruder.seen)} on it announced priority {profile.priority}, more than any known, "
            f"with their list of addresses{' and their password' * bool(profile.secret)}, and {victim} yielded without "
            f"resigning. What sets it apart from them: {signs}."
        )
    fix = (_FIND if profile.key.family == 4 else _FIND6).format(mac=mac, routers=", ".join(known) or victim)
    yield case.finding(
        "rogue-master",
        Severity.CRITICAL,
        Confidence.LIKELY if len(intruder.why) > 1 or "sequence" in intruder.why else Confidence.POSSIBLE,
        start=intruder.seen.t,
        end=intruder.end,
        title=title,
        explanation=why,
        remedy=fix,
        routers=(profile.address,) if intruder.forged else (profile.address, victim),
        frames=(intruder.seen,),
        cause="rogue",
        also_possible=() if intruder.forged else ("owner",) if profile.priority == 255 else ("preemption",),
    )


@rule("shared-source-address", SharedSource)
def shared_source_address(source: SharedSource, case: Case) -> Iterator[Finding]:
    """Two routers send their adverts from one source address."""
    replayed = case.speaker(source.address).replayed
    if replayed is not None and replayed <= source.at:
        return  # the other count is that of a recording: see replayed-adverts
    signs = listing(shared.SIGNS[word] for word in source.why)
    priorities = listing(str(p) for p in source.priorities)
    if source.both:
        title = f"two masters of {case.vips()} send from one address, {source.address}"
        why = (
            "Neither can tell the other's adverts from its own, so neither yields, and both hold the addresses. "
            f"What shows it: {signs}. Announced priorities: {priorities}."
        )
    else:
        title = f"mastership of {case.vips()} moved between two routers that both send from {source.address}"
        why = (
            f"They look like one router: {signs}. Announced priorities: {priorities}. With equal priorities both would "
            "stay master."
        )
    if len(source.macs) > 1:
        why += f" Their MACs: {some(source.macs)}."
    yield case.finding(
        "shared-source-address",
        Severity.CRITICAL if source.both else Severity.WARNING,
        Confidence.LIKELY,
        start=source.frames[0].t,
        title=title,
        explanation=why,
        remedy=_SEPARATE,
        routers=(source.address,),
        frames=source.frames,
        cause="source-address",
        also_possible=("rogue",) if source.both else (),
        subject="both" if source.both else "",
    )


def _routers(case: Case) -> list[Speaker]:
    return [] if case.router is None else [s for s in case.router.speakers.values() if s.terms.priority]
