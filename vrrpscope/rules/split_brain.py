"""Two masters at once: who is deaf, why, and how to end it.

The engine names the cause; here it becomes words and commands. Where two refuse each other's adverts the cause is in
the adverts themselves; where one does not hear the other it is not, and `rules.deafness` looks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.deafness import Verdict, verdict
from vrrpscope.rules.text import listing, some, span
from vrrpscope.rules.ways import Ways
from vrrpscope.timeline.events import SplitBrain

if TYPE_CHECKING:
    from collections.abc import Iterator


class Advice(NamedTuple):
    """Why a split brain of one cause does not end, and what ends it."""

    why: str
    fix: str


_DIFFER = "Each discards the other's adverts as invalid, so neither ever yields: "

ADVICE: dict[str, Advice] = {
    "password-mismatch": Advice(
        _DIFFER + "their passwords differ.",
        "Set the same auth_pass in the authentication block of both (only its first 8 characters count) and "
        "reload both.",
    ),
    "auth-type-mismatch": Advice(
        _DIFFER + "they authenticate in different ways.",
        "Set the same auth_type on both, or remove it from both: FRR and keepalived's vrrp_strict know no "
        "authentication.",
    ),
    "interval-mismatch": Advice(
        _DIFFER + "their advertisement intervals differ, and VRRPv2 demands equal ones.",
        "Set the same advert_int on both and reload both.",
    ),
    "version-mismatch": Advice(
        _DIFFER + "one speaks VRRPv2, the other VRRPv3.",
        "Set the same version on both (keepalived: vrrp_version in global_defs, or version in the instance; "
        "FRR: vrrp VRID version 3).",
    ),
    "vip-list-mismatch": Advice(
        _DIFFER + "they announce different lists of virtual addresses, which keepalived up to 2.3.2 refuses.",
        "Make the virtual_ipaddress lists equal (move what must differ to virtual_ipaddress_excluded) and reload both.",
    ),
    "checksum-mismatch": Advice(
        _DIFFER + "they compute the VRRPv3 checksum differently.",
        "Make both compute it alike (keepalived 2.2.8 and later: v3_checksum_as_v2; "
        "FRR: [no] vrrp VRID checksum-with-ipv4-pseudoheader).",
    ),
    "unicast-mismatch": Advice(
        _DIFFER + "one sends to the multicast group, the other to unicast peers.",
        "Configure unicast_peer on both, or on neither.",
    ),
    "vrid-collision": Advice(
        "Their virtual addresses have nothing in common: two unrelated clusters use one VRID on one segment. Each "
        "keeps its own addresses, but discards the other's adverts, which restart the timers of its masters.",
        "Give one of the two clusters another virtual_router_id.",
    ),
    "rogue-master": Advice(
        "One of them is a stranger that claims the address: see the finding rogue-master.",
        "Find the port of its MAC on the switch and shut it; then let protocol 112 in from the routers' addresses "
        "alone, and use keepalived's auth_hmac (2.4), for a simple password can be read by anybody.",
    ),
    "paused-node": Advice(
        "A master stood still ({proof}) while its addresses stayed "
        "configured; the backup took over, and both held them until the first went on.",
        "Find what stopped the host or the daemon: hypervisor snapshot or migration, CPU starvation, blocked "
        "disk. keepalived logs 'A thread timer expired'; against CPU starvation give it vrrp_rt_priority and "
        "vrrp_no_swap.",
    ),
}


_NAMED: dict[str, tuple[str, ...]] = {
    "rogue-master": ("rogue",),
    "paused-node": ("starvation", "host-pause"),
    "unicast-mismatch": ("unicast-mismatch", "unicast-peers"),
}
"""Causes of the engine that have another word here; of deafness there is more than one, see `_causes`."""

_MUTE = (
    " keepalived restarts its advert timer on every advert it reads, so the one that rejects keeps quiet and still "
    "holds the addresses."
)


@rule("split-brain", SplitBrain)
def split_brain(split: SplitBrain, case: Case) -> Iterator[Finding]:
    """Two routers advertise as master at the same time."""
    if not split.silent:
        yield _finding("split-brain", split, case, supersedes="silent-split-brain")


@rule("silent-split-brain", SplitBrain)
def silent_split_brain(split: SplitBrain, case: Case) -> Iterator[Finding]:
    """Two routers are master at the same time, and on the wire it looks like one."""
    if split.silent:
        yield _finding("silent-split-brain", split, case, supersedes="split-brain")


def _finding(name: str, split: SplitBrain, case: Case, *, supersedes: str) -> Finding:
    causes, why, fix = _verdict(split, case)
    return case.finding(
        name,
        Severity.CRITICAL,
        Confidence.CERTAIN if Ways.of(split, case).prove(split) else split.confidence,
        start=split.start,
        end=split.end,
        title=_title(split, case),
        explanation=why,
        remedy=fix,
        routers=split.routers,
        frames=(split.last_heard, *split.frames),
        supersedes=supersedes,
        cause=causes[0],
        also_possible=causes[1:],
    )


def _title(split: SplitBrain, case: Case) -> str:
    lasted = "are" if split.end is None else "were"
    length = "" if split.end is None else f" for {span(split.end - split.start)}"
    silently = ", though only one advertised" if split.silent else ""
    if split.cause == "vrid-collision":
        clusters = [f"{router} ({some(case.speaker(router).profile.addresses)})" for router in split.routers]
        return f"{listing(clusters)}, of two clusters, {lasted} master under one VRID{length}{silently}"
    return f"{some(split.routers)} {lasted} both master of {case.vips()}{length}{silently}"


def _verdict(split: SplitBrain, case: Case) -> Verdict:
    """Return what made it, why it does not end, its first sentence being the short answer, and what ends it."""
    advice = ADVICE.get(split.cause)
    if advice is None:
        return verdict(split, case, Ways.of(split, case))
    mute = _MUTE if split.silent and split.cause != "paused-node" else ""
    proof = _proof(split, case) if split.cause == "paused-node" else ""
    return Verdict(_NAMED.get(split.cause, (split.cause,)), advice.why.format(proof=proof) + mute, advice.fix)


def _proof(split: SplitBrain, case: Case) -> str:
    """Return what shows that a master that stood still never stopped being one."""
    if any(case.speaker(router).terms.df for router in split.routers):
        return "it came back without announcing itself, as FRR does whenever it becomes master"
    return "its IP ID went on with the very next number"
