"""Daemons that begin to count anew."""

from __future__ import annotations

import pytest

from tests.rules.judging import CERTAIN, INFO, Story, Told, check

_STOPPED = """
    A is p150
    0 A id=500
    every 1s from 1 to 4: A
    4.5 A p0
    every 1s from 5.113 to 8.113: B
"""

STORIES = [
    Story(
        "restart",
        "positive",
        "a master that is told to reload sends twice and counts from 1",
        "A is p150\n 0 A id=500\n every 1s from 1 to 4: A\n 4.4 A\n 4.401 A id=1\n every 1s from 5.401 to 9.401: A",
        (Told(INFO, CERTAIN, "A", 4.401, 4.401, (7,), "read its configuration anew"),),
    ),
    Story(
        "restart",
        "positive",
        "a daemon that was stopped comes back and counts from 1",
        _STOPPED + "9.05 A id=1\n every 1s from 10.05 to 14.05: A",
        (Told(INFO, CERTAIN, "A", 9.05, 9.05, (11,), "was started anew"),),
    ),
    Story(
        "restart",
        "near-miss",
        "a count that wraps from 65535 to 1",
        "A is p150\n 0 A id=65533\n every 1s from 1 to 2: A\n 3 A id=1\n every 1s from 4 to 9: A",
    ),
    Story(
        "restart",
        "near-miss",
        "a router that returns goes on counting where it stopped",
        _STOPPED + "9.05 A id=507\n every 1s from 10.05 to 14.05: A",
    ),
    Story("restart", "clean", "nobody begins anew", "A is p150\n 0 A id=500\n every 1s from 1 to 9: A"),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_one_rule_alone(story: Story) -> None:
    found = check(story)
    assert {finding.cause for finding in found} <= {"restarted", "reloaded"}
