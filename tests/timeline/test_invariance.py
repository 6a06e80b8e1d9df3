"""The laws: however traffic is cut into batches, and whatever is skipped, the same is told and believed.

The traffic is random but told as a trace (see `tests.trace`), so that a failing example is one to read, shorten
and keep as a scenario.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests import trace as traces
from tests.scenarios import telling
from vrrpscope.timeline.events import Cause, ClaimedByOther, StaleClients, Unannounced
from vrrpscope.timeline.metrics import availability
from vrrpscope.timeline.router import Router

if TYPE_CHECKING:
    import pytest

    from tests.trace import Trace
    from vrrpscope.timeline.engine import Engine
    from vrrpscope.timeline.events import Event, Seen
    from vrrpscope.timeline.profile import Profile
    from vrrpscope.timeline.speaker import Speaker

_moderate = settings(max_examples=60, deadline=None)

# What an advert may say beside its sender's name. The first ones are what healthy traffic is made of.
_SETTINGS = [
    *[""] * 8,
    "vrid=52",
    "v6",
    "v6 i0.5s",
    "vlan=7",
    "v3",
    "v3 i0.25s",
    "v3 id=random df",
    "v3 id=random df vmac",
    "tos=0 id=random",
    "i2s",
    "pass=aaaa",
    "pass=bbbb",
    "ah=5",
    "ah=next",
    "ah=next again=9",
    "ah=next key=none",
    "hmac=0.5",
    "hmac=-7 again=9",
    "vips=10.0.0.3,10.0.0.4",
    "vips=10.9.9.9",
    "vips=-",
    "uni=10.0.0.6,10.0.0.7",
    "plain v3",
    "bad",
    "ttl=254",
    "id=-",
    "id=0",
    "id=random",
    "again=0.02ms",
    "again=0.2ms@1",
    "again=30ms",
    "@1",
]


_CLAIMS = ["garp", "garp", "garp-reply", "arp-reply", "arp-from", "who-has", "garp vmac", "garp @1"]


@st.composite
def traffic(draw: st.DrawFn) -> Trace:
    """Phases one after the other, some overlapping: runs on time, gaps, losses, restarts, resignations."""
    lines: list[str] = []
    now = 0  # milliseconds
    for _ in range(draw(st.integers(2, 8))):
        who, say = draw(st.sampled_from("AAABBC")), draw(st.sampled_from(_SETTINGS))
        say = f"p{draw(st.sampled_from([150, 100, 100, 90, 255]))} {say}"
        now = max(now + draw(st.sampled_from([1000, 1000, 3610, 3414, 610, -2500, 0, 1, 40, 1700, 6000, 20_000])), 0)
        start = draw(st.sampled_from(["", "", "", "id=1", "lost=1", "lost=3", "lost=12", "p0"]))
        step = draw(st.sampled_from([1000, 1000, 1001, 1004, 900, 250, 1400, 500, 5]))
        count = draw(st.sampled_from([1, 1, 2, 3, 9, 30, 60]))
        lines.append(f"{now}ms {who} {say} {start}")
        lines.append(f"every {step}ms from {now + step}ms to {now + step * count}ms: {who} {say}")
        now += step * count
        lines += [
            f"{now + delay}ms {draw(st.sampled_from('ABCX'))} {say} {draw(st.sampled_from(_CLAIMS))}"
            for delay in draw(st.lists(st.sampled_from([-4000, -1000, -1, 0, 1, 40, 1000, 2500, 9000]), max_size=4))
            if now + delay >= 0
        ]
        zeros: tuple[float, ...] = draw(st.sampled_from([(), (), (400,), (400, 400.04)]))
        lines += [f"{now + delay}ms {who} {say} p0" for delay in zeros]
    tail = draw(st.sampled_from([0, 1500, 3000, 30_000]))
    text = "\n".join([*lines, f"start -{draw(st.sampled_from([0, 9]))}"])
    trace = traces.parse(text)
    return trace._replace(end=trace.end + tail * 1_000_000)


_sizes = st.lists(st.integers(1, 40), min_size=1, max_size=20)


def everything(trace: Trace, engine: Engine, events: list[Event]) -> list[str]:
    """What was told, in order of time, and all that is kept."""
    told = telling.tell(trace, engine, sorted(events, key=lambda e: (e.at, e.key)))
    lines = told.splitlines()
    for key, router in sorted(engine.routers.items()):
        lines.append(f"{key} {sorted(router.duplicates.items())} {router.unheard} {router.history.omitted}")
        lines += [f"{key} {_counters(speaker)}" for speaker in router.speakers.values()]
    return lines


def _counters(speaker: Speaker) -> tuple[object, ...]:
    return (
        speaker.address,
        speaker.adverts,
        (speaker.first, speaker.last),
        (speaker.steps, speaker.jumps, speaker.numbers, speaker.is_master),
        (speaker.clock, speaker.replayed),
        [speaker.gaps.quantile(share) for share in (0.0, 0.5, 0.99, 1.0)],
        speaker.gaps.longest,
        [seen for seen, _ in speaker.recent],
        sorted((kind, tally.gaps, tally.adverts, tally.frames) for kind, tally in speaker.missed.items()),
        sorted((flag, tally.count, tally.first, tally.last) for flag, tally in speaker.flags.items()),
        [(telling.describe(profile), seen) for profile, seen in speaker.profiles.items()],
    )


@given(trace=traffic(), sizes=_sizes)
@_moderate
def test_batches_and_skipping_never_change_what_is_told_and_kept(trace: Trace, sizes: list[int]) -> None:
    engine, events = telling.run(trace)
    event(f"quiet: {(len(trace.adverts) - engine.loud) * 4 // len(trace.adverts) * 25} % or more")
    whole = everything(trace, engine, events)
    assert everything(trace, *telling.run(trace, masked=False)) == whole
    assert everything(trace, *telling.run(trace, sizes)) == whole
    assert everything(trace, *telling.run(trace, [1] * len(trace.adverts))) == whole


@given(trace=traffic(), sizes=_sizes)
@_moderate
def test_what_is_told_is_in_order_and_never_of_the_future(trace: Trace, sizes: list[int]) -> None:
    _, events = telling.run(trace, sizes)
    assert all(one.at <= other.at for one, other in pairwise(events))
    for told in events:
        assert getattr(told, "start", told.at) <= told.at <= trace.end
        assert (getattr(told, "end", None) or told.at) <= told.at
        assert getattr(told, "start", 0) <= (getattr(told, "end", None) or trace.end)


@given(trace=traffic())
@_moderate
def test_reigns_and_elections_fit_together(trace: Trace) -> None:
    engine, _ = telling.run(trace)
    for router in engine.routers.values():
        reigns = router.history.reigns
        for speaker in router.speakers:
            own = [r for r in reigns if r.router == speaker]
            assert all(one.end is not None and one.end <= other.start for one, other in pairwise(own))
        begun = {(r.router, r.start) for r in reigns}
        for election in router.history.elections:
            if election.cause is not Cause.RECLAIMED:
                assert (election.router, election.began or election.time) in begun
            assert election.masterless >= 0
            assert election.takeover is None or election.takeover >= 0
        for reign in reigns:
            assert (reign.end is None) == (reign.ended_by is None)
            assert 0 <= reign.mute <= (reign.end or trace.end) - reign.start
            assert reign.adverts <= router.speakers[reign.router].adverts


@given(trace=traffic())
@_moderate
def test_availability_adds_up(trace: Trace) -> None:
    engine, _ = telling.run(trace)
    for router in engine.routers.values():
        start = min(s.first.t for s in router.speakers.values())
        spans = availability(router.history.mastership, start, trace.end)
        assert min(spans) >= 0
        assert spans.mastered + spans.masterless + spans.contested == spans.observed == trace.end - start


def test_random_traffic_holds_quiet_runs_and_more_than_one_master() -> None:
    shares: list[float] = []
    speakers: list[int] = []
    contested: list[bool] = []
    told: list[set[type[Event]]] = []

    @given(trace=traffic())
    @settings(max_examples=120, deadline=None, derandomize=True, database=None)
    def look(trace: Trace) -> None:
        engine, events = telling.run(trace)
        told.append({type(event) for event in events})
        shares.append(1 - engine.loud / len(trace.adverts))
        speakers.append(max(len(r.speakers) for r in engine.routers.values()))
        contested.append(any(r.history.splits for r in engine.routers.values()))

    look()
    assert np.mean(np.array(shares) > 0.5) > 0.3
    assert np.mean(np.array(speakers) > 1) > 0.5
    assert np.mean(contested) > 0.1
    for kind in (ClaimedByOther, StaleClients, Unannounced):
        assert np.mean([kind in kinds for kinds in told]) > 0.1


def test_a_healthy_master_is_all_quiet_after_its_second_advert() -> None:
    trace = traces.parse("A is p150\nevery 1.0001s from 0 to 2000: A\nevery 1.0001s from 0.3 to 2000: B p150 vrid=52")
    engine, _ = telling.run(trace)
    assert engine.loud == 4


def test_quiet_runs_are_handed_on_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Seen] = []
    advert = Router.advert

    def count(self: Router, seen: Seen, profile: Profile) -> None:
        taken.append(seen)
        advert(self, seen, profile)

    monkeypatch.setattr(Router, "advert", count)
    telling.run(traces.parse("every 1s from 0 to 500: A"))
    assert len(taken) == 2
