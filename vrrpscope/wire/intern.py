"""Small numbers for things of varying length, for many rows at once.

A capture has millions of adverts and a handful of distinct address lists. A dictionary keyed by bytes would
cost a microsecond a row; here each row's words are hashed with array operations, the hash picks a slot of a
fixed table, and the slot remembers one key, word for word, and its id. Rows that find their key are done. The
rest (a key seen for the first time, or one whose slot belongs to another) go to `resolve`, which reads the
row the slow way; it alone decides which id a key has, so the table is only ever a shortcut and never an
authority.

`resolve` is called in row order, so that ids do not depend on how a capture is cut into batches. The weights
of the hash are drawn anew in each process: nobody can prepare a capture whose keys all meet in one slot.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_SLOT_BITS = 12
_WIDEST = 64  # words a key may have to be remembered: 256 bytes


class Keys(NamedTuple):
    """A column of keys: row i's key is the first `size[i]` words of `words[i]`, and `salt[i]`."""

    words: NDArray[np.uint32]  # (rows, columns), at most 64 columns
    size: NDArray[np.int64]  # more than there are columns: the key is not here, only `resolve` can tell
    salt: NDArray[np.uint64]  # below 2**32

    def alike(self, rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the keys of `rows` equal those of `others`, pairwise, as far as they are here."""
        columns = np.arange(self.words.shape[1])
        same = (self.words[rows] == self.words[others]) | (columns >= self.size[rows][:, None])
        equal: NDArray[np.bool_] = self.salt[rows] == self.salt[others]
        equal &= self.size[rows] == self.size[others]
        equal &= same.all(axis=1)
        return equal


class Interner:
    """The shortcut from keys, given as words, to the ids that `resolve` gave them."""

    def __init__(self) -> None:
        size = 1 << _SLOT_BITS
        weights = np.frombuffer(secrets.token_bytes(8 * (_WIDEST + 1)), np.uint64) | 1
        self._weights = weights
        self._hashes = np.zeros(size, np.uint64)
        self._ids = np.zeros(size, np.uint32)
        self._known = np.zeros(size, np.bool_)
        self._words = np.zeros((_WIDEST, size), np.uint32)

    def intern(self, keys: Keys, resolve: Callable[[int], int]) -> NDArray[np.uint32]:
        """The id of each row's key; `resolve` gives the id of a row, and is asked in ascending order."""
        hashes = self._hash(keys)
        ids = self._find(keys, hashes)
        here = keys.size <= keys.words.shape[1]
        missing = np.flatnonzero((ids < 0) | ~here)
        if len(missing):
            _, first, group = np.unique(hashes[missing], return_index=True, return_inverse=True)
            like = missing[first][group]  # for each missing row the first with its hash
            apart = ~here[missing] | ~keys.alike(missing, like)
            apart[first] = True
            for row in missing[apart].tolist():
                ids[row] = resolve(row)
            ids[missing[~apart]] = ids[like[~apart]]
            self._keep(keys, hashes, missing[first][here[missing[first]]], ids)
        return ids.astype(np.uint32)

    def _hash(self, keys: Keys) -> NDArray[np.uint64]:
        words, size, salt = keys
        hashes: NDArray[np.uint64] = (salt << 32 | size.astype(np.uint64)) * self._weights[-1]
        shared, rows = _shared(size, words.shape[1])
        for column in range(shared):
            hashes += words[:, column] * self._weights[column]
        for column in range(shared, words.shape[1]):
            if len(rows) == 0:
                break
            hashes[rows] += words[rows, column] * self._weights[column]
            rows = rows[size[rows] > column + 1]
        return hashes

    def _find(self, keys: Keys, hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
        """The ids of the keys that the table remembers, word for word; -1 for the rest."""
        words, size, _ = keys
        slots = (hashes >> (64 - _SLOT_BITS)).astype(np.int64)
        same = (self._hashes[slots] == hashes) & self._known[slots]
        shared, rows = _shared(size, words.shape[1])
        for column in range(shared):
            same &= self._words[column][slots] == words[:, column]
        for column in range(shared, words.shape[1]):
            if len(rows) == 0:
                break
            same[rows] &= self._words[column][slots[rows]] == words[rows, column]
            rows = rows[size[rows] > column + 1]
        return np.where(same, self._ids[slots].astype(np.int64), -1)

    def _keep(self, keys: Keys, hashes: NDArray[np.uint64], rows: NDArray[np.int64], ids: NDArray[np.int64]) -> None:
        """Remember the keys of these rows, each in its slot; what was there is forgotten."""
        slots = (hashes[rows] >> (64 - _SLOT_BITS)).astype(np.int64)
        # Two rows may meet in one slot: a later one must overwrite the earlier one as a whole.
        slots, last = np.unique(slots[::-1], return_index=True)
        rows = rows[::-1][last]
        self._hashes[slots] = hashes[rows]
        self._ids[slots] = ids[rows]
        self._known[slots] = True
        self._words[: keys.words.shape[1], slots] = keys.words[rows].T


def _shared(size: NDArray[np.int64], columns: int) -> tuple[int, NDArray[np.int64]]:
    """How many columns belong to the keys of all rows, and which rows have more."""
    shared = min(int(size.min(initial=columns)), columns)
    return shared, np.flatnonzero(size > shared)
