"""A capture file as a `Source`: what it is, is told by its first bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

from vrrpscope.capture import pcap, pcapng
from vrrpscope.capture.frames import CaptureInfo, Frames
from vrrpscope.capture.pcapng_blocks import is_section_header
from vrrpscope.capture.stream import open_stream
from vrrpscope.capture.window import BLOCK, Window
from vrrpscope.errors import NotACaptureError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Reader(Protocol):
    """What reads one container format."""

    def batches(self) -> Iterator[Frames]:
        """Yield all frames."""
        ...


class FileSource:
    """One capture file, opened; implements `vrrpscope.capture.frames.Source`.

    It can be iterated once. `info` knows the format and compression from the start and grows while the file
    is read. The file is closed when the iteration ends, by `close()`, or at the end of a `with` block.
    """

    def __init__(self, path: str, name: str, *, block: int | None = None) -> None:
        self.info = CaptureInfo(name=name, path=path)
        self._stream = open_stream(path)
        self.info.compression = self._stream.compression
        try:
            self._window = Window(self._stream, self.info, block or BLOCK)
            self.reader = self._recognise()
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[Frames]:
        """Yield batches in file order; each is valid until the next is asked for."""
        try:
            yield from self.reader.batches()
        finally:
            self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. May be called again."""
        self._stream.close()

    @property
    def position(self) -> int:
        """Bytes of the file consumed so far, compressed bytes where it is compressed."""
        return self._stream.position

    @property
    def size(self) -> int | None:
        """Bytes of the file in all; None for a stream."""
        return self._stream.size

    def _recognise(self) -> Reader:
        window = self._window
        path = self.info.path
        window.ensure(pcap.FILE_HEADER)
        head = bytes(window.buffer[: min(window.hi, pcap.FILE_HEADER)])
        if not head:
            if self.info.compression:
                problem = self.info.problems[0].message if self.info.problems else "it unpacks to nothing"
                raise NotACaptureError(f"{path}: holds no capture: {problem}")
            raise NotACaptureError(f"{path}: is empty, so it holds no capture")
        if head[:4] in pcap.MAGICS:
            if len(head) < pcap.FILE_HEADER:
                raise NotACaptureError(f"{path}: is cut short inside its file header, so it holds no capture")
            return pcap.PcapReader(window, self.info)
        if is_section_header(head):
            return pcapng.PcapngReader(window, self.info)
        raise NotACaptureError(f"{path}: is not a capture (pcap, pcapng, or one of these compressed)")
