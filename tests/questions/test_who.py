"""Who was master, held against what the daemons of the samples say themselves, and at the edges of what is known."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import truths, views
from tests.build import T0
from tests.report.captures import Say, rhythm, write
from vrrpscope.analysis import Analysis, analyze
from vrrpscope.capture.files import expand
from vrrpscope.evidence.vantage import Clock
from vrrpscope.questions.again import Again, again
from vrrpscope.questions.heard import last_heard, time_of
from vrrpscope.questions.who import Answer, State, Unknown, who

SAMPLES: Final = Path(__file__).parents[2] / "samples"
VIEWS: Final = [v for path in sorted(SAMPLES.glob("*/truth.json")) for v in views.views(path.parent)]
SECOND: Final = 1_000_000_000


@cache
def analysed(view: views.View) -> Analysis:
    return analyze(*view.specs())


def at(seconds: float) -> int:
    return T0 + round(seconds * SECOND)


def answer(path: Path, seconds: float) -> Answer:
    """Return what is known of the only virtual router of a capture, so many seconds after T0."""
    (only,) = who(analyze(str(path)), at(seconds), {})
    return only


def names(found: Answer) -> list[str]:
    return [master.reign.router for master in found.masters]


@given(st.sampled_from(VIEWS), st.floats(0, 1))
@settings(max_examples=400, deadline=None)
def test_the_masters_are_those_that_held_themselves_for_master(view: views.View, share: float) -> None:
    analysis = analysed(view)
    assert analysis.end is not None
    for virtual in analysis.virtual_routers:
        key = f"ipv{virtual.router.key.family}/{virtual.router.key.vrid}"
        start = min(s.first.t for s in virtual.router.speakers.values())
        t = start + int(share * (analysis.end - start))
        true = truths.true_masters(view, key, analysis.end)
        doubt = [*truths.doubtful(view, key), *truths.unheard(view, key), *((b, b) for _, *both in true for b in both)]
        if any(low - truths.GRACE <= t <= high + truths.GRACE for low, high in doubt):
            continue
        (found,) = [a for a in who(analysis, t, {}) if a.virtual is virtual]
        said = {view.host_of(m.reign.router) for m in found.masters} - set(view.expected["unseen"])
        assert said == {host for host, low, high in true if low <= t < high}
        if found.state is not State.SPLIT and not view.expected["unseen"]:
            assert len(said) < 2


@given(st.sampled_from(VIEWS), st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_the_last_advert_is_the_last_one_up_to_then(view: views.View, share: float) -> None:
    analysis = analysed(view)
    assert analysis.start is not None
    assert analysis.end is not None
    t = analysis.start + int(share * (analysis.end - analysis.start))
    files = again(analysis, view.specs())
    heard = last_heard(files, t)
    named = {file.name: file for file in files}
    for found in who(analysis, t, heard):
        for master in found.masters:
            assert master.heard is not None
            assert master.reign.start <= master.heard.t <= t
            assert time_of(named[master.heard.capture], master.heard.number) == master.heard.t


@pytest.mark.parametrize(("view", "side"), [(view, side) for view in VIEWS[::7] for side in (-1, 1)])
def test_outside_the_capture_nothing_is_known(view: views.View, side: int) -> None:
    analysis = analysed(view)
    assert analysis.start is not None
    assert analysis.end is not None
    t = analysis.start - 1 if side < 0 else analysis.end + 1
    for found in who(analysis, t, {}):
        assert found.state is State.UNKNOWN
        assert found.unknown is (Unknown.BEFORE if side < 0 else Unknown.AFTER)
        assert found.masters == ()


def test_before_its_first_advert_nothing_is_known_of_a_virtual_router(tmp_path: Path) -> None:
    story = [*rhythm(9, vrid=51), *(say._replace(at=say.at + 5) for say in rhythm(4))]
    analysis = analyze(str(write(tmp_path / "cap", story)))
    assert {a.virtual.key: a.unknown for a in who(analysis, at(3), {})} == {
        "ipv4/50": Unknown.UNSEEN,
        "ipv4/51": None,
    }


def test_a_master_is_one_from_its_very_first_frame_to_the_last_of_the_capture(tmp_path: Path) -> None:
    path = write(tmp_path / "cap", rhythm(5))
    assert [names(answer(path, t)) for t in (0, 2.5, 4)] == [["10.0.0.5"]] * 3


def test_after_a_resignation_nobody_is_until_the_next_one_begins(tmp_path: Path) -> None:
    story = [*rhythm(4), Say(4.0, priority=0, ip_id=5), Say(4.6, host=6, priority=100, ip_id=1)]
    path = write(tmp_path / "cap", story)
    assert names(answer(path, 3.999)) == ["10.0.0.5"]
    found = answer(path, 4.3)
    assert (found.state, found.masters) == (State.NOBODY, ())
    assert found.previous is not None
    assert found.previous.router == "10.0.0.5"
    assert names(answer(path, 4.6)) == ["10.0.0.6"]


def test_the_end_of_one_reign_is_not_part_of_it(tmp_path: Path) -> None:
    path = write(tmp_path / "cap", [*rhythm(4), Say(4.0, priority=0, ip_id=5), *[Say(9.0, vrid=7)]])
    found = [a for a in who(analyze(str(path)), at(4), {}) if a.virtual.key == "ipv4/50"]
    assert found[0].state is State.NOBODY


def test_two_that_advertise_on_are_a_split_brain(tmp_path: Path) -> None:
    deaf = [say._replace(at=say.at + 3.7) for say in rhythm(6, host=6, priority=100)]
    found = answer(write(tmp_path / "cap", [*rhythm(10), *deaf]), 7)
    assert found.state is State.SPLIT
    assert sorted(names(found)) == ["10.0.0.5", "10.0.0.6"]


def test_a_hand_over_in_which_both_are_master_is_no_split_brain(tmp_path: Path) -> None:
    story = [
        *rhythm(6, host=6, priority=100),
        Say(5.5, host=5, ip_id=1),
        *(Say(6.5 + n, ip_id=2 + n) for n in range(3)),
    ]
    path = write(tmp_path / "cap", story)
    states = [answer(path, 5 + n / 100).state for n in range(100)]
    assert State.SPLIT not in states
    assert names(answer(path, 5.2)) == ["10.0.0.6"]
    assert names(answer(path, 7)) == ["10.0.0.5"]


def test_where_more_happened_than_is_kept_the_answer_is_not_known(tmp_path: Path) -> None:
    analysis = analyze(str(write(tmp_path / "cap", rhythm(5))))
    analysis.virtual_routers[0].router.history.omitted = 1
    (found,) = who(analysis, at(2), {})
    assert (found.state, found.unknown) == (State.UNKNOWN, Unknown.OMITTED)


def test_only_the_latest_row_of_each_sender_counts_whatever_the_order_of_frames(tmp_path: Path) -> None:
    path = tmp_path / "cap"
    write(path, [*rhythm(4), *rhythm(4, host=6, priority=100), *rhythm(4, vrid=51)])
    heard = last_heard([Again(spec, Clock(offset=-7)) for spec in expand([str(path)])], at(2.5))
    assert {(str(key), address): found.t for (key, address), found in heard.items()} == {
        ("ipv4/50", "10.0.0.5"): at(2) + 7,
        ("ipv4/50", "10.0.0.6"): at(2) + 7,
        ("ipv4/51", "10.0.0.5"): at(2) + 7,
    }
