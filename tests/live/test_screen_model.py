"""What the screen shows, as values and as lines, without a screen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from rich.text import Text

from tests.live.staged import SECOND, told
from tests.trace import ZERO
from vrrpscope.errors import UsageError
from vrrpscope.findings import Confidence, Finding, Frame, Severity
from vrrpscope.live.listener import Counters
from vrrpscope.live.screen import Screen, export, past, suits
from vrrpscope.live.screen.contents import Contents
from vrrpscope.live.screen.feed import WINDOWS, Feed
from vrrpscope.live.screen.findings import finding_lines
from vrrpscope.live.screen.heading import heading
from vrrpscope.live.screen.layout import heights
from vrrpscope.live.screen.marks import moment, short
from vrrpscope.live.screen.model import View, label, matching, matching_findings, view

if TYPE_CHECKING:
    from pathlib import Path

HEALTHY = "A is p150\nB is p100\n0 A id=70\nevery 1s from 1 to 30: A"
SPLIT = HEALTHY + "\nevery 1s from 10 to 20: B"
HOSTILE = "[bold]x[/] \x1b[31mred\x1b]0;t\x07 \u202eabc"


def seen(text: str, now: float, *, window: int = 60, wanted: str = "", dropped: int = 0) -> View:
    return view(told(text, now, dropped=dropped), ZERO, window * SECOND, wanted)


def at(second: float) -> int:
    return ZERO + round(second * SECOND)


def finding(**said: object) -> Finding:
    whole: dict[str, object] = {
        "rule": "split-brain",
        "severity": Severity.CRITICAL,
        "confidence": Confidence.CERTAIN,
        "virtual_router": "ipv4/51",
        "routers": ("10.0.0.5",),
        "start": ZERO,
        "end": None,
        "title": "two are master",
        "explanation": "One does not hear the other.",
        "remedy": "Let VRRP in:\n  nft add rule inet filter input ip protocol vrrp accept",
        "frames": (Frame("eth0", 4),),
    }
    return Finding(**(whole | said))  # type: ignore[arg-type]


# --- rows -----------------------------------------------------------------------------------------------------------


def test_a_row_says_who_is_master_since_when_and_how_old_its_last_advert_is() -> None:
    (row,) = seen(HEALTHY, 12.5).rows
    assert (row.key, row.label, row.standing, row.masters, row.priority) == ("ipv4/51", "51", "one", ("10.0.0.5",), 150)
    assert (row.since, row.before) == (at(0), True)
    assert (row.age, row.limit) == (SECOND // 2, 4 * SECOND)
    assert (row.missed, row.elections, row.addresses) == (0, 0, ("10.0.0.3",))


def test_an_overdue_advert_shows_before_anybody_takes_over() -> None:
    (row,) = seen(HEALTHY, 32.0).rows
    assert row.standing == "late"


def test_a_master_that_resigned_leaves_nobody_until_another_speaks() -> None:
    (row,) = seen(HEALTHY + "\n30.5 A p0", 30.7).rows
    assert (row.standing, row.masters, row.priority, row.since) == ("nobody", (), None, at(30.5))
    (row,) = seen(HEALTHY + "\n30.5 A p0\n31.1 B", 31.2).rows
    assert (row.standing, row.masters, row.elections, row.before) == ("one", ("10.0.0.6",), 1, False)


def test_two_masters_are_a_split_with_the_stronger_first() -> None:
    (row,) = seen(SPLIT, 15.2).rows
    assert (row.standing, row.masters, row.numbers) == ("split", ("10.0.0.5", "10.0.0.6"), (0, 1))
    assert seen(SPLIT, 29.2).rows[0].standing == "one"


def test_lost_adverts_are_counted() -> None:
    (row,) = seen("A is p150\nevery 1s from 0 to 9: A\n13 A lost=3", 13.2).rows
    assert row.missed == 3


@pytest.mark.parametrize(
    ("key", "words"),
    [("ipv4/50", "50"), ("vlan100/ipv4/50", "vlan100 50"), ("ipv6/7", "7 v6"), ("vni7/ipv6/9", "vni7 9 v6")],
)
def test_a_virtual_router_is_named_in_few_words(key: str, words: str) -> None:
    assert label(key) == words


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("", 2),
        ("51", 1),
        ("vrid51", 1),
        ("vrid5", 0),
        ("vrid5|vrid7", 1),
        ("vrid51|vlan100", 2),
        ("VLAN100", 1),
        ("vlan100 10.0.9", 1),
        ("vlan100 10.0.0.3", 0),
        ("one", 2),
    ],
)
def test_a_filter_wants_all_of_its_words(words: str, left: int) -> None:
    rows = seen("0 A\n1 A\n0.2 A vrid=7 vlan=100 vips=10.0.9.9\n1.2 A vrid=7 vlan=100 vips=10.0.9.9", 1.3).rows
    assert len(matching(words, rows)) == left


def test_findings_are_filtered_by_the_same_words() -> None:
    shown = (finding(), finding(rule="lost-adverts", virtual_router="vlan100/ipv4/7"), finding(virtual_router=None))
    for words, left in [("", 3), ("split", 2), ("vlan100", 1), ("vrid7", 1), ("vrid5", 0), ("CRITICAL 10.0.0.5", 3)]:
        assert len(matching_findings(words, shown)) == left


# --- the past -------------------------------------------------------------------------------------------------------


def test_a_track_holds_reigns_split_brain_and_missed_adverts_within_the_window() -> None:
    (track,) = seen(SPLIT, 25).tracks
    assert [lane.router for lane in track.lanes] == ["10.0.0.5", "10.0.0.6"]
    assert track.lanes[0].reigns == (past.Span(at(0), None),)
    assert [span.start for span in track.lanes[1].reigns] == [at(10)]
    assert [span.start for span in track.splits] == [at(10)]
    (track,) = seen("A is p150\nevery 1s from 0 to 9: A\n13 A lost=3", 13.2).tracks
    assert track.lanes[0].missed == ((at(13), "lost"),)


def test_what_ended_before_the_window_is_left_out_and_what_lasts_is_not() -> None:
    (track,) = seen(SPLIT + "\nevery 1s from 31 to 300: A", 299, window=60).tracks
    assert track.splits == ()
    assert [lane.reigns for lane in track.lanes] == [(past.Span(at(0), None),), ()]


def test_a_time_without_a_master_is_vacant() -> None:
    (track,) = seen(HEALTHY + "\n40 B", 41).tracks
    assert [(span.start, span.end) for span in track.vacant] == [(at(30), at(40))]


def test_cells_stay_where_they_are_when_time_passes() -> None:
    spans = [past.Span(at(10), at(20))]
    lines = [past.covered(spans, past.grid(at(now), 60 * SECOND, 30)) for now in (31.0, 31.4, 32.0)]
    assert lines[0] == lines[1]
    assert lines[2] == [*lines[0][1:], False]


def test_a_reign_shorter_than_a_cell_is_seen_and_a_short_vacancy_is_not() -> None:
    over = past.grid(at(60), 60 * SECOND, 10)
    assert sum(past.covered([past.Span(at(30.1), at(30.2))], over)) == 1
    assert sum(past.filled([past.Span(at(30.1), at(30.2))], over)) == 0
    assert past.moments([(at(30.1), "lost"), (at(30.2), "late"), (at(-900), "lost")], over) == {4: "late"}


def test_a_young_watch_has_no_long_past() -> None:
    feed = Feed()
    feed.tick(told(HEALTHY, 30))
    assert feed.latest is not None
    assert feed.latest.window == WINDOWS[0]
    feed.tick(told(HEALTHY + "\nevery 1s from 31 to 90: A", 90))
    assert feed.latest.window == WINDOWS[1]


def test_before_the_first_frame_there_is_no_time() -> None:
    feed = Feed()
    feed.tick(told("0 A", 0)._replace(now=0, virtual_routers=(), counters=Counters(9, 0, 9)))
    assert feed.latest is not None
    first, second = heading(feed.latest, "eth0", 80)
    assert "1970" not in first.plain
    assert "9 DROPPED" in second.plain
    assert "waiting" in second.plain


# --- lines ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [40, 60, 77, 100, 137])
@pytest.mark.parametrize("pane", ["virtual-routers", "timeline", "findings"])
def test_lines_keep_within_their_columns(pane: str, width: int) -> None:
    text = SPLIT + "\n3 A v6 vrid=9 vlan=4000 vips=fe80::1234:5678:9abc:def0,2001:db8::1:2:3:4\n4 A v6 vrid=9 vlan=4000"
    items, head = Contents(seen(text, 25), "", width).items(pane)
    lines = [*([head] if head else []), *(line for item in items for line in item.draw())]
    assert max(line.cell_len for line in lines) <= width
    assert any(line.plain.strip() for line in lines)


def test_columns_stand_below_their_names() -> None:
    head, row = Contents(seen(SPLIT, 15.2), "", 77).lines("virtual-routers")
    for name, value in [("VRID", "51"), ("MASTER", "10.0.0.5 +1"), ("SINCE", "≤22:13:20"), ("ADDRESSES", "10.0.0.3")]:
        assert head.plain.index(name) == row.plain.index(value)


def test_drops_are_always_told_even_where_there_is_room_for_little() -> None:
    for width in (20, 40, 80):
        assert "1,234 DROPPED" in heading(seen(HEALTHY, 12, dropped=1234), "eth0", width)[1].plain
    assert "nothing dropped" in heading(seen(HEALTHY, 12), "eth0", 80)[1].plain


def test_nothing_is_called_right_while_an_advert_is_overdue() -> None:
    assert "nothing wrong" in heading(seen(HEALTHY, 12), "eth0", 80)[1].plain
    assert "nothing wrong" not in heading(seen(HEALTHY, 32), "eth0", 80)[1].plain


def test_where_nothing_was_seen_the_screen_asks_for_the_interface() -> None:
    shown = seen(HEALTHY, 12)._replace(rows=(), tracks=(), findings=())
    assert "right interface?" in Contents(shown, "", 80).lines("findings")[0].plain
    assert "nothing wrong" not in heading(shown, "eth0", 80)[1].plain


def test_an_interface_that_is_down_says_so() -> None:
    state = told(HEALTHY, 12, interfaces=(("eth0", True), ("eth1", False)))
    assert "eth0  ✖ eth1 is down" in heading(view(state, ZERO, 60 * SECOND), "", 80)[0].plain


def test_a_finding_tells_what_it_means_and_what_to_do_with_commands_on_lines_of_their_own() -> None:
    lines = [line.plain for line in finding_lines(finding(also_possible=("path",)), 76)]
    assert "    Two are master." in lines
    assert "    One does not hear the other." in lines
    assert any(line.startswith("    Also possible: the network between them") for line in lines)
    assert "    Fix: Let VRRP in:" in lines
    assert "      nft add rule inet filter input ip protocol vrrp accept" in lines
    assert "    frame.number in {4}" in lines


def test_an_exported_command_stays_on_one_line_however_narrow_the_screen() -> None:
    command = "  firewall-cmd --permanent " + "--add-rich-rule=x " * 9
    shown = seen(HEALTHY, 12)._replace(findings=(finding(remedy=f"Do:\n{command}"),))
    assert command.strip() in export.as_text(Contents(shown, "", 60).lines("findings"))


def test_captured_text_can_neither_mark_up_nor_command_the_terminal() -> None:
    said = finding(title=HOSTILE, explanation=HOSTILE, remedy=f"Do:\n  {HOSTILE}", routers=(HOSTILE,))
    state = told(HEALTHY, 12, interfaces=((HOSTILE, False),))._replace(findings=(said,))
    shown = view(state, ZERO, 60 * SECOND)
    lines = [*Contents(shown, "", 120).lines("findings"), *heading(shown, HOSTILE, 120)]
    text = export.as_text(lines)
    assert "[bold]x[/]" in text
    assert "\\x1b[31mred" in text
    assert not {"\x1b", "\x07", "\u202e"} & set(text)


@pytest.mark.parametrize(
    ("nanoseconds", "words"),
    [
        (820_000_000, "0.8 s"),
        (12 * SECOND, "12 s"),
        (60 * SECOND, "60 s"),
        (300 * SECOND, "5 min"),
        (6 * 3600 * SECOND, "6 h"),
    ],
)
def test_a_span_in_few_characters(nanoseconds: int, words: str) -> None:
    assert short(nanoseconds) == words


def test_a_time_of_another_day_names_the_day() -> None:
    assert moment(ZERO, ZERO) == "22:13:20"
    assert moment(ZERO, ZERO + 86_400 * SECOND) == "11-14 22:13"


@pytest.mark.parametrize(
    ("total", "wanted", "given"),
    [
        (21, [4, 5, 40], [4, 5, 12]),
        (21, [40, 40, 40], [7, 7, 7]),
        (21, [255, 5, 3], [13, 5, 3]),
        (37, [3, 3, 3], [3, 3, 31]),
        (7, [40, 40, 40], [4, 3, 0]),
        (2, [40, 40, 40], [2, 0, 0]),
    ],
)
def test_panes_share_what_there_is(total: int, wanted: list[int], given: list[int]) -> None:
    assert heights(total, wanted) == given


# --- export ---------------------------------------------------------------------------------------------------------


def test_an_export_never_writes_over_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = [export.write(ZERO, "findings", "txt", text) for text in ("one", "two")]
    assert names == ["vrrpscope-20231114T221320Z-findings.txt", "vrrpscope-20231114T221320Z-findings-2.txt"]
    assert [(tmp_path / name).read_text() for name in names] == ["one", "two"]


def test_an_export_that_cannot_be_written_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="cannot be written"):
        export.write(ZERO, "no/such/place", "txt", "")


def test_json_holds_everything_with_times_and_units() -> None:
    shown = seen(SPLIT, 15.2)
    document = json.loads(export.as_json(shown, shown.rows, shown.tracks, shown.findings))
    assert document["time"] == "2023-11-14T22:13:35.200000000Z"
    (row,) = document["virtual_routers"]
    assert (row["standing"], row["masters"], row["last_advert_seconds"]) == ("split", ["10.0.0.5", "10.0.0.6"], 0.2)
    (track,) = document["timeline"]["virtual_routers"]
    assert track["split_brain"] == [{"start": "2023-11-14T22:13:30.000000000Z", "end": None}]
    assert "split-brain" in {f["rule"] for f in document["findings"]}


# --- the watch's thread ---------------------------------------------------------------------------------------------


class _Stream:
    def __init__(self, encoding: str = "utf-8", *, is_terminal: bool = True) -> None:
        self.encoding, self._is_terminal = encoding, is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.mark.parametrize(
    ("stdin", "stdout", "term", "fits"),
    [
        (_Stream(), _Stream(), "xterm-256color", True),
        (_Stream(), _Stream(), "screen", True),
        (_Stream(), _Stream(), "dumb", False),
        (_Stream(), _Stream("ascii"), "xterm", False),
        (_Stream(), _Stream(is_terminal=False), "xterm", False),
        (_Stream(is_terminal=False), _Stream(), "xterm", False),
    ],
)
def test_a_screen_wants_a_terminal_that_can_do_it(stdin: _Stream, stdout: _Stream, term: str, *, fits: bool) -> None:
    assert suits(stdin, stdout, {"TERM": term}) is fits  # type: ignore[arg-type]


def test_complaints_are_kept_to_be_said_once_more() -> None:
    screen = Screen()
    screen.complain("warning: Recorder failed")
    assert screen.complaints == ("warning: Recorder failed",)


def test_text_keeps_no_trailing_blanks() -> None:
    assert export.as_text([Text("a  "), Text("b")]) == "a\nb\n"
