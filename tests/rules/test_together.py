"""What befell several virtual routers at one time."""

from __future__ import annotations

import pytest

from tests.rules.judging import INFO, LIKELY, WARNING, Story, Told, check

_ZERO = 1_700_000_000  # findings of no virtual router have absolute times

# Two hosts, 0.4 s apart; the clock jumps by 5 s between 10.4 and 11.
_STEP = """
    A is p150 vrid=50 vips=10.0.0.3
    B is p150 vrid=51 vips=10.0.0.8
    every 1s from 0 to 10: A
    every 1s from 0.4 to 10.4: B
    every 1s from 16 to 25: A
    every 1s from 16.4 to 25.4: B
"""
_CLUSTERS = "A is vrid=50 vips=10.0.0.3\n B is vrid=51 vips=10.0.0.8\n C is vrid=52 vips=10.0.0.9\n"


def _losing(*seconds: int, who: str = "ABC") -> str:
    """Three virtual routers that lose their adverts of some seconds."""
    lines = []
    for place, letter in enumerate("ABC"):
        lost = 0
        for second in range(20):
            if second in seconds and letter in who:
                lost += 1
            else:
                lines.append(f"{second}.{place + 1} {letter} lost={lost}")
                lost = 0
    return _CLUSTERS + "\n".join(lines)


STORIES = [
    Story(
        "capture-clock-step",
        "positive",
        "two hosts late alike at one instant",
        _STEP,
        (
            Told(
                INFO,
                LIKELY,
                "A B",
                _ZERO + 10.4,
                _ZERO + 16,
                (23, 24),
                "the clock of the capture was set forward by 5.000 s",
                None,
            ),
        ),
    ),
    Story(
        "capture-clock-step",
        "near-miss",
        "both hosts stood still, and sent at once when they went on",
        _STEP.replace("from 16 to 25: A", "from 15.5 to 25: A").replace("from 16.4 to 25.4: B", "from 15.5 to 25.5: B"),
    ),
    Story("capture-clock-step", "near-miss", "in phase, so it may be one hypervisor", _STEP.replace(".4", ".02")),
    Story(
        "capture-clock-step",
        "near-miss",
        "a third went on",
        _STEP + "C is vrid=52 vips=10.0.0.9\n every 1s from 0.2 to 25.2: C",
    ),
    Story(
        "capture-clock-step",
        "near-miss",
        "one host with two virtual routers",
        _STEP.replace("B", "A vrid=51 vips=10.0.0.8").replace(
            "A vrid=51 vips=10.0.0.8 is p150 vrid=51 vips=10.0.0.8\n", ""
        )
        + "# the same sender",
    ),
    Story(
        "capture-clock-step",
        "near-miss",
        "adverts were sent and lost",
        _STEP.replace("16 to 25: A", "17 to 25: A") + "16 A lost=5",
    ),
    Story(
        "capture-clock-step",
        "clean",
        "two healthy hosts",
        _CLUSTERS + "every 1s from 0 to 20: A\n every 1s from 0.4 to 20: B",
    ),
    Story(
        "losses-together",
        "positive",
        "three virtual routers lose adverts in the same seconds",
        _losing(5, 12),
        (
            Told(
                WARNING,
                LIKELY,
                "A B C",
                _ZERO + 4.1,
                _ZERO + 13.3,
                (16, 17, 18, 34, 35, 36),
                "3 virtual routers lost adverts in the same seconds, 2 times",
                None,
            ),
        ),
    ),
    Story("losses-together", "near-miss", "once only", _losing(5)),
    Story("losses-together", "near-miss", "two of three", _losing(5, 12, who="AB")),
    Story("losses-together", "near-miss", "late, not lost", _losing(5, 12).replace("lost=1", "")),
    Story("losses-together", "clean", "none lost", _losing()),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_rule_tells_of_several_at_once(story: Story) -> None:
    check(story)
