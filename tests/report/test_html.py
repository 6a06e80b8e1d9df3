"""The HTML report as a parser sees it: its structure, that nothing captured can act, that it is bounded and whole."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import vrrpscope
from tests.build import pcap
from tests.cli.running import call, one_line
from tests.report.captures import Say, rhythm, write
from tests.report.reading import ROOT
from vrrpscope.capture.frames import CaptureInfo
from vrrpscope.findings import Confidence, Finding, Frame, Line, Severity
from vrrpscope.report import palette, render, svg
from vrrpscope.report.lanes import Item
from vrrpscope.report.page import remedy

if TYPE_CHECKING:
    from vrrpscope.analysis import Analysis

CAPTURES: Final = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "samples").glob("*/*.pcap*") if path.is_file())
SPLIT: Final = "samples/firewall-split-brain/lb02.pcap"
VOID: Final = {"meta", "link", "br", "img", "input", "hr"}
DAY: Final = 86_400 * svg.SECOND
HOSTILE: Final = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'`{{7*7}}\u202e\x1b[2J"


class Read(HTMLParser):
    """All tags with their attributes, the text of some, and whether everything is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]][-1] += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def written(analysis: Analysis) -> str:
    stream = io.StringIO()
    render(analysis, "html", stream)
    return stream.getvalue()


def page(*captures: str) -> str:
    return written(vrrpscope.analyze(*captures))


def empty(tmp_path: Path) -> str:
    path = tmp_path / "empty.pcap"
    path.write_bytes(pcap([]))
    return page(str(path))


def flapping(tmp_path: Path, times: int, every: float) -> Analysis:
    """Two routers that take turns: the stronger speaks twice, resigns, and the weaker follows."""
    story = []
    for turn in range(times):
        at = turn * every
        story += [Say(at, ip_id=3 * turn + 1), Say(at + 1, ip_id=3 * turn + 2)]
        story += [Say(at + 1.5, priority=0, ip_id=3 * turn + 3)]
        story += [Say(at + 2.2 + n, host=6, priority=100) for n in range(3)]
    return vrrpscope.analyze(str(write(tmp_path / "flapping.pcap", story)))


@pytest.mark.parametrize("path", CAPTURES)
def test_every_sample_becomes_a_whole_document(path: str) -> None:
    text = page(path)
    read = Read(text)
    assert read.open == []
    ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [attributes["href"] for _, attributes in read.tags if attributes.get("href", "").startswith("#")]
    assert {target[1:] for target in targets} <= set(ids)
    assert len(text.encode()) < 200_000


@pytest.mark.parametrize("path", CAPTURES)
def test_nothing_is_loaded_from_elsewhere(path: str) -> None:
    text = page(path)
    assert not re.search(r"(?:https?:)?//[a-z0-9]", text.replace("http://www.w3.org/2000/svg", ""), re.IGNORECASE)
    for tag, attributes in Read(text).tags:
        assert "style" not in attributes
        assert "src" not in attributes
        assert not any(name.startswith("on") for name in attributes), tag
        assert attributes.get("href", "#").startswith(("#", "data:,"))


def test_only_its_own_style_and_script_are_allowed() -> None:
    only_its_own_are_allowed(page(SPLIT))


def only_its_own_are_allowed(text: str) -> None:
    read = Read(text)
    policy = next(a["content"] for a in read.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    for tag in ("style", "script"):
        (own,) = read.texts[tag]
        digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_the_verdict_and_what_to_do_come_first() -> None:
    text = page(SPLIT)
    body = html.unescape(re.sub(r"<[^>]+>", " ", text.partition("<header")[2]))
    words = ("SPLIT BRAIN on VRID 50", "10.0.0.6 stopped hearing", "What to do first", "firewall-cmd", "What happened")
    places = [body.index(word) for word in (*words, "Findings", "Availability", "Captures"[:8])]
    assert places[:5] == sorted(places[:5])


def test_a_finding_has_its_evidence_cause_and_what_else_it_could_be() -> None:
    text = html.unescape(page(SPLIT))
    assert "frame.number in {" in text
    assert "Cause:" in text
    assert "Also possible:" in text


def test_what_happened_is_told_with_nanoseconds_for_who_points_at_it() -> None:
    read = Read(page(SPLIT))
    times = [attributes["datetime"] for attributes in read.all("time")]
    assert times
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", each) for each in times)
    assert any("22:13:32.740928" in title for title in read.texts["title"])
    assert not any("\\n" in title for title in read.texts["title"])


def test_reigns_split_brain_and_elections_are_drawn() -> None:
    classes = [attributes.get("class", "") for _, attributes in Read(page(SPLIT)).tags]
    for word in ("reign", "band split", "tint split", "mark election", "mark finding critical"):
        assert any(word in each for each in classes), word


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("samples/script-weight/lb01.pcap", "mark priority"),
        ("samples/script-weight/lb01.pcap", "mark claim"),
        ("samples/lossy/lb02.pcap", "mark lost"),
        ("samples/paused-master/lb01.pcap", "mark late"),
        ("samples/crash/lb02.pcap", "band vacant"),
        ("samples/failover/lb01.pcap", "mark farewell"),
        ("samples/paused-master/lb01.pcap", "reign muted"),
    ],
)
def test_what_a_story_holds_is_drawn_and_explained(path: str, word: str) -> None:
    text = page(path)
    assert f"{word}" in text
    assert word.rsplit(maxsplit=1)[-1] in {use["href"].removeprefix("#m-") for use in Read(text).all("use")}


def test_nothing_captured_can_act() -> None:
    analysis = vrrpscope.analyze(SPLIT)
    evil = Finding(
        rule="split-brain",
        severity=Severity.CRITICAL,
        confidence=Confidence.CERTAIN,
        virtual_router="ipv4/50",
        routers=(HOSTILE,),
        start=analysis.start or 0,
        end=None,
        title=HOSTILE,
        explanation=HOSTILE,
        remedy=f"{HOSTILE}\n  {HOSTILE}",
        frames=(Frame(HOSTILE, 1),),
        lines=(Line(HOSTILE, HOSTILE, 1),),
        cause="packet-filter",
    )
    info = CaptureInfo(HOSTILE, HOSTILE)
    info.note(HOSTILE)
    captures = tuple(replace(capture, info=info) for capture in analysis.captures)
    text = written(replace(analysis, findings=(evil,), captures=captures))
    read = Read(text)
    assert len(read.all("script")) == 1
    assert not read.all("img")
    assert "alert(1)" in "".join(read.texts["h1"])
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "{{7*7}}" in text
    assert "onerror=" not in {name for _, attributes in read.tags for name in attributes}


def test_a_hostile_vlan_or_address_list_is_shown_as_it_is(tmp_path: Path) -> None:
    story = [say._replace(vlan=100, vips=("10.0.0.3", "10.0.0.4")) for say in rhythm(5)]
    assert "vlan100" in page(str(write(tmp_path / "cap.pcap", story)))


def test_an_empty_capture_gives_a_report_that_says_so(tmp_path: Path) -> None:
    text = empty(tmp_path)
    assert "NO VRRP" in text
    assert "unclear" in text
    assert "No virtual router was seen." in text
    assert "No findings." in text
    assert '<svg class="plot"' not in text


def test_no_capture_at_all_gives_a_report_too() -> None:
    nothing = replace(vrrpscope.analyze(SPLIT), captures=(), virtual_routers=(), findings=(), start=None, end=None)
    assert Read(written(nothing)).open == []


def test_one_frame_gives_a_report_without_a_timeline(tmp_path: Path) -> None:
    text = page(str(write(tmp_path / "one.pcap", [Say(0)])))
    assert "there is nothing to draw" in text
    assert Read(text).open == []


def test_a_day_of_flapping_stays_small_and_says_what_was_drawn_together(tmp_path: Path) -> None:
    text = written(flapping(tmp_path, 3000, 28.8))
    assert len(text.encode()) < 2_000_000
    assert "drawn together" in text
    assert "more steps" in text


def test_a_short_story_loses_nothing(tmp_path: Path) -> None:
    analysis = flapping(tmp_path, 20, 10)
    read = Read(written(analysis))
    drawn = sum("mark election" in attributes.get("class", "") for attributes in read.all("g"))
    assert drawn == sum(len(v.router.history.elections) for v in analysis.virtual_routers)


def test_many_virtual_routers_are_not_all_told_in_full(tmp_path: Path) -> None:
    story = [say for vrid in range(1, 100) for say in rhythm(6, vrid=vrid)]
    text = page(str(write(tmp_path / "many.pcap", story)))
    assert "39 more virtual routers" in text
    assert text.count('<svg class="plot"') == 60


def test_alike_items_close_together_become_one_with_a_count() -> None:
    items = [Item("reign", n * 1000, n * 1000 + 10, (f"reign {n}",), "reigns") for n in range(1000)]
    kept = svg.gather(items, DAY, 50)
    assert len(kept) <= 50
    assert kept[0].start == 0
    assert kept[-1].end == 999_010
    assert sum(int(item.lines[0].split()[0]) for item in kept) == 1000


def test_a_wide_item_stands_alone_among_narrow_ones() -> None:
    narrow = [Item("reign", n * 10, n * 10 + 1, ("narrow",), "reigns") for n in range(100)]
    wide = Item("reign", 2000, DAY, ("wide",), "reigns")
    assert wide in svg.gather([*narrow, wide], DAY, 10)


@pytest.mark.parametrize("length", [3, 1_000, 40 * svg.SECOND, DAY, 30 * DAY, 100_000 * DAY])
def test_there_are_few_ticks_and_they_lie_on_the_axis(length: int) -> None:
    start = 1_700_000_000 * svg.SECOND + 7
    found = svg.ticks(start, start + length)
    assert len(found) <= 6
    assert all(0 <= float(tick.x) <= 100 for tick in found)


def test_percentages_keep_a_deep_zoom_apart_and_stay_in_bounds() -> None:
    assert svg.percent(1, 3) == "33.333333333"
    assert svg.percent(-5, 100) == "0"
    assert svg.percent(500, 100) == "100"
    assert svg.percent(1, 0) == "0"
    assert float(svg.percent(1_000_000, DAY)) > 0


def test_a_remedy_tells_its_commands_from_its_sentences() -> None:
    assert remedy("Do this:\n  rm -i x\n\nThen rest.") == [
        ("Do this:", False),
        ("rm -i x", True),
        ("Then rest.", False),
    ]


def test_style_and_script_are_small() -> None:
    templates = Path(svg.__file__).with_name("templates")
    assert sum(len((templates / name).read_bytes()) for name in ("style.css.j2", "script.js")) < 40_000
    assert all(len(path.read_text().splitlines()) < 400 for path in templates.iterdir())


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2, relative luminance)."""

    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_every_router_stands_out_from_the_ground() -> None:
    for number in range(64):
        style = palette.style(number)
        assert contrast(style.color_light, palette.GROUND_LIGHT) >= 3
        assert contrast(style.color_dark, palette.GROUND_DARK) >= 3


def test_every_mark_can_be_read_as_text_on_the_ground() -> None:
    marks = [value for value in vars(palette).values() if isinstance(value, palette.Mark)]
    assert len(marks) > 10
    for mark in marks:
        assert contrast(mark.color_light, palette.GROUND_LIGHT) >= 4.5, mark
        assert contrast(mark.color_dark, palette.GROUND_DARK) >= 4.5, mark


def test_sixty_four_routers_all_look_different() -> None:
    assert len({palette.style(number) for number in range(64)}) == 64


def test_a_router_looks_the_same_in_every_virtual_router() -> None:
    styles = palette.router_styles(vrrpscope.analyze("samples/two-instances/lb01.pcap"))
    assert list(styles) == ["10.0.0.5", "10.0.0.6"]
    assert styles["10.0.0.5"] == palette.style(0)
    assert styles["10.0.0.6"] == palette.style(1)


def test_a_terminal_that_knows_no_unicode_gets_a_document_all_the_same() -> None:
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding="latin-1")
    render(vrrpscope.analyze(SPLIT), "html", stream)
    stream.flush()
    text = buffer.getvalue().decode("ascii")
    assert html.unescape(Read(text).texts["h1"][0]).startswith("SPLIT BRAIN")
    only_its_own_are_allowed(text)


def test_the_command_writes_it_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "report.html"
    result = call(capsys, "analyze", SPLIT, "--format", "html", "-o", target)
    assert result == (1, "", "")
    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_command_never_writes_over_a_capture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture = write(tmp_path / "cap.pcap", rhythm(3))
    before = capture.read_bytes()
    assert call(capsys, "analyze", capture, "--format", "html", "-o", capture).code == 2
    assert capture.read_bytes() == before


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = call(capsys, "analyze", SPLIT, "--format", "html", "-o", tmp_path / "none" / "report.html")
    assert result.code == 2
    assert "cannot be written" in one_line(result)


def test_what_was_not_kept_is_shown_as_unknown_and_not_as_nothing(tmp_path: Path) -> None:
    analysis = flapping(tmp_path, 20, 10)
    for virtual in analysis.virtual_routers:
        virtual.router.history.omitted = 7
    assert "more events than are kept" in written(analysis)
