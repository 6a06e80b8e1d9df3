from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from vrrpscope.wire.intern import Interner, Keys

KEYS = st.tuples(st.lists(st.sampled_from([0, 1, 2**31, 2**32 - 1]), max_size=9), st.integers(0, 1))


def intern(interner: Interner, keys: list[tuple[list[int], int]], known: dict[object, int], columns: int) -> list[int]:
    """Ids of keys through a window of so many columns; `known` is the authority behind it."""
    words = np.zeros((len(keys), columns), np.uint32)
    for row, (key, _) in enumerate(keys):
        words[row, : min(len(key), columns)] = key[:columns]
        words[row, len(key) :] = row  # what lies behind a key does not matter
    sizes = np.array([len(key) for key, _ in keys], np.int64)
    salts = np.array([salt for _, salt in keys], np.uint64)

    def resolve(row: int) -> int:
        key, salt = keys[row]
        return known.setdefault((tuple(key), salt), len(known))

    ids = interner.intern(Keys(words, sizes, salts), resolve)
    return [int(found) for found in ids]


@settings(deadline=None)
@given(st.lists(st.lists(KEYS, max_size=12), max_size=5), st.integers(1, 9))
def test_equal_keys_get_equal_ids_in_order_of_appearance(
    batches: list[list[tuple[list[int], int]]], columns: int
) -> None:
    interner, known = Interner(), dict[object, int]()
    seen: dict[object, int] = {}
    for keys in batches:
        expected = [seen.setdefault((tuple(key), salt), len(seen)) for key, salt in keys]
        assert intern(interner, keys, known, columns) == expected


def test_more_keys_than_slots_keep_their_ids() -> None:
    interner, known = Interner(), dict[object, int]()
    keys = [([n, n // 7], 0) for n in range(6000)]
    first = intern(interner, keys, known, 2)
    assert first == list(range(6000))
    assert intern(interner, keys[::-1], known, 2) == first[::-1]


def test_a_known_key_is_not_resolved_again() -> None:
    interner = Interner()
    intern(interner, [([1, 2], 0)] * 5, {}, 2)
    assert intern(interner, [([1, 2], 0)] * 5, {((9,), 9): 0}, 2) == [0] * 5
