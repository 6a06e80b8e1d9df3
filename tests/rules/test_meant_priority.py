"""Priorities that weights made, and whether they moved anything."""

from __future__ import annotations

import pytest

from tests.rules.configuring import CERTAIN, INFO, LIKELY, WARNING
from tests.rules.laying import Laid, found, tell, vi

_DROPS = """
    every 1s from 0 to 4: A p150
    every 1s from 5 to 9: A p90
"""
_MOVES = """
    every 1s from 0 to 4: A p150
    every 1s from 5 to 8: A p90
    7.61 B p100 id=1
    every 1s from 8.61 to 15: B p100
"""


def script(weight: int, name: str = "chk") -> str:
    return f'vrrp_script {name} {{\n script "/bin/true"\n weight {weight}\n}}\n'


def tracks(*names: str) -> tuple[str, ...]:
    return ("mcast_src_ip 10.0.0.5", "track_script {", *names, "}")


def pair(weight: int, *second: str, priority: int = 100) -> dict[str, str]:
    return {
        "lb01": script(weight) + vi(*tracks("chk")),
        "lb02": vi("mcast_src_ip 10.0.0.6", *second, priority=priority),
    }


STORIES = [
    Laid("priority-step", "clean", "no check fails", "every 1s from 0 to 9: A p150", pair(-60)),
    Laid("priority-step", "near-miss", "a priority that no weight makes", _DROPS, pair(-50)),
    Laid("priority-step", "near-miss", "it resigns", "every 1s from 0 to 4: A p150\n5 A p0", pair(-60)),
    Laid(
        "priority-step",
        "positive",
        "a check fails and the other takes over",
        _MOVES,
        pair(-60),
        ((INFO, "10.0.0.5 (lb01) had priority 90 instead of 150: chk failed"),),
    ),
    Laid(
        "priority-step",
        "positive",
        "the other has no more than that",
        _DROPS,
        pair(-60, priority=90),
        ((WARNING, "chk failed, and nobody took over"),),
    ),
    Laid(
        "priority-step",
        "positive",
        "the other has nopreempt",
        _DROPS,
        pair(-60, "nopreempt"),
        ((WARNING, "chk failed, and nobody took over"),),
    ),
    Laid(
        "priority-step",
        "positive",
        "the other should take over and the capture ends",
        _DROPS,
        pair(-60),
        ((INFO, "chk failed"),),
    ),
    Laid(
        "priority-step",
        "positive",
        "nothing is known of another host",
        _DROPS,
        {"lb01": script(-60) + vi(*tracks("chk"))},
        ((INFO, "chk failed"),),
    ),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_a_step_of_the_priority_has_its_reason(story: Laid) -> None:
    for finding in tell(story):
        assert finding.cause == "priority-weight"


def test_all_combinations_that_make_the_priority_are_named_and_none_is_certain() -> None:
    scripts = script(-60, "web") + script(-40, "dns") + script(-20, "ntp")
    hosts = {"lb01": scripts + vi(*tracks("web", "dns", "ntp"))}
    (finding,) = found(_DROPS, hosts, "priority-step")
    assert "web or dns and ntp failed" in finding.title
    assert finding.confidence is LIKELY


def test_one_combination_alone_is_certain_and_its_sum_is_shown() -> None:
    (finding,) = found(_DROPS, pair(-60), "priority-step")
    assert finding.confidence is CERTAIN
    assert "(150 - 60 = 90)" in finding.explanation


def test_the_election_that_followed_is_evidence() -> None:
    (finding,) = found(_MOVES, pair(-60), "priority-step")
    assert "10.0.0.6 became master of it" in finding.explanation
    assert len(finding.frames) == 2


def test_why_nothing_moved_is_said_of_every_other_host() -> None:
    hosts = pair(-60, priority=80) | {"lb03": vi("nopreempt", "mcast_src_ip 10.0.0.7", priority=120)}
    (finding,) = found(_DROPS, hosts, "priority-step")
    assert "lb02 has 80, which is not more" in finding.explanation
    assert "lb03 has 120, but nopreempt, and leaves a master alone" in finding.explanation


def test_a_delay_before_the_other_preempts_is_named() -> None:
    (finding,) = found(_DROPS, pair(-60, "preempt_delay 30"), "priority-step")
    assert "lb02 (100) outbids that, after a preempt_delay of 30.0 s." in finding.explanation
