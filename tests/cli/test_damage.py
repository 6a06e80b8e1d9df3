"""Captures that are cut off or damaged: what can be had is reported, and the damage is named."""

from __future__ import annotations

import json
from importlib import resources
from io import StringIO
from typing import TYPE_CHECKING, Any, Final

import pytest
from jsonschema import Draft202012Validator

from tests.build import pcap, pcapng, record
from tests.cli.running import CRITICAL, call
from tests.report.captures import frame, rhythm
from vrrpscope.analysis import analyze
from vrrpscope.errors import NotACaptureError
from vrrpscope.report import render

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA: Final = json.loads(resources.files("vrrpscope.report").joinpath("report-v1.schema.json").read_text())
VALIDATOR: Final = Draft202012Validator(SCHEMA)
FRAMES: Final = [frame(say) for say in rhythm(4)]
FORMATS: Final = {  # with the bytes it takes to know them
    "pcap": (pcap(FRAMES, nano=True), 24),
    "pcapng": (pcapng(FRAMES), 12),
}
RECORD: Final = 16


def reported(path: Path) -> dict[str, Any]:
    """Return the report of a capture in both formats' making: the text must come about too."""
    analysis = analyze(str(path))
    render(analysis, "text", StringIO())
    stream = StringIO()
    render(analysis, "json", stream)
    report: dict[str, Any] = json.loads(stream.getvalue())
    assert VALIDATOR.is_valid(report)
    return report


@pytest.mark.parametrize("form", list(FORMATS))
def test_a_capture_cut_off_at_any_byte_is_used_up_to_there(form: str, tmp_path: Path) -> None:
    data, header = FORMATS[form]
    path = tmp_path / "cap"
    seen: list[int] = []
    for size in range(len(data) + 1):
        path.write_bytes(data[:size])
        if size < header:
            with pytest.raises(NotACaptureError):
                analyze(str(path))
            continue
        capture = reported(path)["captures"][0]
        assert capture["frames"] >= max(seen, default=0)
        assert all(problem["offset"] <= size for problem in capture["problems"])
        seen.append(capture["adverts"])
    assert seen == sorted(seen)
    assert seen[-1] == len(FRAMES)
    assert seen[0] == 0


def test_a_cut_inside_a_record_is_a_problem_and_one_between_records_is_not(tmp_path: Path) -> None:
    path = tmp_path / "cap.pcap"
    data, at = FORMATS["pcap"]
    boundaries = [at]
    for _, bytes_of in FRAMES:
        at += RECORD + len(bytes_of)
        boundaries.append(at)
    for size in range(24, len(data) + 1):
        path.write_bytes(data[:size])
        problems = reported(path)["captures"][0]["problems"]
        assert bool(problems) is (size not in boundaries), size


def test_a_cut_off_capture_is_warned_of_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cap.pcap"
    path.write_bytes(CRITICAL.read_bytes()[:-5])
    result = call(capsys, "analyze", path)
    assert result.code == 1
    assert "damaged-capture" in result.out
    assert "SPLIT BRAIN" in result.out
    assert result.err.startswith(f"vrrpscope: warning: {path} at byte ")
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFFFFF, 300_000, 3, 0])
@pytest.mark.parametrize("form", ["text", "json"])
def test_one_corrupt_length_costs_a_frame_or_two_and_not_the_rest(
    length: int, form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = [frame(say) for say in rhythm(40)]
    data = bytearray(pcap(frames, nano=True))
    at = 24 + sum(RECORD + len(content) for _, content in frames[:20])
    data[at : at + RECORD] = record(*frames[20], nano=True, caplen=length)
    path = tmp_path / "cap.pcap"
    path.write_bytes(data)
    result = call(capsys, "analyze", path, "--format", form)
    assert result.code == 0
    assert f"{path} at byte " in result.err
    capture = reported(path)["captures"][0]
    assert capture["adverts"] >= 37
    assert capture["problems"]
    assert call(capsys, "analyze", path, "--fail-on", "warning").code == 1


def test_many_problems_do_not_flood_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames = [frame(say) for say in rhythm(3000)]
    data = bytearray(pcap(frames, nano=True))
    size = RECORD + len(frames[0][1])
    for n in range(5, 3000, 10):
        data[24 + n * size : 24 + n * size + RECORD] = record(*frames[n], nano=True, caplen=0xFFFFFFF0)
    path = tmp_path / "cap.pcap"
    path.write_bytes(data)
    result = call(capsys, "analyze", path)
    assert result.code == 0
    assert result.err.count("\n") <= 101
    assert len(result.out.splitlines()) < 120
