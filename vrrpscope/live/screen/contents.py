"""What stands in each pane: a view, filtered, as items that are drawn when they are to be seen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from rich.text import Text

from vrrpscope.live.screen.findings import finding_line, finding_lines
from vrrpscope.live.screen.lanes import Lanes
from vrrpscope.live.screen.marks import PALE
from vrrpscope.live.screen.model import label, matching, matching_findings
from vrrpscope.live.screen.pane import Item
from vrrpscope.live.screen.table import Columns

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from vrrpscope.findings import Finding
    from vrrpscope.live.screen.model import View
    from vrrpscope.live.screen.past import Track

PANES: Final = {"virtual-routers": "VIRTUAL ROUTERS", "timeline": "TIMELINE", "findings": "FINDINGS"}
"""By their names in keys and files: their titles."""

_UNFOLDED: Final = 12  # lines that the finding looked at may need; more are scrolled


class Contents:
    """What is in the panes.

    Args:
        view: what is shown.
        words: of the filter.
        width: columns of a pane.
        chosen: key of the finding that is unfolded; the worst one where it is not there.
    """

    def __init__(self, view: View, words: str, width: int, chosen: Hashable = None) -> None:
        self._now = view.now
        self._width = width
        self.rows = matching(words, view.rows)
        keys = {row.key for row in self.rows}
        self.tracks = tuple(track for track in view.tracks if track.key in keys)
        self.findings = matching_findings(words, view.findings)
        self._nothing = "none that the filter leaves" if view.findings else "none so far"
        if not view.rows:
            self._nothing = "no VRRP advert so far: is this the right interface?"
        self._totals = (len(view.rows), len(view.tracks), len(view.findings))
        self._columns = Columns(self.rows, view.now, width)
        self._lanes = Lanes(self.tracks, view.now, view.window, width)
        is_there = any(f.key == chosen for f in self.findings)
        self._chosen = chosen if is_there or not self.findings else self.findings[0].key

    def items(self, pane: str) -> tuple[Sequence[Item], Text | None]:
        """Return what is in a pane, and the line fixed at its top."""
        if pane == "virtual-routers":
            return [Item(row.key, 1, partial(self._columns.lines, row)) for row in self.rows], self._columns.head()
        if pane == "timeline":
            lanes = self._lanes
            tracks = [Item(t.key, _height(t), partial(lanes.lines, t, label(t.key))) for t in self.tracks]
            return tracks, lanes.axis()
        items = [self._finding(f, is_open=f.key == self._chosen) for f in self.findings]
        return items, None if items else Text(self._nothing, PALE)

    def lines(self, pane: str) -> list[Text]:
        """Return all of a pane to be read elsewhere, each finding unfolded."""
        items, head = self.items(pane)
        if pane == "findings":
            items = [unfolded(f, self._now, self._width, whole=True) for f in self.findings]
        return [*([] if head is None else [head]), *(line for item in items for line in item.draw())]

    def wanted(self) -> list[int]:
        """Return how many lines each pane could fill, its title included."""
        unfolded = _UNFOLDED if self.findings else 0
        return [len(self.rows) + 2, sum(map(_height, self.tracks)) + 2, len(self.findings) + unfolded + 1]

    def titles(self) -> list[str]:
        """Return the panes' titles, with how much is in each."""
        shown = (len(self.rows), len(self.tracks), len(self.findings))
        numbers = [f"{n} of {total}" if n != total else f"{n}" for n, total in zip(shown, self._totals, strict=True)]
        return [f" {title} {number} " for title, number in zip(PANES.values(), numbers, strict=True)]

    def _finding(self, finding: Finding, *, is_open: bool) -> Item:
        return unfolded(finding, self._now, self._width) if is_open else folded(finding, self._now, self._width)


def folded(finding: Finding, now: int, width: int) -> Item:
    """Return a finding on one line."""
    return Item(finding.key, 1, lambda: [finding_line(finding, now, width)])


def unfolded(finding: Finding, now: int, width: int, *, whole: bool = False) -> Item:
    """Return a finding with all that it says; `whole` leaves commands on one line each, however long."""
    lines = [finding_line(finding, now, width, is_open=True), *finding_lines(finding, width, whole=whole)]
    return Item(finding.key, len(lines), lambda: lines)


def _height(track: Track) -> int:
    return 1 + len(track.lanes) + (track.omitted > 0)
