"""The last frames of a running capture, kept in memory: bounded in time and in bytes."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

    from vrrpscope.capture.frames import Frames

_ROW: Final = np.dtype(
    [(name, np.int64) for name in ("t", "number", "start", "caplen", "wirelen")]
    + [(name, np.uint16) for name in ("link", "interface")]
)
_DESCRIBED: Final = 36  # bytes of an Enhanced Packet Block beside the frame
_PIECE: Final = 256  # frames that come and go together
_OVERHEAD: Final = 512  # bytes that Python's objects around a piece take, about


class Held(NamedTuple):
    """One frame."""

    number: int  # in the running capture
    t: int
    place: tuple[int, int]  # interface and link type
    wirelen: int
    data: bytes


class _Piece(NamedTuple):
    rows: NDArray[np.void]
    data: bytes
    first: int  # times
    last: int

    @property
    def size(self) -> int:
        return self.rows.nbytes + len(self.data) + _OVERHEAD


class Ring:
    """The last frames.

    Args:
        memory: bytes they may take; the frames of the last batch are kept in any case.
        horizon: nanoseconds after which a frame is forgotten.
    """

    def __init__(self, memory: int, horizon: int) -> None:
        self._memory = memory
        self._horizon = horizon
        self._pieces: deque[_Piece] = deque()
        self.size = 0  # bytes

    def add(self, frames: Frames) -> None:
        """Keep a copy of a batch; forget what is too old or too much."""
        for begin in range(0, len(frames.t), _PIECE):
            piece = _piece(frames, slice(begin, begin + _PIECE))
            self._pieces.append(piece)
            self.size += piece.size
            self._trim(piece.last)

    def select(self, after: int, low: int, high: int, named: Collection[int] = ()) -> Iterator[Held]:
        """Yield frames in the order in which they came.

        Args:
            after: the number of the last one that is not wanted.
            low: the first time that is wanted.
            high: the last one.
            named: numbers that are wanted whatever their time.
        """
        numbers = np.array(sorted(named), np.int64)
        for rows, data, first, last in self._pieces:
            if rows["number"][-1] <= after:
                continue
            wanted = np.isin(rows["number"], numbers)
            if last >= low and first <= high:
                wanted |= (rows["t"] >= low) & (rows["t"] <= high)
            wanted &= rows["number"] > after
            for t, number, start, caplen, wirelen, link, interface in rows[wanted].tolist():
                yield Held(number, t, (interface, link), wirelen, data[start : start + caplen])

    def room_from(self, low: int, room: int) -> tuple[int, int]:
        """Return the first time from which all frames up to now fit into `room` bytes, and how many are before that.

        Args:
            low: no time before this one is looked for.
            room: bytes, with about what a file needs to describe a frame.
        """
        begin, before = low, 0
        for piece in reversed(self._pieces):
            if piece.last < low:
                break
            room -= len(piece.data) + _DESCRIBED * len(piece.rows)
            if room < 0:
                begin = max(begin, piece.last + 1)
                before += int(((piece.rows["t"] >= low) & (piece.rows["t"] < begin)).sum())
        return begin, before

    def _trim(self, now: int) -> None:
        """Forget what is too much, or too old; or from a time that has not come: the clock was set back."""
        pieces = self._pieces
        while len(pieces) > 1 and (
            self.size > self._memory or not now - self._horizon <= pieces[0].last <= now + self._horizon
        ):
            self.size -= pieces.popleft().size


def _piece(frames: Frames, part: slice) -> _Piece:
    rows = np.empty(len(frames.t[part]), _ROW)
    for name in ("t", "number", "caplen", "wirelen", "link", "interface"):
        rows[name] = getattr(frames, name)[part]
    view = frames.data.data
    rows["start"] = np.cumsum(rows["caplen"]) - rows["caplen"]
    spans = zip(frames.start[part].tolist(), rows["caplen"].tolist(), strict=True)
    data = b"".join(view[start : start + length] for start, length in spans)
    return _Piece(rows, data, int(rows["t"].min()), int(rows["t"].max()))
