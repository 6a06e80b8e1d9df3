"""Adverts that every receiver must discard, and CARP on the same protocol number."""

from __future__ import annotations

import pytest

from tests.rules.judging import CERTAIN, INFO, WARNING, Carp, Story, Told, check

_HEALTHY = "A is p150\n every 1s from 0 to 5: A"

STORIES = [
    Story(
        "ttl",
        "positive",
        "every advert of a sender that was routed is counted",
        "A is p150\n C is p200 ttl=254\n every 1s from 0 to 9: A\n every 1s from 4.4 to 9.4: C",
        (Told(WARNING, CERTAIN, "C", 4.4, 9.4, (6, 16), "6 adverts of 10.0.0.7 arrived with a TTL other than 255"),),
    ),
    Story(
        "ttl",
        "positive",
        "one such advert among good ones is enough",
        "A is p150\n every 1s from 0 to 3: A\n 4 A ttl=64\n 5 A",
        (Told(WARNING, CERTAIN, "A", 4, 4, (5,), "1 advert of 10.0.0.5"),),
    ),
    Story("ttl", "clean", "all adverts come with 255", _HEALTHY),
    Story(
        "bad-checksum",
        "positive",
        "damaged adverts among good ones are counted",
        "A is p150\n 0 A\n 1 A\n 2 A bad\n 3 A\n 4 A bad\n 5 A",
        (Told(WARNING, CERTAIN, "A", 2, 4, (3, 5), "2 adverts of 10.0.0.5 arrived with a bad VRRP checksum"),),
    ),
    Story(
        "bad-checksum",
        "near-miss",
        "a VRRPv3 checksum without a pseudo-header is one of the known ways",
        "A is p150 v3 plain\n every 1s from 0 to 5: A",
    ),
    Story("bad-checksum", "clean", "all checksums are good", _HEALTHY),
    Story(
        "carp-beside-vrrp",
        "positive",
        "one number for both is one virtual MAC for both",
        _HEALTHY,
        (Told(WARNING, CERTAIN, "", 2, None, (7,), "CARP (VHID 51) is spoken beside VRRP VRID 51"),),
        carps=(Carp(2, 51, 7),),
    ),
    Story(
        "carp-beside-vrrp",
        "positive",
        "each other number is worth knowing, however often it is heard",
        _HEALTHY,
        (
            Told(INFO, CERTAIN, "", 2, None, (7,), "CARP (VHID 52) is spoken beside VRRP VRID 51"),
            Told(INFO, CERTAIN, "", 3, None, (8,), "CARP (VHID 7)"),
        ),
        carps=(Carp(2, 52, 7), Carp(3, 7, 8), Carp(4, 52, 9)),
    ),
    Story(
        "carp-beside-vrrp",
        "positive",
        "of several numbers only the one in common is a clash",
        _HEALTHY,
        (
            Told(INFO, CERTAIN, "", 2, None, (7,), "CARP (VHID 52)"),
            Told(WARNING, CERTAIN, "", 3, None, (8,), "CARP (VHID 51)"),
        ),
        carps=(Carp(2, 52, 7), Carp(3, 51, 8)),
    ),
    Story(
        "carp-beside-vrrp",
        "near-miss",
        "another VLAN is another segment",
        _HEALTHY,
        carps=(Carp(2, 51, 7, "vlan5"),),
    ),
    Story("carp-beside-vrrp", "clean", "nobody speaks CARP", _HEALTHY),
    Story(
        "ttl",
        "near-miss",
        "a unicast advert may be routed",
        "A is p150 ttl=64 uni=10.0.0.6\n every 1s from 0 to 5: A",
    ),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_rule_tells_of_odd_packets(story: Story) -> None:
    check(story)
