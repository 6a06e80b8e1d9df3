"""Where each packet stands on its way through the layers, and the layers there are.

Decoding is a walk: a `Cursor` holds, for a set of frames that all stand before a header of the same kind, the
position of that header and what the headers before it told. A layer's function reads the header of all of
them at once, moves the position behind it, and says for each which layer follows. `vrrpscope.wire.layers`
drives.

Two ends are carried. `end` is where the bytes we have stop; `real` is where the packet stops by what its own
headers say. `end < real` means that something cut it (the snap length, a truncating mirror), and what is
missing is unknown rather than wrong.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray


class Layer(IntEnum):
    """What comes next in a packet. The first two end the walk without an advert, `VRRP` with one.

    The last four end it too, where sightings are wanted; else they lead nowhere.
    """

    DROP = 0  # nothing for us, or too damaged to go on
    LATER_FRAGMENT = 1  # of a VRRP packet: no VRRP header in it
    VRRP = 2  # IP protocol 112: VRRP or CARP
    ETHERNET = 3
    VLAN = 4  # behind an 802.1Q or 802.1ad type
    ITAG = 5  # 802.1ah, provider backbone bridging
    SLL = 6
    SLL2 = 7
    NULL = 8
    LOOP = 9
    PPP = 10
    PPP_HDLC = 11
    PPPOE = 12
    RAW_IP = 13
    IPV4 = 14
    IPV6 = 15
    EXTENSION = 16  # IPv6 hop-by-hop, routing, destination options
    FRAGMENT = 17  # IPv6 fragment header
    AUTHENTICATION = 18  # IPsec AH
    UDP = 19
    GRE = 20
    VXLAN = 21
    ERSPAN2 = 22
    ERSPAN3 = 23
    ARP = 24  # ARP and RARP
    ICMP = 25
    IGMP = 26
    ICMPV6 = 27  # neighbour discovery and MLD among it


class Cursor(NamedTuple):
    """A set of frames before one kind of header: arrays of one length n, and `tags` of shape (depth, n)."""

    row: NDArray[np.int64]  # index of the frame in its batch
    pos: NDArray[np.int64]  # where the next header begins; never behind `end`
    end: NDArray[np.int64]  # where the captured bytes stop
    real: NDArray[np.int64]  # where the innermost packet stops by its own length field
    mac: NDArray[np.uint64]  # source of the innermost Ethernet header so far, or NO_MAC
    ip: NDArray[np.int64]  # where the innermost IP header begins
    ah: NDArray[np.int64]  # where an authentication header behind it begins; -1 without
    six: NDArray[np.bool_]  # that IP header is IPv6
    fragment: NDArray[np.bool_]  # some IP header on the way said that more fragments follow
    tags: NDArray[np.uint64]  # what separates segments, outermost first; see vrrpscope.wire.segments

    def take(self, which: NDArray[np.int64]) -> Cursor:
        """Some of the frames, in the order given."""
        return Cursor(
            row=self.row[which],
            pos=self.pos[which],
            end=self.end[which],
            real=self.real[which],
            mac=self.mac[which],
            ip=self.ip[which],
            ah=self.ah[which],
            six=self.six[which],
            fragment=self.fragment[which],
            tags=self.tags[:, which],
        )

    def tagged(self, tags: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """`tags` put under those already there (0: none for this frame)."""
        return np.concatenate([self.tags, tags[None, :]]) if tags.any() else self.tags


Step: TypeAlias = tuple[NDArray[np.uint8], Cursor]
"""What a layer's function returns: the Layer that follows for each frame, and the cursor moved behind the
header."""


def join(cursors: list[Cursor]) -> Cursor:
    """Cursors of several ways that lead to the same layer, as one."""
    if len(cursors) == 1:
        return cursors[0]
    depth = max(len(cursor.tags) for cursor in cursors)
    missing = [np.zeros((depth - len(cursor.tags), len(cursor.row)), np.uint64) for cursor in cursors]
    tags = [np.concatenate([cursor.tags, none]) for cursor, none in zip(cursors, missing, strict=True)]
    return Cursor(
        row=np.concatenate([cursor.row for cursor in cursors]),
        pos=np.concatenate([cursor.pos for cursor in cursors]),
        end=np.concatenate([cursor.end for cursor in cursors]),
        real=np.concatenate([cursor.real for cursor in cursors]),
        mac=np.concatenate([cursor.mac for cursor in cursors]),
        ip=np.concatenate([cursor.ip for cursor in cursors]),
        ah=np.concatenate([cursor.ah for cursor in cursors]),
        six=np.concatenate([cursor.six for cursor in cursors]),
        fragment=np.concatenate([cursor.fragment for cursor in cursors]),
        tags=np.concatenate(tags, axis=1),
    )


def table(size: int, entries: dict[int, Layer]) -> NDArray[np.uint8]:
    """A lookup table from a type or protocol number to the Layer that it announces."""
    layers = np.zeros(size, np.uint8)
    for number, layer in entries.items():
        layers[number] = layer
    return layers


def only(layer: Layer, where: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """`layer` where the header is sound, DROP elsewhere."""
    return where * np.uint8(layer)
