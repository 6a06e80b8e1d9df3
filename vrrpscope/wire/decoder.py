"""From frames to rows: the one door to this layer.

    frames ── sieve ─► few frames ── walk ─► packets ─► IP columns + advert columns ─► ADVERT, CARP

Packets are decoded in chunks that fit the processor's cache. A decoder remembers nothing from batch to batch
but its tables of values (and two counters), so that any way of cutting a capture into batches gives the same
rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vrrpscope.wire import adverts, carp
from vrrpscope.wire.columns import ADVERT, CARP, Decoded, Flag, Tables
from vrrpscope.wire.gather import Block
from vrrpscope.wire.ip import IpHeaders, read_headers
from vrrpscope.wire.layers import walk
from vrrpscope.wire.sieve import sift
from vrrpscope.wire.values import Values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.capture.frames import Frames
    from vrrpscope.wire.cursor import Cursor

_CHUNK = 1 << 14


class Decoder:
    """Decodes batches of frames; never raises on any frame's bytes.

    Ids in the rows point into `tables`. Give all captures that are analysed together one decoder: two that
    share one `Tables` would hand out the same ids twice.
    """

    def __init__(self, tables: Tables | None = None) -> None:
        self.tables = Tables() if tables is None else tables
        self.later_fragments = 0  # fragments of VRRP packets other than the first: seen, counted, not decoded
        self._values = Values(self.tables)

    def decode(self, frames: Frames) -> Decoded:
        """The adverts and CARP announcements in a batch, in frame order."""
        if len(frames.start) == 0:
            return Decoded(np.zeros(0, ADVERT), np.zeros(0, CARP))
        block = Block(frames.data)
        rows = sift(block, frames)
        out = np.zeros(len(rows), ADVERT)
        carps: list[NDArray[np.void]] = []
        size = 0
        for start in range(0, len(rows), _CHUNK):
            packets = walk(block, frames, rows[start : start + _CHUNK])
            self.later_fragments += packets.later_fragments
            at = packets.found
            head = adverts.heads(block, at)
            ip = read_headers(block, at)
            segment = self._values.segments(at)
            is_carp = carp.are_carp(head, at.real - at.pos, at.end - at.pos)
            if is_carp.any():
                mine, rest = np.flatnonzero(is_carp), np.flatnonzero(~is_carp)
                announcements = np.zeros(len(mine), CARP)
                _fill_common(announcements, frames, at.take(mine), ip.take(mine), segment[mine])
                carp.fill(announcements, head[mine])
                carps.append(announcements)
                at, ip, segment, head = at.take(rest), ip.take(rest), segment[rest], head[rest]
            part = out[size : size + len(head)]
            _fill_common(part, frames, at, ip, segment)
            self._fill_adverts(part, block, at, ip, head)
            size += len(part)
        return Decoded(_trimmed(out, size), np.concatenate(carps) if carps else np.zeros(0, CARP))

    def _fill_adverts(
        self, out: NDArray[np.void], block: Block, at: Cursor, ip: IpHeaders, head: NDArray[np.uint64]
    ) -> None:
        """Fill what only adverts have."""
        out["vrid"] = (head >> 48) & 0xFF
        out["priority"] = (head >> 40) & 0xFF
        for name in ("dst_hi", "dst_lo", "destination", "ttl", "tos", "df", "ip_id"):
            out[name] = getattr(ip, name)
        out["version"] = head >> 60
        good = adverts.readable(head, at)
        if good.all():
            for name, column in adverts.columns(block, at, ip, head, self._values).items():
                out[name] = column
        else:
            rows = np.flatnonzero(good)
            columns = adverts.columns(block, at.take(rows), ip.take(rows), head[rows], self._values)
            for name, column in columns.items():
                out[name][rows] = column
            rows = np.flatnonzero(~good)
            columns = adverts.unreadable_columns(block, at.take(rows), head[rows])
            for name, column in columns.items():
                out[name][rows] = column
        for flag, where in ((Flag.TTL, ip.ttl != 255), (Flag.BAD_IP_CHECKSUM, ip.damaged)):
            if where.any():
                out["flags"][where] |= np.uint32(flag)


def _fill_common(out: NDArray[np.void], frames: Frames, at: Cursor, ip: IpHeaders, segment: NDArray[np.uint32]) -> None:
    """Fill the columns that adverts and CARP announcements share."""
    out["t"] = frames.t[at.row]
    out["number"] = frames.number[at.row]
    out["interface"] = frames.interface[at.row]
    out["segment"] = segment
    out["family"] = np.where(at.six, 6, 4)
    out["src_hi"] = ip.src_hi
    out["src_lo"] = ip.src_lo
    out["mac"] = at.mac


def _trimmed(out: NDArray[np.void], size: int) -> NDArray[np.void]:
    """The first rows; copied if that frees much memory."""
    return out[:size] if 2 * size > len(out) else out[:size].copy()
