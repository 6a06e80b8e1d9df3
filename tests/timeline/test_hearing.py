"""Clusters with one VRID that never meet, and those that do."""

from __future__ import annotations

import pytest

from tests import trace as traces
from tests.rules.judging import INFO, findings
from tests.scenarios import telling
from vrrpscope.timeline.events import Cause, Election

_TWO = """
    A is p150 uni=10.0.0.6
    B is p100 uni=10.0.0.5
    C is p150 uni=10.0.0.8 vips=10.0.0.33
    D is p100 uni=10.0.0.7 vips=10.0.0.33
    every 1s from 0.3 to 20.3: C
"""


def told(text: str) -> set[str]:
    return {f.rule for f in findings(text) if f.severity is not INFO}


def causes(text: str, sender: str) -> list[Cause]:
    _, events = telling.run(traces.parse(text))
    return [e.cause for e in events if isinstance(e, Election) and e.router == traces.address(sender)]


@pytest.mark.parametrize("other", ["", " pass=aaaa", " i2s", " v3"])
def test_what_clusters_that_never_meet_announce_need_not_agree(other: str) -> None:
    assert told(_TWO.replace("C is p150", f"C is p150{other}") + "every 1s from 0 to 20: A") == set()


def test_each_of_two_clusters_that_never_meet_has_its_own_elections() -> None:
    resigned = f"{_TWO} every 1s from 0 to 5: A\n 5.4 A p0\n every 1s from 6.009 to 20.009: B"
    assert causes(resigned, "B") == [Cause.RESIGNED]
    assert told(resigned) == set()
    assert causes(f"{_TWO} every 1s from 0 to 5: A\n every 1s from 8.609 to 20.609: B", "B") == [Cause.TIMEOUT]
    assert causes(f"{_TWO} every 1s from 0 to 5: B\n every 1s from 5.5 to 20.5: A", "A") == [Cause.PREEMPTED]


def test_a_split_brain_in_one_of_them_is_its_own_and_ends_while_the_other_goes_on() -> None:
    text = f"{_TWO} every 1s from 0 to 20: A\n every 1s from 5.5 to 12.5: B"
    (split,) = (f for f in findings(text) if f.rule == "split-brain")
    assert set(split.routers) == {traces.address("A"), traces.address("B")}
    assert split.end == traces.ZERO + 13_000_000_000


def test_an_advert_is_late_whatever_those_send_who_are_never_heard() -> None:
    text = f"{_TWO} every 1s from 0 to 5: A\n every 1s from 7.2 to 12.2: A"
    assert "late-adverts" in {f.rule for f in findings(text)}


@pytest.mark.parametrize(
    "meets",
    [
        "C is p150 uni=10.0.0.5 vips=10.0.0.33",  # it sends to the other one
        "C is p150 uni=10.0.0.6 vips=10.0.0.33",  # both send to one router
        "C is p150 uni=10.0.0.8,10.0.0.6 vips=10.0.0.33",
        "C is p150 uni=10.0.0.8 vips=10.0.0.33 vmac",
    ],
)
def test_clusters_that_meet_collide(meets: str) -> None:
    text = f"A is p150 uni=10.0.0.6{' vmac' * meets.endswith('vmac')}\n {meets}\n"
    assert "vrid-collision" in told(f"{text} every 1s from 0 to 20: A\n every 1s from 0.3 to 20.3: C")


def test_routers_of_one_address_that_never_meet_are_a_split_brain() -> None:
    text = "A is p150 uni=10.0.0.6\n C is p150 uni=10.0.0.8\n"
    assert "split-brain" in told(f"{text} every 1s from 0 to 20: A\n every 1s from 0.3 to 20.3: C")


def test_clusters_that_never_met_collide_once_one_sends_to_the_other_too() -> None:
    begun = "A is p150 uni=10.0.0.6\n C is p150 uni=10.0.0.8 vips=10.0.0.33\n every 1s from 0 to 20: A\n"
    more = "every 1s from 21 to 30: A uni=10.0.0.6,10.0.0.7\n"
    assert told(f"{begun}{more} every 1s from 0.3 to 3.3: C\n 3.4 C p0") == {"vrid-collision"}
    both = f"{begun}{more} every 1s from 0.3 to 30.3: C"
    assert {"vrid-collision", "split-brain"} <= told(both)
    (split,) = (f for f in findings(both) if f.rule == "split-brain")
    assert split.start >= traces.ZERO + 21_000_000_000
