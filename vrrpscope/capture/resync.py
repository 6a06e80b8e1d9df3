"""Finding the next good record behind damage.

At every byte offset the next header fields are looked at as if a record began there.

A pcap record is believed when three in a row make sense: lengths that are possible, a fraction below a
second, times near those of the capture so far and near each other. A pcapng block is believed when its length
is repeated at its end and another block follows; a section header by its two magic numbers. The capture's end
may take the place of what should follow.

The tests are vectorised and each byte is looked at once per search, so a hostile file buys time in proportion
to its length only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vrrpscope.capture.pcapng_blocks import BYTE_ORDER_MAGIC, KNOWN, SECTION

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vrrpscope.capture.window import Window

MAX_CAPLEN = 262_144
"""Longest captured length of a record: wiretap's WTAP_MAX_PACKET_SIZE_STANDARD, tcpdump's MAXIMUM_SNAPLEN."""

MAX_BLOCK = 1 << 19
"""Longest pcapng block that is kept in one piece: room for MAX_CAPLEN and more options than anybody writes."""

MAX_RESYNCS = 1000
"""A file with more damage than this is given up: each search costs time."""

NEAR = 30 * 86_400  # seconds by which a record behind damage may lie outside the times seen so far
FIRST_STEP = 1 << 12  # most searches end soon
LAST_STEP = 1 << 18
CHAIN = 3


def _sweep(
    window: Window, start: int, reach: int, header: int, first: Callable[[int, int, int], int | None]
) -> int | None:
    """Try places from `start` on, in growing steps, to the capture's end.

    Behind each place `reach` bytes are in view, or the end. `first(start, stop, end)` gives the first good place
    in `[start, stop)`; `[0, end)` is in view.
    """
    step = FIRST_STEP
    while True:
        if window.hi < start + step + reach and not window.ended:
            window.refill(start)
            start = 0
            window.ensure(step + reach)
        stop = min(start + step, window.hi - header + 1)
        if stop > start and (found := first(start, stop, window.hi)) is not None:
            return found
        start += step
        if window.ended and start >= window.hi:
            return None
        step = min(2 * step, LAST_STEP)


class RecordSearch:
    """Looks for pcap records.

    Args:
        sec: the seconds of a record header at every byte offset of the window's buffer, and so the other
        columns. frac: micro- or nanoseconds. caplen: captured length. wirelen: length on the wire. header:
        length of a record header. unit: nanoseconds per unit of `frac`.
    """

    def __init__(
        self,
        *,
        sec: NDArray[np.uint32],
        frac: NDArray[np.uint32],
        caplen: NDArray[np.uint32],
        wirelen: NDArray[np.uint32],
        header: int,
        unit: int,
    ) -> None:
        self._sec = sec
        self._frac = frac
        self._caplen = caplen
        self._wirelen = wirelen
        self._header = header
        self._per_second = 1_000_000_000 // unit

    def find(self, window: Window, start: int, first: int | None, last: int | None) -> int | None:
        """Index of the first place at or behind `start` where records make sense, or None if there is none.

        Args:
            window: is moved forward as need be; the index holds for the window as it is left.
            start: index in the window as it is found.
            first: earliest time seen so far, nanoseconds, or None.
            last: latest time seen so far.
        """
        low = 1 if first is None else first // 1_000_000_000 - NEAR
        high = 1 << 32 if last is None else last // 1_000_000_000 + NEAR
        reach = CHAIN * (MAX_CAPLEN + self._header)
        return _sweep(
            window,
            start,
            reach,
            self._header,
            lambda start, stop, end: self._first(start, stop, end, low, high),
        )

    def _first(self, start: int, stop: int, end: int, low: int, high: int) -> int | None:
        # Most bytes fail the first test; the others are asked of those that pass.
        place = start + np.flatnonzero(self._caplen[start:stop] - np.uint32(1) < MAX_CAPLEN)
        place = place[self._sensible(place, low, high)]
        sec = self._sec[place].astype(np.int64)
        good = np.ones(len(place), bool)
        ended = np.zeros(len(place), bool)  # the chain has come to the capture's end, which is as good
        p = place
        for link in range(1, CHAIN):
            p = np.where(ended, 0, p + self._header + self._caplen[p])
            # One record alone must end exactly with the capture; the last of two or more may be cut short.
            ended |= (p == end) if link == 1 else (p + self._header > end)
            p = np.where(ended, 0, p)
            inside = p + self._header <= end
            q = np.where(inside, p, 0)
            near = np.abs(self._sec[q].astype(np.int64) - sec) <= NEAR
            good &= ended | inside & near & self._sensible(q, low, high)
            p = q
        return int(place[good.argmax()]) if good.any() else None

    def _sensible(self, p: NDArray[np.int64], low: int, high: int) -> NDArray[np.bool_]:
        caplen, wirelen, sec = self._caplen[p], self._wirelen[p], self._sec[p]
        return (
            (caplen > 0)
            & (caplen <= MAX_CAPLEN)
            & (wirelen >= caplen)
            & (wirelen <= MAX_CAPLEN)
            & (self._frac[p] < self._per_second)
            & (sec >= max(low, 0))
            & (sec <= min(high, 0xFFFFFFFF))
        )


class BlockSearch:
    """Looks for pcapng blocks; `u32` are the numbers at every byte offset of the window's buffer."""

    def __init__(self, u32: NDArray[np.uint32]) -> None:
        self._u32 = u32

    def find(self, window: Window, start: int) -> int | None:
        """Index of the first place at or behind `start` where blocks make sense, or None if there is none.

        The window is moved forward as need be; the index holds for the window as it is left.
        """
        return _sweep(window, start, 2 * MAX_BLOCK, 12, self._first)

    def _first(self, start: int, stop: int, end: int) -> int | None:
        # Most bytes fail the first test; the others are asked of those that pass.
        possible = self._u32[start + 4 : stop + 4] - np.uint32(12) <= MAX_BLOCK - 12
        possible |= self._u32[start:stop] == SECTION
        place = start + np.flatnonzero(possible)
        place = place[np.isin(self._u32[place], KNOWN)]
        section = self._section(place)
        length = self._u32[place + 4].astype(np.int64)
        good = section | self._closed(place, length, end)
        behind = np.where(good & ~section, place + length, 0)
        inside = behind + 12 <= end
        q = np.where(inside, behind, 0)
        # What follows may be cut short by the capture's end.
        follows = np.isin(self._u32[q], KNOWN) & (self._u32[q + 4] >= 12) & (self._u32[q + 4] <= MAX_BLOCK)
        good &= section | ~inside | follows | self._section(q)
        return int(place[good.argmax()]) if good.any() else None

    def _closed(self, place: NDArray[np.int64], length: NDArray[np.int64], end: int) -> NDArray[np.bool_]:
        possible = (length >= 12) & (length <= MAX_BLOCK) & (length & 3 == 0) & (place + length <= end)
        trailer = self._u32[np.where(possible, place + length - 4, 0)]
        closed: NDArray[np.bool_] = possible & (trailer == length)
        return closed

    def _section(self, place: NDArray[np.int64]) -> NDArray[np.bool_]:
        magics = [int.from_bytes(magic, "little") for magic in BYTE_ORDER_MAGIC]
        found: NDArray[np.bool_] = (self._u32[place] == SECTION) & np.isin(self._u32[place + 8], magics)
        return found
