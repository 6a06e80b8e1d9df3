"""What single pcapng blocks say: sections, interfaces and their clocks, statistics, options.

Source: draft-ietf-opsawg-pcapng; behaviour where it leaves room is Wireshark's (wiretap/pcapng.c).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vrrpscope.capture.window import Order

SECTION, INTERFACE, PACKET, SIMPLE, NAMES, STATISTICS, ENHANCED = 0x0A0D0D0A, 1, 2, 3, 4, 5, 6

NUMBERED = np.array([PACKET, SIMPLE, ENHANCED, 9, 0x204, 0x208, 0x216, 0x217, 0x221, 0xBAD, 0x4000_0BAD], np.uint32)
"""Blocks to which Wireshark gives a frame number: packets, but also journal entries (9), sysdig events and
custom blocks, which hold no frames."""

KNOWN = np.array([SECTION, INTERFACE, NAMES, STATISTICS, 7, 8, 10, *NUMBERED.tolist()], np.uint32)
"""Types a block behind damage is recognised by."""

BYTE_ORDER_MAGIC: dict[bytes, Order] = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}

LATEST = (1 << 62) - (1 << 58)
"""Nanoseconds: the year 2107. What claims to lie beyond is clipped, so that no sum overflows."""

BILLION = 1_000_000_000


class Clock(NamedTuple):
    """How an interface counts time: `if_tsresol` as it stands in the file, `if_tsoffset` in seconds."""

    resolution: int = 6
    offset: int = 0

    def nanoseconds(self, ticks: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Ticks of this clock as nanoseconds since the epoch, rounded down, clipped to ±LATEST."""
        power = self.resolution & 0x7F
        if not self.resolution & 0x80:
            t = _decimal(ticks, power)
        elif power <= 34:  # 2**34 times a billion just fits into 64 bits
            seconds = np.minimum(ticks >> np.uint64(power), np.uint64(LATEST // BILLION)).astype(np.int64)
            fraction = (ticks & np.uint64((1 << power) - 1)) * np.uint64(BILLION) >> np.uint64(power)
            t = np.minimum(seconds * BILLION + fraction.astype(np.int64), LATEST)
        else:
            t = np.array([min(tick * BILLION >> power, LATEST) for tick in ticks.tolist()], dtype=np.int64)
        if self.offset:
            t += max(-LATEST, min(self.offset * BILLION, LATEST))
            np.clip(t, -LATEST, LATEST, out=t)
        return t


def _decimal(ticks: NDArray[np.uint64], power: int) -> NDArray[np.int64]:
    if power <= 9:
        factor = 10 ** (9 - power)
        scaled: NDArray[np.int64] = np.minimum(ticks, np.uint64(LATEST // factor)).astype(np.int64) * factor
        return scaled
    if power - 9 > 19:  # coarser than 64 bits can count
        return np.zeros(len(ticks), np.int64)
    whole: NDArray[np.uint64] = ticks // np.uint64(10 ** (power - 9))
    return np.minimum(whole, np.uint64(LATEST)).astype(np.int64)


class Interface(NamedTuple):
    """One Interface Description Block."""

    link: int
    snaplen: int  # 0: no limit
    clock: Clock


def is_section_header(head: bytes) -> bool:
    """Whether `head` (12 bytes or more) begins a Section Header Block."""
    return head[:4] == b"\n\r\r\n" and bytes(head[8:12]) in BYTE_ORDER_MAGIC


def options(buffer: bytearray, start: int, end: int, order: str) -> Iterator[tuple[int, bytes]]:
    """Yield (code, value) of each option in `[start, end)`; a length that leads outside ends the list."""
    header = struct.Struct(order + "HH")
    while start + 4 <= end:
        code, length = header.unpack_from(buffer, start)
        start += 4
        if code == 0 or start + length > end:
            return
        yield code, bytes(buffer[start : start + length])
        start += length + (-length & 3)


def parse_interface(buffer: bytearray, start: int, length: int, order: str) -> Interface | None:
    """Read the Interface Description Block at `start`; None if it is too short to be one."""
    if length < 20:
        return None
    link, _, snaplen = struct.unpack_from(order + "HHI", buffer, start + 8)
    resolution, offset = 6, 0
    for code, value in options(buffer, start + 16, start + length - 4, order):
        if code == 9 and len(value) == 1:
            resolution = value[0]
        elif code == 14 and len(value) == 8:
            (offset,) = struct.unpack(order + "q", value)
    return Interface(link, snaplen, Clock(resolution, offset))


def parse_statistics(buffer: bytearray, start: int, length: int, order: str) -> tuple[int, int | None] | None:
    """Read the Interface Statistics Block at `start`: interface within the section, and frames lost so far.

    Lost is what the interface (`isb_ifdrop`) and the operating system (`isb_osdrop`) dropped together, None where
    the block says nothing about either. The whole is None if the block is too short to be one.
    """
    if length < 24:
        return None
    (interface,) = struct.unpack_from(order + "I", buffer, start + 8)
    lost = [
        int.from_bytes(value, "little" if order == "<" else "big")
        for code, value in options(buffer, start + 20, start + length - 4, order)
        if code in (5, 7) and len(value) == 8
    ]
    return interface, sum(lost) if lost else None
