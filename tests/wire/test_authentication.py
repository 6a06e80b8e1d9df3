from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vrrpscope.wire.authentication import AuthenticationHeader, CiscoDigest, HmacTrailer


def test_an_authentication_header_reads_both_ways() -> None:
    data = bytes.fromhex("70040000 0a090001 00000018") + bytes(range(12))
    header = AuthenticationHeader(bytes.fromhex("0a090001"), 24, bytes(range(12)))
    assert AuthenticationHeader.parse(data) == header
    assert header.build() == data


def test_ciscos_block_reads_both_ways() -> None:
    data = bytes.fromhex("fe1c01000000 0a000001 00000005") + bytes(range(16))
    block = CiscoDigest(bytes.fromhex("0a000001"), b"\0\0\0\5", bytes(range(16)))
    assert CiscoDigest.parse(data) == block
    assert block.build() == data


def test_keepaliveds_trailer_reads_both_ways() -> None:
    data = bytes.fromhex("01030000 6553f100 8000 0007") + bytes(range(16))
    trailer = HmacTrailer(3, 1_700_000_000, 0x8000, 7, bytes(range(16)))
    assert HmacTrailer.parse(data) == trailer
    assert trailer.build() == data


def test_other_bytes_are_neither() -> None:
    assert CiscoDigest.parse(b"\xfe\x1d" + bytes(28)) is None
    assert HmacTrailer.parse(b"\2" + bytes(27)) is None
    assert HmacTrailer.parse(b"\1\1\1" + bytes(25)) is None


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    AuthenticationHeader.parse(data)
    CiscoDigest.parse(data)
    HmacTrailer.parse(data)
