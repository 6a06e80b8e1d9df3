"""The screen, driven by its keys."""

from __future__ import annotations

import json
import shutil
import threading
from typing import TYPE_CHECKING, cast

import pytest
from textual.events import Key

from tests.live.driving import LARGE, MANY, SMALL, app, drive, feed_of, lines, pane, text, tick
from tests.live.staged import told
from tests.live.test_screen_model import HEALTHY, HOSTILE, SPLIT, finding
from vrrpscope.findings import Severity
from vrrpscope.live.screen import Screen
from vrrpscope.live.screen.app import App
from vrrpscope.live.screen.sheets import Sheet

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from textual.filter import LineFilter
    from textual.pilot import Pilot

    Act = Callable[[Pilot[None]], Awaitable[None]]

# --- keys -----------------------------------------------------------------------------------------------------------


def test_vim_keys_walk_and_the_timeline_follows() -> None:
    async def act(pilot: Pilot[None]) -> None:
        routers, timeline = pane(pilot, "virtual-routers"), pane(pilot, "timeline")
        await pilot.press("j", "j", "k")
        assert [routers.cursor, timeline.cursor] == ["ipv4/2", "ipv4/2"]
        await pilot.press("G")
        await pilot.pause()
        assert [routers.cursor, timeline.cursor] == ["ipv4/40", "ipv4/40"]
        assert "VRID 40" in text(pilot)
        await pilot.press("g", "ctrl+d", "ctrl+d", "ctrl+u")
        assert [routers.cursor, timeline.cursor] == ["ipv4/8", "ipv4/8"]

    drive(app(told(MANY, 20.5)), act)


def test_tab_and_numbers_go_from_pane_to_pane() -> None:
    async def act(pilot: Pilot[None]) -> None:
        where = []
        for key in ("tab", "tab", "tab", "shift+tab", "1", "2", "3"):
            await pilot.press(key)
            where.append(pilot.app.focused.id if pilot.app.focused else None)
        routers, timeline, findings = "virtual-routers", "timeline", "findings"
        assert where == [timeline, findings, routers, findings, routers, timeline, findings]

    drive(app(told(SPLIT, 25)), act)


def test_the_finding_under_the_cursor_is_unfolded() -> None:
    async def act(pilot: Pilot[None]) -> None:
        assert "Fix:" in text(pilot)
        await pilot.press("3", "j")
        await pilot.pause()
        await pilot.press("g")
        await pilot.pause()
        assert "split-brain" in text(pilot)

    drive(app(told(SPLIT, 25)), act, LARGE)


def test_a_worse_finding_unfolds_unless_another_is_being_read() -> None:
    state = told(HEALTHY, 12)
    info = finding(rule="failover", severity=Severity.INFO, start=1, explanation="It was planned.")
    worse = finding(explanation="One does not hear the other.")

    async def act(pilot: Pilot[None]) -> None:
        assert "It was planned." in text(pilot)
        await tick(pilot, state._replace(findings=(info, worse)))
        assert "It was planned." not in text(pilot)
        assert "One does not hear" in text(pilot)
        await pilot.press("3", "j")
        await tick(pilot, state._replace(findings=(info, worse, finding(start=2, explanation="Again."))))
        assert "It was planned." in text(pilot)

    drive(app(state._replace(findings=(info,))), act)


def test_z_shows_one_pane_alone() -> None:
    async def act(pilot: Pilot[None]) -> None:
        await pilot.press("3", "z")
        await pilot.pause()
        assert "FINDINGS" in text(pilot)
        assert "TIMELINE" not in text(pilot)
        await pilot.press("z")
        await pilot.pause()
        assert "TIMELINE" in text(pilot)

    drive(app(told(SPLIT, 25)), act)


def test_enter_shows_all_about_a_virtual_router_and_goes_on_with_it() -> None:
    async def act(pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await pilot.pause()
        assert "in a moment" in text(pilot)
        await tick(pilot, told(SPLIT, 15))
        assert "priority 150, VRRPv2, every 1.000 s" in text(pilot)
        assert "SPLIT BRAIN begins" in text(pilot)
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, Sheet)

    drive(app(told(SPLIT, 15)), act, LARGE)


def test_enter_on_a_finding_shows_it_whole() -> None:
    async def act(pilot: Pilot[None]) -> None:
        await pilot.press("3", "enter")
        await pilot.pause()
        assert "Fix:" in text(pilot)
        assert "frame.number in" in text(pilot)

    drive(app(told(SPLIT, 25)), act, LARGE)


def test_the_help_names_every_key() -> None:
    async def act(pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        await pilot.pause()
        for word in ("Ctrl-d", "Tab", "Enter", "filter", "pause", "SVG", "split brain"):
            assert word in text(pilot)
        await pilot.press("q")
        assert not isinstance(pilot.app.screen, Sheet)

    drive(app(told(HEALTHY, 25)), act)


# --- filter, pause, window ------------------------------------------------------------------------------------------


def test_the_filter_works_while_it_is_typed_and_esc_ends_it() -> None:
    async def act(pilot: Pilot[None]) -> None:
        await pilot.press("slash", *"vrid7")
        await pilot.pause()
        assert "VIRTUAL ROUTERS 1 of 40" in text(pilot)
        await pilot.press("enter")
        assert "/vrid7" in lines(pilot)[-1]
        await pilot.press("escape")
        assert "VIRTUAL ROUTERS 40" in text(pilot)

    drive(app(told(MANY, 20.5)), act)


def test_keys_that_come_in_one_burst_go_where_they_were_meant_to() -> None:
    async def act(pilot: Pilot[None]) -> None:
        for name, key in (("slash", "/"), *((key, key) for key in "10.0.7"), ("slash", "/"), ("enter", "\r")):
            event = Key(name, key)
            event.set_sender(pilot.app)
            pilot.app.post_message(event)
        await pilot.pause()
        assert "/10.0.7/" in lines(pilot)[-1]

    drive(app(told(MANY, 20.5)), act)


def test_a_filter_may_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def act(pilot: Pilot[None]) -> None:
        assert "VIRTUAL ROUTERS 0 of 1" in text(pilot)
        await pilot.press("j", "G", "ctrl+d", "enter", "3", "enter", "e")

    drive(app(told(SPLIT, 25), words="nowhere"), act)


def test_a_pause_holds_the_panes_while_time_and_drops_go_on() -> None:
    async def act(pilot: Pilot[None]) -> None:
        await pilot.press("p")
        await tick(pilot, told(SPLIT, 15.2, dropped=77))
        assert "PAUSED" in lines(pilot)[-1]
        assert "77 DROPPED" in lines(pilot)[1]
        assert "10.0.0.5 +1" not in text(pilot)
        await pilot.press("p")
        assert "10.0.0.5 +1" in text(pilot)

    drive(app(told(HEALTHY, 9.2)), act)


def test_the_timeline_reaches_further_back_or_less_far() -> None:
    long = HEALTHY + "\nevery 1s from 31 to 1000: A"

    async def act(pilot: Pilot[None]) -> None:
        assert "LAST 5 MIN" in text(pilot)
        await pilot.press("plus")
        await tick(pilot, told(long, 1000.2))
        assert "LAST 15 MIN" in text(pilot)
        await pilot.press("minus", "minus", "minus", "minus")
        await tick(pilot, told(long, 1000.2))
        assert "LAST 60 SEC" in text(pilot)

    drive(app(told(long, 1000.2)), act)


def test_the_cursor_stays_on_its_virtual_router_when_others_come() -> None:
    async def act(pilot: Pilot[None]) -> None:
        await tick(pilot, told("0 A vrid=3\n0 A vrid=9\n1 A vrid=3\n1 A vrid=9", 1.2))
        assert pane(pilot, "virtual-routers").cursor == "ipv4/9"

    drive(app(told("0 A vrid=9\n1 A vrid=9", 1.2)), act)


# --- export ---------------------------------------------------------------------------------------------------------


def test_each_view_can_be_written_to_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def act(pilot: Pilot[None]) -> None:
        await pilot.press("e")
        assert "written: vrrpscope-20231114T221345Z-virtual-routers.txt" in lines(pilot)[-1]
        await pilot.press("2", "e", "3", "e", "E", "J", "question_mark", "e")

    drive(app(told(SPLIT, 25)), act)
    written = {path.name.partition("Z-")[2]: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert set(written) == {
        "virtual-routers.txt",
        "timeline.txt",
        "findings.txt",
        "screen.svg",
        "view.json",
        "help.txt",
    }
    assert "10.0.0.5" in written["virtual-routers.txt"]
    assert "▞▞▞" in written["timeline.txt"]
    assert "Fix:" in written["findings.txt"]
    assert json.loads(written["view.json"])["virtual_routers"][0]["key"] == "ipv4/51"
    assert written["screen.svg"].startswith("<svg")
    assert "url(" not in written["screen.svg"].replace("url(#", "")


def test_where_nothing_can_be_written_the_screen_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    shutil.rmtree(gone)

    async def act(pilot: Pilot[None]) -> None:
        await pilot.press("e")
        assert "cannot be written" in lines(pilot)[-1]

    drive(app(told(SPLIT, 25)), act)


# --- terminals ------------------------------------------------------------------------------------------------------


def test_it_follows_the_size_of_the_terminal() -> None:
    async def act(pilot: Pilot[None]) -> None:
        for size in (LARGE, (40, 12), (20, 6), (10, 3), (1, 1), SMALL):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert "nothing dropped" in lines(pilot)[1]
        assert "q quit" in lines(pilot)[-1]

    drive(app(told(SPLIT, 25)), act)


def test_without_colour_symbols_and_attributes_remain() -> None:
    async def act(pilot: Pilot[None]) -> None:
        strips = pilot.app.screen._compositor.render_strips()  # noqa: SLF001 - as above
        filtered = [s.apply_filter(f, pilot.app.screen.background_colors[1]) for s in strips for f in filters(pilot)]
        styles = {segment.style for strip in filtered for segment in strip if segment.style}
        assert all(style.color is None or style.color.is_default for style in styles)
        assert all(style.bgcolor is None or style.bgcolor.is_default for style in styles)
        assert any(style.reverse for style in styles)
        assert "▲ 51" in text(pilot)

    def filters(pilot: Pilot[None]) -> list[LineFilter]:
        return [f for f in pilot.app.get_line_filters() if type(f).__name__ == "NoColor"]

    drive(app(told(SPLIT, 15.2), color=False), act)


def test_no_color_in_the_environment_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    shown = app(told(SPLIT, 15.2), color=None)
    assert any(type(f).__name__ == "NoColor" for f in shown.get_line_filters())


def test_what_was_captured_is_shown_and_not_obeyed() -> None:
    state = told(HEALTHY, 12, interfaces=((HOSTILE, False),))
    hostile = finding(title=HOSTILE, explanation=HOSTILE * 5, remedy=f"Do:\n  {HOSTILE}")

    async def act(pilot: Pilot[None]) -> None:
        feed_of(pilot).note(HOSTILE)
        await tick(pilot, state._replace(findings=(hostile,)))
        assert "[bold]x[/] \\x1b[31mred" in lines(pilot)[0]
        assert "[bold]x[/] \\x1b[31mred" in lines(pilot)[-1]
        await pilot.press("3", "enter")
        await pilot.pause()
        assert "[bold]x[/] \\x1b[31mred" in text(pilot)
        assert not {"\x1b", "\x07", "\u202e"} & set(text(pilot))

    drive(app(state), act, LARGE)


# --- the watch ------------------------------------------------------------------------------------------------------


def test_the_screen_ends_when_the_watch_has() -> None:
    async def act(pilot: Pilot[None]) -> None:
        feed_of(pilot).is_over = True
        cast("App", pilot.app).poll()
        await pilot.pause()
        assert not pilot.app.is_running or pilot.app._exit  # noqa: SLF001 - it ends as soon as it comes to it

    drive(app(told(HEALTHY, 12)), act)


def headless(self: App, **_: object) -> None:
    """Stand in for `App.run` where there is no terminal: the user sees one picture and quits."""

    async def act(pilot: Pilot[None]) -> None:
        await pilot.press("q")

    drive(self, act)


def test_quitting_ends_the_watch_and_hands_on_its_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(App, "run", headless)
    screen, enough = Screen(source="eth0", color=True), threading.Event()

    def watch() -> str:
        screen.listener.tick(told(HEALTHY, 12))
        enough.wait()
        return "the whole story"

    assert screen.run(watch, enough.set) == "the whole story"


def test_what_ends_the_watch_is_raised_where_the_user_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(App, "run", headless)

    def watch() -> None:
        raise OSError("the interface has gone")

    with pytest.raises(OSError, match="has gone"):
        Screen(color=True).run(watch, lambda: None)
