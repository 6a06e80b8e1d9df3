"""The bytes of what speaks beside VRRP, layer by layer as in `tests.frames`: ARP, ND, IGMP, MLD, ICMP errors."""

from __future__ import annotations

import struct
from ipaddress import ip_address

from tests import frames as build

HOST, OTHER = bytes.fromhex("02000a000005"), bytes.fromhex("02000a000032")
NOBODY = bytes(6)


def packed(address: str) -> bytes:
    return ip_address(address).packed


def number(address: str) -> int:
    return int(ip_address(address))


def arp(
    operation: int,
    source: str,
    target: str,
    *,
    mac: bytes = HOST,
    target_mac: bytes = NOBODY,
    head: bytes = bytes.fromhex("0001 0800 0604"),
    ethertype: int = 0x0806,
) -> build.Packet:
    body = head + struct.pack("!H", operation) + mac + packed(source) + target_mac + packed(target)
    return build.Packet(body, ethertype)


def option(kind: int, content: bytes) -> bytes:
    """An option of neighbour discovery; its content is filled up to a multiple of eight bytes."""
    size = -(-(len(content) + 2) // 8)
    return (bytes([kind, size]) + content).ljust(8 * size, b"\0")


def advertisement(
    target: str,
    *,
    source: str | None = None,
    destination: str = "ff02::1",
    flags: int = 0x20,
    options: bytes = option(2, HOST),
    hops: int = 255,
    code: int = 0,
) -> build.Packet:
    body = bytes([136, code, 0, 0, flags, 0, 0, 0]) + packed(target) + options
    return build.ipv6(body, source=source or target, destination=destination, protocol=58, ttl=hops)


def solicitation(
    target: str,
    *,
    source: str = "fe80::50",
    destination: str = "ff02::1:ff00:3",
    options: bytes = option(1, OTHER),
) -> build.Packet:
    body = bytes([135]) + bytes(7) + packed(target) + options
    return build.ipv6(body, source=source, destination=destination, protocol=58)


def igmp(
    kind: int,
    group: str,
    *,
    code: int = 0,
    more: bytes = b"",
    source: str = "10.0.0.5",
    destination: str = "224.0.0.18",
) -> build.Packet:
    body = bytes([kind, code, 0, 0]) + packed(group) + more
    return build.ipv4(
        body, source=source, destination=destination, protocol=2, ttl=1, options=bytes.fromhex("94040000")
    )


def record(kind: int, group: str, *sources: str, auxiliary: bytes = b"") -> bytes:
    head = struct.pack("!BBH", kind, len(auxiliary) // 4, len(sources))
    return head + packed(group) + b"".join(map(packed, sources)) + auxiliary


def igmp_list(*records: bytes, count: int | None = None) -> build.Packet:
    size = len(records) if count is None else count
    body = struct.pack("!BBHHH", 0x22, 0, 0, 0, size) + b"".join(records)
    return build.ipv4(body, source="10.0.0.5", destination="224.0.0.22", protocol=2, ttl=1)


def mld(kind: int, group: str, *, more: bytes = b"", destination: str = "ff02::12") -> build.Packet:
    body = bytes([kind]) + bytes(7) + packed(group) + more
    body = build.extension(body, 58)
    return build.ipv6(body, source="fe80::5", destination=destination, protocol=0, ttl=1)


def mld_list(*records: bytes) -> build.Packet:
    body = struct.pack("!BBHHH", 143, 0, 0, 0, len(records)) + b"".join(records)
    return build.ipv6(build.extension(body, 58), source="fe80::5", destination="ff02::16", protocol=0, ttl=1)


def complaint(
    quoted: build.Packet, kind: int, code: int, *, source: str, destination: str, kept: int | None = None
) -> build.Packet:
    """An ICMP or, by its addresses, ICMPv6 error that quotes so many bytes of a packet; all by default."""
    body = bytes([kind, code]) + bytes(6) + quoted.data[:kept]
    if ":" in source:
        return build.ipv6(body, source=source, destination=destination, protocol=58, ttl=64)
    return build.ipv4(body, source=source, destination=destination, protocol=1, ttl=64)
