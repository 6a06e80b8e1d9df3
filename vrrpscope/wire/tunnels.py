"""Tunnels in which mirrored or stretched segments travel: VXLAN, GRE, ERSPAN.

Each leaves a segment tag, because two networks behind two tunnels are two broadcast domains even if their
VLAN numbers agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vrrpscope.wire.cursor import Cursor, Layer, Step, only, table
from vrrpscope.wire.segments import Tag, tag

if TYPE_CHECKING:
    from vrrpscope.wire.gather import Block


def vxlan(block: Block, at: Cursor) -> Step:
    """VXLAN (RFC 7348 section 5).

    +-+-+-+-+-+-+-+-+-----------------------------------------------+
    |R|R|R|R|I|R|R|R|                   Reserved                    |
    +-+-+-+-+-+-+-+-+-------------------------------+---------------+
    |       VXLAN Network Identifier (VNI)          |   Reserved    |
    +-----------------------------------------------+---------------+
    """
    valid = (block.u8(at.pos) & 0x08) > 0
    vni = block.be32(at.pos + 4) >> 8
    return only(Layer.ETHERNET, valid), at._replace(pos=at.pos + 8, tags=at.tagged(tag(Tag.VNI, vni)))


_ETHERNET_BRIDGING, _ERSPAN_1_OR_2, _ERSPAN_3 = 0x6558, 0x88BE, 0x22EB
_GRE_PROTOCOLS = table(
    1 << 16,
    {
        0x0800: Layer.IPV4,
        0x86DD: Layer.IPV6,
        _ETHERNET_BRIDGING: Layer.ETHERNET,
        _ERSPAN_1_OR_2: Layer.ERSPAN2,
        _ERSPAN_3: Layer.ERSPAN3,
    },
)


def gre(block: Block, at: Cursor) -> Step:
    """GRE (RFC 2784, 2890) with optional checksum, key and sequence number, each four bytes.

    +-+-+-+-+---------------------+-----+---------------------------+
    |C|R|K|S|      Reserved0      | Ver |       Protocol Type       |
    +-+-+-+-+---------------------+-----+---------------------------+

    ERSPAN type I is bare Ethernet behind a GRE header without a sequence number; types II and III number
    their packets and put a header of their own in between (draft-foschiano-erspan). Source routing (R) is
    long gone and drops the packet, as does version 1 (PPTP).
    """
    flags_and_type = block.be32(at.pos)
    flags = flags_and_type >> 16
    protocol = flags_and_type & 0xFFFF
    keyed = (flags & 0x2000) > 0
    numbered = (flags & 0x1000) > 0
    key_at = at.pos + 4 + 4 * ((flags & 0x8000) > 0)
    layers = _GRE_PROTOCOLS[protocol] * ((flags & 0x4007) == 0)
    bare = (layers == Layer.ERSPAN2) & ~numbered
    layers[bare] = Layer.ETHERNET
    tags = np.where(keyed, tag(Tag.GRE_KEY, block.be32(key_at)), tag(Tag.GRE, 0))
    tags[bare] = tag(Tag.ERSPAN, 0)
    tags[(layers == Layer.ERSPAN2) | (layers == Layer.ERSPAN3)] = 0  # they name their session themselves
    return layers, at._replace(pos=key_at + 4 * keyed + 4 * numbered, tags=at.tagged(tags))


def erspan2(block: Block, at: Cursor) -> Step:
    """ERSPAN type II, then the mirrored frame.

    +-------+-----------------------+-----+---+-+-------------------+
    | Ver=1 |         VLAN          | COS | En|T|     Session ID    |
    +-------+-----------------------+-----+---+-+-------------------+
    |        Reserved       |                 Index                 |
    +-----------------------+---------------------------------------+
    """
    head = block.be32(at.pos)
    moved = at._replace(pos=at.pos + 8, tags=at.tagged(_session(head)))
    return only(Layer.ETHERNET, head >> 28 == 1), moved


def erspan3(block: Block, at: Cursor) -> Step:
    """ERSPAN type III, an optional platform subheader (O), then the mirrored frame or packet (FT 0 or 2).

    +-------+-----------------------+-----+---+-+-------------------+
    | Ver=2 |         VLAN          | COS |BSO|T|     Session ID    |
    +-------+-----------------------+-----+---+-+-------------------+
    |                           Timestamp                           |
    +-------------------------------+-+---------+-----------+-+---+-+
    |              SGT              |P|    FT   |   Hw ID   |D|Gra|O|
    +-------------------------------+-+---------+-----------+-+---+-+
    """
    head = block.be32(at.pos)
    tail = block.be32(at.pos + 8)
    layers = _FRAME_TYPES[(tail >> 10) & 31] * (head >> 28 == 2)
    subheader = (tail & 1).astype(np.int64) << 3
    return layers, at._replace(pos=at.pos + 12 + subheader, tags=at.tagged(_session(head)))


_FRAME_TYPES = table(32, {0: Layer.ETHERNET, 2: Layer.RAW_IP})


def _session(head: np.typing.NDArray[np.uint32]) -> np.typing.NDArray[np.uint64]:
    """The tag of an ERSPAN header from its first word: session id and VLAN."""
    return tag(Tag.ERSPAN_SESSION, ((head >> 16) & 0xFFF).astype(np.uint64) << 16 | (head & 0x3FF))
