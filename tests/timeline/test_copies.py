"""Second sightings found in the columns: what is told and counted is what the machine tells, asked one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import trace as traces
from tests.scenarios import telling
from tests.timeline.test_invariance import everything, traffic
from vrrpscope.timeline.copies import CopyFinder
from vrrpscope.timeline.engine import Engine
from vrrpscope.timeline.router import Router

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.trace import Trace
    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.profile import Profile

MILLISECOND = 1_000_000
DELAYS = [0, 1_000, 200_000, 3 * MILLISECOND, 49 * MILLISECOND, 300 * MILLISECOND, -200_000]


def beside(trace: Trace, delay: int, *, capture: int = 1, lost: Sequence[int] = (), jitter: int = 0) -> Trace:
    """The same adverts once more, in another capture, some of them lost."""
    there = trace.adverts[trace.adverts["capture"] == 0]
    there = there[~np.isin(np.arange(len(there)), lost)]
    there["capture"] = capture
    there["t"] += delay + (np.arange(len(there)) * 7_919 % (jitter + 1))
    both = np.concatenate([trace.adverts, there])
    both = both[np.argsort(both["t"], kind="stable")]
    return trace._replace(adverts=both, start=int(min(trace.start, both["t"][0])), end=trace.end + 400 * MILLISECOND)


def tell(trace: Trace, vantages: list[int], sizes: Sequence[int] = (), *, masked: bool = True) -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telling, "Engine", lambda tables, masked: Engine(tables, vantages=vantages, masked=masked))
        return everything(trace, *telling.run(trace, sizes, masked=masked))


@st.composite
def several(draw: st.DrawFn) -> Trace:
    """Traffic as two or three captures hold it."""
    trace = draw(traffic())
    lost = draw(st.lists(st.integers(0, 100), max_size=5))
    jitter = draw(st.sampled_from([0, 0, 100_000, 60 * MILLISECOND]))
    trace = beside(trace, draw(st.sampled_from(DELAYS)), lost=lost, jitter=jitter)
    third = draw(st.sampled_from([None, None, 0, 150_000]))
    return trace if third is None else beside(trace, third, capture=2)


@given(
    trace=several(),
    vantages=st.sampled_from([[0, 1, 2], [0, 0, 0], [0, 1, 1]]),
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=20),
)
@settings(max_examples=60, deadline=None)
def test_several_captures_tell_the_same_with_copies_found_or_met(
    trace: Trace, vantages: list[int], sizes: list[int]
) -> None:
    whole = tell(trace, vantages)
    assert tell(trace, vantages, masked=False) == whole
    assert tell(trace, vantages, sizes) == whole


@pytest.mark.parametrize("say", ["A", "A v6", "A v3 id=0"])
@pytest.mark.parametrize("delay", [0, 200_000])
def test_a_second_capture_of_a_healthy_master_costs_a_few_adverts(
    say: str, delay: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Seen] = []
    advert = Router.advert

    def count(self: Router, seen: Seen, profile: Profile) -> None:
        taken.append(seen)
        advert(self, seen, profile)

    monkeypatch.setattr(Router, "advert", count)
    trace = beside(traces.parse(f"every 1s from 0 to 500: {say}"), delay)
    engine, _ = telling.run(trace)
    assert len(taken) < 10
    assert (engine.duplicates(0), engine.duplicates(1)) == (0, 501)


def test_copies_for_several_peers_are_no_second_sightings() -> None:
    trace = traces.parse("every 1s from 0 to 60: A uni=10.0.0.6,10.0.0.7")
    engine, _ = telling.run(trace)
    assert engine.loud < 10
    assert engine.duplicates(0) == 0
    engine, _ = telling.run(beside(trace, 200_000))
    assert sum(s.adverts for r in engine.routers.values() for s in r.speakers.values()) == 61


def test_a_sender_that_says_too_many_things_is_left_to_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vrrpscope.timeline.copies.MAX_CONTENTS", 1)
    text = "every 1s from 0 to 9: A\nevery 1s from 10 to 19: A p90"
    trace = beside(traces.parse(text), 0)
    found = everything(trace, *telling.run(trace))
    assert found == everything(trace, *telling.run(trace, masked=False))


def test_one_capture_without_copies_has_none() -> None:
    engine = Engine(traces.parse("0 A").tables)
    trace = traces.parse("every 1s from 0 to 9: A")
    finder = CopyFinder(engine._profiles)  # noqa: SLF001 - nothing else tells that nothing was found
    assert finder.find(engine._sort(trace.adverts)) is None  # noqa: SLF001
