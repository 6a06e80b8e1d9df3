"""How a priority came about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tests.rules.laying import configurations, vi
from vrrpscope.evidence.weights import MAX_COMBINATIONS, explaining, reachable

if TYPE_CHECKING:
    from vrrpscope.evidence.configuration import Instance


def weighing(*weights: int, priority: int = 150, kind: str = "script") -> Instance:
    names = [f"chk{n}" for n in range(len(weights))]
    scripts = "".join(
        f'vrrp_script {name} {{\n script "/bin/true"\n weight {weight}\n}}\n'
        for name, weight in zip(names, weights, strict=True)
    )
    (configuration,) = configurations({"lb01": scripts + vi(f"track_{kind} {{", *names, "}", priority=priority)})
    return configuration.instances[0]


def possible(instance: Instance) -> set[int]:
    found = reachable(instance)
    assert found is not None
    return set(found)


def said(instance: Instance, priority: int) -> list[str]:
    return ["+".join(t.name for t in way) for way in explaining(instance, priority)]


def test_without_weights_only_its_own_priority_can_be_announced() -> None:
    assert possible(weighing()) == {150}


def test_weights_of_both_signs_count_or_do_not() -> None:
    assert possible(weighing(-60, 20)) == {150, 90, 170, 110}


def test_no_weight_leads_out_of_the_range_of_priorities() -> None:
    assert possible(weighing(-250, 250)) == {150, 1, 254}


def test_no_weight_moves_the_owner_of_an_address() -> None:
    assert possible(weighing(-60, priority=255)) == {255}


def test_what_a_file_adds_cannot_be_known() -> None:
    text = "vrrp_track_file load {\n file /run/load\n}\n" + vi("track_file {", "load weight 2", "}")
    (configuration,) = configurations({"lb01": text})
    assert reachable(configuration.instances[0]) is None


def test_the_fewest_failures_are_the_first_explanation() -> None:
    assert said(weighing(-60, -40, -20), 90) == ["chk0", "chk1+chk2"]


def test_a_check_that_adds_while_it_is_good_takes_that_away_when_it_fails() -> None:
    assert said(weighing(20), 150) == ["chk0"]
    assert said(weighing(20), 170) == [""]


def test_a_priority_that_no_weight_makes_has_no_explanation() -> None:
    assert said(weighing(-60), 100) == []


def test_of_many_explanations_a_few_are_told() -> None:
    assert len(said(weighing(*[-10] * 12), 130)) == MAX_COMBINATIONS


@given(st.lists(st.integers(-253, 253).filter(bool), max_size=5), st.integers(1, 254))
def test_what_is_explained_can_be_announced(weights: list[int], priority: int) -> None:
    instance = weighing(*weights, priority=priority)
    assert {p for p in range(1, 255) if explaining(instance, p)} <= possible(instance)
