"""`vrrpscope analyze --config`: configurations beside the captures of the stories they were recorded with."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import pytest
from jsonschema import Draft202012Validator

from tests.cli.running import SAMPLES, call, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Capsys = pytest.CaptureFixture[str]

SCHEMA: Final = json.loads(resources.files("vrrpscope.report").joinpath("report-v1.schema.json").read_text())
VALIDATOR: Final = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
KNOWN: Final = {"lb01": "10.0.0.5", "lb02": "10.0.0.6"}
NEVER_SEEN: Final = {("rogue-master", "lb02"), ("vrid-collision", "lb02"), ("two-instances", "lb02")}
"""Samples in which a host, or an instance of it, remained a backup."""
STAGED: Final = sorted(
    directory.name
    for directory in SAMPLES.iterdir()
    if all((directory / f"lb0{n}.{kind}").exists() for n in (1, 2) for kind in ("conf", "pcap"))
    and "vrrp_instance" in (directory / "lb02.conf").read_text()
)


def beside(directory: Path, hosts: Iterable[str] = KNOWN) -> list[str]:
    """Return the options that give a story's configurations."""
    return [word for host in hosts for word in ("--config", f"{host}={directory / host}.conf")]


def report(capsys: Capsys, *arguments: str | Path) -> Any:
    result = call(capsys, "analyze", *arguments, "--format", "json", "--fail-on", "never")
    assert result.code == 0, result.err
    document = json.loads(result.out)
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    return document


def both(directory: Path) -> list[str]:
    """Return both captures, named after their hosts."""
    return [f"{host}={directory / host}.pcap" for host in KNOWN]


def known(document: Any) -> dict[str, set[str | None]]:
    return {each["host"]: {i["router"] for i in each["instances"]} for each in document["configurations"]}


@pytest.mark.parametrize("name", STAGED)
def test_every_instance_of_a_story_is_the_router_that_it_was(name: str, capsys: Capsys) -> None:
    document = report(capsys, *both(SAMPLES / name), *beside(SAMPLES / name))
    for host, routers in known(document).items():
        own = {KNOWN[host], f"fe80::{KNOWN[host].rpartition('.')[2]}"}
        assert (None in routers) == ((name, host) in NEVER_SEEN)
        assert routers - {None} <= own


@pytest.mark.parametrize("name", STAGED)
def test_no_story_drifts_from_the_configuration_it_was_recorded_with(name: str, capsys: Capsys) -> None:
    document = report(capsys, *both(SAMPLES / name), *beside(SAMPLES / name))
    assert [f["title"] for f in document["findings"] if f["rule"] == "config-drift"] == []


def test_a_priority_that_fell_is_explained_by_the_check_that_failed(capsys: Capsys) -> None:
    directory = SAMPLES / "script-weight"
    found = report(capsys, directory / "lb02.pcap", *beside(directory))["findings"]
    (step,) = (f for f in found if f["rule"] == "priority-step")
    assert step["title"] == "10.0.0.5 (lb01) had priority 90 instead of 150: uplink failed"
    assert step["cause"] == "priority-weight"
    assert {line["host"] for line in step["lines"]} == {"lb01", "lb02"}


def test_a_mismatch_that_was_seen_has_the_lines_that_made_it(capsys: Capsys) -> None:
    directory = SAMPLES / "password-mismatch"
    found = report(capsys, directory / "lb02.pcap", *beside(directory))["findings"]
    assert [f["rule"] for f in found].count("password-mismatch") == 1
    for rule in ("password-mismatch", "split-brain"):
        (finding,) = (f for f in found if f["rule"] == rule)
        assert [line["host"] for line in finding["lines"]] == ["lb01", "lb02"]


def test_a_configuration_that_was_changed_and_not_read_is_told_with_its_line(tmp_path: Path, capsys: Capsys) -> None:
    directory = SAMPLES / "failover"
    changed = tmp_path / "lb01.conf"
    changed.write_text((directory / "lb01.conf").read_text().replace("advert_int 1", "advert_int 5"))
    found = report(capsys, *both(directory), "--config", f"lb01={changed}")["findings"]
    (drift,) = (f for f in found if f["rule"] == "config-drift")
    assert "advertisement interval" in drift["title"]
    (line,) = drift["lines"]
    assert changed.read_text().splitlines()[line["number"] - 1].strip() == "advert_int 5"
    assert (line["host"], line["file"]) == ("lb01", str(changed))


def test_a_difference_that_did_no_harm_yet_is_a_warning(tmp_path: Path, capsys: Capsys) -> None:
    directory = SAMPLES / "rogue-master"
    changed = tmp_path / "lb02.conf"
    changed.write_text((directory / "lb02.conf").read_text().replace("advert_int 1", "advert_int 5"))
    options = beside(directory, ["lb01"])
    document = report(capsys, directory / "lb02.pcap", *options, "--config", f"lb02={changed}")
    (foreseen,) = (f for f in document["findings"] if f["rule"] == "interval-mismatch")
    assert foreseen["severity"] == "warning"
    assert foreseen["frames"] == []


def test_without_configurations_the_report_has_none(capsys: Capsys) -> None:
    assert report(capsys, SAMPLES / "failover" / "lb01.pcap")["configurations"] == []


def test_a_host_without_a_name_is_called_after_its_file(capsys: Capsys) -> None:
    directory = SAMPLES / "failover"
    document = report(capsys, directory / "lb01.pcap", "--config", directory / "lb01.conf")
    assert [(each["host"], each["path"]) for each in document["configurations"]] == [
        ("lb01", str(directory / "lb01.conf"))
    ]


def test_passwords_of_configurations_are_not_shown(capsys: Capsys) -> None:
    directory = SAMPLES / "ah"
    for form in ("text", "json"):
        result = call(capsys, "analyze", directory / "lb01.pcap", *beside(directory), "--format", form)
        assert "s3cr3t" not in result.out


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("lb01=/nowhere/keepalived.conf", "cannot be read"),
        ("=keepalived.conf", "[NAME=]FILE is wanted"),
    ],
)
def test_a_configuration_that_cannot_be_had_is_a_mistake_of_usage(value: str, said: str, capsys: Capsys) -> None:
    result = call(capsys, "analyze", SAMPLES / "failover" / "lb01.pcap", "--config", value)
    assert result.code == 2
    assert said in one_line(result)


def test_two_configurations_of_one_name_are_refused(capsys: Capsys) -> None:
    directory = SAMPLES / "failover"
    options = ["--config", f"lb01={directory / 'lb01.conf'}", "--config", f"lb01={directory / 'lb02.conf'}"]
    result = call(capsys, "analyze", directory / "lb01.pcap", *options)
    assert result.code == 2
    assert "lb01: two configurations of one name" in one_line(result)


def test_a_report_does_not_overwrite_a_configuration(tmp_path: Path, capsys: Capsys) -> None:
    path = tmp_path / "lb01.conf"
    path.write_text("vrrp_instance VI { virtual_router_id 50 }\n")
    capture = SAMPLES / "failover" / "lb01.pcap"
    result = call(capsys, "analyze", capture, "--config", f"lb01={path}", "-o", str(path))
    assert result.code == 2
    assert path.read_text().startswith("vrrp_instance")
