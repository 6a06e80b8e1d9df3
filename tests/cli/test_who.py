"""`vrrpscope who`: what it says, how it says that it does not know, and its exit codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

from tests.build import T0, pcap
from tests.cli.running import HEALTHY, SAMPLES, call, one_line, run
from tests.report.captures import Say, frame, rhythm, write

if TYPE_CHECKING:
    from pathlib import Path

    Capsys = pytest.CaptureFixture[str]

SPLIT: Final = SAMPLES / "firewall-split-brain" / "lb02.pcap"
PAUSED: Final = SAMPLES / "paused-master" / "lb01.pcap"


def test_a_split_brain_names_all_masters_and_how_each_is_known(capsys: Capsys) -> None:
    result = call(capsys, "who", SPLIT, "--at", "+10")
    assert (result.code, result.err) == (0, "")
    text = " ".join(result.out.split())
    assert "VRID 50 IPv4 10.0.0.3" in text
    assert "SPLIT BRAIN: 10.0.0.5 and 10.0.0.6 were both master." in text
    assert "10.0.0.6 since 22:13:32.740 (deaf), until 22:13:40.742 (yielded)" in text
    assert "last advert: #13, 0.390 s before, priority 100" in text


def test_a_split_brain_that_the_wire_does_not_show_is_called_silent(capsys: Capsys) -> None:
    assert "SILENT SPLIT BRAIN: " in call(capsys, "who", PAUSED, "--at", "+10").out


def test_a_frame_names_its_time(capsys: Capsys) -> None:
    result = call(capsys, "who", SPLIT, "--at", "#9", "--format", "json")
    document = json.loads(result.out)
    assert document["schema"] == "vrrpscope.who/1"
    assert document["time"] == "2026-11-22T22:13:32.740928000Z"
    (virtual,) = document["virtual_routers"]
    assert virtual["state"] == "split-brain"
    assert virtual["split_brain"] == {"kind": "visible", "cause": "one-node-deaf"}
    new = next(m for m in virtual["masters"] if m["router"] == "10.0.0.6")
    assert new["since"] == document["time"]
    assert new["cause"] == "deaf"
    assert new["last_advert"] == {
        "frame": {"capture": "lb02", "number": 9},
        "time": document["time"],
        "age_s": 0.0,
    }


def test_several_captures_have_their_names_before_frames(capsys: Capsys) -> None:
    files = [f"lb01={SPLIT.with_name('lb01.pcap')}", f"lb02={SPLIT}"]
    assert "last advert: lb0" in call(capsys, "who", *files, "--at", "22:13:30").out
    assert call(capsys, "who", *files, "--at", "#9").code == 2


@pytest.mark.parametrize(
    ("time", "why"),
    [
        ("2026-11-22T22:00:00Z", "Not known: the capture begins later; the first advert was captured 22:13:25.130."),
        ("2026-11-23T00:00Z", "Not known: the capture ends before, 2026-11-22 22:13:45.742."),
    ],
)
def test_outside_the_capture_it_is_not_known_and_the_exit_code_says_so(time: str, why: str, capsys: Capsys) -> None:
    result = call(capsys, "who", SPLIT, "--at", time)
    assert result.code == 1
    assert why in " ".join(result.out.split())
    assert "master." not in result.out


def test_what_is_known_of_one_virtual_router_is_enough(tmp_path: Path, capsys: Capsys) -> None:
    late = [say._replace(at=say.at + 5) for say in rhythm(4)]
    path = write(tmp_path / "cap", [*rhythm(9, vrid=51), *late])
    result = call(capsys, "who", path, "--at", "+2")
    assert result.code == 0
    assert "Not known: its first advert was captured later, 22:13:25.000." in " ".join(result.out.split())
    assert call(capsys, "who", path, "--at", "+2", "--vrid", "50").code == 1


def test_a_capture_without_vrrp_knows_nothing(tmp_path: Path, capsys: Capsys) -> None:
    path = tmp_path / "cap.pcap"
    path.write_bytes(pcap([(T0, bytes(60))]))
    result = call(capsys, "who", path, "--at", "+0")
    assert result.code == 1
    assert "No virtual router was seen." in result.out


def test_a_silent_master_is_no_master_after_its_last_advert(tmp_path: Path, capsys: Capsys) -> None:
    path = write(tmp_path / "cap", [*rhythm(4), Say(12.0, host=9, vrid=9)])
    text = " ".join(call(capsys, "who", path, "--at", "+3.5", "--vrid", "50").out.split())
    assert "Nobody was seen to be master: 10.0.0.5 had sent its last advert 0.500 s before." in text


def test_a_resigned_master_is_no_master(tmp_path: Path, capsys: Capsys) -> None:
    path = write(tmp_path / "cap", [*rhythm(4), Say(4.0, priority=0, ip_id=5), Say(4.6, host=6, ip_id=1)])
    text = " ".join(call(capsys, "who", path, "--at", "+4.2").out.split())
    assert "Nobody was master: 10.0.0.5 had resigned 0.200 s before." in text


def test_standard_input_is_answered_without_the_last_adverts() -> None:
    data = pcap([frame(say) for say in rhythm(6)], nano=True)
    result = run("who", "-", "--at", "+3.5", stdin=data)
    assert (result.code, result.err) == (0, "")
    assert "10.0.0.5 was master." in result.out
    assert "6 adverts in that time" in result.out


def test_filters_choose_virtual_routers(capsys: Capsys) -> None:
    sample = SAMPLES / "two-instances" / "lb01.pcap"
    for choice, left in ((["--vrid", "51"], ["51"]), (["--vip", "10.0.0.3"], ["50"]), ([], ["50", "51"])):
        out = call(capsys, "who", sample, "--at", "+5", *choice).out
        assert [line.split()[1] for line in out.splitlines() if line.startswith("VRID")] == left


@pytest.mark.parametrize("arguments", [[], ["--at"], ["--at", "noon"], ["--at", "+1", "--format", "xml"]])
def test_what_cannot_be_meant_is_a_usage_error(arguments: list[str], capsys: Capsys) -> None:
    result = call(capsys, "who", HEALTHY, *arguments)
    assert (result.code, result.out) == (2, "")


def test_an_ambiguous_time_of_day_is_one_line_that_says_so(tmp_path: Path, capsys: Capsys) -> None:
    path = write(tmp_path / "cap", [Say(0.0), Say(200_000.0)])
    assert "more than one day" in one_line(call(capsys, "who", path, "--at", "03:00"))


def test_a_capture_that_cannot_be_read_is_code_3(capsys: Capsys) -> None:
    assert call(capsys, "who", "missing.pcap", "--at", "+1").code == 3


def test_lines_fit_80_columns_and_damage_is_warned_of(tmp_path: Path, capsys: Capsys) -> None:
    path = tmp_path / "cap.pcap"
    path.write_bytes(SPLIT.read_bytes()[:-3])
    result = call(capsys, "who", path, "--at", "+10")
    assert result.code == 0
    assert result.err.startswith(f"vrrpscope: warning: {path} at byte ")
    assert max(map(len, result.out.splitlines())) <= 80
