"""Two configurations beside a split brain: what they leave possible."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.rules.configuring import CERTAIN, LIKELY, POSSIBLE, password, unicast
from tests.rules.laying import configurations, routers, vi
from vrrpscope.evidence import testimony
from vrrpscope.evidence.meant import match
from vrrpscope.evidence.verdict import settle
from vrrpscope.timeline.events import SplitBrain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vrrpscope.findings import Confidence

_A, _B = "10.0.0.5", "10.0.0.6"
_TRACE = """
    A is p150 {more}
    B is p100 {more}
    every 1s from 0 to 9: A
    every 1s from 3.61 to 9: B
"""
_KEY = password("onekey", "AH")
_OTHER_KEY = password("another", "AH")


def settled(
    hosts: Mapping[str, str],
    cause: str = "unknown",
    confidence: Confidence = POSSIBLE,
    *,
    more: str = "",
    silent: bool = False,
    deaf: tuple[str, ...] = (),
    echoes: tuple[int, int] = (0, 0),
) -> tuple[str, Confidence, tuple[str, ...], tuple[str, ...]]:
    """Return cause, confidence, deaf and what else is possible of a split brain, with configurations beside it."""
    seen = routers(_TRACE.format(more=more))
    ((key, router),) = seen.items()
    (start,) = router.history.splits
    router.history.splits[start] = replace(
        router.history.splits[start],
        cause=cause,
        confidence=confidence,
        deaf=deaf,
        silent=silent,
        echoes=echoes,
        also_possible=(),
    )
    settle(router, testimony.Testimony(meant=match(configurations(hosts), {key: router}, ())))
    split = router.history.splits[start]
    assert isinstance(split, SplitBrain)
    return split.cause, split.confidence, split.deaf, split.also_possible


def pair(first: tuple[str, ...] = (), second: tuple[str, ...] = ()) -> dict[str, str]:
    return {"lb01": vi(*first), "lb02": vi(*second, priority=100)}


@pytest.mark.parametrize("cause", ["unknown", "one-node-deaf", "both-deaf"])
def test_keys_that_differ_are_why_neither_yields(cause: str) -> None:
    found = settled(pair((_KEY,), (_OTHER_KEY,)), cause, more="ah=1")
    assert found[:2] == ("password-mismatch", CERTAIN)


def test_keys_that_were_found_to_be_equal_are_equal_whatever_the_files_say() -> None:
    found = settled(pair((_KEY,), (_OTHER_KEY,)), "unknown", more="ah=next key=1")
    assert found[:2] == ("unknown", POSSIBLE)


def test_keys_that_differ_make_a_likely_mismatch_certain() -> None:
    found = settled(pair((_KEY,), (_OTHER_KEY,)), "password-mismatch", LIKELY, more="ah=1")
    assert found[:2] == ("password-mismatch", CERTAIN)


@pytest.mark.parametrize(
    ("echoes", "cause", "confidence"),
    [((8, 8), "one-node-deaf", LIKELY), ((0, 8), "both-deaf", LIKELY), ((0, 0), "unknown", POSSIBLE)],
)
def test_equal_keys_rule_out_a_mismatch_and_the_rhythm_tells_who_is_deaf(
    echoes: tuple[int, int], cause: str, confidence: Confidence
) -> None:
    found = settled(pair((_KEY,), (_KEY,)), "password-mismatch", LIKELY, more="ah=1", echoes=echoes)
    assert found[:2] == (cause, confidence)


def test_equal_keys_in_files_do_not_explain_a_silence_that_only_a_mismatch_makes() -> None:
    found = settled(pair((_KEY,), (_KEY,)), "password-mismatch", LIKELY, more="ah=1", silent=True)
    assert found == ("password-mismatch", POSSIBLE, (), ("one-node-deaf", "both-deaf"))


@pytest.mark.parametrize(
    ("line", "setting"),
    [
        ("version 3", "version"),
        ("advert_int 2", "interval"),
        (password("secret"), "authentication"),
        ("virtual_ipaddress {\n10.0.0.4/24\n}", "addresses"),
    ],
)
def test_what_the_wire_refutes_is_no_cause(line: str, setting: str) -> None:
    assert setting
    assert settled(pair((line,)), "one-node-deaf", LIKELY, deaf=(_B,))[:3] == ("one-node-deaf", LIKELY, (_B,))


def test_files_that_agree_leave_a_deaf_router_deaf() -> None:
    assert settled(pair(), "one-node-deaf", LIKELY, deaf=(_B,))[:3] == ("one-node-deaf", LIKELY, (_B,))


def test_a_list_of_peers_without_the_other_is_why_that_one_is_deaf() -> None:
    hosts = pair(unicast(_A, "10.0.0.99"), unicast(_B, _A))
    found = settled(hosts, "one-node-deaf", CERTAIN, more="uni=10.0.0.99", deaf=(_B,))
    assert found == ("unicast-mismatch", CERTAIN, (_B,), ())


def test_a_list_of_peers_does_not_explain_why_the_other_one_is_deaf() -> None:
    hosts = pair(unicast(_A, _B), unicast(_B, "10.0.0.99"))
    found = settled(hosts, "one-node-deaf", CERTAIN, more="uni=10.0.0.99", deaf=(_B,))
    assert found[:3] == ("one-node-deaf", CERTAIN, (_B,))


def test_two_differences_leave_open_which_it_is() -> None:
    hosts = pair((_KEY, *unicast(_A, "10.0.0.99")), (_OTHER_KEY, *unicast(_B, _A)))
    found = settled(hosts, "unknown", more="ah=1 uni=10.0.0.99")
    assert found[:2] == ("password-mismatch", LIKELY)
    assert found[3] == ("unicast-mismatch",)


def test_an_echo_proves_that_one_hears_whatever_the_keys_in_the_files() -> None:
    found = settled(pair((_KEY,), (_OTHER_KEY,)), "one-node-deaf", CERTAIN, more="ah=1", deaf=(_B,))
    assert found[:2] == ("one-node-deaf", CERTAIN)


def test_the_configuration_of_one_side_alone_changes_nothing() -> None:
    hosts = {"lb01": vi(_KEY)}
    assert settled(hosts, "password-mismatch", LIKELY, more="ah=1")[:2] == ("password-mismatch", LIKELY)


def test_a_paused_master_stays_one() -> None:
    found = settled(pair((_KEY,), (_OTHER_KEY,)), "paused-node", LIKELY, more="ah=1")
    assert found[:2] == ("paused-node", LIKELY)
