"""Adverts as bytes and as fields, used in both directions, and what is said of odd ones."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrrpscope.wire import Advert, Auth, Checksum, Destination, Flag
from vrrpscope.wire.authentication import AuthenticationHeader, CiscoDigest, HmacTrailer
from vrrpscope.wire.vrrp import CENTISECOND, SECOND, destination_kind, expected_length

A = ip_address("10.0.0.1").packed
GROUP = ip_address("224.0.0.18").packed
PEER = ip_address("10.0.0.2").packed
A6 = ip_address("fe80::1").packed
GROUP6 = ip_address("ff02::12").packed

DIGEST = bytes(range(16))

PAIRS = {
    "v2 with one address": (
        "21 33 96 01 00 01 3e 5d  0a 09 00 64  00 00 00 00 00 00 00 00",
        Advert(
            vrid=51,
            priority=150,
            count=1,
            addresses=("10.9.0.100",),
            checksum_value=0x3E5D,
            checksum=Checksum.PLAIN,
        ),
        (A, GROUP),
    ),
    "v2 with a password": (
        "21 01 64 02 01 03 a2 6d  0a 00 00 64 0a 00 00 65  61 61 61 61 00 00 00 00",
        Advert(
            count=2,
            interval=3 * SECOND,
            addresses=("10.0.0.100", "10.0.0.101"),
            auth_type=1,
            auth=Auth.SIMPLE,
            auth_data=b"aaaa\0\0\0\0",
            secret=b"aaaa\0\0\0\0",
            checksum_value=0xA26D,
            checksum=Checksum.PLAIN,
        ),
        (A, GROUP),
    ),
    "v2 resignation of an owner's peer": (
        "21 33 00 01 00 01 d4 5d  0a 09 00 64  00 00 00 00 00 00 00 00",
        Advert(
            vrid=51,
            priority=0,
            count=1,
            addresses=("10.9.0.100",),
            checksum_value=0xD45D,
            checksum=Checksum.PLAIN,
        ),
        (A, GROUP),
    ),
    "v3 over IPv4 with pseudo-header": (
        "31 05 64 01 00 64 75 a1  0a 00 00 64",
        Advert(
            version=3,
            vrid=5,
            count=1,
            interval=100 * CENTISECOND,
            addresses=("10.0.0.100",),
            auth_data=None,
            checksum_value=0x75A1,
            checksum=Checksum.PSEUDO,
        ),
        (A, GROUP),
    ),
    "v3 over IPv4 without pseudo-header": (
        "31 05 64 01 0f ff 50 96  0a 00 00 64",
        Advert(
            version=3,
            vrid=5,
            count=1,
            interval=4095 * CENTISECOND,
            addresses=("10.0.0.100",),
            auth_data=None,
            checksum_value=0x5096,
            checksum=Checksum.PLAIN,
        ),
        (A, GROUP),
    ),
    "v3 over unicast IPv4 with the group's pseudo-header": (
        "31 05 64 01 00 64 75 a1  0a 00 00 64",
        Advert(
            version=3,
            vrid=5,
            count=1,
            interval=100 * CENTISECOND,
            addresses=("10.0.0.100",),
            auth_data=None,
            checksum_value=0x75A1,
            checksum=Checksum.MULTICAST_PSEUDO,
        ),
        (A, PEER),
    ),
    "v3 over IPv6": (
        "31 05 64 01 00 64 6d 91  fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 64",
        Advert(
            version=3,
            family=6,
            vrid=5,
            count=1,
            interval=100 * CENTISECOND,
            addresses=("fe80::64",),
            auth_data=None,
            checksum_value=0x6D91,
            checksum=Checksum.PSEUDO,
        ),
        (A6, GROUP6),
    ),
    "v2 over IPv6, which has no authentication data": (
        "21 05 64 01 00 01 7d f4  fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 64",
        Advert(
            family=6,
            vrid=5,
            count=1,
            addresses=("fe80::64",),
            auth_data=None,
            checksum_value=0x7DF4,
            checksum=Checksum.PSEUDO,
        ),
        (A6, GROUP6),
    ),
    "v2 with Cisco's digest, which the checksum covers": (
        "21 01 64 01 fe 01 31 34  0a 00 00 64  00 00 00 00 00 00 00 00  fe 1c 01 00 00 00 0a 00 00 01 00 00 00 05 "
        + DIGEST.hex(),
        Advert(
            count=1,
            addresses=("10.0.0.100",),
            auth_type=254,
            auth=Auth.MD5,
            secret=b"\0\0\0\5",
            checksum_value=0x3134,
            checksum=Checksum.PLAIN,
            md5=CiscoDigest(A, b"\0\0\0\5", DIGEST),
        ),
        (A, GROUP),
    ),
    "v3 with keepalived's trailer, which the checksum leaves out": (
        "31 05 64 01 00 64 75 a1  0a 00 00 64  01 03 00 00 65 53 f1 00 80 00 00 07 " + DIGEST.hex(),
        Advert(
            version=3,
            vrid=5,
            count=1,
            interval=100 * CENTISECOND,
            addresses=("10.0.0.100",),
            auth=Auth.HMAC,
            auth_data=None,
            secret=b"\3",
            checksum_value=0x75A1,
            checksum=Checksum.PSEUDO,
            hmac=HmacTrailer(3, 1_700_000_000, 0x8000, 7, DIGEST),
            ah_seq=0x6553F10080000007,
        ),
        (A, GROUP),
    ),
}


@pytest.mark.parametrize(("text", "advert", "ends"), PAIRS.values(), ids=PAIRS)
def test_bytes_parse_to_fields(text: str, advert: Advert, ends: tuple[bytes, bytes]) -> None:
    assert Advert.parse(bytes.fromhex(text), source=ends[0], destination=ends[1]) == advert


@pytest.mark.parametrize(("text", "advert", "ends"), PAIRS.values(), ids=PAIRS)
def test_fields_build_to_bytes(text: str, advert: Advert, ends: tuple[bytes, bytes]) -> None:
    assert advert.build(source=ends[0], destination=ends[1]) == bytes.fromhex(text)


PLAIN_V2 = bytes.fromhex("21339601 00013e5d 0a090064 0000000000000000")


def flags_of(payload: bytes, length: int | None = None, *, fragment: bool = False) -> Flag:
    advert = Advert.parse(payload, source=A, destination=GROUP, length=length, fragment=fragment)
    return advert.flags & ~Flag.BAD_CHECKSUM


@pytest.mark.parametrize(
    ("payload", "flags"),
    [
        (PLAIN_V2, Flag(0)),
        (b"\x11" + PLAIN_V2[1:], Flag.UNKNOWN_VERSION | Flag.MALFORMED),
        (b"\x22" + PLAIN_V2[1:], Flag.UNKNOWN_TYPE | Flag.MALFORMED),
        (b"\x42" + PLAIN_V2[1:], Flag.UNKNOWN_TYPE | Flag.UNKNOWN_VERSION | Flag.MALFORMED),
        (PLAIN_V2[:7], Flag.SHORT | Flag.MALFORMED),
        (b"", Flag.SHORT | Flag.MALFORMED),
        (PLAIN_V2[:12], Flag.NO_AUTH_DATA),
        (PLAIN_V2[:13], Flag.SHORT),
        (PLAIN_V2[:11], Flag.SHORT),
        (PLAIN_V2 + b"\0", Flag.TRAILING),
        (b"\x21\0" + PLAIN_V2[2:], Flag.VRID_ZERO),
        (PLAIN_V2[:3] + b"\0" + PLAIN_V2[4:8] + bytes(8), Flag.NO_ADDRESSES),
        (bytes.fromhex("31056401 10640000 0a000064"), Flag.RESERVED_BITS),
    ],
)
def test_what_is_odd_is_flagged(payload: bytes, flags: Flag) -> None:
    assert flags_of(payload) == flags


def test_trailing_bytes_may_be_outside_of_the_checksum() -> None:
    advert = Advert.parse(PLAIN_V2 + b"\1\2\3", source=A, destination=GROUP)
    assert advert.checksum is Checksum.PLAIN
    assert advert.trailing == b"\1\2\3"


def test_a_wrong_checksum_is_bad_unless_the_rest_is_unknown() -> None:
    wrong = PLAIN_V2[:-1] + b"\1"
    assert Advert.parse(wrong, source=A, destination=GROUP).checksum is Checksum.BAD
    for unknown in (
        Advert.parse(wrong, source=A, destination=GROUP, length=40),
        Advert.parse(wrong, source=A, destination=GROUP, fragment=True),
    ):
        assert unknown.checksum is Checksum.UNKNOWN
        assert Flag.BAD_CHECKSUM not in unknown.flags


def test_a_cut_address_list_is_unknown_rather_than_shorter() -> None:
    cut = Advert.parse(PLAIN_V2[:8], source=A, destination=GROUP, length=20)
    assert (cut.addresses, cut.priority, cut.interval) == ((), 150, SECOND)
    assert cut.flags == Flag.TRUNCATED
    whole = Advert.parse(PLAIN_V2[:12], source=A, destination=GROUP, length=20)
    assert whole.addresses == ("10.9.0.100",)


def test_an_authentication_header_decides_how_an_advert_authenticates() -> None:
    header = AuthenticationHeader(A, 5, bytes(12))
    advert = Advert.parse(PLAIN_V2, source=A, destination=GROUP, ah=header)
    assert (advert.auth, advert.secret, advert.ah_seq) == (Auth.AH, A, 5)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("224.0.0.18", Destination.MULTICAST),
        ("ff02::12", Destination.MULTICAST),
        ("224.0.0.1", Destination.OTHER),
        ("255.255.255.255", Destination.OTHER),
        ("ff02::1", Destination.OTHER),
        ("10.0.0.2", Destination.UNICAST),
        ("fe80::2", Destination.UNICAST),
    ],
)
def test_destinations_are_told_apart(address: str, kind: Destination) -> None:
    assert destination_kind(ip_address(address).packed) is kind


def test_only_version_2_over_ipv4_has_authentication_data() -> None:
    lengths = [expected_length(version, family, 2) for version in (2, 3) for family in (4, 6)]
    assert lengths == [24, 40, 16, 40]


@given(st.binary(max_size=400), st.integers(0, 500), st.booleans(), st.sampled_from([(A, PEER), (A6, GROUP6)]))
def test_any_bytes_parse_to_something(payload: bytes, length: int, fragment: bool, ends: tuple[bytes, bytes]) -> None:
    Advert.parse(payload, source=ends[0], destination=ends[1], length=length, fragment=fragment)


@given(st.binary(min_size=8, max_size=64))
def test_whatever_parses_whole_builds_to_the_same_bytes(payload: bytes) -> None:
    payload = b"\x31" + payload[1:3] + bytes([len(payload) // 4 - 2]) + payload[4 : len(payload) & ~3]
    advert = Advert.parse(payload, source=A, destination=GROUP)
    assert advert.build(source=A, destination=GROUP, form=Checksum.BAD) == payload
