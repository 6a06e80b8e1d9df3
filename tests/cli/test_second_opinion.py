"""`decode --with tshark`: nothing to tell of the samples, and every kind of difference where there is one."""

from __future__ import annotations

import asyncio
import json
import lzma
import os
import shutil
import struct
import sys
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.build import BILLION, T0, pcap
from tests.cli.running import HEALTHY, SAMPLES, call, environment, one_line, run
from tests.frames import ethernet, ipv4
from tests.report.captures import frame, rhythm, write
from vrrpscope.questions import second_opinion
from vrrpscope.questions.second_opinion import REASONS
from vrrpscope.wire.columns import Checksum
from vrrpscope.wire.decoder import Decoder
from vrrpscope.wire.vrrp import Advert

if TYPE_CHECKING:
    from pathlib import Path

    from tests.build import Packet
    from vrrpscope.capture.frames import Frames
    from vrrpscope.wire.columns import Decoded

pytest.importorskip("pyshark")
pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="the other opinion is not installed")

STORIES: Final = ["ah/lb01", "frr/lb01", "ipv6/lb02", "tagged/qinq", "mirrored/erspan3", "unicast-rejected/lb01"]


def documents(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def third(checksum: Checksum, *, target: str = "224.0.0.18") -> Packet:
    """Return a VRRPv3 advert over IPv4 with one of its checksums."""
    advert = Advert(version=3, vrid=50, priority=150, addresses=("10.0.0.3",), checksum=checksum)
    payload = advert.build(source=ip_address("10.0.0.5").packed, destination=ip_address(target).packed)
    return T0, ethernet(ipv4(payload, source="10.0.0.5", destination=target))


def second(payload: bytes | None = None, **changes: Any) -> Packet:
    """Return a VRRPv2 advert, or what stands in its place."""
    made = Advert(vrid=50, priority=150, addresses=("10.0.0.3",), checksum=Checksum.PLAIN, **changes)
    made_payload = made.build(source=ip_address("10.0.0.5").packed, destination=ip_address("224.0.0.18").packed)
    return T0, ethernet(ipv4(payload or made_payload, source="10.0.0.5", destination="224.0.0.18"))


CARP: Final = bytes([0x21, 50, 0, 7, 0, 1, 0, 0]) + bytes(28)


@pytest.fixture
def one(tmp_path: Path) -> Path:
    """Return a capture of one good advert."""
    path = tmp_path / "one.pcap"
    path.write_bytes(pcap([second()], nano=True))
    return path


@pytest.mark.parametrize("story", STORIES)
def test_tshark_reads_the_samples_as_we_do(story: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = call(capsys, "decode", SAMPLES / f"{story}.pcap", "--with", "tshark")
    assert result.code == 0
    assert result.out.endswith(" frames compared with tshark, 0 differ.\n")
    assert int(result.out.split()[0]) > 5
    assert result.err == ""


@pytest.mark.parametrize(
    ("packet", "reason", "words"),
    [
        (third(Checksum.PLAIN), "v3-checksum", "checksum: plain; tshark: bad"),
        (third(Checksum.MULTICAST_PSEUDO, target="10.0.0.6"), "multicast-pseudo", "checksum: multicast-pseudo"),
        (second(CARP), "carp", "10.0.0.5 vrid 50  protocol: carp; tshark: vrrp"),
        (second(b"\x91" + bytes(19)), "malformed", "tshark: "),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_known_difference_has_its_reason(
    packet: Packet, reason: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.pcap"
    path.write_bytes(pcap([packet], nano=True))
    result = call(capsys, "decode", path, "--with", "tshark")
    assert result.code == 0
    assert words in result.out
    assert f"({reason})" in result.out
    assert f"\n{reason}: " in result.out
    assert result.out.endswith("1 frame compared with tshark, 1 differs: 1 as explained, 0 without a reason.\n")
    *differences, summary = documents(call(capsys, "decode", path, "--with", "tshark", "--format", "ndjson").out)
    assert {each["reason"] for each in differences} == {reason}
    assert {each["right"] for each in differences} == {REASONS[reason].right}
    assert summary == {"summary": {"frames": 1, "differing": 1, "unexplained": 0}}


def test_a_frame_that_was_cut_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, whole = second()
    kept = whole[:44]  # ten bytes of the advert
    head = struct.pack("<IIII", T0 // BILLION, 0, len(kept), len(whole))
    path = tmp_path / "cut.pcap"
    path.write_bytes(pcap([], nano=True) + head + kept)
    result = call(capsys, "decode", path, "--with", "tshark", "--format", "ndjson")
    *differences, _ = documents(result.out)
    assert result.code == 0
    assert {each["reason"] for each in differences} <= {"cut"}


@pytest.mark.parametrize(
    ("column", "value", "field"),
    [
        ("number", 9, "protocol"),
        ("t", T0 + 1, "time"),
        ("src_lo", 1, "router"),
        ("ttl", 9, "ttl"),
        ("version", 3, "version"),
        ("vrid", 9, "vrid"),
        ("priority", 9, "priority"),
        ("interval", 9, "interval_s"),
        ("auth", 1, "auth"),
        ("checksum", Checksum.BAD, "checksum"),
        ("addresses", 0, "addresses"),
    ],
)
def test_every_mistake_of_ours_would_show(  # noqa: PLR0917 - what is wrong, and pytest's own
    column: str, value: int, field: str, one: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Wrong(Decoder):
        def decode(self, frames: Frames) -> Decoded:
            found = super().decode(frames)
            found.adverts[column] = value
            return found

    monkeypatch.setattr(second_opinion, "Decoder", Wrong)
    result = call(capsys, "decode", one, "--with", "tshark", "--format", "ndjson")
    *differences, summary = documents(result.out)
    assert result.code == 1
    assert field in {each["field"] for each in differences}
    assert {each["reason"] for each in differences} == {None}
    assert summary["summary"]["unexplained"] == summary["summary"]["differing"] > 0


def test_only_what_is_asked_for_is_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story = [*rhythm(4), *(say._replace(vrid=51, vlan=7) for say in rhythm(3))]
    path = write(tmp_path / "two.pcap", story)
    for options, expected in (("--vrid 51", 3), ("--segment vlan7", 3), ("--end +1.5", 4), ("--router 10.0.0.9", 0)):
        out = call(capsys, "decode", path, "--with", "tshark", *options.split()).out
        assert out.startswith(f"{expected} frame")


def test_it_works_where_an_event_loop_is_running(capsys: pytest.CaptureFixture[str]) -> None:
    async def cell() -> str:
        return call(capsys, "decode", HEALTHY, "--with", "tshark").out

    assert "0 differ." in asyncio.run(cell())


def test_a_capture_that_ends_in_the_middle_is_compared_as_far_as_it_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "short.pcap"
    path.write_bytes(pcap(map(frame, rhythm(5)), nano=True)[:-7])
    result = call(capsys, "decode", path, "--with", "tshark")
    assert result.code == 0
    assert result.out.startswith("4 frames compared")
    assert "cut short in the middle of a packet" in result.err


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "long.pcap"
    path.write_bytes(pcap([third(Checksum.PLAIN)] * 400, nano=True))
    command = f"{sys.executable} -m vrrpscope decode {path} --with tshark | head -n 1"
    out = run("-c", command, command=("sh",))
    assert out.out.count("\n") == 1


def test_without_pyshark_it_says_how_to_get_it(tmp_path: Path) -> None:
    spoiler = tmp_path / "pyshark"
    spoiler.mkdir()
    (spoiler / "__init__.py").write_text("raise ImportError\n", encoding="utf-8")
    env = environment(PYTHONPATH=f"{tmp_path}:{environment()['PYTHONPATH']}")
    result = run("decode", HEALTHY, "--with", "tshark", env=env)
    assert result.code == 2
    assert "pip install 'vrrpscope[tshark]'" in one_line(result)


def test_without_tshark_it_says_so(tmp_path: Path) -> None:
    result = run("decode", HEALTHY, "--with", "tshark", env=environment(PATH=str(tmp_path)))
    assert result.code == 2
    assert "needs tshark, which is not installed" in one_line(result)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((str(HEALTHY), "--format", "csv"), 2, "writes text or ndjson, not csv"),
        (("-",), 2, "can be read only once"),
        ((os.devnull,), 2, "can be read only once"),
        (("nowhere.pcap",), 3, "no such file"),
    ],
)
def test_mistakes_are_one_line(
    arguments: tuple[str, ...], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result = call(capsys, "decode", "--with", "tshark", *arguments)
    assert result.code == code
    assert words in one_line(result)


def test_a_file_that_tshark_cannot_read_is_an_error(one: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one.with_suffix(".xz").write_bytes(lzma.compress(one.read_bytes()))
    result = call(capsys, "decode", one.with_suffix(".xz"), "--with", "tshark")
    assert result.code == 3
    assert "tshark cannot read it: " in result.err
