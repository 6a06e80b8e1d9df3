from __future__ import annotations

from tests import frames as build
from vrrpscope.wire import Advert, Decoder
from vrrpscope.wire.carp import is_carp

ANNOUNCEMENT = bytes.fromhex("21 09 64 07 00 01 1234") + bytes(28)
SEVEN = Advert(addresses=tuple(f"10.0.0.{n}" for n in range(7))).build(
    source=b"\x0a\0\0\1", destination=b"\xe0\0\0\x12"
)


def test_carp_is_told_by_its_length() -> None:
    assert is_carp(ANNOUNCEMENT)
    assert not is_carp(SEVEN)
    assert not is_carp(ANNOUNCEMENT + b"\0")
    assert is_carp(ANNOUNCEMENT[:8], 36)
    assert not is_carp(ANNOUNCEMENT[:7], 36)


def test_carp_makes_rows_of_its_own() -> None:
    frames = [build.ethernet(build.vlan(build.ipv4(payload), 3)) for payload in (SEVEN, ANNOUNCEMENT, SEVEN)]
    frames.append(build.ethernet(build.ipv6(ANNOUNCEMENT)))
    decoder = Decoder()
    decoded = decoder.decode(build.batch(frames))
    assert decoded.adverts["number"].tolist() == [1, 3]
    first, second = decoded.carps
    assert (first["vhid"], first["advskew"], first["advbase"], first["number"]) == (9, 100, 1, 2)
    assert (first["family"], first["src_lo"]) == (4, 0x0A000001)
    assert decoder.tables.segments[first["segment"]] == "vlan3"
    assert (second["family"], second["src_hi"], second["src_lo"]) == (6, 0xFE80 << 48, 1)
