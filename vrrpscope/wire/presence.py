"""When the host of a VRRP speaker was heard at all: did only its adverts stop, or everything it sends?

The source MAC of every frame would be too much to keep. `Presence` keeps it only for hosts that have sent an
advert, by MAC, and only the first frame of each in any tenth of a second; adverts do not count. For all other
frames it costs a look at two bytes and a table of 65,536 marks.

Only what is right on the link is looked at: Ethernet and Linux cooked captures, the outermost header, whatever
VLAN. A virtual MAC moves from host to host and says nothing about any of them, so who speaks from one is not
followed. A host is known from its first advert on, and by the same frames however they are cut into batches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vrrpscope.wire.columns import NO_MAC, SIGHTING, Flag, Kind
from vrrpscope.wire.gather import Block

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.capture.frames import Frames

MAX_HOSTS: Final = 64
GRAIN: Final = 100_000_000
"""Nanoseconds of which one frame of each host is enough."""

ETHERNET, SLL, SLL2 = 1, 113, 276
MAC_LENGTH = 6

_SOURCE_AT = np.zeros(1 << 16, np.int64)
_SOURCE_AT[[ETHERNET, SLL, SLL2]] = 6, 6, 12
_LENGTH_AT = np.zeros(1 << 16, np.int64)
_LENGTH_AT[[SLL, SLL2]] = 5, 11
"""Where in a frame the source MAC stands, and its length where the link layer names it, by link type."""

_VIRTUAL: Final = (0x00005E_0001, 0x00005E_0002)
"""The first five bytes of virtual MACs, IPv4 and IPv6."""

_NEVER: Final = np.iinfo(np.int64).min


class Presence:
    """The hosts of one capture's speakers. Feed it every batch of that capture, in order."""

    def __init__(self) -> None:
        self.overflowed = False  # more hosts than are followed
        self._macs = np.zeros(0, np.uint64)
        self._last = np.zeros(0, np.int64)  # for each of them the last tenth of a second it was heard in
        self._marks = np.zeros(1 << 16, np.bool_)  # by the last two bytes of a MAC: one of ours may end so

    def seen(self, frames: Frames, adverts: NDArray[np.void]) -> NDArray[np.void]:
        """Rows of SIGHTING, kind ALIVE, in frame order, `sender` the host's MAC; `segment` is not looked at.

        Args:
            frames: a batch.
            adverts: what the decoder found in it, dtype ADVERT.
        """
        advert_at = _index(frames, adverts["number"])
        since = np.full(len(self._macs), -1)
        since = np.concatenate([since, self._learn(adverts, advert_at)])
        if len(self._macs) == 0:
            return np.zeros(0, SIGHTING)
        others = np.ones(len(frames.start), np.bool_)
        others[advert_at] = False
        rows, host = self._find(frames, others)
        known = rows > since[host]
        rows, host = self._thin(rows[known], host[known], frames.t)
        out = np.zeros(len(rows), SIGHTING)
        out["t"] = frames.t[rows]
        out["number"] = frames.number[rows]
        out["interface"] = frames.interface[rows]
        out["kind"] = Kind.ALIVE
        out["mac"] = NO_MAC
        out["sender"] = self._macs[host]
        return out

    def _learn(self, adverts: NDArray[np.void], at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Get to know new hosts; return for each of them the index of the frame that showed it."""
        room = MAX_HOSTS - len(self._macs)
        if self.overflowed:
            return np.zeros(0, np.int64)
        macs = adverts["mac"]
        rest: NDArray[np.int64] = np.arange(len(macs))
        for mac in self._macs:
            rest = rest[macs[rest] != mac]
        if len(rest) == 0:
            return rest
        prefix = macs[rest] >> 8
        own = (macs[rest] != NO_MAC) & (prefix != _VIRTUAL[0]) & (prefix != _VIRTUAL[1])
        rest = rest[own & (adverts["flags"][rest] & Flag.MALFORMED == 0)]
        if len(rest) == 0:
            return rest
        _, first = np.unique(macs[rest], return_index=True)
        new = rest[np.sort(first)]  # in frame order: which hosts are within the limit must not depend on batches
        self.overflowed = len(new) > room
        new = new[:room]
        self._macs = np.concatenate([self._macs, macs[new]])
        self._last = np.concatenate([self._last, np.full(len(new), _NEVER)])
        self._marks[(macs[new] & 0xFFFF).astype(np.int64)] = True
        return at[new]

    def _find(self, frames: Frames, others: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Indices of the other frames that come from our hosts, and from which of them."""
        block = Block(frames.data)
        at = frames.start + _SOURCE_AT[frames.link]
        rows = np.flatnonzero(self._marks[block.be16(at + 4)] & others)
        at, link = at[rows], frames.link[rows]
        length = block.u8(frames.start[rows] + _LENGTH_AT[link])
        whole = frames.caplen[rows] >= _SOURCE_AT[link] + MAC_LENGTH
        shown = (link == ETHERNET) | (((link == SLL) | (link == SLL2)) & (length == MAC_LENGTH))
        macs = block.be64(at) >> 16
        host = np.full(len(rows), -1)
        for number, mac in enumerate(self._macs):
            host[macs == mac] = number
        found = np.flatnonzero(shown & whole & (host >= 0))
        return rows[found], host[found]

    def _thin(
        self, rows: NDArray[np.int64], host: NDArray[np.int64], t: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rows, in frame order, that are not of the same host and tenth of a second as the one before."""
        order = np.argsort(host.astype(np.uint8), kind="stable")
        rows, host = rows[order], host[order]
        tenth = t[rows] // GRAIN
        before = np.concatenate([[_NEVER], tenth[:-1]])
        first = np.ones(len(rows), np.bool_)
        first[1:] = host[1:] != host[:-1]
        before[first] = self._last[host[first]]
        last = np.concatenate([first[1:], np.ones(min(len(rows), 1), np.bool_)])
        self._last[host[last]] = tenth[last]
        kept = tenth != before
        order = np.argsort(rows[kept])
        return rows[kept][order], host[kept][order]


def _index(frames: Frames, number: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where in the batch the frames of these numbers are."""
    if len(frames.number) and frames.number[-1] - frames.number[0] + 1 == len(frames.number):
        found: NDArray[np.int64] = number - frames.number[0]
    else:
        found = np.searchsorted(frames.number, number)
    return found
