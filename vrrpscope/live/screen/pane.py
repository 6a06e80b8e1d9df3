"""A list that is walked with vim's keys: of virtual routers, of their lanes, of findings.

Only the lines that can be seen are made, each when it is first drawn, so that a thousand findings cost no more than
ten. The cursor stays on what it was on, wherever that moves to; a list of findings that nobody walks through stays at
its top, where the worst is.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.style import Style
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from rich.console import Console
    from rich.text import Text
    from textual.binding import BindingType

_CURSOR = Style(bgcolor="#2e343a")
_PLAIN_CURSOR = Style(reverse=True)


class Item(NamedTuple):
    """One thing in a list: so many lines, made when they are to be seen."""

    key: Hashable
    height: int
    draw: Callable[[], list[Text]]


class Pane(ScrollView, can_focus=True):
    """A list with a fixed line at its top."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("j,down", "move(1)"),
        ("k,up", "move(-1)"),
        ("g,home", "move(-1000000)"),
        ("G,end", "move(1000000)"),
        ("ctrl+d,ctrl+f,pagedown", "page(1)"),
        ("ctrl+u,ctrl+b,pageup", "page(-1)"),
    ]

    class Moved(Message):
        """The cursor is on something else."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, name: str, *, plain: bool = False, rises: bool = False) -> None:
        super().__init__(id=name)
        self._rises = rises
        self._cursor_style = _PLAIN_CURSOR if plain else _CURSOR
        self._items: Sequence[Item] = ()
        self._ends: list[int] = []  # the line behind each item
        self._drawn: dict[int, list[Text]] = {}
        self._head: Text | None = None
        self._at = 0

    @property
    def cursor(self) -> Hashable:
        """The key of what the cursor is on; None where there is nothing."""
        return self._items[self._at].key if self._items else None

    @property
    def held(self) -> Hashable:
        """The key of what the cursor is to stay on; None where it is to stay at the top."""
        return None if self._rises and not self._at and not self.has_focus else self.cursor

    def fill(self, items: Sequence[Item], head: Text | None = None) -> None:
        """Show these; the cursor stays on what it was on, if that is still there."""
        key = self.held
        self._items, self._head, self._drawn = items, head, {}
        self._ends = list(accumulate(item.height for item in items))
        places = (place for place, item in enumerate(items) if item.key == key)
        at = next(places, min(self._at, max(len(items) - 1, 0)))
        moved, self._at = at != self._at, at
        self.virtual_size = Size(self.size.width, (self._ends[-1] if self._ends else 0) + self._fixed)
        if moved:
            self._show_cursor()
        self.refresh()

    def select(self, key: Hashable) -> None:
        """Put the cursor on something, if it is there."""
        for place, item in enumerate(self._items):
            if item.key == key and place != self._at:
                self._at = place
                self._show_cursor()
                self.refresh()

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        at = max(min(self._at + by, len(self._items) - 1), 0)
        if at != self._at:
            self._at = at
            self.post_message(self.Moved(self))
        self._show_cursor()
        self.refresh()

    def action_page(self, way: int) -> None:
        """Move the cursor by what fits into the pane."""
        height = max(self.size.height - self._fixed, 1)
        self.action_move(way * max(height // max(self._items[self._at].height, 1), 1) if self._items else 0)

    def render_line(self, y: int) -> Strip:
        """Return one line of the pane, in its own coordinates."""
        width = self.size.width
        if y < self._fixed and self._head is not None:
            return _strip(self._head, width, self.rich_style, self.app.console)
        line = self.scroll_offset.y + y - self._fixed
        place = bisect_right(self._ends, line)
        if place >= len(self._items):
            return Strip.blank(width, self.rich_style)
        lines = self._drawn.get(place)
        if lines is None:
            lines = self._drawn[place] = self._items[place].draw()
        row = line - self._ends[place] + self._items[place].height
        style = self.rich_style
        if place == self._at and row == 0 and self.has_focus:
            style += self._cursor_style
        return _strip(lines[row], width, style, self.app.console) if row < len(lines) else Strip.blank(width, style)

    @property
    def _fixed(self) -> int:
        return 0 if self._head is None else 1

    def _show_cursor(self) -> None:
        if not self._items:
            return
        end = self._ends[self._at] + self._fixed
        height = self._items[self._at].height
        # The fixed line takes one of the lines that are to be seen, so the region is one longer.
        region = Region(0, end - height - self._fixed, 1, min(height + self._fixed, max(self.size.height, 1)))
        self.scroll_to_region(region, animate=False, force=True)


def _strip(text: Text, width: int, style: Style, console: Console) -> Strip:
    own = style + console.get_style(text.style)  # rendering a text without spans leaves its style out
    return Strip(text.render(console)).apply_style(own).adjust_cell_length(width, style)
