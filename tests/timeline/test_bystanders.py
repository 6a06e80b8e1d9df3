"""Everything else that spoke: kept within bounds, sorted by time, and the same however it is cut."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import trace as traces
from tests.scenarios import telling
from vrrpscope.analysis import analyze
from vrrpscope.timeline import bystanders, hosts, membership, refusals, unanswered
from vrrpscope.timeline.around import Around
from vrrpscope.timeline.bystanders import Bystanders
from vrrpscope.timeline.claims import Claims
from vrrpscope.timeline.events import Cause, Migrated, NoQuerier, Refused, Seen
from vrrpscope.timeline.hosts import Hosts
from vrrpscope.timeline.membership import Membership, Speaks
from vrrpscope.timeline.profile import RouterKey
from vrrpscope.timeline.refusals import Error, Refusals
from vrrpscope.timeline.timers import SECOND
from vrrpscope.timeline.unanswered import Questions
from vrrpscope.wire.columns import SIGHTING, Kind, Tables

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.trace import Trace
    from vrrpscope.timeline.engine import Engine
    from vrrpscope.timeline.events import Event

A, B = traces.address("A"), traces.address("B")
_KEY = RouterKey("", 4, 51)


def _at(seconds: float) -> int:
    return traces.ZERO + round(seconds * SECOND)


def _seen(seconds: float, vantage: int = 0) -> Seen:
    return Seen(_at(seconds), 0, 1, 0, -1, -1, 0, vantage)


def _around(text: str) -> Around:
    engine, _ = telling.run(traces.parse(text))
    around = engine.routers[_KEY].around
    assert around is not None
    return around


# --- the group ----------------------------------------------------------------------------------------------

_GROUP = """
    every 1s from 0 to 20: A
    1.0 A igmp-join
    1.9 A igmp-join
    4.0 C igmp-query
    6.0 A igmp-report
    9.0 A igmp-leave
    12.0 A igmp-join
    13.0 B igmp-join
"""


def test_a_daemon_that_starts_asks_anew_and_one_that_answers_a_query_does_not() -> None:
    around = _around(_GROUP)
    joins = [around.joined(A, _at(start), _at(end)) for start, end in ((0, 3), (3, 10), (3, 20), (13, 20))]
    assert [None if seen is None else seen.t for seen in joins] == [_at(1), None, _at(12), None]


def test_a_daemon_that_stops_leaves() -> None:
    around = _around(_GROUP)
    left = around.left(A, _at(0), _at(20))
    assert left is not None
    assert left.t == _at(9)
    assert around.left(A, _at(10), _at(20)) is None


def test_who_asks_for_the_group_and_never_advertises_may_be_a_backup() -> None:
    assert [member.address for member in _around(_GROUP).listeners()] == [B]


def test_a_router_is_known_by_its_mac_where_it_reports_from_another_address() -> None:
    members = Membership()
    members.report(("", 6), Speaks("fe80::77", "02:00:00:00:00:05"), _seen(1), Kind.REPORT, 4)
    assert members.member(("", 6), "fe80::5", "02:00:00:00:00:05") is not None
    assert members.member(("", 6), "fe80::5", None) is None


def test_a_macvlan_without_an_address_is_nobodys_backup() -> None:
    tables = Tables()
    rows = np.zeros(1, SIGHTING)
    rows["t"], rows["kind"], rows["family"], rows["code"], rows["sender"] = _at(1), Kind.REPORT, 4, 4, 0x5E_00_01_32
    known = Bystanders(tables, Claims(tables), None)
    known.note(rows)
    known.advance(_at(2), {})
    assert [member.address for member in known.groups.members(("", 4))] == ["00:00:5e:00:01:32"]
    assert not Around(_KEY, {}, known).listeners()


def test_an_old_report_is_a_join_unless_somebody_asked() -> None:
    members = Membership()
    place = ("", 4)
    members.report(place, Speaks(A, None), _seen(1), Kind.REPORT, 0)
    members.query(place, _seen(50))
    members.report(place, Speaks(A, None), _seen(55), Kind.REPORT, 0)
    member = members.member(place, A, None)
    assert member is not None
    assert [word.joins for word in member.words] == [True, False]


def test_what_is_said_of_the_group_is_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(membership, "MAX_WORDS", 3)
    monkeypatch.setattr(membership, "MAX_MEMBERS", 1)
    members, place = Membership(), ("", 4)
    for second in range(0, 50, 5):
        members.report(place, Speaks(A, None), _seen(second), Kind.REPORT, 4)
        members.report(place, Speaks(B, None), _seen(second), Kind.REPORT, 4)
        members.query(place, _seen(second))
    (member,) = members.members(place)
    assert len(member.words) == 3
    last = member.last(_at(9))
    assert last is not None
    assert last.seen.t == _at(5)
    assert member.last(_at(49)) is None, "what was said since is not known"
    assert members.queries(place, _at(40), _at(45)), "somebody asks, as far as is known"
    assert not members.queries(place, _at(1), _at(4))


# --- who is alive -------------------------------------------------------------------------------------------

_PAUSED = """
    every 1s from 0 to 10: A
    every 1s from 16 to 20: A
    15.9 A alive
"""


def _life(more: str, start: float = 10, end: float = 16) -> bool | None:
    return _around(_PAUSED + more).went_on(A, _at(start), _at(end))


def test_a_host_that_goes_on_speaking_is_alive() -> None:
    assert _life("every 0.5s from 0 to 20: A alive") is True


def test_a_host_that_used_to_speak_and_is_silent_stands_still() -> None:
    assert _life("every 0.5s from 0 to 10: A alive") is False


@pytest.mark.parametrize(
    "more", ["", "every 4s from 0 to 10: A alive", "12 A alive", "every 0.5s from 0 to 20: B alive"]
)
def test_a_host_that_speaks_rarely_tells_nothing(more: str) -> None:
    assert _life(more) is None


def test_one_frame_may_be_sent_in_its_name() -> None:
    assert _life("every 0.5s from 0 to 10: A alive\n 14 A alive") is None


def test_a_router_behind_a_virtual_mac_is_not_followed() -> None:
    around = _around(_PAUSED.replace("A", "A vmac") + "every 0.5s from 0 to 20: A vmac alive")
    assert around.went_on(A, _at(10), _at(16)) is None


def _alive(tenths: list[int], mac: int = 0x02_00_00_00_00_05) -> NDArray[np.void]:
    rows = np.zeros(len(tenths), SIGHTING)
    rows["t"], rows["kind"], rows["sender"] = np.array(tenths) * (SECOND // 10), Kind.ALIVE, mac
    return rows


@given(st.lists(st.integers(0, 60), max_size=40).map(sorted), st.integers(0, 60), st.integers(0, 60))
def test_tenths_are_counted_as_they_are(tenths: list[int], start: int, length: int) -> None:
    known = Hosts()
    known.note(_alive(tenths), np.zeros(len(tenths), np.int64))
    heard = known.heard("02:00:00:00:00:05", start * SECOND // 10, (start + length) * SECOND // 10)
    assert heard == (len({t for t in tenths if start <= t < start + length}) if tenths else None)


def test_hosts_are_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "MAX_RUNS", 2)
    monkeypatch.setattr(hosts, "MAX_HOSTS", 1)
    known = Hosts()
    rows = np.concatenate([_alive([1, 2, 9, 30, 31]), _alive([1], 0x02_00_00_00_00_06)])
    known.note(rows, np.zeros(len(rows), np.int64))
    assert known.heard("02:00:00:00:00:05", 0, SECOND) == 3
    assert known.heard("02:00:00:00:00:05", 0, 5 * SECOND) is None
    assert known.heard("02:00:00:00:00:06", 0, SECOND) is None


# --- refusals and questions -----------------------------------------------------------------------------------


def test_errors_seen_at_two_places_are_counted_once_and_told_once() -> None:
    told = Refusals()
    error = Error(B, A, B, 3, 10)
    heard = [told.take(_KEY, error, _seen(n + vantage / 100, vantage)) for n in range(5) for vantage in (0, 1)]
    assert [event.count for event in heard if event is not None] == [3]
    assert [event.count for event in told.close(_at(9))] == [5]


def test_refusals_are_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MAX_REFUSALS", 2)
    told = Refusals()
    for n in range(5):
        told.take(_KEY, Error(f"10.0.0.{n}", A, B, 3, 10), _seen(n))
    assert len(told.of(_KEY)) == 2


def _questions(pairs: list[tuple[int, int]], *, seconds: float = 1) -> NDArray[np.void]:
    rows = np.zeros(len(pairs), SIGHTING)
    rows["t"] = _at(0) + np.arange(len(pairs)) * round(seconds * SECOND)
    rows["kind"], rows["family"] = Kind.QUESTION, 4
    rows["src_lo"], rows["address_lo"] = np.array(pairs, np.uint64).T
    rows["sender"] = rows["mac"] = rows["src_lo"]
    return rows


def _asked(*parts: NDArray[np.void]) -> list[tuple[str, str, int]]:
    known = Questions(Tables())
    for rows in parts:
        known.note(rows, np.zeros(len(rows), np.int64))
    return [(q.asker, q.target, q.count) for q in known.of("", 4)]


def test_a_scan_is_nobody_looking_for_a_peer() -> None:
    scan = _questions([(5, 1000 + n) for n in range(50_000)], seconds=0.001)
    assert _asked(scan, _questions([(5, 9)] * 9), _questions([(6, 9)] * 9)) == [("0.0.0.6", "0.0.0.9", 9)]


def test_too_many_askers_cost_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unanswered, "MAX_ASKERS", 3)
    flood = _questions([(100 + n % 1000, 9) for n in range(9_000)])
    assert [asker for asker, _, _ in _asked(flood[:1], flood, flood)] == ["0.0.0.100", "0.0.0.101", "0.0.0.102"]


def test_who_is_there_cannot_be_told_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unanswered, "MAX_PRESENT", 4)
    assert _asked(_questions([(5, 9)] * 9)) == [("0.0.0.5", "0.0.0.9", 9)]
    assert _asked(_questions([(5, 9)] * 9), _questions([(n, 7) for n in range(10, 20)])) == []


def _errors(number: int, *, start: float = 0) -> NDArray[np.void]:
    rows = np.zeros(number, SIGHTING)
    rows["t"] = _at(start) + np.arange(number) * 1_000
    rows["kind"], rows["family"], rows["type"], rows["vrid"] = Kind.ERROR, 4, 3, 51
    return rows


@pytest.mark.parametrize("size", [1, 100, 999, 1000])
def test_of_a_flood_the_first_of_each_second_are_looked_at(size: int) -> None:
    tables = Tables()
    known = Bystanders(tables, Claims(tables), None)
    flood = np.concatenate([_errors(400), _errors(600, start=5)])
    for begin in range(0, len(flood), size):
        known.note(flood[begin : begin + size])
    assert known.left_out == 1000 - 2 * bystanders.MAX_A_SECOND


# --- batches -----------------------------------------------------------------------------------------------------

_SAYINGS = [
    "igmp-join",
    "igmp-report",
    "igmp-leave",
    "igmp-query",
    "icmp=3/2 of=A",
    "icmp=3/10 of=A",
    "icmp=3/1 of=B to=10.0.0.9",
    "icmp=3/10 of=A vrid=0",
    "icmp=3/10 of=A @1",
    "rarp",
    "rarp @1",
    "asks=10.0.0.9",
    "asks=10.0.0.6",
    "alive",
]


@st.composite
def _talk(draw: st.DrawFn) -> Trace:
    """A pair of routers, one of which may fall silent, and all that may be said beside them."""
    times = st.integers(0, 400_000)
    lines = ["A is p150 " + draw(st.sampled_from(["", "uni=10.0.0.6"])), f"every 1s from 0 to {draw(times)}ms: A"]
    lines += [f"every 1s from {begin}ms to {begin + 9000}ms: B" for begin in draw(st.lists(times, max_size=3))]
    for _ in range(draw(st.integers(0, 12))):
        who, say, begin = draw(st.sampled_from("AABC")), draw(st.sampled_from(_SAYINGS)), draw(times)
        step = draw(st.sampled_from([10, 400, 1000, 3000, 90_000]))
        lines.append(f"every {step}ms from {begin}ms to {begin + step * draw(st.integers(0, 9))}ms: {who} {say}")
    trace = traces.parse("\n".join(lines))
    last = max([trace.end, *trace.sightings["t"].tolist()])
    return trace._replace(end=int(last))


def _everything(engine: Engine, events: list[Event]) -> list[object]:
    answers: list[object] = [e for e in events if isinstance(e, Refused | Migrated | NoQuerier)]
    for router in engine.routers.values():
        around = router.around
        assert around is not None
        answers += [around.unanswered(), around.refusals(), [m.words for m in around.listeners()]]
        for name in router.speakers:
            answers += [
                (ask(name, _at(at), _at(at + 20)), at)
                for at in range(0, 400, 10)
                for ask in (around.joined, around.left, around.moved, around.went_on)
            ]
    return answers


@given(trace=_talk(), sizes=st.lists(st.integers(1, 90), min_size=1, max_size=9))
@settings(max_examples=60, deadline=None)
def test_batches_never_change_what_is_known_of_bystanders(trace: Trace, sizes: list[int]) -> None:
    whole = _everything(*telling.run(trace))
    assert _everything(*telling.run(trace, sizes)) == whole
    assert _everything(*telling.run(trace, [1])) == whole


# --- a real one ----------------------------------------------------------------------------------------------------


def test_a_daemon_that_was_killed_leaves_the_group_while_its_host_speaks_on() -> None:
    story = Path(__file__).parents[2] / "samples" / "crash"
    (virtual,) = analyze(str(story / "lb01.pcap")).virtual_routers
    around = virtual.router.around
    assert around is not None
    (taken,) = (e for e in virtual.router.history.elections if e.cause is Cause.TIMEOUT)
    assert taken.last_heard is not None
    assert around.left("10.0.0.5", taken.last_heard.t, taken.time) is not None
    assert around.went_on("10.0.0.5", taken.last_heard.t, taken.time) is True
