"""From frames to rows: the one door to this layer.

    frames ── sieve ─► few frames ── walk ─► packets ─► IP columns + advert columns ─► ADVERT, CARP
                                                 └────► neighbours ─► SIGHTING

Sightings come out of the same sieve and the same walk, for whoever asks for them. Packets are decoded in
chunks that fit the processor's cache. A decoder remembers nothing from batch to batch but its tables of values
(and two counters), so that any way of cutting a capture into batches gives the same rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vrrpscope.wire import adverts, carp, neighbours
from vrrpscope.wire.columns import ADVERT, CARP, SIGHTING, Decoded, Flag, Tables
from vrrpscope.wire.cursor import join
from vrrpscope.wire.gather import Block
from vrrpscope.wire.ip import IpHeaders, read_headers
from vrrpscope.wire.layers import walk
from vrrpscope.wire.rows import joined
from vrrpscope.wire.sieve import sift
from vrrpscope.wire.values import Values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.capture.frames import Frames
    from vrrpscope.wire.cursor import Cursor
    from vrrpscope.wire.digests import Keys
    from vrrpscope.wire.layers import Packets

_CHUNK = 1 << 14


class Decoder:
    """Decodes batches of frames; never raises on any frame's bytes.

    Ids in the rows point into `tables`. Give all captures that are analysed together one decoder: two that
    share one `Tables` would hand out the same ids twice.

    Args:
        tables: where to put the values; new ones by default.
        sightings: whether to decode also what speaks of addresses and of the VRRP groups beside VRRP.
        keys: what digests are verified with; without any they are not.
    """

    def __init__(self, tables: Tables | None = None, *, sightings: bool = False, keys: Keys | None = None) -> None:
        self.tables = Tables() if tables is None else tables
        self._sightings = sightings
        self._keys = keys or None
        self.later_fragments = 0  # fragments of VRRP packets other than the first: seen, counted, not decoded
        self._values = Values(self.tables)

    def decode(self, frames: Frames) -> Decoded:
        """The adverts and CARP announcements in a batch, in frame order."""
        if len(frames.start) == 0:
            return Decoded(np.zeros(0, ADVERT), np.zeros(0, CARP), np.zeros(0, SIGHTING))
        block = Block(frames.data)
        rows = sift(block, frames, neighbours=self._sightings)
        out = np.zeros(len(rows), ADVERT)
        carps: list[NDArray[np.void]] = []
        sightings: list[NDArray[np.void]] = []
        size = 0
        for start in range(0, len(rows), _CHUNK):
            packets = walk(block, frames, rows[start : start + _CHUNK], neighbours=self._sightings)
            self.later_fragments += packets.later_fragments
            at, segment = packets.found, None
            if len(packets.beside.row):
                segment, seen = self._sight(block, frames, packets)
                sightings.append(seen)
            head = adverts.heads(block, at)
            ip = read_headers(block, at)
            segment = self._values.segments(at) if segment is None else segment
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
        return Decoded(_trimmed(out, size), joined(carps, CARP), joined(sightings, SIGHTING))

    def _sight(
        self, block: Block, frames: Frames, packets: Packets
    ) -> tuple[NDArray[np.uint32] | None, NDArray[np.void]]:
        """The sightings, and the segments of what carries VRRP, if they had to be named together.

        Segments are named in the order of frames, whichever of the two they are of, so that ids do not depend
        on batches; packets that say nothing of use name none.
        """
        at, beside = packets.found, packets.beside
        sightings = neighbours.read(block, beside, packets.beside_layer)
        useful = sightings["kind"] > 0
        if not useful.all():
            sightings, beside = sightings.compress(useful), beside.take(np.flatnonzero(useful))
        sightings["t"] = frames.t[beside.row]
        sightings["number"] = frames.number[beside.row]
        sightings["interface"] = frames.interface[beside.row]
        if len(beside.tags) == 0:
            return None, sightings
        both = join([at, beside])
        order = np.argsort(both.row, kind="stable")
        segment = np.zeros(len(order), np.uint32)
        segment[order] = self._values.segments(both.take(order))
        sightings["segment"] = segment[len(at.row) :]
        return segment[: len(at.row)], sightings

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
        if self._keys is not None:
            self._keys.verify(out, block, at)


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
