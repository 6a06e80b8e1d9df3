"""Adverts that did not come: lost on the way, late, and how close to a failover."""

from __future__ import annotations

import pytest

from tests.rules.judging import CERTAIN, INFO, LIKELY, WARNING, Story, Told, check

_HEALTHY = "A is p150\n 0 A id=500\n every 1s from 1 to 12: A"

STORIES = [
    Story(
        "lost-adverts",
        "positive",
        "a jump of the IP ID counts what was sent and not seen",
        "A is p150\n 0 A id=500\n every 1s from 1 to 4: A\n 6 A lost=1\n 7 A",
        (Told(INFO, CERTAIN, "A", 4, 6, (6,), "1 advert of 10.0.0.5 did not arrive"),),
    ),
    Story(
        "lost-adverts",
        "positive",
        "several gaps of one sender are one finding, and many adverts a warning",
        "A is p150\n 0 A id=500\n every 1s from 1 to 4: A\n 8 A lost=3\n every 1s from 9 to 12: A\n 14 A lost=1\n 15 A",
        (Told(WARNING, CERTAIN, "A", 4, 14, (6, 11), "4 adverts of 10.0.0.5"),),
    ),
    Story(
        "lost-adverts",
        "positive",
        "without IP IDs a rhythm that was kept makes it likely",
        "A is p150 v6\n every 1s from 0 to 4: A\n 8 A\n every 1s from 9 to 12: A",
        (Told(WARNING, LIKELY, "A", 4, 8, (6,), "3 adverts of fe80::5", "ipv6/51"),),
    ),
    Story(
        "lost-adverts",
        "near-miss",
        "a gap whose IP IDs are consecutive lost nothing",
        "A is p150\n 0 A id=500\n every 1s from 1 to 5: A\n every 1s from 8 to 12: A",
    ),
    Story("lost-adverts", "clean", "every advert is there", _HEALTHY),
    Story(
        "late-adverts",
        "positive",
        "consecutive IP IDs across a gap prove that nothing was sent",
        "A is p150\n 0 A id=500\n every 1s from 1 to 5: A\n every 1s from 7.745 to 12.745: A",
        (Told(INFO, CERTAIN, "A", 5, 7.745, (7,), "10.0.0.5 sent 2 adverts late, or not at all"),),
    ),
    Story(
        "late-adverts",
        "positive",
        "a lateness that a backup would not have survived is a warning",
        "A is p150\n 0 A id=500\n every 1s from 1 to 5: A\n every 1s from 8.6 to 12.6: A",
        (Told(WARNING, CERTAIN, "A", 5, 8.6, (7,), "10.0.0.5 sent 3 adverts late"),),
    ),
    Story(
        "late-adverts",
        "positive",
        "without IP IDs that count, a broken rhythm makes it likely",
        "A is p150 id=random\n every 1s from 0 to 5: A\n every 1s from 7.4 to 12.4: A",
        (Told(INFO, LIKELY, "A", 5, 7.4, (7,), "10.0.0.5 sent 1 advert late"),),
    ),
    Story(
        "late-adverts",
        "positive",
        "an IP ID that fits neither is called a gap",
        "A is p150\n 0 A id=500\n every 1s from 1 to 5: A\n 7.4 A lost=30\n every 1s from 8.4 to 12.4: A",
        (Told(INFO, LIKELY, "A", 5, 7.4, (7,), "left 1 gap between its adverts"),),
    ),
    Story(
        "late-adverts",
        "near-miss",
        "an advert that another's rejected one put off is on time",
        "A is pass=aaaa\n 0 A id=500\n every 1s from 1 to 5: A\n 5.8 B p90 pass=bbbb\n every 1s from 6.8 to 12.8: A",
    ),
    Story(
        "late-adverts",
        "near-miss",
        "up to one and a half intervals is jitter",
        "A is p150\n 0 A id=500\n every 1s from 1 to 5: A\n every 1s from 6.45 to 12.45: A",
    ),
    Story("late-adverts", "clean", "every advert is on time", _HEALTHY),
    Story(
        "near-failover",
        "positive",
        "the backup that was seen would have waited 0.609 s more",
        "A is p150\n 0 B id=90\n 1 B\n 1.5 A id=500\n every 1s from 2.5 to 5.5: A\n 8.5 A lost=2\n 9.5 A",
        (Told(WARNING, LIKELY, "A", 5.5, 8.5, (7, 8), "a backup would have been 0.609 s from taking over"),),
    ),
    Story(
        "near-failover",
        "positive",
        "a backup never seen is taken for the most impatient there can be",
        "A is p150\n 0 A id=500\n every 1s from 1 to 5: A\n 8 A lost=2\n 9 A",
        (Told(WARNING, LIKELY, "A", 5, 8, (6, 7), "a backup would have been 8 ms from taking over"),),
    ),
    Story(
        "near-failover",
        "near-miss",
        "one advert lost leaves more than an interval",
        "A is p150\n 0 A id=500\n every 1s from 1 to 5: A\n 7 A lost=1\n 8 A",
    ),
    Story(
        "near-failover",
        "near-miss",
        "a gap longer than any backup waits is none of this",
        "A is p150\n 0 A id=500\n every 1s from 1 to 5: A\n 8.3 A\n 9.3 A",
    ),
    Story("near-failover", "clean", "no advert is missing", _HEALTHY),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_rule_tells_of_adverts_that_did_not_come(story: Story) -> None:
    check(story)


def test_lost_and_late_adverts_have_different_remedies() -> None:
    lost, late = (next(check(s)[0] for s in STORIES if s.rule == rule) for rule in ("lost-adverts", "late-adverts"))
    assert "switch" in lost.remedy
    assert "A thread timer expired" in late.remedy
