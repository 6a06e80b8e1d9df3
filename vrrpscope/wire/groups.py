"""Who wants to hear VRRP: IGMP (RFC 1112, 2236, 3376) and MLD (RFC 2710, 3810) about 224.0.0.18 and ff02::12.

Of reports and leaves those of the VRRP groups are read, of queries also the general ones. The two protocols
are one: MLD is IGMP with ICMPv6's type numbers and longer addresses.

    +---------------+---------------+-------------------------------+
    |     Type      | Max Resp Code |           Checksum            |
    +---------------+---------------+-------------------------------+
    |          MLD: Maximum Response Delay, Reserved                |
    +---------------------------------------------------------------+
    |                        Group Address                          |
    +---------------------------------------------------------------+

Version 3 (MLD: 2) queries go on behind that; its reports list any number of groups:

    +---------------+---------------+-------------------------------+
    |     Type      |               |           Checksum            |
    +---------------+---------------+-------------------------------+
    |                               |       Number of Records       |
    +---------------+---------------+-------------------------------+
    |  Record Type  | Aux Data Len  |       Number of Sources       |
    +---------------+---------------+-------------------------------+
    |     Group Address, sources, auxiliary data (4-byte words)     |
    +---------------------------------------------------------------+
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from vrrpscope.wire.columns import NO_MAC, Kind
from vrrpscope.wire.ip import GROUP_IPV4, GROUP_IPV6_HI, GROUP_IPV6_LO, read_ends

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.wire.cursor import Cursor
    from vrrpscope.wire.gather import Block

MAX_RECORDS: Final = 256
"""Records of one report that are looked at; an Ethernet frame holds 183."""

RECORDS_AT: Final = 8
MODE_IS_INCLUDE, CHANGE_TO_INCLUDE, LAST_RECORD_TYPE = 1, 3, 6


class Protocol(NamedTuple):
    """What IGMP and MLD differ in."""

    family: int
    query: int
    reports: dict[int, int]  # type: version
    leave: int
    leave_version: int
    list_report: int
    list_version: int
    group: tuple[int, int]  # as address_hi and address_lo
    size: int  # bytes of an address
    group_at: int
    longer: int  # least length of a query of the list version

    @property
    def types(self) -> list[int]:
        """The message types there are."""
        return [self.query, *self.reports, self.leave, self.list_report]


IGMP: Final = Protocol(4, 0x11, {0x12: 1, 0x16: 2}, 0x17, 2, 0x22, 3, (0, GROUP_IPV4), 4, 4, 12)
MLD: Final = Protocol(6, 130, {131: 1}, 132, 1, 143, 2, (GROUP_IPV6_HI, GROUP_IPV6_LO), 16, 8, 28)


def igmp(block: Block, at: Cursor) -> dict[str, NDArray[np.generic]]:
    """The columns of IGMP messages."""
    return _columns(block, at, IGMP)


def mld(block: Block, at: Cursor) -> dict[str, NDArray[np.generic]]:
    """The columns of MLD messages."""
    return _columns(block, at, MLD)


def _columns(block: Block, at: Cursor, protocol: Protocol) -> dict[str, NDArray[np.generic]]:
    message = block.u8(at.pos)
    kind, version, code = (np.zeros(len(message), np.uint8) for _ in range(3))
    hi, lo = _group(block, at.pos + protocol.group_at, protocol)
    whole = at.end - at.pos >= protocol.group_at + protocol.size
    ours = whole & (hi == protocol.group[0]) & (lo == protocol.group[1])

    for number, reported in protocol.reports.items():
        version[message == number] = reported
        kind[(message == number) & ours] = Kind.REPORT
    version[message == protocol.leave] = protocol.leave_version
    kind[(message == protocol.leave) & ours] = Kind.LEAVE

    lists = np.flatnonzero((message == protocol.list_report) & (at.end - at.pos >= RECORDS_AT))
    version[lists] = protocol.list_version
    code[lists], kind[lists] = _find_record(block, at.pos[lists], at.end[lists], protocol)

    queries = np.flatnonzero((message == protocol.query) & (ours | (whole & (hi == 0) & (lo == 0))))
    code[queries] = block.u8(at.pos[queries] + 1)
    version[queries] = _query_version(at.real[queries] - at.pos[queries], code[queries], protocol)
    kind[queries] = Kind.QUERY * (version[queries] > 0)

    general = kind == Kind.QUERY
    src_hi, src_lo, dst_hi, dst_lo = read_ends(block, at)
    return {
        "kind": kind,
        "family": np.full(len(kind), protocol.family, np.uint8),
        "type": message,
        "code": code,
        "version": version,
        "address_hi": np.where(general, hi, np.uint64(protocol.group[0])),
        "address_lo": np.where(general, lo, np.uint64(protocol.group[1])),
        "src_hi": src_hi,
        "src_lo": src_lo,
        "other_hi": dst_hi,
        "other_lo": dst_lo,
        "mac": np.full(len(kind), NO_MAC, np.uint64),
    }


def _group(block: Block, at: NDArray[np.int64], protocol: Protocol) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The address at each position as its high and its low number."""
    if protocol.size == 4:
        return np.zeros(len(at), np.uint64), block.be32(at).astype(np.uint64)
    return block.be64(at), block.be64(at + 8)


def _query_version(length: NDArray[np.int64], code: NDArray[np.uint8], protocol: Protocol) -> NDArray[np.uint8]:
    """Version of queries by their length (RFC 3376 section 7.1, RFC 3810 section 8.1); 0: none, to be ignored."""
    version = np.where(length >= protocol.longer, protocol.list_version, 0).astype(np.uint8)
    version[length == protocol.group_at + protocol.size] = protocol.list_version - 1
    if protocol is IGMP:
        version[(version == 2) & (code == 0)] = 1
    return version


def _find_record(
    block: Block, pos: NDArray[np.int64], end: NDArray[np.int64], protocol: Protocol
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Type of the first record about the VRRP group in each report, and what it means; 0 where there is none."""
    found, kind = np.zeros(len(pos), np.uint8), np.zeros(len(pos), np.uint8)
    count = block.be16(pos + 6)
    rows, at = np.arange(len(pos)), pos + RECORDS_AT
    for number in range(MAX_RECORDS):
        there = (count[rows] > number) & (at + 4 + protocol.size <= end[rows])
        if not there.any():
            break
        rows, at = rows[there], at[there]
        head = block.be32(at)
        record, sources = (head >> 24).astype(np.uint8), (head & 0xFFFF).astype(np.int64)
        hi, lo = _group(block, at + 4, protocol)
        ours = (hi == protocol.group[0]) & (lo == protocol.group[1]) & (record > 0) & (record <= LAST_RECORD_TYPE)
        # To want it from no source is not to want it.
        without = ((record == MODE_IS_INCLUDE) | (record == CHANGE_TO_INCLUDE)) & (sources == 0)
        found[rows[ours]] = record[ours]
        kind[rows[ours]] = np.where(without, Kind.LEAVE, Kind.REPORT)[ours]
        length = 4 + protocol.size * (1 + sources) + (((head >> 16) & 0xFF).astype(np.int64) << 2)
        rows, at = rows[~ours], at[~ours] + length[~ours]
    return found, kind
