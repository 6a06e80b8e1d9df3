"""Two hosts' configurations that do not go together: what will split, before it does.

The names are those of what a capture would show (`settings`): one page explains both. Of several disagreements those
are told that would remain if the others were gone: with different versions nobody looks at passwords, and two
clusters that happen to have one VRID should not be given one password.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from vrrpscope.evidence.counterparts import Cluster, Counterparts
from vrrpscope.findings import Confidence, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.configured import see, told
from vrrpscope.rules.split_brain import ADVICE
from vrrpscope.rules.text import listing, some, span
from vrrpscope.wire.columns import Auth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vrrpscope.evidence.configuration import Instance
    from vrrpscope.findings import Finding

_AUTH = {Auth.NONE: "none", Auth.SIMPLE: "PASS", Auth.AH: "AH"}
_SPLIT = "As soon as both run, both are master of the addresses. "
_REFUSED = (
    "keepalived up to 2.3.2 refuses adverts with another list, and both are master as soon as both run; later versions "
    "accept them, and an address that only one of them has is lost on a failover."
)


class _Setting(NamedTuple):
    """A setting in which two must agree."""

    noun: str
    written: tuple[str, ...]  # where: the first of these keywords that stands there
    said: Callable[[Instance, Case], str]
    differs: Callable[[Instance, Instance], bool]


def _password(a: Instance, b: Instance) -> bool:
    return a.auth is b.auth is not Auth.NONE and a.secret != b.secret


_SETTINGS = {
    "version-mismatch": _Setting(
        "VRRP versions", ("version",), lambda i, _: f"version {i.version}", lambda a, b: a.version != b.version
    ),
    "unicast-mismatch": _Setting(
        "destinations",
        ("unicast_peer",),
        lambda i, _: f"unicast to {some(i.peers)}" if i.unicast else "multicast",
        lambda a, b: a.unicast != b.unicast,
    ),
    "auth-type-mismatch": _Setting(
        "authentication",
        ("auth_type", "authentication"),
        lambda i, _: _AUTH[i.auth],
        lambda a, b: a.version == b.version and a.auth is not b.auth,
    ),
    "password-mismatch": _Setting("passwords", ("auth_pass",), lambda i, case: case.secret(i.secret), _password),
    "interval-mismatch": _Setting(
        "advertisement intervals",
        ("advert_int",),
        lambda i, _: span(i.advert_int),
        lambda a, b: a.version == b.version and a.advert_int != b.advert_int,
    ),
    "vip-list-mismatch": _Setting(
        "virtual addresses",
        ("virtual_ipaddress",),
        lambda i, _: some(i.addresses, 6) if i.addresses else "none",
        lambda a, b: set(a.addresses) != set(b.addresses),
    ),
}


def _check(name: str) -> Callable[[Counterparts, Case], Iterator[Finding]]:
    setting = _SETTINGS[name]

    def check(pair: Counterparts, case: Case) -> Iterator[Finding]:
        one, other = pair.one.instance, pair.other.instance
        if pair.strangers or one.vrid != other.vrid or not setting.differs(one, other):
            return
        lines = [each.at(*setting.written) for each in (one, other)]
        why, severity = _SPLIT + ADVICE[name].why, Severity.CRITICAL
        fix, cause = ADVICE[name].fix, name
        if name == "vip-list-mismatch":
            why = _REFUSED
        elif name == "interval-mismatch" and one.version == 3:
            severity, cause = Severity.WARNING, "learned-interval"
            why = (
                "VRRPv3 allows that: a backup adopts the interval of its master. So a failover away from the slower "
                "one takes longer than one away from the other, and nobody reads that from the backup's configuration."
            )
        yield told(
            name,
            severity,
            title=f"{pair.one.host} and {pair.other.host} are configured with different {setting.noun} "
            f"for VRID {one.vrid}",
            explanation=f"{pair.one.host}: {setting.said(one, case)}; {pair.other.host}: {setting.said(other, case)}. "
            + why,
            remedy=f"{fix} {see(lines)}",
            lines=lines,
            key=one.key,
            confidence=Confidence.LIKELY if name == "vip-list-mismatch" else Confidence.CERTAIN,
            cause=cause,
        )

    check.__doc__ = f"Two hosts are configured with different {setting.noun}."
    return check


for _name in _SETTINGS:
    rule(_name, Counterparts)(_check(_name))


@rule("vrid-mismatch", Counterparts)
def vrid_mismatch(pair: Counterparts, _: Case) -> Iterator[Finding]:
    """Two hosts have one virtual address and different VRIDs."""
    one, other = pair.one.instance, pair.other.instance
    if one.vrid == other.vrid:
        return
    lines = [each.at("virtual_router_id") for each in (one, other)]
    shared = some([address for address in one.addresses if address in other.addresses])
    yield told(
        "vrid-mismatch",
        Severity.CRITICAL,
        title=f"{pair.one.host} has {shared} with VRID {one.vrid}, {pair.other.host} with VRID {other.vrid}",
        explanation=f"{_SPLIT}To each of them the other's adverts belong to another virtual router, and neither logs a "
        "word about it.",
        remedy=f"Set the same virtual_router_id on both, unique on their segment. {see(lines)}",
        lines=lines,
        key=one.key,
    )


@rule("vrid-collision", Cluster)
def collision(cluster: Cluster, _: Case) -> Iterator[Finding]:
    """Two unrelated clusters are configured with one VRID."""
    for part, rest in combinations(cluster.parts, 2):
        one, other = part[0].instance, rest[0].instance
        if one.unicast or other.unicast or one.vrid != other.vrid:
            continue
        one_network = Counterparts(part[0], rest[0]).one_network
        lines = [member.instance.at("virtual_router_id") for member in (*part, *rest)]
        mine, theirs = (some([member.host for member in each]) for each in (part, rest))
        near = "their networks overlap" if one_network else f"both use {one.interface}"
        yield told(
            "vrid-collision",
            Severity.WARNING,
            title=f"{mine} and {theirs} share VRID {one.vrid} but no virtual address",
            explanation=f"{mine}: {some(one.addresses, 6)}; {theirs}: {some(other.addresses, 6)}. On one segment "
            f"({near}) each disturbs the other's adverts: two unrelated clusters, or a mistyped address.",
            remedy=f"{ADVICE['vrid-collision'].fix} {see(lines)}",
            lines=lines,
            key=one.key,
            confidence=Confidence.LIKELY if one_network else Confidence.POSSIBLE,
            cause="vrid-collision",
        )


@rule("unicast-peers", Counterparts)
def unicast_peers(pair: Counterparts, _: Case) -> Iterator[Finding]:
    """A router that sends unicast does not send to its counterpart, or to itself."""
    one, other = pair.one.instance, pair.other.instance
    if not (one.unicast and other.unicast) or one.vrid != other.vrid:
        return
    if one.source and one.source == other.source:
        lines = [each.at("unicast_src_ip") for each in (one, other)]
        yield told(
            "unicast-peers",
            Severity.CRITICAL,
            title=f"{pair.one.host} and {pair.other.host} both send from {one.source}",
            explanation="Only one of them has that address. The other is in FAULT, or takes each advert for its own.",
            remedy=f"Set unicast_src_ip on each to its own address. {see(lines)}",
            lines=lines,
            key=one.key,
            cause="unicast-peers",
        )
        return
    for sender, receiver in ((pair.one, pair.other), (pair.other, pair.one)):
        mine, theirs = sender.instance, receiver.instance
        if not theirs.source or theirs.source in mine.peers:
            continue
        lines = [mine.at("unicast_peer"), theirs.at("unicast_src_ip")]
        itself = f" It sends to {mine.source}, which is itself." if mine.source in mine.peers else ""
        yield told(
            "unicast-peers",
            Severity.CRITICAL,
            title=f"{sender.host} does not send to {receiver.host}",
            explanation=f"{receiver.host} listens on {theirs.source}, which is none of the peers of {sender.host} "
            f"({some(mine.peers, 6)}).{itself} While {sender.host} is master, {receiver.host} hears nothing and "
            "becomes master too. As long as it is the backup nobody notices.",
            remedy=f"Write {theirs.source} into unicast_peer of {sender.host}, or correct unicast_src_ip of "
            f"{receiver.host}. {see(lines)}",
            lines=lines,
            key=mine.key,
            subject=sender.host,
            cause="unicast-peers",
        )


@rule("vmac-mismatch", Counterparts)
def vmac_mismatch(pair: Counterparts, _: Case) -> Iterator[Finding]:
    """Only one of two hosts uses the virtual MAC address."""
    one, other = pair.one.instance, pair.other.instance
    if pair.strangers or one.vmac == other.vmac:
        return
    user, plain = (pair.one, pair.other) if one.vmac else (pair.other, pair.one)
    lines = [user.instance.at("use_vmac"), plain.instance.line]
    yield told(
        "vmac-mismatch",
        Severity.WARNING,
        title=f"{user.host} has use_vmac, {plain.host} has not",
        explanation="They accept each other's adverts, but the addresses change their MAC with each failover: who "
        f"ignores gratuitous ARP goes on sending to the wrong one, and {listing([user.host])} needs what a switch "
        "may refuse.",
        remedy=f"Use use_vmac on both, or on neither. {see(lines)}",
        lines=lines,
        key=one.key,
    )
