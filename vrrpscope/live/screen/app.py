"""The screen itself: three panes one above the other, the two lines that are always seen, and the keys.

Drawn when a new view has come, at most twice a second, and when a key asks for it. Pausing holds the view that the
panes show; time and drops in the heading go on, so that nobody takes an old picture for the present. The mouse is
left to the terminal, where it selects text to be copied.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

from rich.text import Text
from textual import app
from textual.binding import Binding
from textual.filter import LineFilter, NoColor
from textual.widget import Widget
from textual.widgets import Input, Static

from vrrpscope.errors import VrrpscopeError
from vrrpscope.live.screen import export
from vrrpscope.live.screen.contents import PANES, Contents, unfolded
from vrrpscope.live.screen.details import detail_lines
from vrrpscope.live.screen.feed import WINDOWS
from vrrpscope.live.screen.heading import heading
from vrrpscope.live.screen.layout import LEAST, heights
from vrrpscope.live.screen.marks import PALE, beside, short
from vrrpscope.live.screen.model import label
from vrrpscope.live.screen.pane import Pane
from vrrpscope.live.screen.sheets import Sheet, help_lines
from vrrpscope.report.escape import printable
from vrrpscope.report.palette import GROUND_DARK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.binding import BindingType

    from vrrpscope.live.screen.feed import Feed
    from vrrpscope.live.screen.model import View

DRAWN_EVERY: Final = 0.5
"""Seconds."""

_HINT: Final = "? help  / filter  p pause  e export  Tab pane  Enter details  q quit"
_Widget = TypeVar("_Widget", bound=Widget)
_FONTS: Final = re.compile(r"@font-face\s*\{.*?\}\s*", re.DOTALL)


class App(app.App[None]):
    """The screen of one feed.

    Args:
        feed: where views come from.
        source: what is watched, until a view says so.
        words: of the filter.
        color: False for none; by default as `NO_COLOR` in the environment says.
    """

    ENABLE_COMMAND_PALETTE = False
    TITLE = "vrrpscope live"
    CSS = f"""
    Screen {{ background: {GROUND_DARK}; color: #e8eaed; layers: base; }}
    #heading {{ height: 2; padding: 0 1; }}
    #foot {{ height: 1; padding: 0 1; }}
    #words {{ height: 1; padding: 0 1; border: none; background: #2e343a; display: none; }}
    #words:focus {{ border: none; }}
    Pane {{
        background: {GROUND_DARK}; padding: 0 0 0 1; overflow-x: hidden; overflow-y: auto;
        border-top: solid #3a424b; border-title-color: {PALE}; border-title-style: bold;
        scrollbar-size: 0 1; scrollbar-gutter: stable; scrollbar-color: #4a5159; scrollbar-color-hover: #4a5159;
        scrollbar-background: {GROUND_DARK}; scrollbar-background-hover: {GROUND_DARK};
    }}
    Pane:focus {{ border-top: solid #4aa8e0; border-title-color: #8accf0; }}
    Sheet {{ background: {GROUND_DARK}; }}
    Sheet VerticalScroll {{
        background: {GROUND_DARK}; padding: 1 2; border: round #4aa8e0; border-title-color: #8accf0;
        border-title-style: bold; border-subtitle-color: {PALE}; scrollbar-size: 0 1;
        scrollbar-color: #4a5159; scrollbar-background: {GROUND_DARK};
    }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("q", "quit"),
        Binding("ctrl+c", "quit", priority=True),  # also where words are typed
        Binding("slash", "filter", priority=True),  # before the keys that follow it in one burst are handed out
        ("escape", "all"),
        ("p", "pause"),
        ("e", "export_text"),
        ("E", "export_svg"),
        ("J", "export_json"),
        ("question_mark", "keys"),
        ("enter", "details"),
        ("z", "zoom"),
        ("plus,equals_sign", "window(1)"),
        ("minus", "window(-1)"),
        *((str(n), f"pane('{name}')") for n, name in enumerate(PANES, 1)),
    ]

    def __init__(self, feed: Feed, *, source: str = "", words: str = "", color: bool | None = None) -> None:
        self._is_plain = "NO_COLOR" in os.environ if color is None else not color
        super().__init__(ansi_color=self._is_plain)
        self._feed = feed
        self._source = source
        self._words = words
        self._drawn: View | None = None  # the latest that came
        self._view: View | None = None  # that the panes show
        self._is_paused = False
        self._is_alone = False  # one pane alone
        self._notice = ""
        self._noted = 0  # notes of the feed seen

    def compose(self) -> app.ComposeResult:
        """Make the panes."""
        yield Static(id="heading")
        for name in PANES:
            yield Pane(name, plain=self._is_plain, rises=name == "findings")
        yield Static(id="foot")
        field = Input(self._words, id="words", placeholder="words that must all be there", compact=True)
        field.cursor_blink = False  # nothing moves that means nothing
        yield field

    def on_mount(self) -> None:
        """Begin to draw, and see that signals end the watch in good order."""
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            with suppress(AttributeError, NotImplementedError, RuntimeError, ValueError):
                asyncio.get_running_loop().add_signal_handler(getattr(signal, name), self.exit)
        self.query_one("#virtual-routers").focus()
        self.set_interval(DRAWN_EVERY, self.poll)
        self.draw()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Take all colour away at the end, where none is wanted: attributes and symbols stay."""
        return [*super().get_line_filters(), *([NoColor()] if self._is_plain else [])]

    # --- drawing ------------------------------------------------------------------------------------------------

    def poll(self) -> None:
        """Draw if there is something new; end if the watch has."""
        if self._feed.is_over:
            self.exit()
        elif self._feed.latest is not self._drawn or len(self._feed.notes) > self._noted:
            self.draw()

    def draw(self) -> None:
        """Draw everything, from the latest view or, while paused, from the one held."""
        self._drawn = self._feed.latest
        if not self._is_paused:
            self._view = self._drawn
        if len(self._feed.notes) > self._noted:
            self._noted = len(self._feed.notes)
            self._notice = printable(self._feed.notes[-1])
        width = self.size.width - 2
        lines = heading(self._drawn, self._source, width)
        self._base("#heading", Static).update(Text("\n").join(lines))
        self._base("#foot", Static).update(self._foot(width))
        if self._view is not None:
            self._lay_out(self._contents(self._view))
        if isinstance(self.screen, Sheet):
            self.screen.draw()
        else:
            self._feed.wanted = ""

    def on_resize(self) -> None:
        """Draw anew once the panes have their sizes."""
        self.call_after_refresh(self.draw)

    def _lay_out(self, contents: Contents) -> None:
        room = self.size.height - 3
        shares = heights(room, [max(each, LEAST) for each in contents.wanted()])
        focused = self._focused()
        for name, share, title in zip(PANES, shares, contents.titles(), strict=True):
            pane = self._pane(name)
            height = (room if pane is focused else 0) if self._is_alone else share
            pane.display = height > 0
            pane.styles.height = height
            pane.border_title = title
            pane.fill(*contents.items(name))

    def _contents(self, view: View) -> Contents:
        return Contents(view, self._words, max(self.size.width - 3, 20), self._pane("findings").held)

    def _foot(self, width: int) -> Text:
        state = Text()
        if self._is_paused and self._view is not None:
            state.append(" PAUSED, the capture goes on ", "reverse bold")
            state.append(" ")
        if self._words:
            state.append(f" /{self._words} ", "reverse")
            state.append(" ")
        hint = Text(self._notice or _HINT, "" if self._notice else PALE)
        if not state:
            return beside(hint, Text(), width)
        state.append_text(hint)
        state.truncate(width, overflow="ellipsis")
        return state

    # --- keys ---------------------------------------------------------------------------------------------------

    def on_pane_moved(self, event: Pane.Moved) -> None:
        """Let the timeline follow the table and the other way round, and unfold the finding."""
        if event.pane.id == "findings":
            self.draw()
            event.pane.action_move(0)
        else:
            other = "timeline" if event.pane.id == "virtual-routers" else "virtual-routers"
            self._pane(other).select(event.pane.cursor)

    def action_pane(self, name: str) -> None:
        """Go to a pane."""
        self._pane(name).display = True
        self.screen_stack[0].set_focus(self._pane(name))
        self.draw()

    def action_zoom(self) -> None:
        """Show one pane alone, or all again."""
        self._is_alone = not self._is_alone
        self.draw()

    def action_window(self, by: int) -> None:
        """Let the timeline reach further back, from the next view on."""
        at = WINDOWS.index(self._feed.window) + by
        self._feed.window = WINDOWS[max(min(at, len(WINDOWS) - 1), 0)]
        self._notice = f"timeline: the last {short(self._feed.window)}, as far as the watch reaches"
        self.draw()

    def action_pause(self) -> None:
        """Hold what the panes show, or go on."""
        self._is_paused = not self._is_paused
        self._notice = ""
        self.draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave a slash to the words that are typed, and to a sheet."""
        if action == "filter":
            return isinstance(self.focused, Pane)
        return super().check_action(action, parameters)

    def action_filter(self) -> None:
        """Ask for words."""
        field = self._base("#words", Input)
        field.display = True
        self._base("#foot", Static).display = False
        self.screen_stack[0].set_focus(field)  # at once: the next key may be here already

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while words are typed."""
        self._words = event.value
        self.draw()

    def on_input_submitted(self) -> None:
        """Keep the filter and go back to the panes."""
        self._leave_input()

    def action_all(self) -> None:
        """End the filter; in the details, leave them."""
        self._base("#words", Input).value = ""
        self._words = self._notice = ""
        self._leave_input()

    def _leave_input(self) -> None:
        field = self._base("#words", Input)
        if field.display:
            field.display = False
            self._base("#foot", Static).display = True
            self.screen_stack[0].set_focus(self._pane("virtual-routers"))
        self.draw()

    def action_keys(self) -> None:
        """Show the help."""
        self.push_screen(Sheet("help", help_lines))

    def action_details(self) -> None:
        """Show all about what the cursor is on."""
        pane = self._focused()
        if pane is None or pane.cursor is None or self._view is None:
            return
        if pane.id == "findings":
            finding = next(f for f in self._view.findings if f.key == pane.cursor)
            now = self._view.now
            self.push_screen(Sheet("finding", lambda width: unfolded(finding, now, width).draw()))
        else:
            self._feed.wanted = str(pane.cursor)
            self.push_screen(Sheet("details", partial(self._details, str(pane.cursor))))

    def _details(self, key: str, width: int) -> Sequence[Text]:
        view = self._feed.latest
        title = Text(f"VRID {label(key)}", "bold")
        if view is None or view.detail is None or view.detail.key != key:
            return [title, Text("in a moment", PALE)]
        row = next((row for row in view.rows if row.key == key), None)
        return [title, *detail_lines(view.detail, row, width)]

    # --- export -------------------------------------------------------------------------------------------------

    def action_export_text(self) -> None:
        """Write the pane, or the sheet over it, as text: all of it, findings unfolded."""
        if isinstance(self.screen, Sheet):
            self._export(self.screen.name_of_export, "txt", export.as_text(self.screen.lines()))
            return
        pane = self._focused() or self._pane("virtual-routers")
        if self._view is None:
            return
        lines = self._contents(self._view).lines(str(pane.id))
        top = heading(self._view, self._source, self.size.width)
        self._export(str(pane.id), "txt", export.as_text([*top, Text(), *lines]))

    def action_export_svg(self) -> None:
        """Write the whole screen as it is, without the web fonts that it would ask another host for."""
        self._export("screen", "svg", _FONTS.sub("", self.export_screenshot()))

    def action_export_json(self) -> None:
        """Write all that the panes show."""
        if self._view is not None:
            shown = self._contents(self._view)
            self._export("view", "json", export.as_json(self._view, shown.rows, shown.tracks, shown.findings))

    def _export(self, name: str, suffix: str, text: str) -> None:
        if self._view is None:
            return
        try:
            self._notice = f"written: {export.write(self._view.now, name, suffix, text)}"
        except VrrpscopeError as error:
            self._notice = str(error)
        self.draw()

    # --- finding widgets ----------------------------------------------------------------------------------------

    def _base(self, selector: str, kind: type[_Widget]) -> _Widget:
        return self.screen_stack[0].query_one(selector, kind)

    def _pane(self, name: str) -> Pane:
        return self._base(f"#{name}", Pane)

    def _focused(self) -> Pane | None:
        focused = self.screen_stack[0].focused
        return focused if isinstance(focused, Pane) else None
