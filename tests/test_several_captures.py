"""Captures of several places: on one clock, whatever their own says, and what became of adverts between them.

Recorded captures are changed: clocks are set and stretched, frames taken out. What happened stays what it was.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.cli.running import run
from tests.report.reading import ROOT, document, text
from tests.views import nanoseconds
from vrrpscope.analysis import analyze
from vrrpscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SAMPLES: Final = ROOT / "samples"
STORIES: Final = ["firewall-split-brain", "lossy", "failover", "password-mismatch", "ipv6", "ah", "vrrpv3-fast", "frr"]
MILLISECOND: Final = 1_000_000


def rewrite(source: Path, target: Path, change: Callable[[int, int, bytes], int | None]) -> Path:
    """Copy a pcap file; `change` is given number, time and bytes of each frame and returns its new time, or None."""
    data = source.read_bytes()
    unit = {0xA1B23C4D: 1, 0xA1B2C3D4: 1000}[struct.unpack("<I", data[:4])[0]]
    out, at, number = [struct.pack("<I", 0xA1B23C4D) + data[4:24]], 24, 0
    while at < len(data):
        seconds, fraction, caplen, length = struct.unpack("<IIII", data[at : at + 16])
        frame = data[at + 16 : at + 16 + caplen]
        at, number = at + 16 + caplen, number + 1
        t = change(number, seconds * 10**9 + fraction * unit, frame)
        if t is not None:
            out += [struct.pack("<IIII", *divmod(t, 10**9), caplen, length), frame]
    target.write_bytes(b"".join(out))
    return target


def two(story: str, other: Path | None = None) -> list[str]:
    """Return a story's two captures, or another one instead of the second."""
    return [f"lb01={SAMPLES / story / 'lb01.pcap'}", f"lb02={other or SAMPLES / story / 'lb02.pcap'}"]


def without(story: str, tmp_path: Path, sender: str, first: int = 0) -> Path:
    """Return lb02's capture without what a sender said from one frame on."""
    source = bytes(map(int, sender.split(".")))
    return rewrite(
        SAMPLES / story / "lb02.pcap",
        tmp_path / "lb02.pcap",
        lambda number, t, frame: None if number >= first and source in frame[20:40] else t,
    )


def happened(report: dict[str, Any]) -> list[Any]:
    """Return what a report tells, without times and frames."""
    told: list[Any] = [(f["rule"], f["severity"], f["confidence"], f["routers"]) for f in report["findings"]]
    for virtual in report["virtual_routers"]:
        told += [(m["router"], m["adverts"], m["ended_by"]) for m in virtual["masters"]]
        told += [(e["from"], e["to"], e["cause"]) for e in virtual["elections"]]
        told += [(s["kind"], s["cause"], s["confidence"], s["deaf"]) for s in virtual["split_brains"]]
        told += [(m["router"], m["kind"], m["adverts"]) for m in virtual["missed"]]
        told += [(d["from"], d["to"], d["sent"], d["arrived"], d["unheeded"]) for d in virtual["deliveries"]]
    return told


def moments(report: dict[str, Any]) -> list[int]:
    """Return the times of all that a report tells."""
    return [
        nanoseconds(t)
        for virtual in report["virtual_routers"]
        for t in (
            *(e["time"] for e in virtual["elections"]),
            *(t for m in virtual["masters"] for t in (m["start"], m["end"]) if t),
            *(t for s in virtual["split_brains"] for t in (s["start"], s["end"]) if t),
        )
    ]


def assert_told_alike(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert happened(one) == happened(other)
    for mine, theirs in zip(moments(one), moments(other), strict=True):
        assert abs(mine - theirs) < MILLISECOND


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize(("offset", "ppm"), [(2.0, 0), (-25_200.75, 0), (86_400.0, 150), (-0.004, -200)])
def test_what_happened_does_not_depend_on_a_capture_s_clock(
    story: str, offset: float, ppm: int, tmp_path: Path
) -> None:
    start = nanoseconds(document(*two(story))["captures"][1]["first"])
    other = rewrite(
        SAMPLES / story / "lb02.pcap",
        tmp_path / "lb02.pcap",
        lambda _, t, __: t + round(offset * 10**9) + (t - start) * ppm // 10**6,
    )
    report = document(*two(story, other))
    assert_told_alike(report, document(*two(story)))
    assert report["captures"][1]["clock_offset_s"] == pytest.approx(offset, abs=0.005)
    assert nanoseconds(report["captures"][1]["first"]) == pytest.approx(start, abs=MILLISECOND)


@pytest.mark.parametrize("story", STORIES)
def test_captures_of_one_clock_are_left_alone(story: str) -> None:
    assert [c["clock_offset_s"] for c in document(*two(story))["captures"]] == [0.0, 0.0]


def test_a_clock_set_back_in_between_changes_nothing(tmp_path: Path) -> None:
    story = "firewall-split-brain"
    other = rewrite(
        SAMPLES / story / "lb02.pcap",
        tmp_path / "lb02.pcap",
        lambda number, t, _: t - 3600 * 10**9 * (number > 18),
    )
    report = document(*two(story, other))
    assert_told_alike(report, document(*two(story)))
    assert report["captures"][1]["problems"] == []
    assert "clock set back 1 time meanwhile" in " ".join(text(*two(story, other)).split())


def test_a_text_report_says_how_far_a_clock_is_off_and_how_sure_that_is(tmp_path: Path) -> None:
    story = "firewall-split-brain"
    other = rewrite(SAMPLES / story / "lb02.pcap", tmp_path / "lb02.pcap", lambda _, t, __: t + 2 * 10**9)
    report = " ".join(text(*two(story, other)).split())
    assert "clock 2.000 s ahead of lb01, ± 0.03 ms from 31 adverts" in report
    assert "clock" not in text(*two(story))


def test_captures_with_nothing_in_common_say_so(tmp_path: Path) -> None:
    other = without("firewall-split-brain", tmp_path, "10.0.0.5")
    mine = rewrite(
        SAMPLES / "firewall-split-brain" / "lb01.pcap",
        tmp_path / "lb01.pcap",
        lambda _, t, frame: None if bytes([10, 0, 0, 6]) in frame[20:40] else t,
    )
    specs = [f"lb01={mine}", f"lb02={other}"]
    assert [c["clock_offset_s"] for c in document(*specs)["captures"]] == [0.0, None]
    assert "clock compared with none" in " ".join(text(*specs).split())


def test_a_given_offset_is_believed() -> None:
    report = analyze(*two("failover"), clock_offsets={"lb02": 1.5})
    assert [c.clock.offset for c in report.captures] == [0, 1_500_000_000]
    alone = analyze(two("failover")[1], clock_offsets={"lb02": -3600})
    assert alone.start is not None
    assert alone.start - (analyze(two("failover")[1]).start or 0) == 3600 * 10**9


def test_an_offset_for_nobody_is_a_mistake() -> None:
    with pytest.raises(UsageError, match="lb03"):
        analyze(*two("failover"), clock_offsets={"lb03": 1.5})


def test_the_command_takes_offsets() -> None:
    result = run("analyze", *two("failover"), "--clock-offset", "lb02=-1.5", "--format", "json")
    assert json.loads(result.out)["captures"][1]["clock_offset_s"] == -1.5
    for wrong in ("lb02", "lb02=soon", "=1", "lb02=nan", "lb02=inf", "lb09=1"):
        assert run("analyze", *two("failover"), "--clock-offset", wrong).code == 2


def test_rotated_files_without_a_name_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("vrrpscope.evidence.survey.Survey", refuse)
    analyze(*(spec.partition("=")[2] for spec in two("failover")))
    analyze(two("failover")[0])


def test_adverts_that_arrive_and_have_no_effect_convict_the_host() -> None:
    finding = next(f for f in document(*two("firewall-split-brain"))["findings"] if f["rule"] == "split-brain")
    assert "all 11 adverts of 10.0.0.5 since then arrived at lb02 and had no effect" in finding["explanation"]
    assert "snooping" not in finding["explanation"] + finding["remedy"]
    assert "On 10.0.0.6 let VRRP in" in finding["remedy"]


def test_adverts_that_do_not_arrive_convict_the_path(tmp_path: Path) -> None:
    report = document(*two("firewall-split-brain", without("firewall-split-brain", tmp_path, "10.0.0.5", 6)))
    finding = next(f for f in report["findings"] if f["rule"] == "split-brain")
    assert finding["confidence"] == "certain"
    assert "none of the 11 adverts of 10.0.0.5 since then arrived at lb02; they were lost" in finding["explanation"]
    assert "path from lb01 to lb02" in finding["remedy"]
    assert "iptables" not in finding["remedy"]
    (lost,) = report["virtual_routers"][0]["deliveries"][0]["lost"]
    assert (lost["adverts"], lost["frame"]) == (11, {"capture": "lb01", "number": 6})


def test_two_deaf_hosts_are_told_for_each_direction(tmp_path: Path) -> None:
    (finding, *_) = document(*two("both-deaf", without("both-deaf", tmp_path, "10.0.0.5", 13)))["findings"]
    assert "all 7 adverts of 10.0.0.6 during that time arrived at lb01 and had no effect" in finding["explanation"]
    assert "of 10.0.0.5 during that time arrived at lb02; they were lost" in finding["explanation"]
    assert "path from lb01 to lb02" in finding["remedy"]
    assert "On 10.0.0.5 let VRRP in" in finding["remedy"]


def test_adverts_that_one_capture_lacks_are_told() -> None:
    report = document(*two("lossy"))
    (finding,) = (f for f in report["findings"] if f["rule"] == "lost-adverts")
    assert (finding["severity"], finding["confidence"]) == ("warning", "certain")
    assert finding["title"].startswith("3 adverts of 10.0.0.5 did not arrive at lb02")
    lost = {d["from"]: [run["adverts"] for run in d["lost"]] for d in report["virtual_routers"][0]["deliveries"]}
    assert lost == {"10.0.0.5": [1, 2], "10.0.0.6": []}


def test_a_backup_that_nearly_took_over_is_told_of_by_what_its_own_capture_lacks() -> None:
    (finding,) = (f for f in document(*two("lossy"))["findings"] if f["rule"] == "near-failover")
    assert finding["title"] == "10.0.0.6 was 0.609 s from taking over from 10.0.0.5"
    assert finding["frames"] == [{"capture": "lb01", "number": 40}]


def test_rejected_adverts_are_no_loss() -> None:
    report = document(*two("password-mismatch"))
    deliveries = report["virtual_routers"][0]["deliveries"]
    assert all(d["sent"] == d["arrived"] and d["rejected"] and not d["unheeded"] for d in deliveries)


def test_one_capture_has_no_deliveries() -> None:
    assert document(two("lossy")[1])["virtual_routers"][0]["deliveries"] == []
