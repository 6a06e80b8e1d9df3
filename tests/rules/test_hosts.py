"""Hosts that never answer, and hosts that were moved."""

from __future__ import annotations

import pytest

from tests.rules.judging import CERTAIN, INFO, LIKELY, POSSIBLE, WARNING, Story, Told, check

_A = "A is p150 uni=10.0.0.6\n B is uni=10.0.0.5\n"
_SENDS = _A + "every 1s from 0 to 20: A\n"
_ASKS = _SENDS + "every 1s from 0 to 9: A asks=10.0.0.9\n"
_LATE_ASKS = _SENDS + "every 1s from 5.5 to 9.5: A asks=10.0.0.9\n"
_FAILS_OVER = _A + "every 1s from 0 to 4: A\n every 1s from 7.61 to 20.61: B\n"

STORIES = [
    Story(
        "unicast-peer-absent",
        "positive",
        "asks from its first advert on",
        _ASKS,
        (Told(WARNING, LIKELY, "A", 0, 9, (2, 20), "10.0.0.5 looks for 10.0.0.9, which nobody answers for"),),
    ),
    Story(
        "unicast-peer-absent",
        "positive",
        "begins to ask at any time",
        _LATE_ASKS,
        (Told(WARNING, POSSIBLE, "A", 5.5, 9.5, (7, 15), "10.0.0.5 looks for 10.0.0.9"),),
    ),
    Story(
        "unicast-peer-absent",
        "positive",
        "its own kernel gives the adverts back",
        _LATE_ASKS + "8.6 A icmp=3/1 of=A to=10.0.0.9",
        (Told(WARNING, CERTAIN, "A", 5.5, 9.5, (7, 14, 16), "10.0.0.5 looks for 10.0.0.9"),),
    ),
    Story(
        "unicast-peer-absent",
        "positive",
        "a master that cannot send anything",
        _SENDS + "9 C garp\n every 1s from 9.1 to 12.1: C asks=10.0.0.9",
        (Told(WARNING, LIKELY, "", 9.1, 12.1, (12, 18), "10.0.0.7 looks for 10.0.0.9"),),
    ),
    Story(
        "unicast-peer-absent", "near-miss", "it answers in the end", _ASKS + "19 E alive\n 19 C arp-reply vips=10.0.0.9"
    ),
    Story("unicast-peer-absent", "near-miss", "it asks for something itself", _ASKS + "19 E asks=10.0.0.5"),
    Story("unicast-peer-absent", "near-miss", "asked for twice", _SENDS + "5 A asks=10.0.0.9\n 9 A asks=10.0.0.9"),
    Story(
        "unicast-peer-absent",
        "near-miss",
        "three questions for one packet",
        _SENDS + "5 A asks=10.0.0.9\n 5.9 A asks=10.0.0.9\n 6.8 A asks=10.0.0.9",
    ),
    Story(
        "unicast-peer-absent",
        "near-miss",
        "a virtual address nobody has yet",
        _ASKS.replace("asks=10.0.0.9", "asks=10.0.0.3"),
    ),
    Story(
        "unicast-peer-absent",
        "near-miss",
        "multicast needs no peer",
        "A is p150\n every 1s from 0 to 20: A\n every 1s from 0 to 9: A asks=10.0.0.9",
    ),
    Story("unicast-peer-absent", "near-miss", "a client asks", _SENDS + "every 1s from 0 to 9: X asks=10.0.0.9"),
    Story(
        "unicast-peer-absent",
        "near-miss",
        "a peer that was heard before",
        _FAILS_OVER + "every 1s from 10 to 20: B asks=10.0.0.5",
    ),
    Story(
        "unicast-peer-absent",
        "near-miss",
        "one that asks for whatever comes",
        _ASKS + "".join(f"{n / 10} A asks=10.0.1.{n}\n" for n in range(20)),
    ),
    Story("unicast-peer-absent", "clean", "unicast without questions", _SENDS),
    Story(
        "host-moved",
        "positive",
        "RARP in a router's name, several times",
        "A is p150\n every 1s from 0 to 9: A\n 5.5 A rarp\n 5.6 A rarp\n 6.5 A rarp",
        (Told(INFO, LIKELY, "A", 5.5, None, (7,), "the host of 10.0.0.5 was moved"),),
    ),
    Story("host-moved", "near-miss", "RARP of somebody else", "A is p150\n every 1s from 0 to 9: A\n 5.5 X rarp"),
    Story(
        "host-moved",
        "near-miss",
        "a virtual MAC says nothing of any host",
        "A is p150 vmac\n every 1s from 0 to 9: A\n 5.5 A rarp",
    ),
    Story("host-moved", "clean", "no RARP", "A is p150\n every 1s from 0 to 9: A"),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_rule_tells_the_story(story: Story) -> None:
    check(story)
