"""`vrrpscope inventory`: what is there, which VRIDs are free, and what nobody should see."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.build import BILLION, T0, pcap
from tests.cli.running import SAMPLES, call, run
from tests.frames import ethernet, ipv4
from tests.report.captures import Say, frame, rhythm, write
from vrrpscope.questions.inventory import _free
from vrrpscope.report.inventory import ranges

if TYPE_CHECKING:
    from pathlib import Path

    Capsys = pytest.CaptureFixture[str]

EVERY = sorted(SAMPLES.glob("*/*.pcap"))


def test_everything_about_a_segment_is_listed(tmp_path: Path, capsys: Capsys) -> None:
    story = [*rhythm(5, secret=b"s3cr3t50"), Say(5.0, host=6, priority=100, ip_id=1, secret=b"s3cr3t50")]
    story += [say._replace(vlan=100, vrid=7, vips=("10.1.0.1", "10.1.0.2")) for say in rhythm(3)]
    result = call(capsys, "inventory", write(tmp_path / "cap", story))
    assert (result.code, result.err) == (0, "")
    untagged, tagged = result.out.split("\n\n")
    text = " ".join(untagged.split())
    assert text.startswith("SEGMENT untagged, IPv4 VRID 50 10.0.0.3 ")
    assert "10.0.0.5 prio 150, every 1.000 s, VRRPv2, 5 adverts, keepalived" in text
    assert "10.0.0.6 prio 100, every 1.000 s, VRRPv2, 1 advert" in text
    assert "MAC 02:00:00:00:00:05" in text
    assert text.count("! simple password #") == 2
    assert "s3cr3t50" not in text
    assert text.endswith("free VRIDs: 1-49, 51-255")
    assert tagged.startswith("SEGMENT vlan100, IPv4\n  VRID 7  10.1.0.1, 10.1.0.2\n")
    assert tagged.endswith("free VRIDs: 1-6, 8-255\n")


def test_passwords_are_shown_only_when_asked_for(tmp_path: Path, capsys: Capsys) -> None:
    path = write(tmp_path / "cap", rhythm(3, secret=b"\x1b[2Jpw"))
    for form in ("text", "json"):
        assert "pw" not in call(capsys, "inventory", path, "--format", form).out
        shown = call(capsys, "inventory", path, "--format", form, "--show-secrets").out
        assert "pw" in shown
        assert "\x1b" not in shown


def test_a_collision_is_flagged(capsys: Capsys) -> None:
    sample = SAMPLES / "vrid-collision" / "lb01.pcap"
    text = " ".join(call(capsys, "inventory", sample).out.split())
    assert "! COLLISION: 10.0.0.5 and 10.0.0.21 share VRID 50 but no virtual address" in text
    document = json.loads(call(capsys, "inventory", sample, "--format", "json").out)
    (virtual,) = document["segments"][0]["virtual_routers"]
    assert len(virtual["collisions"]) == 1


def test_carp_groups_are_not_free(tmp_path: Path, capsys: Capsys) -> None:
    carp = bytes([0x21, 9, 0, 7, 0, 1, 0, 0]) + bytes(28)
    frames = [frame(say) for say in rhythm(3)]
    frames += [(T0 + 3 * BILLION, ethernet(ipv4(carp, source="10.0.0.9")))]
    path = tmp_path / "cap.pcap"
    path.write_bytes(pcap(frames, nano=True))
    result = call(capsys, "inventory", path)
    assert "  CARP VHID 9\n  free VRIDs: 1-8, 10-49, 51-255\n" in result.out
    document = json.loads(call(capsys, "inventory", path, "--format", "json").out)
    assert document["segments"][0]["carp_vhids"] == [9]


def test_what_is_left_out_is_not_free(capsys: Capsys) -> None:
    sample = SAMPLES / "two-instances" / "lb01.pcap"
    result = call(capsys, "inventory", sample, "--vrid", "51")
    assert "VRID 50" not in result.out
    assert "free VRIDs: 1-49, 52-255" in result.out


@given(st.sets(st.integers(0, 255)))
def test_ranges_hold_every_number_that_is_free_and_no_other(used: set[int]) -> None:
    free = _free(used)
    assert [n for low, high in free for n in range(low, high + 1)] == [n for n in range(1, 256) if n not in used]
    assert all(low > high + 1 for (_, high), (low, _) in pairwise(free))
    assert ranges(free).count("-") <= len(free)


def test_ranges_are_compressed() -> None:
    assert ranges(((1, 49), (51, 51), (53, 255))) == "1-49, 51, 53-255"
    assert ranges(()) == "none"


@pytest.mark.parametrize("path", EVERY[::4], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_any_sample_fits_80_columns_in_text_and_is_json(path: Path, capsys: Capsys) -> None:
    text = call(capsys, "inventory", path).out
    assert max(map(len, text.splitlines())) <= 80
    document = json.loads(call(capsys, "inventory", path, "--format", "json").out)
    assert document["schema"] == "vrrpscope.inventory/1"
    members = [m for s in document["segments"] for v in s["virtual_routers"] for m in v["routers"]]
    assert members
    assert all(m["address"] in text for m in members)


def test_a_capture_without_vrrp_has_nothing_to_list(tmp_path: Path, capsys: Capsys) -> None:
    path = tmp_path / "cap.pcap"
    path.write_bytes(pcap([(T0, bytes(60))]))
    assert call(capsys, "inventory", path) == (0, "No virtual router was seen.\n", "")


def test_standard_input_will_do_and_a_missing_file_will_not(capsys: Capsys) -> None:
    result = run("inventory", "-", stdin=pcap([frame(say) for say in rhythm(3)]))
    assert result.code == 0
    assert "VRID 50" in result.out
    assert call(capsys, "inventory", "missing.pcap").code == 3
