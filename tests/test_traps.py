"""Twelve traps that analysers of VRRP fall into, each seen in the field; each test has a near miss that is the case.

Most are traces (`tests/trace.py`) judged by all rules; where it matters what stands in the bytes, captures are written
or those of `samples/` are read.
"""

from __future__ import annotations

import struct
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import pytest

from tests import build, frames
from tests import trace as traces
from tests.report.reading import ROOT, document
from tests.rules import configuring
from tests.rules.judging import CERTAIN, CRITICAL, INFO, LIKELY, findings
from tests.scenarios import telling
from tests.test_several_captures import assert_told_alike, rewrite, two, without
from vrrpscope.analysis import analyze
from vrrpscope.timeline.events import Election
from vrrpscope.wire.columns import Checksum
from vrrpscope.wire.vrrp import Advert

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vrrpscope.findings import Finding
    from vrrpscope.outcome import Analysis

SAMPLES: Final = ROOT / "samples"
SPLITS: Final = {"split-brain", "silent-split-brain"}
SECOND: Final = 1_000_000_000

_BEGUN = "0 A id=500\n every 1s from 1 to 5: A\n"


def splits(found: Iterable[Finding]) -> list[Finding]:
    return [f for f in found if f.rule in SPLITS]


def rules(found: Iterable[Finding]) -> list[str]:
    """The rules of findings above info."""
    return [f.rule for f in found if f.severity is not INFO]


def elections(text: str) -> list[tuple[str, str]]:
    """Who became master, and why."""
    _, events = telling.run(traces.parse(text))
    return [(e.router, str(e.cause)) for e in events if isinstance(e, Election)]


def rhythm(
    sender: str,
    start: float,
    *,
    to: str = "224.0.0.18",
    vip: str = "10.0.0.3",
    version: int = 2,
    interval: int = SECOND,
    step: int = SECOND,
) -> list[build.Packet]:
    """Twenty adverts of priority 150 and VRID 51 as frames; the interval is what they say, the step what they keep."""
    made = Advert(version=version, vrid=51, priority=150, interval=interval, addresses=(vip,))
    form = Checksum.PSEUDO if version == 3 else Checksum.PLAIN
    payload = made.build(source=ip_address(sender).packed, destination=ip_address(to).packed, form=form)
    mac = b"\x02\0" + ip_address(sender).packed
    return [
        (
            build.T0 + round(start * SECOND) + n * step,
            frames.ethernet(frames.ipv4(payload, source=sender, destination=to, identification=100 + n), source=mac),
        )
        for n in range(20)
    ]


def capture(tmp_path: Path, *rhythms: list[build.Packet]) -> Analysis:
    """Write rhythms as one capture and analyse it."""
    path = tmp_path / "written.pcap"
    path.write_bytes(build.pcap(sorted(packet for one in rhythms for packet in one), nano=True))
    return analyze(str(path))


# --- 1: one advert stream is not one master ------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "cause"),
    [
        ("A is p150 pass=aaaa\n B is p100 pass=bbbb", "password-mismatch"),
        ("A is p150\n B is p100 v3", "version-mismatch"),
        ("A is p150\n B is p100 i0.5s v3", "version-mismatch"),
        ("A is p150 i2s\n B is p100", "interval-mismatch"),
        ("A is p150\n B is p100 vips=10.0.0.3,10.0.0.4", "vip-list-mismatch"),
    ],
)
def test_one_advert_stream_is_not_one_master_where_settings_make_each_refuse_the_other(
    settings: str, cause: str
) -> None:
    (split,) = splits(findings(f"{settings}\n {_BEGUN} every 1s from 5.75 to 20.75: B"))
    assert (split.rule, split.severity, split.cause) == ("silent-split-brain", CRITICAL, cause)


def test_one_advert_stream_is_one_master_where_both_agree_and_the_other_was_waited_for() -> None:
    found = findings(f"A is p150 pass=aaaa\n B is p100 pass=aaaa\n {_BEGUN} every 1s from 8.609 to 20.609: B")
    assert rules(found) == ["failover"]


# --- 2: a late advert may be a re-armed timer ----------------------------------------------------------

_FOREIGN = "A is p150\n C is p90 i5s vips=10.9.9.9\n"


@pytest.mark.parametrize("delay", [0.334, 0.8, 0.95])
def test_a_late_advert_may_be_a_timer_that_a_foreign_advert_armed_again(delay: float) -> None:
    text = _FOREIGN + _BEGUN
    for n in range(3):
        foreign = 5 + delay + n * (5 + delay)
        text += f"{foreign} C\n" + f"every 1s from {foreign + 1} to {foreign + 5}: A\n"
    assert "late-adverts" not in {f.rule for f in findings(text)}


def test_an_advert_that_nothing_put_off_is_late() -> None:
    found = findings(f"{_FOREIGN}{_BEGUN} every 1s from 6.8 to 12.8: A")
    assert [f.rule for f in found] == ["late-adverts"]
    too_late = findings(f"{_FOREIGN}{_BEGUN} 5.3 C\n every 1s from 7.9 to 12.9: A")
    assert "late-adverts" in {f.rule for f in too_late}


# --- 3: a capture sees what the packet filter drops ----------------------------------------------------


def test_what_a_capture_at_the_deaf_host_shows_was_dropped_by_its_packet_filter_and_not_by_the_path() -> None:
    path = SAMPLES / "firewall-split-brain" / "lb02.pcap"
    assert struct.unpack("<I", path.read_bytes()[20:24])[0] in {frames.SLL, frames.SLL2}  # cooked: on the host itself
    (split,) = splits(analyze(str(path)).findings)
    assert (split.cause, split.confidence) == ("packet-filter", CERTAIN)
    assert "path" not in split.also_possible


def test_from_elsewhere_the_path_stays_possible_and_where_adverts_are_missing_it_is_the_path(tmp_path: Path) -> None:
    (split,) = splits(analyze(str(SAMPLES / "firewall-split-brain" / "lb01.pcap")).findings)
    assert "path" in {split.cause, *split.also_possible}
    lost = two("firewall-split-brain", without("firewall-split-brain", tmp_path, "10.0.0.5", 6))
    (split,) = splits(analyze(*lost).findings)
    assert split.cause == "path"


# --- 4: adverts a few milliseconds apart are no flood --------------------------------------------------

_BURSTS = {
    "catching up after a pause": f"{_BEGUN} 8 A\n 8.016 A\n 8.032 A\n every 1s from 9.03 to 14.03: A",
    "the answer to a weaker one, and the timer": f"{_BEGUN} 5.9995 B\n 6 A\n 6.0004 A\n every 1s from 7.0004 to 14: A",
    "a reload": f"{_BEGUN} 5.004 A id=1\n every 1s from 6.004 to 14: A",
    "catching up after a takeover": f"{_BEGUN} every 1s from 8.609 to 10.609: B\n 11 A\n 11.016 A\n 11.032 A\n"
    "every 1s from 12.03 to 16.03: A",
}


@pytest.mark.parametrize("name", _BURSTS)
def test_adverts_of_one_source_milliseconds_apart_are_no_new_master(name: str) -> None:
    text = f"A is p150\n B is p100\n {_BURSTS[name]}"
    mine = [cause for router, cause in elections(text) if router == traces.address("A")]
    assert mine in (["initial"], ["initial", "reclaimed"])
    assert not {"rogue-master", "flapping", "shared-source-address", "split-brain"} & {f.rule for f in findings(text)}


def test_the_same_burst_of_a_stranger_is_a_new_master() -> None:
    text = f"A is p150\n B is p200\n {_BEGUN} 5.5 B\n 5.516 B\n 5.532 B\n every 1s from 6.532 to 12.532: B"
    assert elections(text)[-1] == (traces.address("B"), "preempted")
    assert "rogue-master" in {f.rule for f in findings(text)}


# --- 5: priority 0 twice is one event ------------------------------------------------------------------


def test_priority_0_twice_within_microseconds_is_one_event() -> None:
    text = f"A is p150\n {_BEGUN} 5.4 A p0\n 5.40004 A p0\n every 1s from 6.013 to 12.013: B"
    (failover,) = (f for f in findings(text) if f.rule == "failover")
    assert failover.cause == "fault"
    assert elections(text) == [(traces.address("A"), "initial"), (traces.address("B"), "fault")]


def test_priority_0_once_is_no_fault_and_twice_with_a_return_between_is_two_events() -> None:
    once = f"A is p150\n {_BEGUN} 5.4 A p0\n every 1s from 6.013 to 12.013: B\n"
    assert [f.cause for f in findings(once) if f.rule == "failover"] == ["stopped"]
    twice = f"{once} every 1s from 12.2 to 17.2: A\n 17.4 A p0\n every 1s from 18.013 to 21.013: B"
    assert [f.cause for f in findings(twice) if f.rule == "failover"] == ["stopped", "preemption", "stopped"]


# --- 6: two priority 0 from two nodes reveal a silent split brain --------------------------------------

_PASSWORDS = f"A is p150 pass=aaaa\n B is p100 pass=bbbb\n {_BEGUN} every 1s from 5.75 to 20.75: B\n"


def test_priority_0_of_two_nodes_at_shutdown_makes_a_silent_split_brain_certain() -> None:
    assert [s.confidence for s in splits(findings(_PASSWORDS))] == [LIKELY]
    (split,) = splits(findings(f"{_PASSWORDS} 20.9 A p0\n 21.2 B p0"))
    assert (split.rule, split.confidence) == ("silent-split-brain", CERTAIN)
    assert split.end == traces.ZERO + 20_900_000_000


def test_priority_0_of_two_nodes_one_after_the_other_is_an_orderly_shutdown() -> None:
    found = findings(f"A is p150\n {_BEGUN} 5.4 A p0\n every 1s from 6.013 to 9.013: B\n 9.2 B p0\n end 10")
    assert rules(found) == []


@pytest.mark.parametrize("last", ["5.4 A p0\n 5.42 B p0 id=7\n end 6", "5.42 B p0 id=7\n every 1s from 6 to 20: A"])
def test_priority_0_of_a_node_that_was_mute_since_before_the_capture_reveals_it_as_master(last: str) -> None:
    (split,) = splits(findings(f"A is p150 pass=aaaa\n B is p100 pass=bbbb\n {_BEGUN} {last}"))
    assert split.cause == "password-mismatch"


def test_priority_0_of_a_node_that_seemed_to_yield_reveals_that_it_did_not() -> None:
    lists = "A is p150\n B is p100 vips=10.0.0.3,10.0.0.4\n 0 B id=7\n every 1s from 0.1 to 9.1: A\n"
    (split,) = splits(findings(f"{lists} 9.4 A p0\n 9.42 B p0"))
    assert (split.cause, split.end) == ("vip-list-mismatch", traces.ZERO + 9_400_000_000)
    assert splits(findings(f"{lists} 9.4 A p0\n 9.42 B p0 id=9")) == []  # it became master again, unseen
    agreeing = lists.replace(" vips=10.0.0.3,10.0.0.4", "")
    assert splits(findings(f"{agreeing} 9.4 A p0\n 9.42 B p0")) == []


# --- 7: what a router does depends on its version ------------------------------------------------------

_LISTS = "A is p150\n B is p100 vips=10.0.0.3,10.0.0.4\n"


@pytest.mark.parametrize(
    "goes_on", ["5.4 A p0\n every 1s from 6.013 to 9.013: B", "every 1s from 5.75 to 20.75: B\n 20.9 A p0\n 21.2 B p0"]
)
def test_what_is_said_of_address_lists_says_which_keepalived_refuses_them(goes_on: str) -> None:
    about = [f for f in findings(f"{_LISTS}{_BEGUN}{goes_on}") if f.cause == "vip-list-mismatch"]
    assert about
    for finding in about:
        assert "keepalived up to 2.3.2 refuses" in finding.explanation
        if finding.rule == "vip-list-mismatch":
            assert "later versions accept" in finding.explanation


def test_a_split_brain_that_hangs_on_a_version_is_not_certain() -> None:
    seen = f"{_BEGUN} every 1s from 5.75 to 20.75: B"
    assert [s.confidence for s in splits(findings(_LISTS + seen))] == [LIKELY]
    yields = f"{_LISTS} 0 B id=9\n every 1s from 1 to 5: B\n every 1s from 5.5 to 20.5: A"
    assert splits(findings(yields)) == []  # whatever the version: this one accepts them


def test_configurations_whose_lists_differ_say_so_too_and_equal_ones_say_nothing() -> None:
    def told(addresses: str) -> list[str]:
        hosts = {"lb01": configuring.vi(), "lb02": configuring.vi(priority=100, addresses=addresses)}
        return [finding.explanation for finding in configuring.judged(hosts, "vip-list-mismatch").findings]

    (said,) = told("10.0.0.3/24 10.0.0.4/24")
    assert "keepalived up to 2.3.2 refuses" in said
    assert "later versions" in said
    assert told("10.0.0.3/24") == []


# --- 8: the interval is seconds in VRRPv2 and centiseconds in VRRPv3, and may change there ------------


@pytest.mark.parametrize(("version", "interval", "octet"), [(2, SECOND, 1), (3, SECOND, 100), (3, SECOND // 100, 1)])
def test_the_interval_is_read_in_the_units_of_its_version(
    version: int, interval: int, octet: int, tmp_path: Path
) -> None:
    packets = rhythm("10.0.0.5", 0, version=version, interval=interval, step=interval)
    assert packets[0][1][14 + 20 + 5] == octet
    analysis = capture(tmp_path, packets)
    (virtual,) = analysis.virtual_routers
    (speaker,) = virtual.router.speakers.values()
    assert speaker.terms.interval == interval
    assert rules(analysis.findings) == []


def test_the_same_octet_read_in_the_other_unit_would_be_an_outage(tmp_path: Path) -> None:
    analysis = capture(tmp_path, rhythm("10.0.0.5", 0, version=3, interval=SECOND // 100))
    assert "no-master" in rules(analysis.findings)


def test_a_vrrpv3_master_may_change_its_interval_and_a_vrrpv2_one_may_not() -> None:
    changed = f"{_BEGUN} every 2s from 6 to 16: A i2s\n 18 A i2s p0\n"
    third = findings(f"A is p150 v3\n B is p100 v3\n {changed} every 1s from 19.219 to 26.219: B")
    assert rules(third) == []
    second = findings(f"A is p150\n B is p100\n {changed} every 1s from 18.609 to 26.609: B")
    assert "interval-mismatch" in rules(second)


# --- 9: equal priorities: two masters for one exchange -------------------------------------------------


@pytest.mark.parametrize(
    "exchange",
    ["0 A\n 0.2 B\n every 1s from 1.2 to 12.2: B", f"{_BEGUN} 5.6 B\n 6 A\n every 1s from 6.6 to 12.6: B"],
)
def test_two_masters_of_equal_priority_for_one_exchange_are_nothing_above_info(exchange: str) -> None:
    found = findings(f"A is p100\n B is p100\n {exchange}")
    assert rules(found) == []
    assert "equal-priority" in {f.rule for f in found}


def test_two_masters_of_equal_priority_that_stay_are_a_split_brain() -> None:
    both = f"A is p100\n B is p100\n {_BEGUN} every 1s from 6 to 12: A\n every 1s from 5.6 to 12.6: B"
    assert [s.severity for s in splits(findings(both))] == [CRITICAL]


# --- 10: the edges of a capture are unknown ------------------------------------------------------------


@pytest.mark.parametrize(
    ("edges", "cause"),
    [("", "initial"), ("end 8.5", "initial"), ("start -0.4\n end 5.9", "initial"), ("start -9", "startup")],
)
def test_the_first_advert_is_no_takeover_and_the_last_no_outage(edges: str, cause: str) -> None:
    text = f"A is p150\n {_BEGUN} {edges}"
    assert findings(text) == []
    assert elections(text) == [(traces.address("A"), cause)]


def test_silence_that_outlasts_every_backup_is_an_outage_and_a_first_advert_after_priority_0_a_takeover() -> None:
    (outage,) = findings(f"A is p150\n {_BEGUN} end 15")
    assert (outage.rule, outage.end) == ("no-master", None)
    assert elections("A is p150\n start -5\n 0 A p0\n every 1s from 0.609 to 5.609: B")[-1][1] == "resigned"


# --- 11: captures of two hosts have two clocks ---------------------------------------------------------


def _ahead(story: str, tmp_path: Path, seconds: int) -> list[str]:
    """The two captures of a sample, the clock of the second set ahead."""
    source = SAMPLES / story / "lb02.pcap"
    return two(story, rewrite(source, tmp_path / "lb02.pcap", lambda _, t, __: t + seconds * SECOND))


@pytest.mark.parametrize("story", ["crash", "interval-mismatch", "paused-master", "unicast-rejected"])
def test_captures_with_clocks_37_seconds_apart_tell_the_same_story(story: str, tmp_path: Path) -> None:
    skewed, true = document(*_ahead(story, tmp_path, 37)), document(*two(story))
    assert_told_alike(skewed, true)
    causes = [[(f["rule"], f["cause"], f["frames"]) for f in report["findings"]] for report in (skewed, true)]
    assert causes[0] == causes[1]


def test_captures_with_clocks_37_seconds_apart_taken_as_they_are_tell_another_story(tmp_path: Path) -> None:
    believed = analyze(*_ahead("crash", tmp_path, 37), clock_offsets={"lb02": 0.0})
    true = analyze(*two("crash"))
    assert [f.title for f in believed.findings] != [f.title for f in true.findings]


# --- 12: a VRID means nothing beyond its link, family, and group or peers ------------------------------


@pytest.mark.parametrize(
    "other",
    ["p150 vlan=8 vips=10.9.9.9", "p150 v6", "p150 vlan=8 vips=10.9.9.9 pass=bbbb", "p150 vrid=52 vips=10.9.9.9"],
)
def test_one_vrid_on_two_vlans_or_in_two_families_is_two_virtual_routers(other: str) -> None:
    text = f"A is p150 vlan=7\n B is {other}\n {_BEGUN} every 1s from 0.3 to 5.3: B"
    assert rules(findings(text)) == []


def test_one_vrid_on_one_link_is_one_virtual_router_whoever_sends_it(tmp_path: Path) -> None:
    same = capture(tmp_path, rhythm("10.0.0.5", 0), rhythm("10.0.0.7", 0.3, vip="10.0.0.33"))
    assert [f.cause for f in splits(same.findings)] == ["vrid-collision"]
    meeting = capture(
        tmp_path, rhythm("10.0.0.5", 0, to="10.0.0.6"), rhythm("10.0.0.7", 0.3, to="10.0.0.6", vip="10.0.0.33")
    )
    assert "vrid-collision" in rules(meeting.findings)


@pytest.mark.parametrize(("one", "other"), [("10.0.0.6", "10.0.0.8"), ("224.0.0.18", "224.0.0.19")])
def test_one_vrid_for_other_peers_or_another_group_is_another_virtual_router(
    one: str, other: str, tmp_path: Path
) -> None:
    apart = capture(tmp_path, rhythm("10.0.0.5", 0, to=one), rhythm("10.0.0.7", 0.3, to=other, vip="10.0.0.33"))
    assert rules(apart.findings) == []


def test_one_vrid_on_two_interfaces_of_one_capture_is_two_virtual_routers(tmp_path: Path) -> None:
    packets = [(*packet, 0) for packet in rhythm("10.0.0.5", 0)]
    packets += [(*packet, 1) for packet in rhythm("192.168.0.5", 0.3, vip="192.168.0.3")]
    path = tmp_path / "both.pcapng"
    blocks = [build.enhanced(t, frame, interface=number) for t, frame, number in sorted(packets)]
    path.write_bytes(build.section() + 2 * build.interface(resolution=9) + b"".join(blocks))
    assert rules(analyze(str(path)).findings) == []
