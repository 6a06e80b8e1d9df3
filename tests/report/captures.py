"""Captures written advert by advert, for tests that look at reports from outside."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple

from tests.build import BILLION, T0, Packet, pcap
from tests.frames import ethernet, ipv4, vlan
from vrrpscope.wire.columns import Auth, Checksum
from vrrpscope.wire.vrrp import Advert

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Say(NamedTuple):
    """One VRRPv2 advert: when (seconds after T0), from which host of 10.0.0.0/24, and what it says."""

    at: float
    host: int = 5
    vrid: int = 50
    priority: int = 150
    interval: int = 1
    secret: bytes = b""
    vips: tuple[str, ...] = ("10.0.0.3",)
    ip_id: int = 0
    vlan: int = 0
    outer: int = 0  # a second tag before it (802.1ad)


def frame(say: Say) -> Packet:
    """Return the advert as a captured Ethernet frame."""
    source, group = f"10.0.0.{say.host}", "224.0.0.18"
    advert = Advert(
        version=2,
        packet_type=1,
        family=4,
        vrid=say.vrid,
        priority=say.priority,
        interval=say.interval * BILLION,
        addresses=say.vips,
        auth=Auth.SIMPLE if say.secret else Auth.NONE,
        auth_type=1 if say.secret else 0,
        auth_data=say.secret.ljust(8, b"\0"),
        secret=say.secret.ljust(8, b"\0"),
        checksum=Checksum.PLAIN,
    )
    payload = advert.build(source=ip_address(source).packed, destination=ip_address(group).packed)
    packet = ipv4(payload, source=source, destination=group, identification=say.ip_id)
    if say.vlan:
        packet = vlan(packet, say.vlan)
    if say.outer:
        packet = vlan(packet, say.outer, tpid=0x88A8)
    mac = bytes([2, 0, 0, 0, 0, say.host])
    return T0 + round(say.at * BILLION), ethernet(packet, source=mac)


def write(path: Path, story: Iterable[Say]) -> Path:
    """Write a pcap file; return its path."""
    path.write_bytes(pcap(map(frame, sorted(story, key=lambda say: say.at)), nano=True))
    return path


def rhythm(seconds: int, *, host: int = 5, priority: int = 150, vrid: int = 50, secret: bytes = b"") -> list[Say]:
    """Return an advert a second from second 0 on."""
    return [Say(float(n), host=host, priority=priority, vrid=vrid, secret=secret, ip_id=n + 1) for n in range(seconds)]
