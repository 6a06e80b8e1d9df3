"""IGMP and MLD: who wants to hear the VRRP groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.wire import messages as msg
from tests.wire.messages import number
from tests.wire.sighting import of
from vrrpscope.wire import Kind
from vrrpscope.wire.groups import MAX_RECORDS

if TYPE_CHECKING:
    from tests import frames as build

VRRP, VRRP6 = "224.0.0.18", "ff02::12"


def heard(packet: build.Packet) -> tuple[str, int, int] | None:
    """What is said, in which version, with what code; None if nothing. It is always about the VRRP group."""
    said = of(packet)
    if said is None:
        return None
    assert said.address == number(VRRP if said.family == 4 else VRRP6)
    assert said.src == number("10.0.0.5" if said.family == 4 else "fe80::5")
    return said.kind.name, said.version, said.code


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (msg.igmp(0x12, VRRP), ("REPORT", 1, 0)),
        (msg.igmp(0x16, VRRP), ("REPORT", 2, 0)),
        (msg.igmp(0x17, VRRP), ("LEAVE", 2, 0)),
        (msg.mld(131, VRRP6), ("REPORT", 1, 0)),
        (msg.mld(132, VRRP6), ("LEAVE", 1, 0)),
        (msg.igmp(0x16, "224.0.0.22"), None),
        (msg.igmp(0x17, "239.1.1.1"), None),
        (msg.igmp(0x13, VRRP), None),
        (msg.mld(131, "ff02::16"), None),
    ],
)
def test_old_reports_and_leaves_name_one_group(packet: build.Packet, expected: tuple[str, int, int] | None) -> None:
    assert heard(packet) == expected


@pytest.mark.parametrize(
    ("record", "sources", "expected"),
    [
        (1, 0, "LEAVE"),
        (1, 1, "REPORT"),
        (2, 0, "REPORT"),
        (3, 0, "LEAVE"),
        (3, 2, "REPORT"),
        (4, 0, "REPORT"),
        (5, 1, "REPORT"),
        (6, 1, "REPORT"),
        (0, 0, None),
        (7, 0, None),
    ],
)
def test_a_record_says_whether_the_group_is_wanted_still(record: int, sources: int, expected: str | None) -> None:
    for packet, version in (
        (msg.igmp_list(msg.record(record, VRRP, *["10.1.1.1"] * sources)), 3),
        (msg.mld_list(msg.record(record, VRRP6, *["fd00::9"] * sources)), 2),
    ):
        assert heard(packet) == (expected and (expected, version, record))


def test_the_group_is_found_among_others_whatever_they_carry() -> None:
    others = [msg.record(4, "224.0.0.251"), msg.record(5, "239.1.1.1", "10.1.1.1", "10.1.1.2", auxiliary=bytes(8))]
    assert heard(msg.igmp_list(*others, msg.record(2, VRRP), msg.record(3, VRRP))) == ("REPORT", 3, 2)
    assert heard(msg.igmp_list(*others)) is None
    other = msg.record(6, "ff02::1:ff00:3", "fd00::1", auxiliary=bytes(4))
    assert heard(msg.mld_list(other, msg.record(3, VRRP6))) == ("LEAVE", 2, 3)


def test_records_beyond_the_number_that_a_report_names_are_none() -> None:
    records = [msg.record(4, "224.0.0.251"), msg.record(4, VRRP)]
    assert heard(msg.igmp_list(*records, count=1)) is None
    assert heard(msg.igmp_list(*records, count=0xFFFF)) == ("REPORT", 3, 4)


def test_only_so_many_records_are_looked_at() -> None:
    other, ours = msg.record(4, "224.0.0.251"), msg.record(4, VRRP)
    assert heard(msg.igmp_list(*[other] * (MAX_RECORDS - 1), ours)) == ("REPORT", 3, 4)
    assert heard(msg.igmp_list(*[other] * MAX_RECORDS, ours)) is None


@pytest.mark.parametrize(
    ("packet", "version", "code"),
    [
        (msg.igmp(0x11, VRRP), 1, 0),
        (msg.igmp(0x11, VRRP, code=100), 2, 100),
        (msg.igmp(0x11, VRRP, code=10, more=bytes(4)), 3, 10),
        (msg.igmp(0x11, VRRP, code=0, more=bytes(8)), 3, 0),
        (msg.mld(130, VRRP6), 1, 0),
        (msg.mld(130, VRRP6, more=bytes(4)), 2, 0),
    ],
)
def test_the_length_of_a_query_tells_its_version(packet: build.Packet, version: int, code: int) -> None:
    assert heard(packet) == ("QUERY", version, code)


def test_a_general_query_is_about_no_group() -> None:
    for packet in (msg.igmp(0x11, "0.0.0.0", code=100), msg.mld(130, "::")):
        said = of(packet)
        assert said is not None
        assert (said.kind, said.address) == (Kind.QUERY, 0)


@pytest.mark.parametrize(
    "packet",
    [
        msg.igmp(0x11, "239.1.1.1", code=100),
        msg.igmp(0x11, VRRP, more=bytes(2)),
        msg.mld(130, "ff02::16"),
        msg.mld(130, VRRP6, more=bytes(1)),
    ],
)
def test_queries_for_others_and_of_impossible_length_are_left_out(packet: build.Packet) -> None:
    assert of(packet) is None
