"""Two masters at once: who is deaf, why, and how to end it.

The engine names the cause; here it becomes words and commands. A capture taken on a host shows what reaches
its wire, before its packet filter: it can prove that a router does not act on adverts, never by itself that
a filter is to blame, and the remedy says so. Captures at both hosts tell the two apart (`rules.ways`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.text import some, span
from vrrpscope.rules.ways import Ways
from vrrpscope.timeline.events import SplitBrain

if TYPE_CHECKING:
    from collections.abc import Iterator


class Advice(NamedTuple):
    """Why a split brain of one cause does not end, and what ends it."""

    why: str
    fix: str


_CAPTURE_BOTH = """To tell a packet filter from a fault of the path, capture on both at once and analyse together:
  tcpdump -nn -i any -w HOST.pcap 'ip proto 112 or ip6 proto 112 or ip proto 51'
  vrrpscope analyze lb01=lb01.pcap lb02=lb02.pcap"""

_FIREWALL = """On {deaf} let VRRP in, with the line for its firewall (nft list ruleset shows table and chain):
  firewall-cmd --permanent --add-rich-rule='rule protocol value="vrrp" accept' && firewall-cmd --reload
  nft insert rule inet filter input meta l4proto 112 accept
  iptables -I INPUT -p 112 -j ACCEPT; ip6tables -I INPUT -p 112 -j ACCEPT
"""

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
        "Their virtual addresses have nothing in common: two unrelated clusters use one VRID on one segment.",
        "Give one of the two clusters another virtual_router_id.",
    ),
    "paused-node": Advice(
        "A master stood still (its IP ID went on with the very next number) while its addresses stayed "
        "configured; the backup took over, and both held them until the first went on.",
        "Find what stopped the host or the daemon: hypervisor snapshot or migration, CPU starvation, blocked "
        "disk. keepalived logs 'A thread timer expired'; against CPU starvation give it vrrp_rt_priority and "
        "vrrp_no_swap.",
    ),
}


_MUTE = (
    " keepalived restarts its advert timer on every advert it reads, so the one that rejects keeps quiet and still "
    "holds the addresses."
)

_BOTH_DEAF = (
    "Neither hears the other, most likely because of a packet filter on both, or a network that does not carry VRRP "
    "between them. Each keeps its own rhythm and answers nothing of the other's."
)

_NO_MULTICAST = "In a network without multicast (most clouds) use unicast_peer, and open protocol 112 there.\n"


_INNOCENT = " Nothing in the adverts themselves speaks against accepting them."

_PATH = (
    "VLANs, switch ports and filters, IGMP snooping without a querier, storm control. A network without multicast "
    "(most clouds) needs unicast_peer, and protocol 112 opened."
)

_DAEMON = "If no filter drops them, look at the daemon: its interface, its log, and whether its host is starved."


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
    who = some(split.routers)
    lasted = "are" if split.end is None else "were"
    length = "" if split.end is None else f" for {span(split.end - split.start)}"
    silently = ", though only one advertised" if split.silent else ""
    ways = Ways.of(split, case)
    why, fix = _explain(split, case, ways)
    return case.finding(
        name,
        Severity.CRITICAL,
        Confidence.CERTAIN if ways.prove(split) else split.confidence,
        start=split.start,
        end=split.end,
        title=f"{who} {lasted} both master of {case.vips()}{length}{silently}",
        explanation=why,
        remedy=fix,
        routers=split.routers,
        frames=(split.last_heard, *split.frames),
        supersedes=supersedes,
    )


def _explain(split: SplitBrain, case: Case, ways: Ways) -> tuple[str, str]:
    """Return why, its first sentence being the short answer, and what to do."""
    advice = ADVICE.get(split.cause)
    if advice is not None:
        mute = _MUTE if split.silent and split.cause != "paused-node" else ""
        return advice.why + mute, advice.fix
    again = _CAPTURE_BOTH if len(case.names) == 1 else ""
    if split.cause == "one-node-deaf":
        return _one_deaf(split, case, ways, again)
    if split.cause == "both-deaf":
        if ways.tell:
            return f"Neither hears the other: {ways.words('during that time')}.", _mend(ways, again)
        return _BOTH_DEAF, _FIREWALL.format(deaf="each of them") + _NO_MULTICAST + again
    if split.confidence is not Confidence.POSSIBLE:
        return "Adverts of one of them must be discarded: see the findings ttl and bad-checksum.", "See there."
    why = "Both advertised though one should have yielded; too few adverts to tell which of them hears the other."
    return why, again or "Capture for longer."


def _one_deaf(split: SplitBrain, case: Case, ways: Ways, again: str) -> tuple[str, str]:
    deaf = some(split.deaf) if split.deaf else "one of them"
    if split.silent:
        return _unseen(split, case, deaf, again)
    since = "" if split.last_heard is None else f" after {case.where(split.last_heard)}"
    then = "during that time" if split.last_heard is None else "since then"
    if split.end is not None and split.end - split.start < case.speaker(split.routers[0]).profile.interval:
        why = f"{deaf} heard nothing for one master down interval{since}, took over, and yielded to the next advert it "
        why += (
            f"heard: {ways.words(then)}" if ways.tell else "heard: some were lost on the way, or it was held up itself"
        )
        why += (
            ". The other has not noticed and may have sent no gratuitous ARP since, so clients may go on sending to "
            "the wrong one."
        )
        fix = "Look for drops on the path (switch and NIC counters, storm control).\n" + again
        return why, _mend(ways, again) if ways.tell else fix
    why = f"{deaf} stopped hearing the other{since}"
    why += (
        f": {ways.words(then)}. " if ways.tell else f"; most likely a packet filter on {deaf} drops IP protocol 112. "
    )
    if split.last_heard is not None:
        why += "By its timers that frame is the last advert it accepted. "
    echoes, replies = split.echoes
    if echoes:
        why += (
            f"The other answered {echoes} of {replies} adverts of {deaf} at once, so it hears: one direction only "
            "is broken. "
        )
    elif "both-deaf" in split.also_possible:
        why += "Whether the other hears it cannot be seen: as FRR does, it answers nobody. "
    if ways.tell:
        return why.rstrip() + _INNOCENT * bool(ways.ignoring), _mend(ways, again)
    why += _INNOCENT.lstrip() + " A one-way fault of the path and multicast snooping look the same "
    why += "from one capture." if len(case.names) == 1 else "unless both hosts' captures are there."
    return why, _FIREWALL.format(deaf=deaf) + again


def _unseen(split: SplitBrain, case: Case, deaf: str, again: str) -> tuple[str, str]:
    """Tell of a master whose adverts no capture shows."""
    homes = [(router, home) for router in split.routers if router not in split.deaf if (home := case.home(router))]
    if homes and split.deaf:
        router, home = homes[0]
        why = (
            f"The adverts of {router} never left its host: {home}, captured there, lacks them, and {deaf} did not hear "
            "them either. Its IP IDs show that it went on sending."
        )
        return why, f"Look for a packet filter on the OUTPUT of {router} (nft list ruleset), and in its log for errors."
    why = (
        f"The adverts of the other were lost before they reached this capture, and {deaf} did not hear them "
        "either. Its IP IDs show that it went on sending."
    )
    return why, "Look at the path between them (switch, cable, NIC) rather than at a packet filter." + (
        "\n" + again if again else ""
    )


def _mend(ways: Ways, again: str) -> str:
    """Return what to do where captures of both sides show what became of the adverts."""
    parts = [f"Look at the path {ways.paths()}: {_PATH}"] if ways.losing else []
    if ways.ignoring:
        parts.append(_FIREWALL.format(deaf=some(ways.ignoring)) + _DAEMON)
    return "\n".join(parts) + again
