"""`vrrpscope annotate`: the same capture, with comments; and what it never writes over."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from tests.build import enhanced, interface, pcap, pcapng, section
from tests.cli.running import SAMPLES, call, one_line, run
from tests.report.captures import Say, frame, rhythm, write
from vrrpscope.analysis import analyze
from vrrpscope.capture.files import open_source
from vrrpscope.report.annotate import MAX_LENGTH, MAX_REMARKS, comments

if TYPE_CHECKING:
    from pathlib import Path

    Capsys = pytest.CaptureFixture[str]

SPLIT: Final = SAMPLES / "firewall-split-brain" / "lb02.pcap"
EVERY: Final = sorted(SAMPLES.glob("*/*.pcap"))
tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(path: str, field: str = "frame.comment") -> dict[int, str]:
    """Return what tshark shows of each frame."""
    command = ["tshark", "-r", path, "-T", "fields", "-e", "frame.number", "-e", field]
    lines = subprocess.run(command, capture_output=True, check=True).stdout.decode().splitlines()
    return {int(line.partition("\t")[0]): line.partition("\t")[2] for line in lines}


def frames_of(path: Path | str) -> list[tuple[int, int, bytes]]:
    found = []
    with open_source(str(path)) as source:
        for batch in source:
            for n, t, start, length in zip(
                *(column.tolist() for column in (batch.number, batch.t, batch.start, batch.caplen)), strict=True
            ):
                found.append((n, t, batch.data[start : start + length].tobytes()))
    return found


@tshark
def test_tshark_shows_the_story_at_the_frames_that_tell_it(capsys: Capsys) -> None:
    result = call(capsys, "annotate", SPLIT, "-o", "out.pcapng")
    assert (result.code, result.out) == (0, "")
    assert re.fullmatch(r"vrrpscope: out.pcapng: 31 frames, \d+ with comments\n", result.err)
    comment = told("out.pcapng")
    assert "10.0.0.5 is master (first seen)" in comment[1]
    assert "the last advert that 10.0.0.6 accepted; 3.610 s later it takes over (frame 9)" in comment[5]
    assert "10.0.0.6 becomes master while 10.0.0.5 still is; 3.610 s after frame 5" in comment[9]
    assert "SPLIT BRAIN begins" in comment[9]
    assert "split brain ends after 8.001 s" in comment[26]
    assert "evidence of split-brain (critical, certain)" in comment[11]
    assert "" in comment.values()
    said = subprocess.run(["capinfos", "out.pcapng"], capture_output=True, check=True).stdout.decode()
    assert "vrrpscope: SPLIT BRAIN on VRID 50" in said
    assert "File timestamp precision:  microseconds" in said


@pytest.mark.parametrize("path", EVERY, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_copy_of_any_sample_has_its_frames_and_its_analysis(path: Path, capsys: Capsys) -> None:
    assert call(capsys, "annotate", path, "-o", "out.pcapng").code == 0
    assert frames_of("out.pcapng") == frames_of(path)
    reports = []
    for each in (path, "out.pcapng"):
        report = json.loads(call(capsys, "analyze", each, "--format", "json").out)
        reports.append((report["verdict"], report["virtual_routers"], [f["rule"] for f in report["findings"]]))
        assert report["captures"][0]["problems"] == []
    for virtual in (v for _, routers, _ in reports for v in routers):
        for frame_of in (e["frame"] for e in virtual["elections"]):
            frame_of.pop("capture")
    assert _without_names(reports[0]) == _without_names(reports[1])


def _without_names(value: object) -> object:
    """Return a part of a report without the names of captures."""
    if isinstance(value, dict):
        return {k: _without_names(v) for k, v in value.items() if k != "capture"}
    return [_without_names(v) for v in value] if isinstance(value, list | tuple) else value


def test_a_copy_can_be_annotated_again_and_keeps_its_comments(capsys: Capsys) -> None:
    call(capsys, "annotate", SPLIT, "-o", "one.pcapng")
    assert call(capsys, "annotate", "one.pcapng", "-o", "two.pcapng").code == 0
    assert frames_of("two.pcapng") == frames_of(SPLIT)
    with open("two.pcapng", "rb") as file:
        assert file.read().count(b"10.0.0.6 becomes master while") == 2


def test_compressed_and_damaged_captures_are_copied_as_far_as_they_go(tmp_path: Path, capsys: Capsys) -> None:
    path = tmp_path / "cap.gz"
    path.write_bytes(gzip.compress(SPLIT.read_bytes()[:-3]))
    result = call(capsys, "annotate", path, "-o", "out.pcapng")
    assert result.code == 0
    assert "warning: " in result.err
    assert len(frames_of("out.pcapng")) == 30


def test_nothing_is_written_over_unasked(tmp_path: Path, capsys: Capsys) -> None:
    (tmp_path / "out.pcapng").write_text("yesterday's", encoding="utf-8")
    assert "out.pcapng: exists; --force writes over it" in one_line(call(capsys, "annotate", SPLIT, "-o", "out.pcapng"))
    assert (tmp_path / "out.pcapng").read_text(encoding="utf-8") == "yesterday's"
    assert call(capsys, "annotate", SPLIT, "-o", "out.pcapng", "--force").code == 0
    assert len(frames_of("out.pcapng")) == 31


@pytest.mark.parametrize("force", [[], ["--force"]])
@pytest.mark.parametrize("output", ["cap.pcap", "./cap.pcap", "link.pcap"])
def test_the_capture_itself_is_never_written_over(
    output: str, force: list[str], tmp_path: Path, capsys: Capsys
) -> None:
    before = write(tmp_path / "cap.pcap", rhythm(3)).read_bytes()
    (tmp_path / "link.pcap").symlink_to("cap.pcap")
    assert "is the capture itself" in one_line(call(capsys, "annotate", "cap.pcap", "-o", output, *force))
    assert (tmp_path / "cap.pcap").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["-", "-o", "out.pcapng"], 2, "read twice"),
        (["/dev/null", "-o", "out.pcapng"], 2, "read twice"),
        (["missing.pcap", "-o", "out.pcapng"], 3, "no such file"),
        ([str(SPLIT.parent), "-o", "out.pcapng"], 2, "one at a time"),
        ([str(SPLIT), "-o", "missing/out.pcapng"], 2, "cannot be written"),
        (["text", "-o", "out.pcapng"], 3, "is not a capture"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(
    arguments: list[str], code: int, why: str, tmp_path: Path, capsys: Capsys
) -> None:
    (tmp_path / "text").write_text("no capture at all, just words", encoding="utf-8")
    result = call(capsys, "annotate", *arguments)
    assert result.code == code
    assert why in one_line(result)
    assert os.listdir(tmp_path) == ["text"]


def test_standard_input_is_refused_as_a_process_too() -> None:
    result = run("annotate", "-", "-o", "out.pcapng", stdin=pcap([frame(say) for say in rhythm(2)]))
    assert result.code == 2


def test_filters_choose_what_is_commented_and_never_what_is_copied(capsys: Capsys) -> None:
    sample = SAMPLES / "two-instances" / "lb01.pcap"
    call(capsys, "annotate", sample, "-o", "out.pcapng", "--vrid", "51")
    assert frames_of("out.pcapng") == frames_of(sample)
    with open("out.pcapng", "rb") as file:
        written = file.read()
    assert b"ipv4/51" in written
    assert b"ipv4/50" not in written


@tshark
def test_hostile_text_in_comments_is_kept_as_it_was_and_ours_is_escaped(tmp_path: Path, capsys: Capsys) -> None:
    t, data = frame(Say(0.0))
    theirs = "\x1b[2J\u202etheirs".encode()
    comment = bytes([1, 0, len(theirs), 0]) + theirs + bytes(-len(theirs) % 4)
    path = tmp_path / "\x1b[31mcap.pcapng"
    path.write_bytes(section() + interface() + enhanced(t // 1000, data, options=comment + bytes(4)))
    result = call(capsys, "annotate", path, "-o", "out.pcapng")
    assert result.code == 0
    assert "\x1b" not in result.err
    assert theirs in (tmp_path / "out.pcapng").read_bytes()
    assert "10.0.0.5 is master" in told("out.pcapng")[1]


def test_comments_are_bounded_whatever_a_capture_makes_us_say(tmp_path: Path) -> None:
    vips = tuple(f"10.9.{n // 250}.{n % 250 + 1}" for n in range(120))
    story = [Say(float(n) / 10, host=5 + n % 40, priority=100 + n % 7, vips=vips[n % 50 :]) for n in range(300)]
    remarks = comments(analyze(str(write(tmp_path / "cap.pcap", story))))
    texts = [text for of_capture in remarks.values() for text in of_capture.values()]
    assert texts
    for text in texts:
        assert text.count("\n") < MAX_REMARKS
        assert max(map(len, text.split("\n"))) <= MAX_LENGTH + len("vrrpscope: ")


def test_a_capture_without_vrrp_is_copied_with_the_verdict(tmp_path: Path, capsys: Capsys) -> None:
    path = tmp_path / "cap.pcapng"
    path.write_bytes(pcapng([(1, bytes(60))]))
    assert call(capsys, "annotate", path, "-o", "out.pcapng").code == 0
    assert b"NO VRRP" in (tmp_path / "out.pcapng").read_bytes()
