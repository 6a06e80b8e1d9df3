"""Availability adds up."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from vrrpscope.timeline.events import Reign
from vrrpscope.timeline.metrics import availability


def test_time_before_between_and_together() -> None:
    reigns = [Reign("a", 10, 20), Reign("b", 15, 30), Reign("a", 40)]
    assert availability(reigns, 5, 50) == (45, 25, 15, 5)


def test_a_hand_over_at_the_same_instant_is_neither_gap_nor_contest() -> None:
    assert availability([Reign("a", 0, 10), Reign("b", 10, 20)], 0, 20) == (20, 20, 0, 0)
    assert availability([Reign("b", 10, 20), Reign("a", 0, 10)], 0, 20) == (20, 20, 0, 0)


def test_without_a_reign_nobody_is_master() -> None:
    assert availability([], 3, 10) == (7, 0, 7, 0)
    assert availability([Reign("a", 3, 3)], 3, 10) == (7, 0, 7, 0)


def test_reigns_are_clipped_to_what_was_observed() -> None:
    assert availability([Reign("a", 0, 100)], 10, 20) == (10, 10, 0, 0)


_times = st.integers(0, 100)
_reigns = st.lists(
    st.builds(lambda start, length: Reign("x", start, None if length > 90 else start + length), _times, _times),
    max_size=12,
)


@given(reigns=_reigns, start=st.integers(0, 50), length=st.integers(0, 100))
@settings(max_examples=100, deadline=None)
def test_the_parts_add_up_and_agree_with_counting(reigns: list[Reign], start: int, length: int) -> None:
    end = start + length
    spans = availability(reigns, start, end)
    counted = [0, 0, 0]
    for t in range(start, end):
        masters = sum(r.start <= t < (end if r.end is None else r.end) for r in reigns)
        counted[min(masters, 2)] += 1
    assert spans == (length, counted[1], counted[0], counted[2])
