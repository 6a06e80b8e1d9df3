"""Many adverts at once: from packets that carry VRRP to columns of ADVERT.

Column for column what `vrrpscope.wire.vrrp.Advert.parse` says of one advert, and held to it by a property
test; read that first, the comments there are not repeated. The columns come from two gathers: the eight bytes
that every advert begins with, as one number, and a window over the whole advert. What is rare
(authentication, odd lengths) is worked out for the rows that have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vrrpscope.wire.authentication import CiscoDigest, HmacTrailer
from vrrpscope.wire.checksum import message_sums, range_sums
from vrrpscope.wire.columns import Auth, Checksum, Flag
from vrrpscope.wire.judge import judge
from vrrpscope.wire.vrrp import AUTH_DATA, AUTH_TYPES, CENTISECOND, CISCO_AUTH_TYPE, HEADER, SECOND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.wire.cursor import Cursor
    from vrrpscope.wire.gather import Block
    from vrrpscope.wire.ip import IpHeaders
    from vrrpscope.wire.values import Values

_WINDOWS = (64, 128, 256)
_FIRST_BYTES = ~(np.uint64(2**64 - 1) >> (8 * np.arange(9, dtype=np.uint64)).clip(0, 63))
_FIRST_BYTES[8] = 2**64 - 1
_AUTH = np.full(256, Auth.UNKNOWN, np.uint8)
for _number, _auth in AUTH_TYPES.items():
    _AUTH[_number] = _auth


def heads(block: Block, at: Cursor) -> NDArray[np.uint64]:
    """The first eight bytes of each message as a number; bytes that were not captured are 0."""
    head = block.be64(at.pos)
    captured = at.end - at.pos
    if len(captured) and captured.min() < HEADER:
        head &= _FIRST_BYTES[np.minimum(captured, HEADER)]
    return head


def readable(head: NDArray[np.uint64], at: Cursor) -> NDArray[np.bool_]:
    """Which of the packets can be read as an advert at all: the rest is MALFORMED."""
    first = head >> 56
    good: NDArray[np.bool_] = ((first == 0x21) | (first == 0x31)) & (at.end - at.pos >= HEADER)
    return good


def unreadable_columns(block: Block, at: Cursor, head: NDArray[np.uint64]) -> dict[str, NDArray[np.generic]]:
    """The columns of packets that cannot be read as an advert: the little that can be known.

    They name no secret: only what is compared gets an id, in the order in which adverts name it.
    """
    captured, length = at.end - at.pos, at.real - at.pos
    version, packet_type = head >> 60, (head >> 56) & 15
    flags = np.full(len(head), Flag.MALFORMED, np.uint32)
    _add(flags, captured < length, Flag.TRUNCATED)
    _add(flags, at.fragment, Flag.FRAGMENT)
    _add(flags, (length < HEADER) & ~at.fragment, Flag.SHORT)
    _add(flags, (captured >= HEADER) & (version != 2) & (version != 3), Flag.UNKNOWN_VERSION)
    _add(flags, (captured >= HEADER) & (packet_type != 1), Flag.UNKNOWN_TYPE)
    auth = np.full(len(head), Auth.NONE, np.uint8)
    secrets = _Secrets.none(len(head))
    ah_seq = np.full(len(head), -1)
    _add_ah(block, at, auth, secrets, ah_seq)
    return {
        "auth": auth,
        "ah_seq": ah_seq,
        "flags": flags,
    }


class _Shape(NamedTuple):
    """How long the parts of the adverts are, in bytes from their first."""

    captured: NDArray[np.int64]
    length: NDArray[np.int64]  # by the IP header
    addresses_end: NDArray[np.int64]
    expected: NDArray[np.int64]
    cut: NDArray[np.bool_]  # the rest is unknown

    @classmethod
    def of(cls, head: NDArray[np.uint64], at: Cursor) -> _Shape:
        """The shape of adverts with these heads."""
        captured, length = at.end - at.pos, at.real - at.pos
        addresses_end = (((head >> 32) & 0xFF).astype(np.int64) << np.where(at.six, 4, 2)) + HEADER
        with_data = (head >> 60 == 2) & ~at.six
        return cls(
            captured,
            length,
            addresses_end,
            addresses_end + AUTH_DATA * with_data,
            at.fragment | (captured < length),
        )


def columns(
    block: Block, at: Cursor, ip: IpHeaders, head: NDArray[np.uint64], values: Values
) -> dict[str, NDArray[np.generic]]:
    """The columns of readable adverts that only their message tells."""
    shape = _Shape.of(head, at)
    is_v2 = head >> 60 == 2
    low = head >> 16
    flags = np.zeros(len(head), np.uint32)
    _add(flags, shape.captured < shape.length, Flag.TRUNCATED)
    _add(flags, at.fragment, Flag.FRAGMENT)
    _add(flags, ((head >> 48) & 0xFF) == 0, Flag.VRID_ZERO)
    _add(flags, shape.addresses_end == HEADER, Flag.NO_ADDRESSES)
    _add(flags, ~is_v2 & (low & 0xF000 > 0), Flag.RESERVED_BITS)

    auth_type = np.where(is_v2, (low >> 8) & 0xFF, 0)
    auth = _AUTH[auth_type]
    secrets = _Secrets.none(len(head))
    simple = np.flatnonzero((auth == Auth.SIMPLE) & (shape.expected > shape.addresses_end))
    simple = simple[shape.captured[simple] >= shape.expected[simple]]
    secrets.put(simple, at.pos[simple] + shape.addresses_end[simple], AUTH_DATA)
    ah_seq = np.full(len(head), -1)
    covered = shape.length.copy()
    odd = np.flatnonzero(shape.length != shape.expected)
    if len(odd):
        _explain(block, at, shape, odd, _Columns(auth_type, auth, secrets, ah_seq, covered, flags))
    _add_ah(block, at, auth, secrets, ah_seq)

    covered = np.minimum(covered, shape.captured)
    words = block.words(at.pos, _window(covered))
    sums = message_sums(block, words, at.pos, covered)
    checksum = judge(sums, covered, is_v2, ip, at.six)
    again = np.flatnonzero((checksum == Checksum.BAD) & ((flags & Flag.TRAILING) > 0))
    if len(again):
        pos, expected = at.pos[again], shape.expected[again]
        sums = range_sums(block, pos, expected)
        checksum[again] = judge(sums, expected, is_v2[again], ip.take(again), at.six[again])
    checksum[shape.cut] = Checksum.UNKNOWN
    _add(flags, checksum == Checksum.BAD, Flag.BAD_CHECKSUM)
    return {
        "interval": np.where(is_v2, (low & 0xFF) * SECOND, (low & 0xFFF) * CENTISECOND),
        "addresses": values.addresses(block, words[:, HEADER // 4 :], at, _listed(shape, at.six)),
        "auth": auth,
        "secret": values.secrets(block, secrets.at, secrets.size),
        "checksum": checksum,
        "ah_seq": ah_seq,
        "flags": flags,
    }


class _Columns(NamedTuple):
    """What `_explain` reads (`auth_type`) and completes in place (the rest)."""

    auth_type: NDArray[np.uint64]
    auth: NDArray[np.uint8]
    secrets: _Secrets
    ah_seq: NDArray[np.int64]
    covered: NDArray[np.int64]  # bytes the checksum covers
    flags: NDArray[np.uint32]


class _Secrets(NamedTuple):
    """Where in the block each advert's secret lies, and its size; 0 without one."""

    at: NDArray[np.int64]
    size: NDArray[np.int64]

    @classmethod
    def none(cls, rows: int) -> _Secrets:
        return cls(np.zeros(rows, np.int64), np.zeros(rows, np.int64))

    def put(self, rows: NDArray[np.int64], at: NDArray[np.int64], size: int) -> None:
        self.at[rows] = at
        self.size[rows] = size


def _explain(
    block: Block,
    at: Cursor,
    shape: _Shape,
    odd: NDArray[np.int64],
    known: _Columns,
) -> None:
    """Say of adverts whose length is not the expected one why that is."""
    pos, expected, length = at.pos[odd], shape.expected[odd], shape.length[odd]
    extra = length - expected
    # A trailer's first twelve bytes (fourteen of Cisco's) must be there to know it.
    seen = shape.captured[odd] - expected
    rest = pos + np.where(seen > 0, expected, 0)
    mark = block.be32(rest)
    is_cisco = (known.auth_type[odd] == CISCO_AUTH_TYPE) & ~at.six[odd]
    md5 = is_cisco & (extra == CiscoDigest.LENGTH) & (seen >= 14) & (mark >> 16 == CiscoDigest.MARK)
    hmac = (extra == HmacTrailer.LENGTH) & (seen >= 12) & (mark & 0xFF00FFFF == 0x01000000)

    short = (extra < 0) & ~at.fragment[odd]
    bare = length == shape.addresses_end[odd]
    unexplained = (extra > 0) & ~md5 & ~hmac & ~shape.cut[odd]
    known.flags[odd[short & bare]] |= np.uint32(Flag.NO_AUTH_DATA)
    known.flags[odd[short & ~bare]] |= np.uint32(Flag.SHORT)
    known.flags[odd[unexplained]] |= np.uint32(Flag.TRAILING)

    known.auth[odd[md5]] = Auth.MD5
    known.secrets.put(odd[md5], rest[md5] + 10, 4)
    known.auth[odd[hmac]] = Auth.HMAC
    known.secrets.put(odd[hmac], rest[hmac] + 1, 1)
    known.ah_seq[odd[hmac]] = (block.be64(rest[hmac] + 4) & HmacTrailer.SEQUENCE).astype(np.int64)
    beside = odd[hmac & ~at.six[odd]]  # over IPv6 the kernel sums the trailer too
    known.covered[beside] = shape.expected[beside]


def _add_ah(block: Block, at: Cursor, auth: NDArray[np.uint8], secrets: _Secrets, ah_seq: NDArray[np.int64]) -> None:
    """Complete the columns of adverts behind an authentication header, in place."""
    rows = np.flatnonzero(at.ah >= 0)
    if len(rows):
        auth[rows] = Auth.AH
        secrets.put(rows, at.ah[rows] + 4, 4)
        ah_seq[rows] = block.be32(at.ah[rows] + 8)


def _listed(shape: _Shape, six: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Bytes of the address list to be read: whole addresses, and none where the list was cut."""
    listed = shape.addresses_end - HEADER
    missing = shape.captured < shape.addresses_end
    if missing.any():
        there = (shape.captured - HEADER) & np.where(six, -16, -4)
        listed = np.where(missing, np.where(shape.cut, 0, there), listed)
    return listed


def _window(covered: NDArray[np.int64]) -> int:
    """The smallest window that holds every advert, those aside that none holds."""
    reach = int(covered[covered <= _WINDOWS[-1]].max(initial=0))
    return next(width for width in _WINDOWS if width >= reach)


def _add(flags: NDArray[np.uint32], where: NDArray[np.bool_], flag: Flag) -> None:
    """Set a flag in place; cheap where no row has it, the usual case."""
    if where.any():
        flags[where] |= np.uint32(flag)
