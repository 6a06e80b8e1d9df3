"""Who complains of VRRP packets: ICMP errors (RFC 792) and ICMPv6 errors (RFC 4443 section 3) that quote one.

    +---------------+---------------+-------------------------------+
    |     Type      |     Code      |           Checksum            |
    +---------------+---------------+-------------------------------+
    |      unused, or what depends on the type                      |
    +---------------------------------------------------------------+
    |      the packet that gave rise to it, from its IP header on   |

The quoted packet is walked with the readers of the network layers, so that options, extension headers and an
authentication header before VRRP are no obstacle; tunnels are not followed, for the complaint is about the
tunnel. An IPv4 router need quote only eight bytes behind the IP header: they hold the VRID, but behind an
authentication header it is not among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vrrpscope.wire import network
from vrrpscope.wire.columns import NO_MAC, Kind
from vrrpscope.wire.cursor import Layer, join
from vrrpscope.wire.ip import read_ends
from vrrpscope.wire.layers import descend

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.wire.cursor import Cursor
    from vrrpscope.wire.gather import Block

ICMP_ERRORS: Final = [3, 4, 5, 11, 12]
"""Destination unreachable, source quench, redirect, time exceeded, parameter problem."""

ICMPV6_ERRORS: Final = [1, 2, 3, 4]
"""Destination unreachable, packet too big, time exceeded, parameter problem."""

QUOTE_AT: Final = 8

_READERS: Final = {
    Layer.IPV4: network.ipv4,
    Layer.IPV6: network.ipv6,
    Layer.EXTENSION: network.extension,
    Layer.FRAGMENT: network.fragment,
    Layer.AUTHENTICATION: network.authentication,
}


def errors(block: Block, at: Cursor) -> dict[str, NDArray[np.generic]]:
    """The columns of ICMP and ICMPv6 errors; those that quote no VRRP packet are of kind 0."""
    size = len(at.row)
    head = block.be16(at.pos)
    src_hi, src_lo, _, _ = read_ends(block, at)
    names = ("address_hi", "address_lo", "other_hi", "other_lo")
    quoted_ends = np.zeros((len(names), size), np.uint64)
    kind, vrid = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    quoted = _quoted(block, at)
    if quoted is not None:
        kind[quoted.row] = Kind.ERROR
        quoted_ends[:, quoted.row] = read_ends(block, quoted)
        shown = quoted.end - quoted.pos >= 2
        vrid[quoted.row[shown]] = block.u8(quoted.pos[shown] + 1)
    return {
        "kind": kind,
        "family": np.where(at.six, 6, 4),
        "type": head >> 8,
        "code": head & 0xFF,
        "vrid": vrid,
        "src_hi": src_hi,
        "src_lo": src_lo,
        "mac": np.full(size, NO_MAC, np.uint64),
        **dict(zip(names, quoted_ends, strict=True)),
    }


def _quoted(block: Block, at: Cursor) -> Cursor | None:
    """The quoted VRRP packets, `row` counting the errors; None if there is none."""
    start = at._replace(row=np.arange(len(at.row)), pos=at.pos + QUOTE_AT)
    whole = start.pos < at.end
    pending = {
        layer: [start.take(rows)]
        for layer, six in ((Layer.IPV4, False), (Layer.IPV6, True))
        if len(rows := np.flatnonzero(whole & (at.six == six)))
    }
    found = [cursor for _, cursor in descend(block, pending, _READERS, {Layer.VRRP})]
    return join(found) if found else None
