"""Single beliefs of the state machine, each on the shortest trace that shows it. Whole stories: `tests/scenarios`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pytest

from tests import trace as traces
from tests.scenarios import telling
from vrrpscope.timeline.events import (
    Cause,
    Election,
    EndedBy,
    Event,
    Mismatch,
    Missed,
    MissedKind,
    NoMaster,
    Restarted,
    SplitBrain,
)

if TYPE_CHECKING:
    from vrrpscope.timeline.router import Router

_Told = TypeVar("_Told", bound=Event)

S = 1_000_000_000
A, B, C = (traces.address(who) for who in "ABC")


def run(text: str) -> tuple[Router, list[Event]]:
    engine, events = telling.run(traces.parse(text))
    (router,) = engine.routers.values()
    return router, events


def told(kind: type[_Told], text: str) -> list[_Told]:
    return [e for e in run(text)[1] if isinstance(e, kind)]


def at(event: Event) -> float:
    return (event.at - traces.ZERO) / S


# --- resigning -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("delay", "ended_by"), [("4.00004", EndedBy.FAULT), ("4.3", EndedBy.RESIGNED)])
def test_two_priority_zeros_at_once_are_a_fault_and_later_ones_are_not(delay: str, ended_by: EndedBy) -> None:
    router, _ = run(f"every 1s from 0 to 3: A\n4 A p0\n{delay} A p0")
    assert [r.ended_by for r in router.history.reigns] == [ended_by]


def test_a_priority_zero_of_a_backup_ends_no_reign() -> None:
    router, events = run("every 1s from 0 to 9: A p150\n4.5 B p0")
    assert (router.history.reigns[0].router, router.history.reigns[0].end) == (A, None)
    assert not [e for e in events if isinstance(e, NoMaster)]


# --- silence -------------------------------------------------------------------------------------------------


def test_a_master_reigns_until_no_backup_can_be_waiting_any_more() -> None:
    silent = "every 1s from 0 to 5: A\nend {}"
    assert not told(NoMaster, silent.format(8.99))
    (event,) = told(NoMaster, silent.format(9.01))
    assert (at(event), event.start - traces.ZERO, event.end) == (9, 5 * S, None)


def test_a_silent_master_that_goes_on_with_the_next_number_never_left() -> None:
    router, events = run("every 1s from 0 to 5: A\nevery 1s from 20 to 25: A")
    (reign,) = router.history.reigns
    assert (reign.end, reign.mute) == (None, 15 * S)
    assert [e.resumed for e in events if isinstance(e, NoMaster)] == [False, True]
    assert [e.kind for e in events if isinstance(e, Missed)] == [MissedKind.LATE]


def test_a_silent_master_that_begins_anew_was_gone() -> None:
    router, events = run("every 1s from 0 to 5: A id=random\nevery 1s from 20 to 25: A id=random")
    assert [r.end is None for r in router.history.reigns] == [False, True]
    assert not any(e.resumed for e in events if isinstance(e, NoMaster))


@pytest.mark.parametrize(
    ("next_", "kind", "adverts"),
    [
        ("7", MissedKind.LATE, 1),  # the number goes on: nothing was sent
        ("7 A lost=1", MissedKind.LOST, 1),
        ("7.6", MissedKind.LATE, 2),
        ("8 A lost=2", MissedKind.LOST, 2),
        ("7 A lost=40", MissedKind.UNKNOWN, 1),  # more numbers than time
    ],
)
def test_the_number_after_a_gap_tells_lost_from_late(next_: str, kind: MissedKind, adverts: int) -> None:
    first, _, words = next_.partition(" A")
    (missed,) = told(Missed, f"every 1s from 0 to 5: A\n{first} A {words}\nevery 1s from 9 to 12: A")[:1]
    assert (missed.kind, missed.adverts) == (kind, adverts)
    assert (missed.before.number, missed.after.number) == (6, 7)


def test_jitter_is_neither_lost_nor_late() -> None:
    assert not told(Missed, "0 A\n1.4 A\n2.1 A\n3.55 A\n4.5 A")


@pytest.mark.parametrize(("priority", "margin"), [(100, 1.609375), (150, 1.4140625), (254, 1.0078125)])
def test_the_margin_is_what_the_most_impatient_backup_had_left(priority: int, margin: float) -> None:
    text = f"every 1s from 0 to 2: B p{priority}\nevery 1s from 2.5 to 9.5: A p255\n11.5 A p255 lost=1"
    assert told(Missed, text)[-1].margin == round(margin * S)


def test_what_another_router_sends_postpones_an_advert() -> None:
    busy = "every 1s from 0 to 5: A p150\n{}\n6.9 A p150\nevery 1s from 7.9 to 12.9: A p150"
    assert told(Missed, busy.format(""))
    assert not told(Missed, busy.format("5.9 B p100 pass=bbbb"))


# --- taking over ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "then", "cause"),
    [
        ("every 1s from 0 to 5: A p150", "every 1s from 8.61 to 12.61: B p100", Cause.TIMEOUT),
        ("every 1s from 0 to 5: A p150\n5.5 A p0", "every 1s from 6.11 to 9.11: B p100", Cause.RESIGNED),
        ("every 1s from 0 to 5: B p100", "every 1s from 5.3 to 9.3: A p150", Cause.PREEMPTED),
        ("every 1s from 0 to 5: A p100", "every 1s from 5.3 to 9.3: B p100", Cause.TIE_BREAK),
        ("every 1s from 0 to 5: B p100", "every 1s from 5.3 to 9.3: A p255", Cause.OWNER),
        (
            "every 1s from 0 to 3: A p150\nevery 1s from 4 to 6: A p90",
            "every 1s from 6.61 to 9: B p100",
            Cause.PRIORITY_DROP,
        ),
        ("every 1s from 0 to 12: A p150", "every 1s from 5.61 to 12.61: B p100", Cause.DEAF),
    ],
)
def test_each_way_to_become_master_has_its_cause(first: str, then: str, cause: Cause) -> None:
    start, election = told(Election, f"{first}\n{then}")[:2]
    assert start.previous is None
    assert (election.cause, election.previous is None) == (cause, False)
    assert (
        election.takeover is None or election.expected is None or abs(election.takeover - election.expected) < S // 50
    )


def test_the_last_advert_heard_is_never_one_that_the_taker_rejects() -> None:
    # 3.6 s after A's third advert by chance: B has never accepted any of them.
    text = "every 1s from 0 to 5: A p150 pass=aaaa\nevery 1s from 5.6 to 9.6: B p100 pass=bbbb"
    election = told(Election, text)[1]
    assert (election.cause, election.last_heard, election.takeover) == (Cause.DEAF, None, None)


def test_a_master_that_changes_its_password_was_last_heard_before() -> None:
    text = """
    every 1s from 0 to 3: A p150 pass=bbbb
    every 1s from 4 to 6: A p150 pass=aaaa
    every 1s from 6.61 to 12.61: B p100 pass=bbbb
    """
    election = told(Election, text)[1]
    assert election.cause is Cause.DEAF
    assert election.last_heard is not None
    assert election.last_heard.number == 4


# --- two masters ---------------------------------------------------------------------------------------------


def test_a_split_brain_never_ends_before_it_begins() -> None:
    # B is dead already when A, which rejects it, becomes master: there were never two.
    text = "every 1s from 0 to 2: B p150 v3 df id=random\nevery 1s from 3.5 to 9.5: A p100 df id=random"
    for split in told(SplitBrain, text):
        assert split.start <= (split.end or split.start)
    router, _ = run(text)
    assert all(s.end is None or s.start < s.end for s in router.history.splits.values())


def test_a_visible_split_brain_is_visible_from_its_first_word() -> None:
    text = "every 1s from 0 to 7: A p150\nevery 1s from 7.611 to 14.611: B\nevery 1s from 7.615 to 14.615: A p150"
    assert {split.silent for split in told(SplitBrain, text)} == {False}


def test_one_exchange_is_no_split_brain() -> None:
    assert not told(SplitBrain, "every 1s from 0 to 9: A p100\n5.5 B p90\nend 20")
    assert not told(SplitBrain, "every 1s from 0 to 6: A p100\nevery 1s from 5.9996 to 12: B p100")


def test_rejected_adverts_can_mute_a_master_and_its_resignation_reveals_it() -> None:
    text = "every 1s from 0 to 5: A p150 pass=aaaa\nevery 1s from 5.7 to 60.7: B pass=bbbb\n61 A p0\n61.2 B p0"
    router, events = run(text)
    assert [(r.router, r.ended_by) for r in router.history.reigns] == [(A, EndedBy.RESIGNED), (B, EndedBy.RESIGNED)]
    last = [e for e in events if isinstance(e, SplitBrain)][-1]
    assert (last.cause, last.silent, last.confidence.value) == ("password-mismatch", True, "certain")


def test_lost_adverts_and_one_answer_are_no_split_brain() -> None:
    assert not told(
        SplitBrain, "every 1s from 0 to 3: A p150\n6.61 B\n6.612 A p150 lost=3\nevery 1s from 7.6 to 12: A p150"
    )


# --- what is announced ---------------------------------------------------------------------------------------


def test_settings_are_compared_with_a_router_that_has_resigned() -> None:
    text = "every 1s from 0 to 4: A p150 pass=aaaa\n4.5 A p0 pass=aaaa\nevery 1s from 5.1 to 9.1: B p100 pass=bbbb"
    assert [m.kind for m in told(Mismatch, text)] == ["password-mismatch"]


def test_each_pair_of_routers_is_told_once() -> None:
    text = "\n".join(f"every 1s from 0.{n} to 9.{n}: {who}" for n, who in enumerate(["A", "B pass=x", "C pass=x"], 1))
    pairs = [(m.kind, m.one.address, m.other.address) for m in told(Mismatch, text) if m.kind != "equal-priority"]
    assert pairs[0] == ("auth-type-mismatch", A, B)
    assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize(
    ("text", "reload"),
    [
        ("every 1s from 0 to 4: A\n4.4 A\n4.401 A id=1\nevery 1s from 5.4 to 9.4: A", [True]),
        ("every 1s from 0 to 4: A\n4.5 A p0\n9 A id=1\nevery 1s from 10 to 12: A", [False]),
        ("0 A id=65530\nevery 1s from 1 to 12: A", []),  # keepalived never sends 0: 65535 is followed by 1
        ("every 1s from 0 to 9: A id=random", []),
        ("every 1s from 0 to 9: A id=1", []),
    ],
)
def test_a_number_of_one_is_a_restart_unless_the_counter_wraps(text: str, reload: list[bool]) -> None:
    assert [r.reload for r in told(Restarted, text)] == reload


# --- copies --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "again=0.01ms",
        "again=30ms",
        "again=0.2ms@1",
        "again=2s@1",
        "id=- again=0.01ms",
        "id=- again=9ms@1",
        "v6 again=0.01ms",
    ],
)
def test_a_copy_is_counted_and_changes_nothing(words: str) -> None:
    plain, _ = run("every 1s from 0 to 5: A " + words.partition("again")[0])
    copied, _ = run("every 1s from 0 to 5: A " + words)
    (one,), (other,) = plain.speakers.values(), copied.speakers.values()
    assert (one.adverts, one.steps, one.jumps) == (other.adverts, other.steps, other.jumps) == (6, one.steps, one.jumps)
    assert sum(copied.duplicates.values()) == 6
    assert not copied.history.missed


def test_the_same_number_much_later_is_no_copy() -> None:
    router, _ = run("every 1s from 0 to 5: A id=9")
    assert router.duplicates == {}
    assert [s.numbers for s in router.speakers.values()] == [False]
