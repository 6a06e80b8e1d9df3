"""A capture once more, as pcapng, with comments at some of its frames; all else stays as it was.

The capture is read as for an analysis, a window at a time, so a frame has the same number, and what is copied is
what was used: behind damage as far as the capture can be read.

**pcap** becomes one section with one interface whose clock ticks as the file's did: microseconds stay
microseconds.

**pcapng** is copied block by block, in its own byte order, interfaces, names and statistics included. A packet
that gets a comment keeps its options, other comments too. Changed are only lengths: of a commented packet's
block, of sections (from here on unknown, -1), of packets that claim more bytes than they have. Left out is what
no reader could use: packets of interfaces that nobody described. A Simple Packet Block holds no comment.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from vrrpscope.capture import pcapng_blocks as blocks
from vrrpscope.capture.files import open_source
from vrrpscope.capture.pcap import PcapReader
from vrrpscope.capture.pcapng import PcapngReader
from vrrpscope.capture.write import END, PcapngWriter, comment, section

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

    from numpy.typing import NDArray

    from vrrpscope.capture.frames import CaptureInfo
    from vrrpscope.capture.pcapng_packets import Rows
    from vrrpscope.capture.source import FileSource
    from vrrpscope.capture.window import Order

_OF_UNIT: Final = {1: 9, 1000: 6}  # nanoseconds a tick: if_tsresol
_SHORTEST_INTERFACE: Final = 20


class Copied(NamedTuple):
    """What became of a capture that was copied."""

    info: CaptureInfo
    commented: int  # frames
    unusable: int  # packets left out, so that all behind them have lower numbers
    refused: int  # comments that had no place


def rewrite(path: str, out: BinaryIO, comments: Mapping[int, str], *, title: str, application: str) -> Copied:
    """Copy a capture with comments.

    Args:
        path: pcap or pcapng, plain or compressed; not standard input, unless nobody read it before.
        out: where the pcapng goes.
        comments: by frame number.
        title: the comment on the whole: on the first section.
        application: what writes it, where the capture does not say so itself.

    Raises:
        CaptureError: it cannot be read or is no capture.
        OSError: `out` cannot be written.
    """
    with open_source(path) as source:
        if isinstance(source.reader, PcapngReader):
            copier = _Blocks(source.reader, out, comments, title)
            for _ in source:
                pass
            copier.finish()
            return Copied(source.info, copier.commented, copier.unusable, copier.refused)
        commented = _records(source, comments, PcapngWriter(out, comment=title, application=application))
        return Copied(source.info, commented, 0, 0)


def _records(source: FileSource, comments: Mapping[int, str], writer: PcapngWriter) -> int:
    """Write the records of a pcap file as packets; return how many have a comment."""
    reader = source.reader
    if not isinstance(reader, PcapReader):
        raise TypeError(type(reader))
    unit = reader.unit
    writer.interface(reader.link, snaplen=reader.snaplen, resolution=_OF_UNIT[unit], fcs=reader.fcs)
    commented = 0
    for frames in source:
        view = frames.data.data
        columns = (frames.start, frames.caplen, frames.wirelen, frames.t // unit, frames.number)
        for start, caplen, wirelen, ticks, number in zip(*(c.tolist() for c in columns), strict=True):
            text = comments.get(number, "")
            commented += bool(text)
            writer.packet(0, ticks, view[start : start + caplen], wirelen, text)
    return commented


class _Blocks:
    """Copies the blocks that a reader finds."""

    def __init__(self, reader: PcapngReader, out: BinaryIO, comments: Mapping[int, str], title: str) -> None:
        self.commented = 0
        self.unusable = 0
        self.refused = 0
        reader.tap = self.copy
        self._reader = reader
        self._sections = 0  # written, of those that the reader has entered
        self._out = out
        self._comments = comments
        self._numbers = np.array(sorted(comments), np.int64)
        self._title = title

    def copy(self, buffer: bytearray, order: Order, found: NDArray[np.int64], rows: Rows | None) -> None:
        """Write whole blocks, changing the few that must be; they lie one behind the other."""
        if not len(found):
            return
        u32 = struct.Struct(order + "I")
        view = memoryview(buffer)
        if self._sections < self._reader.sections:
            self._sections = self._reader.sections
            if u32.unpack_from(view, int(found[0]))[0] != blocks.SECTION:  # it was entered, but is damaged itself
                self._out.write(self._section(section(order=order), order))
        changed = self._changed(view, u32, found, rows)
        at = int(found[0])
        for place in sorted(changed):
            self._out.write(view[at:place])
            self._out.write(changed[place])
            at = place + _length(view, u32, place)
        last = int(found[-1])
        self._out.write(view[at : last + _length(view, u32, last)])

    def finish(self) -> None:
        """Make it a capture even where nothing could be copied."""
        if not self._sections:
            self._out.write(self._section(section(), "<"))

    def _changed(
        self, view: memoryview, u32: struct.Struct, found: NDArray[np.int64], rows: Rows | None
    ) -> dict[int, bytes]:
        """Return by place what stands there instead."""
        order: Order = "<" if u32.format.startswith("<") else ">"
        kind = np.ndarray((len(view) - 3,), order + "u4", view, 0, (1,))[found]
        changed: dict[int, bytes] = {}
        for place in found[kind == blocks.SECTION].tolist():
            changed[place] = self._section(bytes(view[place : place + _length(view, u32, place)]), order)
        for place in found[kind == blocks.INTERFACE].tolist():
            if u32.unpack_from(view, place + 4)[0] < _SHORTEST_INTERFACE:
                changed[place] = b""
        packets = found[(kind == blocks.ENHANCED) | (kind == blocks.PACKET) | (kind == blocks.SIMPLE)]
        usable = np.zeros(0, np.int64) if rows is None else rows.place
        for place in packets[~np.isin(packets, usable)].tolist():
            changed[place] = b""
            self.unusable += 1
        if rows is not None:
            told = np.isin(rows.number, self._numbers)
            for row in np.flatnonzero(told & rows.simple).tolist():
                self.refused += bool(self._comments[int(rows.number[row])])
            for row in np.flatnonzero((told | (rows.claimed != rows.caplen)) & ~rows.simple).tolist():
                changed[int(rows.place[row])] = self._packet(view, order, rows, row)
        return changed

    def _section(self, whole: bytes, order: Order) -> bytes:
        """Return a section header without a length; the first one with the title."""
        text, self._title = self._title, ""
        length = len(whole)
        options = _with_comment(whole[24 : length - 4], text, order)
        return _block(whole[:16] + b"\xff" * 8 + options, order)

    def _packet(self, view: memoryview, order: Order, rows: Rows, row: int) -> bytes:
        """Return a packet with its comment, and with the length it has."""
        place, caplen = int(rows.place[row]), int(rows.caplen[row])
        text = self._comments.get(int(rows.number[row]), "")
        self.commented += bool(text)
        begin = place + int(rows.head[row])
        end = begin + int(rows.room[row])
        options = _with_comment(bytes(view[begin + caplen + (-caplen & 3) : end]), text, order)
        head = bytearray(view[place:begin])
        struct.pack_into(order + "I", head, 20, caplen)
        data = bytes(view[begin : begin + caplen])
        return _block(bytes(head) + data + bytes(-caplen & 3) + options, order)


def _with_comment(options: bytes, text: str, order: Order) -> bytes:
    """Return a list of options, as far as it can be read, with a comment at its end."""
    header = struct.Struct(order + "HH")
    at = 0
    while at + 4 <= len(options):
        code, length = header.unpack_from(options, at)
        if code == 0 or at + 4 + length > len(options):
            break
        at += 4 + length + (-length & 3)
    kept = options[:at] + comment(text, order)
    return kept + END if kept else b""


def _block(head: bytes, order: Order) -> bytes:
    """Return a block whose first bytes name a length that is no longer its own."""
    length = struct.pack(order + "I", len(head) + 4)
    return head[:4] + length + head[8:] + length


def _length(view: memoryview, u32: struct.Struct, place: int) -> int:
    length: int = u32.unpack_from(view, place + 4)[0]
    return length + (-length & 3)
