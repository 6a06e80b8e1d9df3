"""Capture files built from frames, byte for byte, in every dialect the formats have."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

BILLION = 1_000_000_000
T0 = 1_700_000_000 * BILLION

Packet = tuple[int, bytes]  # nanoseconds since the epoch, frame


def packets(count: int, *, size: int | None = None, step: int = BILLION) -> list[Packet]:
    """Frames that differ from each other in length (unless `size` is given) and content."""
    made = []
    for n in range(count):
        length = 40 + n * 37 % 200 if size is None else size
        made.append((T0 + n * step, bytes((n * 7 + k * 13 + 1) % 251 for k in range(length))))
    return made


def pcap(
    frames: Iterable[Packet],
    *,
    order: str = "<",
    nano: bool = False,
    modified: bool = False,
    link: int = 1,
    snaplen: int = 262_144,
) -> bytes:
    """A pcap file; `modified` is Kuznetzov's dialect."""
    magic = 0xA1B2CD34 if modified else 0xA1B23C4D if nano else 0xA1B2C3D4
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link)]
    for t, frame in frames:
        out.append(record(t, frame, order=order, nano=nano))
        if modified:
            out.append(bytes(8))
        out.append(frame)
    return b"".join(out)


def record(t: int, frame: bytes, *, order: str = "<", nano: bool = False, caplen: int | None = None) -> bytes:
    """A pcap record header alone; `caplen` lies about the length."""
    seconds, fraction = divmod(t, BILLION)
    length = len(frame)
    return struct.pack(
        order + "IIII", seconds, fraction if nano else fraction // 1000, length if caplen is None else caplen, length
    )


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """A pcapng block of any type."""
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def option(code: int, value: bytes, order: str = "<") -> bytes:
    """One pcapng option."""
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order: str = "<", length: int = -1) -> bytes:
    """A Section Header Block."""
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, length), order)


def interface(
    order: str = "<", *, link: int = 1, snaplen: int = 0, resolution: int | None = None, offset: int | None = None
) -> bytes:
    """An Interface Description Block."""
    options = b""
    if resolution is not None:
        options += option(9, bytes([resolution]), order)
    if offset is not None:
        options += option(14, struct.pack(order + "q", offset), order)
    return block(1, struct.pack(order + "HHI", link, 0, snaplen) + options, order)


def enhanced(ticks: int, frame: bytes, order: str = "<", *, interface: int = 0, options: bytes = b"") -> bytes:
    """An Enhanced Packet Block."""
    head = struct.pack(order + "IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
    return block(6, head + frame + bytes(-len(frame) % 4) + options, order)


def simple(frame: bytes, order: str = "<", *, wirelen: int | None = None) -> bytes:
    """A Simple Packet Block."""
    return block(3, struct.pack(order + "I", len(frame) if wirelen is None else wirelen) + frame, order)


def old_packet(ticks: int, frame: bytes, order: str = "<", *, interface: int = 0, drops: int = 0) -> bytes:
    """An obsolete Packet Block."""
    head = struct.pack(order + "HHIIII", interface, drops, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
    return block(2, head + frame, order)


def statistics(order: str = "<", *, interface: int = 0, ifdrop: int | None = None, osdrop: int | None = None) -> bytes:
    """An Interface Statistics Block."""
    options = b"".join(
        option(code, struct.pack(order + "Q", value), order)
        for code, value in ((5, ifdrop), (7, osdrop))
        if value is not None
    )
    return block(5, struct.pack(order + "III", interface, 0, 0) + options, order)


def pcapng(frames: Iterable[Packet], *, order: str = "<", resolution: int = 9, link: int = 1) -> bytes:
    """A pcapng file of one section and one interface; `resolution` as in `if_tsresol`."""
    out = [section(order), interface(order, link=link, resolution=resolution)]
    for t, frame in frames:
        power = resolution & 0x7F
        unit = 2**power if resolution & 0x80 else 10**power
        out.append(enhanced(t * unit // BILLION, frame, order))
    return b"".join(out)
