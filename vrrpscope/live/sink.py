"""One pcapng file that grows while the capture runs, and what happens when it cannot.

Packets gather in memory and go to the file by `flush`, at least every half second; as one write, so that a file whose
writer was killed lacks half a second at most. A write that fails, half done or not at all, is taken back: the file
ends with a whole packet at any time, and what gathers waits for the next try. How much may wait is for the
caller to bound.

A file is made for its owner alone (mode 0600), as dumpcap makes them: adverts of VRRP version 2 carry their password in
clear, and other frames who knows what. It is made, never written over: a capture is evidence.
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
from typing import TYPE_CHECKING, Final

from vrrpscope import __version__
from vrrpscope.capture import pcapng_blocks as blocks
from vrrpscope.capture.deflate import LAST, Deflate
from vrrpscope.capture.write import END, PcapngWriter, block, comment, option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vrrpscope.live.durable import Durable

MAX_WAITING: Final = 8 << 20
"""Bytes of packets that may wait for a disk."""

INTERVAL: Final = 500_000_000
"""Nanoseconds from one flush to the next."""

_IF_DROP: Final = 5  # isb_ifdrop
_SYNC_EVERY: Final = 1_000_000_000


class Sink:
    """One growing pcapng file.

    Args:
        name: its path; compressed if it ends with `.zst`.
        interfaces: the names of the capture's interfaces.
        durable: who sees that it gets to the disk.
        remark: what the file is to say about itself.
    """

    def __init__(self, name: str, interfaces: Sequence[str], durable: Durable, *, remark: str = "") -> None:
        self.name = name
        self.last = 0  # time of the last packet
        self.frames = 0  # in the file
        self.held = 0  # frames that wait
        self._file: io.FileIO | None = None
        self._durable = durable
        self._synced = 0
        self._end = 0  # of what is in the file for good
        self._deflate = Deflate() if name.endswith(".zst") else None
        self._waiting = io.BytesIO()
        self._writer = PcapngWriter(self._waiting, comment=remark, application=f"vrrpscope {__version__}")
        self._interfaces = interfaces
        self._described: dict[tuple[int, int], int] = {}  # by the capture's number of it and its link type

    @property
    def is_made(self) -> bool:
        """Whether the file is there."""
        return self._file is not None

    @property
    def waiting(self) -> int:
        """Bytes that are not yet in the file."""
        return self._waiting.tell()

    @property
    def size(self) -> int:
        """Bytes the file has, and will have soon; how far those compress is not known before."""
        return self._end + (len(LAST) if self._deflate else self.waiting)

    def packet(self, place: tuple[int, int], t: int, data: bytes | memoryview, wirelen: int, text: str = "") -> None:
        """Take one frame; it is in the file after the next flush.

        Args:
            place: the number of its interface within the capture, and its LINKTYPE_ number.
            t: its time, nanoseconds since the epoch.
            data: the bytes captured.
            wirelen: the bytes it had on the wire.
            text: a comment.
        """
        number = self._described.get(place)
        if number is None:
            interface, link = place
            name = self._interfaces[interface] if interface < len(self._interfaces) else ""
            number = self._described[place] = self._writer.interface(link, name=name)
        self.last = t
        self.held += 1
        self._writer.packet(number, max(t, 0), data, wirelen, text)

    def open(self) -> None:
        """Make the file, if that is still to be done.

        Raises:
            FileExistsError: there is one of that name.
            OSError: it cannot be made.
        """
        if self._file is None:
            self._file = io.FileIO(self.name, "x", opener=_for_the_owner)
            self._durable.want_directory(os.path.dirname(self.name) or ".")

    def flush(self) -> None:
        """Put into the file what waits.

        Raises:
            FileExistsError: there is one of that name; nothing was written.
            OSError: it could not be written, and still waits.
        """
        self.open()
        if self._file is None or not self.waiting:
            return
        data = self._waiting.getvalue()
        chunk = self._deflate.chunk(data) if self._deflate else data
        try:
            self._append(self._file, chunk)
        except OSError:
            self._take_back(self._file)
            raise
        if self._deflate:
            self._deflate.taken()
        self._end += len(chunk) - (len(LAST) if self._deflate else 0)
        self.frames, self.held = self.frames + self.held, 0
        self._waiting.seek(0)
        self._waiting.truncate()
        if abs(self.last - self._synced) >= _SYNC_EVERY:
            self._synced = self.last
            self._durable.want(self._file.fileno())

    def close(self, *, dropped: int | None = None, remark: str = "") -> None:
        """Say at its end what is not in it, flush and close.

        Args:
            dropped: frames that should be in it and are not, of all interfaces together.
            remark: a last word.

        Raises:
            OSError: it could not be written to its end; it is closed all the same.
        """
        if self._described and (dropped is not None or remark):
            options = b"" if dropped is None else option(_IF_DROP, struct.pack("<Q", dropped))
            t = max(self.last, 0)
            head = struct.pack("<III", 0, t >> 32, t & 0xFFFFFFFF)
            self._waiting.write(block(blocks.STATISTICS, head + comment(remark) + options + END))
        try:
            self.flush()
        finally:
            if self._file is not None:
                self._durable.want(self._file.fileno())
                self._file.close()

    def _append(self, file: io.FileIO, chunk: bytes) -> None:
        """Write a chunk where the file ends for good; the file may take less at a time."""
        file.seek(self._end)
        view = memoryview(chunk)
        while view:
            view = view[file.write(view) or 0 :]

    def _take_back(self, file: io.FileIO) -> None:
        """Leave the file as it was before a write that failed, as far as that can be done."""
        with contextlib.suppress(OSError):
            if self._deflate and self._end:
                file.seek(self._end)
                file.write(LAST)
                file.truncate(self._end + len(LAST))
            else:
                file.truncate(self._end)
        if self._deflate:
            self._deflate.lost()


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
