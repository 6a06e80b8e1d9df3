from __future__ import annotations

import shutil
import struct
import subprocess
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.build import (
    BILLION,
    T0,
    block,
    enhanced,
    interface,
    old_packet,
    option,
    packets,
    pcapng,
    section,
    simple,
    statistics,
)
from tests.capture.reading import read
from vrrpscope.capture.pcapng_blocks import LATEST, Clock

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = packets(50, step=1_234_567_891)
CUSTOM = block(0xBAD, struct.pack("<I", 32473) + b"data")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.pcapng"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("resolution", [6, 9, 3, 10, 0x80 | 20, 0x80 | 30])
def test_every_byte_order_and_resolution_gives_the_same_frames(path: Path, order: str, resolution: int) -> None:
    path.write_bytes(pcapng(FRAMES, order=order, resolution=resolution))
    found, info = read(path)
    assert [(frame.number, frame.frame) for frame in found] == [(n, f) for n, (_, f) in enumerate(FRAMES, 1)]
    unit = 2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution
    for (t, _), frame in zip(FRAMES, found, strict=True):
        assert frame.t == (t * unit // BILLION) * BILLION // unit
    assert (info.format, info.link_types, info.dropped, info.problems) == ("pcapng", ["EN10MB"], None, [])


@pytest.mark.parametrize("resolution", [0, 1, 6, 9, 10, 19, 20, 28, 29, 127, *(0x80 + n for n in range(128))])
def test_a_clock_rounds_down_and_never_overflows(resolution: int) -> None:
    ticks = [0, 1, 999_999_999, 1_700_000_000_123_456_789, 2**63, 2**64 - 1]
    power = resolution & 0x7F
    unit = 2**power if resolution & 0x80 else 10**power
    want = [int(Fraction(tick, unit) * BILLION) for tick in ticks]
    got = Clock(resolution).nanoseconds(np.array(ticks, np.uint64)).tolist()
    for exact, t in zip(want, got, strict=True):
        if exact <= LATEST - BILLION:
            assert t == exact
        else:
            assert LATEST - BILLION <= t <= LATEST


@pytest.mark.parametrize("offset", [100, -100, 2**63 - 1, -(2**63)])
def test_a_clock_offset_is_added_and_never_overflows(path: Path, offset: int) -> None:
    path.write_bytes(section() + interface(offset=offset) + enhanced(T0 // 1000, b"x" * 60))
    found, _ = read(path)
    assert found[0].t == max(-LATEST + (T0 if offset < -1000 else 0), min(T0 + offset * BILLION, LATEST))


def test_frames_of_several_sections_and_interfaces_are_numbered_through(path: Path) -> None:
    parts = []
    for order in "><<>":
        parts += [
            section(order),
            interface(order, link=1, resolution=9),
            interface(order, link=113, resolution=6),
            enhanced(T0, b"a" * 60, order, interface=0),
            enhanced(T0 // 1000, b"b" * 61, order, interface=1),
        ]
    path.write_bytes(b"".join(parts))
    found, info = read(path)
    assert [frame.number for frame in found] == list(range(1, 9))
    assert [frame.interface for frame in found] == list(range(8))
    assert [frame.link for frame in found] == [1, 113] * 4
    assert {frame.t for frame in found} == {T0}
    assert info.link_types == ["EN10MB", "LINUX_SLL"]
    assert info.problems == []


def test_old_packet_blocks_are_frames_and_report_drops(path: Path) -> None:
    path.write_bytes(
        section()
        + interface()
        + old_packet(T0 // 1000, b"a" * 60, drops=5)
        + old_packet(T0 // 1000, b"b" * 61, drops=0xFFFF)
        + old_packet(T0 // 1000, b"c" * 62, drops=2)
    )
    found, info = read(path)
    assert [frame.frame for frame in found] == [b"a" * 60, b"b" * 61, b"c" * 62]
    assert info.dropped == 7


def test_simple_packet_blocks_get_the_time_before_them_and_say_so_once(path: Path) -> None:
    path.write_bytes(
        section()
        + interface(resolution=9)
        + simple(b"a" * 60)
        + enhanced(T0, b"b" * 60)
        + simple(b"c" * 60)
        + simple(b"d" * 60)
    )
    found, info = read(path)
    assert [frame.t for frame in found] == [0, T0, T0, T0]
    assert (info.first, info.last) == (T0, T0)
    assert [problem.message for problem in info.problems if "has no time" in problem.message] == [
        info.problems[0].message
    ]


def test_a_simple_packet_is_cut_by_the_snap_length_of_its_interface(path: Path) -> None:
    path.write_bytes(section() + interface(snaplen=20) + simple(b"a" * 20, wirelen=60))
    found, _ = read(path)
    assert (found[0].frame, found[0].wirelen) == (b"a" * 20, 60)


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_last_statistics_of_each_interface_are_added_up(path: Path, order: str) -> None:
    path.write_bytes(
        section(order)
        + interface(order) * 2
        + statistics(order, interface=0, ifdrop=1)
        + statistics(order, interface=1, ifdrop=10, osdrop=100)
        + statistics(order, interface=0, ifdrop=3)
        + statistics(order, interface=1)
        + statistics(order, interface=9, ifdrop=1000)
    )
    assert read(path)[1].dropped == 113


def test_statistics_without_drop_counts_say_nothing_about_drops(path: Path) -> None:
    path.write_bytes(section() + interface() + statistics())
    assert read(path)[1].dropped is None


@pytest.mark.parametrize("order", ["<", ">"])
def test_drop_counts_in_packet_options_are_added_up_where_there_are_no_statistics(path: Path, order: str) -> None:
    drops = option(2, bytes(4), order) + option(4, struct.pack(order + "Q", 7), order) + option(0, b"", order)
    data = section(order) + interface(order) + enhanced(T0, b"a" * 61, order, options=drops) * 3
    path.write_bytes(data)
    assert read(path)[1].dropped == 21
    path.write_bytes(data + statistics(order, ifdrop=4))
    assert read(path)[1].dropped == 4


def test_options_that_lead_outside_their_block_are_ignored(path: Path) -> None:
    broken = struct.pack("<HH", 9, 60000) + b"\x09\0\0\0"
    path.write_bytes(
        section()
        + block(1, struct.pack("<HHI", 1, 0, 0) + broken)
        + enhanced(T0 // 1000, b"a" * 60, options=broken)
        + block(5, struct.pack("<III", 0, 0, 0) + broken)
    )
    found, info = read(path)
    assert [frame.t for frame in found] == [T0]
    assert info.problems == []


def test_blocks_without_frames_are_passed_over_but_numbered_as_wireshark_does(path: Path) -> None:
    frame = enhanced(T0, b"a" * 60)
    path.write_bytes(
        section()
        + interface(resolution=9)
        + frame
        + block(0x99, b"unknown")
        + CUSTOM
        + block(10, struct.pack("<II", 0x544C534B, 4) + b"keys")
        + frame
    )
    found, info = read(path)
    assert [frame.number for frame in found] == [1, 3]
    assert info.problems == []


def test_a_frame_of_an_interface_never_described_is_left_out_and_keeps_its_number(path: Path) -> None:
    frame = enhanced(T0, b"a" * 60)
    path.write_bytes(section() + frame + interface(resolution=9) + frame + enhanced(T0, b"b" * 60, interface=7) + frame)
    found, info = read(path)
    assert [frame.number for frame in found] == [2, 4]
    assert [problem.frame for problem in info.problems] == [1, 3]
    assert all("never described" in problem.message for problem in info.problems)


def test_a_frame_that_claims_more_than_its_block_is_cut(path: Path) -> None:
    lying = block(6, struct.pack("<IIIII", 0, 0, 5, 80, 80) + bytes(60))
    path.write_bytes(section() + interface() + lying + block(6, bytes(8)) + enhanced(T0, b"a" * 60))
    found, info = read(path)
    assert [(frame.number, len(frame.frame), frame.wirelen) for frame in found] == [(1, 60, 80), (3, 60, 60)]
    assert [problem.frame for problem in info.problems] == [1, 2]


def test_a_long_block_without_frames_costs_no_memory_and_stops_nothing(path: Path) -> None:
    frame = enhanced(T0, b"a" * 60)
    path.write_bytes(section() + interface(resolution=9) + frame + block(4, bytes(5_000_000)) + frame)
    found, info = read(path, block=5000)
    assert [frame.number for frame in found] == [1, 2]
    assert info.problems == []


def test_a_long_block_cut_short_is_noted(path: Path) -> None:
    path.write_bytes(section() + interface() + block(4, bytes(2_000_000))[:-1])
    _, info = read(path)
    assert "ends inside a block" in info.problems[0].message


def test_section_lengths_are_not_needed(path: Path) -> None:
    body = interface() + enhanced(T0, b"a" * 60)
    for length in (-1, 0, len(body), 1, 2**62):
        path.write_bytes((section(length=length) + body) * 2)
        assert [frame.number for frame in read(path)[0]] == [1, 2]


@pytest.mark.parametrize("size", [1, 7, 64, 1000, 1 << 16])
def test_any_block_size_gives_the_same_frames(path: Path, size: int) -> None:
    mixed = pcapng(packets(100), order=">") + pcapng(packets(100, size=60), resolution=6) + CUSTOM
    path.write_bytes(mixed + statistics(ifdrop=3) + enhanced(1, b"x" * 60) + simple(b"y"))
    frames, info = read(path, block=size)
    whole, want = read(path)
    assert frames == whole
    assert info == want


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is the oracle")
def test_numbers_times_and_lengths_are_those_of_tshark(path: Path) -> None:
    data = pcapng(FRAMES, order=">", resolution=9)
    data += old_packet(T0, b"p" * 70, ">") + CUSTOM[:0] + block(0xBAD, struct.pack(">I", 9) + b"data", ">")
    data += pcapng(FRAMES, order="<", resolution=6) + interface("<", resolution=0x80 | 20, offset=3600)
    data += enhanced((T0 // BILLION << 20) + 77_777, b"q" * 71, interface=1) + statistics() + CUSTOM
    data += section(">") + interface(">") + enhanced(T0 // 1000, b"r" * 72, ">")
    path.write_bytes(data)
    command = ["tshark", "-n", "-r", str(path), "-T", "fields"]
    for field in ("frame.number", "frame.time_epoch", "frame.cap_len", "frame.protocols"):
        command += ["-e", field]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    want = []
    for line in printed.splitlines():
        number, time, caplen, _ = line.split("\t")
        if time:  # a custom block has none
            seconds, fraction = time.split(".")
            want.append((int(number), int(seconds) * BILLION + int(fraction), int(caplen)))
    found, info = read(path)
    assert [(frame.number, frame.t, len(frame.frame)) for frame in found] == want
    assert info.problems == []
