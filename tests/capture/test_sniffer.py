"""Capturing through scapy, as on systems without Linux's packet sockets."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.live.network import cable, send
from tests.report.captures import Say, frame
from vrrpscope.capture.sniffer import SniffSource
from vrrpscope.errors import UsageError
from vrrpscope.wire.decoder import Decoder

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the cable is Linux's"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(autouse=True)
def _wire() -> Iterator[None]:
    with cable():
        yield


def test_adverts_come_in_as_they_were_on_the_wire() -> None:
    sent = [frame(Say(0, ip_id=number))[1] for number in range(3)]
    with SniffSource(["v0"]) as source:
        send(sent)
        decoder, adverts = Decoder(), 0
        for _ in range(50):
            frames = source.read(0.2)
            adverts += len(decoder.decode(frames).adverts)
            if adverts >= 3:
                break
        assert adverts == 3
        assert source.info.link_types == ["EN10MB"]
        assert source.counters() == (3, 0)
        assert source.info.frames == 3
        assert source.reached > 0


def test_there_must_be_such_an_interface() -> None:
    with pytest.raises(UsageError, match="no such interface"):
        SniffSource(["eth77"])
