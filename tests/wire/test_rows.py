"""Rows joined as bytes are the rows."""

from __future__ import annotations

import numpy as np

from vrrpscope.wire.columns import ADVERT, SIGHTING
from vrrpscope.wire.rows import joined


def rows(first: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    out = np.zeros(count, SIGHTING)
    out["t"] = np.arange(first, first + count)
    out["mac"], out["kind"], out["vrid"] = out["t"] * 3, 5, 255
    return out


def test_parts_are_one_after_the_other_with_all_their_fields() -> None:
    found = joined([rows(0, 3), rows(3, 0), rows(3, 4)], SIGHTING)
    assert found.dtype == SIGHTING
    assert found.tolist() == rows(0, 7).tolist()


def test_rows_that_do_not_lie_side_by_side_are_joined_too() -> None:
    whole = rows(0, 10)
    assert joined([whole[::2], whole[1::2]], SIGHTING)["t"].tolist() == [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]


def test_none_make_an_empty_one_and_one_is_itself() -> None:
    assert joined([], ADVERT).dtype == ADVERT
    assert joined([rows(0, 0), rows(0, 0)], SIGHTING).shape == (0,)
    one = rows(0, 3)
    assert joined([rows(0, 0), one], SIGHTING) is one
