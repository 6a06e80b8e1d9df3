"""The timeline: one line of characters for each router, on a grid that all of them share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from vrrpscope.live.screen import past
from vrrpscope.live.screen.marks import FAINT, PALE, fitted, router, short
from vrrpscope.report import palette
from vrrpscope.report.escape import printable
from vrrpscope.report.times import clock
from vrrpscope.rules.text import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vrrpscope.live.screen.past import Grid, Track

_MISSED: Final = {"lost": palette.LOST, "late": palette.LATE, "missing": palette.MISSING}


class Lanes:
    """The timeline of some virtual routers, all on one grid of characters."""

    def __init__(self, tracks: Sequence[Track], now: int, window: int, width: int) -> None:
        lanes = [lane for track in tracks for lane in track.lanes]
        names = max((len(printable(lane.router)) for lane in lanes), default=8)
        self._name = min(max(names, 8), max(width // 3 - 7, 8))
        self._head = 2 + self._name + 1 + 3 + 2
        self._width = width
        self.grid: Grid = past.grid(now, window, max(width - self._head, 8))

    def axis(self) -> Text:
        """Return the times along the top, as many as there is room for."""
        grid = self.grid
        line = "LAST " + short(grid.step * grid.width).upper().replace("S", "SEC")
        line = f"  {line}"[: self._head - 1].ljust(self._head)
        apart = 16 if grid.width >= 32 else grid.width
        for cell in range(0, grid.width - 9, apart):
            line = line.ljust(self._head + cell) + "╷" + clock(grid.start + cell * grid.step, -1)
        return Text(line.ljust(self._width)[: self._width], PALE)

    def lines(self, track: Track, label: str) -> list[Text]:
        """Return a virtual router's lines: a head with what was true of all, then a lane for each router."""
        grid = self.grid
        split, vacant = past.filled(track.splits, grid), past.filled(track.vacant, grid)
        head = fitted(Text(f"VRID {printable(label)}", "bold"), self._head)
        for several, nobody in zip(split, vacant, strict=True):
            mark = palette.SPLIT_BRAIN if several else palette.MASTERLESS if nobody else None
            head.append(*((mark.symbol, mark.color_dark) if mark else (" ", "")))
        return [head, *self._lanes(track), *([self._omitted(track)] if track.omitted else [])]

    def _lanes(self, track: Track) -> Iterator[Text]:
        grid = self.grid
        for lane in track.lanes:
            style = palette.style(lane.number)
            line = Text("  ")
            line.append_text(fitted(router(lane.number, lane.router), self._name))
            line.append(f" {lane.priority:>3}  ", PALE)
            reigns, gaps = past.covered(lane.reigns, grid), past.moments(lane.missed, grid)
            unknown, end = past.known(min(lane.first, track.first), grid), (grid.now - grid.start) // grid.step
            glyph = palette.PATTERNS[style.pattern].glyph
            for cell, is_master in enumerate(reigns):
                mark = _MISSED[gaps[cell]] if cell in gaps else None
                if mark is not None:
                    line.append(mark.symbol, mark.color_dark)
                elif is_master:
                    line.append(glyph, style.color_dark)
                else:
                    line.append(" " if cell < unknown or cell > end else "·", FAINT)
            yield line

    def _omitted(self, track: Track) -> Text:
        return Text(f"  and {count(track.omitted, 'more router')}", PALE)
