"""Digests: what is signed verifies, and what is changed in any covered bit does not.

The known answers are a frame of keepalived 2.2.7 recorded in a lab, and the wire images in the appendix of
draft-cassen-vrrp-auth-hmac. Cisco's computation is checked against its own description alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from ipaddress import ip_address
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import frames as build
from vrrpscope.wire import Advert, Auth, Checksum, Decoder, Flag
from vrrpscope.wire.authentication import AuthenticationHeader, CiscoDigest, HmacTrailer
from vrrpscope.wire.columns import NO_KEY
from vrrpscope.wire.digests import MAX_KEYS, Keys, ah_icv, cisco_digest, hmac_digest, key_bytes
from vrrpscope.wire.vrrp import GROUPS

if TYPE_CHECKING:
    from collections.abc import Sequence

KEEPALIVED_AH = bytes.fromhex(
    "45c0004000020000ff33d0b10a000005e0000012"
    "700400000a00000500000002aba7903c747c8d5b163849c9"
    "2132960102013cc80a0000030000000000000000"
)
"""The second advert of 10.0.0.5, VRID 50, signed with `s3cr3t50`."""

DRAFT_KEY = b"hex:" + bytes(range(32)).hex().encode()
DRAFT_IPV4 = bytes.fromhex("3133c80100644402c00002640101000068000000800000001b84bc4e8e43892dc6d98448f8ee2265")
DRAFT_IPV6 = bytes.fromhex(
    "3133c8010064a2e9fe800000000000000000000000000100010100006800000080000000c8c56146ebfd66ee10ec4d8186461b78"
)

PASSWORDS = (
    st.binary(min_size=1, max_size=80)
    .map(lambda key: key.rstrip(b"\0"))
    .filter(lambda key: key and not key.startswith(b"hex:"))
)
SOURCE = {4: "10.0.0.1", 6: "fe80::1"}


class Signed(NamedTuple):
    """An IP packet with a digest, and which of its bytes the digest covers, itself included."""

    packet: build.Packet
    covered: list[int]


def advert(family: int = 4, version: int = 2, **more: object) -> Advert:
    vips = ("10.0.0.3", "10.0.0.4") if family == 4 else ("fe80::3",)
    form = Checksum.PLAIN if version == 2 and family == 4 else Checksum.PSEUDO
    made = Advert(version=version, family=family, vrid=50, priority=150, addresses=vips, checksum=form)
    return replace(made, **more)  # type: ignore[arg-type] # names of fields, as the callers give them


def payload(one: Advert) -> bytes:
    return one.build(source=ip_address(SOURCE[one.family]).packed, destination=GROUPS[one.family])


def with_ah(key: bytes, *, destination: str = "224.0.0.18", ttl: int = 255, keep_ttl: bool = True) -> Signed:
    header = AuthenticationHeader(ip_address(SOURCE[4]).packed, 7, bytes(12))
    message = payload(advert(auth_type=2))
    packet = build.ipv4(header.build() + message, destination=destination, protocol=51, ttl=ttl, identification=9)
    data = packet.data
    data = data[:32] + ah_icv(data, key, keep_ttl=keep_ttl) + data[44:]
    mutable = {1, 6, 7, 10, 11, *(() if keep_ttl else (8,))}
    framing = {0, 2, 3, 9, 20, 21, 44}  # what says that this is an advert behind an AH at all
    return Signed(build.Packet(data, packet.type), sorted(set(range(len(data))) - mutable - framing))


def with_trailer(key: bytes, family: int, version: int) -> Signed:
    trailer = HmacTrailer(3, 1_700_000_000, 0x8000, 1, bytes(16))
    source = ip_address(SOURCE[family]).packed
    one = advert(family, version, hmac=trailer)
    digest = hmac_digest(payload(one), key, source=source)
    message = payload(replace(one, hmac=replace(trailer, digest=digest)))
    start = 20 if family == 4 else 40
    packet = build.ipv4(message) if family == 4 else build.ipv6(message, source=SOURCE[6])
    prefix = start + len(message) - HmacTrailer.LENGTH
    framing = {start, start + 3, start + 6, start + 7, prefix, prefix + 2, prefix + 3}
    return Signed(packet, sorted(set(range(start, start + len(message))) - framing))


def with_block(key: bytes) -> Signed:
    block = CiscoDigest(ip_address(SOURCE[4]).packed, b"\0\0\0\1", bytes(16))
    one = advert(auth_type=254)
    digest = cisco_digest(payload(one), key)
    message = payload(replace(one, md5=replace(block, digest=digest)))
    end = len(message) - CiscoDigest.LENGTH
    covered = {*range(20, 20 + end), *range(20 + len(message) - 16, 20 + len(message))} - {20, 23, 24, 26, 27}
    return Signed(build.ipv4(message), sorted(covered))


KINDS = {
    "AH": with_ah,
    "HMAC, VRRPv2": lambda key: with_trailer(key, 4, 2),
    "HMAC, VRRPv3": lambda key: with_trailer(key, 4, 3),
    "HMAC, VRRPv3 over IPv6": lambda key: with_trailer(key, 6, 3),
    "HMAC, VRRPv2 over IPv6": lambda key: with_trailer(key, 6, 2),
    "MD5": with_block,
}

every_kind = pytest.mark.parametrize("kind", KINDS)


def verdicts(packets: Sequence[build.Packet], keys: Sequence[bytes | str]) -> list[int]:
    """The number of the key each packet is signed with; the flag must say the same."""
    rows = Decoder(keys=Keys(keys)).decode(build.batch([build.ethernet(packet) for packet in packets])).adverts
    assert len(rows) == len(packets)
    bad = (rows["flags"] & Flag.BAD_DIGEST) != 0
    assert (bad == (rows["signed_with"] == NO_KEY)).all()
    return [int(number) for number in rows["signed_with"]]


def test_an_advert_of_keepalived_fits_its_password() -> None:
    packet = build.Packet(KEEPALIVED_AH, 0x0800)
    assert verdicts([packet], ["s3cr3t50"]) == [1]
    assert verdicts([packet], ["other", b"s3cr3t50"]) == [2]
    assert verdicts([packet], ["other"]) == [NO_KEY]
    assert ah_icv(KEEPALIVED_AH, b"s3cr3t50", keep_ttl=True) == KEEPALIVED_AH[32:44]


def test_the_drafts_wire_images_fit_its_key() -> None:
    four = build.ipv4(DRAFT_IPV4, source="198.51.100.10")
    six = build.ipv6(DRAFT_IPV6, source="fe80::10", destination="fe80::20")
    assert verdicts([four, six], [DRAFT_KEY]) == [1, 1]
    rows = Decoder().decode(build.batch([build.ethernet(packet) for packet in (four, six)])).adverts
    assert rows["auth"].tolist() == [Auth.HMAC, Auth.HMAC]
    assert rows["checksum"].tolist() == [Checksum.PLAIN, Checksum.PSEUDO]
    assert rows["ah_seq"].tolist() == [0x6800000080000000] * 2
    assert rows["flags"].tolist() == [0, 0]


def test_ciscos_digest_is_the_padded_key_the_advert_and_the_key() -> None:
    message = payload(advert(auth_type=254))
    zeroed = message[:6] + b"\0\0" + message[8:]
    padded = b"cisco" + b"\x80" + bytes(50) + (40).to_bytes(8, "little")
    assert len(padded) == 64
    assert cisco_digest(message, b"cisco") == hashlib.md5(padded + zeroed + b"cisco").digest()


@every_kind
@given(key=PASSWORDS)
@settings(max_examples=25, deadline=None)
def test_what_is_signed_fits_its_key_and_no_other(kind: str, key: bytes) -> None:
    packet = KINDS[kind](key).packet
    assert verdicts([packet, packet], [b"~" + key, key]) == [2, 2]
    assert verdicts([packet], [b"~" + key]) == [NO_KEY]


@every_kind
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_what_is_changed_in_any_covered_bit_fits_no_more(kind: str, data: st.DataObject) -> None:
    packet, covered = KINDS[kind](b"secret99")
    at, bit = data.draw(st.sampled_from(covered)), data.draw(st.integers(0, 7))
    changed = bytearray(packet.data)
    changed[at] ^= 1 << bit
    assert verdicts([build.Packet(bytes(changed), packet.type)], ["secret99"]) == [NO_KEY]


def test_what_routers_may_change_is_not_covered_by_ah() -> None:
    packet = with_ah(b"secret99").packet.data
    changed = packet[:1] + b"\0" + packet[2:6] + b"\x40\0" + packet[8:10] + b"\1\2" + packet[12:]
    assert verdicts([build.Packet(changed, 0x0800)], ["secret99"]) == [1]


def test_the_ttl_counts_in_multicast_and_may_be_left_out_by_others() -> None:
    hop = with_ah(b"secret99").packet.data
    hop = hop[:8] + b"\xfe" + hop[9:]
    unicast = with_ah(b"secret99", destination="10.0.0.2", keep_ttl=False, ttl=63).packet
    rfc = with_ah(b"secret99", keep_ttl=False).packet
    assert verdicts([build.Packet(hop, 0x0800), unicast, rfc], ["secret99"]) == [NO_KEY, 1, 1]


def test_eight_characters_of_a_password_count_for_ah() -> None:
    packet = with_ah(b"secret99").packet
    assert verdicts([packet], ["secret99 and more"]) == [1]
    assert verdicts([packet], ["secret99x", "secret99y"]) == [1]


@every_kind
def test_a_key_keeps_its_number_whichever_fitted_last(kind: str) -> None:
    packets = [KINDS[kind](key).packet for key in (b"one", b"two", b"three", b"two", b"one")]
    assert verdicts(packets, ["one", "two", "three"]) == [1, 2, 3, 2, 1]


@every_kind
def test_without_keys_nothing_is_judged(kind: str) -> None:
    packet = KINDS[kind](b"secret99").packet
    assert verdicts([packet], []) == [0]


@every_kind
def test_what_was_cut_off_is_not_judged(kind: str) -> None:
    frame = build.ethernet(KINDS[kind](b"secret99").packet)
    frames = build.batch([frame[:-1]], wire=[len(frame)])
    (row,) = Decoder(keys=Keys(["secret99", "x"])).decode(frames).adverts
    assert (row["signed_with"], row["flags"]) == (0, Flag.TRUNCATED)


def test_ip_options_and_other_check_values_are_not_judged() -> None:
    header = AuthenticationHeader(b"\x0a\0\0\1", 7, bytes(16))
    message = payload(advert(auth_type=2))
    long = build.ipv4(header.build() + message, protocol=51)
    options = build.ipv4(replace(header, icv=bytes(12)).build() + message, protocol=51, options=b"\x94\4\0\0")
    assert verdicts([long, options, build.ipv4(payload(advert()))], ["secret99"]) == [0, 0, 0]


def test_padding_behind_the_packet_does_not_matter() -> None:
    frame = build.ethernet(with_ah(b"secret99").packet, pad=120)
    assert Decoder(keys=Keys(["secret99"])).decode(build.batch([frame])).adverts["signed_with"].tolist() == [1]


def test_keys_print_nothing_of_themselves() -> None:
    keys = Keys(["secret99", b"secret98", "", "secret99"])
    assert len(keys) == 2
    assert repr(keys) == str(keys) == "<2 keys>"


def test_keys_beyond_the_limit_are_left_out() -> None:
    assert len(Keys(f"key {n}" for n in range(MAX_KEYS + 5))) == MAX_KEYS


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (b"hex:00ff", b"\0\xff"),
        (b"hex:xy", b"hex:xy"),
        (b"hex:\xff", b"hex:\xff"),
        (b"hex:", b"hex:"),
        (b"abc", b"abc"),
    ],
)
def test_a_key_may_be_written_in_hexadecimal(text: bytes, key: bytes) -> None:
    assert key_bytes(text) == key


@given(st.lists(st.binary(max_size=120), max_size=8))
@settings(deadline=None)
def test_any_bytes_are_judged_or_left(payloads: list[bytes]) -> None:
    packets = [build.ipv4(data, protocol=51) for data in payloads] + [build.ipv4(data) for data in payloads]
    rows = Decoder(keys=Keys(["a"])).decode(build.batch([build.ethernet(p) for p in packets])).adverts
    plain = Decoder().decode(build.batch([build.ethernet(p) for p in packets])).adverts
    rows["flags"] &= np.uint32(~int(Flag.BAD_DIGEST) & 0xFFFFFFFF)
    rows["signed_with"] = 0
    assert rows.tobytes() == plain.tobytes()


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1))))
def test_trailers_in_order_of_time_are_in_order_of_sequence(times: list[tuple[int, int, int]]) -> None:
    numbers = [HmacTrailer(1, *time, bytes(16)).sequence for time in sorted(t for t in times if t[0] < 2**31)]
    assert all(one <= other for one, other in pairwise(numbers))
    assert all(HmacTrailer(1, *time, bytes(16)).sequence >= 0 for time in times)
