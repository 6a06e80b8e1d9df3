"""Captures merged in order of time, whatever the batches they come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vrrpscope.timeline.order import WINDOW, Merger
from vrrpscope.wire.columns import ADVERT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Row = tuple[int, int, int]  # time, capture, number
Frames = list[tuple[int, bool]]  # time, whether it is an advert

_STEP = WINDOW // 10


def rows(capture: int, frames: Frames, first: int = 1) -> NDArray[np.void]:
    """The adverts among a capture's frames, numbered from `first`."""
    numbered = [(t, number) for number, (t, advert) in enumerate(frames, first) if advert]
    made = np.zeros(len(numbered), ADVERT)
    made["capture"] = capture
    if numbered:
        made["t"], made["number"] = np.array(numbered, np.int64).T
    return made


def told(adverts: NDArray[np.void]) -> list[Row]:
    return list(zip(*(adverts[name].tolist() for name in ("t", "capture", "number")), strict=True))


def merge(captures: Sequence[Frames], sizes: Sequence[int], *, starts: bool) -> tuple[list[Row], list[Row]]:
    """Run captures through a merger, reading always the slowest; return what came out and what was too late."""
    merger = Merger([frames[0][0] if starts and frames else None for frames in captures])
    read = [0] * len(captures)
    out: list[Row] = []
    late: list[Row] = []
    turn = 0
    while (capture := merger.slowest()) is not None:
        size, first = sizes[turn % len(sizes)], read[capture]
        batch = captures[capture][first : first + size]
        read[capture] += len(batch)
        turn += 1
        if batch:
            reached = max(t for t, _ in batch)
            before = np.maximum.accumulate([t for t, _ in batch])[[advert for _, advert in batch]]
            late += told(merger.push(capture, rows(capture, batch, first + 1), reached, before))
        else:
            merger.finish(capture)
        out += told(merger.pop())
        assert all(t < merger.done for t, _, _ in out[-1:])
    return out, late


def expected(captures: Sequence[Frames]) -> tuple[list[Row], list[Row]]:
    """What the merger promises, the simple way."""
    out: list[Row] = []
    late: list[Row] = []
    for capture, frames in enumerate(captures):
        newest = frames[0][0] if frames else 0
        for number, (t, advert) in enumerate(frames, 1):
            if advert:
                (late if t < newest - WINDOW else out).append((t, capture, number))
            newest = max(newest, t)
    return sorted(out), sorted(late)


def captures_of(frame: st.SearchStrategy[tuple[int, bool]]) -> st.SearchStrategy[list[Frames]]:
    """One to three captures whose frames jump about, sometimes by more than the window."""
    steps = st.lists(frame, max_size=30)
    walk = steps.map(lambda moves: [(sum(m for m, _ in moves[: n + 1]) * _STEP, a) for n, (_, a) in enumerate(moves)])
    return st.lists(walk, min_size=1, max_size=3)


_move = st.sampled_from([0, 1, 1, 2, 5, 12, 30, -1, -3, -9, -10, -11, -14])
_sizes = st.lists(st.integers(1, 12), min_size=1, max_size=6)


@given(captures=captures_of(st.tuples(_move, st.just(True))), sizes=_sizes, starts=st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_batches_give_the_same_order_and_the_same_late_rows(
    captures: list[Frames], sizes: list[int], starts: bool
) -> None:
    out, late = merge(captures, sizes, starts=starts)
    assert (out, sorted(late)) == expected(captures)


@given(captures=captures_of(st.tuples(_move, st.booleans())), sizes=_sizes)
@settings(max_examples=150, deadline=None)
def test_other_traffic_changes_neither(captures: list[Frames], sizes: list[int]) -> None:
    out, late = merge(captures, sizes, starts=True)
    assert (out, sorted(late)) == expected(captures)


def test_rows_out_of_order_within_the_window_come_out_sorted() -> None:
    times = [0, 5, 3, 4, 9, 1, 10, 19, 12]
    out, late = merge([[(t * _STEP, True) for t in times]], [2], starts=False)
    assert [t // _STEP for t, _, _ in out] == sorted(times)
    assert not late


def test_a_row_behind_the_window_is_returned_and_not_merged() -> None:
    out, late = merge([[(0, True), (30 * _STEP, True), (19 * _STEP, True), (20 * _STEP, True)]], [1], starts=False)
    assert [number for _, _, number in out] == [1, 4, 2]
    assert [number for _, _, number in late] == [3]


def test_equal_times_keep_the_order_of_captures_and_of_the_file() -> None:
    frames = [(5, True), (5, True), (7, True)]
    out, _ = merge([frames, frames], [1], starts=True)
    assert out == [(5, 0, 1), (5, 0, 2), (5, 1, 1), (5, 1, 2), (7, 0, 3), (7, 1, 3)]


def test_the_slowest_capture_holds_the_others_up() -> None:
    merger = Merger([0, 0])
    merger.push(0, rows(0, [(n * WINDOW, True) for n in range(10)]), 9 * WINDOW)
    assert merger.slowest() == 1
    assert len(merger.pop()) == 0
    merger.push(1, rows(1, []), 4 * WINDOW)  # other traffic only: time passes all the same
    assert told(merger.pop()) == [(n * WINDOW, 0, n + 1) for n in range(3)]
    assert merger.done == 3 * WINDOW
    merger.finish(1)
    assert merger.slowest() == 0
    merger.finish(0)
    assert merger.slowest() is None
    assert len(merger.pop()) == 7
    assert merger.done == 9 * WINDOW + 1


@pytest.mark.parametrize("count", [0, 1, 3])
def test_captures_without_adverts_end_like_others(count: int) -> None:
    assert merge([[] for _ in range(count)], [1], starts=False) == ([], [])
