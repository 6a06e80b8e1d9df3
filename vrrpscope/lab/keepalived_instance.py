"""One vrrp_instance of a configuration: what it says of itself, for whoever builds the lab around it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from vrrpscope.errors import UsageError

if TYPE_CHECKING:
    from vrrpscope.keepalived.text import Traced
    from vrrpscope.lab.keepalived_edits import Edits


class Instance(NamedTuple):
    """One virtual router of the configuration; of repeated settings the last one counts, as in keepalived."""

    name: str
    vrid: int
    priority: int
    version: int
    advert_int: str  # seconds, as written
    addresses: tuple[str, ...]  # those in its adverts, without prefix length
    interface: str  # the lab's name


@dataclass(slots=True)
class Statements:
    """What stands in the block of a vrrp_instance."""

    header: list[Traced]
    settings: dict[str, Traced] = field(default_factory=dict)
    addresses: list[str] = field(default_factory=list)
    peers: list[Traced] = field(default_factory=list)

    def take(self, block: str, line: list[Traced]) -> None:
        """Take a statement of the block, or of a block in it."""
        if block == "vrrp_instance" and len(line) > 1:
            self.settings[line[0].text] = line[1]
        elif block == "virtual_ipaddress":
            self.addresses.append(line[0].text.partition("/")[0])
        elif block == "unicast_peer":
            self.peers.append(line[0])

    @property
    def own_interfaces(self) -> set[str]:
        """Names of interfaces that keepalived makes for the instance."""
        return {self.settings[keyword].text for keyword in ("use_vmac", "use_ipvlan") if keyword in self.settings}

    def instance(self, interface: str, vrrp_version: Traced | None, edits: Edits) -> Instance:
        """Return the instance on an interface; `vrrp_version` is the configuration's own for IPv4.

        Raises:
            UsageError: it lacks what it must have, or a number is none.
        """
        if len(self.header) < 2 or "virtual_router_id" not in self.settings:
            raise UsageError(f"{edits.place(self.header[0])}: this vrrp_instance lacks a name or a virtual_router_id")
        ipv6 = ":" in "".join(self.addresses[:1])
        version = self.settings.get("version") or (None if ipv6 else vrrp_version)
        advert_int = self.settings.get("advert_int")
        if advert_int and not re.fullmatch(r"[0-9]+(\.[0-9]*)?|\.[0-9]+", advert_int.text):
            raise UsageError(f"{edits.place(advert_int)}: {advert_int.text} is no number of seconds")
        return Instance(
            self.header[1].text,
            _number(self.settings["virtual_router_id"], edits),
            _number(self.settings["priority"], edits) if "priority" in self.settings else 100,
            _number(version, edits) if version else 3 if ipv6 else 2,
            advert_int.text if advert_int else "1",
            tuple(self.addresses),
            interface,
        )

    def senders(self, edits: Edits) -> list[str]:
        """Return the addresses adverts are sent from, each with the length of a network that the peers are in.

        Raises:
            UsageError: an address is none.
        """
        peers = [_address(peer, edits) for peer in self.peers]
        found = []
        for name in ("unicast_src_ip", "mcast_src_ip"):
            if name in self.settings:
                address = _address(self.settings[name], edits)
                network = ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False)
                while any(peer.version == address.version and peer not in network for peer in peers):
                    network = network.supernet()
                found.append(f"{address}/{network.prefixlen}")
        return found


def _number(word: Traced, edits: Edits) -> int:
    if not re.fullmatch("[0-9]{1,3}", word.text) or not 1 <= int(word.text) <= 255:
        raise UsageError(f"{edits.place(word)}: {word.text} is no number from 1 to 255")
    return int(word.text)


def _address(word: Traced, edits: Edits) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(word.text)
    except ValueError:
        raise UsageError(f"{edits.place(word)}: {word.text} is no address") from None
