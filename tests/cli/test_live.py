"""`vrrpscope live` and `vrrpscope interfaces` at the command line; what they do on a wire is told in `tests/live`."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import HEALTHY, call, one_line, run

if TYPE_CHECKING:
    from pathlib import Path

    Capsys = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "where from"),
        (("-i", "lo", "-r", "-"), "where from"),
        (("-r", "-", "-f", "arp"), "who captures filters there"),
        (("-i", "no-such-one"), "no such interface"),
    ],
)
def test_what_does_not_fit_together_is_refused_in_one_line(
    capsys: Capsys, arguments: tuple[str, ...], words: str
) -> None:
    result = call(capsys, "live", *arguments)
    assert result.code == 2
    assert words in one_line(result)


def test_a_file_piped_in_gives_the_lines_and_the_report(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    result = run("live", "-r", "-", "--format", "ndjson", "-o", report, stdin=HEALTHY.read_bytes())
    assert result.code == 0, result.err
    documents = [json.loads(line) for line in result.out.splitlines()]
    assert documents[-1]["type"] == "end"
    assert {d["event"] for d in documents if d["type"] == "event"} >= {"election", "profile"}
    whole = json.loads(run("analyze", HEALTHY, "--format", "json").out)
    told = json.loads(report.read_text(encoding="utf-8"))
    assert told["virtual_routers"][0]["elections"][0]["to"] == whole["virtual_routers"][0]["elections"][0]["to"]
    assert len(told["virtual_routers"][0]["elections"]) == len(whole["virtual_routers"][0]["elections"])
    assert "frames seen" in result.err


def test_what_is_no_capture_is_refused() -> None:
    result = run("live", "-r", "-", "--format", "text", stdin=b"nothing of the kind")
    assert result.code == 3
    assert "is not a capture" in result.err


def test_the_interfaces_are_listed(capsys: Capsys) -> None:
    names = [name for _, name in socket.if_nameindex()]
    text = call(capsys, "interfaces").out.splitlines()
    assert [line.split()[0] for line in text] == [*names, "any"]
    listed = json.loads(call(capsys, "interfaces", "--format", "json").out)
    assert [each["name"] for each in listed] == names
    assert {"name", "up", "type", "mac"} == listed[0].keys()
