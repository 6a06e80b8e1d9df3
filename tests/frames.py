"""Frame bytes for tests, built layer by layer from the inside out.

A `Packet` is bytes that know their EtherType, so that whatever goes around them can name them:

    ethernet(vlan(ipv4(advert_bytes), 100))                       an advert on VLAN 100
    ethernet(ipv4(vxlan(ethernet(ipv4(advert_bytes)), 77), protocol=17))    the same inside VXLAN 77

`batch` turns frames into the columns that a decoder takes.
"""

from __future__ import annotations

import struct
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vrrpscope.capture.frames import PADDING, Frames
from vrrpscope.wire.checksum import ones_complement_sum

if TYPE_CHECKING:
    from collections.abc import Sequence

ETHERNET, SLL, SLL2, RAW, NULL, LOOP, PPP, PPP_HDLC, IPV4, IPV6 = 1, 113, 276, 101, 0, 108, 9, 50, 228, 229
"""LINKTYPE_ numbers."""

MAC = bytes.fromhex("00005e000105")
GROUP = bytes.fromhex("01005e000012")


class Packet(NamedTuple):
    """Bytes and the EtherType that announces them."""

    data: bytes
    type: int


def ethernet(packet: Packet, *, source: bytes = MAC, pad: int = 0) -> bytes:
    return (GROUP + source + packet.type.to_bytes(2, "big") + packet.data).ljust(pad, b"\0")


def vlan(packet: Packet, number: int, *, tpid: int = 0x8100) -> Packet:
    return Packet(struct.pack("!HH", 0xA000 | number, packet.type) + packet.data, tpid)


def itag(frame: bytes, isid: int) -> Packet:
    return Packet(struct.pack("!I", isid) + frame, 0x88E7)


def pppoe(packet: Packet) -> Packet:
    protocol = {0x0800: 0x21, 0x86DD: 0x57}[packet.type]
    return Packet(struct.pack("!BBHHH", 0x11, 0, 7, len(packet.data) + 2, protocol) + packet.data, 0x8864)


def sll(packet: Packet, *, source: bytes = MAC) -> bytes:
    return struct.pack("!HHH8sH", 1, 1, len(source), source, packet.type) + packet.data


def sll2(packet: Packet, *, source: bytes = MAC) -> bytes:
    return struct.pack("!HHIHBB8s", packet.type, 0, 3, 1, 1, len(source), source) + packet.data


def ppp(packet: Packet, *, framed: bool = True, short: bool = False) -> bytes:
    protocol = {0x0800: 0x21, 0x86DD: 0x57}[packet.type].to_bytes(1 if short else 2, "big")
    return (b"\xff\x03" if framed else b"") + protocol + packet.data


def ipv4(
    payload: bytes,
    *,
    source: str = "10.0.0.1",
    destination: str = "224.0.0.18",
    protocol: int = 112,
    ttl: int = 255,
    tos: int = 0xC0,
    identification: int = 1,
    fragment: int = 0,
    options: bytes = b"",
    length: int | None = None,
) -> Packet:
    """An IPv4 packet; `fragment` is the whole 16-bit flags and offset field."""
    header = struct.pack(
        "!BBHHHBBH4s4s",
        0x45 + len(options) // 4,
        tos,
        20 + len(options) + len(payload) if length is None else length,
        identification,
        fragment,
        ttl,
        protocol,
        0,
        ip_address(source).packed,
        ip_address(destination).packed,
    )
    checksum = ones_complement_sum(header + options) ^ 0xFFFF
    return Packet(header[:10] + checksum.to_bytes(2, "big") + header[12:] + options + payload, 0x0800)


def ipv6(
    payload: bytes,
    *,
    source: str = "fe80::1",
    destination: str = "ff02::12",
    protocol: int = 112,
    ttl: int = 255,
    tos: int = 0xC0,
) -> Packet:
    first = 6 << 28 | tos << 20
    addresses = ip_address(source).packed + ip_address(destination).packed
    return Packet(struct.pack("!IHBB", first, len(payload), protocol, ttl) + addresses + payload, 0x86DD)


def extension(payload: bytes, following: int, *, words: int = 0) -> bytes:
    """An IPv6 extension header of 8 * (1 + words) bytes before a payload of protocol `following`."""
    return bytes([following, words]) + bytes(6 + 8 * words) + payload


def fragment_header(payload: bytes, following: int, *, offset: int = 0, more: bool = True) -> bytes:
    return struct.pack("!BBHI", following, 0, offset << 3 | more, 7) + payload


def vxlan(frame: bytes, vni: int, *, port: int = 4789) -> bytes:
    """A UDP datagram (IP protocol 17) with a VXLAN packet."""
    return struct.pack("!HHHHII", 50000, port, 16 + len(frame), 0, 0x08 << 24, vni << 8) + frame


def gre(
    payload: bytes,
    protocol: int,
    *,
    key: int | None = None,
    sequence: int | None = None,
    summed: bool = False,
) -> bytes:
    """A GRE packet (IP protocol 47)."""
    flags = 0x8000 * summed | 0x2000 * (key is not None) | 0x1000 * (sequence is not None)
    optional = bytes(4 * summed)
    optional += b"".join(struct.pack("!I", field) for field in (key, sequence) if field is not None)
    return struct.pack("!HH", flags, protocol) + optional + payload


def erspan1(frame: bytes) -> bytes:
    return gre(frame, 0x88BE)


def erspan2(frame: bytes, session: int, *, number: int = 0) -> bytes:
    return gre(struct.pack("!HHI", 1 << 12 | number, session, 5) + frame, 0x88BE, sequence=9)


def erspan3(frame: bytes, session: int, *, number: int = 0, kind: int = 0, subheader: bool = False) -> bytes:
    head = struct.pack("!HHIHH", 2 << 12 | number, session, 5, 0, kind << 10 | subheader)
    return gre(head + bytes(8 * subheader) + frame, 0x22EB, sequence=9)


def batch(
    frames: Sequence[bytes],
    *,
    link: int | Sequence[int] = ETHERNET,
    wire: Sequence[int] | None = None,
    filler: int = 0xAA,
) -> Frames:
    """Frames as a source would hand them over, one millisecond apart, with garbage between and behind them."""
    size = len(frames)
    gap = bytes([filler]) * 16
    block = b"".join(gap + frame for frame in frames) + bytes([filler]) * PADDING
    caplen = np.array([len(frame) for frame in frames], np.int64)
    return Frames(
        data=np.frombuffer(block, np.uint8),
        start=np.cumsum(caplen + 16) - caplen,
        caplen=caplen,
        wirelen=caplen if wire is None else np.array(wire, np.int64),
        t=np.arange(size, dtype=np.int64) * 1_000_000,
        link=np.full(size, link, np.uint16) if isinstance(link, int) else np.array(link, np.uint16),
        interface=np.zeros(size, np.uint16),
        number=np.arange(1, size + 1),
    )


def part(frames: Frames, rows: slice) -> Frames:
    """Some of the frames of a batch, as a batch of its own."""
    return Frames(
        data=frames.data,
        start=frames.start[rows],
        caplen=frames.caplen[rows],
        wirelen=frames.wirelen[rows],
        t=frames.t[rows],
        link=frames.link[rows],
        interface=frames.interface[rows],
        number=frames.number[rows],
    )
