"""Wrapped frames, read back three ways: by Wireshark, by our own decoder, and by cutting off what was added."""

from __future__ import annotations

import shutil
import struct
import subprocess
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import build as container
from tests import frames as build
from tests.wrapped import SEGMENTS
from vrrpscope.analysis import analyze
from vrrpscope.capture.files import open_source
from vrrpscope.lab.encapsulate import ENCAPSULATIONS, encapsulate
from vrrpscope.wire import ADVERT, Advert, Auth, Checksum, Decoder

if TYPE_CHECKING:
    from pathlib import Path

SIZES: Final = {"vlan": 4, "qinq": 8, "gre": 42, "erspan1": 38, "erspan2": 50, "erspan3": 54, "vxlan": 50}
OUTER: Final = "0200c0000202 0200c0000201 0800"
every_way = pytest.mark.parametrize("how", ENCAPSULATIONS)


def advert(version: int, family: int, *, priority: int = 150) -> bytes:
    """A frame as one of the lab's hosts sends it."""
    source, group = ("10.0.0.5", "224.0.0.18") if family == 4 else ("fe80::5", "ff02::12")
    message = Advert(
        version=version,
        family=family,
        vrid=50,
        priority=priority,
        interval=1_000_000_000,
        addresses=("10.0.0.3",) if family == 4 else ("fe80::3", "fd00::3"),
        auth=Auth.SIMPLE if version == 2 else Auth.NONE,
        auth_data=b"s3cr3t50" if version == 2 else b"",
    )
    form = Checksum.PLAIN if version == 2 else Checksum.PSEUDO
    data = message.build(source=ip_address(source).packed, destination=ip_address(group).packed, form=form)
    packet = build.ipv4(data, source=source) if family == 4 else build.ipv6(data, source=source)
    return build.ethernet(packet)


ARP: Final = bytes.fromhex("ffffffffffff 02000a000005 0806 0001 0800 06 04 0001 02000a000005 0a000003") + bytes(10)
FRAMES: Final = [
    advert(2, 4),
    advert(3, 4),
    advert(3, 6),
    ARP[:42],
    advert(2, 4, priority=0),
]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "plain.pcap"
    frames = [(container.T0 + n * container.BILLION, frame) for n, frame in enumerate(FRAMES)]
    path.write_bytes(container.pcap(frames))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place for the many files of a property."""
    return tmp_path_factory.mktemp("wrapped")


def tshark(path: Path, *arguments: str) -> list[str]:
    checks = [f"-o{layer}.check_checksum:TRUE" for layer in ("ip", "udp")]
    command = ["tshark", "-r", str(path), *checks, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@every_way
def test_wireshark_reads_the_same_adverts_and_finds_no_fault(how: str, recording: Path, tmp_path: Path) -> None:
    wrapped = tmp_path / "wrapped.pcap"
    assert encapsulate(recording, wrapped, how) == len(FRAMES)
    faults = (
        "_ws.malformed || _ws.expert.severity >= warning || ip.checksum.status == bad || vrrp.checksum.status == bad"
    )
    assert tshark(wrapped, "-Y", faults) == []
    fields = ["version", "type", "virt_rtr_id", "prio", "addr_count", "checksum", "auth_string", "ip_addr", "ipv6_addr"]
    asked = ["-Tfields", "-eframe.time_epoch", "-earp.src.proto_ipv4", *(f"-evrrp.{field}" for field in fields)]
    theirs = tshark(wrapped, *asked)
    assert theirs == tshark(recording, *asked)
    assert sum("\t50\t" in line for line in theirs) == 4
    outer = 0 if how in {"vlan", "qinq"} else 1
    statuses = [line.count("1") for line in tshark(wrapped, "-Tfields", "-eip.checksum.status")]
    assert statuses == [outer + 1, outer + 1, outer, outer, outer + 1]


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize(
    ("how", "asked", "answers"),
    [
        ("vlan", "vlan.id vlan.priority", ["100\t0"]),
        ("qinq", "ieee8021ad.id vlan.id eth.type", ["30\t100\t0x88a8"]),
        (
            "gre",
            "gre.proto gre.sequence_number ip.src",
            ["0x6558\t0\t192.0.2.1,10.0.0.5", "0x6558\t1\t192.0.2.1,10.0.0.5"],
        ),
        ("erspan1", "gre.proto gre.sequence_number", ["0x88be\t"]),
        (
            "erspan2",
            "gre.proto gre.sequence_number erspan.spanid erspan.vlan",
            ["0x88be\t0\t7\t100", "0x88be\t1\t7\t100"],
        ),
        (
            "erspan3",
            "gre.proto gre.sequence_number erspan.spanid erspan.vlan erspan.timestamp erspan.ft",
            ["0x22eb\t0\t7\t100\t519442432\t0", "0x22eb\t1\t7\t100\t519452432\t0"],
        ),
        ("vxlan", "udp.dstport udp.length vxlan.vni vxlan.flag_i", ["4789\t70\t77\t1"]),
    ],
)
def test_wireshark_reads_the_headers_that_were_meant(
    how: str, asked: str, answers: list[str], recording: Path, tmp_path: Path
) -> None:
    wrapped = tmp_path / "wrapped.pcap"
    encapsulate(recording, wrapped, how)
    lines = tshark(wrapped, "-Tfields", *(f"-e{field}" for field in asked.split()))
    assert lines[: len(answers)] == answers


def decoded(path: Path) -> tuple[np.typing.NDArray[np.void], set[str]]:
    decoder = Decoder()
    with open_source(str(path)) as source:
        rows = np.concatenate([decoder.decode(frames).adverts for frames in source])
        assert not source.info.problems
    return rows, {decoder.tables.segments[n] for n in rows["segment"]}


@every_way
def test_our_decoder_finds_the_same_adverts_on_another_segment(how: str, recording: Path, tmp_path: Path) -> None:
    wrapped = tmp_path / "wrapped.pcap"
    encapsulate(recording, wrapped, how)
    (plain, untagged), (rows, segments) = decoded(recording), decoded(wrapped)
    assert (len(rows), untagged, segments) == (4, {""}, {SEGMENTS[how]})
    for name in ADVERT.names or ():
        if name != "segment":
            assert rows[name].tolist() == plain[name].tolist(), name


@every_way
def test_the_analysis_tells_the_same_story_of_another_segment(how: str, recording: Path, tmp_path: Path) -> None:
    wrapped = tmp_path / "wrapped.pcap"
    encapsulate(recording, wrapped, how)
    plain, ours = analyze(str(recording)), analyze(str(wrapped))
    assert [v.key for v in ours.virtual_routers] == [f"{SEGMENTS[how]}/{v.key}" for v in plain.virtual_routers]
    assert [(f.rule, f.start) for f in ours.findings] == [(f.rule, f.start) for f in plain.findings]


class Record(NamedTuple):
    seconds: int
    fraction: int
    wirelen: int
    data: bytes


def records(capture: bytes, order: str) -> list[Record]:
    found, at = [], 24
    while at < len(capture):
        seconds, fraction, caplen, wirelen = struct.unpack_from(order + "IIII", capture, at)
        found.append(Record(seconds, fraction, wirelen, capture[at + 16 : at + 16 + caplen]))
        at += 16 + caplen
    return found


@st.composite
def recorded(draw: st.DrawFn) -> list[Record]:
    made = []
    for length in draw(st.lists(st.integers(14, 1600), max_size=4)):
        data = draw(
            st.binary(min_size=length, max_size=length) if length < 40 else st.just(bytes([length % 256]) * length)
        )
        cut = draw(st.integers(0, length) | st.just(length))
        made.append(Record(draw(st.integers(0, 2**32 - 1)), draw(st.integers(0, 999_999)), length, data[:cut]))
    return made


@every_way
@given(plain=recorded(), order=st.sampled_from("<>"), nano=st.booleans())
def test_cutting_off_what_was_added_gives_the_recording_back(
    how: str, folder: Path, plain: list[Record], order: str, nano: bool
) -> None:
    header = container.pcap([], order=order, nano=nano, snaplen=1600)
    source, target = folder / "plain.pcap", folder / "wrapped.pcap"
    body = b"".join(struct.pack(order + "IIII", *r[:2], len(r.data), r.wirelen) + r.data for r in plain)
    source.write_bytes(header + body)
    assert encapsulate(source, target, how) == len(plain)
    wrapped = target.read_bytes()
    assert wrapped[:16] + wrapped[20:24] == header[:16] + header[20:24]
    assert struct.unpack_from(order + "I", wrapped, 16) == (1600 + SIZES[how],)
    at = 12 if how in {"vlan", "qinq"} else 0
    unwrapped = [
        r._replace(wirelen=r.wirelen - SIZES[how], data=r.data[:at] + r.data[at + SIZES[how] :])
        for r in records(wrapped, order)
    ]
    assert unwrapped == plain


@pytest.mark.parametrize(
    ("how", "before"),
    [
        ("gre", f"{OUTER} 4500 0052 0000 4000 40 2f b679 c0000201 c0000202 1000 6558 00000000"),
        ("erspan1", f"{OUTER} 4500 004e 0000 4000 40 2f b67d c0000201 c0000202 0000 88be"),
        ("erspan2", f"{OUTER} 4500 005a 0000 4000 40 2f b671 c0000201 c0000202 1000 88be 00000000 1064 0007 00000000"),
        (
            "erspan3",
            f"{OUTER} 4500 005e 0000 4000 40 2f b66d c0000201 c0000202 1000 22eb 00000000 2064 0007 1ef61000 0000 8000",
        ),
    ],
)
def test_a_tunnel_header_is_these_bytes(how: str, before: str, recording: Path, tmp_path: Path) -> None:
    encapsulate(recording, tmp_path / "wrapped.pcap", how)
    first = records((tmp_path / "wrapped.pcap").read_bytes(), "<")[0]
    assert first.data.hex() == bytes.fromhex(before).hex() + FRAMES[0].hex()


@pytest.mark.parametrize(("snaplen", "written"), [(96, 146), (262_144, 262_144), (262_100, 262_144), (0, 0)])
def test_the_snap_length_makes_room_but_stays_readable(snaplen: int, written: int, tmp_path: Path) -> None:
    path = tmp_path / "plain.pcap"
    path.write_bytes(container.pcap([], snaplen=snaplen))
    assert encapsulate(path, path, "vxlan") == 0
    assert path.read_bytes() == container.pcap([], snaplen=written)


def test_vxlan_spreads_flows_over_source_ports_and_keeps_each_on_one(recording: Path, tmp_path: Path) -> None:
    encapsulate(recording, tmp_path / "wrapped.pcap", "vxlan")
    ports = [int.from_bytes(r.data[34:36], "big") for r in records((tmp_path / "wrapped.pcap").read_bytes(), "<")]
    assert min(ports) >= 49152
    assert ports[0] == ports[4] != ports[3]


WHOLE: Final = container.pcap([(container.T0, FRAMES[0])])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (container.pcapng([]), "pcapng"),
        (container.pcap([], modified=True), "begin with 34cdb2a1"),
        (b"", "0 bytes that begin with nothing"),
        (WHOLE[:23], "23 bytes that begin with d4c3b2a1"),
        (container.pcap([], link=276), "link type 276"),
        (container.pcap([], order=">", link=113), "link type 113"),
        (WHOLE[:-1], "ends inside frame 1, at byte 24"),
        (WHOLE + WHOLE[24:39], "ends inside the header of frame 2"),
        (WHOLE + container.record(0, b"", caplen=262_145), "frame 2 at byte 94 cannot be: 262,145 bytes captured of 0"),
        (container.pcap([(0, bytes(65_508))]), "frame 1 of 65,508 bytes does not fit"),
    ],
)
def test_anything_but_a_whole_classic_capture_of_ethernet_is_refused_by_name(
    content: bytes, message: str, tmp_path: Path
) -> None:
    source, target = tmp_path / "other", tmp_path / "wrapped.pcap"
    source.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        encapsulate(source, target, "gre")
    assert str(source) in str(caught.value)
    assert not target.exists()


def test_an_unknown_encapsulation_is_refused_with_the_known_ones(recording: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no encapsulation is named geneve; there are vlan, qinq, gre"):
        encapsulate(recording, tmp_path / "wrapped.pcap", "geneve")
