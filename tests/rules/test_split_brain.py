"""Two masters at once, seen and unseen."""

from __future__ import annotations

import pytest

from tests.rules.judging import CERTAIN, CRITICAL, LIKELY, POSSIBLE, Story, Told, check, findings
from vrrpscope.rules import RULES

_BEGUN = "0 A id=500\n every 1s from 1 to 5: A\n"
_RESIGNED = f"A is p150\n {_BEGUN} 5.4 A p0\n every 1s from 6.013 to 9.013: B"
_CROSSING = "A is p150\n every 1s from 0 to 5: B\n 5.9996 A\n 6 B\n every 1s from 6.9996 to 9.9996: A"

# B hears nothing after frame 6; A hears B and answers each of its adverts at once.
_ONE_DEAF = f"""
    A is p150
    {_BEGUN}
    every 1s from 6 to 8: A
    every 1s from 8.611 to 11.611: B
    every 1s from 8.615 to 11.615: A
    every 1s from 12.615 to 15.615: A
"""
_BOTH_DEAF = "A is p150\n 0 A id=500\n every 1s from 1 to 21: A\n every 1s from 7.611 to 15.611: B"
_REFUSED = f"{_BEGUN} every 1s from 5.75 to 20.75: B\n 20.9 A p0\n 21.2 B p0"
_PASSWORDS = f"A is p150 pass=aaaa\n B is p100 pass=bbbb\n {_REFUSED}"
_PAUSED = f"A is p150\n {_BEGUN} every 1s from 8.61 to 10.61: B\n 11 A\n every 1s from 12 to 15: A"

STORIES = [
    Story(
        "split-brain",
        "positive",
        "a deaf backup is answered at once by the master it does not hear",
        _ONE_DEAF,
        (
            Told(
                CRITICAL,
                CERTAIN,
                "A B",
                8.611,
                11.615,
                (6, 10, 12, 14, 16, 17),
                "were both master of 10.0.0.3 for 3.004 s",
            ),
        ),
    ),
    Story(
        "split-brain",
        "positive",
        "two rhythms that take no notice of each other",
        _BOTH_DEAF,
        (Told(CRITICAL, LIKELY, "A B", 7.611, 16, (5, 9, 11, 13, 15, 26), "were both master of 10.0.0.3 for 8.389 s"),),
    ),
    Story(
        "split-brain",
        "positive",
        "a split brain that lasts to the end has no end",
        "A is p150\n 0 A id=500\n every 1s from 1 to 15: A\n every 1s from 7.611 to 14.611: B",
        (Told(CRITICAL, LIKELY, "A B", 7.611, None, (5, 9, 11, 13, 15), "are both master of 10.0.0.3"),),
    ),
    Story("split-brain", "near-miss", "adverts that crossed on the way are one exchange", _CROSSING),
    Story("split-brain", "near-miss", "a silent split brain is told by the other rule", _PASSWORDS),
    Story("split-brain", "clean", "an orderly hand-over", _RESIGNED),
    Story(
        "silent-split-brain",
        "positive",
        "a master that rejects the other's adverts is kept mute by them",
        _PASSWORDS,
        (Told(CRITICAL, CERTAIN, "A B", 5.75, 20.9, (7, 23), "for 15.2 s, though only one advertised"),),
    ),
    Story(
        "silent-split-brain",
        "positive",
        "address lists that one version refuses and another accepts",
        f"A is p150\n B is p100 vips=10.0.0.3,10.0.0.4\n {_REFUSED}",
        (Told(CRITICAL, LIKELY, "A B", 5.75, 20.9, (7, 23), "both master of 10.0.0.3 and 10.0.0.4"),),
    ),
    Story(
        "silent-split-brain",
        "positive",
        "a paused master wakes up beside its successor",
        _PAUSED,
        (Told(CRITICAL, CERTAIN, "A B", 8.61, 11, (6, 7, 10), "for 2.390 s, though only one advertised"),),
    ),
    Story("silent-split-brain", "near-miss", "one that both advertise is told by the other rule", _BOTH_DEAF),
    Story(
        "silent-split-brain",
        "near-miss",
        "another password after an orderly hand-over harms nobody yet",
        f"A is p150 pass=aaaa\n B is p100 pass=bbbb\n {_BEGUN} 5.4 A p0\n every 1s from 6.013 to 9.013: B",
    ),
    Story("silent-split-brain", "clean", "an orderly hand-over", _RESIGNED),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_rule_tells_of_two_masters(story: Story) -> None:
    check(story)


def test_the_last_advert_a_deaf_router_accepted_is_named() -> None:
    (finding,) = findings(_ONE_DEAF, [RULES["split-brain"]])
    assert finding.explanation.startswith("10.0.0.6 stopped hearing the other after frame 6")
    assert "answered 4 of 4 adverts of 10.0.0.6 at once" in finding.explanation
    assert "On 10.0.0.6 let VRRP in" in finding.remedy


def test_of_two_deaf_routers_both_are_to_be_mended() -> None:
    (finding,) = findings(_BOTH_DEAF, [RULES["split-brain"]])
    assert finding.explanation.startswith("Neither hears the other, most likely because of a packet filter on both")
    assert "each of them" in finding.remedy


@pytest.mark.parametrize(
    ("first", "second", "why", "fix"),
    [
        ("pass=aaaa", "pass=bbbb", "their passwords differ", "auth_pass"),
        ("pass=aaaa", "", "authenticate in different ways", "auth_type"),
        ("v3", "", "one speaks VRRPv2, the other VRRPv3", "version"),
        ("v3", "v3 plain", "checksum differently", "v3_checksum_as_v2"),
        ("uni=10.0.0.6", "", "unicast peers", "unicast_peer"),
        ("", "vips=10.0.0.3,10.0.0.4", "different lists of virtual addresses", "virtual_ipaddress"),
        ("", "vips=10.0.9.9", "nothing in common", "virtual_router_id"),
    ],
)
def test_a_split_brain_says_why_they_reject_each_other(first: str, second: str, why: str, fix: str) -> None:
    text = f"A is p150 {first}\n B is p100 {second}\n {_REFUSED}"
    (finding,) = findings(text, [RULES["split-brain"], RULES["silent-split-brain"]])
    assert why in finding.explanation
    assert fix in finding.remedy


def test_a_paused_master_is_sent_to_its_host_not_to_a_firewall() -> None:
    (finding,) = findings(_PAUSED, [RULES["silent-split-brain"]])
    assert "A thread timer expired" in finding.remedy
    assert "firewall" not in finding.remedy


def test_only_one_of_the_two_rules_has_the_last_word() -> None:
    for text in (_ONE_DEAF, _BOTH_DEAF, _PASSWORDS, _PAUSED):
        for sizes in ((), (1,)):
            assert len(findings(text, [RULES["split-brain"], RULES["silent-split-brain"]], sizes=sizes)) == 1


def test_too_few_adverts_to_tell_are_no_more_than_possible() -> None:
    text = f"A is p150\n {_BEGUN} every 1s from 6 to 8: A\n 7.611 B\n 8.3 B"
    assert {f.confidence for f in findings(text, [RULES["split-brain"]])} <= {LIKELY, POSSIBLE}
