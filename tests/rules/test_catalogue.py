"""What holds for every rule, and what no rule may do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.rules import (
    test_addresses,
    test_adverts,
    test_authentication,
    test_captures,
    test_clients,
    test_config_files,
    test_config_pairs,
    test_config_roles,
    test_config_weights,
    test_groups,
    test_hosts,
    test_intruders,
    test_jitter,
    test_logged,
    test_mastership,
    test_meant,
    test_meant_elections,
    test_meant_priority,
    test_meant_roles,
    test_packets,
    test_reflections,
    test_refusals,
    test_restarts,
    test_settings,
    test_split_brain,
    test_together,
)
from tests.rules.judging import findings
from vrrpscope.findings import Severity
from vrrpscope.rules import RULES
from vrrpscope.rules.pages import page

if TYPE_CHECKING:
    from tests.rules.configuring import Written
    from tests.rules.judging import Story
    from tests.rules.laying import Laid
    from tests.rules.test_logged import Heard
    from tests.rules.test_reflections import Cooked

TOPICS = (
    test_addresses,
    test_adverts,
    test_authentication,
    test_captures,
    test_clients,
    test_groups,
    test_hosts,
    test_intruders,
    test_jitter,
    test_mastership,
    test_packets,
    test_refusals,
    test_restarts,
    test_settings,
    test_split_brain,
    test_together,
)
CONFIGURATIONS = (test_config_files, test_config_pairs, test_config_roles, test_config_weights)
LAID = (test_meant, test_meant_elections, test_meant_priority, test_meant_roles)
STORIES: list[Story | Written | Laid | Heard | Cooked] = [
    *(story for topic in TOPICS for story in topic.STORIES),
    *(story for topic in CONFIGURATIONS for story in topic.STORIES),
    *(story for topic in LAID for story in topic.STORIES),
    *test_logged.STORIES,
    *test_reflections.STORIES,
    *test_reflections.COOKED,
]

_TESTS = Path(__file__).parents[1]
_PAGES = _TESTS.parent / "docs" / "rules"
_SCENARIOS = _TESTS / "scenarios"

SECTIONS = [
    "What it finds",
    "Why it matters",
    "Evidence",
    "Looks alike",
    "What to do",
    "Confidence and limits",
    "Source",
]

# Stories in which the addresses always had one master, or were handed from one to the next.
HEALTHY = [
    "clean-resign",
    "crossing",
    "edges",
    "equal-priority-start",
    "fault",
    "id-wraps",
    "learned-interval",
    "lost-one",
    "lost-two",
    "mirrored",
    "nopreempt",
    "owner",
    "paused-2s",
    "preempt",
    "priority-drop",
    "reload",
    "restart-in-time",
    "three-routers",
    "tie-break",
    "timeout",
    "two-vlans",
    "unicast",
    "vip-list-accepted",
    "vip-list-latent",
]

rule_of = pytest.mark.parametrize("rule", RULES)


@rule_of
def test_every_rule_has_a_summary_that_is_a_sentence(rule: str) -> None:
    summary = RULES[rule].summary
    assert summary
    assert summary[0].isupper()
    assert summary.endswith(".")


@rule_of
def test_every_rule_has_a_positive_a_near_miss_and_a_clean_story(rule: str) -> None:
    assert {story.kind for story in STORIES if story.rule == rule} == {"positive", "near-miss", "clean"}


@rule_of
def test_every_rule_has_a_page_with_all_sections_in_order(rule: str) -> None:
    lines = page(rule).splitlines()
    assert lines[0] == f"# {rule}"
    assert [line.removeprefix("## ") for line in lines if line.startswith("## ")] == SECTIONS
    blank = [i for i, line in enumerate(lines) if line.startswith("## ") and not "".join(lines[i + 1 : i + 3]).strip()]
    assert not blank, "an empty section"


@rule_of
def test_every_page_reads_well_in_a_terminal(rule: str) -> None:
    lines = page(rule).splitlines()
    assert 25 <= len(lines) <= 50
    assert max(map(len, lines)) <= 100
    assert all(line == line.rstrip() and "\t" not in line for line in lines)


@rule_of
def test_a_page_refers_to_rules_that_exist(rule: str) -> None:
    assert set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", page(rule))) <= set(RULES)


def test_no_page_is_without_a_rule() -> None:
    assert {path.stem for path in _PAGES.glob("*.md")} == set(RULES)


def test_every_story_is_of_a_rule() -> None:
    assert {story.rule for story in STORIES} <= set(RULES)


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_story_gives_no_critical_finding(name: str) -> None:
    text = (_SCENARIOS / name / "trace.txt").read_text(encoding="utf-8")
    assert [f.title for f in findings(text) if f.severity is Severity.CRITICAL] == []


_SECRETS = ("hunter2", "Tr0ub4do", "x")


@pytest.mark.parametrize("secret", _SECRETS)
@pytest.mark.parametrize("other", ["pass=other123", "", "pass=other123 vips=10.0.9.9", "v3"])
def test_a_password_never_stands_in_a_finding_in_clear(secret: str, other: str) -> None:
    found = findings(_two_passwords(secret, other))
    assert any(f.rule == "clear-text-password" for f in found)
    for finding in found:
        assert f"'{secret}'" not in repr(finding)
        assert len(secret) == 1 or secret not in repr(finding)
        assert "other123" not in repr(finding)


@pytest.mark.parametrize("secret", _SECRETS)
def test_a_password_stands_in_a_finding_if_asked_for(secret: str) -> None:
    found = {f.rule: f for f in findings(_two_passwords(secret, "pass=other123"), show_secrets=True)}
    assert f"'{secret}'" in found["password-mismatch"].explanation
    assert "'other123'" in found["password-mismatch"].explanation


def test_two_passwords_of_a_report_can_be_told_apart_without_showing_them() -> None:
    found = {f.rule: f for f in findings(_two_passwords("hunter2", "pass=other123"))}
    digests = {word.strip(":;,.") for word in found["password-mismatch"].explanation.split() if word[0] == "#"}
    assert len(digests) == 2


def _two_passwords(secret: str, other: str) -> str:
    return f"""
        A is p150 pass={secret}
        B is p100 {other}
        0 A id=500
        every 1s from 1 to 5: A
        every 1s from 5.75 to 20.6: B
        20.9 A p0
        21.2 B p0
    """
