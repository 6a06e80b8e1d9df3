"""The options by which others are told, and what does not go together."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from vrrpscope.cli.telling import Others, listeners, telling
from vrrpscope.errors import UsageError
from vrrpscope.live.metrics import Metrics
from vrrpscope.live.notify import Notifier

NOBODY = Others(None, (), None, (), None, "info")


def test_options_become_others() -> None:
    seen = []

    @click.command()
    @telling
    def command(**options: object) -> None:
        seen.append(Others(**options))  # type: ignore[arg-type]  # that they fit is what is tested

    words = ["--metrics", "[::1]:0", "--on-finding", "true", "--on-finding", "false", "--webhook", "https://h/"]
    words += ["--webhook-header", "A: b", "--syslog", "journal", "--tell-at-least", "warning"]
    assert CliRunner().invoke(command, words).exit_code == 0
    assert seen == [Others("[::1]:0", ("true", "false"), "https://h/", ("A: b",), "journal", "warning")]
    assert CliRunner().invoke(command, []).exit_code == 0
    assert seen[1] == NOBODY


def test_nobody_is_told_unless_it_is_asked_for() -> None:
    assert listeners(NOBODY, print, show_secrets=True) == []


def test_metrics_and_notices_are_listeners() -> None:
    asked = NOBODY._replace(metrics="127.0.0.1:0", commands=("true",), webhook="http://127.0.0.1:9/")
    found = listeners(asked, print, show_secrets=False)
    assert [type(each) for each in found] == [Notifier, Metrics]
    for each in found:
        each.close(None)


@pytest.mark.parametrize(
    ("others", "why"),
    [
        (NOBODY._replace(headers=("A: b",)), "--webhook-header: goes with --webhook"),
        (NOBODY._replace(commands=("/nowhere/page",)), "no such command"),
        (NOBODY._replace(syslog="/nowhere/log"), "there is no socket"),
        (NOBODY._replace(metrics="9112"), "is not ADDRESS:PORT"),
    ],
)
def test_who_cannot_be_told_is_refused(others: Others, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        listeners(others, print, show_secrets=False)


def test_passwords_in_clear_are_told_nobody() -> None:
    with pytest.raises(UsageError, match="--show-secrets"):
        listeners(NOBODY._replace(commands=("true",)), print, show_secrets=True)
