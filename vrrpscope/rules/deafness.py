"""Two masters of which one or both do not hear the other, though nothing in the adverts speaks against accepting them.

What a capture shows depends on where it was taken. At the host of the one that is deaf it shows that adverts reach its
wire: then the network is not to blame, only its packet filter or its daemon. At the sender's host it shows that they
leave; anywhere else neither. Captures at both tell all of it (`rules.ways`). Each verdict names the likeliest cause
first, in the words of `rules.causes`, what looks alike from here, and which capture to take next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.findings import Confidence
from vrrpscope.rules.firewall import let_in
from vrrpscope.rules.text import some, span
from vrrpscope.timeline.timers import SECOND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vrrpscope.rules.catalogue import Case
    from vrrpscope.rules.ways import Ways
    from vrrpscope.timeline.ageing import Snooped
    from vrrpscope.timeline.events import SplitBrain

_NETWORK: Final = ("path", "igmp-snooping", "virtual-switch")

_CAPTURE_BOTH = """To tell a packet filter from a fault of the path, capture on both at once and analyse together:
  tcpdump -nn -i any -w HOST.pcap 'ip proto 112 or ip6 proto 112 or ip proto 51 or arp or igmp or icmp'
  vrrpscope analyze lb01=lb01.pcap lb02=lb02.pcap"""
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
_QUERIER = (
    "Let somebody query: on the switch (ip igmp snooping querier) or a router, or turn snooping off in this VLAN."
)


class Verdict(NamedTuple):
    """What made a split brain; the first sentence of `why` is the short answer."""

    causes: tuple[str, ...]
    why: str
    fix: str


def verdict(split: SplitBrain, case: Case, ways: Ways) -> Verdict:
    """Explain a split brain in which somebody does not hear."""
    snooped = case.snooped(split)
    if (split.silent or split.sent_unseen) and not ways.tell:
        return _unseen(split, case)
    if split.cause == "unknown":
        return _unknown(split, case)
    if snooped is not None:
        return _forgotten(snooped, case)
    if _is_brief(split, case):
        return _brief(split, case, ways)
    return _both_deaf(split, case, ways) if split.cause == "both-deaf" else _one_deaf(split, case, ways)


def _causes(split: SplitBrain, case: Case, ways: Ways) -> tuple[str, ...]:
    if ways.losing:
        return ("path", "packet-filter") if ways.ignoring else (*_NETWORK, "packet-loss")
    if ways.ignoring or _arrives(split, case):
        return "packet-filter", "starvation"
    if split.last_heard is None and split.end is not None:  # deaf from its start, and then not any more
        return "packet-filter", "path-not-ready", *_NETWORK
    return "packet-filter", *_NETWORK


def _arrives(split: SplitBrain, case: Case) -> bool:
    """Whether the captures show what reaches the wire of those that are deaf."""
    return bool(split.deaf) and all(case.home(router) for router in split.deaf)


def _one_deaf(split: SplitBrain, case: Case, ways: Ways) -> Verdict:
    deaf = some(split.deaf) if split.deaf else "one of them"
    why = f"{deaf} stopped hearing the other{_since(split, case)}"
    if ways.tell:
        why += f": {ways.words(_then(split))}. "
    elif _arrives(split, case):
        why += f", though the other's adverts reach its wire, where this was captured: a packet filter on {deaf} drops "
        why += "them, or its daemon does not read them. "
    else:
        why += f"; most likely a packet filter on {deaf} drops IP protocol 112. "
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
    causes = _causes(split, case, ways)
    if ways.tell:
        return Verdict(causes, why.rstrip() + _INNOCENT * bool(ways.ignoring), _mend(split, case, ways))
    why += _INNOCENT.lstrip()
    if _arrives(split, case):
        return Verdict(causes, why, _let_in(split, case, split.deaf) + _DAEMON)
    why += " A one-way fault of the path and multicast snooping look the same "
    why += "from one capture." if len(case.names) == 1 else "unless both hosts' captures are there."
    if "path-not-ready" in causes:
        why += " So does a network that begins to forward some time after a link came up (spanning tree, LACP)."
    return Verdict(causes, why, _let_in(split, case, split.deaf) + _again(case))


def _both_deaf(split: SplitBrain, case: Case, ways: Ways) -> Verdict:
    if ways.tell:
        why = f"Neither hears the other: {ways.words('during that time')}."
        return Verdict(_causes(split, case, ways), why, _mend(split, case, ways))
    fix = _let_in(split, case, split.routers) + _NO_MULTICAST + _again(case)
    return Verdict(_causes(split, case, ways), _BOTH_DEAF, fix)


def _brief(split: SplitBrain, case: Case, ways: Ways) -> Verdict:
    deaf = some(split.deaf) if split.deaf else "one of them"
    heard = ways.words(_then(split)) if ways.tell else "some were lost on the way, or it was held up itself"
    why = (
        f"{deaf} heard nothing for one master down interval{_since(split, case)}, took over, and yielded to the next "
        f"advert it heard: {heard}. The other has not noticed and may have sent no gratuitous ARP since, so clients "
        "may go on sending to the wrong one."
    )
    fix = "Look for drops on the path (switch and NIC counters, storm control).\n" + _again(case)
    return Verdict(("packet-loss", "starvation", "rate-limit"), why, _mend(split, case, ways) if ways.tell else fix)


def _unseen(split: SplitBrain, case: Case) -> Verdict:
    """Tell of a master whose adverts no capture shows, though it went on sending."""
    deaf = some(split.deaf) if split.deaf else "the other"
    sender = next((r for r in (*split.sent_unseen, *split.routers) if r not in split.deaf), split.routers[0])
    home = case.home(sender)
    if home is not None:
        why = (
            f"The adverts of {sender} never left its host: {home}, captured there, lacks them, and {deaf} did not hear "
            "them either. Its IP IDs show that it went on sending."
        )
        fix = f"Look for a packet filter on the OUTPUT of {sender} (nft list ruleset), and in its log for errors."
        return Verdict(("send-failure",), why, fix)
    why = (
        f"The adverts of {sender} were lost before they reached this capture, and {deaf} did not hear them either. Its "
        "IP IDs show that it went on sending."
    )
    fix = (
        f"Look at the path between them (switch, cable, NIC), and at {sender} itself: a packet filter on its OUTPUT, "
        f"'send advert error' in its log. A capture on {sender} tells which.\n" + _again(case)
    )
    brief = _is_brief(split, case)
    causes = ("packet-loss", "path", "send-failure") if brief else ("path", "send-failure", "packet-loss")
    return Verdict(causes, why, fix.rstrip("\n"))


def _unknown(split: SplitBrain, case: Case) -> Verdict:
    if split.confidence is not Confidence.POSSIBLE:
        why = "Adverts of one of them must be discarded: see the findings ttl and bad-checksum."
        return Verdict(("packet-filter", *_NETWORK, "ttl"), why, "See there.")
    why = "Both advertised though one should have yielded; too few adverts to tell which of them hears the other."
    return Verdict(("packet-filter", *_NETWORK, "packet-loss"), why, _again(case) or "Capture for longer.")


def _forgotten(snooped: Snooped, case: Case) -> Verdict:
    again = f", the {snooped.times}th time at this age" if snooped.times > 1 else ""
    usual = "" if snooped.usual is None else f"; switches that snoop forget a port after {snooped.usual // SECOND} s"
    why = (
        f"{snooped.router} stopped hearing the other {span(snooped.age)} after it had last asked for the group "
        f"({case.where(snooped.report)}){again}{usual}, and nobody queries: a switch does not send the adverts to it "
        "any more."
    )
    fix = _QUERIER + "\nUntil then, starting its daemon anew asks again.\n" + _again(case)
    return Verdict(("igmp-snooping", "packet-filter", "path"), why, fix.rstrip("\n"))


def _since(split: SplitBrain, case: Case) -> str:
    return "" if split.last_heard is None else f" after {case.where(split.last_heard)}"


def _then(split: SplitBrain) -> str:
    return "during that time" if split.last_heard is None else "since then"


def _is_brief(split: SplitBrain, case: Case) -> bool:
    """Whether it ended with the first advert that the one which was deaf heard."""
    if split.cause != "one-node-deaf" or split.end is None:
        return False
    return split.end - split.start < case.speaker(split.routers[0]).profile.interval


def _again(case: Case) -> str:
    """Return which captures to take next, where there are not several yet."""
    return _CAPTURE_BOTH if len(case.names) == 1 else ""


def _let_in(split: SplitBrain, case: Case, deaf: Sequence[str]) -> str:
    """Return the commands that let those be heard that the deaf do not hear."""
    if case.router is None:
        return ""
    unheard = [router for router in split.routers if len(deaf) != 1 or router not in deaf]
    meant = case.configured(deaf[0]) if deaf else None
    where = "each of them" if len(deaf) > 1 else some(deaf) if deaf else "the one that is deaf"
    profiles = [case.speaker(router).profile for router in unheard]
    return let_in(where, profiles, case.router.key.family, "" if meant is None else meant.instance.interface)


def _mend(split: SplitBrain, case: Case, ways: Ways) -> str:
    """Return what to do where captures of both sides show what became of the adverts."""
    parts = [f"Look at the path {ways.paths()}: {_PATH}"] if ways.losing else []
    if ways.ignoring:
        parts.append(_let_in(split, case, ways.ignoring) + _DAEMON)
    return "\n".join(parts) + _again(case)
