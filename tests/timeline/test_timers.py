"""The timers of RFC 3768 and RFC 9568, against numbers worked out by hand and measured with keepalived."""

from __future__ import annotations

import pytest

from vrrpscope.timeline import timers

S, MS = timers.SECOND, timers.MILLISECOND


@pytest.mark.parametrize(
    ("version", "priority", "interval", "seconds"),
    [
        (2, 100, 1 * S, 3.609375),
        (2, 150, 1 * S, 3.4140625),
        (2, 254, 1 * S, 3.0078125),
        (2, 255, 1 * S, 3.00390625),
        (2, 1, 1 * S, 3.99609375),
        (2, 100, 5 * S, 15.609375),  # the skew of VRRPv2 does not grow with the interval
        (3, 100, 5 * S // 2, 9.0234375),  # that of VRRPv3 does
        (3, 100, S // 2, 1.8046875),
        (3, 100, 1 * S, 3.609375),
        (3, 254, 10 * MS, 0.030078125),
        (3, 1, 40_950 * MS, 163.640039),
    ],
)
def test_master_down_interval(version: int, priority: int, interval: int, seconds: float) -> None:
    assert timers.master_down(version, priority, interval) == pytest.approx(seconds * S, abs=MS)


@pytest.mark.parametrize(
    ("version", "priority", "interval", "seconds"),
    [(2, 100, S, 0.609375), (2, 150, 9 * S, 0.4140625), (3, 100, 2 * S, 1.21875), (3, 255, S, 0.00390625)],
)
def test_skew_time(version: int, priority: int, interval: int, seconds: float) -> None:
    assert timers.skew(version, priority, interval) == seconds * S


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("interval", [10 * MS, S, 40_950 * MS])
def test_no_backup_waits_longer_than_the_limit_and_higher_priorities_wait_less(version: int, interval: int) -> None:
    waits = [timers.master_down(version, priority, interval) for priority in range(1, 256)]
    assert waits == sorted(waits, reverse=True)
    assert waits[0] < timers.master_down_limit(version, interval)
    assert waits[-1] > 3 * interval


@pytest.mark.parametrize("interval", [10 * MS, 250 * MS, S, 40_950 * MS])
def test_one_takeover_never_fits_two_adverts(interval: int) -> None:
    assert 0 < 2 * timers.tolerance(interval) < interval
    assert timers.tolerance(interval) < timers.late_after(interval) - interval


def test_integers_stay_integers() -> None:
    assert isinstance(timers.master_down(3, 77, 3 * S), int)
