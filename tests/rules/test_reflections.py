"""A router and its source: adverts that come back to it, and an address that changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pytest

from tests import frames as build
from tests.rules.judging import INFO, LIKELY, Story, Told, check
from vrrpscope.capture.frames import CaptureInfo
from vrrpscope.findings import Severity
from vrrpscope.rules import RULES
from vrrpscope.session import Session

if TYPE_CHECKING:
    from vrrpscope.findings import Finding

_MESSAGE = bytes.fromhex("21 33 96 01 00 01 00 00 0a 00 00 03 00 00 00 00 00 00 00 00")
_OUT, _IN = 4, 2
_SECOND = 1_000_000_000

_CHANGES = """
    A is p150
    D is p150 mac=A
    every 1s from 0 to 9: A
    10 D id=11
    every 1s from 11 to 20: D
"""

STORIES = [
    Story(
        "source-address-changed",
        "positive",
        "the same MAC and the next IP ID, from another address",
        _CHANGES,
        (Told(INFO, LIKELY, "A D", 10, None, (10, 11), "10.0.0.5 advertises from 10.0.0.8 now"),),
    ),
    Story("source-address-changed", "near-miss", "another count of IP IDs", _CHANGES.replace("id=11", "id=1")),
    Story("source-address-changed", "near-miss", "another MAC", _CHANGES.replace("mac=A", "")),
    Story(
        "source-address-changed",
        "near-miss",
        "the virtual MAC is everybody's",
        _CHANGES.replace("p150 mac=A", "p150 vmac").replace("A is p150", "A is p150 vmac"),
    ),
    Story(
        "source-address-changed",
        "clean",
        "a takeover",
        "A is p150\n every 1s from 0 to 5: A\n every 1s from 8.609 to 20: B",
    ),
    Story("failover", "near-miss", "a master that only changed its address", _CHANGES),
    Story("equal-priority", "near-miss", "a master that only changed its address", _CHANGES),
    Story("split-brain", "near-miss", "a master that only changed its address", _CHANGES),
]


class Cooked(NamedTuple):
    """A cooked capture: per frame its time in milliseconds, its direction, its IP ID."""

    rule: str
    kind: Literal["positive", "near-miss", "clean"]
    name: str
    frames: tuple[tuple[float, int, int], ...]

    def __str__(self) -> str:
        return f"{self.rule}: {self.name}"


def _sent(*back: tuple[float, int], count: int = 10) -> tuple[tuple[float, int, int], ...]:
    """An advert a second that leaves, and some that follow one so many milliseconds later."""
    leave = [(1000.0 * n, _OUT, n + 1) for n in range(count)]
    return tuple(sorted(leave + [(1000.0 * n + later, _IN, n + 1) for later, n in back]))


COOKED = [
    Cooked("reflected-adverts", "positive", "each comes back", _sent(*((3.0, n) for n in range(2, 8)))),
    Cooked("reflected-adverts", "near-miss", "twice only", _sent((3.0, 2), (3.0, 5))),
    Cooked("reflected-adverts", "near-miss", "handed over within the host", _sent(*((0.01, n) for n in range(2, 8)))),
    Cooked(
        "reflected-adverts",
        "near-miss",
        "a bridge passes another's on",
        tuple(
            sorted((t + later, way, n) for t, _, n in _sent() for later, way in ((0.0, _IN), (0.02, _OUT), (3.0, _IN)))
        ),
    ),
    Cooked("reflected-adverts", "clean", "none comes back", _sent()),
]


def told(frames: tuple[tuple[float, int, int], ...], size: int) -> list[Finding]:
    """Judge a cooked capture by this rule alone, in batches."""
    cooked = []
    for _, way, number in frames:
        frame = bytearray(build.sll2(build.ipv4(_MESSAGE, source="10.0.0.5", identification=number)))
        frame[10] = way
        cooked.append(bytes(frame))
    batch = build.batch(cooked, link=build.SLL2)
    batch = batch._replace(t=1_700_000_000 * _SECOND + np.array([round(t * 1e6) for t, _, _ in frames]))
    session = Session(rules=[RULES["reflected-adverts"]])
    session.open(0, CaptureInfo("lb01", "pcap"))
    for first in range(0, len(frames), size):
        session.feed(0, build.part(batch, slice(first, first + size)))
    session.finish(0)
    return list(session.close().findings)


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_rule_tells_of_sources(story: Story) -> None:
    check(story)


@pytest.mark.parametrize("story", COOKED, ids=str)
def test_the_rule_tells_of_reflections(story: Cooked) -> None:
    whole = told(story.frames, len(story.frames))
    assert [told(story.frames, size) for size in (1, 3)] == [whole, whole]
    assert bool(whole) == (story.kind == "positive")


def test_what_came_back_is_told_with_both_frames() -> None:
    (finding,) = told(COOKED[0].frames, 100)
    assert finding.severity is Severity.WARNING
    assert finding.title == "6 adverts of 10.0.0.5 came back to it"
    assert [frame.number for frame in finding.frames] == [3, 4, 14]
    assert "3 ms later" in finding.explanation
