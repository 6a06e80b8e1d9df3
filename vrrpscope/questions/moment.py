"""A time as people write it, and as the captures that it is about make it one.

    2026-11-22T16:55:17.63Z    ISO 8601; UTC unless it says otherwise; a space will do for the T
    16:55:17.63                that time of day, on the only day of the captures that has it
    1795366517.63              seconds since the epoch
    +12.5                      seconds after the first frame
    #123, lb02#123             a frame, of which capture where there are several

Decimals are kept to the nanosecond. Days are counted, not looked up: a capture may name any year.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from vrrpscope.errors import UsageError
from vrrpscope.questions.heard import time_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vrrpscope.questions.again import Again

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SECOND: Final = 1_000_000_000
DAY: Final = 86_400 * SECOND
_MOST: Final = 12  # digits of whole seconds: more than any capture can name

_ZONE = r"\s*(?P<zone>Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?"
_CLOCK = r"(?P<h>\d{2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:[.,](?P<fraction>\d+))?)?" + _ZONE
_OF_DAY: Final = re.compile(_CLOCK)
_ISO: Final = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2})[T ]" + _CLOCK)
_SECONDS: Final = re.compile(r"(?P<sign>\+?)(?P<whole>\d+)(?:\.(?P<fraction>\d+))?s?")
_FRAME: Final = re.compile(r"(?P<capture>.*)#(?P<number>\d{1,18})", re.DOTALL)


Time = str | int | datetime | np.datetime64
"""A time in any form a notebook has at hand."""


class Extent(Protocol):
    """From when to when captures reach, as an `Analysis` knows it."""

    @property
    def start(self) -> int | None:
        """The first time, nanoseconds since the epoch; None if there is none."""
        ...

    @property
    def end(self) -> int | None:
        """The last time; None where it is not known."""
        ...


def instant(when: Time, extent: Extent, captures: Sequence[Again]) -> int:
    """Return the time meant by whatever a notebook has at hand, in nanoseconds since the epoch.

    Args:
        when: text as for `moment`, nanoseconds as a whole number, a datetime (UTC where it has no zone), a pandas
            Timestamp or a NumPy datetime64.
        extent: of the captures it is about.
        captures: the captures, for frames.

    Raises:
        UsageError: it is none of them, or could mean several times.
    """
    if isinstance(when, str):
        return moment(when, extent, captures)
    if hasattr(when, "to_datetime64"):  # pandas: exact to the nanosecond, in UTC
        when = when.to_datetime64()
    if isinstance(when, np.datetime64):
        return int(when.astype("datetime64[ns]").astype(np.int64))
    if isinstance(when, datetime):
        since = (when if when.tzinfo else when.replace(tzinfo=UTC)) - _EPOCH
        return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds * 1_000
    if isinstance(when, int | np.integer) and not isinstance(when, bool):
        return int(when)
    raise UsageError(f"{when!r}: is no time; give text, a datetime, a Timestamp, or nanoseconds since the epoch")


def moment(text: str, analysis: Extent, captures: Sequence[Again]) -> int:
    """Return the time meant, in nanoseconds since the epoch.

    Args:
        text: one of the forms above.
        analysis: the captures it is about, or how far they reach.
        captures: the captures, for frames.

    Raises:
        UsageError: it is none of them, or could mean several times.
    """
    text = text.strip()
    if found := _ISO.fullmatch(text):
        try:
            midnight = datetime.fromisoformat(found["date"]).replace(tzinfo=UTC)
        except ValueError as error:
            raise UsageError(f"{text}: there is no such day") from error
        return round(midnight.timestamp()) * SECOND + _of_day(text, found)
    if found := _OF_DAY.fullmatch(text):
        return _on_its_day(text, _of_day(text, found), analysis)
    if (found := _SECONDS.fullmatch(text)) and len(found["whole"]) <= _MOST:
        t = int(found["whole"]) * SECOND + _fraction(found["fraction"])
        return t + _start(analysis) if found["sign"] else t
    if found := _FRAME.fullmatch(text):
        return _of_frame(text, found["capture"], int(found["number"]), captures)
    raise UsageError(
        f"{text}: is no time; write 2026-11-22T16:55:17.63Z, 16:55:17.63, 1795366517.63 (epoch), +12.5 or #123"
    )


def _of_day(text: str, found: re.Match[str]) -> int:
    """Return a time of day in UTC; behind zones it may lie on the day before or after."""
    hour, minute, second = int(found["h"]), int(found["m"]), int(found["s"] or 0)
    if hour > 23 or minute > 59 or second > 59:
        raise UsageError(f"{text}: there is no such time of day")
    return ((hour * 60 + minute) * 60 + second) * SECOND + _fraction(found["fraction"]) - _zone(found["zone"])


def _zone(zone: str | None) -> int:
    if zone is None or zone.upper() in {"Z", "UTC"}:
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    ahead = (int(digits[:2]) * 60 + int(digits[2:])) * 60 * SECOND
    return -ahead if zone[0] == "-" else ahead


def _on_its_day(text: str, of_day: int, analysis: Extent) -> int:
    """Return a time of day on the day of the captures that has it; where none has, on the first."""
    start = _start(analysis)
    end = start if analysis.end is None else analysis.end  # not known: of the first day then
    first = start - (start - of_day) % DAY + (DAY if (start - of_day) % DAY else 0)  # the first at or after the start
    if first > end and analysis.end is not None:
        return start - start % DAY + of_day % DAY
    if first + DAY <= end:
        several = f"{_date(first)}T{text} or {_date(first + DAY)}T{text}"
        raise UsageError(f"{text}: is on more than one day of the captures; write {several}")
    return first


def _start(analysis: Extent) -> int:
    if analysis.start is None:
        raise UsageError("the captures hold no frame, so no time can be counted from them")
    return analysis.start


def _of_frame(text: str, name: str, number: int, captures: Sequence[Again]) -> int:
    meant = [c for c in captures if not name or c.name == name]
    if not meant:
        raise UsageError(f"{text}: no capture is called {name}; there is {', '.join(c.name for c in captures)}")
    if len(meant) > 1:
        raise UsageError(f"{text}: there are several captures; say of which, as in {captures[0].name}#{number}")
    return time_of(meant[0], number)


def _date(t: int) -> str:
    return f"{_EPOCH + timedelta(days=t // DAY):%Y-%m-%d}"


def _fraction(digits: str | None) -> int:
    return int((digits or "")[:9].ljust(9, "0"))
