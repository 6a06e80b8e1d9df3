"""The histogram of gaps: exact enough, and the same whether gaps come one by one or many at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vrrpscope.timeline.gaps import Gaps

S = 1_000_000_000

_gaps = st.lists(st.integers(0, 12 * S), min_size=1, max_size=60)


def _quantiles(gaps: Gaps) -> list[int | None]:
    return [gaps.quantile(share / 20) for share in range(21)]


def test_there_is_no_quantile_of_nothing() -> None:
    assert Gaps().quantile(0.5) is None


@given(gaps=_gaps, interval=st.sampled_from([S // 100, S // 2, S, 5 * S]))
@settings(max_examples=60, deadline=None)
def test_many_at_once_are_the_same_as_one_by_one(gaps: list[int], interval: int) -> None:
    one, many = Gaps(), Gaps()
    for gap in gaps:
        one.add(gap, interval)
    many.add_many(np.array(gaps, np.int64), interval)
    assert _quantiles(one) == _quantiles(many)
    assert one.longest == many.longest == max(gaps)


@given(gaps=st.lists(st.integers(0, 7 * S), min_size=1, max_size=60), share=st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_quantiles_lie_within_a_bin_of_the_truth(gaps: list[int], share: float) -> None:
    counted = Gaps()
    counted.add_many(np.array(gaps, np.int64), S)
    place = max(int(np.ceil(share * len(gaps) - 1e-9)) - 1, 0)
    assert counted.quantile(share) == pytest.approx(sorted(gaps)[place], abs=S / 8192 + 1)


def test_quantiles_go_over_intervals_of_different_lengths() -> None:
    gaps = Gaps()
    gaps.add_many(np.full(60, S), S)
    gaps.add_many(np.full(40, 5 * S), 5 * S)
    assert gaps.quantile(0.5) == pytest.approx(S, rel=1e-3)
    assert gaps.quantile(0.61) == pytest.approx(5 * S, rel=1e-3)


def test_the_longest_gap_is_exact_and_memory_bounded() -> None:
    gaps = Gaps()
    for gap in range(0, 400 * S, S // 997):
        gaps.add(gap, S // 50)
    assert gaps.quantile(1.0) is not None
    assert gaps.longest == max(range(0, 400 * S, S // 997))
    assert len(gaps._counts) <= 8 * 8192 + 1  # noqa: SLF001  # the bound is the point
