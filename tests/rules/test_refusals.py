"""ICMP errors about adverts to unicast peers."""

from __future__ import annotations

import pytest

from tests.rules.judging import CERTAIN, INFO, LIKELY, WARNING, Story, Told, check

_A = "A is p150 uni=10.0.0.6\n B is uni=10.0.0.5\n"
_SENDS = _A + "every 1s from 0 to 20: A\n"
_REJECTS = _SENDS + "every 1s from 5.01 to 9.01: B icmp=3/10 of=A\n"
_FAILS_OVER = _A + "every 1s from 0 to 4: A\n every 1s from 7.61 to 20.61: B\n"

STORIES = [
    Story(
        "unicast-refused",
        "positive",
        "a filter that rejects",
        _REJECTS,
        (Told(WARNING, CERTAIN, "A", 5.01, 9.01, (7, 15), "a packet filter on 10.0.0.6 rejects the adverts"),),
    ),
    Story(
        "unicast-refused",
        "positive",
        "nothing listens at a peer that was never heard",
        _SENDS + "every 1s from 0.01 to 20.01: C icmp=3/2 of=A\n end 21",
        (Told(WARNING, LIKELY, "A", 0.01, 20.01, (2, 42), "to 10.0.0.7, where nothing listens to VRRP"),),
    ),
    Story(
        "unicast-refused",
        "positive",
        "a daemon that starts a little later",
        _SENDS + "every 1s from 0.01 to 2.01: B icmp=3/2 of=A",
        (Told(INFO, CERTAIN, "A", 0.01, 2.01, (2, 6), "10.0.0.6 was up without a VRRP daemon while"),),
    ),
    Story(
        "unicast-refused",
        "positive",
        "the former master's kernel answers",
        _FAILS_OVER + "every 1s from 7.62 to 20.62: A icmp=3/2 of=B",
        (Told(INFO, CERTAIN, "B A", 7.62, 19.62, (7, 31), "10.0.0.5 was up without a VRRP daemon"),),
    ),
    Story(
        "unicast-refused",
        "positive",
        "a filter that says what kernels say, beside a daemon that becomes master",
        _SENDS + "every 1s from 3.01 to 20.01: B icmp=3/2 of=A\n every 1s from 5.61 to 20.61: B",
        (Told(WARNING, LIKELY, "A B", 3.01, 20.01, (5, 54), "a packet filter on 10.0.0.6 rejects"),),
    ),
    Story(
        "unicast-refused",
        "positive",
        "a router on the way",
        _SENDS + "every 1s from 5.01 to 9.01: R icmp=3/1 of=A to=10.0.0.6",
        (Told(WARNING, LIKELY, "A", 5.01, 9.01, (7, 15), "10.0.0.22 cannot pass on the adverts of 10.0.0.5"),),
    ),
    Story(
        "unicast-refused",
        "positive",
        "IPv6",
        "A is p150 v6 uni=fe80::6\n every 1s from 0 to 9: A\n 4.1 B v6 icmp=1/1 of=A",
        (Told(WARNING, CERTAIN, "A", 4.1, 4.1, (6,), "a packet filter on fe80::6", "ipv6/51"),),
    ),
    Story(
        "unicast-refused",
        "positive",
        "one that listens to the group",
        "A is p150 uni=10.0.0.6\n every 1s from 0 to 9: A\n every 1s from 1.01 to 9.01: B icmp=3/2 of=A\n 3 B",
        (Told(WARNING, CERTAIN, "A B", 1.01, 8.01, (3, 18), "10.0.0.6 listens to the multicast group"),),
    ),
    Story("unicast-refused", "near-miss", "about adverts of nobody known", _SENDS + "5.1 B icmp=3/10 of=C"),
    Story("unicast-refused", "near-miss", "about another virtual router", _SENDS + "5.1 B icmp=3/10 of=A vrid=9"),
    Story(
        "unicast-refused", "near-miss", "a redirect is no refusal", _SENDS + "every 1s from 5.1 to 9: R icmp=5/1 of=A"
    ),
    Story("unicast-refused", "clean", "unicast without errors", _SENDS),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_rule_tells_the_story(story: Story) -> None:
    check(story)
