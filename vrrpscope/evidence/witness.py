"""What one vantage point saw: its adverts, each known by what it says, in bounded memory.

Two captures of one network hold the same advert if they hold the same bytes: family, VRID, sender, destination,
content, and the number that most senders give it (IP ID, AH or HMAC counter). What a path changes (TTL, tags, MAC) is
left out. A 64-bit hash of that is the advert's *key*.

Memory is bounded by what both sides can do without asking each other: past `LIMIT` adverts only those remain whose
key ends in one zero bit more. The sample of a long capture is then a part of the sample of a short one, spread over
its whole length, and an advert that is in one sample and not in the other was not seen there.

An advert without a number says the same as the one before it. Of these the first `STEADY` are kept, and beyond them
those that are *marked*: another sender or another content than before, or one after a gap; not the very first, which
only says when the capture began. A clock that is set back by more than a second begins a new *piece* of the capture,
with a clock of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vrrpscope.wire.columns import Flag
from vrrpscope.wire.rows import joined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.capture.frames import Frames

SECOND: Final = 1_000_000_000
LIMIT: Final = 1 << 18
"""Adverts kept of one vantage point."""
STEADY: Final = 20_000
"""Of them, adverts without a number that say nothing new."""
MAX_SENDERS: Final = 1 << 14
MAX_PIECES: Final = 16

SIGHT: Final = np.dtype(
    [
        ("key", "u8"),
        ("t", "i8"),  # nanoseconds since the epoch, by the capture's own clock
        ("number", "i8"),  # frame number in its capture
        ("interval", "i8"),  # nanoseconds
        ("sender", "u4"),  # index in Senders
        ("capture", "u2"),
        ("piece", "u1"),
        ("numbered", "?"),
        ("marked", "?"),
        ("leaving", "?"),  # the capturing host says that it sent this
    ]
)
_CONTENT: Final = ("src_hi", "src_lo", "dst_hi", "dst_lo", "interval", "addresses", "secret", "family", "vrid")
_TERMS: Final = ("version", "priority")
_WHO: Final = ("segment", "family", "vrid", "src_hi", "src_lo")

Who = tuple[int, ...]  # segment id, family, VRID, source address as two numbers


class Senders:
    """Numbers the senders of all vantage points alike."""

    def __init__(self) -> None:
        self.known: dict[Who, int] = {}

    def number(self, adverts: NDArray[np.void]) -> NDArray[np.int64]:
        """Return each row's sender, -1 beyond `MAX_SENDERS`. Shape (n,)."""
        _, first, place = np.unique(_mix(adverts, _WHO), return_index=True, return_inverse=True)
        numbers = np.full(len(first), -1)
        names = adverts[first][list(_WHO)].tolist()
        for row in np.argsort(first).tolist():  # in order of appearance, not of hashes
            each = tuple(names[row])
            if each in self.known or len(self.known) < MAX_SENDERS:
                numbers[row] = self.known.setdefault(each, len(self.known))
        return numbers[place]


class Witness:
    """One vantage point. Give it the batches of its captures in order."""

    def __init__(self, senders: Senders) -> None:
        self.extents: dict[int, tuple[int, int]] = {}  # by piece: earliest and latest time of any frame
        self.mask = np.uint64(0)  # keys with any of these bits set are not in the sample
        self.steady_until: int | None = None  # time up to which every advert without a number is kept
        self.pieces = 1
        self.steps: list[tuple[int, int, int]] = []  # capture, the frame from which on it is another piece, piece
        self.senders = senders
        self._parts: list[NDArray[np.void]] = []
        self._size = self._steady = 0
        self._capture, self._newest = -1, 0
        self._said: dict[Who, int] = {}  # by virtual router: the key last said
        self._spoke: dict[int, int] = {}  # by sender: when last

    def sights(self) -> NDArray[np.void]:
        """Return what is kept, in the order of the captures. dtype SIGHT."""
        self._parts = [joined(self._parts, SIGHT)]
        return self._parts[0]

    def watch(self, capture: int, frames: Frames) -> None:
        """Note the times of a batch of frames, whatever they are."""
        if not len(frames.t):
            return
        if capture != self._capture:
            if self.steps:  # whose clock a further file has is open once it was set
                self._begin_piece(capture, int(frames.number[0]))
            self._capture, self._newest = capture, int(frames.t[0])
        newest = np.maximum.accumulate(frames.t).clip(self._newest)
        if (frames.t < newest - SECOND).any():
            self._find_steps(capture, frames)
        else:
            self._newest = int(newest[-1])
        piece = self._piece_of(capture, frames.number)
        for each in np.unique(piece).tolist() if self.steps else [0]:
            t = frames.t[piece == each]
            low, high = self.extents.get(each, (int(t[0]), int(t[0])))
            self.extents[each] = min(low, int(t.min())), max(high, int(t.max()))

    def take(self, capture: int, adverts: NDArray[np.void], leaving: NDArray[np.bool_]) -> None:
        """Take the adverts of a batch that was just watched; `leaving`: sent by the capturing host. Shape (n,)."""
        numbered = (adverts["ip_id"] > 0) | (adverts["ah_seq"] >= 0)
        content = _mix(adverts, (*_CONTENT, *_TERMS))
        key = np.where(numbered, _mix(adverts, ("ip_id", "ah_seq"), content), content)
        good = (adverts["flags"] & Flag.MALFORMED == 0) & (~numbered | (key & self.mask == 0))
        adverts, numbered, key, leaving = adverts.compress(good), numbered[good], key[good], leaving[good]
        rows = np.zeros(len(adverts), SIGHT)
        rows["key"], rows["numbered"], rows["leaving"] = key, numbered, leaving
        rows["t"], rows["interval"], rows["number"] = adverts["t"], adverts["interval"], adverts["number"]
        rows["capture"], rows["piece"] = capture, self._piece_of(capture, adverts["number"])
        sender = self.senders.number(adverts)
        rows["sender"] = sender
        rows, adverts = rows.compress(sender >= 0), adverts.compress(sender >= 0)
        self._mark(rows, adverts)
        self._keep(rows)

    def _keep(self, rows: NDArray[np.void]) -> None:
        steady = ~rows["numbered"] & ~rows["marked"]
        room = max(STEADY - self._steady, 0)
        self._steady += int(steady.sum())
        if self._steady > STEADY and steady.any():
            surplus = np.flatnonzero(steady)[room:]
            if self.steady_until is None and len(surplus):
                self.steady_until = int(rows["t"][surplus[0]])
            rows = np.delete(rows, surplus)
        self._parts.append(self._sample(rows))
        self._size += len(self._parts[-1])
        while self._size > LIMIT:
            self.mask = self.mask << np.uint64(1) | np.uint64(1)
            everything = self.sights()
            kept = self._sample(everything)
            if self.mask > LIMIT:  # nothing has a number: what came first stays
                kept = kept[:LIMIT]
            self._parts, self._size = [kept], len(kept)

    def _sample(self, rows: NDArray[np.void]) -> NDArray[np.void]:
        return rows.compress(~rows["numbered"] | (rows["key"] & self.mask == 0)) if self.mask else rows

    def _mark(self, rows: NDArray[np.void], adverts: NDArray[np.void]) -> None:
        """Mark what says something new, of those without a number."""
        plain = np.flatnonzero(~rows["numbered"])
        if not len(plain):
            return
        _, router = np.unique(adverts[plain][["segment", "family", "vrid"]], return_inverse=True)
        for group in groups(router):
            mine = plain[group]
            who = tuple(int(adverts[name][mine[0]]) for name in ("segment", "family", "vrid"))
            keys = rows["key"][mine]
            before = np.concatenate([np.array([self._said.get(who, int(keys[0]))], np.uint64), keys[:-1]])
            rows["marked"][mine] = keys != before
            self._said[who] = int(keys[-1])
        for group in groups(rows["sender"][plain]):
            mine = plain[group]
            sender, t = int(rows["sender"][mine[0]]), rows["t"][mine]
            gap = np.diff(t, prepend=self._spoke.get(sender, int(t[0])))
            rows["marked"][mine] |= gap > rows["interval"][mine] * 3 // 2
            self._spoke[sender] = int(t[-1])

    def _find_steps(self, capture: int, frames: Frames) -> None:
        for t, number in zip(frames.t.tolist(), frames.number.tolist(), strict=True):
            if t < self._newest - SECOND:
                self._begin_piece(capture, number)
                self._newest = t
            self._newest = max(self._newest, t)

    def _begin_piece(self, capture: int, number: int) -> None:
        if self.pieces < MAX_PIECES:
            self.steps.append((capture, number, self.pieces))
            self.pieces += 1

    def _piece_of(self, capture: int, number: NDArray[np.int64]) -> NDArray[np.int64]:
        return piece_of(self.steps, capture, number)


def piece_of(steps: list[tuple[int, int, int]], capture: int, number: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the piece that each frame of a capture belongs to. Shape (n,)."""
    piece = np.zeros(len(number), np.int64)
    for of, begin, each in steps:
        if of == capture:
            piece[number >= begin] = each
    return piece


def nearest(key: NDArray[np.uint64], t: NDArray[np.int64], there: NDArray[np.void]) -> NDArray[np.intp]:
    """Return the row of the sight of each key nearest to a time, -1 if there is none. Shape (n,).

    `there` is sorted by key, then time. A binary search of all rows at once, each within its key.
    """
    first = np.searchsorted(there["key"], key, "left")
    end = np.searchsorted(there["key"], key, "right")
    low, high = first.copy(), end.copy()
    times = np.append(there["t"], 0)
    while (low < high).any():
        middle = (low + high) // 2
        right = (low < high) & (times[middle] < t)
        left = (low < high) & ~right
        low[right] = middle[right] + 1
        high[left] = middle[left]
    before = np.maximum(low, 1) - 1
    late = (low >= end) | ((low > first) & (t - times[before] <= times[low] - t))
    return np.where(first == end, -1, np.where(late, before, low))


def groups(values: NDArray[np.generic]) -> list[NDArray[np.intp]]:
    """Return the rows of each distinct value, in their order."""
    order = np.argsort(values, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(values[order])) + 1)


def _mix(
    rows: NDArray[np.void], columns: tuple[str, ...], seed: NDArray[np.uint64] | None = None
) -> NDArray[np.uint64]:
    """Return a hash of some columns, the same in every process: samples must not depend on chance. Shape (n,)."""
    total = np.zeros(len(rows), np.uint64) if seed is None else seed.copy()
    for name in columns:
        column = rows[name]
        total ^= (column if column.dtype == np.uint64 else column.astype(np.int64)).view(np.uint64)
        for factor, shift in ((0xBF58476D1CE4E5B9, 27), (0x94D049BB133111EB, 31)):  # splitmix64
            total = (total + np.uint64(0x9E3779B97F4A7C15)) * np.uint64(factor)
            total ^= total >> np.uint64(shift)
    return total
