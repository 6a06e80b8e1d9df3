"""Times and spans as reports write them. Always UTC; nanoseconds since the epoch come in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000_000


def rfc3339(t: int) -> str:
    """Return `2026-11-22T16:55:12.302000000Z`, nine decimals."""
    seconds, nanoseconds = divmod(t, _SECOND)
    return f"{_moment(seconds):%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z"


def clock(t: int, decimals: int = 3) -> str:
    """Return `16:55:12.302`, cut off, not rounded: rounding would name a second that had not come."""
    seconds, nanoseconds = divmod(t, _SECOND)
    return f"{_moment(seconds):%H:%M:%S}.{nanoseconds:09d}"[: 9 + decimals]


def date(t: int) -> str:
    """Return `2026-11-22`."""
    return f"{_moment(t // _SECOND):%Y-%m-%d}"


def seconds(nanoseconds: int) -> float:
    """Return a span in seconds."""
    return nanoseconds / _SECOND


def _moment(seconds: int) -> datetime:
    """Return a moment; years a file may name but a date cannot have end at the last one it can."""
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if seconds > 0 else datetime.min.replace(tzinfo=UTC)
