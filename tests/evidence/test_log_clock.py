"""Lines are placed by their order and by the packets they are about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vrrpscope
from vrrpscope.evidence.keepalived_log import read
from vrrpscope.evidence.log_clock import SLACK, Anchor, anchor, narrow
from vrrpscope.evidence.log_stamps import SECOND
from vrrpscope.evidence.said import Kind, Log, Said
from vrrpscope.timeline.events import Cause

SAMPLES: Final = Path(__file__).parents[2] / "samples"
AT: Final = 1_795_373_040 * SECOND
MS: Final = SECOND // 1000
HOUR: Final = 3600 * SECOND


def said(t: int, width: int = SECOND, kind: Kind = Kind.OTHER, process: str = "", instance: str = "VI_50") -> Said:
    return Said(t, t + width, "lb01", process, instance, kind, "", None, "", (), "", 1, last=t)


def log_of(*lines: Said) -> Log:
    return Log("lb01", lines, (), (), len(lines), 0, 0, 0, 0)


def stamped(times: list[int], offset: int, resolution: int = SECOND, kind: Kind = Kind.MASTER, lag: int = MS) -> Log:
    """A log that speaks of packets, by a clock that is `offset` ahead."""
    return log_of(*(said((t + offset + lag) // resolution * resolution, resolution, kind) for t in times))


def anchors(times: list[int], kind: Kind = Kind.MASTER) -> list[Anchor]:
    return [Anchor(t, kind) for t in times]


def spans(lines: tuple[Said, ...]) -> list[tuple[int, int]]:
    return [(each.t - AT, each.until - AT) for each in lines]


def test_a_coarse_stamp_lies_between_the_finer_ones_around_it() -> None:
    lines = [said(AT + 300 * MS, MS), said(AT), said(AT + 800 * MS, MS)]
    assert spans(narrow(lines)) == [(300 * MS, 301 * MS), (300 * MS, 801 * MS), (800 * MS, 801 * MS)]


def test_each_process_has_an_order_of_its_own() -> None:
    lines = [said(AT + 300 * MS, MS, process="a"), said(AT, process="b")]
    assert narrow(lines) == tuple(lines)


def test_nothing_is_concluded_across_a_clock_that_is_set_back() -> None:
    lines = [said(AT), said(AT - HOUR), said(AT - HOUR + 500 * MS, MS), said(AT)]
    assert narrow(lines) == (lines[0], lines[1]._replace(until=AT - HOUR + 501 * MS), *lines[2:])


def test_no_lines_are_no_lines() -> None:
    assert narrow([]) == ()


@given(
    st.lists(
        st.builds(
            lambda t, width, process: said(AT + t, width, process=process),
            st.integers(0, 5000),
            st.integers(1, 2000),
            st.sampled_from("ab"),
        ),
        max_size=40,
    )
)
def test_narrowing_never_widens_and_keeps_the_lines(lines: list[Said]) -> None:
    narrowed = narrow(lines)
    assert narrow(narrowed) == narrowed
    for before, after in zip(lines, narrowed, strict=True):
        assert before.t <= after.t < after.until <= before.until
        assert after._replace(t=before.t, until=before.until) == before


@given(
    st.lists(st.integers(0, 3000), max_size=40).map(sorted),
    st.lists(st.sampled_from([1, 10, 1000]), min_size=40, max_size=40),
)
def test_narrowing_never_excludes_the_truth(times: list[int], resolutions: list[int]) -> None:
    lines = [said(AT + t // r * r, r) for t, r in zip(times, resolutions, strict=False)]
    for t, before, after in zip(times, narrow(lines), narrow(lines)[1:], strict=False):
        assert before.t <= after.t
        assert before.until <= after.until
        assert before.t <= AT + t < before.until


TAKEOVERS: Final = [AT + t * MS for t in (417, 16_911, 40_120, 71_733)]


@pytest.mark.parametrize("offset", [0, 200 * MS, -700 * MS, 7 * SECOND, -HOUR - 5 * SECOND, 5 * HOUR + HOUR // 2])
def test_the_offset_of_a_clock_is_found_with_stamps_of_a_second(offset: int) -> None:
    placed = anchor(stamped(TAKEOVERS, offset), anchors(TAKEOVERS))
    assert placed.offset is not None
    assert placed.matched == len(TAKEOVERS)
    assert abs(placed.offset - offset) <= placed.spread < SECOND
    assert [each.t for each in placed.log.said] == TAKEOVERS


@pytest.mark.parametrize("offset", [0, 30 * MS, -HOUR])
def test_fine_stamps_measure_the_offset(offset: int) -> None:
    placed = anchor(stamped(TAKEOVERS, offset, MS // 1000), anchors(TAKEOVERS))
    assert placed.offset is not None
    assert abs(placed.offset - offset) <= MS  # the line follows its packet
    assert placed.spread == MS


def test_a_log_by_the_captures_own_clock_is_not_moved() -> None:
    assert anchor(stamped(TAKEOVERS, 0), anchors(TAKEOVERS)).offset == 0


def test_lines_around_one_that_found_its_packet_are_narrowed() -> None:
    lines = [said(AT, kind=Kind.DOWN_TIMER), said(AT, kind=Kind.MASTER), said(AT, kind=Kind.GARP)]
    placed = anchor(log_of(*lines), [Anchor(AT + 417 * MS, Kind.MASTER, "VI_50")])
    down, master, garp = placed.log.said
    assert (placed.offset, placed.matched) == (0, 1)
    assert down.until == master.until == AT + 417 * MS + SLACK
    assert master.t == garp.t == AT + 417 * MS


def test_two_packets_of_one_second_go_to_two_lines_in_their_order() -> None:
    times = [AT + 100 * MS, AT + 700 * MS]
    placed = anchor(log_of(said(AT, kind=Kind.MASTER), said(AT, kind=Kind.MASTER)), anchors(times))
    assert [each.t for each in placed.log.said] == times


def test_two_packets_microseconds_apart_are_one_event() -> None:
    times = [AT + 100 * MS, AT + 100 * MS + 40_000]
    placed = anchor(stamped(times[:1], 0, kind=Kind.PRIORITY_ZERO_SENT), anchors(times, Kind.PRIORITY_ZERO_SENT))
    assert (placed.offset, placed.matched) == (0, 1)


def test_an_anchor_of_another_instance_is_not_taken() -> None:
    log = stamped(TAKEOVERS, 0)
    assert anchor(log, [Anchor(t, Kind.MASTER, "VI_51") for t in TAKEOVERS]).offset is None


@pytest.mark.parametrize(
    ("log", "packets"),
    [
        (log_of(), TAKEOVERS),
        (stamped(TAKEOVERS, 0), []),
        (stamped(TAKEOVERS, 0, kind=Kind.BACKUP), TAKEOVERS),
        (stamped(TAKEOVERS[:1], 5 * SECOND), TAKEOVERS[:1]),  # one coincidence proves nothing
        (stamped([t + n * 1777 * MS for n, t in enumerate(TAKEOVERS)], 30 * SECOND), TAKEOVERS),  # nor do few of many
        (stamped(TAKEOVERS, 30 * HOUR), TAKEOVERS),
    ],
    ids=["no lines", "no packets", "other kinds", "one, far off", "another story", "another day"],
)
def test_a_log_that_nothing_ties_to_the_capture_is_left_as_it_is(log: Log, packets: list[int]) -> None:
    placed = anchor(log, anchors(packets))
    assert (placed.offset, placed.matched) == (None, 0)
    assert placed.log is log


def test_many_lines_and_packets_take_bounded_work() -> None:
    times = [AT + n * 3 * SECOND for n in range(3000)]
    packets = [Anchor(t, Kind.MASTER, f"VI_{n % 700}") for n, t in enumerate(times)]
    assert anchor(stamped(times, 0), packets).offset is None
    assert anchor(stamped(times, 0), anchors(times)).offset == 0


@pytest.mark.parametrize("name", ["failover", "ipv6"])
@pytest.mark.parametrize("offset", [0, 2 * HOUR, -9_876 * MS])
def test_a_real_log_is_laid_beside_its_capture_whatever_its_clock(name: str, offset: int) -> None:
    analysis = vrrpscope.analyze(f"{SAMPLES / name / 'lb02.pcap'}")
    (router,) = analysis.virtual_routers
    log = read(str(SAMPLES / name / "lb01.log"), "lb01")
    history = router.router.history
    packets = [
        *(
            Anchor(e.time, Kind.MASTER)
            for e in history.elections
            if e.cause is not Cause.INITIAL and e.router in log.addresses
        ),
        *(
            Anchor(r.farewell.t, Kind.PRIORITY_ZERO_SENT)
            for r in history.reigns
            if r.farewell and r.router in log.addresses
        ),
    ]
    shifted = [
        each._replace(t=each.t + offset, until=each.until + offset, last=each.last + offset) for each in log.said
    ]
    placed = anchor(replace(log, said=tuple(shifted)), packets)
    assert placed.offset is not None
    assert abs(placed.offset - offset) <= placed.spread < SECOND
    assert {each.t for each in placed.log.said} >= {packet.t for packet in packets}
