"""What the engine does beside running the machines: limits, malformed rows, CARP, duplicates, the beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests import trace as traces
from tests.scenarios import telling
from vrrpscope.timeline import engine as engines
from vrrpscope.timeline import history, router
from vrrpscope.timeline.engine import Engine
from vrrpscope.timeline.events import CarpBeside, Closing, Election, Event
from vrrpscope.wire.columns import ADVERT, CARP, Flag, Tables

if TYPE_CHECKING:
    import pytest


def carps(tables: Tables, *groups: tuple[float, int, str]) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """CARP announcements: time in seconds, VHID, segment."""
    rows = np.zeros(len(groups), CARP)
    for number, (row, (t, vhid, segment)) in enumerate(zip(rows, groups, strict=True), 1):
        if segment not in tables.segments:
            tables.segments.append(segment)
        row["t"], row["number"], row["vhid"] = traces.ZERO + int(t * 1e9), number, vhid
        row["segment"] = tables.segments.index(segment)
    return rows


def test_an_empty_engine_tells_nothing() -> None:
    engine = Engine(Tables())
    assert engine.feed(np.empty(0, ADVERT), 0) == []
    assert engine.close(10) == []
    assert engine.routers == {}


def test_every_virtual_router_is_closed_once() -> None:
    trace = traces.parse("every 1s from 0 to 3: A\nevery 1s from 0.5 to 3.5: A vrid=52\nevery 1s from 0 to 3: B v6")
    engine, events = telling.run(trace)
    closings = [e for e in events if isinstance(e, Closing)]
    assert sorted(str(e.key) for e in closings) == ["ipv4/51", "ipv4/52", "ipv6/51"]
    assert {e.at for e in closings} == {trace.end}
    assert len(engine.routers) == 3


def test_malformed_rows_are_counted_and_kept_out() -> None:
    trace = traces.parse("every 1s from 0 to 9: A")
    trace.adverts["flags"][3:5] = Flag.MALFORMED
    engine, _ = telling.run(trace)
    assert engine.malformed == {0: 2}
    assert [s.adverts for r in engine.routers.values() for s in r.speakers.values()] == [8]


def test_virtual_routers_beyond_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "MAX_ROUTERS", 2)
    trace = traces.parse("\n".join(f"every 1s from 0.{n} to 4.{n}: A vrid={n}" for n in range(1, 5)))
    for sizes in ([], [1]):
        engine, _ = telling.run(trace, sizes)
        assert [key.vrid for key in engine.routers] == [1, 2]
        assert engine.untracked == 10


def test_senders_beyond_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router, "MAX_SPEAKERS", 2)
    trace = traces.parse("\n".join(f"every 1s from 0.{n} to 4.{n}: {who}" for n, who in enumerate("ABCD", 1)))
    engine, _ = telling.run(trace)
    (machine,) = engine.routers.values()
    assert list(machine.speakers) == ["10.0.0.5", "10.0.0.6"]
    assert machine.unheard == 10


def test_a_storm_of_events_is_counted_and_no_longer_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MAX_KEPT", 3)
    trace = traces.parse("\n".join(f"{n * 10} A\n{n * 10 + 1} A p0" for n in range(20)))
    engine, events = telling.run(trace)
    (machine,) = engine.routers.values()
    assert len(machine.history.elections) == len(machine.history.reigns) == 3
    assert machine.history.omitted > 30
    assert sum(isinstance(e, Election) for e in events) == 3


def test_the_first_advert_long_after_the_beginning_is_a_start() -> None:
    for start, cause in (("0", "startup"), ("9", "initial")):
        trace = traces.parse(f"start {start}\nevery 1s from 10 to 15: A id=77")
        _, events = telling.run(trace)
        assert [e.cause.value for e in events if isinstance(e, Election)] == [cause]


def test_the_beginning_is_said_once() -> None:
    trace = traces.parse("every 1s from 10 to 15: A id=77")
    engine = Engine(trace.tables)
    engine.observe_from(trace.start - 100)
    engine.observe_from(0)
    events = engine.feed(trace.adverts, trace.end)
    assert [e.cause.value for e in events if isinstance(e, Election)] == ["initial"]


def test_copies_are_counted_by_capture_and_told_apart_from_unicast_copies() -> None:
    trace = traces.parse("every 1s from 0 to 4: A again=0.2ms@1\nevery 1s from 0.5 to 4.5: B vrid=52 again=0.02ms")
    engine, _ = telling.run(trace)
    assert (engine.duplicates(0), engine.duplicates(1), engine.duplicates(7)) == (5, 5, 0)
    trace = traces.parse("every 1s from 0 to 4: A uni=10.0.0.6,10.0.0.7,10.0.0.8")
    engine, _ = telling.run(trace)
    assert engine.duplicates(0) == 0
    assert [s.adverts for r in engine.routers.values() for s in r.speakers.values()] == [5]


def test_carp_on_the_segment_is_told_once_whichever_came_first() -> None:
    for carp_at, known_at in ((0.5, 2.0), (3.5, 3.5)):
        trace = traces.parse("every 1s from 2 to 6: A\nevery 1s from 2 to 6: B vlan=9")
        engine = Engine(trace.tables)
        engine.note_carps(carps(trace.tables, (carp_at, 51, "")))
        events: list[Event] = []
        for part in np.array_split(trace.adverts, 3):
            events += engine.feed(part, int(part["t"][-1]))
        found = [e for e in events if isinstance(e, CarpBeside)]
        assert [(e.at, str(e.key), e.vhid) for e in found] == [(traces.ZERO + int(known_at * 1e9), "ipv4/51", 51)]


def test_carp_is_told_the_same_whatever_the_batches() -> None:
    def tell(parts: int) -> list[tuple[int, int]]:
        trace = traces.parse("every 1s from 0 to 6: A")
        engine = Engine(trace.tables)
        events: list[Event] = []
        groups = carps(trace.tables, (0.5, 7, ""), (4.5, 8, ""))
        for part in np.array_split(trace.adverts, parts):
            reached = part["t"][-1]
            engine.note_carps(groups[groups["t"] <= reached])
            groups = groups[groups["t"] > reached]
            events += engine.feed(part, int(reached))
        return [(e.at, e.vhid) for e in events if isinstance(e, CarpBeside)]

    assert tell(1) == tell(4)
    assert [vhid for _, vhid in tell(1)] == [7, 8]
