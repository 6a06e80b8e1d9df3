"""The Internet checksum (RFC 1071), one packet at a time and many at once.

A packet is sound if the one's complement sum of its two-byte words, checksum included, is 0xffff. The sum may
be taken in either byte order and in wider words as long as the carries are folded back in at the end, which
is why the vectorised helpers add little-endian four-byte words: folded, swapped, the result is the same.

VRRP's checksum comes in several forms, see `vrrpscope.wire.columns.Checksum`. RFC 3768 section 5.3.8: over
the VRRP message alone. RFC 5798 section 5.2.8: with a pseudo-header, which its authors meant for IPv6 and
keepalived, FRR and MikroTik took for IPv4 too; Cisco, Juniper and RFC 9568 section 5.2.8 leave it out for
IPv4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.wire.gather import Block


def ones_complement_sum(data: bytes) -> int:
    """The 16-bit one's complement sum of `data`, padded with a zero byte if odd: the readable form."""
    total = sum(int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big") for at in range(0, len(data), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def pseudo_header(source: bytes, destination: bytes, length: int, protocol: int = 112) -> bytes:
    """What the checksum covers beyond the message.

    RFC 793 section 3.1 for IPv4, RFC 8200 section 8.1 for IPv6. The two differ in layout only; their sums
    come from the same numbers.
    """
    if len(source) == 4:
        return source + destination + bytes([0, protocol]) + length.to_bytes(2, "big")
    return source + destination + length.to_bytes(4, "big") + bytes([0, 0, 0, protocol])


def halves(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """64-bit words as the sum of their two 32-bit halves: fit to be added up without overflow."""
    return (numbers & 0xFFFFFFFF) + (numbers >> 32)


def fold(sums: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Wide sums brought back to 16 bits, carries added in."""
    sums = (sums & 0xFFFFFFFF) + (sums >> 32)
    sums = (sums & 0xFFFF) + (sums >> 16)
    sums = (sums & 0xFFFF) + (sums >> 16)
    return (sums & 0xFFFF) + (sums >> 16)


def swapped(sums: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Folded sums taken in the other byte order."""
    return ((sums & np.uint64(0xFF)) << np.uint64(8)) | (sums >> np.uint64(8))


def message_sums(
    block: Block, words: NDArray[np.uint32], start: NDArray[np.int64], length: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Sums of messages of `length` bytes that begin at `start`, folded, big-endian.

    `words` is the window over the messages (see `Block.words`); messages longer than it are summed apart.
    """
    width = 4 * words.shape[1]
    long = np.flatnonzero(length > width)
    if len(long) == 0:
        return _window_sums(words, length)
    sums = _window_sums(words, np.where(length > width, 0, length))
    sums[long] = range_sums(block, start[long], length[long])
    return sums


def _window_sums(words: NDArray[np.uint32], length: NDArray[np.int64]) -> NDArray[np.uint64]:
    sums = np.zeros(len(words), np.uint64)
    if len(words) == 0:
        return sums
    shared = int(length.min()) // 4
    for column in range(shared):
        sums += words[:, column]
    rows = np.flatnonzero(length > 4 * shared)
    for column in range(shared, words.shape[1]):
        left = length[rows] - 4 * column
        if len(rows) == 0:
            break
        sums[rows] += words[rows, column] & _FIRST_BYTES[np.minimum(left, 4)]
        rows = rows[left > 4]
    return swapped(fold(sums))


_FIRST_BYTES = np.array([0, 0xFF, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF], np.uint32)


def range_sums(block: Block, start: NDArray[np.int64], length: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Sums of ranges of any length, folded, big-endian: through one window, those too long for it one by one."""
    if len(start) == 0 or not length.any():
        return np.zeros(len(start), np.uint64)
    short = np.where(length > _WINDOW, 0, length)
    sums = _window_sums(block.words(start, _WINDOW), short)
    for row in np.flatnonzero(length > _WINDOW).tolist():
        sums[row] = _long_sum(block.data[start[row] : start[row] + length[row]])
    return sums


_WINDOW = 64


def _long_sum(data: NDArray[np.uint8]) -> int:
    """The sum of one long range. Big jumbo frames make it worth an array operation of its own."""
    whole = len(data) & ~3
    total = int(data[:whole].view("<u4").sum(dtype=np.uint64)) + int.from_bytes(data[whole:].tobytes(), "little")
    return int(swapped(fold(np.array([total], np.uint64)))[0])
