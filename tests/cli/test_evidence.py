"""`analyze --evidence DIR`: for each finding its frames and what was around them, and nothing written over."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from tests.build import BILLION, T0, enhanced, interface, pcap, section
from tests.cli.running import HEALTHY, SAMPLES, call, one_line, run
from tests.report.captures import frame, rhythm, write
from vrrpscope.analysis import analyze
from vrrpscope.capture.files import open_source
from vrrpscope.findings import Severity
from vrrpscope.questions.again import again
from vrrpscope.report import excerpts
from vrrpscope.report.excerpts import AROUND, worth_keeping, write_excerpts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    Capsys = pytest.CaptureFixture[str]

STORY: Final = SAMPLES / "firewall-split-brain"
VIEWS: Final = [f"lb01={STORY / 'lb01.pcap'}", f"lb02={STORY / 'lb02.pcap'}"]
tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def rows(path: Path | str) -> list[tuple[int, bytes]]:
    found = []
    with open_source(str(path)) as source:
        for batch in source:
            columns = (batch.t, batch.start, batch.caplen)
            found += [
                (t, batch.data[start : start + length].tobytes())
                for t, start, length in zip(*(c.tolist() for c in columns), strict=True)
            ]
        assert source.info.problems == []
    return found


def excerpted(specs: Sequence[str | Path], directory: Path) -> list[str]:
    directory.mkdir()
    analysis = analyze(*map(str, specs))
    return write_excerpts(analysis, again(analysis, [str(s) for s in specs]), str(directory))


def test_a_finding_has_a_capture_with_its_name(capsys: Capsys) -> None:
    result = call(capsys, "analyze", STORY / "lb02.pcap", "--evidence", "out")
    assert result.code == 1
    assert re.fullmatch(r"vrrpscope: out: evidence of \d+ findings?\n", result.err)
    assert result.out.startswith("SPLIT BRAIN")
    assert min(os.listdir("out")) == "01-split-brain-vrid50.pcapng"
    assert call(capsys, "analyze", "out/01-split-brain-vrid50.pcapng").out.startswith("SPLIT BRAIN")


def test_only_what_is_amiss_has_evidence(capsys: Capsys) -> None:
    result = call(capsys, "analyze", HEALTHY, "--evidence", "out")
    assert result.code == 0
    assert len(os.listdir("out")) == len(worth_keeping(analyze(str(HEALTHY))))


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*/*.pcap"))[::3], ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_of_any_sample_the_frames_of_a_finding_are_in_its_excerpt_in_order(path: Path, tmp_path: Path) -> None:
    names = excerpted([path], tmp_path / "out")
    whole = rows(path)
    findings = worth_keeping(analyze(str(path)))
    assert len(names) == len(findings)
    for name, finding in zip(names, findings, strict=True):
        kept = rows(tmp_path / "out" / name)
        assert kept == sorted(kept, key=lambda row: row[0])
        assert set(kept) <= set(whole)
        assert {whole[f.number - 1] for f in finding.frames} <= set(kept)


def test_what_was_around_is_kept_and_what_was_not_is_left_out(tmp_path: Path) -> None:
    arp = bytes.fromhex("ffffffffffff020000000005080600010800060400010200000000050a000005000000000000" + "0a000003")
    noise = bytes.fromhex("020000000001020000000002" + "86dd") + bytes(60)
    story = [*rhythm(40), *(say._replace(at=say.at + 20.4) for say in rhythm(3, host=6, priority=100))]
    frames = sorted([*map(frame, story), *((T0 + n * BILLION + 5, arp) for n in range(40)), (T0 + 21 * BILLION, noise)])
    path = tmp_path / "cap.pcap"
    path.write_bytes(pcap(frames, nano=True))
    (name,) = [n for n in excerpted([path], tmp_path / "out") if "split-brain" in n]
    kept = rows(tmp_path / "out" / name)
    finding = next(f for f in analyze(str(path)).findings if "split-brain" in f.rule)
    times = [frames[f.number - 1][0] for f in finding.frames] + [finding.start, finding.end or 0]
    expected = [(t, data) for t, data in frames if data != noise and any(abs(t - moment) <= AROUND for moment in times)]
    assert kept == expected
    assert len(kept) < len(frames)


@tshark
def test_several_captures_are_one_excerpt_with_their_names(tmp_path: Path) -> None:
    name, *_ = excerpted(VIEWS, tmp_path / "out")
    fields = ["frame.interface_name", "frame.comment"]
    command = ["tshark", "-r", str(tmp_path / "out" / name), "-T", "fields", *(w for f in fields for w in ("-e", f))]
    lines = subprocess.run(command, capture_output=True, check=True).stdout.decode().splitlines()
    assert {line.partition("\t")[0] for line in lines} == {"lb01", "lb02"}
    assert any("frame 5 of lb01" in line and "the last advert that 10.0.0.6 accepted" in line for line in lines)
    said = subprocess.run(["capinfos", tmp_path / "out" / name], capture_output=True, check=True).stdout.decode()
    assert "were both master of 10.0.0.3" in said
    assert "Frame numbers in comments are those of lb01, lb02." in said


def test_interfaces_of_one_capture_stay_apart(tmp_path: Path) -> None:
    story = [*rhythm(9), *(say._replace(at=say.at + 3.4) for say in rhythm(3, host=6, priority=100))]
    blocks = [section(), interface(resolution=9), interface(resolution=9)]
    for n, (t, data) in enumerate(sorted(map(frame, story))):
        blocks.append(enhanced(t, data, interface=n % 2))
    path = tmp_path / "cap.pcapng"
    path.write_bytes(b"".join(blocks))
    (name, *_) = excerpted([path], tmp_path / "out")
    assert b"cap/1" in (tmp_path / "out" / name).read_bytes()
    assert set(rows(tmp_path / "out" / name)) <= set(rows(path))


def test_an_excerpt_and_their_number_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excerpts, "MAX_FRAMES", 7)
    monkeypatch.setattr(excerpts, "MAX_EXCERPTS", 1)
    story = [*rhythm(30), *(say._replace(at=say.at + 20.4) for say in rhythm(3, host=6, priority=100))]
    path = write(tmp_path / "cap.pcap", [*story, *(say._replace(vrid=51) for say in story)])
    finding, *others = worth_keeping(analyze(str(path)))
    assert others
    (name,) = excerpted([path], tmp_path / "out")
    kept = rows(tmp_path / "out" / name)
    assert 7 <= len(kept) <= 7 + len(finding.frames)
    assert {rows(path)[f.number - 1] for f in finding.frames} <= set(kept)
    assert finding.severity is not Severity.INFO


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["-"], "standard input"),
        (["lb01=-"], "standard input"),
        ([str(HEALTHY), "--evidence", "full"], "full: is not empty"),
        ([str(HEALTHY), "--evidence", "file"], "file: is not a directory"),
        ([str(HEALTHY), "--evidence", "file/in"], "file/in: cannot be written"),
    ],
)
def test_where_it_cannot_be_kept_nothing_is_done(
    arguments: list[str], why: str, tmp_path: Path, capsys: Capsys
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "01-split-brain-vrid50.pcapng").write_bytes(b"yesterday's")
    (tmp_path / "file").write_bytes(b"")
    result = call(capsys, "analyze", *(arguments if "--evidence" in arguments else [*arguments, "--evidence", "new"]))
    assert result.code == 2
    assert why in one_line(result)
    assert (tmp_path / "full" / "01-split-brain-vrid50.pcapng").read_bytes() == b"yesterday's"
    assert not (tmp_path / "new").exists()


def test_a_hostile_name_of_a_capture_does_not_get_out_of_the_directory(tmp_path: Path) -> None:
    path = tmp_path / "\x1b[2J..cap.pcap"
    path.write_bytes((STORY / "lb02.pcap").read_bytes())
    assert excerpted([path], tmp_path / "out")[0] == "01-split-brain-vrid50.pcapng"
    assert b"\x1b" not in (tmp_path / "out" / "01-split-brain-vrid50.pcapng").read_bytes().replace(
        b"".join(data for _, data in rows(path)), b""
    )


def test_it_works_as_a_process(tmp_path: Path) -> None:
    result = run("analyze", *VIEWS, "--evidence", tmp_path / "out", "--fail-on", "never")
    assert result.code == 0
    assert "/out: evidence of " in result.err
