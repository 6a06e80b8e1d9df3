"""Reading numbers at arbitrary places of a block of bytes, many at once.

A capture is one long block in which each row (a frame, a packet) starts somewhere. To read a field of all
rows at once, the block is seen as an array of overlapping numbers, one starting at every byte, and that array
is indexed with the rows' positions: no copy of the block, no loop, a few nanoseconds a row.

Nothing here checks bounds of packets. The caller keeps every position at or before the captured end of its
frame, and `vrrpscope.capture.frames.PADDING` promises that what is read behind it exists.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Positions: TypeAlias = NDArray[np.int64]


class Block:
    """A block of bytes, readable at any position in network byte order."""

    __slots__ = ("_be16", "_be32", "_be64", "data")

    def __init__(self, data: NDArray[np.uint8]) -> None:
        self.data = data
        self._be16 = _overlapping(data, ">u2")
        self._be32 = _overlapping(data, ">u4")
        self._be64 = _overlapping(data, ">u8")

    def u8(self, at: Positions) -> NDArray[np.uint8]:
        """The byte at each position."""
        return self.data[at]

    def be16(self, at: Positions) -> NDArray[np.uint16]:
        """The two-byte number at each position."""
        return self._be16[at].astype(np.uint16)

    def be32(self, at: Positions) -> NDArray[np.uint32]:
        """The four-byte number at each position."""
        return self._be32[at].astype(np.uint32)

    def be64(self, at: Positions) -> NDArray[np.uint64]:
        """The eight-byte number at each position."""
        return self._be64[at].astype(np.uint64)

    def words(self, at: Positions, width: int) -> NDArray[np.uint32]:
        """The `width` bytes from each position on as a matrix (rows, width / 4) of little-endian words.

        Little-endian because the one's complement sum and hashing do not care, and it saves the swap.
        """
        if len(at) == 0:
            return np.zeros((0, width // 4), np.uint32)
        rows = _overlapping(self.data, f"V{width}")[at]
        return rows.view("<u4").reshape(len(at), width // 4).astype(np.uint32, copy=False)

    def bytes(self, at: int, length: int) -> bytes:
        """The bytes of one row, for code that reads one advert at a time."""
        return self.data[at : at + length].tobytes()


def _overlapping(data: NDArray[np.uint8], dtype: str) -> NDArray[np.generic]:
    """`data` as the array of all numbers of that dtype in it, one starting at every byte."""
    kind = np.dtype(dtype)
    count = max(len(data) - kind.itemsize + 1, 0)
    return np.ndarray((count,), kind, data.data, 0, (1,))
