"""Headers and captures made by the column: NumPy rows in, a pcap file out.

A header is an array of shape `(n, bytes)`, one row a frame, made from a template and filled column by column.
`write` lays out a bounded number of records at a time: it fills the block with arbitrary bytes, which become
the payload, and then scatters the headers into their places.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Bytes = NDArray[np.uint8]
Numbers = NDArray[np.int64]

RECORD: Final = 16
BLOCK: Final = 50_000
"""Records laid out at a time: about 30 MB of mixed traffic."""

PCAP_HEADER: Final = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)
"""Little-endian, microseconds, Ethernet: what tcpdump writes on most machines."""


def rows(template: bytes, n: int) -> Bytes:
    """Return `n` copies of a template as rows."""
    return np.tile(np.frombuffer(template, np.uint8), (n, 1))


def put16(header: Bytes, at: int, values: Numbers | int) -> None:
    """Write a big-endian 16-bit column."""
    header[:, at] = np.right_shift(values, 8) & 0xFF
    header[:, at + 1] = np.bitwise_and(values, 0xFF)


def put32(header: Bytes, at: int, values: Numbers | int) -> None:
    """Write a big-endian 32-bit column."""
    put16(header, at, np.right_shift(values, 16))
    put16(header, at + 2, values)


def internet_sum(part: Bytes) -> Numbers:
    """Return the one's complement sum of each row (of even length), RFC 1071, not yet complemented."""
    words = part[:, 0::2].astype(np.int64) << 8 | part[:, 1::2]
    total: Numbers = words.sum(axis=1)
    for _ in range(2):
        total = (total & 0xFFFF) + (total >> 16)
    return total


def ipv4(header: Bytes, at: int, length: Numbers | int, source: Numbers | int, target: Numbers | int) -> None:
    """Finish the IPv4 headers at a column: total length, addresses and a correct checksum."""
    put16(header, at + 2, length)
    put32(header, at + 12, source)
    put32(header, at + 16, target)
    put16(header, at + 10, 0)
    put16(header, at + 10, internet_sum(header[:, at : at + 20]) ^ 0xFFFF)


def scatter(block: Bytes, starts: Numbers, header: Bytes) -> None:
    """Write each row of a header at its place in the block."""
    block[starts[:, None] + np.arange(header.shape[1])] = header


def write(
    path: Path,
    t: Numbers,
    lengths: Numbers,
    fill: Callable[[slice], list[tuple[Numbers, Bytes]]],
) -> None:
    """Write a capture, a block at a time.

    Args:
        path: where; written under a temporary name first, so that a file that is there is whole.
        t: nanoseconds since the epoch, one a frame, in order.
        lengths: bytes of each frame.
        fill: for a slice of the frames, the headers: which frames (counted from the slice's start), and a
            row for each.
    """
    pool = np.random.default_rng(1).integers(0, 256, 1 << 20, np.uint8)
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as out:
        out.write(PCAP_HEADER)
        for first in range(0, len(t), BLOCK):
            part = slice(first, min(first + BLOCK, len(t)))
            size = lengths[part] + RECORD
            starts = np.cumsum(size) - size
            block = np.resize(pool, int(size.sum()))
            record = np.empty((len(size), 4), "<u4")
            record[:, 0], record[:, 1] = np.divmod(t[part] // 1000, 1_000_000)
            record[:, 2] = record[:, 3] = lengths[part]
            scatter(block, starts, record.view(np.uint8))
            for which, header in fill(part):
                scatter(block, starts[which] + RECORD, header)
            out.write(block.data)
    unfinished.replace(path)
