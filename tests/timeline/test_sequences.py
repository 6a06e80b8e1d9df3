"""Sequence numbers and the senders' clocks, told as traces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import trace as traces
from vrrpscope.timeline import sequences
from vrrpscope.timeline.engine import Engine
from vrrpscope.timeline.events import ClocksRead, Replayed
from vrrpscope.timeline.sender_clocks import SenderClock, sent_after
from vrrpscope.wire.authentication import HmacTrailer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vrrpscope.timeline.speaker import Speaker

_SECOND = 1_000_000_000
_RECORDED = (
    "A is p150 ah=next\n every 1s from 0 to 9: A\n every 1s from 10 to 14: A again=30.3\n every 1s from 15 to 50: A"
)


def run(text: str, *, vantages: Sequence[int] = (0, 0), size: int | None = None) -> tuple[Engine, list[Replayed]]:
    """What is told of numbers, the latest word on each only."""
    trace = traces.parse(text)
    engine = Engine(trace.tables, vantages=vantages)
    engine.observe_from(trace.start)
    events = []
    for start in range(0, len(trace.adverts), size or len(trace.adverts)):
        batch = trace.adverts[start : start + (size or len(trace.adverts))]
        events += engine.feed(batch, int(batch["t"][-1]))
    events += engine.close(trace.end)
    told = {(e.router, e.exact): e for e in events if isinstance(e, Replayed)}
    return engine, list(told.values())


def speaker(engine: Engine, letter: str) -> Speaker:
    (router,) = engine.routers.values()
    return router.speakers[traces.address(letter)]


def said(text: str, *, vantages: Sequence[int] = (0, 0), size: int | None = None) -> list[tuple[str, bool, int]]:
    _, told = run(text, vantages=vantages, size=size)
    return [(event.router, event.exact, event.count) for event in told]


@pytest.mark.parametrize("size", [None, 1, 7])
def test_what_is_played_again_is_counted_and_what_goes_on_between_is_not(size: int | None) -> None:
    assert said(_RECORDED, size=size) == [("10.0.0.5", True, 5)]


def test_the_first_is_told_at_once() -> None:
    trace = traces.parse(_RECORDED)
    engine = Engine(trace.tables)
    times = [
        int(row["t"])
        for row in trace.adverts
        if any(isinstance(e, Replayed) for e in engine.feed(row.reshape(1), int(row["t"]) + 2))
    ]
    assert times == [traces.ZERO + 40_300_000_000]


def test_a_later_piece_of_a_rotated_capture_remembers_the_earlier_one() -> None:
    pieces = "A is p150 ah=next\n every 1s from 0 to 9: A\n 10 A again=30@1\n every 1s from 20 to 50: A @1"
    assert said(pieces) == [("10.0.0.5", True, 1)]
    assert said(pieces, vantages=(0, 1)) == [("10.0.0.5", False, 1)]  # the place of the other never saw it


def test_the_same_replay_seen_by_two_captures_counts_once() -> None:
    twice = "A is p150 ah=next\n every 1s from 0 to 9: A again=0.0001@1\n30 A ah=7 id=7 again=0.0001@1\n 31 A ah=8 id=8"
    assert said(twice) == [("10.0.0.5", True, 2)]


def test_copies_at_once_are_none() -> None:
    assert said("A is p150 ah=next again=40ms\n every 1s from 0 to 9: A") == []
    assert said("A is p150 hmac=0 again=40ms\n every 1s from 0 to 9: A") == []


def test_a_reload_goes_on_counting() -> None:
    assert said("A is p150 ah=next\n every 1s from 0 to 9: A\n 9.5 A id=1\n every 1s from 10.5 to 20.5: A") == []


def test_a_recording_from_the_very_first_advert_is_found_while_the_daemon_speaks() -> None:
    text = "A is p150 ah=next\n every 1s from 0 to 9: A again=20.3\n every 1s from 10 to 40: A"
    assert said(text) == [("10.0.0.5", True, 9)]  # the very first looks like a start


def test_a_long_capture_is_remembered_from_its_beginning() -> None:
    text = "A is p150 ah=next\n 0 A\n 1 A\n 2 A again=9000\n every 1s from 3 to 9010: A"
    assert said(text) == [("10.0.0.5", True, 1)]


def test_trailers_beyond_those_remembered_only_go_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequences, "STAMPS", 20)
    text = "A is p150 hmac=0\n every 1s from 0 to 9: A\n 10 A again={}\n every 1s from 11 to 60: A"
    assert said(text.format(15.5)) == [("10.0.0.5", True, 1)]
    assert said(text.format(25.5)) == [("10.0.0.5", False, 1)]
    assert said(text.format(25.5), size=1) == [("10.0.0.5", False, 1)]


def test_senders_beyond_the_limit_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequences, "MAX_STREAMS", 1)
    text = "B is p100 ah=next\n every 1s from 0.5 to 9.5: B again=20\n" + _RECORDED
    assert [router for router, *_ in said(text)] == ["10.0.0.5"]


def test_runs_beyond_those_remembered_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequences, "RUNS", 3)
    jumps = "\n".join(f"{10 + n} A ah={100 * n}" for n in range(1, 9))
    assert said(f"A is p150 ah=next\n every 1s from 0 to 9: A\n {jumps}\n 30 A ah=7 id=7") == [("10.0.0.5", False, 1)]


@pytest.mark.parametrize("size", [None, 1, 7, 13])
def test_a_capture_goes_on_from_what_the_other_had_shown_by_then(size: int | None) -> None:
    beside = "A is p150 ah=next\n every 1s from 0 to 9: A\n every 1s from 10 to 14: A again=30@1\n"
    assert said(beside + "every 1s from 60 to 70: A", size=size) == [("10.0.0.5", True, 5)]
    assert said(beside + "every 1s from 15 to 70: A", size=size) == [("10.0.0.5", True, 5)]


@pytest.mark.parametrize("size", [None, 1, 7, 13])
def test_which_senders_are_looked_at_does_not_depend_on_batches(
    size: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequences, "MAX_STREAMS", 1)
    text = "A is p150\n B is p100 ah=next vrid=52\n 0 A\n every 1s from 0.5 to 9.5: B\n 10.5 B again=20\n"
    assert said(text + "11 A ah=100 id=70 again=20", size=size) == [("10.0.0.6", True, 1)]


_SAYS = ["ah=next", "ah=5", "hmac=0.5", "hmac=-7", "ah=next lost=3", "ah=next id=1", "ah=next vrid=52"]
_SEEN = ["", "", "@1", "again=9", "again=30@1", "again=2s@1", "again=0.2ms@1"]


@st.composite
def numbered(draw: st.DrawFn) -> str:
    """Numbered adverts of two senders in two captures, some of them again."""
    lines = []
    for start in range(0, 10 * draw(st.integers(1, 6)), 10):
        who, say, seen = (draw(st.sampled_from(some)) for some in ("AAB", _SAYS, _SEEN))
        lines.append(f"every 1s from {start} to {start + draw(st.integers(0, 15))}: {who} {say} {seen}")
    return "\n".join(lines)


@given(text=numbered(), size=st.integers(1, 30), vantages=st.sampled_from([(0, 0), (0, 1)]))
@settings(max_examples=100, deadline=None)
def test_batches_never_change_what_is_told_of_numbers(text: str, size: int, vantages: tuple[int, int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, limit in (("MAX_STREAMS", 3), ("RUNS", 3), ("STAMPS", 8)):
            patch.setattr(sequences, name, limit)
        _, whole = run(text, vantages=vantages)
        assert run(text, vantages=vantages, size=size)[1] == whole
        assert run(text, vantages=vantages, size=1)[1] == whole


@pytest.mark.parametrize("reached", [0, 1, 2])
def test_what_the_last_frame_shows_is_told_when_the_captures_end(reached: int) -> None:
    trace = traces.parse("A is p150 ah=5\n 3 A\n 4 A")
    engine = Engine(trace.tables)
    before = engine.feed(trace.adverts, trace.end + reached)
    told = [event.at - trace.end for event in before + engine.close(trace.end) if isinstance(event, Replayed)]
    assert told == [1 if reached == 2 else 0]


def test_trailers_that_only_go_back_are_forgotten_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequences, "STAMPS", 20)
    back = "\n".join(f"{10 + n} A hmac={-2 * n}" for n in range(30))
    engine, told = run(f"A is p150\n {back}")
    assert [(event.exact, event.count) for event in told] == [(False, 29)]
    streams = engine._sequences._streams.values()  # noqa: SLF001 - nothing else tells what is kept
    assert [len(stream.stamps) for stream in streams] == [20]


@pytest.mark.parametrize("size", [None, 1, 7])
def test_a_senders_clock_is_read_from_its_trailers(size: int | None) -> None:
    engine, _ = run("A is p150 hmac=-2.5\n B is p100\n every 1s from 0 to 4000: A\n 0.5 B", size=size)
    clock = speaker(engine, "A").clock
    assert clock is not None
    assert abs(clock.offset + 2.5 * _SECOND) < 20_000  # a trailer counts in 15 us
    assert clock.adverts == 4001
    assert clock.spread < 20_000
    assert (clock.first.number, clock.last.number) == (1, 4002)
    assert speaker(engine, "B").clock is None


def test_the_sample_of_a_clock_does_not_depend_on_batches() -> None:
    text = "A is p150 hmac=0.3\n every 1s from 0 to 9000: A\n every 7s from 0.2 to 9000: A hmac=4 p140\n"
    clocks: set[SenderClock | None] = {speaker(run(text, size=size)[0], "A").clock for size in (None, 1000, 333)}
    assert len(clocks) == 1


def test_clocks_are_told_of_only_where_there_are_trailers() -> None:
    for words, told in (("hmac=1", 1), ("ah=next", 0), ("", 0)):
        trace = traces.parse(f"A is p150 {words}\n every 1s from 0 to 9: A")
        engine = Engine(trace.tables)
        events = engine.feed(trace.adverts, trace.end) + engine.close(trace.end)
        assert sum(isinstance(event, ClocksRead) for event in events) == told


@given(
    t=st.integers(0, 4_000_000_000 * _SECOND),
    apart=st.integers(-(2**30) + 1, 2**30 - 1),
    fraction=st.integers(0, 65_535),
    counter=st.integers(0, 65_535),
)
def test_the_time_in_a_trailer_is_the_one_next_to_the_captures(t: int, apart: int, fraction: int, counter: int) -> None:
    seconds = t // _SECOND + apart
    if not 0 <= seconds < 2**32:
        return
    number = HmacTrailer(1, seconds, fraction, counter, bytes(16)).sequence
    (found,) = sent_after(np.array([number]), np.array([t])).tolist()
    assert found == seconds * _SECOND + (fraction * _SECOND >> 16) - t
