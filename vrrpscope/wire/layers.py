"""The walk through the layers: from frames to the packets that carry IP protocol 112.

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
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from vrrpscope.capture.frames import Frames
    from vrrpscope.wire.gather import Block

MAX_LAYERS = 16
"""Headers walked before a frame is given up: Ethernet, two tags, IP, UDP, VXLAN and the same again would
fit."""


class Packets(NamedTuple):
    """What the walk found: cursors before VRRP headers in frame order, and what it had to leave out."""

    found: Cursor
    later_fragments: int


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


def walk(block: Block, frames: Frames, rows: NDArray[np.int64]) -> Packets:
    """Walk the frames with these indices (ascending) to their VRRP headers."""
    pending = _first_layers(frames, rows)
    found: list[Cursor] = []
    later_fragments = 0
    for _ in range(MAX_LAYERS):
        reached: dict[Layer, list[Cursor]] = {}
        for layer, cursors in pending.items():
            at = join(cursors)
            following, moved = _READERS[layer](block, at)
            following[moved.pos > moved.end] = Layer.DROP  # the header itself is not all there
            for kind, part in _split(following, moved):
                reached.setdefault(kind, []).append(part)
        found += reached.pop(Layer.VRRP, [])
        later_fragments += sum(len(cursor.row) for cursor in reached.pop(Layer.LATER_FRAGMENT, []))
        pending = reached
        if not pending:
            break
    packets = join(found) if found else _start(frames, rows[:0])
    if (packets.row[1:] < packets.row[:-1]).any():  # frames that went different ways were joined
        packets = packets.take(np.argsort(packets.row, kind="stable"))
    return Packets(packets, later_fragments)


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
    start = frames.start[rows]
    size = len(rows)
    return Cursor(
        row=rows,
        pos=start,
        end=start + frames.caplen[rows],
        real=start + np.maximum(frames.wirelen[rows], frames.caplen[rows]),
        mac=np.full(size, NO_MAC, np.uint64),
        ip=np.full(size, -1),
        ah=np.full(size, -1),
        six=np.zeros(size, np.bool_),
        fragment=np.zeros(size, np.bool_),
        tags=np.zeros((0, size), np.uint64),
    )


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
