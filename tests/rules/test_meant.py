"""What a router sends against what its configuration says."""

from __future__ import annotations

import pytest

from tests.rules.configuring import INFO, LIKELY, WARNING, password, unicast
from tests.rules.laying import Laid, found, tell, vi

_QUIET = """
    A is p150
    every 1s from 0 to 9: A
"""


def one(*more: str, priority: int = 150, addresses: str = "10.0.0.3/24", before: str = "") -> dict[str, str]:
    return {"lb01": before + vi(*more, priority=priority, addresses=addresses)}


def script(weight: int) -> str:
    return f'vrrp_script chk {{\n script "/bin/true"\n weight {weight}\n}}\n'


_TRACKS = ("track_script {", "chk", "}")
_PASS = "A is p150 pass=aaaaaaaa\nevery 1s from 0 to 9: A"

STORIES = [
    Laid("config-drift", "clean", "everything is as it is written", _QUIET, one()),
    Laid("config-drift", "clean", "nobody was seen to speak for it", _QUIET, one(priority=100)),
    Laid(
        "config-drift",
        "positive",
        "another source address, told by the priority no more",
        _QUIET,
        {"lb01": vi("mcast_src_ip 10.0.0.5", priority=120)},
        ((WARNING, "10.0.0.5 (lb01) does not send what its configuration says: priority 150"),),
    ),
    Laid(
        "config-drift",
        "positive",
        "another interval",
        _QUIET,
        one("advert_int 2"),
        ((WARNING, "advertisement interval 1.000 s"),),
    ),
    Laid(
        "config-drift",
        "positive",
        "another list of addresses",
        _QUIET,
        one(addresses="10.0.0.3/24 10.0.0.4/24"),
        ((WARNING, "virtual addresses 10.0.0.3"),),
    ),
    Laid("config-drift", "positive", "another version", _QUIET, one("version 3"), ((WARNING, "version 2"),)),
    Laid(
        "config-drift",
        "positive",
        "a password where none is written",
        _PASS,
        one(),
        ((WARNING, "authentication PASS"),),
    ),
    Laid("config-drift", "positive", "another password", _PASS, one(password("bbbbbbbb")), ((WARNING, "password #"),)),
    Laid(
        "config-drift",
        "positive",
        "a key that is none of those known",
        "A is p150 ah=next key=none\nevery 1s from 0 to 9: A",
        one(password("bbbbbbbb", "AH")),
        ((WARNING, "password (none of the keys known)"),),
    ),
    Laid(
        "config-drift",
        "near-miss",
        "a key that was not looked for",
        "A is p150 ah=next\nevery 1s from 0 to 9: A",
        one(password("bbbbbbbb", "AH")),
    ),
    Laid(
        "config-drift",
        "near-miss",
        "passwords that differ behind the eighth character",
        _PASS,
        one(password("aaaaaaaabb")),
    ),
    Laid(
        "config-drift",
        "positive",
        "multicast where it should be unicast",
        _QUIET,
        one(*unicast("10.0.0.5", "10.0.0.6")),
        ((WARNING, "destination multicast"),),
    ),
    Laid(
        "config-drift",
        "positive",
        "a peer that is not in the list",
        "A is p150 uni=10.0.0.7\nevery 1s from 0 to 9: A",
        one(*unicast("10.0.0.5", "10.0.0.6")),
        ((WARNING, "unicast peer 10.0.0.7"),),
    ),
    Laid(
        "config-drift",
        "near-miss",
        "a peer that is in the list",
        "A is p150 uni=10.0.0.6\nevery 1s from 0 to 9: A",
        one(*unicast("10.0.0.5", "10.0.0.6")),
    ),
    Laid(
        "config-drift",
        "near-miss",
        "a priority that a weight explains",
        "every 1s from 0 to 4: A p150\nevery 1s from 5 to 9: A p90",
        one(*_TRACKS, before=script(-60)),
    ),
    Laid(
        "config-drift",
        "near-miss",
        "a file adds what nobody knows",
        "every 1s from 0 to 4: A p150\nevery 1s from 5 to 9: A p97",
        one("track_file {", "load weight 2", "}", before="vrrp_track_file load {\n file /run/load\n}\n"),
    ),
    Laid(
        "config-drift",
        "positive",
        "a priority that no weight explains",
        "every 1s from 0 to 4: A p150\nevery 1s from 5 to 9: A p120",
        one(*_TRACKS, before=script(-60)),
        ((WARNING, "priority 120"),),
    ),
    Laid("config-drift", "near-miss", "it resigns", "every 1s from 0 to 4: A p150\n5 A p0", one()),
    Laid(
        "config-drift",
        "positive",
        "the file is read during the capture",
        "every 1s from 0 to 4: A p150\n5 A p150 vips=10.0.0.3,10.0.0.4 id=1\n"
        "every 1s from 6 to 9: A p150 vips=10.0.0.3,10.0.0.4",
        one(addresses="10.0.0.3/24 10.0.0.4/24"),
        ((INFO, "sends what its configuration says since frame 6"),),
    ),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_a_rule_tells_what_the_file_and_the_wire_say_against_each_other(story: Laid) -> None:
    tell(story)


def test_a_password_is_shown_as_a_digest_only() -> None:
    (finding,) = found(_PASS, one(password("bbbbbbbb")), "config-drift")
    assert "aaaaaaaa" not in repr(finding)
    assert "bbbbbbbb" not in repr(finding)
    (finding,) = found(_PASS, one(password("bbbbbbbb")), "config-drift", show_secrets=True)
    assert "'aaaaaaaa'" in finding.explanation
    assert "'bbbbbbbb'" in finding.explanation


def test_a_router_known_by_its_priority_alone_drifts_likely_and_says_why() -> None:
    (finding,) = found(_QUIET, one("advert_int 2"), "config-drift")
    assert finding.confidence is LIKELY
    assert "That it is lb01 is not certain: only its priority tells who it is." in finding.explanation


def test_a_drift_names_the_line_of_the_setting_and_the_first_frame() -> None:
    (finding,) = found(_QUIET, one("advert_int 2"), "config-drift")
    assert [(line.host, line.number) for line in finding.lines] == [("lb01", 8)]
    assert [frame.number for frame in finding.frames] == [1]
    assert finding.end is None


def test_a_router_that_leaves_its_file_during_the_capture_has_read_another() -> None:
    trace = "every 1s from 0 to 4: A p150\nevery 1s from 5 to 9: A p150 vips=10.0.0.3,10.0.0.4"
    (finding,) = found(trace, one(), "config-drift")
    assert "Before frame 6 of lb01 it sent what the file says." in finding.explanation
    assert "has read another configuration" in finding.explanation


def test_what_a_reload_changed_is_told_as_reloaded_until_the_new_file_holds() -> None:
    story = next(s for s in STORIES if s.name == "the file is read during the capture")
    (finding,) = tell(story)
    assert finding.cause == "reloaded"
    assert finding.end is not None
    assert finding.end - finding.start == 5_000_000_000
