"""Interning: one number for everything a sender repeats, given in order of appearance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import trace as traces
from tests.timeline.profiles import profile
from vrrpscope.timeline.profile import ProfileTable, RouterKey, format_mac
from vrrpscope.wire.columns import ADVERT

TRACE = traces.parse("""
every 1s from 0 to 9: A p150
every 1s from 0.1 to 9.1: B p100
every 2s from 0.2 to 9.2: C p100 vlan=7
every 3s from 0.3 to 9.3: A p0
every 2s from 5.5 to 9.5: A v6 p150
every 2s from 5.6 to 9.6: B p100 vips=10.0.0.4 pass=aaaa
""")

_columns = {name for name in ADVERT.names or () if ADVERT[name].kind != "V"}  # but padding
_UNTOLD = {"t", "number", "capture", "interface", "ip_id", "ah_seq", "dst_hi", "dst_lo"}  # not of the profile


@given(cuts=st.lists(st.integers(0, len(TRACE.adverts)), max_size=8).map(sorted))
@settings(max_examples=40, deadline=None)
def test_numbers_do_not_depend_on_batches(cuts: list[int]) -> None:
    whole, table = ProfileTable(TRACE.tables), ProfileTable(TRACE.tables)
    numbers = [table.intern(part) for part in np.split(TRACE.adverts, cuts)]
    assert np.concatenate(numbers).tolist() == whole.intern(TRACE.adverts).tolist()
    assert [p.address for p in table.profiles] == [p.address for p in whole.profiles]
    assert table.keys == whole.keys


def test_numbers_are_given_in_order_of_appearance() -> None:
    numbers = ProfileTable(TRACE.tables).intern(TRACE.adverts)
    _, first = np.unique(numbers, return_index=True)
    assert first.tolist() == sorted(first.tolist())


def test_an_empty_batch_is_fine() -> None:
    assert ProfileTable(TRACE.tables).intern(np.empty(0, ADVERT)).tolist() == []


@pytest.mark.parametrize("column", sorted(_columns - _UNTOLD))
def test_every_other_column_makes_a_profile_of_its_own(column: str) -> None:
    rows = np.repeat(TRACE.adverts[:1], 2)
    rows[column][1] ^= 1
    numbers = ProfileTable(TRACE.tables).intern(rows)
    assert numbers.tolist() == [0, 1]


@pytest.mark.parametrize("column", sorted(_UNTOLD))
def test_what_changes_with_each_advert_makes_none(column: str) -> None:
    rows = np.repeat(TRACE.adverts[:1], 2)
    rows[column][1] += 1
    assert ProfileTable(TRACE.tables).intern(rows).tolist() == [0, 0]


def test_values_are_decoded() -> None:
    told = profile("B p100 v3 i2.5s vips=10.0.0.3,10.0.0.4 vlan=100 vrid=9 df")
    assert told.key == RouterKey("vlan100", 4, 9)
    assert (told.address, told.priority, told.version) == ("10.0.0.6", 100, 3)
    assert told.interval == 2_500_000_000
    assert told.addresses == ("10.0.0.3", "10.0.0.4")
    assert told.df
    assert told.down_limit == 10_000_000_000
    assert profile("A v6").address == "fe80::5"
    assert profile("A i0s").interval == 1_000_000_000


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (RouterKey("", 4, 51), "ipv4/51"),
        (RouterKey("vlan100", 4, 50), "vlan100/ipv4/50"),
        (RouterKey("", 6, 7), "ipv6/7"),
    ],
)
def test_keys_read_as_the_report_writes_them(key: RouterKey, text: str) -> None:
    assert str(key) == text


def test_a_mac_reads_as_usual() -> None:
    assert format_mac(0x0AECEDDD2CC3) == "0a:ec:ed:dd:2c:c3"


def test_past_the_limit_profiles_are_refused_and_known_ones_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ProfileTable, "LIMIT", 2)
    table = ProfileTable(TRACE.tables)
    numbers = table.intern(TRACE.adverts)
    assert sorted(set(numbers.tolist())) == [-1, 0, 1]
    assert table.intern(TRACE.adverts).tolist() == numbers.tolist()
    assert len(table.profiles) == 2


def test_a_thousand_and_more_profiles_keep_their_routers_and_intervals() -> None:
    rows = np.repeat(TRACE.adverts[:1], 3000)
    rows["src_lo"] = np.arange(3000)
    rows["vrid"] = np.arange(3000) % 200
    rows["interval"] = 1_000_000_000 + np.arange(3000)
    table = ProfileTable(TRACE.tables)
    numbers = table.intern(rows)
    assert numbers.tolist() == list(range(3000))
    assert table.intervals(numbers).tolist() == rows["interval"].tolist()
    assert [table.keys[r].vrid for r in table.router_of(numbers).tolist()] == rows["vrid"].tolist()
