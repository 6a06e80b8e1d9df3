"""What all lines of the screen are made of: colours, symbols, and times in few characters.

Everything that was captured is escaped here and put into `Text`, which knows no markup. A symbol says what a colour
says, and a router has the colour and the pattern that it has in the HTML report. Nothing here draws.
"""

from __future__ import annotations

from typing import Final

from rich.text import Text

from vrrpscope.findings import Severity
from vrrpscope.report import palette
from vrrpscope.report.escape import printable
from vrrpscope.report.times import clock, date

PALE: Final = "#8b939c"  # what is there to be found, not to be read: 5.6:1 on the ground
FAINT: Final = "#4a5159"  # lanes where nothing is

STANDINGS: Final = {
    "one": palette.HEALTHY,
    "late": palette.LATE,
    "nobody": palette.MASTERLESS,
    "split": palette.SPLIT_BRAIN,
}
SEVERITIES: Final = {
    Severity.CRITICAL: palette.CRITICAL,
    Severity.WARNING: palette.WARNING,
    Severity.INFO: palette.INFO,
}

SECOND: Final = 1_000_000_000


def moment(t: int, now: int) -> str:
    """Return `16:55:08`, or `11-21 16:55` where that was another day."""
    return clock(t, -1) if date(t) == date(now) else f"{date(t)[5:]} {clock(t, -1)[:5]}"


def short(nanoseconds: int) -> str:
    """Return a span in at most seven characters: `0.8 s`, `12 s`, `4 min`, `2 h`."""
    seconds = nanoseconds / SECOND
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_140 else f"{seconds / 3600:.0f} h"


def router(number: int, text: str) -> Text:
    """Return a router's name in its colour."""
    return Text(printable(text), palette.style(number).color_dark)


def marked(mark: palette.Mark, text: str = "", *, bold: bool = False) -> Text:
    """Return a mark's symbol, and what it says, in its colour."""
    return Text(
        f"{mark.symbol} {printable(text)}" if text else mark.symbol, ("bold " if bold else "") + mark.color_dark
    )


def beside(left: Text, right: Text, width: int) -> Text:
    """Return two texts at the two ends of a line; the right one gives way."""
    room = width - left.cell_len - right.cell_len
    line = left.copy()
    if room >= 2:
        line.append(" " * room)
        line.append_text(right)
    line.truncate(width, overflow="ellipsis")
    return line


def fitted(text: Text, width: int) -> Text:
    """Return a text in exactly so many columns."""
    text.truncate(width, overflow="ellipsis", pad=True)
    return text
