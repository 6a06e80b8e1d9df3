"""What speaks of an address or a group beside VRRP, many packets at once: to columns of SIGHTING.

The walk ends before ARP, ICMP, IGMP and ICMPv6 as it does before VRRP. One lookup by layer and message type
says who reads a packet: ARP and neighbour discovery here, IGMP and MLD in `vrrpscope.wire.groups`, ICMP errors
in `vrrpscope.wire.quotes`. A reader is given packets of its own and returns columns; a `kind` of 0 means that
the packet says nothing of use, and it leaves no row.

Read is what hosts would heed, as far as the message alone tells. Which addresses are virtual is not known
here: every claim and every question is a row, and whoever reads the rows picks.

ARP for IPv4 over Ethernet (RFC 826; RARP, RFC 903, is the same with other operations):

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-------------------------------+-------------------------------+
    |       Hardware Type = 1       |     Protocol Type = 0x0800    |
    +---------------+---------------+-------------------------------+
    | HW Length = 6 | Proto Len = 4 |           Operation           |
    +---------------+---------------+-------------------------------+
    |  sender MAC (6), sender IP (4), target MAC (6), target IP (4) |
    +---------------------------------------------------------------+
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vrrpscope.wire import groups, quotes
from vrrpscope.wire.columns import NO_MAC, SIGHTING, Kind
from vrrpscope.wire.cursor import Layer
from vrrpscope.wire.ip import read_ends

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vrrpscope.wire.cursor import Cursor
    from vrrpscope.wire.gather import Block

ARP_LENGTH = 28
SOLICITATION, ADVERTISEMENT = 135, 136
MAX_OPTIONS = 4
"""Options of a neighbour message that are looked at; hosts send one or two."""

_REQUEST, _REPLY, _REVERSE_REQUEST, _REVERSE_REPLY = 1, 2, 3, 4
_IPV4_OVER_ETHERNET = 0x0001_0800_06_04


def read(block: Block, at: Cursor, layer: NDArray[np.uint8]) -> NDArray[np.void]:
    """One row for each packet, as far as its message tells; `kind` is 0 where that is nothing of use.

    Args:
        block: the bytes.
        at: cursors before headers of these layers.
        layer: members of `vrrpscope.wire.layers.NEIGHBOURS`. Shape (n,).
    """
    out = np.zeros(len(layer), SIGHTING)
    reader_of = _READER_OF[layer, block.u8(at.pos)]
    for number in np.flatnonzero(np.bincount(reader_of)).tolist():
        if number == 0:
            continue
        rows = np.flatnonzero(reader_of == number)
        whole = len(rows) == len(out)
        for name, column in _READERS[number](block, at if whole else at.take(rows)).items():
            if whole:
                out[name] = column
            else:
                out[name][rows] = column
    out["sender"] = at.mac
    return out


def is_of_use(six: NDArray[np.bool_], message_type: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether ICMP (ICMPv6 where `six`) messages of these types may be read; most of them are not."""
    found: NDArray[np.bool_] = _READER_OF[np.where(six, Layer.ICMPV6, Layer.ICMP), message_type] > 0
    return found


def arp(block: Block, at: Cursor) -> dict[str, NDArray[np.generic]]:
    """The columns of ARP and RARP packets."""
    head = block.be64(at.pos)
    operation = (head & 0xFFFF).astype(np.int64)
    sound = (head >> 16 == _IPV4_OVER_ETHERNET) & (at.end - at.pos >= ARP_LENGTH)
    source, target = block.be32(at.pos + 14), block.be32(at.pos + 24)
    kind = _ARP_KINDS[operation * (operation <= _REVERSE_REPLY)] * sound
    kind[(source == target) & ((kind == Kind.QUESTION) | (kind == Kind.ANSWER))] = Kind.ANNOUNCEMENT
    kind[(source == 0) & (operation == _REQUEST) & sound] = Kind.PROBE
    # The MAC of a reverse question is its target's: what it asks for is the address to that.
    mac = block.be64(at.pos + np.where(operation >= _REVERSE_REQUEST, 18, 8)) >> 16
    return {
        "kind": kind,
        "family": np.full(len(kind), 4, np.uint8),
        "type": operation.astype(np.uint8),
        "address_lo": np.where(operation == _REPLY, source, target),
        "src_lo": source,
        "other_lo": target,
        "mac": mac,
    }


_ARP_KINDS = np.zeros(_REVERSE_REPLY + 1, np.uint8)
_ARP_KINDS[[_REQUEST, _REPLY, _REVERSE_REQUEST, _REVERSE_REPLY]] = Kind.QUESTION, Kind.ANSWER, Kind.RARP, Kind.RARP


def discovery(block: Block, at: Cursor) -> dict[str, NDArray[np.generic]]:
    """The columns of neighbour solicitations and advertisements (RFC 4861 sections 4.3 and 4.4).

    +---------------+---------------+-------------------------------+
    |  Type 135/136 |    Code = 0   |            Checksum           |
    +-+-+-+---------+---------------+-------------------------------+
    |R|S|O|                        Reserved                         |
    +-+-+-+---------------------------------------------------------+
    |  Target Address (16), options: type, length / 8, content      |
    +---------------------------------------------------------------+

    A hop limit other than 255 shows that a router passed it on; hosts discard it (section 7.1), and so do we.
    """
    head = block.be64(at.pos)
    advertised = head >> 56 == ADVERTISEMENT
    sound = (at.end - at.pos >= 24) & (block.u8(at.ip + 7) == 255) & ((head >> 48) & 0xFF == 0)
    flags = np.where(advertised, (head >> 24) & 0xE0, 0)
    src_hi, src_lo, dst_hi, dst_lo = read_ends(block, at)
    kind = np.where(advertised, Kind.ANNOUNCEMENT, Kind.QUESTION).astype(np.uint8)
    kind[advertised & (flags & 0x40 > 0)] = Kind.ANSWER
    kind[~advertised & (src_hi == 0) & (src_lo == 0)] = Kind.PROBE
    return {
        "kind": kind * sound,
        "family": np.full(len(kind), 6, np.uint8),
        "type": head >> 56,
        "code": flags,
        "address_hi": block.be64(at.pos + 8),
        "address_lo": block.be64(at.pos + 16),
        "src_hi": src_hi,
        "src_lo": src_lo,
        "other_hi": dst_hi,
        "other_lo": dst_lo,
        "mac": _link_layer_option(block, at, np.where(advertised, 2, 1)),
    }


def _link_layer_option(block: Block, at: Cursor, wanted: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The MAC in the first option of the type that each message may have; NO_MAC without."""
    macs = np.full(len(wanted), NO_MAC, np.uint64)
    rows, pos = np.arange(len(wanted)), at.pos + 24
    for _ in range(MAX_OPTIONS):
        there = pos + 8 <= at.end[rows]
        rows, pos = rows[there], pos[there]
        option = block.be64(pos)
        length = (option >> 48) & 0xFF
        found = (option >> 56 == wanted[rows]) & (length == 1)
        macs[rows[found]] = option[found] & 0xFFFF_FFFF_FFFF
        on = ~found & (length > 0)
        if not on.any():
            break
        rows, pos = rows[on], pos[on] + (length[on].astype(np.int64) << 3)
    return macs


_READERS: list[Callable[[Block, Cursor], dict[str, NDArray[np.generic]]]] = [
    arp,  # 0, never asked: the packet says nothing of use
    arp,
    discovery,
    groups.igmp,
    groups.mld,
    quotes.errors,
]
_READER_OF = np.zeros((max(Layer) + 1, 256), np.uint8)
_READER_OF[Layer.ARP] = 1  # whatever byte it begins with
_READER_OF[Layer.ICMPV6, [SOLICITATION, ADVERTISEMENT]] = 2
_READER_OF[Layer.IGMP, groups.IGMP.types] = 3
_READER_OF[Layer.ICMPV6, groups.MLD.types] = 4
_READER_OF[Layer.ICMP, quotes.ICMP_ERRORS] = 5
_READER_OF[Layer.ICMPV6, quotes.ICMPV6_ERRORS] = 5
