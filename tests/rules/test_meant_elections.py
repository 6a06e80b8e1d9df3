"""Elections against what the routers' configurations say."""

from __future__ import annotations

import pytest

from tests.rules.configuring import INFO, WARNING
from tests.rules.laying import Laid, found, tell, vi

_PREEMPTS = """
    every 1s from 0 to 9: B p100 id=count
    9.6 A p150 id=1
    every 1s from 10.6 to 15: A p150
"""
_SILENT = """
    every 1s from 0 to 4: A p150
    {at} B p100 id=1
"""


def pair(first: tuple[str, ...] = (), second: tuple[str, ...] = (), before: str = "") -> dict[str, str]:
    return {"lb01": vi(*first), "lb02": before + vi(*second, priority=100)}


STORIES = [
    Laid(
        "preempted-despite-nopreempt",
        "positive",
        "it comes up and takes over from a master that is there",
        _PREEMPTS,
        pair(("nopreempt",)),
        ((WARNING, "10.0.0.5 (lb01) took over from 10.0.0.6, which was there, though it has nopreempt"),),
    ),
    Laid(
        "preempted-despite-nopreempt",
        "near-miss",
        "keepalived ignores it",
        _PREEMPTS,
        pair(("state MASTER", "nopreempt")),
    ),
    Laid(
        "preempted-despite-nopreempt",
        "near-miss",
        "the master has fallen silent",
        _SILENT.format(at=7.609),
        pair(("nopreempt",), ("nopreempt",)),
    ),
    Laid(
        "preempted-despite-nopreempt",
        "near-miss",
        "the master has resigned",
        "every 1s from 0 to 4: A p150\n4.5 A p0\n5.11 B p100",
        pair(("nopreempt",), ("nopreempt",)),
    ),
    Laid("preempted-despite-nopreempt", "clean", "it may preempt", _PREEMPTS, pair()),
    Laid(
        "configured-wait",
        "positive",
        "five adverts must be missing",
        _SILENT.format(at=9.609),
        pair(second=("down_timer_adverts 5",)),
        ((INFO, "10.0.0.6 (lb02) took over after 5.609 s, as it is configured to"),),
    ),
    Laid(
        "configured-wait",
        "positive",
        "VRRPv3 waits by the master's interval",
        "A is v3 p150 i50cs\nB is v3 p100\nevery 0.5s from 0 to 4: A\n6.804 B id=1",
        pair(("version 3", "advert_int 0.5"), ("version 3", "down_timer_adverts 5")),
        ((INFO, "took over after 2.804 s"),),
    ),
    Laid(
        "configured-wait",
        "positive",
        "it waits after its start",
        _SILENT.format(at=12),
        pair(before="global_defs {\n vrrp_startup_delay 8\n}\n"),
        ((INFO, "took over after 8.000 s"),),
    ),
    Laid(
        "configured-wait",
        "near-miss",
        "another number of adverts than the time fits",
        _SILENT.format(at=8.9),
        pair(second=("down_timer_adverts 5",)),
    ),
    Laid(
        "configured-wait",
        "near-miss",
        "three is what everybody waits for",
        _SILENT.format(at=7.609),
        pair(second=("down_timer_adverts 3",)),
    ),
    Laid("configured-wait", "clean", "the usual timers", _SILENT.format(at=7.609), pair()),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_an_election_is_held_against_the_configuration(story: Laid) -> None:
    tell(story)


def test_a_wait_that_is_configured_takes_the_place_of_a_slow_failover() -> None:

    hosts = pair(second=("down_timer_adverts 5",))
    told = found(_SILENT.format(at=9.609).replace("id=1", "id=-"), hosts, "slow-failover", "configured-wait")
    assert [f.rule for f in told] == ["configured-wait"]


def test_a_slow_failover_stays_where_the_configuration_does_not_explain_it() -> None:
    told = found(_SILENT.format(at=9.1).replace("id=1", "id=-"), pair(), "slow-failover", "configured-wait")
    assert [f.rule for f in told] == ["slow-failover"]


def test_a_fresh_start_is_named_where_the_ip_id_says_so() -> None:
    (finding,) = found(_PREEMPTS, pair(("nopreempt",)), "preempted-despite-nopreempt")
    assert "had just been started (IP ID 1)" in finding.explanation
    assert finding.cause == "packet-filter"
    assert "path-not-ready" in finding.also_possible
