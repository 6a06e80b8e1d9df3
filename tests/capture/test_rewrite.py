"""A copy with comments is the same capture: frames, times, interfaces, drops, and the comments that were there."""

from __future__ import annotations

import gzip
import io
import shutil
import struct
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.build import (
    T0,
    block,
    enhanced,
    interface,
    old_packet,
    option,
    packets,
    pcap,
    pcapng,
    section,
    simple,
    statistics,
)
from vrrpscope.capture.files import open_source
from vrrpscope.capture.pcapng_blocks import ENHANCED, PACKET, options
from vrrpscope.capture.rewrite import Copied, rewrite
from vrrpscope.capture.write import END

if TYPE_CHECKING:
    from pathlib import Path

FIRST = T0 // 1000  # in microseconds


class Row(NamedTuple):
    """One frame, whole."""

    number: int
    t: int
    link: int
    interface: int
    wirelen: int
    data: bytes


def frames_of(path: Path) -> list[Row]:
    rows = []
    with open_source(str(path)) as source:
        for batch in source:
            for n in range(len(batch.t)):
                start = int(batch.start[n])
                data = batch.data[start : start + int(batch.caplen[n])].tobytes()
                columns = (batch.number, batch.t, batch.link, batch.interface, batch.wirelen)
                number, t, link, of, wirelen = (int(column[n]) for column in columns)
                rows.append(Row(number, t, link, of, wirelen, data))
        return rows


def copy(tmp_path: Path, data: bytes, comments: dict[int, str]) -> tuple[Path, Path, Copied]:
    given_path, made = tmp_path / "in.cap", tmp_path / "out.pcapng"
    given_path.write_bytes(data)
    with made.open("wb") as out:
        copied = rewrite(str(given_path), out, comments, title="the verdict", application="tests")
    return given_path, made, copied


def blocks_of(data: bytes, order: str = "<") -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at < len(data):
        kind, length = struct.unpack_from(order + "II", data, at)
        assert struct.unpack_from(order + "I", data, at + length - 4)[0] == length
        found.append((kind, data[at : at + length]))
        at += length
    return found


def comments_of(data: bytes, order: str = "<") -> list[list[str]]:
    """Return the comments of each packet."""
    told = []
    for kind, whole in blocks_of(data, order):
        if kind in {ENHANCED, PACKET}:
            (caplen,) = struct.unpack_from(order + "I", whole, 20)
            found = options(bytearray(whole), 28 + caplen + (-caplen & 3), len(whole) - 4, order)
            told.append([value.decode() for code, value in found if code == 1])
    return told


@pytest.mark.parametrize("nano", [False, True])
@pytest.mark.parametrize("modified", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_pcap_of_any_dialect_is_copied(order: str, modified: bool, nano: bool, tmp_path: Path) -> None:
    made = [(t + 123_456_789, data) for t, data in packets(9)]
    data = pcap(made, order=order, nano=nano, modified=modified, link=113)
    before, after, copied = copy(tmp_path, data, {3: "three", 9: "nine"})
    assert frames_of(after) == frames_of(before)
    assert comments_of(after.read_bytes()) == [[], [], ["three"], [], [], [], [], [], ["nine"]]
    assert (copied.commented, copied.unusable, copied.refused) == (2, 0, 0)


def test_a_tick_stays_what_it_was(tmp_path: Path) -> None:
    for nano, resolution in ((False, 6), (True, 9)):
        _, after, _ = copy(tmp_path, pcap(packets(1), nano=nano), {})
        _, (_, described), _ = blocks_of(after.read_bytes())
        assert (9, bytes([resolution])) in list(options(bytearray(described), 16, len(described) - 4, "<"))


def test_what_the_link_field_says_of_checksums_is_kept(tmp_path: Path) -> None:
    _, after, _ = copy(tmp_path, pcap(packets(1), link=1 | 1 << 26 | 2 << 28), {})
    _, (_, described), _ = blocks_of(after.read_bytes())
    assert (13, b"\4") in list(options(bytearray(described), 16, len(described) - 4, "<"))


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 999_999), st.binary(max_size=80)), max_size=12),
    st.dictionaries(st.integers(1, 14), st.text(max_size=40), max_size=6),
    st.sampled_from(["pcap", "pcapng"]),
    st.sampled_from(["<", ">"]),
)
@settings(max_examples=60, deadline=None)
def test_any_capture_with_any_comments_has_the_same_frames(
    tmp_path_factory: pytest.TempPathFactory,
    made: list[tuple[int, int, bytes]],
    comments: dict[int, str],
    form: str,
    order: str,
) -> None:
    built = [(s * 1_000_000_000 + us * 1000, data) for s, us, data in made if data]
    data = pcap(built, order=order) if form == "pcap" else pcapng(built, order=order, resolution=6)
    before, after, copied = copy(tmp_path_factory.mktemp("copy"), data, comments)
    assert frames_of(after) == frames_of(before)
    told = [n for n in range(1, len(built) + 1) if comments.get(n)]
    assert copied.commented == len(told)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_pcapng_keeps_interfaces_statistics_options_and_unknown_blocks(order: str, tmp_path: Path) -> None:
    flags, there = option(2, struct.pack(order + "I", 1), order), option(1, b"already", order)
    parts = [
        section(order, length=4_000),
        interface(order, resolution=0x8A, offset=7),
        interface(order, link=113, resolution=9),
        block(4, bytes(8), order),
        enhanced(1 << 40, b"a" * 61, order, options=flags + there + bytes(4)),
        enhanced(1 << 41, b"b" * 60, order, interface=1, options=there),
        block(0x0BAD, struct.pack(order + "I", 32_473) + b"theirs!!", order),
        old_packet(1 << 42, b"c" * 59, order, drops=3),
        statistics(order, ifdrop=17),
    ]
    before, after, copied = copy(tmp_path, b"".join(parts), {1: "one", 2: "two", 4: "four"})
    assert frames_of(after) == frames_of(before)
    assert copied.info.dropped == 17
    written = after.read_bytes()
    assert comments_of(written, order) == [["already", "one"], ["already", "two"], ["four"]]
    assert [kind for kind, _ in blocks_of(written, order)] == [kind for kind, _ in blocks_of(b"".join(parts), order)]
    for part in (parts[1], parts[2], parts[3], parts[6], parts[8]):
        assert part in written
    assert flags in written
    (_, head), *_ = blocks_of(written, order)
    assert head[16:24] == b"\xff" * 8
    assert (1, b"the verdict") in list(options(bytearray(head), 24, len(head) - 4, order))


def test_only_the_first_section_has_the_verdict(tmp_path: Path) -> None:
    one = section() + interface() + enhanced(FIRST, bytes(60))
    other = section(">") + interface(">") + enhanced(FIRST, bytes(60), ">")
    before, after, _ = copy(tmp_path, one + other, {2: "second"})
    assert frames_of(after) == frames_of(before)
    assert after.read_bytes().count(b"the verdict") == 1
    assert b"second" in after.read_bytes()


def test_compressed_captures_are_unpacked(tmp_path: Path) -> None:
    before, after, _ = copy(tmp_path, gzip.compress(pcap(packets(5))), {1: "one"})
    assert frames_of(after) == frames_of(before)


@pytest.mark.parametrize("form", ["pcap", "pcapng"])
def test_a_capture_cut_off_anywhere_is_copied_up_to_there(form: str, tmp_path: Path) -> None:
    whole = pcap(packets(3)) if form == "pcap" else pcapng(packets(3))
    for size in range(28 if form == "pcapng" else 24, len(whole) + 1, 5):
        before, after, _ = copy(tmp_path, whole[:size], {1: "one", 2: "two", 3: "three"})
        assert frames_of(after) == frames_of(before)


def test_damage_in_the_midst_is_left_out(tmp_path: Path) -> None:
    blocks = [section(), interface(), *(enhanced(FIRST + n, bytes([n]) * 60) for n in range(20))]
    blocks[10] = b"\xff" * len(blocks[10])
    before, after, copied = copy(tmp_path, b"".join(blocks), {15: "behind"})
    assert frames_of(after) == frames_of(before)
    assert len(copied.info.problems) == 1
    with open_source(str(after)) as source:
        assert sum(len(batch.t) for batch in source) == 19
        assert source.info.problems == []


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_section_whose_header_is_damaged_gets_a_new_one(order: str, tmp_path: Path) -> None:
    packet = interface(order) + enhanced(FIRST, bytes(60), order) + enhanced(FIRST, bytes(60), order)
    damaged = section(order)[:-4] + bytes(4)
    for data in (damaged + packet, section() + interface() + enhanced(FIRST, bytes(60)) + damaged + packet, damaged):
        before, after, _ = copy(tmp_path, data, {2: "two"})
        assert frames_of(after) == frames_of(before)
        assert b"the verdict" in after.read_bytes()


def test_packets_that_no_reader_can_use_are_left_out_and_counted(tmp_path: Path) -> None:
    good, lost = enhanced(FIRST, bytes(60)), enhanced(FIRST, bytes(60), interface=7)
    lying = bytearray(enhanced(FIRST, bytes(60)))
    struct.pack_into("<I", lying, 20, 99)
    _, after, copied = copy(
        tmp_path, section() + block(1, b"") + interface() + good + lost + bytes(lying) + good, {3: "cut", 4: "last"}
    )
    assert (copied.unusable, copied.commented) == (1, 2)
    with open_source(str(after)) as source:
        assert sum(len(batch.t) for batch in source) == 3
        assert source.info.problems == []
    assert comments_of(after.read_bytes()) == [[], ["cut"], ["last"]]


def test_a_simple_packet_keeps_what_it_is_and_refuses_a_comment(tmp_path: Path) -> None:
    data = section() + interface() + enhanced(FIRST, bytes(60)) + simple(bytes(40))
    before, after, copied = copy(tmp_path, data, {2: "no room"})
    assert frames_of(after) == frames_of(before)
    assert (copied.commented, copied.refused) == (0, 1)


def test_options_that_lead_nowhere_do_not_take_the_comment_with_them(tmp_path: Path) -> None:
    data = section() + interface() + enhanced(FIRST, bytes(60), options=b"\x02\x00\xff\xff")
    _, after, _ = copy(tmp_path, data, {1: "here"})
    assert comments_of(after.read_bytes()) == [["here"]]


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("order", ["<", ">"])
def test_tshark_reads_a_copy(order: str, tmp_path: Path) -> None:
    data = section(order, length=500) + interface(order) + interface(order, link=113, resolution=9)
    data += enhanced(FIRST, bytes(61), order) + enhanced(T0, bytes(60), order, interface=1, options=bytes(4))
    _, after, _ = copy(tmp_path, data, {1: "one", 2: "\x1b[31m two ▲"})
    command = ["tshark", "-r", str(after), "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.comment"]
    done = subprocess.run(command, capture_output=True, check=True)
    first, second = done.stdout.decode().splitlines()
    assert first == "1700000000.000000000\tone"
    assert second.endswith("two ▲")


def test_a_stream_that_fails_is_an_error(tmp_path: Path) -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

    (tmp_path / "in").write_bytes(pcapng(packets(2)))
    with pytest.raises(OSError, match="No space"):
        rewrite(str(tmp_path / "in"), Full(), {}, title="", application="")


DAMAGEABLE = (
    section()
    + interface(resolution=9)
    + interface(link=113)
    + b"".join(enhanced(FIRST + n, bytes([n]) * 60, interface=n % 2, options=option(1, b"hey") + END) for n in range(6))
    + statistics(ifdrop=3)
    + simple(bytes(40))
    + section(">")
    + interface(">")
    + b"".join(enhanced(FIRST + n, bytes([n]) * 60, ">") for n in range(6))
)


@given(
    st.lists(st.tuples(st.integers(0, len(DAMAGEABLE) - 1), st.integers(0, 255)), max_size=6),
    st.integers(12, len(DAMAGEABLE)),
)
@settings(max_examples=150, deadline=None)
def test_of_any_damaged_capture_what_can_be_read_can_be_read_in_its_copy(
    tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[int, int]], size: int
) -> None:
    data = bytearray(DAMAGEABLE)
    for place, value in flips:
        data[max(place, 12)] = value  # the first twelve bytes say that it is a capture
    before, after, copied = copy(tmp_path_factory.mktemp("copy"), bytes(data[:size]), dict.fromkeys(range(20), "here"))
    wanted, found = frames_of(before), frames_of(after)
    if copied.unusable:  # numbers behind them differ
        wanted, found = ([row._replace(number=0) for row in rows] for rows in (wanted, found))
    assert found == wanted
