"""The IP headers around VRRP messages: who sent, to whom, and what the sender's stack wrote into the header.

Read only for packets that carry VRRP, after the walk. Addresses are pairs of 64-bit numbers, so that both
families fit the same columns; IPv4 uses the low one alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vrrpscope.wire.checksum import fold, halves, range_sums
from vrrpscope.wire.columns import Destination
from vrrpscope.wire.vrrp import GROUPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.wire.cursor import Cursor
    from vrrpscope.wire.gather import Block

GROUP_IPV4 = int.from_bytes(GROUPS[4], "big")
GROUP_IPV6_HI, GROUP_IPV6_LO = (int.from_bytes(half, "big") for half in (GROUPS[6][:8], GROUPS[6][8:]))


class IpHeaders(NamedTuple):
    """Columns of one row per packet; the names are those of ADVERT."""

    src_hi: NDArray[np.uint64]
    src_lo: NDArray[np.uint64]
    dst_hi: NDArray[np.uint64]
    dst_lo: NDArray[np.uint64]
    destination: NDArray[np.uint8]  # Destination
    ttl: NDArray[np.uint8]
    tos: NDArray[np.uint8]
    df: NDArray[np.uint8]
    ip_id: NDArray[np.int32]
    damaged: NDArray[np.bool_]  # the IPv4 header checksum is wrong

    def take(self, which: NDArray[np.int64]) -> IpHeaders:
        """Some of the rows."""
        return IpHeaders(
            src_hi=self.src_hi[which],
            src_lo=self.src_lo[which],
            dst_hi=self.dst_hi[which],
            dst_lo=self.dst_lo[which],
            destination=self.destination[which],
            ttl=self.ttl[which],
            tos=self.tos[which],
            df=self.df[which],
            ip_id=self.ip_id[which],
            damaged=self.damaged[which],
        )

    def merge(self, other: IpHeaders, place: NDArray[np.int64]) -> IpHeaders:
        """The rows of both in a new order: row i is row `place[i]` of the two joined."""
        return IpHeaders(
            src_hi=np.concatenate([self.src_hi, other.src_hi])[place],
            src_lo=np.concatenate([self.src_lo, other.src_lo])[place],
            dst_hi=np.concatenate([self.dst_hi, other.dst_hi])[place],
            dst_lo=np.concatenate([self.dst_lo, other.dst_lo])[place],
            destination=np.concatenate([self.destination, other.destination])[place],
            ttl=np.concatenate([self.ttl, other.ttl])[place],
            tos=np.concatenate([self.tos, other.tos])[place],
            df=np.concatenate([self.df, other.df])[place],
            ip_id=np.concatenate([self.ip_id, other.ip_id])[place],
            damaged=np.concatenate([self.damaged, other.damaged])[place],
        )


def read_headers(block: Block, at: Cursor) -> IpHeaders:
    """The IP headers of these packets."""
    if not at.six.any():
        return _read_ipv4(block, at.ip)
    if at.six.all():
        return _read_ipv6(block, at.ip)
    four, six = np.flatnonzero(~at.six), np.flatnonzero(at.six)
    place = np.empty(len(at.six), np.int64)
    place[np.concatenate([four, six])] = np.arange(len(place))
    return _read_ipv4(block, at.ip[four]).merge(_read_ipv6(block, at.ip[six]), place)


def read_ends(
    block: Block, at: Cursor
) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]:
    """Source and destination alone, each as its high and its low number."""
    ends = block.be64(at.ip + 12)
    nothing = np.zeros_like(ends)
    columns = {8: nothing, 16: ends >> np.uint64(32), 24: nothing, 32: ends & np.uint64(0xFFFFFFFF)}
    if at.six.any():  # by where they stand in IPv6
        columns = {offset: np.where(at.six, block.be64(at.ip + offset), four) for offset, four in columns.items()}
    return columns[8], columns[16], columns[24], columns[32]


def _read_ipv4(block: Block, ip: NDArray[np.int64]) -> IpHeaders:
    head = block.be32(ip)
    middle = block.be64(ip + 4)  # identification, flags and offset, TTL, protocol, checksum
    ends = block.be64(ip + 12)  # source, destination
    source = ends >> 32
    towards = ends & 0xFFFFFFFF
    nothing = np.zeros(len(ip), np.uint64)
    destination = np.full(len(ip), Destination.UNICAST, np.uint8)
    destination[(towards >= 0xE0000000) & ((towards < 0xF0000000) | (towards == 0xFFFFFFFF))] = Destination.OTHER
    destination[towards == GROUP_IPV4] = Destination.MULTICAST
    sums = fold(head + halves(middle) + halves(ends))
    options = ((head >> 24).astype(np.int64) & 15) * 4 - 20
    if options.any():
        sums = fold(sums + range_sums(block, ip + 20, options))
    return IpHeaders(
        nothing,
        source.astype(np.uint64),
        nothing,
        towards.astype(np.uint64),
        destination,
        ttl=((middle >> 24) & 0xFF).astype(np.uint8),
        tos=((head >> 16) & 0xFF).astype(np.uint8),
        df=((middle >> 46) & 1).astype(np.uint8),
        ip_id=(middle >> 48).astype(np.int32),
        # Offloading leaves the field empty in packets captured on their sender.
        damaged=(sums != 0xFFFF) & ((middle & 0xFFFF) != 0),
    )


def _read_ipv6(block: Block, ip: NDArray[np.int64]) -> IpHeaders:
    size = len(ip)
    src_hi, src_lo, dst_hi, dst_lo = (block.be64(ip + offset) for offset in (8, 16, 24, 32))
    destination = np.where(dst_hi >> 56 == 0xFF, Destination.OTHER, Destination.UNICAST).astype(np.uint8)
    destination[(dst_hi == GROUP_IPV6_HI) & (dst_lo == GROUP_IPV6_LO)] = Destination.MULTICAST
    return IpHeaders(
        src_hi,
        src_lo,
        dst_hi,
        dst_lo,
        destination,
        ttl=block.u8(ip + 7),
        tos=(block.be16(ip) >> 4).astype(np.uint8),
        df=np.zeros(size, np.uint8),
        ip_id=np.full(size, -1, np.int32),
        damaged=np.zeros(size, np.bool_),
    )
