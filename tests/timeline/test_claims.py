"""Claims of addresses: what is held back for those not yet known to be virtual, and how little that may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests import trace as traces
from tests.scenarios import telling
from vrrpscope.timeline import claims as module
from vrrpscope.timeline.claims import Claims, Say
from vrrpscope.timeline.events import ClaimedByOther, StaleClients
from vrrpscope.timeline.profile import RouterKey

if TYPE_CHECKING:
    import pytest

    from vrrpscope.timeline.claims import Heard

KEY = RouterKey("", 4, 51)


class Ear:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []

    def take(self, heard: list[Heard]) -> None:
        self.heard += heard


def test_what_was_said_before_an_address_is_known_is_handed_out_with_what_follows() -> None:
    trace = traces.parse("1 B garp\n 9 B arp-reply\n 12 B garp vips=10.0.0.4\n 13 B arp-from")
    claims, ear = Claims(trace.tables), Ear()
    claims.note(trace.sightings[:2])
    claims.watch(KEY, ["10.0.0.3"], ear, traces.ZERO + 12_000_000_000)
    assert claims.note(trace.sightings[2:])
    assert [(h.say, h.mac, h.seen.number) for h in ear.heard] == [
        (Say.ANSWERED, "02:00:00:00:00:06", 2),  # the first is older than what is held back
        (Say.USED, "02:00:00:00:00:06", 4),
    ]


def test_another_segment_or_family_is_another_address() -> None:
    trace = traces.parse("1 B garp vlan=7\n 1 B garp v6 vips=::a00:3")
    claims, ear = Claims(trace.tables), Ear()
    claims.watch(KEY, ["10.0.0.3"], ear, traces.ZERO)
    claims.note(trace.sightings)
    assert not ear.heard


def test_a_scan_is_held_back_within_bounds_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_HELD", 100)
    trace = traces.parse("every 10ms from 0 to 5: B garp")
    rows = trace.sightings
    rows["address_lo"] = np.arange(len(rows))
    claims = Claims(trace.tables)
    claims.note(rows)
    claims.forget(int(rows["t"][-1]) + 1)
    assert claims.forgotten == len(rows) - 100


def test_a_host_is_known_by_the_address_that_is_not_virtual_from_when_it_named_it() -> None:
    trace = traces.parse("1 B garp\n 2 B who-has")
    claims = Claims(trace.tables)
    claims.note(trace.sightings)
    names = [claims.name("", "02:00:00:00:00:06", traces.ZERO + t * 10**9, {"10.0.0.3": None}) for t in (1, 2)]
    assert names == [None, "10.0.0.6"]


def test_one_frame_that_says_a_thing_twice_does_no_harm() -> None:
    trace = traces.parse("every 1s from 0 to 5: A\n 2.5 B garp")
    twice = trace._replace(sightings=np.concatenate([trace.sightings] * 3))
    _, events = telling.run(twice)
    (claimed,) = {e.claim: e for e in events if isinstance(e, ClaimedByOther)}.values()
    assert claimed.count == 3


def test_a_stale_entry_ends_when_mastership_moves_on() -> None:
    trace = traces.parse(
        "A is p150\n every 1s from 0 to 12: A\n 4.5 B\n 4.501 B garp\n 12.3 A p0\n 12.913 B\n 13.913 B"
    )
    _, events = telling.run(trace)
    stale = [e for e in events if isinstance(e, StaleClients)]
    assert [e.end and (e.end - traces.ZERO) / 1e9 for e in stale] == [None, 12.3]
