"""What became of adverts on their way: sent here, seen there, whatever says where a capture was taken."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from tests.evidence.vantages import SECOND, T0, Wire, clock, speak, wire, witnesses
from tests.report.reading import ROOT
from vrrpscope.capture.files import open_source
from vrrpscope.evidence import delivery as delivery_module
from vrrpscope.evidence.delivery import Deliveries, Delivery
from vrrpscope.evidence.vantage import set_clocks
from vrrpscope.evidence.witness import Senders, Witness
from vrrpscope.findings import Confidence
from vrrpscope.timeline.events import Seen, SplitBrain
from vrrpscope.timeline.profile import RouterKey
from vrrpscope.wire.decoder import Decoder
from vrrpscope.wire.direction import are_outgoing

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLES: Final = ROOT / "samples"
KEY: Final = RouterKey("", 4, 50)
A, B = str(IPv4Address(5)), str(IPv4Address(6))
NET: Final = wire(speak(5, 0, 100), speak(6, 0.4, 100, seed=2))


def deliveries(*captures: NDArray[np.void], homes: tuple[int, ...] = (5, 6)) -> Deliveries:
    seen = witnesses(*captures, homes=homes)
    senders = seen[0].senders
    return Deliveries(set_clocks(range(len(seen)), seen), seen, ["lb01", "lb02", "switch"], senders, [""])


def told(found: Deliveries) -> dict[tuple[str, str], tuple[int, int, list[int]]]:
    """Return sent, arrived and the runs of lost adverts, by sender and the capture they were looked for in."""
    return {(d.sender, d.to): (d.sent, d.arrived, [run.adverts for run in d.lost]) for d in found.of(KEY)}


def losing(net: Wire, host: int, *numbers: int) -> NDArray[np.bool_]:
    """Return which adverts are left when some of a host's are lost, by IP ID."""
    lost = (net.adverts["src_lo"] == host) & np.isin(net.adverts["ip_id"], numbers)
    kept: NDArray[np.bool_] = ~lost
    return kept


def split(start: float, end: float, cause: str, deaf: tuple[str, ...], heard: float | None = None) -> SplitBrain:
    at, until = T0 + round(start * SECOND), T0 + round(end * SECOND)
    last = None if heard is None else Seen(T0 + round(heard * SECOND), 0, 1, 1, 1, -1, 0, 0)
    return SplitBrain(at, KEY, at, until, (A, B), False, cause, Confidence.CERTAIN, deaf, (), last, (), (0, 0))


@pytest.mark.parametrize("homes", [(5, 6), ()], ids=["said by the capture", "seen from what came first"])
def test_each_direction_is_followed_for_itself(homes: tuple[int, ...]) -> None:
    there = NET.seen(6, keep=losing(NET, 5, 10, 40, 41, 42))
    found = deliveries(NET.seen(5), there, homes=homes)
    assert told(found) == {(A, "lb02"): (100, 96, [1, 3]), (B, "lb01"): (99, 99, [])}
    (run, _) = found.of(KEY)[0].lost
    assert run.seen.capture == 0
    assert NET.seen(5)["ip_id"][run.seen.number - 1] == 10
    assert (found.home(KEY, A), found.home(KEY, B)) == ("lb01", "lb02")


def test_a_clock_that_is_hours_off_loses_nothing() -> None:
    found = deliveries(NET.seen(5), NET.seen(6, clock(-7200.25, 90)))
    assert all(sent == arrived for sent, arrived, _ in told(found).values())


def test_only_what_was_sent_while_the_other_capture_ran_is_looked_for() -> None:
    assert told(deliveries(NET.seen(5), NET.seen(6, start=30, end=60)))[A, "lb02"] == (30, 30, [])


def test_a_third_place_is_no_router_s_home() -> None:
    found = deliveries(NET.seen(5), NET.seen(6), NET.seen(7, keep=losing(NET, 6, 20)), homes=(5, 6, 7))
    assert {(d.sender, d.receiver, d.at, d.to, d.sent - d.arrived) for d in found.of(KEY)} == {
        (A, B, "lb01", "lb02", 0),
        (A, None, "lb01", "switch", 0),
        (B, A, "lb02", "lb01", 0),
        (B, None, "lb02", "switch", 1),
    }


def test_adverts_without_numbers_are_followed_by_time() -> None:
    net = wire(speak(5, 0, 60, ip_id=0), speak(6, 63, 40, ip_id=0))
    kept = np.ones(len(net.t), bool)
    kept[[20, 21]] = False
    assert told(deliveries(net.seen(5), net.seen(6, keep=kept)))[A, "lb02"] == (60, 58, [2])


def test_what_arrives_in_a_split_brain_has_no_effect_or_is_refused() -> None:
    found = deliveries(NET.seen(5), NET.seen(6))
    deaf = [split(33.8, 50.2, "one-node-deaf", (B,), heard=30.2)]
    assert [(d.sender, d.unheeded, d.rejected) for d in found.of(KEY, deaf)] == [(A, 20, 0), (B, 0, 0)]
    refused = [split(30.2, 50.2, "password-mismatch", ())]
    assert [(d.sender, d.unheeded, d.rejected > 18) for d in found.of(KEY, refused)] == [(A, 0, True), (B, 0, True)]


def test_a_stretch_of_time_is_counted_from_and_until() -> None:
    found = deliveries(NET.seen(5), NET.seen(6, keep=losing(NET, 5, *range(41, 46))))
    part = found.between(KEY, A, B, T0 + 40 * SECOND + SECOND // 2, T0 + 50 * SECOND + SECOND // 2)
    assert isinstance(part, Delivery)
    assert (part.sent, part.arrived, [run.adverts for run in part.lost]) == (10, 5, [5])
    assert found.between(KEY, A, B, 0, 1) is None
    assert found.between(KEY, A, "10.9.9.9", 0, None) is None


def test_two_networks_that_share_nothing_have_no_losses() -> None:
    other = wire(speak(5, 0, 50, vrid=9), speak(6, 60, 20, vrid=9))
    assert told(deliveries(NET.seen(5), other.seen(6))) == {}


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_module, "MAX_RUNS", 3)
    monkeypatch.setattr(delivery_module, "MAX_ROUTES", 1)
    found = deliveries(NET.seen(5), NET.seen(6, keep=losing(NET, 5, *range(2, 90, 2))))
    assert [len(d.lost) for d in found.of(KEY)] == [3]


@pytest.mark.parametrize("host", ["lb01", "lb02"])
def test_a_cooked_capture_says_which_frames_its_host_sent(host: str) -> None:
    seen = Witness(Senders())
    own = {"lb01": 0x0A000005, "lb02": 0x0A000006}[host]
    with open_source(str(SAMPLES / "both-deaf" / f"{host}.pcap")) as source:
        for frames in source:
            adverts = Decoder().decode(frames).adverts
            leaving = are_outgoing(frames, adverts["number"])
            assert (leaving == (adverts["src_lo"] == own)).all()
            seen.take(0, adverts, leaving)
    assert seen.sights()["leaving"].any()


def test_an_ethernet_capture_does_not_say() -> None:
    with open_source(str(SAMPLES / "mirrored" / "vxlan.pcap")) as source:
        for frames in source:
            assert not are_outgoing(frames, frames.number).any()
