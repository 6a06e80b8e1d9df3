from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.build import (
    BILLION,
    T0,
    block,
    enhanced,
    interface,
    old_packet,
    option,
    packets,
    pcap,
    pcapng,
    record,
    section,
    simple,
    statistics,
)
from tests.capture.reading import Read, read
from vrrpscope.errors import CaptureError, NotACaptureError

if TYPE_CHECKING:
    from pathlib import Path

    from vrrpscope.capture.frames import CaptureInfo

MANY = packets(20_000, step=BILLION // 100)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.pcap"


@pytest.mark.parametrize("whole", [pcap(packets(6)), pcapng(packets(6)), pcapng(packets(6), order=">")])
def test_a_capture_cut_at_any_byte_gives_the_frames_before_the_cut(path: Path, whole: bytes) -> None:
    path.write_bytes(whole)
    want, _ = read(path)
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        try:
            found, info = read(path)
        except NotACaptureError:
            assert length < 24
            continue
        assert found == want[: len(found)]
        used = sum(len(frame.frame) for frame in found)
        assert used + 300 * (len(info.problems) + 1) > length * 0.3
        if info.problems:
            assert info.problems[0].message.startswith("the capture ends inside a")
            assert info.problems[0].frame == len(found) + 1


def damaged(at: int, patch: bytes, skip: int = 0) -> tuple[bytes, int]:
    """MANY as pcap with `patch` over the bytes from `skip` of the header of frame `at` (from 0), and where that is."""
    data = bytearray(pcap(MANY))
    offset = 24 + sum(16 + len(frame) for _, frame in MANY[:at])
    data[offset + skip : offset + skip + len(patch)] = patch
    return bytes(data), offset


@pytest.mark.parametrize("length", [0xFFFF_FFFF, 262_145, 0x8000_0000])
@pytest.mark.parametrize("size", [None, 4096])
def test_an_impossible_length_costs_its_own_frame_only(path: Path, length: int, size: int | None) -> None:
    data, offset = damaged(10_000, struct.pack("<I", length), 8)
    path.write_bytes(data)
    found, info = read(path, block=size)
    assert [frame.frame for frame in found] == [frame for _, frame in MANY[:10_000] + MANY[10_001:]]
    assert [frame.number for frame in found] == list(range(1, 20_000))
    (problem,) = info.problems
    assert (problem.offset, problem.frame) == (offset, 10_001)
    assert f"skipped {16 + len(MANY[10_000][1])} bytes" in problem.message
    assert "Wireshark stops here" in problem.message


@pytest.mark.parametrize("length", [1, 30, 200, 5000, 262_144])
def test_a_wrong_but_possible_length_costs_no_other_frame(path: Path, length: int) -> None:
    data, _ = damaged(10_000, struct.pack("<I", length), 8)
    path.write_bytes(data)
    found, info = read(path)
    assert [frame.frame for frame in found[:10_000]] == [frame for _, frame in MANY[:10_000]]
    assert [frame.frame for frame in found[-9_999:]] == [frame for _, frame in MANY[10_001:]]
    assert len(found) <= 20_001
    assert info.problems


def test_a_stretch_of_zeros_is_damage_and_no_frames(path: Path) -> None:
    for at, length in ((10_000, 4096), (19_990, 1 << 20)):
        data, offset = damaged(at, b"")
        path.write_bytes(data[:offset] + bytes(length) + data[offset + length :])
        found, info = read(path)
        assert 20_000 - 60 <= len(found) + (length > 4096) * 10 <= 20_000
        assert [frame.frame for frame in found[:at]] == [frame for _, frame in MANY[:at]]
        if length == 4096:
            assert found[-1].frame == MANY[-1][1]
        assert len(info.problems) == 1
        assert info.first == T0


def test_damage_in_the_first_record_loses_only_that(path: Path) -> None:
    data, _ = damaged(0, b"\xff" * 16)
    path.write_bytes(data)
    found, _ = read(path)
    assert [frame.frame for frame in found] == [frame for _, frame in MANY[1:]]


def test_bytes_missing_in_the_middle_lose_only_their_stretch(path: Path) -> None:
    data, offset = damaged(10_000, b"")
    path.write_bytes(data[: offset - 1000] + data[offset + 333 :])
    found, info = read(path)
    assert 20_000 - 30 < len(found) < 20_000
    assert found[-1].frame == MANY[-1][1]
    assert info.problems


def test_nothing_good_behind_the_damage_is_said(path: Path) -> None:
    path.write_bytes(pcap(MANY[:10]) + b"\xfe" * 100_000)
    found, info = read(path)
    assert len(found) == 10
    assert "nothing behind it makes sense, 100,000 bytes are not used" in info.problems[0].message


def test_a_capture_of_a_capture_is_not_mistaken_for_frames(path: Path) -> None:
    inner = pcap([(t - 10**17, frame) for t, frame in packets(20)])
    frames = [(T0, b"x" * 60), (T0 + 1, inner), (T0 + 2, b"y" * 60), (T0 + 3, b"z" * 60), (T0 + 4, b"w" * 60)]
    data = bytearray(pcap(frames))
    bad = len(pcap(frames[:1]))
    data[bad + 8 : bad + 12] = b"\xff" * 4
    path.write_bytes(data)
    assert [frame.frame for frame in read(path)[0]] == [frame for _, frame in frames[:1] + frames[2:]]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("length", [0, 4, 0xFFFF_FFFF, 1 << 24, 1000, 100])
@pytest.mark.parametrize("size", [None, 4096])
def test_an_impossible_block_costs_its_own_frame_only(path: Path, order: str, length: int, size: int | None) -> None:
    frames = MANY[:2000]
    data = bytearray(pcapng(frames, order=order))
    offset = len(pcapng(frames[:1000], order=order))
    data[offset + 4 : offset + 8] = struct.pack(order + "I", length)
    path.write_bytes(data)
    found, info = read(path, block=size)
    assert [frame.frame for frame in found] == [frame for _, frame in frames[:1000] + frames[1001:]]
    assert info.problems[0].offset == offset
    assert "Wireshark stops here" in info.problems[0].message
    assert len(info.problems) == 1


def test_a_section_of_other_byte_order_is_found_behind_damage(path: Path) -> None:
    path.write_bytes(pcapng(MANY[:10]) + b"\xff" * 1001 + pcapng(MANY[10:20], order=">"))
    assert [frame.frame for frame in read(path)[0]] == [frame for _, frame in MANY[:20]]


def test_a_file_of_nothing_but_damage_is_given_up(path: Path) -> None:
    good = pcap(packets(3, size=60))[24:]
    path.write_bytes(pcap([]) + (good + b"\xff" * 40) * 3000)
    found, info = read(path)
    assert len(found) >= 3000
    assert len(info.problems) == 100
    assert info.problems_omitted == 901


def mixed() -> bytes:
    frames = packets(12)
    options = option(4, bytes(7) + b"\x05") + option(0, b"")
    parts = [section(), interface(resolution=9), interface(link=113, resolution=0x94, offset=-5)]
    parts += [enhanced(t, frame, interface=n % 2, options=options) for n, (t, frame) in enumerate(frames)]
    parts += [simple(b"s" * 50), old_packet(T0, b"o" * 40, drops=3), statistics(ifdrop=9), block(0xBAD, bytes(8))]
    return b"".join(parts) + pcapng(frames[:4], order=">")


VALID = [pcap(packets(20)), pcap(packets(20, size=60), order=">", nano=True), mixed()]

mutations = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.one_of(
            st.binary(min_size=1, max_size=8),
            st.sampled_from([b"\xff" * 4, bytes(4), b"\xff" * 16, bytes(16), b"\n\r\r\n", b"\x00\x04\x00\x00"]),
        ),
        st.sampled_from(["overwrite", "insert", "delete", "cut", "repeat"]),
    ),
    min_size=1,
    max_size=6,
)


def mutated(data: bytes, changes: list[tuple[float, bytes, str]]) -> bytes:
    for where, value, how in changes:
        at = int(where * len(data))
        after = at + len(value)
        data = {
            "overwrite": data[:at] + value + data[after:],
            "insert": data[:at] + value + data[at:],
            "delete": data[:at] + data[after:],
            "cut": data[:at] + value,
            "repeat": data + data[at : at + 500],
        }[how]
    return data


def attempt(path: Path, size: int | None) -> tuple[list[Read], CaptureInfo] | str:
    try:
        return read(path, block=size)
    except CaptureError as error:
        return str(error)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(VALID), mutations, st.integers(1, 400))
def test_whatever_is_done_to_a_capture_only_capture_errors_are_raised_and_blocks_do_not_matter(
    path: Path, valid: bytes, changes: list[tuple[float, bytes, str]], size: int
) -> None:
    path.write_bytes(mutated(valid, changes))
    assert attempt(path, size) == attempt(path, None)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([pcap([]), pcap([], order=">"), section() + interface(), b"", b"\x1f\x8b", b"BZh9"]), st.binary()
)
def test_arbitrary_bytes_never_raise_anything_but_capture_errors(path: Path, head: bytes, tail: bytes) -> None:
    path.write_bytes(head + tail)
    attempt(path, None)


def test_record_headers_that_lie_about_their_length_are_cut_to_what_is_there(path: Path) -> None:
    path.write_bytes(pcap(packets(3)) + record(T0, b"x", caplen=262_144) + b"only this")
    found, info = read(path)
    assert len(found) == 3
    assert "ends inside a record" in info.problems[0].message
