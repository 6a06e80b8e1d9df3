"""The HTML report in a real browser: it is used here as a reader uses it, with mouse, fingers and keys, and without.

`PICTURES=DIRECTORY pytest -m browser` keeps a picture of each page at three sizes, light and dark, to be looked at.
"""

from __future__ import annotations

import io
import json
import os
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

import vrrpscope
from tests.build import pcap
from tests.report import chromium
from tests.report.captures import Say, write
from tests.report.reading import ROOT
from vrrpscope.report import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium.PROGRAM is None, reason="no Chromium on this machine"),
]

SIZES: Final = {"wide": (1440, 900), "landscape": (800, 600), "phone": (390, 844)}
SPLIT: Final = "firewall-split-brain"
SEEN: Final = "[...document.querySelectorAll('.plot .tick text')].map(e => e.textContent)"


@pytest.fixture(scope="module")
def browser() -> Iterator[chromium.Chromium]:
    with chromium.Chromium() as running:
        yield running


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the pages that are looked at, by name."""
    place = tmp_path_factory.mktemp("reports")
    nothing = place / "nothing.pcap"
    nothing.write_bytes(pcap([]))
    story = []
    for turn in range(8):
        story += [Say(6.0 * turn, ip_id=9), Say(6.0 * turn + 1, ip_id=10), Say(6.0 * turn + 1.5, priority=0, ip_id=11)]
        story += [Say(6.0 * turn + 2.2 + n, host=6, priority=100, ip_id=n + 1) for n in range(4)]
    captures = {path.name: min(path.glob("*.pcap")) for path in (ROOT / "samples").iterdir() if path.is_dir()}
    captures |= {"flapping": write(place / "flapping.pcap", story), "empty": nothing}
    pages = {}
    for name, capture in captures.items():
        pages[name] = place / f"{name}.html"
        stream = io.StringIO()
        render(vrrpscope.analyze(str(capture)), "html", stream)
        pages[name].write_text(stream.getvalue(), encoding="utf-8")
    return pages


@pytest.fixture
def visit(browser: chromium.Chromium, reports: dict[str, Path]) -> Iterator[Callable[..., chromium.Page]]:
    """Open a report; afterwards the console must have stayed silent, and nothing else been loaded."""
    pages: list[chromium.Page] = []

    def go(name: str, size: str = "wide", **how: bool) -> chromium.Page:
        page = chromium.Page(browser, *SIZES[size], **how)
        pages.append(page)
        page.open(reports[name])
        return page

    yield go
    for page in pages:
        assert page.said == []
        assert len(page.requests) == 1
        page.close()


def window(page: chromium.Page) -> list[str]:
    """Return the times below the first timeline."""
    found: list[str] = page.run(SEEN)
    return found


def place(page: chromium.Page, selector: str) -> float:
    """Return where an element begins, in pixels."""
    found: float = page.run(f"document.querySelector({json.dumps(selector)}).getBoundingClientRect().x")
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", [SPLIT, "flapping", "password-mismatch", "empty"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_page_fits_its_window(visit: Callable[..., chromium.Page], name: str, size: str, dark: bool) -> None:
    page = visit(name, size, dark=dark)
    assert page.run("document.documentElement.scrollWidth") <= SIZES[size][0]
    parts = "[...document.querySelectorAll('main *:not(svg *)')]"
    over = f"{parts}.filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
    assert page.run(f"{over}.map(e => e.outerHTML.slice(0, 200))") == []
    dim = page.run("getComputedStyle(document.body).backgroundColor") == "rgb(21, 24, 28)"
    assert dim == dark
    if "PICTURES" in os.environ:
        page.picture(Path(os.environ["PICTURES"]) / f"{name}-{size}-{'dark' if dark else 'light'}.png")


def test_every_sample_opens_in_silence(visit: Callable[..., chromium.Page], reports: dict[str, Path]) -> None:
    for name in reports:
        page = visit(name)
        assert page.run("document.querySelector('h1').textContent").strip()


def test_buttons_zoom_and_bring_everything_back(visit: Callable[..., chromium.Page]) -> None:
    page = visit(SPLIT)
    before, start = window(page), place(page, ".band.split")
    page.click("[data-do=in]")
    assert window(page) != before
    assert place(page, ".band.split") != start
    page.click("[data-do=right]")
    page.click("[data-do=all]")
    assert window(page) == before
    assert place(page, ".band.split") == start


def test_keys_zoom_move_and_return(visit: Callable[..., chromium.Page]) -> None:
    page = visit(SPLIT)
    page.run("document.querySelector('.plot').focus()")
    seen = [window(page)]
    for key in ("+", "+", "ArrowLeft", "ArrowRight", "-"):
        page.press(key)
        seen.append(window(page))
    assert len({tuple(each) for each in seen[:4]}) == 4
    assert seen[4] == seen[2]
    page.press("0")
    assert window(page) == seen[0]


def test_a_deep_zoom_shows_parts_of_a_second(visit: Callable[..., chromium.Page]) -> None:
    page = visit(SPLIT)
    page.run("document.querySelector('.plot').focus()")
    for _ in range(16):
        page.press("+")
    assert any("." in text for text in window(page))


def test_the_wheel_zooms_where_it_points_and_leaves_the_page_alone_otherwise(
    visit: Callable[..., chromium.Page],
) -> None:
    page = visit(SPLIT)
    before = window(page)
    x, y = page.middle(".plot")
    page.mouse("mouseWheel", x, y, deltaX=0, deltaY=-200)
    page.settle()
    assert window(page) == before
    x, y = page.middle(".plot")
    page.mouse("mouseWheel", x, y, deltaX=0, deltaY=-200, modifiers=2)
    page.settle()
    assert window(page) != before


def test_dragging_moves_what_is_zoomed(visit: Callable[..., chromium.Page]) -> None:
    page = visit(SPLIT)
    page.click("[data-do=in]")
    start = place(page, ".band.split")
    x, y = page.middle(".plot")
    page.mouse("mousePressed", x, y, button="left", buttons=1)
    for step in range(1, 11):
        page.mouse("mouseMoved", x - 10 * step, y, button="left", buttons=1)
    page.mouse("mouseReleased", x - 100, y, button="left")
    page.settle()
    assert place(page, ".band.split") == pytest.approx(start - 100, abs=3)


def test_pointing_tells_and_clicking_keeps(visit: Callable[..., chromium.Page]) -> None:
    page = visit(SPLIT)
    x, y = page.middle(".band.split")
    page.mouse("mouseMoved", x, y)
    page.settle()
    told = page.run("document.querySelector('.details').textContent")
    assert told.startswith("SPLIT BRAIN")
    assert "cause: one-node-deaf" in told
    page.mouse("mouseMoved", 5, 5)
    page.settle()
    assert page.run("document.querySelector('.details').textContent") == ""
    page.click(".band.split")
    page.mouse("mouseMoved", 5, 5)
    page.settle()
    assert page.run("document.querySelector('.details').textContent") == told


def test_keys_go_from_event_to_event_and_into_one(visit: Callable[..., chromium.Page]) -> None:
    page = visit("flapping")
    page.run("document.querySelector('.plot').focus()")
    told = []
    for _ in range(4):
        page.press("n")
        told.append(page.run("document.querySelector('.details').textContent"))
    assert all(told)
    assert len(set(told)) > 2
    assert page.run("document.activeElement.classList.contains('i')")
    page.press("p")
    assert page.run("document.querySelector('.details').textContent") == told[2]
    before = window(page)
    page.run("[...document.querySelectorAll('.mark.election')][2].focus()")
    page.press("Enter")
    assert window(page) != before


def test_all_timelines_move_together(visit: Callable[..., chromium.Page]) -> None:
    page = visit("two-instances")
    page.click(".vr [data-do=in]")
    times = "p => [...p.querySelectorAll('.tick text')].map(e => e.textContent)"
    one, other = page.run(f"[...document.querySelectorAll('.plot')].map({times})")
    assert one == other


def test_a_display_filter_is_copied(visit: Callable[..., chromium.Page]) -> None:
    page = visit(SPLIT)
    page.run("navigator.clipboard.writeText = text => { window.copied = text; return Promise.resolve(); }")
    page.click(".evidence .do-copy")
    assert page.run("window.copied").startswith("frame.number in {")
    page.click(".first .do-copy")
    assert page.run("window.copied").startswith("firewall-cmd --permanent")


def test_a_finding_shows_itself_in_the_timeline(visit: Callable[..., chromium.Page]) -> None:
    page = visit(SPLIT)
    before = window(page)
    page.click("#finding-1 .do-show")
    assert window(page) != before
    assert page.run("document.querySelector('.i.sel').getAttribute('href')") == "#finding-1"


def test_a_mark_leads_to_its_finding_and_opens_it(visit: Callable[..., chromium.Page]) -> None:
    page = visit(SPLIT)
    assert not page.run("document.querySelector('#finding-2 details').open")
    page.run("location.hash = '#finding-2'")
    page.settle()
    assert page.run("document.querySelector('#finding-2 details').open")


def test_the_theme_can_be_chosen(visit: Callable[..., chromium.Page]) -> None:
    page = visit(SPLIT)
    color = "getComputedStyle(document.body).backgroundColor"
    assert page.run(color) == "rgb(255, 255, 255)"
    page.click("#theme")
    assert page.run(color) == "rgb(21, 24, 28)"


def test_it_is_complete_without_a_script(visit: Callable[..., chromium.Page]) -> None:
    page = visit(SPLIT, script=False)
    shown: dict[str, Any] = page.run(
        "({ bars: document.querySelectorAll('.reign').length, ticks: document.querySelectorAll('.tick').length,"
        "buttons: [...document.querySelectorAll('button')].filter(b => b.offsetParent).length,"
        "text: document.body.innerText })"
    )
    assert shown["bars"] == 2
    assert shown["ticks"] > 1
    assert shown["buttons"] == 0
    assert "frame.number in {" in shown["text"]


def test_an_injected_script_is_refused(visit: Callable[..., chromium.Page], reports: dict[str, Path]) -> None:
    evil = reports[SPLIT].with_name("evil.html")
    text = reports[SPLIT].read_text(encoding="utf-8")
    attack = "<script>window.stolen = 1</script><img src=x onerror='window.stolen = 2'><b style='position:fixed'></b>"
    evil.write_text(text.replace("<main", attack + "<main"), encoding="utf-8")
    reports["evil"] = evil
    page = visit("evil")
    assert page.run("window.stolen === undefined")
    assert any("Content Security Policy" in said for said in page.said)
    page.said.clear()
    page.requests[1:] = []
    del reports["evil"]


def test_it_prints_whole_and_light(visit: Callable[..., chromium.Page]) -> None:
    page = visit(SPLIT, dark=True)
    printed = page.print()
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") + printed.count(b"/Type/Page") <= 8


def test_it_can_be_found_by_its_roles(visit: Callable[..., chromium.Page]) -> None:
    page = visit(SPLIT)
    named = page.run(
        "[...document.querySelectorAll('button, a, .i, [role]')].filter(e => !e.closest('[aria-hidden]'))"
        ".filter(e => !(e.textContent.trim() || e.getAttribute('aria-label'))).map(e => e.outerHTML.slice(0, 99))"
    )
    assert named == []
    assert page.run("document.querySelectorAll('main, header, nav, footer, h1').length") == 5
    levels = page.run("[...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1])")
    assert all(after - before <= 1 for before, after in pairwise(levels))
