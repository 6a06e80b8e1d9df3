"""The table of virtual routers: who is master, since when, and how near its silence is to a takeover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from vrrpscope.live.screen.marks import FAINT, PALE, SECOND, STANDINGS, fitted, moment, router, short
from vrrpscope.report import palette
from vrrpscope.report.escape import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vrrpscope.live.screen.model import Row


class Columns:
    """Where what stands in the table of virtual routers: as wide as what is in it, within what there is."""

    def __init__(self, rows: Sequence[Row], now: int, width: int) -> None:
        self._now = now
        self._width = width
        self._label = min(max([4, *(len(printable(r.label)) for r in rows)]), 16)
        self._master = min(max([6, *(_master(r).cell_len for r in rows)]), 15 if width < 100 else 39)
        self._since = max([5, *(len(_since(r, now)) for r in rows)])
        fixed = 2 + self._label + 2 + self._master + 1 + 4 + 2 + self._since + 2 + 11 + 7 + 6 + 2
        spare = width - fixed
        longest = max(
            (len(row.addresses[0]) + 4 * (len(row.addresses) > 1) for row in rows if row.addresses), default=0
        )
        bar = 12 if width >= 115 else 6
        self._bar = bar if spare > bar + min(longest, 15) else 0  # a picture gives way to the addresses

    def head(self) -> Text:
        """Return the names of the columns."""
        age = "LAST ADVERT".ljust(self._bar + 1 + 11 if self._bar else 11)
        line = f"  {'VRID':<{self._label}}  {'MASTER':<{self._master}} PRIO  {'SINCE':<{self._since}}  {age}"
        text = Text(f"{line} MISSED ELECT  ADDRESSES", PALE)
        text.truncate(self._width)
        return text

    def row(self, row: Row) -> Text:
        """Return one virtual router's line."""
        mark = STANDINGS[row.standing]
        line = Text()
        line.append(mark.symbol + " ", mark.color_dark)
        line.append_text(fitted(Text(printable(row.label), "bold"), self._label))
        line.append("  ")
        line.append_text(fitted(_master(row), self._master))
        line.append(f" {'–' if row.priority is None else row.priority:>4}  ")
        line.append(_since(row, self._now).ljust(self._since) + "  ")
        line.append_text(self._age(row))
        line.append(f" {row.missed:>6,}", palette.MISSING.color_dark if not row.missed else palette.LATE.color_dark)
        line.append(f" {f'{row.elections:,}' + ('+' if row.more else ''):>5}  ")
        line.append(printable(_addresses(row, self._width - line.cell_len)), PALE)
        line.truncate(self._width, overflow="ellipsis")
        return line

    def lines(self, row: Row) -> list[Text]:
        """Return that line as all that there is of the virtual router in the table."""
        return [self.row(row)]

    def _age(self, row: Row) -> Text:
        """Return the age of the last advert as a part of the time after which a backup must take over."""
        if row.age is None or not row.limit:
            return Text(" " * (self._bar + 1 + 11 if self._bar else 11))
        share = row.age / row.limit
        color = palette.HEALTHY.color_dark if row.standing != "late" else palette.LATE.color_dark
        if share >= 1:
            color = palette.CRITICAL.color_dark
        line = Text()
        if self._bar:
            full = min(round(share * self._bar), self._bar)
            line.append("━" * full, color)
            line.append("─" * (self._bar - full) + " ", FAINT)
        words = f"{row.age / SECOND:.1f}/{row.limit / SECOND:.1f} s" if row.age < 1000 * SECOND else short(row.age)
        line.append(words.ljust(11), color if share >= 1 or row.standing == "late" else "")
        return line


def _master(row: Row) -> Text:
    if not row.masters:
        return Text("nobody", "bold")
    line = router(row.numbers[0], row.masters[0])
    if len(row.masters) > 1:
        line.append(f" +{len(row.masters) - 1}", "bold " + palette.SPLIT_BRAIN.color_dark)
    return line


def _since(row: Row, now: int) -> str:
    return "–" if row.since is None else ("≤" if row.before else "") + moment(row.since, now)


def _addresses(row: Row, room: int) -> str:
    """Return as many addresses as there is room for, and how many more there are."""
    if not row.addresses:
        return "none announced"
    for shown in range(len(row.addresses[:8]), 0, -1):
        more = len(row.addresses) - shown
        text = ", ".join(row.addresses[:shown]) + (f" +{more}" if more else "")
        if len(text) <= room or shown == 1:
            return text
    return ""
