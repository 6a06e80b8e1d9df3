"""Which adverts a router accepts, judged from what it sends itself. The order is keepalived's."""

from __future__ import annotations

from itertools import product

import pytest

from tests.timeline.profiles import profile
from vrrpscope.timeline.acceptance import Accepts, disagreements, judge

YES, DEPENDS, NO = Accepts.YES, Accepts.DEPENDS, Accepts.NO


@pytest.mark.parametrize(
    ("receiver", "sender", "accepts", "reason"),
    [
        ("A p150", "B p100", YES, None),
        ("A p150", "B p255 tos=0 df", YES, None),
        ("A pass=aaaa", "B pass=aaaa", YES, None),
        ("A pass=aaaa", "B pass=bbbb", NO, "password-mismatch"),
        ("A pass=aaaa", "B pass=aaaab", NO, "password-mismatch"),
        ("A pass=aaaa", "B", NO, "auth-type-mismatch"),
        ("A pass=aaaa", "B ah=7", NO, "auth-type-mismatch"),
        ("A ah=3", "B ah=4", DEPENDS, "password-mismatch"),  # on the key, which no advert shows
        ("A v2", "B v3", NO, "version-mismatch"),
        ("A v2 pass=aaaa", "B v3", NO, "version-mismatch"),
        ("A i1s", "B i5s", NO, "interval-mismatch"),
        ("A v3 i1s", "B v3 i5s", YES, None),  # VRRPv3 adopts the master's
        ("A v2 i1s", "B v3 i5s", NO, "version-mismatch"),
        ("A uni=10.0.0.6", "B", NO, "unicast-mismatch"),
        ("A", "B uni=10.0.0.5", NO, "unicast-mismatch"),
        ("A uni=10.0.0.6", "B uni=10.0.0.5", YES, None),
        ("A v3", "B v3 plain", DEPENDS, "checksum-mismatch"),
        ("A vips=10.0.0.3", "B vips=10.0.0.3,10.0.0.4", DEPENDS, "vip-list-mismatch"),
        ("A vips=10.0.0.3,10.0.0.4", "B vips=10.0.0.4,10.0.0.3", YES, None),  # order does not matter
        ("A vips=10.0.0.3", "B vips=10.0.9.9", DEPENDS, "vrid-collision"),
        ("A vips=10.0.0.3 pass=aaaa", "B vips=10.0.9.9 pass=bbbb", NO, "vrid-collision"),
        ("A vips=10.0.0.3", "B vips=-", YES, None),
        ("A", "B ttl=254", NO, None),
        ("A uni=10.0.0.6", "B uni=10.0.0.5 ttl=64", YES, None),  # a routed peer
        ("A", "B bad", NO, None),
        ("A v6", "B v6", YES, None),
    ],
)
def test_a_router_accepts_what_fits_its_own_settings(
    receiver: str, sender: str, accepts: Accepts, reason: str | None
) -> None:
    verdict = judge(profile(receiver), profile(sender))
    assert verdict.accepts is accepts
    if reason is not None:
        assert verdict.reason == reason


def test_disagreements_are_mutual() -> None:
    words = ["v2", "v3", "pass=aaaa", "pass=bbbb", "i5s", "uni=10.0.0.5", "plain v3", "vips=10.0.9.9", "ah=1"]
    for one, other in product(words, words):
        forth = {v.reason for v in disagreements(profile(f"A {one}"), profile(f"B {other}"))}
        back = {v.reason for v in disagreements(profile(f"B {other}"), profile(f"A {one}"))}
        assert forth == back
        if one == other:
            assert not forth


def test_a_defect_is_the_senders_alone() -> None:
    good, bad = profile("A"), profile("B bad")
    assert judge(good, bad).accepts is NO
    assert judge(bad, good).accepts is YES


def test_higher_priority_wins_and_the_higher_address_breaks_a_tie() -> None:
    assert profile("A p150").beats(profile("B p100"))
    assert not profile("A p100").beats(profile("B p100"))
    assert profile("B p100").beats(profile("A p100"))
    assert profile("F p100").beats(profile("E p100"))  # 10.0.0.10 and 10.0.0.9: as numbers, not as text
    assert not profile("A p100").beats(profile("A p100"))
