"""Which form of the VRRP checksum each of many adverts fits; the scalar form is `vrrp._judge_checksum`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vrrpscope.wire.checksum import fold, halves
from vrrpscope.wire.columns import Checksum, Destination
from vrrpscope.wire.ip import GROUP_IPV4
from vrrpscope.wire.vrrp import PROTOCOL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.wire.ip import IpHeaders


def judge(
    sums: NDArray[np.uint64],
    covered: NDArray[np.int64],
    is_v2: NDArray[np.bool_],
    ip: IpHeaders,
    six: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """The Checksum of each advert.

    Args:
        sums: folded one's complement sum of the bytes covered, checksum included.
        covered: how many bytes that were.
        is_v2: VRRPv2; it has no pseudo-header over IPv4.
        ip: the IP headers, for the pseudo-header.
        six: the IP header is IPv6.
    """
    fits = sums == 0xFFFF
    plain = is_v2 & ~six
    if plain.all():
        return np.where(fits, np.uint8(Checksum.PLAIN), np.uint8(Checksum.BAD))
    tail = sums + covered.astype(np.uint64) + np.uint64(PROTOCOL)
    source = halves(ip.src_hi) + halves(ip.src_lo)
    with_pseudo = fold(tail + source + halves(ip.dst_hi) + halves(ip.dst_lo)) == 0xFFFF
    forms = np.full(len(sums), Checksum.BAD, np.uint8)
    forms[fits & ~six] = Checksum.PLAIN
    forms[with_pseudo & ~plain] = Checksum.PSEUDO
    rest = np.flatnonzero((forms == Checksum.BAD) & ~six & ~is_v2 & (ip.destination == Destination.UNICAST))
    if len(rest):
        towards_group = fold(tail[rest] + source[rest] + np.uint64(GROUP_IPV4)) == 0xFFFF
        forms[rest[towards_group]] = Checksum.MULTICAST_PSEUDO
    return forms
