"""A capture read whole, its frames copied out of their batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vrrpscope.capture import PADDING, CaptureInfo, Frames, open_source

if TYPE_CHECKING:
    from pathlib import Path


class Read(NamedTuple):
    """One frame."""

    number: int
    t: int
    frame: bytes
    wirelen: int
    link: int
    interface: int


def unpack(frames: Frames) -> list[Read]:
    """The frames of one batch, after checking what every batch promises."""
    lengths = {len(column) for column in frames[1:]}
    assert len(lengths) == 1
    dtypes = [column.dtype.name for column in frames]
    assert dtypes == ["uint8", "int64", "int64", "int64", "int64", "uint16", "uint16", "int64"]
    if len(frames.t):
        assert int((frames.start + frames.caplen).max()) + PADDING <= len(frames.data)
        assert int(frames.start.min()) >= 0
        assert int(frames.caplen.min()) >= 0
    columns = (column.tolist() for column in frames[1:])
    return [
        Read(number, t, frames.data[start : start + caplen].tobytes(), wirelen, link, interface)
        for start, caplen, wirelen, t, link, interface, number in zip(*columns, strict=True)
    ]


def read(path: Path | str, *, block: int | None = None) -> tuple[list[Read], CaptureInfo]:
    """All frames of a capture, and what it says about itself."""
    with open_source(str(path), block=block) as source:
        found = [frame for frames in source for frame in unpack(frames)]
        assert source.info.frames == len(found)
        if source.size is not None:
            assert source.position <= source.size
        return found, source.info
