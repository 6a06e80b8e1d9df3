"""Time stamps at the head of a line, in every shape that a daemon's words reach us in.

    1795382325.424517 …                            journalctl -o short-unix, arrival stamps
    2026-11-22T21:18:45.424517+00:00 …             RFC 5424, rsyslog's file format, journalctl -o short-iso[-precise]
    2026/11/22 21:18:45.424517 …                   FRR
    Sun 2026-11-22 21:18:45 UTC …                  journalctl -o short-full
    Nov 22 21:18:45[.424517] …                     RFC 3164, journalctl, journalctl -o short-precise
    Sun Nov 22 21:18:45[.424517000] 2026: …        keepalived's console, and its own file from 2.1.4 on

A stamp is a lower bound and cut off at its resolution. One without a zone is local to `zone`; where a clock goes back
for the end of daylight saving time, the order of the lines tells the two hours apart. One without a year takes the year
that lies nearest to the line before, and for the first line the last that does not lie far behind the capture.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

SECOND: Final = 1_000_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ONE: Final = timedelta(seconds=1)
_AHEAD: Final = 31 * 86_400 * SECOND
"""How far behind the capture a log may begin: longer, and it is rather of the year before."""
_YEARS: Final = range(1971, 2262)
"""What fits into int64 nanoseconds, with room for zones."""
_LEAP_CYCLE: Final = 8
_NAMES: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS: Final = {name: number for number, name in enumerate(_NAMES, start=1)}
_WEEKDAY: Final = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?"
_CLOCK: Final = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
_DATE: Final = r"(?P<year>\d{4})[-/](?P<month>\d\d)[-/](?P<day>\d\d)"
_END: Final = r"(?P<colon>: ?| )"
_SHAPES: Final = tuple(
    re.compile(shape + _END, re.ASCII)
    for shape in (
        rf"{_WEEKDAY}(?P<month>[A-Z][a-z][a-z])  ?(?P<day>\d\d?) {_CLOCK}(?: (?P<year>\d{{4}})(?=:))?",
        rf"{_DATE}[T ]{_CLOCK} ?(?P<zone>Z|UTC|[+-]\d\d:?\d\d)?",
        rf"{_WEEKDAY}{_DATE} {_CLOCK} (?:(?P<zone>UTC|GMT)|[A-Z]{{3,5}}|[+-]\d\d)",
        r"(?P<epoch>\d{9,10})(?:\.(?P<fraction>\d{1,9}))?",
    )
)


class Stamp(NamedTuple):
    """When a line was written, by its stamp: at or after `t` and before `until`."""

    t: int
    until: int
    zoned: bool  # the stamp itself tells its zone
    colon: bool  # a message of a daemon follows, not a host and a program
    end: int  # where in the line it ends


class Calendar:
    """Reads stamps; remembers the last one, for what they leave out."""

    def __init__(self, zone: tzinfo = UTC, near: int | None = None) -> None:
        """`near` is a time of the capture."""
        self._zone = zone
        self._near = near
        self._last: int | None = None
        self.yearless = 0
        """Stamps without a year that nothing tells."""
        self._shapes = list(_SHAPES)

    def read(self, line: str, start: int = 0) -> Stamp | None:
        """Read the stamp at `start` of a line, if there is one that can be placed."""
        for index, shape in enumerate(self._shapes):
            match = shape.match(line, start)
            if match is None:
                continue
            if index:  # most lines of a log look like the one before
                self._shapes.insert(0, self._shapes.pop(index))
            return self._stamp(match)
        return None

    def remember(self, t: int) -> None:
        """Take note of the time of a line, for the years and hours of those that follow."""
        self._last = t

    def _stamp(self, match: re.Match[str]) -> Stamp | None:
        found = match.groupdict()
        zoned = True
        if found.get("epoch"):
            seconds: int | None = int(found["epoch"])
        else:
            zone = _zone(found.get("zone"))
            zoned = zone is not None
            seconds = self._seconds(found, zone)
        if seconds is None or not 0 <= seconds < 2**63 // SECOND - 1:
            return None
        digits = found["fraction"] or ""
        t = seconds * SECOND + int(digits.ljust(9, "0"))
        return Stamp(t, t + 10 ** (9 - len(digits)), zoned, found["colon"] != " ", match.end())

    def _seconds(self, found: dict[str, str], zone: tzinfo | None) -> int | None:
        """Whole seconds since the epoch; None for what is no date, or has no year and nothing to tell it."""
        month = _MONTHS.get(found["month"], 0) if found["month"].isalpha() else int(found["month"])
        day, hour, minute, second = (int(found[part]) for part in ("day", "hour", "minute", "second"))
        if second > 60:  # 60 is a leap second
            return None

        def at(year: int, fold: int = 0) -> int | None:
            start = _minute((year, month, day, hour, minute), fold, zone or self._zone)
            return None if start is None else start + second

        year = int(found["year"]) if found.get("year") else self._year(at)
        seconds = None if year is None else at(year)
        if year is None or seconds is None or zone is not None or self._last is None:
            return seconds
        if seconds * SECOND < self._last - SECOND:  # it goes back: is this the hour that comes twice?
            again = at(year, 1)
            if again is not None and again * SECOND >= self._last - SECOND:
                return again
        return seconds

    def _year(self, at: Callable[[int], int | None]) -> int | None:
        """The year that fits best, for a stamp that has none."""
        reference = self._near if self._last is None else self._last
        if reference is None:
            self.yearless += 1
            return None
        year = datetime.fromtimestamp(reference // SECOND, UTC).year
        dates = [(date * SECOND, y) for y in range(year + 1, year - _LEAP_CYCLE - 1, -1) if (date := at(y)) is not None]
        if self._last is None:
            return next((y for date, y in dates if date <= reference + _AHEAD), None)
        return min(dates, key=lambda each: abs(each[0] - reference), default=(0, None))[1]


@lru_cache(maxsize=1024)
def _minute(when: tuple[int, int, int, int, int], fold: int, zone: tzinfo) -> int | None:
    """Seconds since the epoch at which a minute begins; None where there is no such minute."""
    if when[0] not in _YEARS:
        return None
    try:
        return (datetime(*when, tzinfo=zone, fold=fold) - _EPOCH) // _ONE
    except ValueError:
        return None


@lru_cache(maxsize=64)
def _zone(text: str | None) -> tzinfo | None:
    """The zone a stamp names, None where it names none that there is."""
    if text is None:
        return None
    if text in {"Z", "UTC", "GMT"}:
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    if minutes >= 24 * 60:
        return None
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
