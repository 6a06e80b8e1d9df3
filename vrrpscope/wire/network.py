"""Network layers: IPv4, IPv6 with its extension headers, and the IPsec authentication header.

A packet's own length bounds what is inside it: Ethernet pads short frames, and the padding is no advert. A
length of 0 is what segmentation offload leaves in packets captured on their sender; the frame bounds them
then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vrrpscope.wire.cursor import Cursor, Layer, Step, only, table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.wire.gather import Block

_COMMON = {17: Layer.UDP, 47: Layer.GRE, 51: Layer.AUTHENTICATION, 112: Layer.VRRP}
_EXTENSIONS = {0: Layer.EXTENSION, 43: Layer.EXTENSION, 44: Layer.FRAGMENT, 60: Layer.EXTENSION}
IPV4_PROTOCOLS = table(256, _COMMON | {1: Layer.ICMP, 2: Layer.IGMP})
IPV6_PROTOCOLS = table(256, _COMMON | _EXTENSIONS | {58: Layer.ICMPV6})


def ipv4(block: Block, at: Cursor) -> Step:
    """IPv4 (RFC 791 section 3.1).

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-------+-------+---------------+-------------------------------+
    |Version|  IHL  |      TOS      |          Total Length         |
    +-------+-------+---------------+-----+-------------------------+
    |         Identification        |Flags|     Fragment Offset     |
    +---------------+---------------+-----+-------------------------+
    |  Time to Live |    Protocol   |        Header Checksum        |
    +---------------+---------------+-------------------------------+
    |                 Source Address, Destination Address           |
    """
    first = block.be64(at.pos)
    version = first >> 60
    header = ((first >> 56).astype(np.int64) & 15) << 2
    total = (first >> 32).astype(np.int64) & 0xFFFF
    sound = (version == 4) & (header >= 20) & ((total >= header) | (total == 0)) & (at.pos + 20 <= at.end)
    layers = IPV4_PROTOCOLS[block.u8(at.pos + 9)] * sound
    _leave_out_later_fragments(layers, (first & 0x1FFF) > 0)
    real = np.where(total > 0, at.pos + total, at.real)
    moved = at._replace(
        pos=at.pos + header,
        end=np.minimum(at.end, real),
        real=real,
        ip=at.pos,
        ah=np.full(len(real), -1),
        six=np.zeros(len(real), np.bool_),
        fragment=at.fragment | ((first & 0x2000) > 0),
    )
    return layers, moved


def ipv6(block: Block, at: Cursor) -> Step:
    """IPv6 (RFC 8200 section 3).

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-------+---------------+---------------------------------------+
    |Version| Traffic Class |              Flow Label               |
    +-------+---------------+-------+---------------+---------------+
    |         Payload Length        |  Next Header  |   Hop Limit   |
    +-------------------------------+---------------+---------------+
    |                 Source Address, Destination Address           |
    """
    first = block.be64(at.pos)
    length = (first >> 16).astype(np.int64) & 0xFFFF
    sound = (first >> 60 == 6) & (at.pos + 40 <= at.end)
    real = np.where(length > 0, at.pos + 40 + length, at.real)
    moved = at._replace(
        pos=at.pos + 40,
        end=np.minimum(at.end, real),
        real=real,
        ip=at.pos,
        ah=np.full(len(real), -1),
        six=np.ones(len(real), np.bool_),
    )
    return IPV6_PROTOCOLS[(first >> 8) & 0xFF] * sound, moved


def extension(block: Block, at: Cursor) -> Step:
    """IPv6 hop-by-hop, routing and destination options (RFC 8200 section 4): next header, length, content."""
    length = (block.u8(at.pos + 1).astype(np.int64) + 1) << 3
    return IPV6_PROTOCOLS[block.u8(at.pos)], at._replace(pos=at.pos + length)


def fragment(block: Block, at: Cursor) -> Step:
    """IPv6 fragment header (RFC 8200 section 4.5): next header, reserved, 13 bits of offset, M bit, id."""
    offset = block.be16(at.pos + 2)
    layers = IPV6_PROTOCOLS[block.u8(at.pos)]
    _leave_out_later_fragments(layers, offset >> 3 > 0)
    return layers, at._replace(pos=at.pos + 8, fragment=at.fragment | ((offset & 1) == 1))


def authentication(block: Block, at: Cursor) -> Step:
    """IPsec authentication header (RFC 4302 section 2); its length counts four-byte words, less two."""
    following = block.u8(at.pos)
    layers = np.where(at.six, IPV6_PROTOCOLS[following], IPV4_PROTOCOLS[following])
    length = (block.u8(at.pos + 1).astype(np.int64) + 2) << 2
    sound = (length >= 12) & (at.pos + 12 <= at.end)
    return layers * sound, at._replace(pos=at.pos + length, ah=at.pos)


def udp(block: Block, at: Cursor) -> Step:
    """UDP: only the destination ports of VXLAN matter here."""
    return only(Layer.VXLAN, np.isin(block.be16(at.pos + 2), VXLAN_PORTS)), at._replace(pos=at.pos + 8)


VXLAN_PORTS = (4789, 8472)
"""IANA's port (RFC 7348), and that of the Linux kernel's default and of flannel."""


def _leave_out_later_fragments(layers: NDArray[np.uint8], later: NDArray[np.bool_]) -> None:
    """Mark later fragments in place: those of VRRP are counted, any other is dropped."""
    ours = (layers == Layer.VRRP) | (layers == Layer.AUTHENTICATION)
    layers[later] = only(Layer.LATER_FRAGMENT, ours[later])
