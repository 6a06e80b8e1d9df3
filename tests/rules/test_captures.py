"""What a capture says of its own quality."""

from __future__ import annotations

import pytest

from tests.rules.judging import CERTAIN, WARNING, Story, Told, check
from vrrpscope.capture.frames import MAX_PROBLEMS, CaptureInfo, Problem


def _info(*problems: Problem, dropped: int | None = None, omitted: int = 0) -> CaptureInfo:
    info = CaptureInfo("lb01", "lb01.pcap", frames=284, first=2_000_000_000, last=9_000_000_000, dropped=dropped)
    info.problems, info.problems_omitted = list(problems), omitted
    return info


_CUT = Problem(18_067, 284, "the last record is cut off")
_WHOLE = Problem(None, None, "3 adverts are of more virtual routers than are kept apart")

STORIES = [
    Story(
        "damaged-capture",
        "positive",
        "damage is told with its place",
        _info(_CUT),
        (Told(WARNING, CERTAIN, "", 2, 9, (284,), "lb01: 1 problem while reading it", None),),
    ),
    Story(
        "damaged-capture",
        "positive",
        "damage without a place is told too",
        _info(_WHOLE, _CUT),
        (Told(WARNING, CERTAIN, "", 2, 9, (), "lb01: 2 problems", None),),
    ),
    Story(
        "damaged-capture",
        "positive",
        "damage beyond what is kept is counted",
        _info(*[_CUT] * MAX_PROBLEMS, omitted=20),
        (Told(WARNING, CERTAIN, "", 2, 9, (284,), "lb01: 120 problems", None),),
    ),
    Story("damaged-capture", "near-miss", "frames that the kernel dropped are no damage", _info(dropped=7)),
    Story("damaged-capture", "clean", "the file is whole", _info()),
    Story(
        "dropped-frames",
        "positive",
        "the capture's own count of losses is told",
        _info(dropped=7),
        (Told(WARNING, CERTAIN, "", 2, 9, (), "lb01: the capture lost 7 frames", None),),
    ),
    Story("dropped-frames", "near-miss", "a count of none is good news", _info(_CUT, dropped=0)),
    Story("dropped-frames", "clean", "a format that does not count says nothing", _info()),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_rule_tells_of_the_capture(story: Story) -> None:
    check(story)


def test_the_first_damage_is_explained_with_its_offset() -> None:
    (finding,) = check(STORIES[0])
    assert "byte 18067" in finding.explanation
    assert "the last record is cut off" in finding.explanation
