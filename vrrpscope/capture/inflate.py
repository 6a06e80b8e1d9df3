"""Decompression with bounded memory: one `Codec` per member (gzip), frame (zstd, lz4) or stream (xz, bz2).

The standard library's bz2 and lzma decompressors and lz4's frame decompressor share one interface: bytes in,
at most `max_length` bytes out, `needs_input`, `eof`, `unused_data`. gzip and zstd are brought to that
interface here. What comes out of one call is bounded for each of them, whatever ratio a hostile file claims.

Each module is imported when its magic is seen and not before: most captures are plain, and start-up time is a
promise.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    import zlib
    from collections.abc import Callable

MAGICS: dict[str, tuple[bytes, ...]] = {
    "gzip": (b"\x1f\x8b",),
    "zstd": (b"\x28\xb5\x2f\xfd", *(bytes([0x50 + n]) + b"\x2a\x4d\x18" for n in range(16))),
    "lz4": (b"\x04\x22\x4d\x18",),
    "xz": (b"\xfd7zXZ\x00",),
    "bz2": (b"BZh",),
}
"""First bytes of each format. A zstd file may begin with a skippable frame (RFC 8878, section 3.1.2)."""

MAGIC_LENGTH = 6
MEMORY_LIMIT = 1 << 27  # 128 MiB: what the zstd command allows; `xz -9` needs half of it


class Codec(Protocol):
    """Decompresses one member; another codec takes over behind its end."""

    @property
    def eof(self) -> bool:
        """Whether the member is complete."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes out before more goes in."""
        ...

    @property
    def unused_data(self) -> bytes | None:
        """Input behind the member's end; lz4 says None for nothing."""
        ...

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take all of `data`, give at most about `max_length` bytes (never more than `max_length`)."""
        ...


def sniff(head: bytes) -> str | None:
    """Name the compression whose magic `head` begins with, or None."""
    return next((name for name, magics in MAGICS.items() if head.startswith(magics)), None)


def codec(compression: str) -> tuple[Callable[[], Codec], tuple[type[Exception], ...]]:
    """A factory of codecs for `compression`, and the exceptions that mean damaged data."""
    if compression == "gzip":
        import zlib  # noqa: PLC0415 - imported only when such a file is met

        return GzipCodec, (zlib.error,)
    if compression == "zstd":
        import zstandard  # noqa: PLC0415 - imported only when such a file is met

        return ZstdCodec, (zstandard.ZstdError,)
    if compression == "lz4":
        import lz4.frame  # noqa: PLC0415 - imported only when such a file is met

        return cast("Callable[[], Codec]", lz4.frame.LZ4FrameDecompressor), (RuntimeError, EOFError)
    if compression == "xz":
        import lzma  # noqa: PLC0415 - imported only when such a file is met

        def xz() -> Codec:
            return cast("Codec", lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=MEMORY_LIMIT))

        return xz, (lzma.LZMAError, EOFError)
    import bz2  # noqa: PLC0415 - imported only when such a file is met

    return cast("Callable[[], Codec]", bz2.BZ2Decompressor), (OSError, EOFError)


class GzipCodec:
    """One gzip member (RFC 1952), its checksum verified."""

    def __init__(self) -> None:
        import zlib  # noqa: PLC0415 - imported only when such a file is met

        self._error = zlib.error
        self._inflate = zlib.decompressobj(wbits=31)
        self._full = False
        self._failed: Exception | None = None
        self.eof = False

    @property
    def needs_input(self) -> bool:
        """False while output waits inside zlib or input waits behind a full output."""
        return not (self._full or self._inflate.unconsumed_tail or self._failed)

    @property
    def unused_data(self) -> bytes:
        """Input behind the member's end."""
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """See `Codec.decompress`.

        zlib gives nothing from a call that fails, and a wrong checksum fails the call that holds the file's
        last bytes. So a failed call is repeated byte by byte on a copy, and the failure raised with the call
        after.
        """
        if self._failed:
            raise self._failed
        data = self._inflate.unconsumed_tail + data
        before = self._inflate.copy()
        try:
            out = self._inflate.decompress(data, max_length)
        except self._error as error:
            self._failed = error
            return self._salvage(before, data, max_length)
        self._full = len(out) == max_length
        self.eof = self._inflate.eof
        return out

    def _salvage(self, inflate: zlib._Decompress, data: bytes, max_length: int) -> bytes:
        out = bytearray()
        try:
            for n in range(len(data)):
                out += inflate.decompress(data[n : n + 1], max_length - len(out))
                if len(out) >= max_length:
                    break
        except self._error:
            pass
        return bytes(out)


class ZstdCodec:
    """One zstd frame or skippable frame (RFC 8878, section 3.1), fed block by block.

    libzstd's own streaming interface in Python neither bounds what one call gives nor tells a frame cut short
    from a whole one. Walking the block headers gives both: a block holds at most 128 KiB, and the last one
    says so.
    """

    def __init__(self) -> None:
        import zstandard  # noqa: PLC0415 - imported only when such a file is met

        self._object = zstandard.ZstdDecompressor(max_window_size=MEMORY_LIMIT).decompressobj()
        self._in = bytearray()
        self._out = bytearray()
        self._skip = 0  # bytes of a skippable frame still to come
        self._state = "frame"  # or "block", "checksum", "skip", "end"
        self._checksum = False
        self.eof = False
        self.needs_input = True
        self.unused_data = b""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """See `Codec.decompress`."""
        self._in += data
        starved = False
        while len(self._out) < max_length and self._state != "end" and not starved:
            starved = not self._step()
        out = bytes(self._out[:max_length])
        del self._out[:max_length]
        self.needs_input = starved and not self._out
        if self._state == "end" and not self._out:
            self.eof = True
            self.unused_data = bytes(self._in)
        return out

    def _step(self) -> bool:
        """Take one unit (frame header, block, checksum, some of a skippable frame) if it is there."""
        if self._state == "skip":
            taken = min(self._skip, len(self._in))
            del self._in[:taken]
            self._skip -= taken
            if self._skip == 0:
                self._state = "end"
            return taken > 0 or self._skip == 0
        size, state = self._unit()
        if size == 0 or len(self._in) < size:
            return False
        unit = bytes(self._in[:size])
        del self._in[:size]
        self._state = state
        if state != "skip":
            self._out += self._object.decompress(unit)
        return True

    def _unit(self) -> tuple[int, str]:
        """Length of the unit at the front of the input (0: too little to tell), and the state behind it."""
        data = self._in
        if self._state == "checksum":
            return 4, "end"
        if self._state == "block":
            if len(data) < 3:
                return 0, "block"
            header = int.from_bytes(data[:3], "little")
            last, kind, size = header & 1, header >> 1 & 3, header >> 3
            # A run-length block (kind 1) is one byte, whatever length it stands for.
            after = ("checksum" if self._checksum else "end") if last else "block"
            return 3 + (1 if kind == 1 else size), after
        if len(data) < 8:
            return 0, "frame"
        magic, self._skip = struct.unpack_from("<II", data)
        if magic & 0xFFFFFFF0 == 0x184D2A50:
            return 8, "skip"
        descriptor = data[4]
        single = descriptor >> 5 & 1
        content = (single, 2, 4, 8)[descriptor >> 6]
        self._checksum = bool(descriptor & 4)
        return 5 + (1 - single) + (0, 1, 2, 4)[descriptor & 3] + content, "block"
