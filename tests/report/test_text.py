"""The text report, as it is read: its words in golden files, its manners in tests.

The golden files are real captures' reports. Read the diff before `--update-golden` is committed: a reader at
three in the morning gets exactly these lines.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.report.captures import Say, rhythm, write
from tests.report.reading import ROOT, encoded, text, without_digests
from vrrpscope.report import Options

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN: Final = Path(__file__).with_name("golden")
REPORTS: Final = {
    "healthy-failover": ["lb01=samples/failover/lb01.pcap", "lb02=samples/failover/lb02.pcap"],
    "split-brain": ["samples/firewall-split-brain/lb02.pcap"],
    "split-brain-from-both-hosts": [
        "lb01=samples/firewall-split-brain/lb01.pcap",
        "lb02=samples/firewall-split-brain/lb02.pcap",
    ],
    "silent-split-brain": ["samples/paused-master/lb01.pcap"],
    "lost-adverts": ["samples/lossy/lb02.pcap"],
}
CAPTURES: Final = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "samples").glob("*/*.pcap*") if path.is_file())
COMMAND: Final = re.compile(r"^ {6}\S")  # a remedy's command stands alone and unbroken
WIDTH: Final = 80


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # reports name paths as they were given


def too_long(report: str, width: int = WIDTH) -> list[str]:
    return [line for line in report.splitlines() if len(line) > width and not COMMAND.match(line)]


def two_masters(tmp_path: Path, one: bytes, other: bytes, name: str = "cap.pcap") -> Path:
    """Write a capture of two masters with two passwords."""
    second = [say._replace(at=say.at + 0.3) for say in rhythm(8, host=6, priority=100, secret=other)]
    return write(tmp_path / name, [*rhythm(8, secret=one), *second])


@pytest.mark.parametrize("name", list(REPORTS))
def test_a_report_reads_as_agreed(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{name}.txt", without_digests(text(*REPORTS[name])))


def test_a_report_reads_as_agreed_in_ascii(golden: Callable[[Path, str], None]) -> None:
    report = encoded("ascii", *REPORTS["split-brain"]).decode("ascii")
    golden(GOLDEN / "split-brain-ascii.txt", without_digests(report))


@pytest.mark.parametrize("path", CAPTURES)
def test_no_line_but_a_command_is_longer_than_eighty_characters(path: str) -> None:
    assert too_long(text(path)) == []


@pytest.mark.parametrize("width", [60, 100, 132])
def test_the_width_asked_for_is_kept(width: int) -> None:
    assert too_long(text(*REPORTS["split-brain"], options=Options(width=width)), width) == []


@pytest.mark.parametrize("path", CAPTURES)
def test_the_first_line_is_a_verdict_in_words(path: str) -> None:
    first = text(path).splitlines()[0]
    assert re.match(r"[A-Z][A-Z -]+( on VRID \d+( \(IPv6\))?( in \S+)?)?: \S", first)


def test_the_verdict_names_the_segment_where_there_is_one(tmp_path: Path) -> None:
    second = [say._replace(at=say.at + 0.3) for say in rhythm(8, host=6, priority=100, secret=b"other")]
    tagged = [say._replace(vlan=100) for say in [*rhythm(8, secret=b"one"), *second]]
    assert text(write(tmp_path / "vlan.pcap", tagged)).startswith("SPLIT BRAIN on VRID 50 in vlan100: ")


def test_what_lasts_is_told_since_when(tmp_path: Path) -> None:
    report = text(two_masters(tmp_path, b"one", b"other"))
    assert "password-mismatch  certain  since 22:13:20.300" in report


@pytest.mark.parametrize("path", CAPTURES)
def test_nothing_but_printable_lines_is_written(path: str) -> None:
    report = text(path)
    assert all(line.isprintable() and line == line.rstrip() for line in report.splitlines())
    assert report.endswith("\n")
    assert "\n\n\n" not in report


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "koi8-r"])
@pytest.mark.parametrize("name", list(REPORTS))
def test_a_stream_without_these_characters_gets_others_and_the_same_words(name: str, encoding: str) -> None:
    plain = encoded(encoding, *REPORTS[name]).decode(encoding)
    full = text(*REPORTS[name])
    assert len(plain.splitlines()) == len(full.splitlines())
    assert re.findall("[A-Za-z]{3,}", plain) == re.findall("[A-Za-z]{3,}", full)


def test_colour_says_nothing_that_the_characters_do_not() -> None:
    plain = text(*REPORTS["split-brain"])
    coloured = text(*REPORTS["split-brain"], options=Options(color=True))
    assert "\x1b" not in plain
    assert "\x1b" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert coloured.count("\x1b[0m") * 2 == coloured.count("\x1b")


def test_a_capture_without_frames_is_said_to_be_empty(tmp_path: Path) -> None:
    report = text(write(tmp_path / "none.pcap", []))
    assert report.startswith("NO VRRP: ")
    assert "0 frames" in report
    assert "Wrong interface, or a filter that is too narrow?" in " ".join(report.split())
    assert report.rstrip().endswith("NO FINDINGS")


def test_a_capture_of_one_advert_has_no_chart_and_no_takeover(tmp_path: Path) -> None:
    report = text(write(tmp_path / "one.pcap", [Say(0.0, ip_id=7)]))
    assert report.startswith("TOO SHORT TO TELL: ")
    assert "█" not in report
    assert "(first seen)" in report


# --- what is hostile ----------------------------------------------------------------------------------


HOSTILE: Final = {
    "clear the screen": "\x1b[2J\x1b[H",
    "set the title": "\x1b]0;owned\x07",
    "turn the text round": "\u202egnp.\u202c",
    "hide": "a\u200bb\u2060c",
    "a line of its own": "x\rHEALTHY",
    "C1": "\x9b31m",
    "line separator": "a\u2028b",
    "not UTF-8": "\udcff\udcfe",
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_name_can_send_no_command_to_a_terminal(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"{name}.pcap", rhythm(4))
    for spec in (str(path), f"{name}={path}"):
        report = text(spec)
        assert report.isprintable() or all(line.isprintable() for line in report.split("\n"))
        assert name not in report
        assert "\\" in report


@pytest.mark.parametrize("word", [w for w in HOSTILE.values() if len(w.encode("utf-8", "surrogateescape")) <= 8])
def test_a_password_can_send_no_command_to_a_terminal(word: str, tmp_path: Path) -> None:
    path = two_masters(tmp_path, word.encode("utf-8", "surrogateescape"), b"other")
    report = text(path, show_secrets=True)
    assert all(line.isprintable() for line in report.split("\n"))
    assert "'other'" in report


def test_many_hostile_files_at_once_stay_apart_in_the_evidence(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"\x1b[{n}mcap.pcap", rhythm(4)) for n in (31, 32)]
    report = text(*(f"\x1b[{n}m={path}" for n, path in enumerate(paths)))
    assert all(line.isprintable() for line in report.split("\n"))


def test_a_name_that_the_stream_cannot_carry_is_escaped(tmp_path: Path) -> None:
    assert b"z\\xfcrich" in encoded("ascii", write(tmp_path / "zürich.pcap", rhythm(4)))


# --- passwords ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [b"hunter2", b"s3cr3t50", b"\x00\x01\xfe\xff\x80bin", b"\xde\xad\xbe\xef1234"])
def test_a_password_is_shown_only_on_demand(secret: bytes, tmp_path: Path) -> None:
    path = two_masters(tmp_path, secret, b"another")
    report = text(path)
    for spelt in (secret.decode("latin-1"), secret.rstrip(b"\0").decode("utf-8", "backslashreplace"), secret.hex()):
        assert spelt not in report
    assert "another" not in report.replace("another password", "")
    assert "'another'" in text(path, show_secrets=True)


def test_digests_tell_equal_passwords_from_different_ones(tmp_path: Path) -> None:
    digests = re.findall(r"10\.0\.0\.[56]: (#[0-9a-f]{8})", text(two_masters(tmp_path, b"one", b"other")))
    assert len(set(digests)) == 2


# --- much of everything -------------------------------------------------------------------------------


def test_of_many_virtual_routers_only_the_troubled_are_told_in_full(tmp_path: Path) -> None:
    healthy = [say for vrid in range(1, 65) for say in rhythm(6, vrid=vrid)]
    trouble = [s._replace(at=s.at + 0.3) for s in rhythm(6, vrid=7, host=6, priority=100, secret=b"x")]
    report = text(write(tmp_path / "many.pcap", healthy + trouble))
    assert re.findall(r"^VRID (\d+)", report, re.MULTILINE) == ["7"]
    assert "63 more virtual routers without trouble: " in report
    assert "ipv4/64" in report
    assert too_long(report) == []


def test_a_dozen_virtual_routers_are_all_told(tmp_path: Path) -> None:
    report = text(write(tmp_path / "dozen.pcap", [say for vrid in range(1, 13) for say in rhythm(6, vrid=vrid)]))
    assert len(re.findall(r"^VRID (\d+)", report, re.MULTILINE)) == 12


def flapping(times: int) -> list[Say]:
    """Two hosts that hand over to each other every few seconds."""
    story = []
    for n in range(times):
        start = 5.2 * n
        story += [Say(start, ip_id=3 * n + 1), Say(start + 1, ip_id=3 * n + 2)]
        story += [Say(start + 2, priority=0, ip_id=3 * n + 3)]
        story += [Say(start + 2.61 + k, host=6, priority=100, ip_id=3 * n + k + 1) for k in range(3)]
    return story


def test_repeats_are_folded_and_counted(tmp_path: Path) -> None:
    report = text(write(tmp_path / "flapping.pcap", flapping(60)))
    assert report.startswith("FLAPPING on VRID 50: ")
    assert re.search(r"^  … and \d+ more steps", report, re.MULTILINE)
    folded = re.search(r"^    … and (\d+) more findings of failover$", report, re.MULTILINE)
    assert folded
    assert int(folded[1]) + report.count("· failover") == 119
    assert len(report.splitlines()) < 120
    assert too_long(report) == []


def test_findings_of_a_deep_segment_keep_within_the_line(tmp_path: Path) -> None:
    story = rhythm(8, secret=b"one") + [
        s._replace(at=s.at + 0.3) for s in rhythm(8, host=6, priority=100, secret=b"other")
    ]
    path = write(tmp_path / "vlan.pcap", [s._replace(vlan=4000, vrid=250) for s in story] + story)
    report = text(path)
    assert "[vlan4000/ipv4/250]" in report
    assert too_long(report) == []


def test_findings_of_a_segment_in_a_segment_keep_within_the_line(tmp_path: Path) -> None:
    # A silent split brain as keepalived makes it: one advert at another interval, and the next IP ID resigns.
    story = [*rhythm(20), Say(5.3, host=6, priority=100, interval=2, ip_id=1)]
    story.append(Say(15.3, host=6, priority=0, interval=2, ip_id=2))
    twice = [say._replace(vlan=4000, outer=3000, vrid=250) for say in story] + story
    report = text(write(tmp_path / "qinq.pcap", twice))
    assert "silent-split-brain" in report
    assert "[vlan3000.4000/ipv4/250]" in report
    assert too_long(report) == []


def test_a_long_name_leaves_room_for_the_story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a path is never broken, so a long directory makes a long line
    names = [f"lb{n}.frankfurt.example.com-eth0-2026-11-22_16-55-02.pcap" for n in (1, 2)]
    report = text(*(write(Path(name), rhythm(8)) for name in names))
    story = [line for line in report.splitlines() if "22:13:20.000  " in line]
    assert len(story) == 1
    assert story[0].startswith("  22:13:20.000  lb1.fr…55-02#1       10.0.0.5 is master (first seen")
    assert too_long(report) == []


def test_two_long_names_stay_apart_when_shortened(tmp_path: Path) -> None:
    names = [f"frankfurt-{host}-eth0.pcap" for host in ("lb01", "lb02")]
    second = [Say(8.61 + n, host=6, priority=100, ip_id=n + 1) for n in range(4)]
    report = text(*(write(tmp_path / name, story) for name, story in zip(names, (rhythm(6), second), strict=True)))
    assert len(set(re.findall(r"(\S+)#\d", without_digests(report).replace("#00000000", "")))) == 2


def test_a_story_of_several_days_names_the_day(tmp_path: Path) -> None:
    day = 86_400.0
    story = [Say(n * day + t, host=5 + n, ip_id=t + 1) for n in range(3) for t in range(5)]
    report = text(write(tmp_path / "days.pcap", story))
    told = report.split("VRID 50", 1)[1]
    assert all(date in told for date in ("11-14", "11-15", "11-16"))


def test_an_address_at_the_start_of_a_sentence_stays_as_it_is() -> None:
    assert "Fe80" not in text("samples/ipv6/lb01.pcap")


def test_with_several_captures_a_frame_is_never_named_without_its_capture() -> None:
    report = text(*(f"{n}=samples/firewall-split-brain/{n}.pcap" for n in ("lb01", "lb02")))
    assert not re.search(r"(?<![\w])#\d+\b(?![0-9a-f])", without_digests(report).replace("#00000000", ""))
    assert re.search(r"\bframe \d+ of lb01\b", " ".join(report.split()))
    assert not re.search(r"\bframe \d+\b(?! of lb0[12])", " ".join(report.split()))


def test_who_has_captured_on_both_hosts_is_not_told_to() -> None:
    report = text(*(f"{n}=samples/firewall-split-brain/{n}.pcap" for n in ("lb01", "lb02")))
    assert "capture on both" not in " ".join(report.split())
    assert "tcpdump" not in report
    assert "tcpdump" in text("samples/firewall-split-brain/lb01.pcap")


def test_no_finding_speaks_of_a_time_without_master_that_availability_does_not_have() -> None:
    report = text(*REPORTS["silent-split-brain"])
    assert " and none " in report or "without a master" not in " ".join(report.split())


def test_a_finding_about_the_capture_names_no_virtual_router(tmp_path: Path) -> None:
    path = write(tmp_path / "cut.pcap", [*rhythm(6), *(s._replace(vrid=51) for s in rhythm(6))])
    path.write_bytes(path.read_bytes()[:-3])
    report = text(path)
    assert "damaged-capture" in report
    assert "[None]" not in report
