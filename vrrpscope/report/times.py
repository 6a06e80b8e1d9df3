"""Times and spans as reports write them: UTC unless asked otherwise; nanoseconds since the epoch come in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000_000


def rfc3339(t: int) -> str:
    """Return `2026-11-22T16:55:12.302000000Z`, nine decimals."""
    seconds, nanoseconds = divmod(t, _SECOND)
    return f"{_moment(seconds):%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z"


def clock(t: int, decimals: int = 3, *, local: bool = False) -> str:
    """Return `16:55:12.302`, cut off, not rounded: rounding would name a second that had not come."""
    seconds, nanoseconds = divmod(t, _SECOND)
    return f"{_moment(seconds, local=local):%H:%M:%S}.{nanoseconds:09d}"[: 9 + decimals]


def date(t: int, *, local: bool = False) -> str:
    """Return `2026-11-22`."""
    return f"{_moment(t // _SECOND, local=local):%Y-%m-%d}"


def seconds(nanoseconds: int) -> float:
    """Return a span in seconds."""
    return nanoseconds / _SECOND


@dataclass(frozen=True, slots=True)
class Times:
    """How one report writes its times."""

    local: bool = False
    """In this machine's time zone, each time with the offset that held then."""
    origin: int | None = None
    """Seconds since then, `+12.302`, as `--start` takes them; None is the time of day."""
    dated: bool = False
    """With the date."""

    def at(self, t: int) -> str:
        """Return a time to the millisecond."""
        if self.origin is not None:
            return _since(t - self.origin, 3)
        return f"{date(t, local=self.local)} {clock(t, local=self.local)}" if self.dated else self.second(t, 3)

    def second(self, t: int, decimals: int = 0) -> str:
        """Return a time without its date."""
        if self.origin is not None:
            return _since(t - self.origin, decimals)
        return clock(t, decimals, local=self.local).rstrip(".")

    def period(self, start: int, end: int) -> str:
        """Return `2026-11-22 16:55:02.58 to 16:55:42.83 UTC`; a relative one begins with when that is."""
        local = self.local
        days = date(start, local=local), date(end, local=local)
        first = f"{days[0]} {clock(start, 2, local=local)}"
        if self.origin is not None:
            since = f"{_since(start - self.origin, 2)} s to {_since(end - self.origin, 2)} s"
            return f"{since}, from {first} {self.zone(start)}"
        last = clock(end, 2, local=local) if days[0] == days[1] else f"{days[1]} {clock(end, 2, local=local)}"
        changes = "" if self.zone(start) == self.zone(end) else f" {self.zone(start)}"
        return f"{first}{changes} to {last} {self.zone(end)}"

    def zone(self, t: int) -> str:
        """Return `UTC`, or what local time was ahead of it then: `+01:00`."""
        return _moment(t // _SECOND, local=True).isoformat()[19:] if self.local else "UTC"


def _since(nanoseconds: int, decimals: int) -> str:
    """Return `+12.302`, cut off."""
    whole, rest = divmod(abs(nanoseconds), _SECOND)
    return f"{'-' if nanoseconds < 0 else '+'}{whole}.{rest:09d}"[: -9 + decimals or None].rstrip(".")


def _moment(seconds: int, *, local: bool = False) -> datetime:
    """Return a moment; years a file may name but a date cannot have end at the last one it can."""
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if seconds > 0 else datetime.min.replace(tzinfo=UTC)
    try:
        return moment.astimezone() if local else moment
    except (OverflowError, ValueError, OSError):  # no time zone reaches to the first and last of all days
        return moment
