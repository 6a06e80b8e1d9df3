from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from tests.build import BILLION, T0, packets, pcap
from tests.capture.reading import read
from vrrpscope.capture import open_source
from vrrpscope.errors import NotACaptureError

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = packets(50, step=1_234_567_891)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("nano", "modified"), [(False, False), (True, False), (False, True)])
def test_every_dialect_gives_the_same_frames(tmp_path: Path, order: str, nano: bool, modified: bool) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(FRAMES, order=order, nano=nano, modified=modified))
    found, info = read(path)
    unit = 1 if nano else 1000
    assert [(frame.number, frame.t, frame.frame) for frame in found] == [
        (n, t // unit * unit, frame) for n, (t, frame) in enumerate(FRAMES, 1)
    ]
    assert {frame.link for frame in found} == {1}
    assert {frame.interface for frame in found} == {0}
    assert (info.format, info.compression, info.link_types) == ("pcap", None, ["EN10MB"])
    assert (info.first, info.last) == (found[0].t, found[-1].t)
    assert info.dropped is None
    assert info.problems == []


def test_a_snap_length_leaves_the_length_on_the_wire(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([]) + struct.pack("<IIII", 5, 6, 4, 1500) + b"abcd")
    found, _ = read(path)
    assert found[0][1:4] == (5 * BILLION + 6000, b"abcd", 1500)


def test_a_snap_length_in_the_header_is_not_believed_over_the_records(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(FRAMES, snaplen=20))
    assert len(read(path)[0]) == len(FRAMES)


def test_a_capture_without_frames_is_a_capture(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([]))
    found, info = read(path)
    assert found == []
    assert (info.frames, info.first, info.last, info.problems) == (0, None, None, [])


def test_bits_above_the_link_type_are_not_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(FRAMES, link=0x4400_0000 + 113))
    found, info = read(path)
    assert found[0].link == 113
    assert info.link_types == ["LINUX_SLL"]


def test_first_and_last_are_the_earliest_and_latest_whatever_the_order(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([(T0 + n * BILLION, b"x" * 60) for n in (5, 1, 9, 3)]))
    _, info = read(path)
    assert (info.first, info.last) == (T0 + BILLION, T0 + 9 * BILLION)


def test_a_header_cut_short_is_no_capture(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([])[:20])
    with pytest.raises(NotACaptureError, match="cut short inside its file header"):
        open_source(str(path))


@pytest.mark.parametrize("block", [1, 7, 64, 1000, 1 << 16])
@pytest.mark.parametrize("size", [None, 60])
def test_any_block_size_gives_the_same_frames(tmp_path: Path, block: int, size: int | None) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(packets(300, size=size)))
    assert read(path, block=block)[0] == read(path)[0]


def test_runs_of_equal_and_unequal_records_are_told_apart(tmp_path: Path) -> None:
    frames = packets(3000, size=60) + packets(500) + packets(3000, size=90) + packets(1, size=61)
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(frames))
    found, info = read(path)
    assert [frame.frame for frame in found] == [frame for _, frame in frames]
    assert info.problems == []


def test_a_frame_as_long_as_frames_can_be_is_read_with_small_blocks(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    frames = [(T0, bytes(262_144)), (T0, b"x" * 60)]
    path.write_bytes(pcap(frames))
    assert [frame.frame for frame in read(path, block=1000)[0]] == [frame for _, frame in frames]
