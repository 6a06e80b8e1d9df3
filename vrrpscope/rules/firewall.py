"""Commands that let VRRP through a packet filter: firewalld, nftables, iptables, with this group and interface.

What is let in is no more than is needed: the protocol that these adverts use (112, or 51 under an authentication
header), to the group they are sent to or from the peer that sends them, on the interface where it is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vrrpscope.wire.columns import Auth, Destination

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vrrpscope.timeline.profile import Profile

_GROUPS: Final = {4: "224.0.0.18", 6: "ff02::12"}


def let_in(where: str, senders: Iterable[Profile], family: int, interface: str = "") -> str:
    """Return how to let adverts in, one command a line.

    Args:
        where: the routers that the commands are for, in words.
        senders: what the routers that are not heard announce.
        family: 4 or 6.
        interface: the one that VRRP runs on; any where it is not known.
    """
    lines = [f"On {where} let VRRP in, with the line for its firewall (nft list ruleset shows table and chain):"]
    matches = dict.fromkeys((_protocol(sender), *_match(sender, family)) for sender in senders)
    for protocol, side, address in matches or {(112, "destination", _GROUPS[family]): None}:
        lines += _commands(protocol, side, address, family, interface)
    return "\n".join(lines) + "\n"


def _commands(protocol: int, side: str, address: str, family: int, interface: str) -> Iterable[str]:
    ip, tables = ("ip", "iptables") if family == 4 else ("ip6", "ip6tables")
    value = "ah" if protocol == 51 else "vrrp"
    zone = f' --zone="$(firewall-cmd --get-zone-of-interface={interface})"' if interface else ""
    rich = f'rule family="ipv{family}" {side} address="{address}" protocol value="{value}" accept'
    yield f"  firewall-cmd --permanent{zone} --add-rich-rule='{rich}' && firewall-cmd --reload"
    nft = f"iifname {interface} " * bool(interface) + f"{ip} {'d' if side == 'destination' else 's'}addr {address}"
    yield f"  nft insert rule inet filter input {nft} meta l4proto {protocol} accept"
    option = "-d" if side == "destination" else "-s"
    yield f"  {tables} -I INPUT {f'-i {interface} ' * bool(interface)}{option} {address} -p {protocol} -j ACCEPT"


def _protocol(sender: Profile) -> int:
    return 51 if sender.auth is Auth.AH else 112


def _match(sender: Profile, family: int) -> tuple[str, str]:
    if sender.destination is Destination.UNICAST:
        return "source", sender.address
    return "destination", _GROUPS[family]
