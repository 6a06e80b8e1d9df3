"""What a priority 0 says of a router that was not believed master, and what it does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import trace as traces
from tests.rules.judging import CRITICAL, LIKELY, POSSIBLE, findings
from tests.scenarios import telling
from vrrpscope.timeline.events import EndedBy

if TYPE_CHECKING:
    from vrrpscope.findings import Finding
    from vrrpscope.timeline.events import Reign

_BEGUN = "0 A id=500\n every 1s from 1 to 5: A\n"
_PASSWORDS = "A is p150 pass=aaaa\n B is p100 pass=bbbb\n"
_REVEALED = "5.42 B p0 id=7\n every 1s from 6 to 20: A"
_YIELDED = "A is p150\n B is p100 vips=10.0.0.3,10.0.0.4\n 0 B id=7\n every 1s from 0.1 to 9.1: A\n"


def splits(text: str) -> list[Finding]:
    return [f for f in findings(text) if f.rule in {"split-brain", "silent-split-brain"}]


def at(seconds: float) -> int:
    return traces.ZERO + round(seconds * 1_000_000_000)


def reigns(text: str, sender: str) -> list[Reign]:
    engine, _ = telling.run(traces.parse(text))
    (machine,) = engine.routers.values()
    assert [r.start for r in machine.history.reigns] == sorted(r.start for r in machine.history.reigns)
    return [r for r in machine.history.reigns if r.router == traces.address(sender)]


def test_one_mute_since_before_the_capture_was_master_from_the_first_sight_of_the_virtual_router() -> None:
    text = f"{_PASSWORDS}{_BEGUN}{_REVEALED}"
    (split,) = splits(text)
    assert (split.rule, split.severity, split.confidence) == ("silent-split-brain", CRITICAL, LIKELY)
    assert (split.start, split.end) == (at(0), at(5.42))
    (reign,) = reigns(text, "B")
    assert (reign.start, reign.end, reign.mute) == (at(0), at(5.42), 5_420_000_000)


def test_the_split_ends_with_the_farewell_that_came_first() -> None:
    (split,) = splits(f"{_PASSWORDS}{_BEGUN} 5.4 A p0\n 5.42 B p0 id=7\n end 6")
    assert split.end == at(5.4)


def test_two_farewells_of_it_are_a_fault() -> None:
    text = f"{_PASSWORDS}{_BEGUN} 5.42 B p0 id=7\n 5.42004 B p0 id=8\n every 1s from 6 to 20: A"
    assert len(splits(text)) == 1
    assert [r.ended_by for r in reigns(text, "B")] == [EndedBy.FAULT]


def test_it_was_master_beside_all_whose_adverts_it_refused() -> None:
    text = f"{_PASSWORDS} C is p120 pass=aaaa\n {_BEGUN} 5.4 A p0\n every 1s from 5.93 to 12.93: C\n"
    (split,) = splits(f"{text} 13.1 B p0 id=9\n end 14")
    assert (split.start, split.end) == (at(0), at(13.1))
    assert set(split.routers) == {traces.address(sender) for sender in "ABC"}


@pytest.mark.parametrize(
    ("settings", "number"),
    [
        ("A is p150 pass=aaaa\n B is p100 pass=aaaa", 7),  # it would have yielded, or have been heard
        ("A is p150 pass=aaaa\n B is p100 pass=bbbb df", 7),  # FRR is not kept quiet
        ("A is p150 pass=aaaa\n B is p100 pass=bbbb tos=0", 7),
        ("A is p150 pass=aaaa\n B is p100 pass=bbbb ttl=64", 7),
        ("A is p150 pass=aaaa\n B is p100 pass=bbbb", 1),  # a master counts a first advert before
        ("A is p150 ah=next\n B is p100 ah=next", 7),  # it counts on from what it accepted
    ],
)
def test_one_that_cannot_have_been_a_mute_master_reveals_nothing(settings: str, number: int) -> None:
    assert splits(f"{settings}\n {_BEGUN} 5.42 B p0 id={number}\n every 1s from 6 to 20: A") == []


def test_one_that_had_time_to_speak_reveals_nothing() -> None:
    assert splits(f"{_PASSWORDS}{_BEGUN} 5.4 A p0\n 7.42 B p0 id=7\n end 8") == []
    slow = "A is p150 i2s pass=aaaa\n B is p100 pass=bbbb\n every 2s from 0 to 4: A\n"
    assert splits(f"{slow} 5.42 B p0 id=7\n every 2s from 6 to 20: A") == []


def test_one_that_should_have_been_seen_to_become_master_is_possible_and_no_more() -> None:
    (split,) = splits(f"{_PASSWORDS} start -60\n {_BEGUN}{_REVEALED}")
    assert split.confidence is POSSIBLE


def test_one_that_may_have_become_master_while_the_capture_missed_adverts_was_so_since_then() -> None:
    hole = "0 A id=500\n every 1s from 1 to 5: A\n 9 A lost=3\n every 1s from 10 to 13: A\n 13.4 B p0 id=7\n 14 A"
    (split,) = splits(f"{_PASSWORDS} start -60\n {hole}")
    assert (split.start, split.confidence) == (at(9), LIKELY)


def test_the_next_number_of_one_that_seemed_to_yield_shows_that_it_never_did() -> None:
    text = f"{_YIELDED} 9.4 A p0\n 9.42 B p0"
    (split,) = splits(text)
    assert (split.cause, split.start, split.end) == ("vip-list-mismatch", at(0.1), at(9.4))
    (reign,) = reigns(text, "B")
    assert (reign.start, reign.end, reign.ended_by) == (at(0), at(9.42), EndedBy.RESIGNED)


def test_another_number_of_one_that_yielded_shows_an_advert_that_nobody_saw() -> None:
    assert splits(f"{_YIELDED} 9.4 A p0\n 9.42 B p0 id=9") == []


def test_one_that_accepts_the_other_has_yielded() -> None:
    agreeing = _YIELDED.replace(" vips=10.0.0.3,10.0.0.4", "")
    assert splits(f"{agreeing} 9.4 A p0\n 9.42 B p0") == []


def test_the_next_number_of_one_that_seemed_dead_shows_that_it_stood_still() -> None:
    begun = f"A is p150\n B is p100\n {_BEGUN} every 1s from 8.609 to 15.609: B\n"
    (split,) = splits(f"{begun} 16.1 A p0\n every 1s from 16.609 to 20.609: B")
    assert "host-pause" in {split.cause, *split.also_possible}
    assert (split.start, split.end) == (at(8.609), at(16.1))
    assert splits(f"{begun} 16.1 A p0 id=900\n every 1s from 16.609 to 20.609: B") == []
