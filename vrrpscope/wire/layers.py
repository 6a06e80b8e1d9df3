"""The walk through the layers: from frames to the packets that carry IP protocol 112, or speak beside it.

First a sieve: on links that name what they carry (Ethernet, Linux cooked), the type and the protocol byte
alone rule out nearly all of a mixed capture for a few nanoseconds a frame, looking through VLAN tags. What is
left is walked layer by layer. All frames that stand before the same kind of header are read together, so that
the cost is that of a few array operations per *kind*, not per frame; the number of rounds is bounded, and
with it the time that any nesting of headers can cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vrrpscope.wire import links, network, tunnels
from vrrpscope.wire.columns import NO_MAC
from vrrpscope.wire.cursor import Cursor, Layer, Step, join

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from numpy.typing import NDArray

    from vrrpscope.capture.frames import Frames
    from vrrpscope.wire.gather import Block

MAX_LAYERS = 16
"""Headers walked before a frame is given up: Ethernet, two tags, IP, UDP, VXLAN and the same again would
fit."""


class Packets(NamedTuple):
    """What the walk found, each in frame order, and what it had to leave out."""

    found: Cursor  # before VRRP headers
    beside: Cursor  # before headers of NEIGHBOURS
    beside_layer: NDArray[np.uint8]  # which of NEIGHBOURS that is
    later_fragments: int


NEIGHBOURS = frozenset({Layer.ARP, Layer.ICMP, Layer.IGMP, Layer.ICMPV6})
"""The layers in which there is something to be seen beside VRRP."""

_READERS: dict[Layer, Callable[[Block, Cursor], Step]] = {
    Layer.ETHERNET: links.ethernet,
    Layer.VLAN: links.vlan,
    Layer.ITAG: links.itag,
    Layer.SLL: links.sll,
    Layer.SLL2: links.sll2,
    Layer.NULL: links.null,
    Layer.LOOP: links.loop,
    Layer.PPP: links.ppp,
    Layer.PPP_HDLC: links.ppp_hdlc,
    Layer.PPPOE: links.pppoe,
    Layer.RAW_IP: links.raw_ip,
    Layer.IPV4: network.ipv4,
    Layer.IPV6: network.ipv6,
    Layer.EXTENSION: network.extension,
    Layer.FRAGMENT: network.fragment,
    Layer.AUTHENTICATION: network.authentication,
    Layer.UDP: network.udp,
    Layer.GRE: tunnels.gre,
    Layer.VXLAN: tunnels.vxlan,
    Layer.ERSPAN2: tunnels.erspan2,
    Layer.ERSPAN3: tunnels.erspan3,
}


def walk(block: Block, frames: Frames, rows: NDArray[np.int64], *, neighbours: bool = False) -> Packets:
    """Walk the frames with these indices (ascending) to their VRRP headers, and to NEIGHBOURS if wanted."""
    found: list[Cursor] = []
    beside: list[tuple[Layer, Cursor]] = []
    later_fragments = 0
    ends = _ENDS | NEIGHBOURS if neighbours else _ENDS
    for layer, at in descend(block, _first_layers(frames, rows), _READERS, ends):
        if layer is Layer.VRRP:
            found.append(at)
        elif layer is Layer.LATER_FRAGMENT:
            later_fragments += len(at.row)
        else:
            beside.append((layer, at))
    packets, _ = _in_order(join(found)) if found else (_NOTHING, None)
    if not beside:
        return Packets(packets, _NOTHING, np.zeros(0, np.uint8), later_fragments)
    layer_of = np.repeat(np.array([layer for layer, _ in beside], np.uint8), [len(at.row) for _, at in beside])
    others, order = _in_order(join([at for _, at in beside]))
    return Packets(packets, others, layer_of if order is None else layer_of[order], later_fragments)


def _in_order(at: Cursor) -> tuple[Cursor, NDArray[np.int64] | None]:
    """Packets that went different ways put back in frame order, and what order that is; None: they were."""
    if not (at.row[1:] < at.row[:-1]).any():
        return at, None
    order = np.argsort(at.row, kind="stable")
    return at.take(order), order


_ENDS = frozenset({Layer.VRRP, Layer.LATER_FRAGMENT})


def descend(
    block: Block,
    pending: dict[Layer, list[Cursor]],
    readers: Mapping[Layer, Callable[[Block, Cursor], Step]],
    ends: Collection[Layer],
) -> list[tuple[Layer, Cursor]]:
    """Read layer after layer from where the packets stand until each has reached one of `ends` or is given up.

    A layer that is no end and has no reader leads nowhere.
    """
    found: list[tuple[Layer, Cursor]] = []
    for _ in range(MAX_LAYERS):
        reached: dict[Layer, list[Cursor]] = {}
        for layer, cursors in pending.items():
            at = join(cursors)
            following, moved = readers[layer](block, at)
            following[moved.pos > moved.end] = Layer.DROP  # the header itself is not all there
            for kind, part in _split(following, moved):
                if kind in ends:
                    found.append((kind, part))
                elif kind in readers:
                    reached.setdefault(kind, []).append(part)
        pending = reached
        if not pending:
            break
    return found


def _first_layers(frames: Frames, rows: NDArray[np.int64]) -> dict[Layer, list[Cursor]]:
    """Cursors at the start of the frames, by what their link type says comes first."""
    pending: dict[Layer, list[Cursor]] = {}
    link = frames.link[rows]
    for number in _present(link):
        layer = links.LINK_TYPES.get(number)
        if layer is not None:
            pending.setdefault(layer, []).append(_start(frames, rows[link == number]))
    return pending


def _start(frames: Frames, rows: NDArray[np.int64]) -> Cursor:
    """A cursor at the first byte of the frames."""
    start, caplen = frames.start[rows], frames.caplen[rows]
    return _cursor(rows, start, start + caplen, start + np.maximum(frames.wirelen[rows], caplen))


def _cursor(rows: NDArray[np.int64], pos: NDArray[np.int64], end: NDArray[np.int64], real: NDArray[np.int64]) -> Cursor:
    """A cursor that has not passed any header yet."""
    size = len(rows)
    return Cursor(
        row=rows,
        pos=pos,
        end=end,
        real=real,
        mac=np.full(size, NO_MAC, np.uint64),
        ip=np.full(size, -1),
        ah=np.full(size, -1),
        six=np.zeros(size, np.bool_),
        fragment=np.zeros(size, np.bool_),
        tags=np.zeros((0, size), np.uint64),
    )


_NONE = np.zeros(0, np.int64)
_NOTHING = _cursor(_NONE, _NONE, _NONE, _NONE)


def _split(following: NDArray[np.uint8], at: Cursor) -> Iterator[tuple[Layer, Cursor]]:
    """The cursor in parts, one for each layer that follows; dropped frames are in none."""
    counts = np.bincount(following, minlength=1)
    for kind in np.flatnonzero(counts).tolist():
        if kind != Layer.DROP:
            whole = counts[kind] == len(following)
            yield Layer(kind), at if whole else at.take(np.flatnonzero(following == kind))


def _present(numbers: NDArray[np.uint16]) -> list[int]:
    """The distinct link types: nearly always one, which is found without sorting."""
    if len(numbers) == 0:
        return []
    if (numbers == numbers[0]).all():
        return [int(numbers[0])]
    return [int(number) for number in np.unique(numbers)]
