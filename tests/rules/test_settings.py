"""Settings that do not go together, or should not be what they are."""

from __future__ import annotations

import pytest

from tests.rules.judging import CERTAIN, INFO, LIKELY, WARNING, Story, Told, check, findings
from vrrpscope.rules import RULES

_HANDED_OVER = "0 A id=500\n every 1s from 1 to 5: A\n 5.5 A p0\n every 1s from 6.11 to 8.11: B"
_TAKEN = "0 A id=500\n every 1s from 1 to 5: A\n every 1s from 5.75 to 8.75: B"


def _pair(first: str, second: str, adverts: str = _HANDED_OVER) -> str:
    return f"A is p150 {first}\n B is p100 {second}\n {adverts}"


def _differ(field: str, start: float, frames: tuple[int, int]) -> tuple[Told, ...]:
    title = f"10.0.0.5 and 10.0.0.6 announce different {field}"
    return (Told(WARNING, CERTAIN, "A B", start, None, frames, title),)


_ALIKE = _pair("pass=aaaa", "pass=aaaa")

STORIES = [
    Story(
        "password-mismatch",
        "positive",
        "another password is told as soon as it is heard",
        _pair("pass=aaaa", "pass=bbbb", _TAKEN),
        _differ("passwords", 5.75, (6, 7)),
    ),
    Story(
        "password-mismatch",
        "near-miss",
        "a password on one side only is another kind of authentication",
        _pair("pass=aaaa", "", _TAKEN),
    ),
    Story("password-mismatch", "clean", "one password", _ALIKE),
    Story(
        "auth-type-mismatch",
        "positive",
        "a password on one side only",
        _pair("pass=aaaa", "", _TAKEN),
        _differ("authentication", 5.75, (6, 7)),
    ),
    Story("auth-type-mismatch", "near-miss", "two passwords are one kind", _pair("pass=aaaa", "pass=bbbb", _TAKEN)),
    Story("auth-type-mismatch", "near-miss", "VRRPv3 has no such field", _pair("v3", "v3")),
    Story("auth-type-mismatch", "clean", "one kind of authentication", _ALIKE),
    Story(
        "interval-mismatch",
        "positive",
        "VRRPv2 refuses another interval",
        _pair("", "i2s", "0 A id=500\n every 1s from 1 to 5: A\n 6.75 B\n every 1s from 7 to 12: A"),
        _differ("advertisement intervals", 6.75, (6, 7)),
    ),
    Story("interval-mismatch", "near-miss", "VRRPv3 adopts another interval", _pair("v3", "v3 i2s")),
    Story("interval-mismatch", "clean", "one interval", _ALIKE),
    Story(
        "version-mismatch",
        "positive",
        "version 2 beside version 3",
        _pair("", "v3", _TAKEN),
        _differ("VRRP versions", 5.75, (6, 7)),
    ),
    Story("version-mismatch", "near-miss", "one number on two VLANs is two virtual routers", _pair("", "v3 vlan=7")),
    Story("version-mismatch", "clean", "one version", _ALIKE),
    Story(
        "vip-list-mismatch",
        "positive",
        "one address more",
        _pair("", "vips=10.0.0.3,10.0.0.4"),
        _differ("virtual addresses", 6.11, (7, 8)),
    ),
    Story(
        "vip-list-mismatch",
        "near-miss",
        "the order of the addresses does not matter",
        _pair("vips=10.0.0.4,10.0.0.3", "vips=10.0.0.3,10.0.0.4"),
    ),
    Story(
        "vip-list-mismatch", "near-miss", "lists with nothing in common are two clusters", _pair("", "vips=10.0.9.9")
    ),
    Story("vip-list-mismatch", "clean", "one list", _ALIKE),
    Story(
        "checksum-mismatch",
        "positive",
        "with and without a pseudo-header",
        _pair("v3", "v3 plain"),
        _differ("VRRPv3 checksum forms", 6.11, (7, 8)),
    ),
    Story("checksum-mismatch", "near-miss", "a bad checksum is no way to compute one", _pair("v3", "v3 bad")),
    Story("checksum-mismatch", "clean", "one way", _pair("v3", "v3")),
    Story(
        "unicast-mismatch",
        "positive",
        "one to its peer, the other to the group",
        _pair("uni=10.0.0.6", "", _TAKEN),
        _differ("destinations", 5.75, (6, 7)),
    ),
    Story(
        "unicast-mismatch",
        "near-miss",
        "each has peers of its own",
        _pair("uni=10.0.0.6,10.0.0.7", "uni=10.0.0.5"),
    ),
    Story("unicast-mismatch", "clean", "both to the group", _ALIKE),
    Story(
        "vrid-collision",
        "positive",
        "nothing in common but the number",
        _pair("", "vips=10.0.9.9"),
        (
            Told(
                WARNING, LIKELY, "A B", 6.11, None, (7, 8), "10.0.0.5 and 10.0.0.6 share VRID 51 but no virtual address"
            ),
        ),
    ),
    Story("vrid-collision", "near-miss", "one address in common is one cluster", _pair("", "vips=10.0.0.3,10.0.9.9")),
    Story(
        "vrid-collision", "near-miss", "one number on two VLANs may be two clusters", _pair("", "vips=10.0.9.9 vlan=7")
    ),
    Story("vrid-collision", "clean", "one cluster", _ALIKE),
    Story(
        "equal-priority",
        "positive",
        "the higher address decides",
        "0 A\n 0.0005 B\n every 1s from 1.0005 to 5.0005: B",
        (Told(INFO, CERTAIN, "A B", 0.0005, None, (1, 2), "10.0.0.5 and 10.0.0.6 both have priority 100"),),
    ),
    Story(
        "equal-priority",
        "positive",
        "an address has one owner",
        "A is p255\n B is p255\n 0 A\n 0.0005 B\n every 1s from 1.0005 to 5.0005: B",
        (Told(WARNING, CERTAIN, "A B", 0.0005, None, (1, 2), "both have priority 255"),),
    ),
    Story(
        "equal-priority",
        "near-miss",
        "both said priority 0, and that is no priority",
        "A is p150\n every 1s from 0 to 3: A\n 3.5 A p0\n 4.11 B\n 5.11 B\n 5.5 B p0\n 5.92 A",
    ),
    Story("equal-priority", "clean", "each has its own", _ALIKE),
    Story(
        "clear-text-password",
        "positive",
        "who sends it is named, with the first frame",
        _ALIKE,
        (Told(INFO, CERTAIN, "A B", 0, None, (1, 8), "the password of VRID 51 (#"),),
    ),
    Story("clear-text-password", "near-miss", "AH sends no password", "0 A ah=1\n 1 A ah=2\n 2 A ah=3"),
    Story("clear-text-password", "clean", "no authentication", _pair("", "")),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_rule_tells_of_settings(story: Story) -> None:
    check(story)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("auth-type-mismatch", ("10.0.0.5: simple", "10.0.0.6: none")),
        ("interval-mismatch", ("10.0.0.5: 1.000 s", "10.0.0.6: 2.000 s")),
        ("version-mismatch", ("10.0.0.5: 2", "10.0.0.6: 3")),
        ("vip-list-mismatch", ("10.0.0.5: 10.0.0.3", "10.0.0.6: 10.0.0.3 and 10.0.0.4")),
        ("checksum-mismatch", ("10.0.0.5: with a pseudo-header", "10.0.0.6: without a pseudo-header")),
        ("unicast-mismatch", ("10.0.0.5: unicast", "10.0.0.6: multicast")),
        ("vrid-collision", ("10.0.0.5: 10.0.0.3", "10.0.0.6: 10.0.9.9")),
    ],
)
def test_a_mismatch_says_who_announces_what(rule: str, said: tuple[str, str]) -> None:
    (finding,) = check(next(s for s in STORIES if s.rule == rule and s.kind == "positive"))
    assert all(words in finding.explanation for words in said)


def test_a_mismatch_is_told_once_however_often_it_is_heard() -> None:
    text = _pair("pass=aaaa", "pass=bbbb", _TAKEN + "\n every 1s from 9.2 to 12.2: A p160\n 12.5 B p90")
    assert len(findings(text, [RULES["password-mismatch"]])) == 1


def test_two_virtual_routers_with_one_number_are_judged_apart() -> None:
    text = "A is p150 pass=aaaa\n B is p150 pass=bbbb vlan=7\n every 1s from 0 to 3: A\n every 1s from 0.5 to 3.5: B"
    assert not findings(text, [RULES["password-mismatch"], RULES["equal-priority"]])
    assert len(findings(text, [RULES["clear-text-password"]])) == 2
