"""Several files at once: pieces of one capture, two places at one time, and a mirror port that shows all twice."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.build import pcap
from tests.cli.running import CRITICAL, HEALTHY, SAMPLES, call, run
from vrrpscope.capture.files import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from tests.build import Packet

Capsys = pytest.CaptureFixture[str]
SPLIT: Final = SAMPLES / "firewall-split-brain"
EVIDENCE: Final = {"frame", "frames", "last_heard"}


def packets(path: Path) -> list[Packet]:
    """Read a capture back into frames."""
    with open_source(str(path)) as source:
        return [
            (t, bytes(frames.data[start : start + size]))
            for frames in source
            for t, start, size in zip(frames.t.tolist(), frames.start.tolist(), frames.caplen.tolist(), strict=True)
        ]


def report(capsys: Capsys, *arguments: str | Path) -> dict[str, Any]:
    result = call(capsys, "analyze", "--format", "json", "--fail-on", "never", *arguments)
    assert result.code == 0
    assert result.err == ""
    found: dict[str, Any] = json.loads(result.out)
    return found


def story(value: object) -> object:
    """Return a report's value without what says in which frame of which file it was seen."""
    if isinstance(value, dict):
        return {key: story(inner) for key, inner in value.items() if key not in EVIDENCE}
    return [story(inner) for inner in value] if isinstance(value, list) else value


def told(document: dict[str, Any]) -> tuple[object, object]:
    """Return what a report says of the virtual routers, and which findings it has."""
    findings = [
        (f["rule"], f["severity"], f["confidence"], f["virtual_router"], f["start"], f["end"])
        for f in document["findings"]
    ]
    return story(document["virtual_routers"]), findings


def rotated(path: Path, directory: Path, sizes: list[int]) -> None:
    """Write a capture in pieces, named as `tcpdump -C` names them."""
    frames = packets(path)
    directory.mkdir()
    first = 0
    for n, size in enumerate([*sizes, len(frames)]):
        piece = frames[first : first + size]
        (directory / f"cap.pcap{n or ''}").write_bytes(pcap(piece, nano=True, link=276))
        first += size


def test_a_rotated_capture_of_a_restart_loses_no_advert(tmp_path: Path, capsys: Capsys) -> None:
    rotated(HEALTHY, tmp_path / "rotated", [10, 20])
    assert told(report(capsys, tmp_path / "rotated")) == told(report(capsys, HEALTHY))


@pytest.mark.parametrize("how", ["directory", "glob", "files", "backwards", "named directory"])
def test_a_rotated_capture_says_what_the_whole_one_says(how: str, tmp_path: Path, capsys: Capsys) -> None:
    path = SPLIT / "lb02.pcap"
    directory = tmp_path / "rotated"
    rotated(path, directory, [5, 17, 40, 11, 9, 9, 9, 9, 9, 9, 9])  # so that cap.pcap10 comes before cap.pcap2
    files = sorted(directory.iterdir())
    arguments: dict[str, list[str | Path]] = {
        "directory": [directory],
        "glob": [directory / "cap.pcap*"],
        "files": [*files],
        "backwards": [*reversed(files)],
        "named directory": [f"lb02={directory}"],
    }
    document = report(capsys, *arguments[how])
    assert told(document) == told(report(capsys, path))
    assert sum(capture["frames"] for capture in document["captures"]) == 31
    assert sum(capture["duplicates"] for capture in document["captures"]) == 0


def test_a_file_named_twice_is_read_once(capsys: Capsys) -> None:
    document = report(capsys, HEALTHY, HEALTHY)
    assert len(document["captures"]) == 1
    assert told(document) == told(report(capsys, HEALTHY))


def test_two_vantage_points_tell_one_story_and_each_advert_counts_once(capsys: Capsys) -> None:
    both = report(capsys, *(f"{name}={SPLIT / name}.pcap" for name in ("lb01", "lb02")))
    alone = report(capsys, SPLIT / "lb02.pcap")
    assert [capture["name"] for capture in both["captures"]] == ["lb01", "lb02"]
    assert [f["rule"] for f in both["findings"]] == [f["rule"] for f in alone["findings"]]
    adverts = {r["address"]: r["adverts"] for r in both["virtual_routers"][0]["routers"]}
    assert adverts == {r["address"]: r["adverts"] for r in alone["virtual_routers"][0]["routers"]}
    seen = sum(c["adverts"] - c["duplicates"] for c in both["captures"])
    assert seen == sum(adverts.values())


def test_the_order_in_which_two_vantage_points_are_named_changes_no_story(capsys: Capsys) -> None:
    specs = [f"{name}={SPLIT / name}.pcap" for name in ("lb01", "lb02")]
    one, other = (report(capsys, *order) for order in (specs, specs[::-1]))
    assert [story(v["masters"]) for v in one["virtual_routers"]] == [
        story(v["masters"]) for v in other["virtual_routers"]
    ]
    assert [f["rule"] for f in one["findings"]] == [f["rule"] for f in other["findings"]]


@pytest.mark.parametrize("delay", [0, 1_000, 40_000])
def test_a_mirror_port_that_shows_all_twice_changes_no_story(delay: int, tmp_path: Path, capsys: Capsys) -> None:
    path = SPLIT / "lb02.pcap"
    twice = sorted(((t + late, data) for t, data in packets(path) for late in (0, delay)), key=lambda p: p[0])
    copy = tmp_path / "span.pcap"
    copy.write_bytes(pcap(twice, nano=True, link=276))
    document = report(capsys, copy)
    once = report(capsys, path)
    assert document["captures"][0]["duplicates"] == 31
    assert [v["masters"] for v in document["virtual_routers"]] == [v["masters"] for v in once["virtual_routers"]]
    assert [f["rule"] for f in document["findings"]] == [f["rule"] for f in once["findings"]]


def test_standard_input_is_a_capture_too(capsys: Capsys) -> None:
    result = run("analyze", "-", "--format", "json", stdin=HEALTHY.read_bytes())
    assert (result.code, result.err) == (0, "")
    document = json.loads(result.out)
    assert (document["captures"][0]["name"], document["captures"][0]["path"]) == ("stdin", "-")
    assert told(document) == told(report(capsys, HEALTHY))


def test_standard_input_may_be_compressed() -> None:
    result = run("analyze", "lb01=-", "--format", "json", stdin=gzip.compress(HEALTHY.read_bytes()))
    assert (result.code, result.err) == (0, "")
    document = json.loads(result.out)
    assert (document["captures"][0]["name"], document["captures"][0]["compression"]) == ("lb01", "gzip")


def test_a_mixed_directory_is_read_for_its_captures(tmp_path: Path, capsys: Capsys) -> None:
    rotated(CRITICAL, tmp_path / "dir", [10, 20])
    (tmp_path / "dir" / "notes.txt").write_text("what we did", encoding="utf-8")
    (tmp_path / "dir" / "empty.pcap").write_bytes(b"")
    assert told(report(capsys, tmp_path / "dir")) == told(report(capsys, CRITICAL))
