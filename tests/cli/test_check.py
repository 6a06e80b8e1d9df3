"""`vrrpscope check`: configurations beside each other, held against what the lab's stories stage with them."""

from __future__ import annotations

import io
import json
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import pytest
from jsonschema import Draft202012Validator

from tests.cli.running import call, one_line
from tests.cli.test_start_up import CODECS, NEVER, loaded
from tests.rules.configuring import pair, password, vi
from vrrpscope.evidence.keepalived_conf import read
from vrrpscope.lab.stories import STORIES
from vrrpscope.report.check import as_text
from vrrpscope.rules.checking import check

if TYPE_CHECKING:
    from pathlib import Path

Capsys = pytest.CaptureFixture[str]

SCHEMA: Final = json.loads(resources.files("vrrpscope.report").joinpath("check-v1.schema.json").read_text())
VALIDATOR: Final = Draft202012Validator(SCHEMA)

FORESEEN: Final = {
    "password-mismatch": ("critical", "password-mismatch"),
    "interval-mismatch": ("critical", "interval-mismatch"),
    "interval-mismatch-v3": ("warning", "interval-mismatch"),
    "auth-type-mismatch": ("critical", "auth-type-mismatch"),
    "ah-against-pass": ("critical", "auth-type-mismatch"),
    "ah-key-mismatch": ("critical", "password-mismatch"),
    "version-mismatch": ("critical", "version-mismatch"),
    "address-list-mismatch": ("critical", "vip-list-mismatch"),
    "unicast-against-multicast": ("critical", "unicast-mismatch"),
    "unicast-wrong-peer": ("critical", "unicast-peers"),
    "vrid-collision": ("warning", "vrid-collision"),
}
"""The stories whose cause stands in the configurations; in all others these are good."""


def lay(directory: Path, hosts: dict[str, str]) -> list[str]:
    """Write configurations; return them as arguments."""
    for host, text in hosts.items():
        (directory / f"{host}.conf").write_text(text)
    return [f"{host}={directory}/{host}.conf" for host in hosts]


def report(capsys: Capsys, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call(capsys, "check", "--format", "json", *arguments).out)
    VALIDATOR.validate(found)
    return found


def staged(name: str) -> dict[str, str]:
    """Return the keepalived configurations of a story, by host."""
    return {h.name: u.config for h in STORIES[name].hosts for u in h.units if u.kind == "keepalived"}


@pytest.mark.parametrize("name", [name for name in STORIES if staged(name)])
def test_what_a_story_stages_is_foreseen(name: str, tmp_path: Path, capsys: Capsys) -> None:
    found = report(capsys, *lay(tmp_path, staged(name)))
    told = [(f["severity"], f["rule"]) for f in found["findings"] if f["severity"] != "info"]
    assert told[:1] == ([FORESEEN[name]] if name in FORESEEN else [])
    assert found["verdict"] == FORESEEN.get(name, ("healthy", ""))[0]
    assert [r for c in found["configurations"] for r in c["remarks"] if r["kind"] != "ignored"] == []


def test_the_first_line_is_the_verdict_and_the_table_marks_what_differs(tmp_path: Path, capsys: Capsys) -> None:
    hosts = pair((password("s3cr3t50"), "advert_int 2"), (password("s3cr3t50"),))
    result = call(capsys, "check", *lay(tmp_path, hosts))
    lines = result.out.splitlines()
    assert result.code == 1
    assert result.err == ""
    assert lines[0].startswith("INTERVAL MISMATCH on VRID 50: lb01 and lb02 are configured with different")
    assert any(line.startswith("! advert_int") and "2.000 s" in line and "1.000 s" in line for line in lines)
    assert any(line.startswith("  authentication") for line in lines)
    assert f"{tmp_path}/lb01.conf:10" in "".join(line.strip() for line in lines)
    assert "s3cr3t50" not in result.out
    assert max(len(line) for line in lines if "/" not in line) <= 80


def test_a_password_that_differs_is_marked_without_being_shown(tmp_path: Path, capsys: Capsys) -> None:
    out = call(capsys, "check", *lay(tmp_path, pair((password("hunter22"),), (password("s3cr3t50"),)))).out
    (line,) = (line for line in out.splitlines() if line.startswith("! "))
    assert line.split(maxsplit=2) == ["!", "authentication", "PASS                          PASS, another password"]


def test_different_addresses_are_laid_beside_each_other(tmp_path: Path, capsys: Capsys) -> None:
    out = call(capsys, "check", *lay(tmp_path, {"lb01": vi(), "lb02": vi(addresses="10.0.0.3/24 10.0.0.4")})).out
    assert next(line.split() for line in out.splitlines() if line.startswith("! ")) == ["!", "-", "10.0.0.4"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (vi(), {"critical": 0, "warning": 0, "never": 0}),
        (vi("priority 300"), {"critical": 0, "warning": 1, "never": 0}),
        (vi() + vi(name="B"), {"critical": 1, "warning": 1, "never": 0}),
    ],
    ids=["healthy", "warning", "critical"],
)
def test_one_file_alone_is_checked_for_itself(text: str, codes: dict[str, int], tmp_path: Path, capsys: Capsys) -> None:
    (argument,) = lay(tmp_path, {"lb01": text})
    for limit, code in codes.items():
        assert call(capsys, "check", argument.partition("=")[2], "--fail-on", limit).code == code


def test_secrets_are_shown_on_demand(tmp_path: Path, capsys: Capsys) -> None:
    arguments = lay(tmp_path, pair((password("hunter22"),), (password("s3cr3t50"),)))
    assert "hunter22" not in call(capsys, "check", *arguments).out
    assert "hunter22" not in call(capsys, "check", "--format", "json", *arguments).out
    assert "hunter22" in call(capsys, "check", "--show-secrets", *arguments).out


def test_the_report_goes_where_it_is_wanted_but_never_over_a_configuration(tmp_path: Path, capsys: Capsys) -> None:
    (argument,) = lay(tmp_path, {"lb01": vi()})
    assert call(capsys, "check", argument, "-o", tmp_path / "report.txt").out == ""
    assert (tmp_path / "report.txt").read_text().startswith("HEALTHY: 1 virtual router in 1 configuration")
    result = call(capsys, "check", argument, "-o", tmp_path / "lb01.conf")
    assert result.code == 2
    assert (tmp_path / "lb01.conf").read_text() == vi()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{}/nosuch.conf"], "nosuch.conf: cannot be read: No such file"),
        (["lb01={}"], "cannot be read: Is a directory"),
        (["lb01={}/lb01.conf", "lb01={}/lb01.conf"], "lb01: two configurations of one name"),
        (["lb01="], "[NAME=]FILE is wanted"),
    ],
)
def test_what_cannot_be_is_one_line(arguments: list[str], said: str, tmp_path: Path, capsys: Capsys) -> None:
    lay(tmp_path, {"lb01": vi()})
    result = call(capsys, "check", *(argument.format(tmp_path) for argument in arguments))
    assert result.code == 2
    assert said in one_line(result)


def test_files_of_one_name_are_called_after_their_directories(tmp_path: Path, capsys: Capsys) -> None:
    paths = []
    for host in ("lb01", "lb02"):
        (tmp_path / host).mkdir()
        (tmp_path / host / "keepalived.conf").write_text(vi())
        paths.append(f"{tmp_path}/{host}/keepalived.conf")
    found = report(capsys, *paths)
    assert [c["host"] for c in found["configurations"]] == ["lb01", "lb02"]


def test_a_damaged_configuration_is_used_as_far_as_it_goes(tmp_path: Path, capsys: Capsys) -> None:
    hosts = pair((), ("version 3",))
    hosts["lb02"] = hosts["lb02"].rstrip().removesuffix("}")
    found = report(capsys, *lay(tmp_path, hosts))
    assert [f["rule"] for f in found["findings"] if f["severity"] != "info"] == [
        "version-mismatch",
        "damaged-configuration",
    ]


def test_nothing_in_a_file_moves_the_cursor(tmp_path: Path, capsys: Capsys) -> None:
    evil = "\x1b[2J\u202e"
    text = vi(f"bogus{evil} x", name=f"A{evil}", interface=f"e{evil}", addresses=f"10.0.0.3/24 {evil}")
    result = call(capsys, "check", *lay(tmp_path, {"lb01": text}))
    assert all(line.isprintable() for line in result.out.splitlines())
    assert "\\x1b[2J" in result.out


def test_a_terminal_without_symbols_gets_letters(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text(vi("priority 300"))
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    as_text(check([read(str(tmp_path / "a.conf"))]), stream)
    stream.seek(0)
    out = stream.read()
    assert "  ! ignored-setting" in out
    assert "\\u" not in out


def test_without_an_instance_there_is_no_vrrp(tmp_path: Path, capsys: Capsys) -> None:
    result = call(capsys, "check", *lay(tmp_path, {"lb01": "global_defs {\n}\n"}))
    assert (result.code, result.out.splitlines()[0]) == (0, "NO VRRP: there is no vrrp_instance in 1 configuration.")


def test_checking_loads_nothing_heavy(tmp_path: Path) -> None:
    (argument,) = lay(tmp_path, {"lb01": vi()})
    assert loaded("check", argument) & (NEVER | CODECS) == set()
