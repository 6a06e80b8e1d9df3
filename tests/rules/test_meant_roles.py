"""Who is master when the captures end, against who was meant to be."""

from __future__ import annotations

import pytest

from tests.rules.configuring import INFO, LIKELY, POSSIBLE
from tests.rules.laying import Laid, found, tell, vi

_GONE = """
    every 1s from 0 to 4: A p150
    4.5 A p0
    every 1s from 5.11 to {until}: B p100
"""
_LONG, _SHORT = _GONE.format(until=40), _GONE.format(until=16)


def pair(first: tuple[str, ...] = (), priority: int = 150) -> dict[str, str]:
    return {"lb01": vi("mcast_src_ip 10.0.0.5", *first, priority=priority), "lb02": vi(priority=100)}


STORIES = [
    Laid(
        "preferred-not-master",
        "positive",
        "the stronger one left and did not come back",
        _LONG,
        pair(),
        ((INFO, "10.0.0.6 has been master for 34.0 s with priority 100, though lb01 has 150"),),
    ),
    Laid(
        "preferred-not-master",
        "positive",
        "nopreempt leaves the weaker one where it is",
        _LONG,
        pair(("nopreempt",)),
        ((INFO, "though lb01 has 150 (and nopreempt)"),),
    ),
    Laid(
        "preferred-not-master",
        "positive",
        "the stronger one was never seen",
        "every 1s from 0 to 30: B p100",
        {"lb01": vi("mcast_src_ip 10.0.0.5"), "lb02": vi("mcast_src_ip 10.0.0.6", priority=100)},
        ((INFO, "though lb01 has 150"),),
    ),
    Laid("preferred-not-master", "near-miss", "it may still come up", _SHORT, pair()),
    Laid("preferred-not-master", "near-miss", "its delay is not over", _LONG, pair(("preempt_delay 60",))),
    Laid("preferred-not-master", "near-miss", "an equal priority does not preempt", _LONG, pair(priority=100)),
    Laid("preferred-not-master", "near-miss", "whose file is the master's is not known", _LONG, {"lb01": vi()}),
    Laid("preferred-not-master", "clean", "the stronger one is master", "every 1s from 0 to 40: A p150", pair()),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_who_should_be_master_and_is_not_is_told(story: Laid) -> None:
    tell(story)


def test_nopreempt_makes_it_possible_only_that_anything_is_wrong() -> None:
    (with_it,) = found(_LONG, pair(("nopreempt",)), "preferred-not-master")
    (without,) = found(_LONG, pair(), "preferred-not-master")
    assert (with_it.confidence, with_it.cause) == (POSSIBLE, "nopreempt")
    assert (without.confidence, without.cause) == (LIKELY, "")
    assert [line.number for line in with_it.lines] == [9]
