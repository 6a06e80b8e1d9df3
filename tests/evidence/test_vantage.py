"""Clocks of several captures: found from adverts seen in both, left alone where they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.evidence.vantages import DELAY, SECOND, T0, Wire, clock, speak, wire, witnesses
from vrrpscope.evidence import witness as witness_module
from vrrpscope.evidence.alignment import compare
from vrrpscope.evidence.vantage import Clock, Clocks, set_clocks
from vrrpscope.evidence.witness import Senders, Witness
from vrrpscope.findings import Confidence

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOUR: Final = 3600.0
MILLISECOND: Final = 1_000_000


def story(seconds: int = 300, *, ip_id: int = 1, seed: int = 1) -> Wire:
    """Two masters in turn: the first fails, the second takes over, the first comes back and counts anew."""
    third = seconds // 3
    return wire(
        speak(5, 0, third, ip_id=ip_id, seed=seed),
        speak(6, third + 3.6, third, ip_id=ip_id, seed=seed),
        speak(5, 2 * third + 3.2, third, ip_id=ip_id, seed=seed + 1_000),
    )


def both(seconds: int, interval: float = 1.0) -> Wire:
    """Two masters at once, as in a split brain, each with so many adverts."""
    return wire(speak(5, 0, seconds, interval=interval), speak(6, 0.37, seconds, interval=interval, seed=2))


class Case(NamedTuple):
    """A second capture: its clock, when it ran, and what it missed."""

    offset: float
    ppm: float
    start: int
    length: int
    numbered: bool
    losses: float
    seed: int


CASES: Final = st.builds(
    Case,
    offset=st.floats(-24 * HOUR, 24 * HOUR).filter(lambda o: abs(o) > 0.01),
    ppm=st.floats(-200, 200),
    start=st.integers(0, 200),
    length=st.integers(60, 600),
    numbered=st.booleans(),
    losses=st.floats(0, 0.3),
    seed=st.integers(0, 99),
)


def clocks(*captures: NDArray[np.void], given: dict[int, int] | None = None) -> Clocks:
    seen = witnesses(*captures)
    return set_clocks(range(len(seen)), seen, given)


def errors(found: Clocks, capture: int, mine: NDArray[np.void], true: NDArray[np.void]) -> NDArray[np.int64]:
    """How far corrected times are from what a clock like the first one's would have said, nanoseconds."""
    apart: NDArray[np.int64] = abs(found.correct(capture, mine["number"], mine["t"]) - true["t"])
    return apart


@settings(max_examples=80, deadline=None)
@given(CASES)
@example(Case(-18.2 * HOUR, 200, 0, 60, numbered=True, losses=0.0, seed=0))
def test_any_offset_and_drift_is_found_from_what_overlaps(case: Case) -> None:
    net = story(600, seed=case.seed, ip_id=500 if case.numbered else 0)
    kept = np.random.default_rng(case.seed).random(len(net.t)) >= case.losses * case.numbered
    end = case.start + case.length
    mine = net.seen(6, clock(case.offset, case.ppm), start=case.start, end=end, keep=kept)
    found = clocks(net.seen(5, end=400), mine)
    # Adverts without a number tell by who follows whom, so a change of masters must be among them.
    if case.numbered or (case.start < 190 and end > 410):
        assert found.of(1).is_aligned
        assert errors(found, 1, mine, net.seen(6, start=case.start, end=end, keep=kept)).max() < MILLISECOND


@pytest.mark.parametrize("ppm", [-200, 30, 200])
def test_a_drift_over_a_day_is_followed(ppm: float) -> None:
    net = both(21_600, interval=4.0)
    mine = net.seen(6, clock(-2 * HOUR, ppm))
    found = clocks(net.seen(5), mine)
    assert errors(found, 1, mine, net.seen(6)).max() < MILLISECOND
    assert found.of(1).rate == pytest.approx(ppm * 1e-6, rel=1e-3)


def test_clocks_that_agree_are_left_exactly_as_they_are() -> None:
    net = story()
    mine = net.seen(6, clock(0.0004))
    found = clocks(net.seen(5), mine)
    assert not found.of(1).is_set
    assert found.of(1).confidence is Confidence.CERTAIN
    assert (found.correct(1, mine["number"], mine["t"]) == mine["t"]).all()


def test_a_capture_and_its_copy_are_of_one_clock() -> None:
    capture = story().seen(5)
    found = clocks(capture, capture)
    assert found.of(1).matched == len(capture)
    assert not found.of(1).is_set


def test_adverts_of_both_directions_cancel_the_delay() -> None:
    net = both(120)
    (first, second) = witnesses(net.seen(5), net.seen(6, clock(2.0)))
    line = compare(first.sights(), second.sights())
    assert line is not None
    assert line.both_ways
    assert line.offset == pytest.approx(2.0, abs=10e-6)
    assert DELAY / SECOND / 2 < line.spread < 3 * DELAY / SECOND


def test_adverts_of_one_direction_say_that_the_delay_is_in_the_offset() -> None:
    net = wire(speak(5, 0, 120))
    (first, second) = witnesses(net.seen(5), net.seen(6, clock(2.0)))
    line = compare(first.sights(), second.sights())
    assert line is not None
    assert not line.both_ways
    assert line.confidence is Confidence.LIKELY
    assert line.offset == pytest.approx(2.0 + DELAY / SECOND, abs=20e-6)


def test_nothing_in_common_leaves_the_offset_unknown_and_the_times_alone() -> None:
    net = story(300)
    mine = net.seen(6, clock(5.0), start=200)
    found = clocks(net.seen(5, end=90), mine[mine["ip_id"] > 95])
    assert found.of(0).is_aligned
    assert not found.of(1).is_aligned
    assert not found.of(1).is_set


def test_a_counter_that_wraps_does_not_mislead() -> None:
    net = wire(speak(5, 0, 150_000, ip_id=3, interval=0.1), speak(6, 0.03, 9_000, interval=1.5))
    mine = net.seen(6, clock(40.0), start=6_000)
    found = clocks(net.seen(5, end=12_000), mine)
    assert errors(found, 1, mine, net.seen(6, start=6_000)).max() < MILLISECOND


def test_a_daemon_that_is_restarted_again_and_again_does_not_mislead() -> None:
    net = wire(*(speak(5, 25.0 * n, 20, seed=n) for n in range(12)), speak(6, 301, 30))
    mine = net.seen(6, clock(25.0))
    found = clocks(net.seen(5), mine)
    assert errors(found, 1, mine, net.seen(6)).max() < MILLISECOND


def test_a_third_capture_sets_the_clock_of_one_that_shares_nothing_with_the_first() -> None:
    net = story(300)
    captures = [net.seen(5, end=100), net.seen(6, clock(-70.0), start=200), net.seen(7, clock(HOUR, 40))]
    found = clocks(*captures)
    assert errors(found, 1, captures[1], net.seen(6, start=200)).max() < MILLISECOND
    assert errors(found, 2, captures[2], net.seen(7)).max() < MILLISECOND
    assert found.of(1).against == 2


def test_captures_that_share_nothing_with_the_first_still_agree_with_each_other() -> None:
    net, other = story(300), wire(speak(8, 0, 90, vrid=9), speak(9, 91, 90, vrid=9))
    captures = [net.seen(5), other.seen(8), other.seen(9, clock(30.0))]
    found = clocks(*captures)
    assert not found.of(1).is_set
    assert [found.of(n).is_aligned for n in range(3)] == [True, False, False]
    assert errors(found, 2, captures[2], other.seen(9)).max() < MILLISECOND


def test_an_offset_that_is_given_is_believed_and_others_follow_it() -> None:
    net = story()
    captures = [net.seen(5), net.seen(6, clock(8.0)), net.seen(7, clock(3.0))]
    found = clocks(*captures, given={1: 10 * SECOND})
    assert found.of(1) == Clock(10 * SECOND, given=True, is_aligned=True)
    assert errors(found, 2, captures[2], net.seen(7)).max() < MILLISECOND


@pytest.mark.parametrize("back", [5.0, 7200.0])
def test_a_clock_that_is_set_back_in_between_is_followed(back: float) -> None:
    net = both(300)
    true = net.seen(6)
    mine = true.copy()
    mine["t"][250:] -= round(back * SECOND)
    found = clocks(net.seen(5), mine)
    assert found.steps(1) == 1
    assert errors(found, 1, mine, true).max() < MILLISECOND


def test_one_frame_far_behind_its_time_is_no_step() -> None:
    net = both(300)
    mine = net.seen(6)
    mine["t"][250] -= 3 * SECOND
    found = clocks(net.seen(5), mine)
    assert found.steps(1) == 0
    assert (found.correct(1, mine["number"], mine["t"]) == mine["t"]).all()


def test_what_is_kept_of_a_long_capture_is_bounded_and_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness_module, "LIMIT", 1_000)
    net = both(20_000)
    mine = net.seen(6, clock(100.0, 50), start=9_000)
    seen = witnesses(net.seen(5), mine, batch=3_000)
    assert all(len(witness.sights()) <= 1_000 for witness in seen)
    found = set_clocks([0, 1], seen)
    assert errors(found, 1, mine, net.seen(6, start=9_000)).max() < MILLISECOND


def test_adverts_without_numbers_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness_module, "STEADY", 100)
    (seen,) = witnesses(wire(speak(5, 0, 1_000, ip_id=0)).seen(5), batch=64)
    assert len(seen.sights()) == 100
    assert seen.steady_until is not None
    assert T0 < seen.steady_until < T0 + 110 * SECOND


def test_the_size_of_the_batches_changes_nothing() -> None:
    mine = story(120, ip_id=0).seen(6)
    whole, pieces = witnesses(mine)[0].sights(), witnesses(mine, batch=7)[0].sights()
    assert (whole == pieces).all()


def test_a_vantage_point_that_saw_nothing_has_no_clock_to_set() -> None:
    senders = Senders()
    found = set_clocks([0, 1], [Witness(senders), Witness(senders)])
    assert not found.of(1).is_aligned
    assert found.extent(1) is None
