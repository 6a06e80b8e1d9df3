"""What configurations foresee beside what captures show: nothing is said twice, nothing that is refuted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.rules.configuring import CRITICAL, WARNING, password, unicast
from tests.rules.laying import configurations, routers, vi
from vrrpscope.evidence.meant import match
from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.foreseen import foresee

if TYPE_CHECKING:
    from collections.abc import Mapping

_START = 1_700_000_000_000_000_000
_ONE = "every 1s from 0 to 9: A p150 vlan=100"
_BOTH = """
    every 1s from 0 to 4: A p150 vlan=100
    4.5 A p0 vlan=100
    every 1s from 5.11 to 9: B p100 vlan=100
"""
_DIFFERENT = {"lb01": vi(password("secret")), "lb02": vi(password("Secret"), priority=100)}


def seen(rule: str, cause: str = "", also_possible: tuple[str, ...] = ()) -> Finding:
    return Finding(
        rule=rule,
        severity=CRITICAL,
        confidence=Confidence.LIKELY,
        virtual_router="vlan100/ipv4/51",
        routers=("10.0.0.5", "10.0.0.6"),
        start=_START + 5,
        end=None,
        title="as it was seen",
        explanation="It was seen.",
        remedy="",
        frames=(),
        cause=cause,
        also_possible=also_possible,
    )


def foreseen(trace: str, hosts: Mapping[str, str], *findings: Finding) -> dict[str, Finding]:
    meant = match(configurations(hosts), routers(trace), ())
    return {f.rule: f for f in foresee(meant, findings, _START)}


def test_what_was_foreseen_and_not_seen_is_a_warning_since_the_captures_begin() -> None:
    found = foreseen(_ONE, _DIFFERENT)["password-mismatch"]
    assert found.severity is WARNING
    assert found.virtual_router == "vlan100/ipv4/51"
    assert found.routers == ("10.0.0.5",)  # the other was not seen
    assert (found.start, found.end) == (_START, None)
    assert found.cause == "password-mismatch"


def test_what_was_seen_and_foreseen_is_one_finding_with_lines() -> None:
    found = foreseen(_ONE, _DIFFERENT, seen("password-mismatch"))["password-mismatch"]
    assert (found.title, found.severity) == ("as it was seen", CRITICAL)
    assert [line.host for line in found.lines] == ["lb01", "lb02"]


def test_what_both_routers_refute_is_not_foreseen() -> None:
    assert "password-mismatch" not in foreseen(_BOTH, _DIFFERENT)


def test_a_key_that_no_advert_shows_is_foreseen_whoever_was_seen() -> None:
    hosts = {"lb01": vi(password("secret", "AH")), "lb02": vi(password("Secret", "AH"), priority=100)}
    assert "password-mismatch" in foreseen(_BOTH.replace("vlan", "ah=1 vlan"), hosts)


def test_a_virtual_router_that_was_not_seen_has_no_key_in_the_report() -> None:
    found = foreseen("every 1s from 0 to 9: A p150 vrid=7", _DIFFERENT)["password-mismatch"]
    assert (found.virtual_router, found.routers) == (None, ())


def test_a_split_brain_has_the_lines_that_made_it() -> None:
    found = foreseen(_ONE, _DIFFERENT, seen("split-brain", "password-mismatch"))
    assert [line.host for line in found["split-brain"].lines] == ["lb01", "lb02"]
    assert found["password-mismatch"].severity is WARNING


def test_a_split_brain_of_another_cause_is_left_alone() -> None:
    assert "split-brain" not in foreseen(_ONE, _DIFFERENT, seen("split-brain", "packet-filter"))


def test_a_list_of_peers_is_the_more_exact_word_for_a_split_brain() -> None:
    hosts = {
        "lb01": vi(*unicast("10.0.0.5", "10.0.0.99")),
        "lb02": vi(*unicast("10.0.0.6", "10.0.0.5"), priority=100),
    }
    found = foreseen(_ONE, hosts, seen("split-brain", "unicast-mismatch", ("unicast-peers",)))["split-brain"]
    assert (found.cause, found.also_possible) == ("unicast-peers", ())
    assert found.lines


def test_a_list_of_peers_is_why_nobody_was_seen() -> None:
    hosts = {"lb01": vi(*unicast("10.0.0.5", "10.0.0.99")), "lb02": vi(*unicast("10.0.0.6", "10.0.0.5"), priority=100)}
    found = foreseen(_ONE, hosts, seen("no-master", "path", ("unicast-peers", "send-failure")))["no-master"]
    assert (found.cause, found.also_possible) == ("unicast-peers", ("send-failure",))
    assert "lb01.conf:" in found.remedy


def test_what_nobody_foresees_is_not_told_again() -> None:
    assert foreseen(_ONE, {"lb01": vi()}, seen("failover")) == {}


def test_information_stays_information() -> None:
    hosts = {"lb01": vi("state MASTER"), "lb02": vi("state MASTER", priority=100)}
    assert foreseen(_ONE, hosts)["both-state-master"].severity is Severity.INFO
