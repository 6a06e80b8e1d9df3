"""Frames out of pcapng's packet blocks, by column.

Enhanced and Packet Blocks differ only in how they name their interface; both keep the frame at byte 28:

    type · length · interface (u32, or u16 and drops u16) · ts high · ts low · caplen · wirelen · frame …

A Simple Packet Block has no time, interface or captured length: type · length · wirelen · frame … It belongs
to the section's first interface and gets the time of the frame before it, or 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vrrpscope.capture import pcapng_blocks as blocks
from vrrpscope.capture.frames import Frames

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.capture.window import Order, Window

DROPCOUNT = 4  # epb_dropcount
MAX_DROPS = 1 << 40  # more between two packets is no count
MAX_OPTIONS = 16  # options of one packet looked at; real ones have one or two


class Columns(NamedTuple):
    """The numbers that stand at every byte offset of a window's buffer, in a section's byte order."""

    u32: NDArray[np.uint32]
    u16: NDArray[np.uint16]
    u64: NDArray[np.uint64]

    @classmethod
    def of(cls, window: Window, order: Order) -> Columns:
        """Make the columns; they share the window's memory."""
        return cls(window.column(order), window.column(order, dtype=np.uint16), window.column(order, dtype=np.uint64))


class Rows(NamedTuple):
    """The heads of packet blocks, one row each."""

    place: NDArray[np.int64]  # index of the block in the window
    number: NDArray[np.int64]
    simple: NDArray[np.bool_]
    old: NDArray[np.bool_]  # a Packet Block
    interface: NDArray[np.int64]  # within the section
    claimed: NDArray[np.int64]  # captured length, as the block says
    wirelen: NDArray[np.int64]
    head: NDArray[np.int64]  # bytes before the frame
    room: NDArray[np.int64]  # bytes for the frame, its padding and options; negative: not even a head

    def keep(self, which: NDArray[np.bool_]) -> Rows:
        """Only some of the rows."""
        return self if which.all() else Rows._make(column[which] for column in self)

    @property
    def caplen(self) -> NDArray[np.int64]:
        """Captured length, as far as the block holds it."""
        return np.minimum(self.claimed, np.maximum(self.room, 0))


class Packets:
    """The interfaces of a capture, and their packets."""

    def __init__(self) -> None:
        self.notes: list[tuple[int, int | None, str]] = []  # offset, frame and message of damage found
        self.rows: Rows | None = None  # the packets that were read last
        self._all: list[blocks.Interface] = []  # of all sections
        self._clocks: dict[blocks.Clock, int] = {}  # those that differ, numbered
        self._first = 0  # the current section's first interface
        self._tables: tuple[NDArray[np.int64], ...] | None = None
        self._defined: list[int] = []  # offset of each interface's block
        self._clock_of: list[int] = []
        self._statistics: dict[int, int] = {}  # interface → lost, as its last statistics say
        self._reported: dict[int, int] = {}  # interface → lost, as its packets say
        self._last = 0  # time of the last frame that had one
        self._timeless = False

    @property
    def interfaces(self) -> int:
        """How many interfaces were described so far."""
        return len(self._all)

    @property
    def dropped(self) -> int | None:
        """Frames the capture says it lost, on all interfaces; None if it says nothing."""
        counts = {**self._reported, **self._statistics}
        return sum(counts.values()) if counts else None

    def begin_section(self) -> None:
        """Interface numbers begin again at 0."""
        self._first = len(self._all)
        self._tables = None

    def add(self, interface: blocks.Interface, offset: int) -> None:
        """Take the section's next interface, described at byte `offset` of the capture."""
        self._all.append(interface)
        self._defined.append(offset)
        self._clock_of.append(self._clocks.setdefault(interface.clock, len(self._clocks)))
        self._tables = None

    def count(self, interface: int, lost: int | None) -> None:
        """Take an interface's statistics; later ones replace earlier ones."""
        if lost is not None and 0 <= interface < len(self._all) - self._first:
            self._statistics[self._first + interface] = lost

    def read(
        self,
        window: Window,
        columns: Columns,
        found: NDArray[np.int64],
        kind: NDArray[np.uint32],
        number: NDArray[np.int64],
    ) -> tuple[Frames, NDArray[np.bool_]]:
        """Read the packet blocks at `found`; the second column says which frames have a time of their own."""
        rows = self._rows(columns, found, kind, number)
        good = self._usable(rows, window.base)
        self.rows = rows = rows.keep(good)
        self._note_cut(rows, window.base)
        self._lost(rows, columns)
        _, link_of, clock_of = self._table()
        frames = Frames(
            data=window.data,
            start=rows.place + rows.head,
            caplen=rows.caplen,
            wirelen=rows.wirelen,
            t=self._time(rows, columns, clock_of[rows.interface], window.base),
            link=link_of[rows.interface].astype(np.uint16),
            interface=(rows.interface + self._first).astype(np.uint16),
            number=rows.number,
        )
        return frames, ~rows.simple

    def _rows(
        self, columns: Columns, found: NDArray[np.int64], kind: NDArray[np.uint32], number: NDArray[np.int64]
    ) -> Rows:
        u32 = columns.u32
        rows = Rows(
            place=found,
            number=number,
            simple=kind == blocks.SIMPLE,
            old=kind == blocks.PACKET,
            interface=u32[found + 8].astype(np.int64),
            claimed=u32[found + 20].astype(np.int64),
            wirelen=u32[found + 24].astype(np.int64),
            head=np.full(len(found), 28),
            room=u32[found + 4].astype(np.int64) - 32,
        )
        rows.room[:] += -rows.room & 3  # a length that is no multiple of four is rounded up, as Wireshark does
        if rows.old.any():
            rows.interface[rows.old] = columns.u16[found[rows.old] + 8]
        if rows.simple.any():  # its head is shorter: what was gathered behind it was something else
            simple = rows.simple
            rows.interface[simple] = 0
            rows.wirelen[simple] = u32[found[simple] + 8]
            rows.claimed[simple] = np.minimum(rows.wirelen[simple], self._snaplen())
            rows.head[simple] = 12
            rows.room[simple] += 16
        return rows

    def _snaplen(self) -> int:
        known = self._first < len(self._all)
        return (self._all[self._first].snaplen if known else 0) or 0xFFFFFFFF

    def _table(self) -> tuple[NDArray[np.int64], ...]:
        """Of the section's interfaces: offset of the description, link type, clock. Never empty."""
        if self._tables is None:
            links = [interface.link for interface in self._all[self._first :]]
            columns = (self._defined[self._first :], links, self._clock_of[self._first :])
            self._tables = tuple(np.array(column or [0], dtype=np.int64) for column in columns)
        return self._tables

    def _usable(self, rows: Rows, base: int) -> NDArray[np.bool_]:
        """Which packets belong to an interface described before them, and are long enough to be packets."""
        count = len(self._all) - self._first
        good = (rows.interface < count) & (rows.room >= 0)
        rows.interface[~good] = 0
        good &= self._table()[0][rows.interface] < rows.place + base
        for index in np.flatnonzero(~good).tolist():
            offset, frame = int(rows.place[index]) + base, int(rows.number[index])
            why = "its block is too short" if rows.room[index] < 0 else "its interface was never described"
            self.notes.append((offset, frame, f"frame {frame:,} at byte {offset:,} is left out: {why}"))
        return good

    def _note_cut(self, rows: Rows, base: int) -> None:
        caplen = rows.caplen
        for index in np.flatnonzero((rows.claimed != caplen) & ~rows.simple).tolist():
            offset, frame = int(rows.place[index]) + base, int(rows.number[index])
            claim = f"claims {int(rows.claimed[index]):,} bytes, its block holds {int(caplen[index]):,}"
            self.notes.append((offset, frame, f"frame {frame:,} at byte {offset:,} {claim}"))

    def _time(self, rows: Rows, columns: Columns, clock: NDArray[np.int64], base: int) -> NDArray[np.int64]:
        ticks = columns.u32[rows.place + 12].astype(np.uint64) << np.uint64(32)
        ticks |= columns.u32[rows.place + 16]
        clocks = list(self._clocks)
        if len(clocks) == 1:
            t = clocks[0].nanoseconds(ticks)
        else:
            t = np.zeros(len(ticks), np.int64)
            for index in np.unique(clock).tolist():
                of_clock = clock == index
                t[of_clock] = clocks[index].nanoseconds(ticks[of_clock])
        if rows.simple.any():
            if not self._timeless:
                self._timeless = True
                at = int(rows.simple.argmax())
                offset, frame = int(rows.place[at]) + base, int(rows.number[at])
                what = "has no time (Simple Packet Block): such frames get that of the frame before"
                self.notes.append((offset, frame, f"frame {frame:,} {what}"))
            before = np.maximum.accumulate(np.where(rows.simple, -1, np.arange(len(t))))
            t = np.where(before < 0, self._last, t[before])
        if len(t):
            self._last = int(t[-1])
        return t

    def _lost(self, rows: Rows, columns: Columns) -> None:
        """Add up the drops that packets report: a field of Packet Blocks, an option of Enhanced ones."""
        if rows.old.any():
            drops = columns.u16[rows.place[rows.old] + 10].astype(np.int64)
            told = drops != 0xFFFF  # not known
            self._report(rows.interface[rows.old][told], drops[told])
        caplen = rows.caplen
        option = rows.place + rows.head + caplen + (-caplen & 3)
        end = rows.place + rows.head + rows.room
        which = np.flatnonzero((option + 4 <= end) & ~rows.old & ~rows.simple)
        for _ in range(MAX_OPTIONS):
            if not len(which):
                return
            at = option[which]
            code, length = columns.u16[at], columns.u16[at + 2].astype(np.int64)
            drop = (code == DROPCOUNT) & (length == 8) & (at + 12 <= end[which])
            if drop.any():
                drops = np.minimum(columns.u64[at[drop] + 4], np.uint64(MAX_DROPS))
                self._report(rows.interface[which[drop]], drops.astype(np.int64))
            option[which] = at + 4 + length + (-length & 3)
            which = which[(code != 0) & (option[which] + 4 <= end[which])]

    def _report(self, interface: NDArray[np.int64], drops: NDArray[np.int64]) -> None:
        for index in np.unique(interface).tolist():
            key = self._first + index
            self._reported[key] = self._reported.get(key, 0) + int(drops[interface == index].sum())
