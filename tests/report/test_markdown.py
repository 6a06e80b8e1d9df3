"""The report as Markdown: golden files for its words, and for what a capture says that it stays text."""

from __future__ import annotations

import re
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.report.captures import Say, rhythm, write
from tests.report.reading import ROOT, without_digests
from vrrpscope.analysis import analyze
from vrrpscope.report import Options, render
from vrrpscope.report.escape import printable
from vrrpscope.report.inert import code, fenced, inert
from vrrpscope.report.markdown import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN: Final = Path(__file__).with_name("golden")
REPORTS: Final = {
    "healthy-failover": ["lb01=samples/failover/lb01.pcap", "lb02=samples/failover/lb02.pcap"],
    "split-brain": ["samples/firewall-split-brain/lb02.pcap"],
    "lost-adverts": ["samples/lossy/lb02.pcap"],
}
CAPTURES: Final = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "samples").glob("*/*.pcap*") if path.is_file())
PARSER: Final = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HARMLESS: Final = {"paragraph_open", "paragraph_close", "inline", "heading_open", "heading_close", "fence"} | {
    f"{name}_{edge}" for name in ("table", "thead", "tbody", "tr", "th", "td") for edge in ("open", "close")
}
INLINE: Final = {"text", "code_inline", "strong_open", "strong_close"}
# What a tracker or a chat makes of text that Markdown leaves alone; code spans are left alone by all of them.
LIVE: Final = re.compile(
    r"[@#~$&<>|\\*_^]|![\w\[]|:(?!\d\d?:)[\w+-]+:|https?:|www\.|//|\.[a-z]{2,}|\bgh-\d", re.IGNORECASE
)
HOSTILE: Final = [
    "@all",
    "<script>alert(1)</script>",
    "![x](http://evil.example/?q=1)",
    "[click](javascript:alert(1))",
    "`code` ```fence",
    "a|b|c",
    "#12 !12 ~bug %5 $9 &3",
    "/close",
    "1. one",
    "---",
    "::100::",
    "fd00:100::3",
    "\u202etxt.\u202c\x1b[2J",
    "x\n\n# y\n```\n",
    "a\\|b\\",
    "&lt;b&gt;",
    "<!channel>",
    "**bold** _it_ ~~no~~",
    "GH-12 deadbeef",
    "lb01\\",
]


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def markdown(*specs: str | Path, options: Options | None = None, show_secrets: bool = False) -> str:
    stream = StringIO()
    render(analyze(*map(str, specs), show_secrets=show_secrets), "markdown", stream, options)
    return stream.getvalue()


def live(report: str) -> list[str]:
    """Return everything in a report that is more than text, code, tables and headings."""
    found = []
    for token in PARSER.parse(report):
        if token.type not in HARMLESS:
            found.append(token.type)
        found += [
            f"{child.type}: {child.content}"
            for child in token.children or []
            if child.type not in INLINE or (child.type == "text" and LIVE.search(child.content))
        ]
    return found


def shown(line: str) -> str:
    """Return what a reader sees of one line of Markdown."""
    (inline,) = (token for token in PARSER.parse(line) if token.type == "inline")
    return "".join(child.content for child in inline.children or [])


@pytest.mark.parametrize("name", list(REPORTS))
def test_a_report_reads_as_agreed(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{name}.md", without_digests(markdown(*REPORTS[name])))


@pytest.mark.parametrize("path", CAPTURES)
def test_every_report_is_short_and_nothing_in_it_comes_alive(path: str) -> None:
    report = markdown(path)
    assert len(report) <= LIMIT
    assert live(report) == []
    assert "\n\n\n" not in report


@given(st.text())
@example("1)")
@example("/close")
@example("a\u00a0b")
@example("x``y")
def test_any_text_stays_text_and_is_shown_whole(text: str) -> None:
    line = inert(text)
    assert "\n" not in line
    if line:
        assert live(line) == []
        spelt = " ".join(printable(text).split())
        assert shown(line).replace("\\x60", "`").replace("\\x7c", "|") == spelt.replace("\\x60", "`").replace(
            "\\x7c", "|"
        )


@given(st.lists(st.sampled_from([*HOSTILE, "a", " ", "10.0.0.5", "(", ").", '"'])).map("".join))
def test_hostile_text_stays_text_wherever_it_stands(text: str) -> None:
    for written in (inert(text), f"### {inert(text)}", f"**{inert(text) or 'x'}**"):
        assert live(written) == []
    row = f"| {inert(text)} | {code(text)} |"
    table = PARSER.parse(f"| a | b |\n|---|---|\n{row}\n")
    assert sum(token.type == "td_open" for token in table) == 2
    assert live(f"| a | b |\n|---|---|\n{row}\n") == []


@given(st.lists(st.sampled_from([*HOSTILE, "`", "```", "~~~", "x"]), min_size=1).map("".join))
def test_no_command_ends_its_block(text: str) -> None:
    (fence,) = PARSER.parse("\n".join(fenced([text, "after"])))
    assert fence.type == "fence"
    assert fence.content.endswith("\nafter\n")


@pytest.mark.parametrize("text", ["10.0.0.5 is master (first seen)", "3.610 s – 12 %, ± 2 ms: fe80::5, 16:55:02.58"])
def test_words_that_mean_nothing_are_written_as_they_are(text: str) -> None:
    assert inert(text) == text


@pytest.mark.parametrize("name", [text for text in HOSTILE if "/" not in text])
def test_a_name_cannot_inject_anything(name: str, tmp_path: Path) -> None:
    second = [say._replace(at=say.at + 0.3) for say in rhythm(8, host=6, priority=100, secret=name.encode()[:8])]
    path = write(tmp_path / f"{name}.pcap", [*rhythm(8, secret=b"one"), *second])
    for specs in ([str(path)], [f"{name}={path}", f"other={path}"]):
        report = markdown(*specs, show_secrets=True)
        assert live(report) == []
        assert len(report) <= LIMIT


def test_what_did_not_fit_is_counted(tmp_path: Path) -> None:
    story = [say for vrid in range(1, 41) for say in rhythm(6, vrid=vrid)]
    story += [
        say._replace(at=say.at + 0.3) for vrid in range(1, 41) for say in rhythm(6, vrid=vrid, host=6, secret=b"x")
    ]
    report = markdown(write(tmp_path / "many.pcap", story))
    assert len(report) <= LIMIT
    assert re.search(r"^Left out, to stay below 12,000 characters: .*\d+ virtual routers", report, re.MULTILINE)
    assert report.startswith("**✖ ")
    assert "### Do first" in report
    assert live(report) == []


def test_many_steps_are_counted(tmp_path: Path) -> None:
    story = [Say(2.0 * n, priority=0 if n % 2 else 150, ip_id=n + 1) for n in range(80)]
    assert re.search(r"^… and \d+ more steps", markdown(write(tmp_path / "flap.pcap", story)), re.MULTILINE)


def test_a_stream_of_ascii_gets_other_signs() -> None:
    buffer = BytesIO()
    stream = TextIOWrapper(buffer, encoding="ascii")
    render(analyze(*REPORTS["split-brain"]), "markdown", stream)
    stream.flush()
    assert buffer.getvalue().startswith(b"**X SPLIT BRAIN on VRID 50: ")


def test_times_are_those_asked_for() -> None:
    report = markdown(*REPORTS["split-brain"], options=Options(relative=True))
    assert "| when (s) |" in report
    assert re.search(r"^\| \+7\.6\d\d \| `#9` \| 10\.0\.0\.6 becomes master", report, re.MULTILINE)
    assert "+0.00 s to +20.61 s, from 2026-11-22 22:13:25.13 UTC" in report
