"""The tables behind the columns: ids for address lists, secrets and segment names.

`Tables` is what readers see; this is how it grows. Each kind of value has a dictionary that says which id it
has, and an `Interner` before it that answers for nearly all rows. Every table is bounded: past its limit
(and, for address lists, past `MAX_ADDRESSES` addresses in all lists together) a new value gets the id of one
overflow entry.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from vrrpscope.wire.columns import Tables
from vrrpscope.wire.intern import Interner, Keys
from vrrpscope.wire.segments import segment_name
from vrrpscope.wire.vrrp import HEADER, address_size, addresses_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vrrpscope.wire.cursor import Cursor
    from vrrpscope.wire.gather import Block

MAX_ADDRESSES = 1 << 18

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class _Table(Generic[_Key, _Value]):
    """One of the tables: which key has which id."""

    def __init__(self, tables: Tables, values: list[_Value], keys: list[_Key], overflow: _Value) -> None:
        self._tables = tables
        self._values = values
        self._known = {key: index for index, key in enumerate(keys)}
        self._overflow = overflow
        self._overflow_id: int | None = None

    def id(self, key: _Key, make: Callable[[], _Value], *, room: Callable[[], bool] = lambda: True) -> int:
        """The id that the key has or, if there is room, gets; else that of the overflow entry."""
        found = self._known.get(key)
        if found is not None:
            return found
        if len(self._known) < Tables.LIMIT and room():
            self._values.append(make())
            return self._known.setdefault(key, len(self._values) - 1)
        if self._overflow_id is None:
            self._values.append(self._overflow)
            self._overflow_id = len(self._values) - 1
            self._tables.overflowed = True
        return self._overflow_id


class Values:
    """Turns columns of values into columns of ids, growing `tables`."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        lists = [b"".join(ip_address(address).packed for address in value) for value in tables.addresses]
        families = [ip_address(value[0]).version if value else 0 for value in tables.addresses]
        self._addresses: _Table[tuple[int, bytes], tuple[str, ...]] = _Table(
            tables, tables.addresses, list(zip(families, lists, strict=True)), ()
        )
        self._secrets = _Table(tables, tables.secrets, tables.secrets, b"")
        self._segments = _Table(tables, tables.segments, tables.segments, "overflow")
        self._room = MAX_ADDRESSES
        self._address_lists = Interner()
        self._secret_values = Interner()
        self._tag_stacks = Interner()

    def addresses(
        self, block: Block, words: NDArray[np.uint32], at: Cursor, size: NDArray[np.int64]
    ) -> NDArray[np.uint32]:
        """Ids of the address lists of `size` bytes behind the VRRP headers; `words` is a window over them."""

        def resolve(row: int) -> int:
            packed = block.bytes(int(at.pos[row]) + HEADER, int(size[row]))
            family = (6 if at.six[row] else 4) if packed else 0

            def room() -> bool:
                self._room -= len(packed) // address_size(family)
                return self._room >= 0

            return self._addresses.id((family, packed), lambda: addresses_text(packed, family), room=room)

        return self._address_lists.intern(Keys(words, size >> 2, at.six.astype(np.uint64)), resolve)

    def secrets(self, block: Block, at: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Ids of the secrets of 8, 4 or 1 bytes at these positions; 0 where the size is 0."""
        ids = np.zeros(len(at), np.uint32)
        rows = np.flatnonzero(size)
        if len(rows) == 0:
            return ids
        at, size = at[rows], size[rows]

        def resolve(row: int) -> int:
            value = block.bytes(int(at[row]), int(size[row]))
            return self._secrets.id(value, lambda: value)

        words = block.words(at, 8)
        words[size == 1, 0] &= np.uint32(0xFF)
        ids[rows] = self._secret_values.intern(Keys(words, (size + 3) >> 2, size.astype(np.uint64)), resolve)
        return ids

    def segments(self, at: Cursor) -> NDArray[np.uint32]:
        """Ids of the segments that the packets' tags name."""
        depth, rows = at.tags.shape
        if depth == 0:
            return np.zeros(rows, np.uint32)
        stacks = np.ascontiguousarray(at.tags.T)

        def resolve(row: int) -> int:
            name = segment_name(stacks[row].tolist())
            return self._segments.id(name, lambda: name)

        count = np.full(rows, 2 * depth)
        keys = Keys(stacks.view(np.uint32), count, np.zeros(rows, np.uint64))
        return self._tag_stacks.intern(keys, resolve)
