"""A live capture on real interfaces: what comes in, as it was on the wire; and what becomes of interfaces."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.capture.test_bpf import DROPPED, KEPT
from tests.live.network import cable, ip, lay, send
from tests.report.captures import Say, frame
from vrrpscope.capture import live
from vrrpscope.capture.live import LiveSource
from vrrpscope.errors import PrivilegeError, UsageError
from vrrpscope.wire.decoder import Decoder
from vrrpscope.wire.direction import are_outgoing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.capture.frames import Frames

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="packet sockets are Linux's")
needs_tcpdump = pytest.mark.skipif(shutil.which("tcpdump") is None, reason="tcpdump is not installed")
ADVERT = frame(Say(0))[1]


@pytest.fixture(autouse=True)
def _wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(live, "_PAUSE", 0.0)  # nobody waits for more here
    with cable():
        yield


def taken(frames: Frames) -> list[bytes]:
    """Return the frames of a batch as bytes."""
    ends = zip(frames.start.tolist(), frames.caplen.tolist(), strict=True)
    return [frames.data[at : at + length].tobytes() for at, length in ends]


def test_the_kernel_lets_through_what_the_filter_says_as_it_was_on_the_wire() -> None:
    everything = [frame for frame in (*KEPT.values(), *DROPPED.values()) if len(frame) > 20]
    with LiveSource(["v0"]) as source:
        send(everything)
        frames = source.read(0)
        assert taken(frames) == list(KEPT.values())
        assert frames.wirelen.tolist() == frames.caplen.tolist()
        assert frames.number.tolist() == list(range(1, len(KEPT) + 1))
        assert (np.diff(frames.t) >= 0).all()
        assert source.counters() == (len(KEPT), 0)
        assert (source.info.first, source.info.last) == (int(frames.t[0]), int(frames.t[-1]))


def test_nothing_comes_when_nothing_was_sent() -> None:
    with LiveSource(["v0"]) as source:
        assert len(source.read(0).t) == 0
        before = source.reached
        source.read(0)
        assert source.reached >= before, "time passes all the same"


def test_frames_of_several_interfaces_come_in_one_order() -> None:
    with LiveSource(["v0", "v1"]) as source:
        send([ADVERT], "v1")
        send([ADVERT], "v0")
        frames = source.read(0)
    assert source.names == ("v0", "v1")
    assert sorted(frames.interface.tolist()) == [0, 0, 1, 1]  # each leaves here and comes in there
    assert (np.diff(frames.t) >= 0).all()


def test_any_says_which_interface_it_was_and_who_sent_it() -> None:
    with LiveSource(["any"]) as source:
        send([ADVERT, frame(Say(0, vlan=100))[1]])
        frames = source.read(0)
        assert source.info.link_types == ["LINUX_SLL2"]
    assert are_outgoing(frames, frames.number).tolist() == [True, False] * 2
    indexes = [int.from_bytes(one[4:8], "big") for one in taken(frames)]
    assert [socket.if_indextoname(index) for index in indexes] == ["v1", "v0"] * 2
    decoder = Decoder()
    adverts = decoder.decode(frames).adverts
    assert [decoder.tables.segments[number] for number in adverts["segment"]] == ["", "", "vlan100", "vlan100"]


@needs_tcpdump
def test_a_tag_is_put_back_before_a_narrower_filter_is_asked() -> None:
    with LiveSource(["v0"], narrow="vlan 100") as source:
        send([ADVERT, KEPT["one tag"], KEPT["three tags"], KEPT["ARP"], KEPT["a tagged ARP"]])
        assert taken(source.read(0)) == [KEPT["one tag"], KEPT["a tagged ARP"]]
    with LiveSource(["v0"], narrow="not arp") as source:
        send([ADVERT, KEPT["ARP"]])
        assert taken(source.read(0)) == [ADVERT]


def test_what_there_is_no_room_for_is_counted() -> None:
    with LiveSource(["v0"], buffer=1) as source:
        send([ADVERT] * 500)
        here = len(source.read(0).t)
        seen, dropped = source.counters()
    assert seen == 500
    assert 0 < here < 500
    assert dropped == seen - here
    assert source.info.dropped == dropped


def test_an_interface_that_goes_down_and_comes_back_is_survived_and_told() -> None:
    with LiveSource(["v0"]) as source:
        assert source.interfaces == (("v0", True),)
        ip("link", "set", "v0", "down")
        assert source.look() == ["v0 is down"]
        assert len(source.read(0).t) == 0
        ip("link", "set", "v0", "up")
        assert source.look() == ["v0 is up again"]
        send([ADVERT])
        assert taken(source.read(0)) == [ADVERT]
        assert [problem.message for problem in source.info.problems] == ["v0 is down", "v0 is up again"]


def test_an_interface_that_is_made_anew_is_the_same_by_its_name() -> None:
    with LiveSource(["v0"]) as source:
        ip("link", "del", "v0")
        assert source.look() == ["v0 has gone"]
        assert source.interfaces == (("v0", False),)
        assert len(source.read(0).t) == 0
        lay()
        assert source.look() == ["v0 is there again, up"]
        send([ADVERT])
        assert taken(source.read(0)) == [ADVERT]


def test_an_interface_that_is_renamed_is_followed() -> None:
    with LiveSource(["v0"]) as source:
        ip("link", "set", "v0", "down")
        ip("link", "set", "v0", "name", "w0")
        ip("link", "set", "w0", "up")
        assert source.look() == ["v0 is now called w0"]
        send([ADVERT])
        frames = source.read(0)
        assert taken(frames) == [ADVERT]
        assert frames.interface.tolist() == [0]
        assert source.names == ("v0",)


def test_of_any_new_interfaces_are_listened_to() -> None:
    with LiveSource(["any"]) as source:
        ip("link", "add", "w0", "type", "veth", "peer", "name", "w1")
        ip("link", "set", "w0", "up")
        ip("link", "set", "w1", "up")
        assert any(change.startswith("w0 is new") for change in source.look())
        send([ADVERT], "w1")
        assert any(one.endswith(ADVERT[14:]) for one in taken(source.read(0)))


def test_the_groups_are_joined_and_promiscuous_mode_is_not_needed() -> None:
    def groups() -> str:
        return subprocess.run(["ip", "maddr", "show", "v0"], check=True, capture_output=True, text=True).stdout

    def is_promiscuous() -> bool:
        done = subprocess.run(["ip", "-d", "link", "show", "v0"], check=True, capture_output=True, text=True)
        return "promiscuity 1" in done.stdout

    with LiveSource(["v0"]):
        assert "01:00:5e:00:00:12" in groups()
        assert "33:33:00:00:00:12" in groups()
        assert not is_promiscuous()
    with LiveSource(["v0"], promiscuous=True):
        assert is_promiscuous()


def test_a_clock_that_is_set_is_taken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    with LiveSource(["v0"]) as source:
        send([ADVERT])
        before = int(source.read(0).t[0])
        real = time.time_ns
        # The stamps are the kernel's and go on: only what this process reads of the clock is set back.
        monkeypatch.setattr(live, "_wall_clock", lambda: real() - 3_600_000_000_000)
        source.read(0)
        assert [change.partition(";")[0] for change in source.look()] == ["the clock was set back by 3600.000 s"]
        monkeypatch.setattr(live, "_wall_clock", real)
        source.read(0)
        send([ADVERT])
        frames = source.read(0)
        assert 0 <= int(frames.t[0]) - before < 60_000_000_000
        assert source.reached >= before


def test_there_must_be_such_an_interface() -> None:
    with pytest.raises(UsageError, match="there are lo, v"):
        LiveSource(["eth77"])


def test_without_privilege_it_says_which_one() -> None:
    os.seteuid(65534)
    try:
        with pytest.raises(PrivilegeError, match="CAP_NET_RAW"):
            LiveSource(["v0"])
    finally:
        os.seteuid(0)
