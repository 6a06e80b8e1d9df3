"""The one driver, from outside: what it is fed with, in which pieces, changes nothing of what it says."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from tests.build import pcap, pcapng
from tests.report.captures import Say, frame, rhythm, write
from tests.report.reading import ROOT
from vrrpscope.analysis import Analysis, Session, analyze
from vrrpscope.capture.files import open_source
from vrrpscope.errors import CaptureError, UsageError
from vrrpscope.findings import Severity
from vrrpscope.report import render
from vrrpscope.rules import RULES
from vrrpscope.timeline.router import MAX_SPEAKERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vrrpscope.capture.frames import Frames
    from vrrpscope.findings import Finding

SAMPLES: Final = ROOT / "samples"
CAPTURES: Final = [
    SAMPLES / "firewall-split-brain" / "lb02.pcap",
    SAMPLES / "paused-master" / "lb01.pcap",
    SAMPLES / "password-mismatch" / "lb02.pcap",
    SAMPLES / "lossy" / "switch.pcap",
    SAMPLES / "vrrpv3-fast" / "lb02.pcap",
]
every_capture = pytest.mark.parametrize("path", CAPTURES, ids=lambda path: f"{path.parent.name}-{path.name}")


def told(analysis: Analysis) -> dict[str, Any]:
    stream = StringIO()
    render(analysis, "json", stream)
    found: dict[str, Any] = json.loads(stream.getvalue())
    return found


def pieces(frames: Frames, size: int) -> Iterator[Frames]:
    """Cut a batch into batches of some frames each."""
    for first in range(0, len(frames.t), size):
        part = slice(first, first + size)
        yield frames._replace(**{name: getattr(frames, name)[part] for name in frames._fields if name != "data"})


def by_session(path: Path, size: int) -> tuple[Analysis, list[Finding]]:
    """Analyse a capture in batches of `size` frames; return what was alerted on the way, too."""
    session = Session()
    alerts: list[Finding] = []
    with open_source(str(path)) as source:
        session.open(0, source.info)
        for frames in source:
            for piece in pieces(frames, size):
                alerts += session.feed(0, piece)
    alerts += session.finish(0)
    return session.close(), alerts


@every_capture
@pytest.mark.parametrize("size", [1, 3, 50])
def test_the_size_of_the_batches_changes_nothing(path: Path, size: int) -> None:
    session, _ = by_session(path, size)
    whole = told(analyze(str(path)))
    # A capture read by hand is named alike; digests of passwords too, within one process.
    assert told(session) == whole


@every_capture
def test_what_is_alerted_on_the_way_is_in_the_end_or_was_replaced(path: Path) -> None:
    analysis, alerts = by_session(path, 1)
    final = {finding.key for finding in analysis.findings}
    replaced = {f.key._replace(rule=f.supersedes) for f in analysis.findings if f.supersedes}
    assert {alert.key for alert in alerts} <= final | replaced


@every_capture
def test_reading_twice_gives_the_same(path: Path) -> None:
    assert told(analyze(str(path))) == told(analyze(str(path)))


@every_capture
def test_findings_come_worst_first_and_then_in_time(path: Path) -> None:
    order = [(finding.severity.rank, finding.start) for finding in analyze(str(path)).findings]
    assert order == sorted(order)


@every_capture
def test_each_finding_says_what_where_and_what_to_do(path: Path) -> None:
    for finding in analyze(str(path)).findings:
        assert finding.rule in RULES
        assert finding.frames or finding.virtual_router is None
        assert finding.title
        assert not finding.title.endswith(".")
        if finding.severity is not Severity.INFO:
            assert finding.explanation
            assert finding.remedy
        if finding.end is not None:
            assert finding.end >= finding.start


def test_only_the_rules_asked_for_are_run() -> None:
    path = str(CAPTURES[2])
    assert {f.rule for f in analyze(path, rules=[RULES["clear-text-password"]]).findings} == {"clear-text-password"}
    nothing = analyze(path, rules=[])
    assert nothing.findings == ()
    assert nothing.verdict == "healthy"
    assert nothing.virtual_routers[0].router.history.splits  # the events are there all the same


def test_the_verdict_is_the_worst_severity() -> None:
    assert [analyze(str(path)).verdict for path in CAPTURES] == [
        "critical",
        "critical",
        "critical",
        "healthy",
        "warning",
    ]


def test_the_analysis_spans_all_its_captures(tmp_path: Path) -> None:
    early = write(tmp_path / "early.pcap", rhythm(5))
    late = write(tmp_path / "late.pcap", [say._replace(at=say.at + 3, ip_id=say.ip_id + 3) for say in rhythm(9)])
    one, other, both = analyze(str(early)), analyze(str(late)), analyze(str(late), str(early))
    assert (both.start, both.end) == (one.start, other.end)
    assert sum(capture.adverts for capture in both.captures) == 14
    assert sum(capture.duplicates for capture in both.captures) == 2


def test_an_analysis_of_nothing_has_no_times(tmp_path: Path) -> None:
    analysis = analyze(str(write(tmp_path / "none.pcap", [])))
    assert (analysis.start, analysis.end, analysis.virtual_routers, analysis.findings) == (None, None, (), ())
    assert analysis.verdict == "healthy"


def test_a_capture_without_vrrp_has_frames_and_no_virtual_router(tmp_path: Path) -> None:
    path = tmp_path / "noise.pcap"
    path.write_bytes(pcap([(n * 1_000_000, bytes(60 + n)) for n in range(50)]))
    analysis = analyze(str(path))
    assert analysis.captures[0].info.frames == 50
    assert analysis.captures[0].adverts == 0
    assert analysis.virtual_routers == ()


def test_a_capture_that_is_missing_is_an_error_and_half_a_name_too() -> None:
    with pytest.raises(CaptureError):
        analyze("missing.pcap")
    with pytest.raises(UsageError):
        analyze("lb01=")


def test_progress_never_goes_back_nor_beyond_the_end(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{n}.pcap", rhythm(9)) for n in (1, 2)]
    seen: list[tuple[int, int | None]] = []
    analyze(*map(str, paths), progress=lambda read, total: seen.append((read, total)))
    read = [position for position, _ in seen]
    assert read == sorted(read)
    assert {total for _, total in seen} == {sum(path.stat().st_size for path in paths)}
    assert read[-1] <= sum(path.stat().st_size for path in paths)


def test_progress_ends_with_all_that_there_is(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pcap", rhythm(9))
    seen: list[int] = []
    analyze(str(path), progress=lambda read, _: seen.append(read))
    assert seen[-1] == path.stat().st_size


def test_a_frame_far_behind_its_time_is_left_out_and_said_so(tmp_path: Path) -> None:
    path = tmp_path / "late.pcap"
    frames = [frame(Say(float(t), ip_id=t + 1)) for t in range(8)]
    path.write_bytes(pcap([*frames[:3], *frames[4:], frames[3]], nano=True))
    analysis = analyze(str(path))
    problem = analysis.captures[0].info.problems[0]
    assert problem.frame == 8
    assert "behind its time" in problem.message
    assert "damaged-capture" in {finding.rule for finding in analysis.findings}


def test_a_frame_a_little_behind_its_time_is_put_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "swapped.pcap"
    story = rhythm(8) + [s._replace(at=s.at + 0.3) for s in rhythm(8, host=6, priority=100, secret=b"x")]
    frames = [frame(say) for say in sorted(story, key=lambda say: say.at)]
    path.write_bytes(pcap(frames, nano=True))
    straight = told(analyze(str(path)))
    swapped = [frames[n ^ 1] for n in range(len(frames))]
    path.write_bytes(pcap(swapped, nano=True))
    crossed = told(analyze(str(path)))
    assert crossed["captures"][0]["problems"] == []
    assert [v["masters"] for v in crossed["virtual_routers"]] == [v["masters"] for v in straight["virtual_routers"]]
    assert [f["rule"] for f in crossed["findings"]] == [f["rule"] for f in straight["findings"]]


def test_a_thousand_virtual_routers_are_told_apart(tmp_path: Path) -> None:
    story = [
        Say(float(t), vrid=vrid, vlan=vlan, ip_id=t + 1)
        for t in range(3)
        for vrid in range(1, 251)
        for vlan in range(4)
    ]
    analysis = analyze(str(write(tmp_path / "many.pcap", story)))
    keys = [virtual.key for virtual in analysis.virtual_routers]
    assert len(keys) == len(set(keys)) == 1000
    assert not analysis.captures[0].info.problems
    assert np.unique([len(v.router.history.reigns) for v in analysis.virtual_routers]).tolist() == [1]


def test_a_frame_of_a_time_to_come_ends_the_analysis_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "future.pcapng"
    advert = frame(Say(0.0, ip_id=1))
    path.write_bytes(pcapng([advert, (5 * 10**18, bytes(60))]))  # 5e18 ns: the year 2128
    analysis = analyze(str(path))
    assert [f.rule for f in analysis.findings] == ["no-master"]


def test_two_adverts_without_a_number_are_two_on_both_sides_of_a_rotation(tmp_path: Path) -> None:
    story = [Say(float(t)) for t in range(10)] + [Say(t + 9.2) for t in range(9)]
    write(tmp_path / "1.pcap", story[:10])
    write(tmp_path / "2.pcap", story[10:])
    (virtual,) = analyze(str(tmp_path)).virtual_routers
    assert [s.adverts for s in virtual.router.speakers.values()] == [len(story)]
    assert virtual.router.duplicates == {}


def test_a_crowd_of_masters_is_bounded(tmp_path: Path) -> None:
    story = [Say(n / 100, host=1 + n % 250, priority=1 + n % 250, secret=b"%d" % (n % 250)) for n in range(1000)]
    analysis = analyze(str(write(tmp_path / "crowd.pcap", story)))
    (virtual,) = analysis.virtual_routers
    assert len(virtual.router.speakers) == MAX_SPEAKERS
    assert virtual.router.unheard == 1000 - 4 * MAX_SPEAKERS
    (problem,) = analysis.captures[0].info.problems
    assert str(virtual.router.unheard) in problem.message


def test_adverts_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    path = tmp_path / "odd.pcap"
    frames = [frame(say) for say in rhythm(6)]
    t, odd = frames[3]
    frames[3] = (t, odd[:34] + b"\x91" + odd[35:])  # VRRP version 9
    path.write_bytes(pcap(frames))
    (capture,) = analyze(str(path)).captures
    assert capture.adverts == 6
    assert [p.message.split(" (")[0] for p in capture.info.problems] == ["1 advert cannot be read"]
