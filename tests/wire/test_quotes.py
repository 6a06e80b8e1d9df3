"""ICMP and ICMPv6 errors about VRRP: who complained, of whose advert."""

from __future__ import annotations

import pytest

from tests import frames as build
from tests.wire import messages as msg
from tests.wire.messages import number
from tests.wire.oracle import Said
from tests.wire.sighting import of
from vrrpscope.wire import Advert, Kind
from vrrpscope.wire.authentication import AuthenticationHeader

FROM, TO, JUDGE = "10.0.0.5", "10.0.0.6", "10.0.0.1"
FROM6, TO6, JUDGE6 = "fe80::5", "fd00::6", "fd00::1"
MESSAGE = Advert(vrid=50, addresses=("10.0.0.3",)).build(source=bytes(4), destination=bytes(4))
AH = AuthenticationHeader(b"\x0a\0\0\5", 7, b"i" * 12).build()


def quote(payload: bytes = MESSAGE, *, protocol: int = 112, options: bytes = b"", fragment: int = 0) -> build.Packet:
    return build.ipv4(payload, source=FROM, destination=TO, protocol=protocol, options=options, fragment=fragment)


def quote6(payload: bytes = MESSAGE, *, protocol: int = 112) -> build.Packet:
    return build.ipv6(payload, source=FROM6, destination=TO6, protocol=protocol)


def complaint(quoted: build.Packet, *, kind: int = 3, code: int = 2, kept: int | None = None) -> Said | None:
    return of(msg.complaint(quoted, kind, code, source=JUDGE, destination=FROM, kept=kept))


def complaint6(quoted: build.Packet, *, kind: int = 1, code: int = 4, kept: int | None = None) -> Said | None:
    return of(msg.complaint(quoted, kind, code, source=JUDGE6, destination=FROM6, kept=kept))


SENDER = int.from_bytes(build.MAC, "big")
SAID = Said(Kind.ERROR, 4, 3, number(FROM), number(JUDGE), number(TO), 2, vrid=50, sender=SENDER)
SAID6 = Said(Kind.ERROR, 6, 1, number(FROM6), number(JUDGE6), number(TO6), 4, vrid=50, sender=SENDER)


def test_a_complaint_names_who_complains_and_the_ends_of_what_it_quotes() -> None:
    assert complaint(quote()) == SAID
    assert complaint6(quote6()) == SAID6


@pytest.mark.parametrize("kind", [3, 4, 5, 11, 12])
def test_every_icmp_error_is_one(kind: int) -> None:
    assert complaint(quote(), kind=kind, code=1) == SAID._replace(type=kind, code=1)


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_every_icmpv6_error_is_one(kind: int) -> None:
    assert complaint6(quote6(), kind=kind, code=0) == SAID6._replace(type=kind, code=0)


def test_an_authentication_header_may_stand_before_the_advert() -> None:
    secured = bytes([112]) + AH[1:] + MESSAGE
    assert complaint(quote(secured, protocol=51)) == SAID
    assert complaint(quote(secured, protocol=51), kept=20 + 24) == SAID._replace(vrid=0)
    assert complaint(quote(bytes([6]) + AH[1:] + MESSAGE, protocol=51)) is None


def test_options_and_extension_headers_may_stand_before_it_too() -> None:
    assert complaint(quote(options=b"\x94\4\0\0")) == SAID
    assert complaint6(quote6(build.extension(MESSAGE, 112), protocol=60)) == SAID6
    assert complaint6(quote6(build.fragment_header(MESSAGE, 112, more=False), protocol=44)) == SAID6


@pytest.mark.parametrize(("kept", "vrid"), [(28, 50), (22, 50), (21, 0), (20, 0)])
def test_what_is_not_quoted_is_not_known(kept: int, vrid: int) -> None:
    assert complaint(quote(), kept=kept) == SAID._replace(vrid=vrid)


@pytest.mark.parametrize("kept", [0, 1, 19])
def test_without_the_quoted_header_nothing_is_known(kept: int) -> None:
    assert complaint(quote(), kept=kept) is None


@pytest.mark.parametrize(
    "packet",
    [
        quote(protocol=17),
        quote(fragment=5),
        build.Packet(b"\x65" + quote().data[1:], 0x0800),
        build.Packet(b"\x44" + quote().data[1:], 0x0800),
        quote6(),
        quote(build.gre(quote().data, 0x0800), protocol=47),
        quote(build.vxlan(build.ethernet(quote()), 7), protocol=17),
    ],
)
def test_errors_about_anything_else_are_left_out(packet: build.Packet) -> None:
    assert complaint(packet) is None


def test_an_echo_that_holds_an_advert_is_no_complaint() -> None:
    assert complaint(quote(), kind=8) is None
    assert complaint6(quote6(), kind=128) is None
    assert complaint6(quote(), kind=1) is None
