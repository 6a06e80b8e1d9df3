"""Where records begin: the one part of reading a capture that cannot be vectorised outright.

Each record says only how long it is, so the next one's place is known when this one's header has been read. A
plain loop does that at about 0.1 µs a record. Captures of adverts alone, though, are long runs of records of
one length: there the next records are *guessed* to be as long as this one, and one gather verifies them all.
Guesses start small and double while they hold, and a failed one falls back to the loop for the rest of the
block, so a mixed capture pays next to nothing for them.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST_GUESS = 64  # records
LAST_GUESS = 1 << 16


class Layout(NamedTuple):
    """How a record tells its length: the number at `field`, rounded up to `align`, plus `extra`."""

    order: str  # "<" or ">"
    header: int  # bytes that must be there before the length can be trusted; no record is shorter
    field: int
    extra: int
    align: int = 1


class Walker:
    """Finds record boundaries for one layout in one buffer.

    Args:
        layout: where a record's length stands.
        buffer: what is walked.
        lengths: the number at every byte offset of `buffer`, unaligned, in the layout's byte order.
    """

    def __init__(self, layout: Layout, buffer: bytearray, lengths: NDArray[np.uint32]) -> None:
        self.layout = layout
        self._buffer = buffer
        self._lengths = lengths[layout.field :]
        self._unpack = struct.Struct(f"{layout.order}{layout.field}xI").unpack_from

    def walk(self, start: int, end: int) -> tuple[NDArray[np.int64], int]:
        """Indices of all records that lie wholly in `[start, end)`, and where the next one begins.

        Lengths are believed, not judged: a caller checks them afterwards, all at once. A length that does not
        lead forward ends the walk there.
        """
        runs, p = self._guess(start, end)
        rest, p = self._step(p, end)
        if not runs:
            return rest, p
        return np.concatenate([*runs, rest]), p

    def _guess(self, p: int, end: int) -> tuple[list[NDArray[np.int64]], int]:
        """Records in runs of equal length, and where the last run ended."""
        _, header, _, extra, align = self.layout
        runs: list[NDArray[np.int64]] = []
        size = FIRST_GUESS
        while p + header <= end:
            number = int(self._lengths[p])
            length = number + (-number & (align - 1)) + extra
            count = min((end - p) // length, size) if length >= header else 0
            if count < FIRST_GUESS:
                break
            places = np.arange(p, p + count * length, length)
            wrong = self._lengths[places] != number
            equal = int(wrong.argmax()) if wrong.any() else count
            runs.append(places[:equal])
            p += equal * length
            if equal < FIRST_GUESS // 2:
                break
            size = min(2 * size, LAST_GUESS) if equal == count else FIRST_GUESS
        return runs, p

    def _step(self, p: int, end: int) -> tuple[NDArray[np.int64], int]:
        """Records one by one."""
        unpack, buffer = self._unpack, self._buffer
        _, header, _, extra, align = self.layout
        last = end - header
        found: list[int] = []
        append = found.append
        if align == 1:
            while p <= last:
                append(p)
                p += unpack(buffer, p)[0] + extra
        else:
            up, mask = align - 1, -align
            while p <= last:
                length = (unpack(buffer, p)[0] + up & mask) + extra
                if length < header:
                    break
                append(p)
                p += length
        if p > end:
            p = found.pop()
        return np.array(found, dtype=np.int64), p
