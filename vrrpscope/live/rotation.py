"""When a recording goes on in another file, and what that is called.

As with dumpcap's `-b`: a file ends after a time, a size or a number of packets, and of so many files the oldest goes.
Names are dumpcap's too, `cap_00001_20261122165502.pcapng`: a number, and the file's first second in UTC.

Where a day is a whole number of times as long as `duration`, files begin on the clock: `duration:3600` on the hour.
Only the first begins when the recording does. Time is that of the frames, and of the watch where none come.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

ENDINGS: Final = (".pcapng", ".pcapng.zst")

_SECOND: Final = 1_000_000_000
_DAY: Final = 86_400 * _SECOND
_LARGEST: Final = 1 << 62


class Rotation(NamedTuple):
    """What ends a file; None is no limit."""

    duration: int | None = None  # nanoseconds
    size: int | None = None  # bytes
    packets: int | None = None
    files: int | None = None  # kept, of those written in this run

    @property
    def turns(self) -> bool:
        """Whether there is more than one file."""
        return self.duration is not None or self.size is not None or self.packets is not None

    def stretch(self, t: int, before: int | None) -> int:
        """Return when the stretch of time begins that `t` lies in; `before` is when another one began."""
        if self.duration is None:
            return t
        if _DAY % self.duration == 0:
            return t - t % self.duration
        return t if before is None else t - (t - before) % self.duration


ONE_FILE: Final = Rotation()


def parse_rotation(texts: Iterable[str]) -> Rotation:
    """Read `duration:60`, `filesize:1000`, `packets:5000`, `files:10`; several, or several in one with commas.

    `duration` is in seconds and `filesize` in units of 1000 bytes, as dumpcap has them.

    Raises:
        UsageError: something else, something twice, or `files` alone.
    """
    found: dict[str, int] = {}
    for text in (part for whole in texts for part in whole.split(",")):
        word, _, value = text.strip().partition(":")
        scale = {"duration": _SECOND, "filesize": 1000, "packets": 1, "files": 1}.get(word)
        if scale is None:
            raise UsageError(f"-b {text}: write duration:SECONDS, filesize:KILOBYTES, packets:N or files:N")
        if word in found:
            raise UsageError(f"-b {text}: {word} was given before")
        found[word] = _number(text, value, scale)
    if "files" in found and len(found) == 1:
        raise UsageError("-b files: also say what ends a file: duration, filesize or packets")
    if found.get("duration", _SECOND) < _SECOND:
        raise UsageError("-b duration: a file is for a second at least")
    return Rotation(found.get("duration"), found.get("filesize"), found.get("packets"), found.get("files"))


def _number(text: str, value: str, scale: int) -> int:
    try:
        number = Decimal(value) * scale
    except InvalidOperation:
        number = Decimal(0)
    if not number.is_finite() or not 0 < number < _LARGEST or number != int(number):
        raise UsageError(f"-b {text}: {value or 'nothing'} is no number that this could be")
    return int(number)


def ending(path: str) -> str:
    """Return `.pcapng` or `.pcapng.zst`.

    Raises:
        UsageError: it ends otherwise, and would promise a format that it does not have.
    """
    for one in ENDINGS:
        if path.endswith(one):
            return one
    raise UsageError(f"{path}: a recording is pcapng; call it NAME.pcapng, or NAME.pcapng.zst to have it compressed")


def numbered(path: str, number: int, t: int) -> str:
    """Return the name of a recording's file: `cap_00001_20261122165502.pcapng`."""
    end = ending(path)
    return f"{path.removesuffix(end)}_{number:05d}_{second(t)}{end}"


def second(t: int) -> str:
    """Return a time as it stands in names: `20261122165502`, UTC; one that no date can name is the nearest that can."""
    last = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)
    moment = _EPOCH + timedelta(seconds=max(0, min(t // _SECOND, last)))
    return f"{moment:%Y%m%d%H%M%S}"


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
