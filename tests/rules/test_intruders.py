"""Strangers that take the address, and routers that share a source address."""

from __future__ import annotations

import pytest

from tests.rules.judging import CRITICAL, LIKELY, POSSIBLE, WARNING, Story, Told, check

_PAIR = "A is p150\n 0 A id=500\n every 1s from 1 to 5: A\n"
_TAKEN = _PAIR + "every 1s from 5.3 to 12.3: C "
_HEALTHY = "A is p150\n 0 A id=500\n every 1s from 1 to 20: A"
_ARP = "0.0001 A garp\n 3 B who-has\n 3.001 A arp-reply\n"
_TWO_RHYTHMS = "start -0.4\n every 1s from 0 to 12: A v6\n every 1s from 5.404 to 12.404: A v6"

STORIES = [
    Story(
        "rogue-master",
        "positive",
        "a stranger that fills the header in its own way",
        _TAKEN + "p255 tos=0 df id=random",
        (Told(CRITICAL, LIKELY, "C A", 5.3, None, (7,), "never seen before, took 10.0.0.3 from 10.0.0.5"),),
    ),
    Story(
        "rogue-master",
        "positive",
        "a stranger with just enough priority, which leaves again",
        _PAIR + "every 1s from 5.3 to 10.3: C p151 tos=0 id=random\n every 1s from 13.72 to 20: A",
        (Told(CRITICAL, LIKELY, "C A", 5.3, 10.3, (7,), "took 10.0.0.3"),),
    ),
    Story(
        "rogue-master",
        "positive",
        "an owner that copies keepalived and has nothing to announce",
        _TAKEN + "p255\n" + _ARP,
        (Told(CRITICAL, LIKELY, "C A", 5.3, None, (10,), "took 10.0.0.3"),),
    ),
    Story(
        "rogue-master",
        "positive",
        "one sign alone",
        _TAKEN + "p255 tos=0",
        (Told(CRITICAL, POSSIBLE, "C A", 5.3, None, (7,), "took 10.0.0.3"),),
    ),
    Story(
        "rogue-master",
        "positive",
        "a resignation that the router did not send",
        _PAIR + "5.4 A p0 id=7\n 6 A id=506\n every 1s from 7 to 12: A",
        (Told(CRITICAL, LIKELY, "A", 5.4, 5.4, (7,), "somebody resigned in the name of 10.0.0.5"),),
    ),
    Story("rogue-master", "near-miss", "a third router of the same kind", _TAKEN + "p200"),
    Story("rogue-master", "near-miss", "an owner of the same kind", _TAKEN + "p255\n 5.3001 C garp\n" + _ARP),
    Story("rogue-master", "near-miss", "FRR joins keepalived", _TAKEN + "p200 df vmac id=random"),
    Story(
        "rogue-master",
        "near-miss",
        "another kind of router, known before",
        "A is p150\n C is p200 tos=0 df id=random\n every 1s from 0 to 5: C\n 5.4 C p0\n 5.9 A id=500\n"
        "every 1s from 6.9 to 12: A\n every 1s from 12.3 to 20: C",
    ),
    Story(
        "rogue-master",
        "near-miss",
        "a router resigns and is started again",
        _PAIR + "5.4 A p0\n 6 A id=1\n every 1s from 7 to 12: A",
    ),
    Story("rogue-master", "clean", "one master", _HEALTHY),
    Story(
        "shared-source-address",
        "positive",
        "two rhythms",
        _TWO_RHYTHMS,
        (
            Told(
                CRITICAL,
                LIKELY,
                "A",
                5,
                None,
                (6, 7, 8, 9, 10, 11, 12),
                "two masters of fe80::3 send from one address, fe80::5",
                "ipv6/51",
            ),
        ),
    ),
    Story(
        "shared-source-address",
        "positive",
        "two counts of IP IDs",
        "start -0.4\n" + "".join(f"{n} A id={500 + n}\n{n}.25 A id={20 + n}\n" for n in range(5)),
        (
            Told(
                CRITICAL,
                LIKELY,
                "A",
                0.25,
                None,
                (2, 3, 4, 5, 6, 7, 8),
                "two masters of 10.0.0.3 send from one address",
            ),
        ),
    ),
    Story(
        "shared-source-address",
        "near-miss",
        "a master that answers a weaker rival at once",
        "A is p150\n start -0.4\n every 1s from 0 to 9: A\n"
        "every 1s from 4.3 to 9.3: B\n every 1s from 4.301 to 9.301: A",
    ),
    Story(
        "shared-source-address",
        "positive",
        "the other one takes over after a resignation",
        "start -0.4\n every 1s from 0 to 5: A v6 p150\n 5.4 A v6 p0\n every 1s from 7.01 to 12: A v6 p100",
        (Told(WARNING, LIKELY, "A", 5, None, (6, 7, 8), "mastership of fe80::3 moved", "ipv6/51"),),
    ),
    Story(
        "shared-source-address",
        "positive",
        "the other one takes over after a silence",
        "start -0.4\n every 1s from 0 to 5: A v6 p150\n every 1s from 8.61 to 12: A v6 p100",
        (Told(WARNING, LIKELY, "A", 5, None, (6, 7), "mastership of fe80::3 moved", "ipv6/51"),),
    ),
    Story(
        "shared-source-address",
        "near-miss",
        "a router that advertises twice as often as it says",
        "every 0.5s from 0 to 12: A v6",
    ),
    Story(
        "shared-source-address",
        "near-miss",
        "one rhythm seen by two captures with different clocks",
        "every 1s from 0 to 12: A v6\n every 1s from 5.404 to 12.404: A v6 @1",
    ),
    Story(
        "shared-source-address",
        "near-miss",
        "a router resigns and comes back with another priority in its own time",
        "start -0.4\n every 1s from 0 to 5: A v6 p150\n 5.4 A v6 p0\n every 1s from 9.5 to 12: A v6 p100",
    ),
    Story("shared-source-address", "clean", "one master", "every 1s from 0 to 20: A v6"),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_story_is_told(story: Story) -> None:
    check(story)
