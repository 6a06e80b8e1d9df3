"""Timers that leave too little room for jitter, as measured."""

from __future__ import annotations

import pytest

from tests.rules.judging import LIKELY, WARNING, Story, Told, check, findings
from tests.trace import ZERO
from vrrpscope.rules import RULES


def _jittery(late: float, *, interval: int = 10, every: int = 40, lost: int = -1) -> str:
    """A sender that is late by so many intervals now and then, beside one that would be its backup."""
    lines, at = [f"A is p150 v3 i{interval}cs"], 0.0
    for number in range(200):
        if number != lost:
            lines.append(f"{at:.4f} A lost={int(number == lost + 1 > 0)}")
        at += interval / 100 * (1 + late * (number % every == every - 1))
    return "\n".join(lines)


STORIES = [
    Story(
        "short-interval",
        "positive",
        "adverts every 0.1 s, late by as much again and again",
        _jittery(1.2),
        (Told(WARNING, LIKELY, "A", 3.9, 20.38, (41, 81, 121), "10.0.0.5 are late: one in a hundred by 0.120 s"),),
    ),
    Story("short-interval", "near-miss", "late less than an interval", _jittery(0.8)),
    Story("short-interval", "near-miss", "late twice only", _jittery(1.2, every=80)),
    Story("short-interval", "near-miss", "some were lost", _jittery(1.2, lost=77)),
    Story("short-interval", "near-miss", "adverts every second have room", _jittery(1.2, interval=100)),
    Story("short-interval", "clean", "adverts every 0.1 s, on time", _jittery(0)),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_rule_tells_of_jitter(story: Story) -> None:
    check(story)


@pytest.mark.parametrize(("back", "is_race"), [(7.615, True), (8.2, False)])
def test_a_takeover_just_before_the_next_advert_may_be_a_race(back: float, is_race: bool) -> None:
    text = f"A is p150\n every 1s from 0 to 4: A\n 7.609 B\n every 1s from {back} to 20: A\n"
    (finding,) = (f for f in findings(text, [RULES["failover"]]) if f.start == ZERO + 7_609_000_000)
    assert ("short-timers" in finding.also_possible) == is_race
