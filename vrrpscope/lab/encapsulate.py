"""Tags and tunnels around recorded frames: what a switch would have sent, where the kernel cannot.

Segments behind a VLAN tag and mirror sessions need devices (8021q, gretap, erspan, vxlan) that a kernel may lack.
What VRRP routers say does not depend on them, so the lab records plain Ethernet and puts each frame into its
wrapping on the way to the final file:

    name      what is added                                                       bytes   segment
    vlan      802.1Q tag, VLAN 100, behind the addresses                              4   vlan100
    qinq      802.1ad tag, VLAN 30, and in it the 802.1Q tag, VLAN 100                8   vlan30.100
    gre       Ethernet, IPv4, GRE with sequence number                               42   gre
    erspan1   Ethernet, IPv4, GRE without                                            38   erspan
    erspan2   Ethernet, IPv4, GRE with sequence number, ERSPAN II: session 7         50   erspan7+vlan100
    erspan3   Ethernet, IPv4, GRE with sequence number, ERSPAN III: session 7        54   erspan7+vlan100
    vxlan     Ethernet, IPv4, UDP, VXLAN: network 77                                 50   vni77

An ERSPAN II or III header names VLAN 100 because it is that of the mirrored access port, whose frames are untagged.
Nothing else changes: time stamps stay, and a frame that the snap length cut stays cut behind the same byte, while
the lengths in the headers and `wirelen` speak of the whole. As on virtual links, nothing is padded to 60 bytes.
"""

from __future__ import annotations

import struct
import zlib
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Recorded(NamedTuple):
    """A frame as it was recorded."""

    number: int  # from 0
    stamp: bytes  # time as it stands in the record header
    t: int  # nanoseconds since the epoch
    wirelen: int
    data: bytes  # what the snap length left of it


class Encapsulation(NamedTuple):
    """One way to wrap a frame: `size` bytes of header, put in behind the frame's first `at` bytes."""

    size: int
    header: Callable[[Recorded], bytes]
    at: int = 0


_OUTER_ETHERNET: Final = bytes.fromhex("0200c0000202 0200c0000201 0800")
_OUTER_ADDRESSES: Final = IPv4Address("192.0.2.1").packed + IPv4Address("192.0.2.2").packed
_VLAN, _PROVIDER_VLAN, _VNI, _SESSION = 100, 30, 77, 7
_MAX_CAPLEN: Final = 262_144  # tcpdump's snap length, and the most that libpcap and Wireshark read


def _tags(*tags: tuple[int, int]) -> Encapsulation:
    """VLAN tags (IEEE 802.1Q clause 9; 802.1ad for 0x88a8): type, then priority 0 and the VLAN's number."""
    header = b"".join(struct.pack("!HH", *tag) for tag in tags)
    return Encapsulation(len(header), lambda _: header, at=12)


def _ipv4(frame: Recorded, protocol: int, tunnel: bytes) -> bytes:
    """Outer Ethernet and IPv4 (RFC 791) before a tunnel's header: DF, hence no identification (RFC 6864), TTL 64."""
    length = 20 + len(tunnel) + frame.wirelen
    if length > 0xFFFF:
        raise ValueError(f"frame {frame.number + 1} of {frame.wirelen:,} bytes does not fit into an IPv4 packet")
    before = struct.pack("!BBHHHBB", 0x45, 0, length, 0, 0x4000, 64, protocol)
    total = sum(struct.unpack("!9H", before + _OUTER_ADDRESSES))
    total = (total & 0xFFFF) + (total >> 16)  # once is enough: nine words carry at most 8
    return _OUTER_ETHERNET + before + struct.pack("!H", ~total & 0xFFFF) + _OUTER_ADDRESSES + tunnel


def _gre(protocol: int, mirror: Callable[[Recorded], bytes] | None = None, *, numbered: bool = True) -> Encapsulation:
    """GRE (RFC 2784), numbered from 0 (RFC 2890 section 2.2), before the header of a mirror session if any."""

    def header(frame: Recorded) -> bytes:
        tunnel = struct.pack("!HH", 0x1000 * numbered, protocol)
        if numbered:
            tunnel += struct.pack("!I", frame.number & 0xFFFFFFFF)
        return _ipv4(frame, 47, tunnel + (mirror(frame) if mirror else b""))

    return Encapsulation(38 + 4 * numbered + (len(mirror(_PROBE)) if mirror else 0), header)


def _erspan2(_: Recorded) -> bytes:
    """ERSPAN type II (draft-foschiano-erspan): version 1, COS 0, no tag (En), not cut (T), index 0."""
    return struct.pack("!II", 1 << 28 | _VLAN << 16 | _SESSION, 0)


def _erspan3(frame: Recorded) -> bytes:
    """ERSPAN type III (draft-foschiano-erspan): version 2, units of 100 microseconds (Gra 0), P for an Ethernet frame.

    The time stamp is that of the record, as Linux fills it in (`erspan_build_header_v2`); it wraps after five days.
    """
    return struct.pack("!III", 2 << 28 | _VLAN << 16 | _SESSION, frame.t // 100_000 & 0xFFFFFFFF, 1 << 15)


def _vxlan(frame: Recorded) -> bytes:
    """VXLAN (RFC 7348 section 5): source port a hash of the inner Ethernet header, no UDP checksum."""
    port = 49152 + zlib.crc32(frame.data[:14]) % 16384
    return _ipv4(frame, 17, struct.pack("!HHHHII", port, 4789, 16 + frame.wirelen, 0, 0x08 << 24, _VNI << 8))


_PROBE: Final = Recorded(0, b"", 0, 0, b"")
ENCAPSULATIONS: Final[dict[str, Encapsulation]] = {
    "vlan": _tags((0x8100, _VLAN)),
    "qinq": _tags((0x88A8, _PROVIDER_VLAN), (0x8100, _VLAN)),
    "gre": _gre(0x6558),
    "erspan1": _gre(0x88BE, numbered=False),
    "erspan2": _gre(0x88BE, _erspan2),
    "erspan3": _gre(0x22EB, _erspan3),
    "vxlan": Encapsulation(50, _vxlan),
}
"""The ways to wrap frames, by name."""


def encapsulate(source: Path, target: Path, how: str) -> int:
    """Wrap every frame of a recording; return their number.

    Args:
        source: a whole classic pcap of Ethernet frames, in micro- or nanoseconds and either byte order; it is read
            into memory, as recordings of the lab are short.
        target: the file to write, in the same dialect; it may be `source`. Not touched if anything is wrong.
        how: a name in `ENCAPSULATIONS`.

    Raises:
        ValueError: `how` is no such name, `source` is something else, or a frame is too long for a tunnel.
    """
    way = ENCAPSULATIONS.get(how)
    if way is None:
        raise ValueError(f"no encapsulation is named {how}; there are {', '.join(ENCAPSULATIONS)}")
    capture = source.read_bytes()
    try:
        order, unit = _dialect(capture)
        (snaplen,) = struct.unpack_from(order + "I", capture, 16)
        # 0 stands for "no limit"; beyond the most that is ever read there is nothing to make room for.
        snaplen = snaplen and max(snaplen, min(snaplen + way.size, _MAX_CAPLEN))
        parts = [capture[:16] + struct.pack(order + "I", snaplen) + capture[20:24]]
        frames = list(_frames(capture, order, unit))
        for frame in frames:
            # Of a frame cut before the place of the tag, nothing of the tag was captured either.
            header = way.header(frame) if len(frame.data) >= way.at else b""
            data = frame.data[: way.at] + header + frame.data[way.at :]
            parts += [frame.stamp, struct.pack(order + "II", len(data), frame.wirelen + way.size), data]
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from None
    target.write_bytes(b"".join(parts))
    return len(frames)


def _dialect(capture: bytes) -> tuple[str, int]:
    """Return the byte order of a classic pcap of Ethernet frames, and the nanoseconds in a unit of its time."""
    dialects = {"d4c3b2a1": ("<", 1000), "a1b2c3d4": (">", 1000), "4d3cb2a1": ("<", 1), "a1b23c4d": (">", 1)}
    magic = capture[:4].hex()
    if magic not in dialects or len(capture) < 24:
        what = "pcapng" if magic == "0a0d0d0a" else f"{len(capture):,} bytes that begin with {magic or 'nothing'}"
        raise ValueError(f"not a classic pcap file but {what}")
    order, unit = dialects[magic]
    (link,) = struct.unpack_from(order + "I", capture, 20)
    if link != 1:  # the upper bits count too: they would announce a frame check sequence behind each frame
        raise ValueError(f"not Ethernet (1) but link type {link}")
    return order, unit


def _frames(capture: bytes, order: str, unit: int) -> Iterator[Recorded]:
    """Yield the frames of a classic pcap (draft-ietf-opsawg-pcap)."""
    at, index = 24, 0
    while at < len(capture):
        start = at + 16
        if start > len(capture):
            raise ValueError(f"ends inside the header of frame {index + 1}, at byte {at:,}")
        seconds, fraction, caplen, wirelen = struct.unpack_from(order + "IIII", capture, at)
        if caplen > _MAX_CAPLEN or caplen > wirelen:
            raise ValueError(f"frame {index + 1} at byte {at:,} cannot be: {caplen:,} bytes captured of {wirelen:,}")
        if start + caplen > len(capture):
            raise ValueError(f"ends inside frame {index + 1}, at byte {at:,}")
        t = seconds * 1_000_000_000 + fraction * unit
        yield Recorded(index, capture[at : at + 8], t, wirelen, capture[start : start + caplen])
        at, index = start + caplen, index + 1
