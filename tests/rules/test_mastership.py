"""Mastership that moved, moved slowly, moved too often, or was nowhere."""

from __future__ import annotations

import pytest

from tests.rules.judging import CERTAIN, CRITICAL, INFO, LIKELY, POSSIBLE, WARNING, Story, Told, check

_HEALTHY = "A is p150\n start -0.4\n 0 A id=500\n every 1s from 1 to 8: A\n end 8.9"
_TIMEOUT = "A is p150\n 0 A id=500\n every 1s from 1 to 5: A\n 8.611 B id=90\n every 1s from 9.611 to 12.611: B"
_FOUR_MOVES = """
    A is p150
    0 A id=500
    1 A p0
    every 1s from 1.613 to 2.613: B
    every 1s from 4 to 5: A
    6 A p0
    every 1s from 6.613 to 8.613: B
"""

_UNHEARD = "A is p150\n 0 A id=500\n every 1s from 1 to 5: A\n every 1s from 20 to 23: A id=-\n"

STORIES = [
    Story(
        "failover",
        "positive",
        "a resigned master is followed after the skew time",
        "A is p150\n 0 A id=500\n every 1s from 1 to 5: A\n 5.4 A p0\n every 1s from 6.013 to 9.013: B",
        (Told(INFO, CERTAIN, "A B", 6.013, 6.013, (7, 8), "(resigned), 0.613 s without a master"),),
    ),
    Story(
        "failover",
        "positive",
        "two priority 0 in a row are keepalived's FAULT",
        "A is p150\n every 1s from 0 to 3: A\n 3.5 A p0\n 3.50004 A p0\n every 1s from 4.113 to 8: B",
        (Told(WARNING, CERTAIN, "A B", 4.113, 4.113, (6, 7), "took over from 10.0.0.5 (fault)"),),
    ),
    Story(
        "failover",
        "positive",
        "a silent master is followed after the master down interval",
        _TIMEOUT,
        (Told(WARNING, CERTAIN, "A B", 8.611, 8.611, (6, 7), "(timeout), 3.611 s without a master"),),
    ),
    Story(
        "failover",
        "positive",
        "a stronger router preempts",
        "A is p150\n every 1s from 0 to 6: B\n every 1s from 6.5 to 9.5: A",
        (Told(INFO, LIKELY, "B A", 6.5, 6.5, (8,), "10.0.0.5 took over from 10.0.0.6 (preempted)"),),
    ),
    Story(
        "failover",
        "positive",
        "the owner takes at once",
        "A is p255\n every 1s from 0 to 4: B\n every 1s from 4.5 to 7.5: A",
        (Told(INFO, LIKELY, "B A", 4.5, 4.5, (6,), "(owner)"),),
    ),
    Story(
        "failover",
        "positive",
        "of two equals the higher address wins",
        "0 A\n 0.0005 B\n every 1s from 1.0005 to 5.0005: B",
        (Told(INFO, LIKELY, "A B", 0.0005, 0.0005, (2,), "(tie-break)"),),
    ),
    Story(
        "failover",
        "positive",
        "a master that lowered its priority is not waited for",
        "A is p150\n every 1s from 0 to 4: A\n every 1s from 5 to 7: A p90\n every 1s from 7.611 to 11: B",
        (Told(WARNING, CERTAIN, "A B", 7.611, 7.611, (5, 9), "(priority-drop)"),),
    ),
    Story(
        "failover",
        "positive",
        "a paused master goes on where it stopped",
        "A is p150\n 0 A id=500\n every 1s from 1 to 5: A\n every 1s from 8.61 to 10.61: B\n every 1s from 11 to 15: A",
        (
            Told(WARNING, CERTAIN, "A B", 8.61, 8.61, (6, 7), "(timeout)"),
            Told(INFO, LIKELY, "B A", 11, 11, (10,), "(reclaimed)"),
        ),
    ),
    Story(
        "failover",
        "near-miss",
        "a capture that begins before the first master took over from nobody",
        "A is p150\n start -10\n 0 A id=1\n every 1s from 1 to 5: A",
    ),
    Story(
        "failover",
        "near-miss",
        "a master that returns alone took over from nobody",
        "A is p150\n 0 A id=500\n every 1s from 1 to 5: A\n 12 A id=1\n every 1s from 13 to 15: A",
    ),
    Story(
        "failover",
        "near-miss",
        "a second master beside a living one is a split brain, no failover",
        "A is p150\n 0 A id=500\n every 1s from 1 to 21: A\n every 1s from 7.611 to 15.611: B",
    ),
    Story("failover", "clean", "one master all along", _HEALTHY),
    Story(
        "slow-failover",
        "positive",
        "a takeover far beyond what the timers predict",
        "A is p150\n every 1s from 0 to 5: A\n 5.5 A p0\n every 1s from 8 to 15: B",
        (Told(WARNING, LIKELY, "B", 8, 8, (7, 8), "10.0.0.6 needed 2.500 s to take over"),),
    ),
    Story(
        "slow-failover",
        "positive",
        "a VRRPv3 backup waits by the master's interval",
        "A is p150 v3 i250cs\n B is p100 v3 i50cs\n 0 A\n 2.5 A\n 5 A\n 14.024 B\n 14.524 B\n 15.024 B",
        (Told(WARNING, LIKELY, "B", 14.024, 14.024, (3, 4), "10.0.0.6 needed 9.024 s"),),
    ),
    Story(
        "slow-failover",
        "near-miss",
        "intervals that differ a little cost next to nothing",
        "A is p150 v3 i100cs\n B is p100 v3 i90cs\n every 1s from 0 to 2: A\n 5.61 B\n 6.51 B\n 7.41 B",
    ),
    Story(
        "slow-failover",
        "near-miss",
        "a fifth of a second is a busy host, not a slow one",
        "A is p150\n every 1s from 0 to 5: A\n 5.5 A p0\n every 1s from 6.3 to 9.3: B",
    ),
    Story("slow-failover", "clean", "the takeover comes when the timers say", _TIMEOUT),
    Story(
        "flapping",
        "positive",
        "the fourth move close behind the others",
        _FOUR_MOVES + "every 1s from 9 to 12: A",
        (Told(WARNING, CERTAIN, "A B", 1.613, 9, (3, 5, 8, 11), "changed 4 times in 7.387 s"),),
    ),
    Story("flapping", "near-miss", "three moves are not yet a habit", _FOUR_MOVES),
    Story(
        "flapping",
        "near-miss",
        "a fourth move more than a minute later is another story",
        _FOUR_MOVES + "every 1s from 9.613 to 69.613: B\n every 1s from 70 to 73: A",
    ),
    Story("flapping", "clean", "one master all along", _HEALTHY),
    Story(
        "no-master",
        "positive",
        "the only master dies",
        "A is p150\n 0 A id=500\n every 1s from 1 to 5: A\n end 9.1",
        (Told(CRITICAL, LIKELY, "A", 5, None, (6,), "nobody was master of 10.0.0.3"),),
    ),
    Story(
        "no-master",
        "positive",
        "the only master stops cleanly and comes back later",
        "A is p150\n 0 A id=500\n every 1s from 1 to 5: A\n 5.5 A p0\n 20 A id=1\n 21 A",
        (Told(CRITICAL, LIKELY, "A", 5.5, 20, (7,), "nobody was master of 10.0.0.3 for 14.5 s"),),
    ),
    Story(
        "no-master",
        "positive",
        "a master that goes on with the next IP ID was there all along",
        "A is p150\n 0 A id=500\n every 1s from 1 to 5: A\n 12 A\n 13 A",
        (Told(WARNING, LIKELY, "A", 5, 12, (6,), "no advert of 10.0.0.3 was seen for 7.000 s"),),
    ),
    Story(
        "no-master",
        "positive",
        "an announcement shows a master whose adverts do not come here",
        _UNHEARD + "4.5 B who-has\n 8.612 B garp\n 13.612 B garp",
        (Told(WARNING, LIKELY, "A", 5, 20, (7, 8), "no advert of 10.0.0.3 was seen for 15.0 s, but somebody was"),),
    ),
    Story(
        "no-master",
        "positive",
        "an answer alone may come from an address that was left behind",
        _UNHEARD + "8.612 B arp-reply",
        (Told(WARNING, POSSIBLE, "A", 5, 20, (6, 7), "but somebody has the address"),),
    ),
    Story(
        "no-master",
        "positive",
        "the old master's own kernel still answers: nobody is master",
        _UNHEARD + "8.612 A arp-reply",
        (Told(CRITICAL, LIKELY, "A", 5, 20, (6,), "nobody was master of 10.0.0.3 for 15.0 s"),),
    ),
    Story(
        "no-master",
        "positive",
        "an announcement long after dates no earlier reign",
        _UNHEARD + "19.9 A garp",
        (Told(CRITICAL, LIKELY, "A", 5, 20, (6, 7), "nobody was master of 10.0.0.3 for 15.0 s"),),
    ),
    Story(
        "no-master",
        "positive",
        "the next master's IP ID leads back to when it was due",
        "A is p150\n 0 A id=500\n every 1s from 1 to 5: A\n 13.611 B id=6\n every 1s from 14.611 to 16.611: B",
        (Told(WARNING, LIKELY, "A", 5, 13.611, (6,), "no advert of 10.0.0.3 was seen for 8.611 s"),),
    ),
    Story(
        "no-master",
        "near-miss",
        "a capture that ends while a backup may still wait says nothing",
        "A is p150\n 0 A id=500\n every 1s from 1 to 5: A\n end 8.9",
    ),
    Story("no-master", "near-miss", "a backup takes over in time", _TIMEOUT),
    Story("no-master", "clean", "one master all along", _HEALTHY),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_rule_tells_of_mastership(story: Story) -> None:
    check(story)


def test_a_failover_is_explained_by_the_arithmetic_of_the_timers() -> None:
    (finding,) = check(next(s for s in STORIES if s.subject == _TIMEOUT and s.rule == "failover"))
    assert "3.611 s after frame 6 of lb01; its timers predict 3.609 s" in finding.explanation


def test_a_takeover_from_a_master_that_never_left_claims_no_time_without_one() -> None:
    takeover, _ = check(next(s for s in STORIES if s.name == "a paused master goes on where it stopped"))
    assert takeover.title == "10.0.0.6 took over from 10.0.0.5 (timeout)"


def test_an_adopted_interval_is_explained() -> None:
    (finding,) = check(next(s for s in STORIES if s.name == "a VRRPv3 backup waits by the master's interval"))
    assert "adopts the master's interval, and waited 9.023 s" in finding.explanation
