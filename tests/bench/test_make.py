"""The benchmark measures what it says: its captures are the same each time, sound, and as described."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.bench import adverts
from tests.bench.make import KINDS, make
from tests.bench.packets import internet_sum
from tests.bench.run import head

FRAMES = 3000


def records(path: Path) -> list[tuple[int, bytes]]:
    """Return time in microseconds and bytes of every frame."""
    data, at, found = path.read_bytes(), 24, []
    while at < len(data):
        seconds, micros, size, _ = np.frombuffer(data, "<u4", 4, at).tolist()
        found.append((seconds * 1_000_000 + micros, data[at + 16 : at + 16 + size]))
        at += 16 + size
    return found


def total(data: bytes) -> int:
    return int(internet_sum(np.frombuffer(data + b"\0" * (len(data) % 2), np.uint8)[None, :])[0])


@pytest.mark.parametrize("kind", KINDS)
def test_a_capture_is_whole_in_order_and_the_same_each_time(kind: str, tmp_path: Path) -> None:
    path = make(kind, FRAMES, tmp_path)
    frames = records(path)
    assert len(frames) == FRAMES
    assert all(60 <= len(frame) <= 1514 for _, frame in frames)
    assert sorted(t for t, _ in frames) == [t for t, _ in frames]
    assert make(kind, FRAMES, tmp_path / "again").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_every_checksum_of_ip_and_vrrp_is_right(kind: str, tmp_path: Path) -> None:
    seen = 0
    for _, frame in records(make(kind, FRAMES, tmp_path)):
        if frame[12:14] != b"\x08\x00":
            continue
        assert total(frame[14:34]) == 0xFFFF
        if frame[23] == 112:
            seen += 1
            advert = frame[34 : 14 + int.from_bytes(frame[16:18], "big")]
            pseudo = frame[26:34] + bytes([0, 112, 0, len(advert)]) if advert[0] == 0x31 else b""
            assert total(pseudo + advert) == 0xFFFF
    assert seen == (FRAMES // 100 if kind == "mixed" else FRAMES)


def test_a_day_holds_crashes_resignations_and_returns_that_begin_with_ip_id_1() -> None:
    plan = adverts.day(200_000, vrids=4)
    for vrid in range(1, 5):
        own = plan[plan["vrid"] == vrid]
        handovers = np.flatnonzero(np.diff(own["speaker"].astype(int)))
        before, after = own[handovers], own[handovers + 1]
        gap = after["t"] - before["t"]
        resigned, preempted = before["priority"] == 0, after["speaker"] == 0
        assert resigned.any()
        assert (gap[resigned] // 10**7 == 61).all()  # skew time of priority 100, 0.609 s
        assert (gap[~resigned & ~preempted] // 10**7 == 361).all()  # master down interval, 3.609 s
        assert (gap[preempted] < 10**9).all()
        assert (after["ip_id"][preempted] == 1).all()


def test_in_a_storm_no_advert_has_the_speaker_of_the_one_before() -> None:
    plan = adverts.storm(10_000)
    for vrid in range(1, 65):
        assert (np.diff(plan["speaker"][plan["vrid"] == vrid].astype(int)) != 0).all()


def test_a_head_is_the_first_frames_of_a_capture(tmp_path: Path) -> None:
    path = make("mixed", FRAMES, tmp_path)
    assert records(head(path, 10)) == records(path)[:10]
    assert records(head(path, 0)) == []


def test_the_runner_prints_a_table_for_any_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.bench.run", "--captures", "storm", "--peers", "vrrpscope"]
    command += ["--rounds", "1", "--frames", "500", "--folder", str(tmp_path), "--vrrpscope", "cat FILE"]
    root = Path(__file__).parents[2]
    said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root).stdout
    assert "storm, 0 MB" in said
    assert "memory of vrrpscope" in said
