"""The sieve: which frames are worth walking, judged by two fields of each.

A switch port's capture is nearly all something else. On link types that name their content, the type number
and the IP protocol byte are enough to drop it, so those two are gathered for all frames and looked up in one
table. Of UDP the port is looked at too, of ICMP the type, and tags are looked through; anything not understood
here is kept, because the walk judges it properly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vrrpscope.wire.cursor import Layer
from vrrpscope.wire.layers import NEIGHBOURS
from vrrpscope.wire.links import ETHERTYPES
from vrrpscope.wire.neighbours import is_of_use
from vrrpscope.wire.network import IPV4_PROTOCOLS, IPV6_PROTOCOLS, VXLAN_PORTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.capture.frames import Frames
    from vrrpscope.wire.gather import Block

_BLOCK = 1 << 16
"""Frames sifted at once: as many as keep the intermediate arrays in the processor's cache."""

_TYPED_LINKS: dict[int, tuple[int, int]] = {
    1: (12, 14),  # Ethernet: where the type is, and where what it names begins
    113: (14, 16),  # SLL
    276: (0, 20),  # SLL2
}

_DROP, _KEEP, _UDP, _ICMP, _TAGGED = range(5)
_MAX_TAGS = 3


def sift(block: Block, frames: Frames, *, neighbours: bool = False) -> NDArray[np.int64]:
    """Indices of the frames that may hold an advert or, if wanted, a sighting, ascending."""
    verdicts = _WITH_NEIGHBOURS if neighbours else _ADVERTS_ONLY
    kept = [
        start + _sift(block, frames.start[start : start + _BLOCK], frames.link[start : start + _BLOCK], verdicts)
        for start in range(0, len(frames.start), _BLOCK)
    ]
    return np.concatenate(kept) if kept else np.zeros(0, np.int64)


def _sift(
    block: Block, start: NDArray[np.int64], link: NDArray[np.uint16], verdicts: NDArray[np.uint8]
) -> NDArray[np.int64]:
    first = int(link[0])
    if first in _TYPED_LINKS and (link == first).all():
        return np.flatnonzero(_promising(block, start, *_TYPED_LINKS[first], verdicts))
    keep = np.ones(len(start), np.bool_)
    for number, (type_at, content_at) in _TYPED_LINKS.items():
        rows = np.flatnonzero(link == number)
        keep[rows] = _promising(block, start[rows], type_at, content_at, verdicts)
    return np.flatnonzero(keep)


def _promising(
    block: Block,
    start: NDArray[np.int64],
    type_at: int,
    content_at: int,
    verdicts: NDArray[np.uint8],
    *,
    tags: int = 0,
) -> NDArray[np.bool_]:
    """Whether each frame may hold something of use, given where its type field and its content are."""
    layers = ETHERTYPES[block.be16(start + type_at)]
    protocols = block.u8(start + _PROTOCOL_AT[layers] + content_at)
    verdict = verdicts[layers.astype(np.uint16) << 8 | protocols]
    keep: NDArray[np.bool_] = verdict == _KEEP
    udp = np.flatnonzero(verdict == _UDP)
    if len(udp):
        keep[udp] = _to_vxlan(block, _behind_ip(block, start[udp] + content_at, layers[udp]))
    rest = np.flatnonzero(verdict > _UDP)
    if len(rest) == 0:
        return keep
    icmp, tagged = (rest[verdict[rest] == kind] for kind in (_ICMP, _TAGGED))
    if len(icmp):
        six = layers[icmp] == Layer.IPV6
        keep[icmp] = is_of_use(six, block.u8(_behind_ip(block, start[icmp] + content_at, layers[icmp])))
    if len(tagged) and tags < _MAX_TAGS:
        # A tag begins where the content was expected: two bytes of its own, then the type under it.
        under = _promising(block, start[tagged], content_at + 2, content_at + 4, verdicts, tags=tags + 1)
        keep[tagged] = under
    else:
        keep[tagged] = True
    return keep


def _behind_ip(block: Block, ip: NDArray[np.int64], layers: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Where the content of IP packets begins, IPv6 extension headers not looked at."""
    return ip + np.where(layers == Layer.IPV4, (block.u8(ip) & 15).astype(np.int64) << 2, 40)


def _to_vxlan(block: Block, udp: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether UDP packets go to a VXLAN port."""
    port = block.be16(udp + 2)
    found: NDArray[np.bool_] = (port == VXLAN_PORTS[0]) | (port == VXLAN_PORTS[1])
    return found


def _verdicts(*, neighbours: bool) -> NDArray[np.uint8]:
    """What to do with a frame, by Layer (times 256) and IP protocol byte."""
    verdicts = np.full((max(Layer) + 1, 256), _KEEP, np.uint8)
    dropped = [Layer.DROP] if neighbours else [Layer.DROP, *NEIGHBOURS]
    verdicts[dropped] = _DROP
    verdicts[Layer.VLAN] = _TAGGED
    for layer, protocols in ((Layer.IPV4, IPV4_PROTOCOLS), (Layer.IPV6, IPV6_PROTOCOLS)):
        verdicts[layer] = np.where(np.isin(protocols, dropped), _DROP, _KEEP)
        verdicts[layer, 17] = _UDP
        if neighbours:
            verdicts[layer, np.isin(protocols, (Layer.ICMP, Layer.ICMPV6))] = _ICMP
    return verdicts.ravel()


_ADVERTS_ONLY = _verdicts(neighbours=False)
_WITH_NEIGHBOURS = _verdicts(neighbours=True)
_PROTOCOL_AT = np.zeros(max(Layer) + 1, np.int64)
_PROTOCOL_AT[[Layer.IPV4, Layer.IPV6]] = 9, 6
