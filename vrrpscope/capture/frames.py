"""The one shape in which captured frames travel: `Frames`, a bounded batch of equal-length columns.

A *source* reads one capture and yields batches. Nothing is copied per frame: `data` is the block that was
read, and the columns say where in it each frame lies. The block is only valid until the next batch is asked
for, because sources reuse their buffer; whoever wants to keep bytes copies them.

What a capture says about itself (name, link types, first and last time, drops, damage) stands in its
`CaptureInfo`, which the source fills as it reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray


class Frames(NamedTuple):
    """One batch of frames in file order.

    `data` is a C-contiguous uint8 array with at least `PADDING` readable bytes behind the last frame; all
    other fields are arrays of one length.
    """

    data: NDArray[np.uint8]
    start: NDArray[np.int64]  # where in data a frame begins
    caplen: NDArray[np.int64]  # bytes captured
    wirelen: NDArray[np.int64]  # bytes on the wire
    t: NDArray[np.int64]  # nanoseconds since the epoch, UTC
    link: NDArray[np.uint16]  # LINKTYPE_ number, as in the file
    interface: NDArray[np.uint16]  # index of the interface within the capture
    number: NDArray[np.int64]  # Wireshark's frame.number: from 1 over all frames of the file


PADDING = 256
"""Bytes a source guarantees to be readable in `Frames.data` behind the end of the last frame, so that a
decoder may gather a fixed header window for each frame without looking at its length first. What lies there
is arbitrary."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Damage survived: where it is, and what it means for the reader. Offset and frame are None if unknown."""

    offset: int | None
    frame: int | None
    message: str


@dataclass(slots=True)
class CaptureInfo:
    """What one capture says about itself; filled by its source while it is read."""

    name: str
    path: str
    format: str = "pcap"  # or "pcapng"
    compression: str | None = None  # "gzip", "zstd", "lz4", "xz", "bz2"
    link_types: list[str] = field(default_factory=list)  # tcpdump's names, in order of appearance
    frames: int = 0
    first: int | None = None  # earliest and latest time of any frame, nanoseconds since the epoch
    last: int | None = None
    dropped: int | None = None  # frames the capture itself says it lost
    problems: list[Problem] = field(default_factory=list)
    problems_omitted: int = 0  # damage beyond MAX_PROBLEMS is counted, not kept

    def note(self, message: str, *, offset: int | None = None, frame: int | None = None) -> None:
        """Keep a problem, bounded: a hostile file cannot make us remember without end."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(offset, frame, message))
        else:
            self.problems_omitted += 1


MAX_PROBLEMS = 100


class Source(Protocol):
    """One capture being read: iterate it for `Frames`; an empty batch is a heartbeat."""

    info: CaptureInfo

    def __iter__(self) -> Iterator[Frames]:
        """Yield batches in file order until the capture ends."""
        ...

    @property
    def position(self) -> int:
        """Bytes of the file consumed so far (compressed bytes where compressed), for a progress bar."""
        ...

    @property
    def size(self) -> int | None:
        """Bytes of the file in all; None for a stream."""
        ...
