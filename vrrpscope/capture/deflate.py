"""Compression of a file that grows: whole at every moment, whatever becomes of who writes it.

A zstd frame (RFC 8878, section 3.1.1) is a header and blocks, of which the last one says that it is the last:

    header | block | block | … | 01 00 00

An empty last block is three bytes. So each chunk is flushed to a block's end and followed by one, and the chunk after
it is written over it. What was learnt from all before still helps to compress; and the file can be read to its end by
anybody, while it grows or after its writer was killed. A frame written so has no checksum.

After a chunk that did not reach the disk the blocks behind it could not be read, as they refer to it: another frame
begins, behind the last block of the one before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import zstandard

LAST: Final = b"\x01\x00\x00"
"""An empty raw block that is its frame's last."""

_LEVEL: Final = 3


class Deflate:
    """Turns chunks of bytes into chunks of a zstd file."""

    def __init__(self) -> None:
        self._frame: zstandard.ZstdCompressionObj | None = None
        self._begun = False  # whether there is a frame in the file

    def chunk(self, data: bytes) -> bytes:
        """Return what to write over the last `LAST`, or at the file's begin; it ends with another one."""
        import zstandard  # noqa: PLC0415 - imported only when such a file is written

        before = b""
        if self._frame is None:
            self._frame = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False).compressobj()
            before = LAST if self._begun else b""
        packed = self._frame.compress(data) + self._frame.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        return before + packed + LAST

    def taken(self) -> None:
        """Say that the chunk is in the file."""
        self._begun = True

    def lost(self) -> None:
        """Say that the chunk is not in the file."""
        self._frame = None
