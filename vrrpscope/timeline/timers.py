"""The arithmetic of VRRP's timers, in integer nanoseconds.

    VRRPv2 (RFC 3768 6.1)   skew = (256 - priority) / 256 s            whatever the interval
    VRRPv3 (RFC 9568 6.1)   skew = (256 - priority) * interval / 256   interval: learned from the master
    both                    Master_Down_Interval = 3 * interval + skew

A backup that hears nothing becomes master one Master_Down_Interval after the last advert it *accepted*; one
that hears the master resign (priority 0) waits the skew time only. keepalived's effective priority and FRR's
whole centiseconds stay within a few milliseconds of this, which is what the tolerances here allow for.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_Span = TypeVar("_Span", int, NDArray[np.int64])

MILLISECOND = 1_000_000
SECOND = 1_000_000_000

DEFAULT_INTERVAL = SECOND
"""Taken for an advert that announces an interval of 0, which no implementation can mean."""


def skew(version: int, priority: int, interval: int) -> int:
    """Skew_Time in nanoseconds of a router of this priority; `interval` is the master's, in nanoseconds."""
    unit = SECOND if version == 2 else interval
    return (256 - priority) * unit // 256


def master_down(version: int, priority: int, interval: int) -> int:
    """Master_Down_Interval in nanoseconds; `interval` is the router's own (v2) or the master's (v3)."""
    return 3 * interval + skew(version, priority, interval)


def master_down_limit(version: int, interval: int) -> int:
    """The longest Master_Down_Interval any backup can have: after it nobody can still be waiting."""
    return master_down(version, 0, interval)


def tolerance(interval: int) -> int:
    """How far a takeover may lie from what the timers predict and still be the one predicted.

    keepalived 2.2 measured 1 to 6 ms late on an idle host. The bound must stay well below one interval, or a
    takeover would fit two adverts.
    """
    return min(60 * MILLISECOND, interval // 8)


def late_after(interval: _Span) -> _Span:
    """A gap longer than this means that at least one advert did not come when it was due."""
    return interval * 3 // 2
