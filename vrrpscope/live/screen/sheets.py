"""What is laid over the panes: the keys, and the details of one virtual router or finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from vrrpscope.live.screen.marks import PALE, SEVERITIES, STANDINGS, marked
from vrrpscope.report import palette

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

KEYS: Final = (
    ("j k g G", "down, up, to the first, to the last (arrows, Home, End)"),
    ("Ctrl-d Ctrl-u", "down and up by pages (PgDn, PgUp)"),
    ("Tab 1 2 3", "the next pane; routers, timeline, findings"),
    ("Enter", "all about what the cursor is on"),
    ("z", "one pane alone, and all of them again"),
    ("/", "filter by words: 10.0.0.3 vlan100 split vrid5|vrid7"),
    ("Esc", "leave this, end the filter"),
    ("+ -", "the timeline reaches further back, less far back"),
    ("p", "pause the drawing; the capture goes on"),
    ("e", "write this pane as text to a file in this directory"),
    ("E J", "write the screen as SVG, all that is on it as JSON"),
    ("q Ctrl-C", "end the watch; the report follows"),
)

_MEANINGS: Final = {
    "one": "one master",
    "late": "advert overdue",
    "nobody": "no master",
    "split": "split brain",
}


class Sheet(ModalScreen[None]):
    """Lines to read; `lines` is asked again whenever the screen is drawn."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,enter,question_mark", "app.pop_screen"),
        ("ctrl+c", "app.quit"),
        ("e", "app.export_text"),
        ("E", "app.export_svg"),
        ("j,down", "scroll(1)"),
        ("k,up", "scroll(-1)"),
        ("g,home", "scroll(-1000000)"),
        ("G,end", "scroll(1000000)"),
        ("ctrl+d,ctrl+f,pagedown,space", "scroll(10)"),
        ("ctrl+u,ctrl+b,pageup", "scroll(-10)"),
    ]

    def __init__(self, title: str, lines: Callable[[int], Sequence[Text]]) -> None:
        super().__init__()
        self.name_of_export = title
        self._lines = lines

    def compose(self) -> ComposeResult:
        """Make the scrolling part and what is in it."""
        with VerticalScroll() as scroll:
            scroll.border_title = self.name_of_export.upper().replace("-", " ")
            scroll.border_subtitle = "Esc leaves"
            yield Static(id="lines")

    def on_mount(self) -> None:
        """Draw for the first time."""
        self.draw()

    def on_resize(self) -> None:
        """Wrap the lines anew."""
        self.draw()

    def lines(self) -> Sequence[Text]:
        """Return what is shown."""
        return self._lines(max(self.app.size.width - 7, 20))

    def draw(self) -> None:
        """Show the latest."""
        self.query_one("#lines", Static).update(Text("\n").join(self.lines()))

    def action_scroll(self, by: int) -> None:
        """Scroll by lines."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)


def help_lines(width: int) -> list[Text]:
    """Return the keys, and what the symbols mean."""
    lines = []
    for keys, what in KEYS:
        line = Text(f"{keys:<15}", "bold")
        line.append(what, "not bold")
        lines.append(line)
    lines.append(Text())
    lines += [Text("  ").join(marked(mark, _MEANINGS[word]) for word, mark in STANDINGS.items())]
    missed = (palette.LOST, palette.LATE, palette.MISSING)
    lines.append(Text("  ").join(marked(mark, mark.name) for mark in missed))
    lines.append(Text("  ").join(marked(mark, mark.name) for mark in SEVERITIES.values()))
    lines.append(Text())
    lines.append(Text("≤ 16:55:08   master already when it was first seen", PALE))
    lines.append(Text("0.8/4.0 s    since the last advert, and when every backup would take over", PALE))
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines
