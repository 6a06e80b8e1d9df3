"""pcapng: a file of typed blocks, in sections of own byte order, with interfaces of own link type and clock.

    +-----------+------------------+- - - - - - - -+------------------+
    |   type    | total length (n) |     body      | total length (n) |
    +-----------+------------------+- - - - - - - -+------------------+

Source: draft-ietf-opsawg-pcapng. Frames come from Enhanced, Simple and (obsolete) Packet Blocks; they are
numbered as Wireshark does, which also counts some blocks that are no frames. Blocks are found by one walk and
read by column; only the few that describe sections, interfaces and drops are looked at one by one.

**Damage** is a total length that is impossible or not repeated at the block's end. We look for the next place
where two blocks in a row keep that rule (see `resync`). A packet of an unknown interface is left out, one
that claims more bytes than its block holds is cut to those; both keep their number and are noted. Wireshark
stops at any of these.

**Drops.** `isb_ifdrop` and `isb_osdrop` count from the start of the capture, so an interface's last
statistics hold; an interface without any is credited with the drops its packets report. Interfaces are added
up. Nothing reported at all is None, not 0.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from vrrpscope.capture import pcapng_blocks as blocks
from vrrpscope.capture.linktypes import link_name
from vrrpscope.capture.pcapng_packets import Columns, Packets
from vrrpscope.capture.resync import MAX_BLOCK, MAX_RESYNCS, BlockSearch
from vrrpscope.capture.walk import Layout, Walker
from vrrpscope.capture.window import note_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from vrrpscope.capture.frames import CaptureInfo, Frames
    from vrrpscope.capture.pcapng_packets import Rows
    from vrrpscope.capture.window import Order, Window

    Tap = Callable[[bytearray, Order, NDArray[np.int64], Rows | None], None]
    """Is shown all whole blocks before their frames are handed on: the buffer they lie in, their byte order, where
    each begins, and the packets among them that can be used."""

MAX_SKIPPED = 1 << 24  # wiretap's MAX_BLOCK_SIZE: no block is longer
MAX_INTERFACES = 1 << 16
MAX_SECTIONS = 1 << 16
FIRST_SPAN = 1 << 16  # bytes walked behind a section header before it is known where the next one stands


class PcapngReader:
    """Reads the blocks of one pcapng file from a window that holds its beginning."""

    def __init__(self, window: Window, info: CaptureInfo) -> None:
        self._window = window
        self._info = info
        info.format = "pcapng"
        self._order: Order = "<"
        self.sections = 0
        self._entered = -1  # offset of the section header we are behind
        self._span = FIRST_SPAN
        self._resyncs = 0
        self._numbered = 0
        self._links: set[int] = set()
        self._packets = Packets()
        self.tap: Tap | None = None
        self._set_order("<")

    def batches(self) -> Iterator[Frames]:
        """Yield all frames; damage is noted in the capture's info."""
        window = self._window
        p = 0
        while True:
            end = min(window.hi, p + self._span)
            found, after = self._walker.walk(p, end)
            cut = self._first_odd(found)
            if cut is not None:
                after = int(found[cut])
                found = found[:cut]
            if len(found) and (frames := self._read(found)) is not None:
                yield frames
            p = after
            verdict = self._judge(p, whole=cut is not None)
            if verdict in ("damaged", "long"):
                resumed = self._resync(p) if verdict == "damaged" else self._skip(p)
                if resumed is None:
                    return
                p = resumed
            elif verdict == "entered":
                continue
            elif end < window.hi:  # more is in view than was walked
                self._span *= 2
            elif window.refill(p):
                p = 0
            else:
                break
        if window.hi:
            self._info.note(
                f"the capture ends inside a block at byte {window.base:,}; that block is not used",
                offset=window.base,
                frame=self._numbered + 1,
            )

    def _set_order(self, order: Order) -> None:
        self._order = order
        self._columns = Columns.of(self._window, order)
        layout = Layout(order, header=12, field=4, extra=0, align=4)
        self._walker = Walker(layout, self._window.buffer, self._columns.u32)

    def _first_odd(self, found: NDArray[np.int64]) -> int | None:
        """Index in `found` of the first block that is not simply the next block."""
        if not len(found):
            return None
        u32 = self._columns.u32
        length = u32[found + 4].astype(np.int64)
        length += -length & 3
        trailer = u32[np.minimum(found + length, self._window.hi) - 4].astype(np.int64)
        trailer += -trailer & 3
        odd = (length != trailer) | (length > MAX_BLOCK)
        odd |= (u32[found] == blocks.SECTION) & (found != self._entered - self._window.base)
        return int(odd.argmax()) if odd.any() else None

    def _judge(self, p: int, *, whole: bool) -> str:
        """What is to be done about the block at `p`: it was entered, is damaged, is long, or wait for more of it."""
        if p + 12 > self._window.hi:
            return "wait"
        u32 = self._columns.u32
        kind, length = int(u32[p]), int(u32[p + 4])
        if kind == blocks.SECTION and self._window.base + p != self._entered:
            return "entered" if self._enter(p) else "damaged"
        if length < 12 or length > MAX_SKIPPED:
            return "damaged"
        if length > MAX_BLOCK:
            return "damaged" if kind in (blocks.PACKET, blocks.SIMPLE, blocks.ENHANCED) else "long"
        return "damaged" if whole else "wait"

    def _enter(self, p: int) -> bool:
        """Begin the section whose header stands at `p`; False if it is none."""
        window = self._window
        order = blocks.BYTE_ORDER_MAGIC.get(bytes(window.buffer[p + 8 : p + 12]))
        if order is None or self.sections >= MAX_SECTIONS:
            return False
        if order != self._order:
            self._set_order(order)
        if int(self._columns.u32[p + 4]) < 28:
            return False
        self.sections += 1
        self._entered = window.base + p
        self._span = FIRST_SPAN
        self._packets.begin_section()
        return True

    def _read(self, found: NDArray[np.int64]) -> Frames | None:
        """Read whole blocks: descriptions one by one, frames by column. None if there is no frame."""
        kind = self._columns.u32[found].astype(np.uint32)
        numbered = np.isin(kind, blocks.NUMBERED)
        notes = self._packets.notes
        notes.clear()
        self._packets.rows = None
        frames = self._read_columns(found, kind, numbered)
        if self.tap is not None:
            self.tap(self._window.buffer, self._order, found, self._packets.rows)
        self._info.dropped = self._packets.dropped
        for offset, frame, message in sorted(notes, key=itemgetter(0)):
            self._info.note(message, offset=offset, frame=frame)
        return frames

    def _read_columns(
        self, found: NDArray[np.int64], kind: NDArray[np.uint32], numbered: NDArray[np.bool_]
    ) -> Frames | None:
        number = self._numbered + np.cumsum(numbered)
        self._numbered = int(number[-1])
        if not numbered.all():
            self._describe(found[~numbered], kind[~numbered])
        packet = (kind == blocks.ENHANCED) | (kind == blocks.PACKET) | (kind == blocks.SIMPLE)
        if not packet.any():
            return None
        frames, known = self._packets.read(self._window, self._columns, found[packet], kind[packet], number[packet])
        note_batch(self._info, len(frames.t), frames.t[known])
        return frames if len(frames.t) else None

    def _describe(self, found: NDArray[np.int64], kind: NDArray[np.uint32]) -> None:
        """Take note of interfaces and statistics."""
        window, info = self._window, self._info
        wanted = (kind == blocks.INTERFACE) | (kind == blocks.STATISTICS)
        for p, what in zip(found[wanted].tolist(), kind[wanted].tolist(), strict=True):
            length = int(self._columns.u32[p + 4])
            if what == blocks.STATISTICS:
                statistics = blocks.parse_statistics(window.buffer, p, length, self._order)
                if statistics:
                    self._packets.count(*statistics)
                continue
            interface = blocks.parse_interface(window.buffer, p, length, self._order)
            if interface is None or self._packets.interfaces >= MAX_INTERFACES:
                offset = window.base + p
                message = f"the interface described at byte {offset:,} cannot be used"
                self._packets.notes.append((offset, None, message))
                continue
            self._packets.add(interface, window.base + p)
            if interface.link not in self._links:
                self._links.add(interface.link)
                if (name := link_name(interface.link)) not in info.link_types:
                    info.link_types.append(name)

    def _skip(self, p: int) -> int:
        """Pass over a long block without keeping it; the index behind it."""
        window = self._window
        length = int(self._columns.u32[p + 4])
        target = window.base + p + length + (-length & 3)
        while window.base + window.hi < target:
            if not window.refill(window.hi):
                self._info.note(
                    f"the capture ends inside a block of {length:,} bytes that begins at byte {target - length:,}",
                    offset=window.base + window.hi,
                )
                return window.hi
        return target - window.base

    def _resync(self, bad: int) -> int | None:
        """Index of the next good block behind the impossible one at `bad`; None where the capture is given up."""
        window, info = self._window, self._info
        offset, frame = window.base + bad, self._numbered + 1
        what = f"impossible block at byte {offset:,}"
        self._resyncs += 1
        if self._resyncs > MAX_RESYNCS or self.sections >= MAX_SECTIONS:
            info.note(f"{what}: too much damage, the rest is not read", offset=offset, frame=frame)
            return None
        found = BlockSearch(self._columns.u32).find(window, bad + 1)
        if found is None:
            left = window.base + window.hi - offset
            info.note(
                f"{what}: nothing behind it makes sense, {left:,} bytes are not used",
                offset=offset,
                frame=frame,
            )
            return None
        info.note(
            f"{what}: skipped {window.base + found - offset:,} bytes to the next good one; "
            f"Wireshark stops here, so its frame numbers end at {frame - 1:,}",
            offset=offset,
            frame=frame,
        )
        self._span = FIRST_SPAN
        return found
