"""Writing pcapng: a section, its interfaces, and packets with comments. Little-endian throughout.

    +-----------+------------------+- - - - - - - -+------------------+
    |   type    | total length (n) |     body      | total length (n) |
    +-----------+------------------+- - - - - - - -+------------------+

Source: draft-ietf-opsawg-pcapng. Time stamps are written as the ticks they were read as, so an interface says
in `if_tsresol` what a tick is. Comments are UTF-8 and cut where an option would grow too long to be read.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from vrrpscope.capture import pcapng_blocks as blocks

if TYPE_CHECKING:
    from typing import BinaryIO

    from vrrpscope.capture.window import Order

MAX_COMMENT: Final = 8_192
"""Bytes of one comment: more than anybody reads, far less than an option can hold."""

COMMENT, NAME, RESOLUTION, FCS_LENGTH, APPLICATION = 1, 2, 9, 13, 4
"""Options: of any block, of an interface (three), of a section."""

END: Final = bytes(4)


def block(kind: int, body: bytes, order: Order = "<") -> bytes:
    """Return a block of any type; the body is padded to four bytes."""
    length = 12 + len(body) + (-len(body) & 3)
    return struct.pack(order + "II", kind, length) + body + bytes(-len(body) & 3) + struct.pack(order + "I", length)


def option(code: int, value: bytes, order: Order = "<") -> bytes:
    """Return one option; the value is padded to four bytes."""
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) & 3)


def comment(text: str, order: Order = "<") -> bytes:
    """Return a comment as an option, nothing for an empty one."""
    value = text.encode("utf-8", "backslashreplace")[:MAX_COMMENT].decode("utf-8", "ignore").encode()
    return option(COMMENT, value, order) if value else b""


def section(text: str = "", application: str = "", order: Order = "<") -> bytes:
    """Return a Section Header Block with a comment and the name of what wrote it."""
    options = comment(text, order) + (option(APPLICATION, application.encode(), order) if application else b"")
    head = struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1)
    return block(blocks.SECTION, head + options + END * bool(options), order)


class PcapngWriter:
    """Writes one section to a binary stream.

    Args:
        stream: where to.
        comment: what the section is to say about itself.
        application: what wrote it.
    """

    def __init__(self, stream: BinaryIO, *, comment: str = "", application: str = "") -> None:
        self._stream = stream
        self._interfaces = 0
        stream.write(section(comment, application))

    def interface(
        self, link: int, *, snaplen: int = 0, resolution: int = 9, name: str = "", fcs: int | None = None
    ) -> int:
        """Describe the next interface; return its number.

        Args:
            link: its LINKTYPE_ number.
            snaplen: bytes kept of a frame; 0 is no limit.
            resolution: `if_tsresol`: a tick is 10 to the minus this many seconds.
            name: what it is called.
            fcs: bytes of frame check sequence at each frame's end, if that is known (the draft says bits; Wireshark
                reads and writes bytes).
        """
        options = option(NAME, name.encode("utf-8", "backslashreplace")) if name else b""
        options += option(RESOLUTION, bytes([resolution]))
        if fcs is not None:
            options += option(FCS_LENGTH, bytes([fcs]))
        self._stream.write(block(blocks.INTERFACE, struct.pack("<HHI", link, 0, snaplen) + options + END))
        self._interfaces += 1
        return self._interfaces - 1

    def packet(self, interface: int, ticks: int, frame: bytes | memoryview, wirelen: int, text: str = "") -> None:
        """Write one frame.

        Args:
            interface: the number of a described interface.
            ticks: its time in the interface's resolution since the epoch.
            frame: the bytes captured.
            wirelen: the bytes it had on the wire.
            text: a comment.
        """
        data = bytes(frame)
        options = comment(text)
        head = struct.pack("<IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(data), wirelen)
        self._stream.write(
            block(blocks.ENHANCED, b"".join((head, data, bytes(-len(data) & 3), options, END * bool(options))))
        )
