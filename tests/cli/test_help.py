"""The help and the catalogue: what a user can find out without leaving the terminal."""

from __future__ import annotations

import re

import pytest

from tests.cli.running import call
from vrrpscope.cli import COMMANDS
from vrrpscope.errors import CaptureError, PrivilegeError, UsageError
from vrrpscope.report import RENDERERS
from vrrpscope.rules import RULES

Capsys = pytest.CaptureFixture[str]


def test_the_help_names_every_command_and_how_to_begin(capsys: Capsys) -> None:
    result = call(capsys, "--help")
    assert result.code == 0
    for name, summary in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(summary)}$", result.out, re.MULTILINE)
    assert "vrrpscope analyze " in result.out
    assert "--version" in result.out


def test_without_a_command_the_help_is_shown(capsys: Capsys) -> None:
    result = call(capsys)
    assert result.code == 2
    assert "Commands:" in result.err + result.out


@pytest.mark.parametrize("name", list(COMMANDS))
def test_each_command_explains_each_of_its_options(name: str, capsys: Capsys) -> None:
    for flag in ("--help", "-h"):
        result = call(capsys, name, flag)
        assert result.code == 0
        assert result.out.startswith(f"Usage: vrrpscope {name} ")
    import importlib

    command = importlib.import_module(f"vrrpscope.cli.{name}").command
    for option in command.params:
        if option.param_type_name == "option":
            assert option.opts[-1] in result.out
            assert option.help
        else:
            assert (option.metavar or option.name.upper()) in result.out
    assert max(map(len, result.out.splitlines())) <= 80


def test_the_help_of_analyze_names_formats_inputs_and_exit_codes(capsys: Capsys) -> None:
    text = " ".join(call(capsys, "analyze", "--help").out.split())
    for word in [*RENDERERS, "NAME=", "pcapng", "directory", "standard input", "Exit codes"]:
        assert word in text
    for code in (0, 1, UsageError.exit_code, CaptureError.exit_code, PrivilegeError.exit_code):
        assert re.search(rf"\b{code} \w", text)


@pytest.mark.parametrize("arguments", [["--help"], ["analyze", "--help"]])
def test_the_help_shows_no_markup(arguments: list[str], capsys: Capsys) -> None:
    assert "\\b" not in call(capsys, *arguments).out


def test_an_unknown_command_is_named(capsys: Capsys) -> None:
    result = call(capsys, "analyse")
    assert result.code == 2
    assert "analyse" in result.err


def test_the_catalogue_has_one_line_for_each_rule(capsys: Capsys) -> None:
    result = call(capsys, "rules")
    assert result.code == 0
    assert [line.split()[0] for line in result.out.splitlines()] == list(RULES)
    assert all(re.match(r"[a-z-]+ +[A-Z].*\.$", line) for line in result.out.splitlines())


@pytest.mark.parametrize("name", list(RULES))
def test_each_rule_has_its_page(name: str, capsys: Capsys) -> None:
    result = call(capsys, "rules", name)
    assert result.code == 0
    assert result.err == ""
    assert name in result.out.splitlines()[0]
    assert len(result.out.splitlines()) > 8


@pytest.mark.parametrize("name", ["split brain", "", "../../README", "SPLIT-BRAIN"])
def test_an_unknown_rule_is_one_line(name: str, capsys: Capsys) -> None:
    result = call(capsys, "rules", "--", name)
    assert result.code == 2
    assert result.out == ""
    assert "no such rule" in result.err
    assert "vrrpscope rules" in result.err
