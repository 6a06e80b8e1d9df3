"""A sliding window over a stream: one buffer, reused, of the block just read and what was carried over.

Readers work with indices into the buffer. `refill(keep)` forgets everything before index `keep`, moves the
rest to the front and reads once more, so every index shrinks by `keep`. The window is the only memory a
capture costs, whatever lengths it claims.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar, overload

import numpy as np

from vrrpscope.capture.frames import PADDING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.capture.frames import CaptureInfo
    from vrrpscope.capture.stream import Inflated, Stream

Order = Literal["<", ">"]
"""Byte order: little or big end first."""

N = TypeVar("N", bound="np.unsignedinteger")

BLOCK = 1 << 22
"""Bytes read at a time: large enough that the work per batch vanishes, small enough for the processor's cache."""

LOOKAHEAD = 1 << 20
"""Bytes that can be had in one piece, whatever the block size: the longest record, and
what it takes to find the next good one behind damage."""


class Window:
    """Bytes `[0, hi)` of `buffer` are those of the stream from offset `base` on.

    `data` is the same memory as uint8, with PADDING readable bytes behind `hi`.
    """

    def __init__(self, stream: Stream | Inflated, info: CaptureInfo, block: int = BLOCK) -> None:
        self.stream = stream
        self.buffer = bytearray(block + 2 * LOOKAHEAD + PADDING)
        self.data: NDArray[np.uint8] = np.frombuffer(self.buffer, np.uint8)
        self.hi = 0
        self.base = 0
        self.ended = False
        self._info = info
        self._block = block
        self._view = memoryview(self.buffer)

    def refill(self, keep: int) -> bool:
        """Forget what lies before `keep` and read once; False when the stream has ended."""
        if keep:
            left = self.hi - keep
            self._view[:left] = self._view[keep : self.hi]
            self.hi = left
            self.base += keep
        if not self.ended:
            room = min(self._block, len(self.buffer) - PADDING - self.hi)
            got = self.stream.readinto(self._view[self.hi : self.hi + room])
            self.hi += got
            if got == 0 and room:
                self.ended = True
                if problem := self.stream.problem:
                    self._info.note(problem.message, offset=problem.offset)
        return not self.ended

    def ensure(self, count: int) -> None:
        """Read until the window holds `count` bytes (at most 2 LOOKAHEAD) or the stream ends."""
        while self.hi < count and self.refill(0):
            pass

    @overload
    def column(self, order: Order, shift: int = 0) -> NDArray[np.uint32]: ...

    @overload
    def column(self, order: Order, shift: int = 0, *, dtype: type[N]) -> NDArray[N]: ...

    def column(
        self, order: Order, shift: int = 0, *, dtype: type[np.unsignedinteger] = np.uint32
    ) -> NDArray[np.unsignedinteger]:
        """The numbers at every byte offset of the buffer: item `p` is the one at index `p + shift`.

        Neither aligned nor bounded by `hi`; the caller asks only for offsets it knows to be filled.

        Args:
            order: byte order, "<" or ">".
            shift: bytes to look ahead.
            dtype: width of the numbers.
        """
        ordered = np.dtype(dtype).newbyteorder(order)
        count = len(self.buffer) - ordered.itemsize + 1 - shift
        return np.ndarray((count,), ordered, self.buffer, shift, (1,))


def note_batch(info: CaptureInfo, count: int, t: NDArray[np.int64]) -> None:
    """Add a batch of `count` frames to what the capture says about itself; `t` are the times that are known."""
    info.frames += count
    if len(t):
        first, last = int(t.min()), int(t.max())
        info.first = first if info.first is None else min(info.first, first)
        info.last = last if info.last is None else max(info.last, last)
