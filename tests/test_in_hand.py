"""An analysis in a person's hand: it shows itself, answers, and can be cut; in a notebook as in a shell."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import numpy as np
import pytest

import vrrpscope
from tests.build import T0
from tests.plots.stories import EMPTY, SAMPLES, story
from tests.report.captures import rhythm, write
from vrrpscope.errors import UsageError
from vrrpscope.questions.who import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vrrpscope.analysis import Analysis

VOID = {"rect", "br", "meta"}


class Strict(HTMLParser):
    """Demands that every element is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)
        if tag != "rect" or not (self.get_starttag_text() or "").endswith("/>"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(html: str) -> Strict:
    parser = Strict()
    parser.feed(html)
    assert parser.open == []
    return parser


def test_an_analysis_shows_itself_as_a_card_and_as_text() -> None:
    analysis = story("minute")
    card = analysis._repr_html_()
    assert "script" not in parsed(card).seen
    assert "SPLIT BRAIN on VRID 50" in card
    assert "let VRRP in" in card
    assert repr(analysis).startswith("<vrrpscope.Analysis: SPLIT BRAIN on VRID 50")
    assert len(repr(analysis).splitlines()) < 12


@pytest.mark.parametrize("tale", ["lossy", "many", "month"])
def test_a_card_stays_small_whatever_the_story(tale: str) -> None:
    card = story(tale)._repr_html_()
    parsed(card)
    assert len(card) < 60_000


def test_nothing_is_shown_too() -> None:
    parsed(EMPTY._repr_html_())
    assert "NO VRRP" in repr(EMPTY)
    assert EMPTY.between(None, None) is EMPTY


def test_what_was_captured_cannot_break_out_of_a_card(tmp_path: Path) -> None:
    path = write(tmp_path / "<img src=x onerror=alert(1)>.pcap", rhythm(3, secret=b"<b>&\x1b[2J"))
    card = vrrpscope.analyze(str(path), show_secrets=True)._repr_html_()
    assert "img" not in parsed(card).seen
    assert "b" not in parsed(card).seen
    assert "\x1b" not in card


@pytest.mark.parametrize(
    "when",
    [
        "22:13:35",
        "2026-11-22T22:13:35Z",
        "+9.869028",
        1_795_385_615_000_000_000,
        np.int64(1_795_385_615_000_000_000),
        np.datetime64("2026-11-22T22:13:35"),
        datetime(2026, 11, 22, 22, 13, 35),  # noqa: DTZ001 - without a zone: UTC
        datetime(2026, 11, 22, 22, 13, 35, tzinfo=UTC),
    ],
)
def test_a_time_may_be_written_in_any_way(when: str | int | np.datetime64 | datetime) -> None:
    answers = story("minute").who(when)
    assert answers.t == 1_795_385_615_000_000_000
    assert [answer.state for answer in answers] == [State.SPLIT]
    assert "SPLIT BRAIN: 10.0.0.5 and 10.0.0.6 were both master" in repr(answers)


def test_a_timestamp_keeps_its_nanoseconds() -> None:
    pd = pytest.importorskip("pandas")
    assert story("minute").who(pd.Timestamp(1_795_385_615_000_000_001, tz="Europe/Berlin")).t % 1_000 == 1


@pytest.mark.parametrize("when", [None, 3.5, True, "soon"])
def test_what_is_no_time_is_told(when: object) -> None:
    with pytest.raises(UsageError, match="is no time"):
        story("minute").who(when)  # type: ignore[arg-type]  # that is the point


def test_a_part_tells_of_its_time_only_and_knows_what_the_whole_knew() -> None:
    whole = story("minute")
    part = whole.between("22:13:34", "22:13:38")
    assert part.start is not None
    assert part.end is not None
    assert part.end - part.start == 4_000_000_000
    (virtual,) = part.virtual_routers
    assert virtual.availability.contested == virtual.availability.observed == 4_000_000_000
    assert virtual.router.history.elections == []
    assert [r.router for r in virtual.router.history.reigns] == ["10.0.0.5", "10.0.0.6"]
    assert part.verdict == "critical"
    assert whole.virtual_routers[0].router.history.elections
    assert whole.between().virtual_routers[0].availability == whole.virtual_routers[0].availability


def test_the_parts_of_a_story_add_up(tmp_path: Path) -> None:
    analysis = vrrpscope.analyze(str(write(tmp_path / "long.pcap", rhythm(20))))
    parts = [analysis.between(None, "+7"), analysis.between("+7", "+13"), analysis.between("+13", None)]
    observed = sum(part.virtual_routers[0].availability.observed for part in parts)
    assert observed == analysis.virtual_routers[0].availability.observed


def test_before_its_first_advert_a_virtual_router_is_not_there() -> None:
    analysis = vrrpscope.analyze(str(SAMPLES / "vrid-collision" / "lb01.pcap"))
    early = analysis.between(None, "+0.5")
    assert all(len(v.router.speakers) == 1 for v in early.virtual_routers)


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [("+5", "+3", "ends before it begins"), (T0 - 10**12, T0 - 10**11, "nothing was captured")],
)
def test_a_time_that_is_none_is_told(start: str | int, end: str | int, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        story("minute").between(start, end)


# --- magics -----------------------------------------------------------------------------------------------------------


class Shell:
    """As much of IPython as an extension sees."""

    def __init__(self) -> None:
        self.user_ns: dict[str, object] = {}
        self.magic: Callable[..., Analysis] | None = None

    def register_magic_function(self, func: Callable[..., object], magic_kind: str, magic_name: str) -> None:
        assert (magic_kind, magic_name) == ("line_cell", "vrrpscope")
        self.magic = func  # type: ignore[assignment]  # what it returns is what is tested


def magic(line: str, cell: str | None = None) -> tuple[Analysis, Shell]:
    shell = Shell()
    vrrpscope.load_ipython_extension(shell)
    assert shell.magic is not None
    return shell.magic(line, cell), shell


FIREWALL = SAMPLES / "firewall-split-brain"


def test_a_cell_names_captures_and_options_and_a_variable() -> None:
    cell = (
        f"lb01={FIREWALL / 'lb01.pcap'}  # one\nlb02={FIREWALL / 'lb02.pcap'}\n--vrid 50 --start 22:13:34 --end +12\n"
    )
    found, shell = magic("story", cell)
    assert shell.user_ns == {"story": found}
    assert [capture.info.name for capture in found.captures] == ["lb01", "lb02"]
    assert repr(found) == repr(story("minute").between("22:13:34", "+12"))


def test_a_line_names_a_capture() -> None:
    found, shell = magic(f"{FIREWALL / 'lb01.pcap'} --vrid 9")
    assert found.virtual_routers == ()
    assert shell.user_ns == {}


@pytest.mark.parametrize(
    ("line", "cell", "words"),
    [
        ("", "", "captures"),
        ("", "x.pcap --vrid fifty", "invalid int"),
        ("", "x.pcap --colour", "unrecognized"),
        ("", "'x.pcap", "quotation"),
        ("", "x.pcap --clock-offset lb01", "NAME=SECONDS"),
        ("lb01.pcap", f"{FIREWALL / 'lb01.pcap'}", "the name of a variable is wanted"),
    ],
)
def test_a_mistake_in_a_cell_is_an_error_and_not_the_end(line: str, cell: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        magic(line, cell)


def test_ipython_itself_takes_the_extension() -> None:
    shell = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell()
    shell.extension_manager.load_extension("vrrpscope")
    shell.run_cell_magic("vrrpscope", "a", str(FIREWALL / "lb01.pcap"))
    assert repr(shell.user_ns["a"]).startswith("<vrrpscope.Analysis")
    data, _ = shell.display_formatter.format(shell.user_ns["a"])
    assert {"text/plain", "text/html"} <= data.keys()
    data, _ = shell.display_formatter.format(shell.user_ns["a"].plot("timeline"))
    assert data["image/png"].startswith(b"\x89PNG")


def test_it_all_works_inside_a_running_event_loop() -> None:
    async def cell() -> None:
        analysis, _ = magic(str(FIREWALL / "lb01.pcap"))
        analysis.table("adverts")
        analysis.plot("raster")
        analysis.who("+9")
        analysis._repr_html_()

    asyncio.run(cell())
