"""Bytes of a file or of standard input, decompressed by content, in bounded reads.

`Stream.readinto` fills what it is given as far as it can and never holds more than a chunk of its own. What
the file is compressed with is told by its first bytes, never by its name, so standard input works the same;
the bytes looked at are not lost. Members one behind the other (`cat a.gz b.gz`, `pigz`, `zstd` with several
frames) are one stream.

A stream ends and never fails: when data are cut short or damaged, all that came before is delivered and
`Stream.problem` says where the file broke. Only opening can fail.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from vrrpscope.capture.frames import Problem
from vrrpscope.capture.inflate import MAGIC_LENGTH, Codec, codec, sniff
from vrrpscope.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK = 1 << 16  # compressed bytes read at a time

STDIN = "-"


class Stream:
    """A file's bytes as they are."""

    compression: str | None = None

    def __init__(self, fd: int, *, owned: bool) -> None:
        self._fd = fd
        self._owned = owned
        self._head = b""
        status = os.fstat(fd)
        self.regular = stat.S_ISREG(status.st_mode)
        self.size: int | None = status.st_size if self.regular else None
        self.position = 0  # bytes of the file consumed, compressed where it is compressed
        self.problem: Problem | None = None

    def peek(self, count: int) -> bytes:
        """The first `count` bytes, or fewer if there are no more; they will still be read."""
        head = bytearray(count)
        have = 0
        while have < count and (got := self._read(memoryview(head)[have:])):
            have += got
        self._head = bytes(head[:have])
        return self._head

    def readinto(self, view: memoryview) -> int:
        """Fill `view` as far as one read goes; 0 means the end."""
        taken = min(len(self._head), len(view))
        if taken:
            view[:taken] = self._head[:taken]
            self._head = self._head[taken:]
            self.position += taken
            if not self.regular:  # what is there must not wait for what is not
                return taken
        got = self._read(view[taken:]) if len(view) > taken else 0
        self.position += got
        return taken + got

    def close(self) -> None:
        """Close the file, unless it is standard input. May be called again."""
        if self._owned and self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def __del__(self) -> None:
        self.close()

    def _read(self, view: memoryview) -> int:
        if self._fd < 0:
            return 0
        try:
            return os.readv(self._fd, [view])
        except OSError as error:
            self.problem = Problem(self.position, None, f"reading failed at byte {self.position:,}: {error.strerror}")
            return 0


class Inflated:
    """The bytes a compressed stream stands for."""

    def __init__(self, raw: Stream, compression: str) -> None:
        self._raw = raw
        self.compression: str | None = compression
        self.regular = raw.regular
        self.size = raw.size
        self._make: Callable[[], Codec]
        self._make, self._errors = codec(compression)
        self._codec: Codec | None = self._make()
        self._pending = b""
        self._chunk = bytearray(CHUNK)
        self._ended = False
        self.problem: Problem | None = None

    @property
    def position(self) -> int:
        """Compressed bytes consumed."""
        return self._raw.position

    def readinto(self, view: memoryview) -> int:
        """Fill `view` (for a pipe: with what is there); 0 means the end."""
        filled = 0
        while filled < len(view) and not self._ended:
            if self._codec is None and not self._next_member():
                break
            out = self._step(len(view) - filled)
            view[filled : filled + len(out)] = out
            filled += len(out)
            if filled and not self.regular:
                break
        return filled

    def close(self) -> None:
        """Close the file, unless it is standard input. May be called again."""
        self._raw.close()

    def _step(self, room: int) -> bytes:
        """Run the codec once."""
        current = self._codec
        if current is None:
            return b""
        if current.needs_input and not self._pending and not self._more():
            self._end("ends early: the file seems cut short")
            return b""
        data, self._pending = self._pending, b""
        try:
            out = current.decompress(data, room)
        except self._errors as error:
            self._end(f"is damaged ({error})")
            return b""
        if current.eof:
            self._pending = current.unused_data or b""
            self._codec = None
        return out

    def _next_member(self) -> bool:
        """Start on the next member, over zero padding; False at the end of the file."""
        while True:
            self._pending = self._pending.lstrip(b"\0")
            if not self._pending:
                if not self._more():
                    self._ended = True
                    return False
                continue
            if len(self._pending) >= MAGIC_LENGTH or not self._more():
                break
        if sniff(self._pending) != self.compression:
            self._end("is followed by other bytes, which are not used")
            return False
        self._codec = self._make()
        return True

    def _more(self) -> bool:
        """Read another chunk behind what is pending; False at the end of the file."""
        got = self._raw.readinto(memoryview(self._chunk))
        self._pending += bytes(memoryview(self._chunk)[:got])
        return got > 0

    def _end(self, what: str) -> None:
        self._ended = True
        offset = self.position - len(self._pending)
        self.problem = self._raw.problem or Problem(
            offset, None, f"{self.compression} data {what} (at or before byte {offset:,} of the file)"
        )


def open_stream(path: str) -> Stream | Inflated:
    """Open `path` ("-" is standard input) and see through its compression.

    Raises:
        CaptureError: missing, a directory, or not ours to read.
    """
    if path == STDIN:
        try:
            os.fstat(0)
        except OSError as error:
            raise CaptureError("-: standard input is closed") from error
        raw = Stream(0, owned=False)
    else:
        try:
            raw = Stream(os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0)), owned=True)
        except OSError as error:
            raise CaptureError(f"{path}: cannot be opened: {error.strerror}") from error
        except ValueError as error:  # a NUL in the name
            raise CaptureError(f"{path!r}: is no file name") from error
        if os.path.isdir(path):
            raw.close()
            raise CaptureError(f"{path}: is a directory")
    compression = sniff(raw.peek(MAGIC_LENGTH))
    return Inflated(raw, compression) if compression else raw
