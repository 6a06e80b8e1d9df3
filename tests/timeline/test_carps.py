"""CARP packets restart keepalived's advert timer, as long as it has not run out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timeline.profiles import profile
from vrrpscope.timeline import carps
from vrrpscope.timeline.carps import Carps
from vrrpscope.timeline.timers import MILLISECOND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vrrpscope.timeline.profile import Profile

KEEPALIVED = profile("A p150")


def seen(times: Sequence[int]) -> Carps:
    """CARP packets at these milliseconds."""
    found = Carps()
    found.add(np.array(times, np.int64) * MILLISECOND)
    return found


def restarted(times: Sequence[int], now: int, who: Profile = KEEPALIVED) -> int:
    """When the timer was last restarted that ran from 0 on, in milliseconds."""
    return seen(times).restarted(who, 0, now * MILLISECOND) // MILLISECOND


@pytest.mark.parametrize(
    ("times", "told"),
    [
        ([], 0),
        ([700], 700),
        ([700, 1600, 2500], 2500),
        ([2500, 700, 1600], 2500),
        ([700, 1000, 2001], 2001),  # at the very moment at which an advert was due, or a little later
        ([700, 1900, 2500], 700),  # the timer ran out at 1700
        ([1900, 2500], 0),
        ([-300, 0, 3500], 0),
    ],
)
def test_the_timer_restarts_with_each_packet_until_it_runs_out(times: list[int], told: int) -> None:
    assert restarted(times, 3000) == told


@pytest.mark.parametrize("words", ["A df", "A ah=7", "A uni=10.0.0.6"])
def test_who_does_not_read_them_is_not_disturbed(words: str) -> None:
    assert restarted([700], 1700, profile(words)) == 0


def test_a_flood_keeps_a_master_mute() -> None:
    assert restarted(range(1, 3000), 3000) == 2999


@given(
    st.lists(st.integers(0, 60_000), max_size=2 * carps.MOST), st.lists(st.integers(0, 60_000)), st.integers(0, 5000)
)
def test_what_is_forgotten_no_later_advert_needs(times: list[int], cuts: list[int], gap: int) -> None:
    kept, everything = seen(times), seen(times)
    for now in sorted(cuts):
        kept.forget(now * MILLISECOND)
        span = ((now - gap) * MILLISECOND, now * MILLISECOND)
        assert kept.restarted(KEEPALIVED, *span) == everything.restarted(KEEPALIVED, *span)
