"""What clients were told of an address, beside who is master of it."""

from __future__ import annotations

import pytest

from tests.rules.judging import CERTAIN, LIKELY, WARNING, Story, Told, check

_SHORT_TAKEOVER = """
    A is p150
    0 A id=500
    0.0001 A garp
    every 1s from 1 to 4: A
    8.611 B
    8.6112 B garp
    every 1s from 9 to 20: A lost=0
"""
_BLIND_FAILOVER = """
    A is p150
    0 A id=500
    every 1s from 1 to 4: A
    4.5 C who-has
    4.501 A arp-reply
    7.611 B
    every 1s from 8.611 to 20.611: B
"""
_FAILOVER = _BLIND_FAILOVER + "7.6112 B garp"
_ALONE = "A is p150\n 0 A id=500\n 0.0001 A garp\n every 1s from 1 to 20: A\n"
_STALE = """
    A is p150
    0 A id=500
    0.0001 A garp
    every 1s from 1 to 4: A
    7.611 B
    every 1s from 8.611 to 20.611: B
"""
_YIELDS = """
    A is p150
    every 1s from 0 to 20: A
    8.611 B
    8.6112 B garp
"""

STORIES = [
    Story(
        "stale-arp",
        "positive",
        "a rival announces itself and yields; the master never noticed",
        _YIELDS,
        (Told(WARNING, LIKELY, "A B", 9, None, (11,), "clients may send what is meant for 10.0.0.3 to 10.0.0.6"),),
    ),
    Story(
        "stale-arp",
        "positive",
        "the master announces itself later",
        _YIELDS + "15.5 A garp",
        (Told(WARNING, LIKELY, "A B", 9, 15.5, (11,), "instead of 10.0.0.5 for 6.500 s"),),
    ),
    Story(
        "stale-arp",
        "positive",
        "a client asks again and is answered",
        _YIELDS + "14.4 C who-has\n 14.5 A arp-reply",
        (Told(WARNING, LIKELY, "A B", 9, None, (11, 19), "may send"),),
    ),
    Story(
        "stale-arp",
        "positive",
        "a new master announces nothing after the old one did",
        _STALE,
        (Told(WARNING, LIKELY, "B A", 7.611, None, (2,), "to 10.0.0.5 instead of 10.0.0.6"),),
    ),
    Story("stale-arp", "near-miss", "the master announces itself within a second", _YIELDS + "9.9 A garp"),
    Story(
        "stale-arp",
        "near-miss",
        "a former master's kernel answers the new one's announcement",
        _FAILOVER + "\n7.6111 A garp\n 7.6113 A garp-reply",
    ),
    Story("stale-arp", "near-miss", "no ARP in the capture", "A is p150\n every 1s from 0 to 20: A\n 8.611 B"),
    Story("stale-arp", "near-miss", "virtual MACs go with the master", _YIELDS.replace("garp", "garp vmac")),
    Story("stale-arp", "clean", "an announced failover", _FAILOVER),
    Story(
        "no-announcement",
        "positive",
        "a takeover that no client is told of",
        _BLIND_FAILOVER,
        (Told(WARNING, LIKELY, "B", 7.611, None, (8,), "10.0.0.6 took over 10.0.0.3 and announced it to nobody"),),
    ),
    Story(
        "no-announcement",
        "positive",
        "one that preempts and tells no client",
        "A is p150\n every 1s from 0 to 4: B\n 0.5 C who-has\n every 1s from 4.5 to 20: A",
        (Told(WARNING, LIKELY, "A", 4.5, None, (7,), "10.0.0.5 took over 10.0.0.3"),),
    ),
    Story(
        "no-announcement",
        "near-miss",
        "no ARP in the capture",
        "A is p150\n 0 A id=500\n every 1s from 1 to 4: A\n every 1s from 7.611 to 20.611: B",
    ),
    Story(
        "no-announcement",
        "near-miss",
        "as FRR with IPv6: announced one interval before the first advert",
        "A is p150 v6\n B is v6\n every 1s from 0 to 4: A\n 4.5 C v6 who-has\n 6.61 B garp\n"
        "every 1s from 7.611 to 20: B",
    ),
    Story(
        "no-announcement",
        "near-miss",
        "one that yields at once need not announce itself",
        "A is p150\n every 1s from 0 to 20: A\n 0.5 C who-has\n 8.611 B",
    ),
    Story("no-announcement", "clean", "an announced failover", _FAILOVER),
    Story(
        "address-claimed-by-other",
        "positive",
        "a stranger answers for the address",
        _ALONE + "10.5 X arp-reply\n 12.5 X arp-reply",
        (
            Told(
                WARNING, CERTAIN, "", 10.5, 12.5, (13, 16), "02:00:00:00:00:1c answered ARP for 10.0.0.3 while 10.0.0.5"
            ),
        ),
    ),
    Story(
        "address-claimed-by-other",
        "positive",
        "a killed daemon left the address on its host",
        _FAILOVER + "\n15.2 A arp-reply",
        (Told(WARNING, CERTAIN, "A", 15.2, 15.2, (17,), "02:00:00:00:00:05 (10.0.0.5) answered ARP for 10.0.0.3"),),
    ),
    Story(
        "address-claimed-by-other",
        "near-miss",
        "a router announces itself ahead of its first advert",
        "A is p150\n every 1s from 0 to 9: B\n 8.9 A garp\n every 1s from 9.9 to 20: A",
    ),
    Story(
        "address-claimed-by-other",
        "near-miss",
        "a router that has just resigned still answers",
        "A is p150\n every 1s from 0 to 4: A\n 4.3 A p0\n every 1s from 4.91 to 20: B\n 4.9101 B garp\n"
        "4.9102 A arp-reply",
    ),
    Story("address-claimed-by-other", "near-miss", "a virtual MAC is nobody's", _ALONE + "10.5 X garp vmac"),
    Story("address-claimed-by-other", "clean", "an announced failover", _FAILOVER),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_rule_tells_of_clients(story: Story) -> None:
    check(story)


def test_a_client_that_asked_again_is_named_with_the_time_it_was_cut_off() -> None:
    (finding,) = check(next(s for s in STORIES if s.name == "a client asks again and is answered"))
    assert "10.0.0.50 asked and was answered after 5.500 s" in finding.explanation


def test_a_stranger_is_named_by_the_address_it_has_beside_the_virtual_one() -> None:
    text = _ALONE + "9.5 X who-has\n 10.5 X arp-reply"
    told = Told(WARNING, CERTAIN, "", 10.5, 10.5, (14,), "02:00:00:00:00:1c (10.0.0.28) answered")
    check(Story("address-claimed-by-other", "positive", "known by ARP", text, (told,)))
