"""What is kept around a critical finding: which packets, what they say, and within which bounds."""

from __future__ import annotations

import os
import resource
import stat
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.build import BILLION
from tests.frames import part
from tests.live.recordings import NOON, arriving, needs_tshark, read, state, tshark
from vrrpscope.analysis import analyze
from vrrpscope.capture.files import open_source
from vrrpscope.errors import UsageError
from vrrpscope.findings import Confidence, Finding, Frame, Severity
from vrrpscope.live.evidence import MAX_BYTES, EvidenceKeeper
from vrrpscope.live.ring import Ring
from vrrpscope.session import Session

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES: Final = __file__.replace("tests/live/test_evidence.py", "samples")


def finding(
    at: int = 0,
    *frames: int,
    rule: str = "split-brain",
    severity: Severity = Severity.CRITICAL,
    virtual: str | None = "vlan100/ipv4/50",
    title: str = "10.0.0.1 and 10.0.0.2 are both master",
) -> Finding:
    """A finding that began so many seconds after noon."""
    return Finding(
        rule,
        severity,
        Confidence.CERTAIN,
        virtual,
        ("10.0.0.1", "10.0.0.2"),
        NOON + at * BILLION,
        None,
        title,
        "Each rejects the other's adverts.",
        "Give both one password.",
        tuple(Frame("eth0", number) for number in frames),
    )


class Keeper:
    """An evidence keeper that hears one frame a second, which is numbered as the second is."""

    def __init__(self, directory: Path, *, most: int = 99, memory: int = 64 << 20, size: int = 60) -> None:
        self.directory = directory / "kept"
        self.said: list[str] = []
        self.size = size
        self.keeper = EvidenceKeeper(str(self.directory), ["eth0"], say=self.said.append, most=most, memory=memory)

    def until(self, second: int, since: int = 1) -> Keeper:
        for number in range(since, second + 1):
            self.keeper.frames(arriving([NOON + number * BILLION], first=number, size=self.size))
            self.keeper.tick(state(NOON + number * BILLION))
        return self

    def found(self, *findings: Finding) -> Keeper:
        self.keeper.found(findings)
        return self

    @property
    def files(self) -> list[Path]:
        return sorted(self.directory.iterdir())


def test_there_is_what_was_before_and_after(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path).until(50).found(finding(48)).until(100, since=51)
    (path,) = keeper.files
    assert path.name == "20251122120048-split-brain-vlan100-ipv4-50.pcapng"
    assert read(path).numbers == list(range(38, 56))
    assert read(path).times == [NOON + second * BILLION for second in range(38, 56)]
    assert keeper.keeper.kept == [str(path)]
    assert keeper.said == [f"{path}: has 18 frames around split-brain"]
    keeper.keeper.close(None)


def test_what_was_before_is_in_the_file_at_once(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path).until(50).found(finding(50))
    assert read(keeper.files[0]).numbers == list(range(40, 51))
    keeper.keeper.close(None)


def test_packets_and_file_say_what_they_show_with_the_numbers_of_the_running_capture(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path).until(150).found(finding(148, 3, 147)).until(200, since=151)
    (path,) = keeper.files
    assert read(path).numbers == [*range(138, 156)]  # frame 3 was forgotten
    whole = path.read_bytes()
    assert b"Give both one password." in whole
    assert b"frame 147 of the running capture" in whole


@needs_tshark
def test_wireshark_shows_the_comments(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path).until(50).found(finding(48, 3, 47))
    keeper.keeper.frames(arriving([NOON + 51 * BILLION], first=51))
    keeper.found(finding(48, 3, 47, 51, title="they are still both master")).until(60, since=52)
    comments = tshark(keeper.files[0], "frame.number", "frame.comment")
    told = {line.partition("|")[0]: line.partition("|")[2] for line in comments if not line.endswith("|")}
    first, now = "10.0.0.1 and 10.0.0.2 are both master", "They are still both master"
    assert list(told) == ["1", "11", "15"]  # 3, which is older than the rest, 47 and 51
    assert "frame 47 of the running capture" in told["11"]
    assert f"evidence of split-brain (critical, certain): {first}." in told["11"]
    assert "frame 51 of the running capture" in told["15"]
    assert now in told["15"]


def test_only_critical_findings_are_kept_and_each_once(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path).until(50)
    keeper.found(finding(48, severity=Severity.WARNING), finding(47, severity=Severity.INFO))
    assert keeper.files == []
    keeper.found(finding(48), finding(48)).until(60, since=51).found(finding(48)).keeper.close(None)
    assert len(keeper.files) == 1


def test_a_finding_that_turns_critical_is_kept(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path).until(50).found(finding(48, severity=Severity.WARNING))
    keeper.found(finding(48)).keeper.close(None)
    assert len(keeper.files) == 1


def test_a_storm_makes_a_bounded_number_of_files_and_that_is_said_once(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, most=3).until(50)
    for second in range(40, 50):
        keeper.found(finding(second))
    keeper.keeper.close(None)
    assert len(keeper.files) == 3
    assert sum("no more are kept" in text for text in keeper.said) == 1
    assert keeper.said[-1].endswith("of 7 further critical findings no packets were kept")


@given(rule=st.text(max_size=300), virtual=st.none() | st.text(max_size=300))
def test_any_name_makes_a_file_in_the_directory(
    tmp_path_factory: pytest.TempPathFactory, rule: str, virtual: str | None
) -> None:
    keeper = Keeper(tmp_path_factory.mktemp("names")).until(3)
    keeper.found(finding(2, rule=rule, virtual=virtual)).keeper.close(None)
    (path,) = keeper.files
    assert path.is_file()
    assert path.name.isascii()
    assert path.name.isprintable()


def test_two_findings_of_one_name_have_two_files(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path).until(5).found(finding(2, virtual="a/b"), finding(2, virtual="a b"))
    keeper.keeper.close(None)
    assert [path.name for path in keeper.files] == [
        "20251122120002-split-brain-a-b-2.pcapng",
        "20251122120002-split-brain-a-b.pcapng",
    ]


def test_a_file_is_bounded_and_has_what_is_next_to_the_finding(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    times = [NOON + n * BILLION // 1000 for n in range(20_000)]
    frames = arriving(times, size=1500)
    for begin in range(0, 20_000, 100):
        keeper.keeper.frames(part(frames, slice(begin, begin + 100)))
        if begin == 12_000:
            keeper.found(finding(11, 5))
    keeper.keeper.close(None)
    (path,) = keeper.files
    found = read(path)
    assert path.stat().st_size < MAX_BYTES + 100_000
    assert found.numbers[0] == 5
    assert found.numbers[1:] == list(range(found.numbers[1], found.numbers[-1] + 1))
    assert found.numbers[1] < 11_000
    assert found.numbers[-1] > 14_000
    assert b"left out: there were too many" in path.read_bytes()


def test_an_open_excerpt_ends_when_the_clock_is_set_back(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path).until(50).found(finding(48))
    keeper.keeper.tick(state(NOON - 3600 * BILLION))
    assert len(keeper.keeper.kept) == 1
    keeper.keeper.close(None)


def test_what_cannot_be_written_is_said_and_the_capture_goes_on(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path).until(50)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, before[1]))
    try:
        keeper.found(finding(48)).until(53, since=51)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    keeper.until(60, since=54).keeper.close(None)
    assert sum("cannot be written" in text for text in keeper.said) == 1
    assert read(keeper.files[0]).numbers == list(range(38, 56))


def test_packets_are_for_their_owner_alone(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path).until(5).found(finding(4))
    keeper.keeper.close(None)
    assert stat.S_IMODE(keeper.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(keeper.files[0].stat().st_mode) == 0o600


def test_a_directory_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file")
    with pytest.raises(UsageError, match="cannot be made"):
        Keeper(tmp_path)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 3 * BILLION)), max_size=10))
def test_memory_is_bounded_and_the_last_frames_are_there(batches: list[tuple[int, int]]) -> None:
    ring = Ring(100_000, 4 * BILLION)
    number, t = 1, NOON
    for count, step in batches:
        t += step
        ring.add(arriving([t] * count, first=number, size=200))
        number += count
        assert ring.size <= 100_000
    kept = list(ring.select(0, 0, 1 << 62))
    assert [held.number for held in kept] == list(range(number - len(kept), number))
    assert bool(kept) == (number > 1)
    assert ring.room_from(NOON, 1 << 20) == (NOON, 0)


@needs_tshark
@pytest.mark.parametrize("sample", ["both-deaf", "firewall-split-brain", "rogue-master"])
def test_what_is_kept_of_a_story_tells_it_again(tmp_path: Path, sample: str) -> None:
    said: list[str] = []
    keeper = EvidenceKeeper(str(tmp_path), ["eth0"], say=said.append)
    session = Session()
    with open_source(os.path.join(SAMPLES, sample, "lb02.pcap")) as source:
        session.open(0, source.info)
        for frames in source:
            for row in range(len(frames.t)):
                one = part(frames, slice(row, row + 1))
                keeper.frames(one)
                keeper.found(session.feed(0, one))
                now = int(one.t[0])
                keeper.tick(state(now, virtual_routers=session.virtual_routers(now)))
    keeper.found(session.finish(0))
    analysis = session.close()
    keeper.close(analysis)
    critical = [f for f in analysis.findings if f.severity is Severity.CRITICAL]
    assert critical
    assert len(keeper.kept) >= len(critical)
    for path in keeper.kept:
        again = analyze(path)
        assert again.captures[0].info.problems == []
        assert again.verdict == "critical"
        comments = [line for line in tshark(path, "frame.comment") if line]
        assert any("evidence of" in line for line in comments)
