"""The classic capture format: a 24-byte file header, then records of a 16-byte header and the captured bytes.

    +-------------------+-------------------+-------------------+-------------------+
    |     ts_sec        |  ts_usec or nsec  |      caplen       |      wirelen      |
    +-------------------+-------------------+-------------------+-------------------+

Source: draft-ietf-opsawg-pcap. Byte order and time unit are told by the magic; Kuznetzov's modified format
has eight more bytes a record.

**What counts as damage** is what Wireshark's reader holds impossible: a captured length above 262,144 bytes,
whatever the snap length says. Wireshark stops there. We look for the next place where three record headers in
a row make sense (see `resync`) and go on; frame numbers count on, so behind damage they may differ from
Wireshark's, and the problem says so. The search begins inside the record before, since it may have been that
one's length which was wrong. Records of zeros, which a file system leaves behind in a file that was open when
the machine died, are damage too.

**A record cut short by the end of the file** is not used: Wireshark does not show it, so its number could not
be looked up.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from vrrpscope.capture.frames import Frames
from vrrpscope.capture.linktypes import link_name
from vrrpscope.capture.resync import MAX_CAPLEN, MAX_RESYNCS, RecordSearch
from vrrpscope.capture.walk import Layout, Walker
from vrrpscope.capture.window import note_batch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vrrpscope.capture.frames import CaptureInfo
    from vrrpscope.capture.window import Order, Window

MAGICS: dict[bytes, tuple[Order, int, int]] = {
    bytes.fromhex("d4c3b2a1"): ("<", 1000, 16),
    bytes.fromhex("a1b2c3d4"): (">", 1000, 16),
    bytes.fromhex("4d3cb2a1"): ("<", 1, 16),
    bytes.fromhex("a1b23c4d"): (">", 1, 16),
    bytes.fromhex("34cdb2a1"): (
        "<",
        1000,
        24,
    ),  # Kuznetzov's: interface, protocol, packet type behind each header
    bytes.fromhex("a1b2cd34"): (">", 1000, 24),
}
"""Magic as it stands in the file: byte order, nanoseconds per unit of the fraction, length of a record header."""

FILE_HEADER = 24


class PcapReader:
    """Reads the records of one pcap file from a window that holds its file header."""

    def __init__(self, window: Window, info: CaptureInfo) -> None:
        self._window = window
        self._info = info
        order, self.unit, self._header = MAGICS[bytes(window.buffer[:4])]
        layout = Layout(order, self._header, field=8, extra=self._header)
        self._walker = Walker(layout, window.buffer, window.column(order))
        self._sec, self._frac, self._caplen, self._wirelen = (window.column(order, shift) for shift in (0, 4, 8, 12))
        self.snaplen, field = struct.unpack_from(order + "II", window.buffer, 16)
        # Upper bits tell the length of the frame check sequence (two bytes a step) and other things.
        self.link = field & 0xFFFF
        self.fcs: int | None = (field >> 28) * 2 if field & 1 << 26 else None
        info.format = "pcap"
        info.link_types.append(link_name(self.link))
        self._resyncs = 0

    def batches(self) -> Iterator[Frames]:
        """Yield all frames; damage is noted in the capture's info."""
        window = self._window
        p = FILE_HEADER
        previous: int | None = None  # the record before `p`, kept in the window for `_resync`
        while True:
            found, p = self._walker.walk(p, window.hi)
            bad = self._first_bad(found)
            if bad is not None:
                p = int(found[bad])
                found = found[:bad]
            damaged = bad is not None or (p + self._header <= window.hi and int(self._caplen[p]) > MAX_CAPLEN)
            if len(found):
                previous = int(found[-1])
                yield self._frames(found)
            if damaged:
                after = self._resync(previous, p)
                if after is None:
                    return
                p, previous = after, None
                continue
            keep = p if previous is None else previous
            alive = window.refill(keep)
            p -= keep
            previous = None if previous is None else 0
            if not alive:
                break
        if p < window.hi:
            self._info.note(
                f"the capture ends inside a record at byte {window.base + p:,}; that last frame is not used",
                offset=window.base + p,
                frame=self._info.frames + 1,
            )

    def _first_bad(self, found: NDArray[np.int64]) -> int | None:
        """Index in `found` of the first record that cannot be one."""
        caplen = self._caplen[found]
        bad = caplen > MAX_CAPLEN
        empty = caplen == 0
        if empty.any():
            bad |= empty & (self._sec[found] == 0) & (self._wirelen[found] == 0)
        return int(bad.argmax()) if bad.any() else None

    def _frames(self, found: NDArray[np.int64]) -> Frames:
        info = self._info
        count = len(found)
        t = self._sec[found].astype(np.int64) * 1_000_000_000
        t += self._frac[found].astype(np.int64) * self.unit
        number = np.arange(info.frames + 1, info.frames + count + 1)
        note_batch(info, count, t)
        return Frames(
            data=self._window.data,
            start=found + self._header,
            caplen=self._caplen[found].astype(np.int64),
            wirelen=self._wirelen[found].astype(np.int64),
            t=t,
            link=np.full(count, self.link, np.uint16),
            interface=np.zeros(count, np.uint16),
            number=number,
        )

    def _resync(self, previous: int | None, bad: int) -> int | None:
        """Index of the next good record behind the impossible one at `bad`; None where the capture is given up."""
        window, info = self._window, self._info
        offset = window.base + bad
        frame = info.frames + 1
        caplen = int(self._caplen[bad])
        what = f"impossible record at byte {offset:,} (captured length {caplen:,})"
        self._resyncs += 1
        if self._resyncs > MAX_RESYNCS:
            info.note(f"{what}: too much damage, the rest is not read", offset=offset, frame=frame)
            return None
        search = RecordSearch(
            sec=self._sec,
            frac=self._frac,
            caplen=self._caplen,
            wirelen=self._wirelen,
            header=self._header,
            unit=self.unit,
        )
        start = bad + 1 if previous is None else previous + self._header
        found = search.find(window, start, info.first, info.last)
        if found is None:
            end = window.base + window.hi
            info.note(
                f"{what}: nothing behind it makes sense, {end - offset:,} bytes are not used",
                offset=offset,
                frame=frame,
            )
            return None
        skipped = window.base + found - offset
        how = f"skipped {skipped:,} bytes" if skipped >= 0 else f"went back {-skipped:,} bytes"
        info.note(
            f"{what}: {how} to the next good one; Wireshark stops here, so its frame numbers end at {frame - 1:,}",
            offset=offset,
            frame=frame,
        )
        return found
