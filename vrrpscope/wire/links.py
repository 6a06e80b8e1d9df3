"""Link layers: from the first byte of a frame to its network header.

Numbers are the LINKTYPE_ values of pcap files (https://www.tcpdump.org/linktypes.html) and EtherTypes (IANA,
"IEEE 802 Numbers"). VLAN tags, provider backbone tags and PPPoE sit between the two and are walked like any
other layer, in any order and number up to the limit of the walk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vrrpscope.wire.columns import NO_MAC
from vrrpscope.wire.cursor import Cursor, Layer, Step, only, table
from vrrpscope.wire.segments import Tag, tag

if TYPE_CHECKING:
    from vrrpscope.wire.gather import Block

LINK_TYPES: dict[int, Layer] = {
    0: Layer.NULL,
    1: Layer.ETHERNET,
    9: Layer.PPP,
    12: Layer.RAW_IP,  # DLT_RAW of most systems, found in files although LINKTYPE_RAW is 101
    14: Layer.RAW_IP,  # DLT_RAW of OpenBSD
    50: Layer.PPP_HDLC,
    101: Layer.RAW_IP,
    108: Layer.LOOP,
    113: Layer.SLL,
    228: Layer.IPV4,
    229: Layer.IPV6,
    276: Layer.SLL2,
}

ETHERTYPES = table(
    1 << 16,
    {
        0x0800: Layer.IPV4,
        0x86DD: Layer.IPV6,
        0x0806: Layer.ARP,
        0x8035: Layer.ARP,  # RARP: the same format
        0x8100: Layer.VLAN,
        0x88A8: Layer.VLAN,
        0x9100: Layer.VLAN,  # QinQ before 802.1ad had a number
        0x88E7: Layer.ITAG,
        0x8864: Layer.PPPOE,
    },
)
_PPP_PROTOCOLS = table(1 << 16, {0x0021: Layer.IPV4, 0x0057: Layer.IPV6})
_FAMILIES = table(  # AF_INET; AF_INET6 of Linux, OpenBSD and NetBSD, FreeBSD, macOS
    256, {2: Layer.IPV4, 10: Layer.IPV6, 24: Layer.IPV6, 28: Layer.IPV6, 30: Layer.IPV6}
)
_IP_VERSIONS = table(16, {4: Layer.IPV4, 6: Layer.IPV6})


def ethernet(block: Block, at: Cursor) -> Step:
    """Ethernet II: destination, source, type."""
    source_and_type = block.be64(at.pos + 6)
    layers = ETHERTYPES[source_and_type & 0xFFFF]
    return layers, at._replace(pos=at.pos + 14, mac=source_and_type >> np.uint64(16))


def vlan(block: Block, at: Cursor) -> Step:
    """802.1Q, 802.1ad: tag control information, then the type of what is tagged. VLAN 0 is no segment."""
    control_and_type = block.be32(at.pos)
    number = (control_and_type >> 16) & 0xFFF
    tags = np.where(number > 0, tag(Tag.VLAN, number), 0).astype(np.uint64)
    layers = ETHERTYPES[control_and_type & 0xFFFF]
    return layers, at._replace(pos=at.pos + 4, tags=at.tagged(tags))


def itag(block: Block, at: Cursor) -> Step:
    """802.1ah: one byte of flags, a 24-bit I-SID, then the customer's whole Ethernet header."""
    isid = block.be32(at.pos) & 0xFFFFFF
    moved = at._replace(pos=at.pos + 4, tags=at.tagged(tag(Tag.ISID, isid)))
    return np.full(len(at.pos), Layer.ETHERNET, np.uint8), moved


def sll(block: Block, at: Cursor) -> Step:
    """LINKTYPE_LINUX_SLL: packet type, ARPHRD, address length, 8 bytes of address, protocol."""
    mac = np.where(block.be16(at.pos + 4) == 6, block.be64(at.pos + 6) >> 16, NO_MAC)
    layers = ETHERTYPES[block.be16(at.pos + 14)]
    return layers, at._replace(pos=at.pos + 16, mac=mac.astype(np.uint64))


def sll2(block: Block, at: Cursor) -> Step:
    """LINKTYPE_LINUX_SLL2: protocol, reserved, interface, ARPHRD, packet type, address length, address."""
    mac = np.where(block.u8(at.pos + 11) == 6, block.be64(at.pos + 12) >> 16, NO_MAC)
    layers = ETHERTYPES[block.be16(at.pos)]
    return layers, at._replace(pos=at.pos + 20, mac=mac.astype(np.uint64))


def null(block: Block, at: Cursor) -> Step:
    """LINKTYPE_NULL: a four-byte address family in the byte order of whoever captured."""
    family = block.be32(at.pos)
    little = family >= 1 << 16
    family = np.where(little, family.byteswap(), family)
    return _FAMILIES[family & 0xFF] * (family < 256), at._replace(pos=at.pos + 4)


def loop(block: Block, at: Cursor) -> Step:
    """LINKTYPE_LOOP: the same in network byte order."""
    family = block.be32(at.pos)
    return _FAMILIES[family & 0xFF] * (family < 256), at._replace(pos=at.pos + 4)


def ppp(block: Block, at: Cursor) -> Step:
    """PPP (RFC 1661, 1662): with or without address and control bytes, protocol in two bytes or one."""
    framed = block.be16(at.pos) == 0xFF03
    at = at._replace(pos=at.pos + 2 * framed)
    # The packet may end right here, before a protocol that is then read from the padding.
    whole = at.pos + 2 <= at.end
    first = block.u8(np.minimum(at.pos, at.end))
    short = (first & 1) == 1  # protocol field compression: an odd first byte is all there is
    protocol = np.where(short, first, block.be16(np.minimum(at.pos, at.end)))
    return _PPP_PROTOCOLS[protocol] * whole, at._replace(pos=at.pos + 2 - short)


def ppp_hdlc(block: Block, at: Cursor) -> Step:
    """LINKTYPE_PPP_HDLC: PPP, or Cisco HDLC where the first byte is 0x0f or 0x8f."""
    cisco = np.isin(block.u8(at.pos), (0x0F, 0x8F))
    layers, moved = ppp(block, at)
    pos = np.where(cisco, at.pos + 4, moved.pos)
    return np.where(cisco, ETHERTYPES[block.be16(at.pos + 2)], layers), moved._replace(pos=pos)


def pppoe(block: Block, at: Cursor) -> Step:
    """PPPoE session (RFC 2516): version and type 0x11, code 0, session id, length; then PPP."""
    sound = block.be16(at.pos) == 0x1100
    return only(Layer.PPP, sound), at._replace(pos=at.pos + 6)


def raw_ip(block: Block, at: Cursor) -> Step:
    """No link header: the version in the first four bits says which IP it is."""
    return _IP_VERSIONS[block.u8(at.pos) >> 4], at
