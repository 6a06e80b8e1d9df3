"""`analyze --log`: what daemons said, beside what was sent."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from tests.cli.running import SAMPLES, call, one_line, run

if TYPE_CHECKING:
    from pathlib import Path

STORY = SAMPLES / "password-mismatch"
LB01, LB02 = STORY / "lb01.log", STORY / "lb02.log"
SCHEMA = json.loads(resources.files("vrrpscope.report").joinpath("report-v1.schema.json").read_text())


def test_the_story_quotes_the_logs(capsys: pytest.CaptureFixture[str]) -> None:
    result = call(capsys, "analyze", STORY / "lb01.pcap", "--log", f"lb01={LB01}", "--log", f"lb02={LB02}")
    assert result.code == 1
    assert result.err == ""
    story, findings = " ".join(result.out.split()).split("FINDINGS")  # where lines end depends on the paths
    assert "lb02 log (VI_50) received an invalid passwd!" in story
    assert "times until" in story
    assert "log of lb02 (10.0.0.6)" in story
    assert story.count("gratuitous") == 0
    assert "The log of lb02 says" in findings


def test_the_packets_steps_are_told_as_without_logs(capsys: pytest.CaptureFixture[str]) -> None:
    capture = SAMPLES / "vrid-collision" / "lb01.pcap"
    alone = call(capsys, "analyze", capture).out
    log = SAMPLES / "vrid-collision" / "lb01.log"
    beside = call(capsys, "analyze", capture, "--log", f"lb01={log}").out
    steps = [" ".join(line.split()) for line in alone.splitlines() if line.startswith("  2")]
    assert steps
    assert [step for step in steps if step not in " ".join(beside.split())] == []


def test_the_json_report_has_the_logs(capsys: pytest.CaptureFixture[str]) -> None:
    result = call(capsys, "analyze", STORY / "lb01.pcap", "--log", f"lb02={LB02}", "--format", "json")
    report = json.loads(result.out)
    Draft202012Validator(SCHEMA).validate(report)
    (log,) = report["logs"]
    assert (log["host"], log["path"], log["router"], log["placed"]) == ("lb02", str(LB02), "10.0.0.6", True)
    assert log["instances"] == [{"instance": "VI_50", "virtual_router": "ipv4/50"}]
    assert log["contradictions"] == []
    split = next(f for f in report["findings"] if "split-brain" in f["rule"])
    assert {line["file"] for line in split["lines"]} == {str(LB02)}


def test_a_log_without_a_name_is_called_after_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    result = call(capsys, "analyze", STORY / "lb01.pcap", "--log", LB02, "--format", "json")
    assert json.loads(result.out)["logs"][0]["host"] == "lb02"


def test_two_files_may_be_one_hosts(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lines = LB02.read_text().splitlines(keepends=True)
    for name, part in (("1", lines[:20]), ("2", lines[20:])):
        (tmp_path / name).write_text("".join(part))
    logs = [word for name in "12" for word in ("--log", f"lb02={tmp_path / name}")]
    result = call(capsys, "analyze", STORY / "lb01.pcap", *logs, "--format", "json")
    assert [log["host"] for log in json.loads(result.out)["logs"]] == ["lb02", "lb02"]


def test_a_log_may_come_from_a_pipe() -> None:
    result = run("analyze", STORY / "lb01.pcap", "--log", "lb02=-", "--format", "json", stdin=LB02.read_bytes())
    assert json.loads(result.out)["logs"][0]["router"] == "10.0.0.6"


@pytest.mark.parametrize(
    ("logs", "word"),
    [
        (("lb01=/no/such.log",), "/no/such.log"),
        (("lb01=-", "lb02=-"), "only once"),
        (("-",), "whose log"),
        (("lb01=",), "lb01=lb01.log"),
    ],
)
def test_a_log_that_cannot_be_read_is_one_line_and_usage(
    capsys: pytest.CaptureFixture[str], logs: tuple[str, ...], word: str
) -> None:
    options = [part for log in logs for part in ("--log", log)]
    result = call(capsys, "analyze", STORY / "lb01.pcap", *options)
    assert result.code == 2
    assert word in one_line(result)


def test_what_is_wrong_with_a_log_is_said_on_standard_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    strange = tmp_path / "lb02.log"
    strange.write_text("no time here\n" * 5)
    result = call(capsys, "analyze", STORY / "lb01.pcap", "--log", f"lb02={strange}")
    assert result.code == 1
    assert "5 of 5 lines have no time stamp" in result.err
    assert "none of keepalived or vrrpd" in result.err
    assert "log-not-placed" in result.out


def test_hostile_words_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log = tmp_path / "lb02.log"
    log.write_text(LB02.read_text().replace("received an invalid passwd!", "received an invalid passwd from \x1b[2J!"))
    result = call(capsys, "analyze", STORY / "lb01.pcap", "--log", f"lb02={log}")
    assert "\x1b" not in result.out


def test_the_report_may_not_overwrite_a_log(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log = tmp_path / "lb02.log"
    log.write_bytes(LB02.read_bytes())
    result = call(capsys, "analyze", STORY / "lb01.pcap", "--log", f"lb02={log}", "-o", log)
    assert result.code == 2
    assert log.read_bytes() == LB02.read_bytes()
