"""Why keepalived did not accept an advert, in the words of both generations, and when it did although it says so."""

from __future__ import annotations

from typing import Final

import pytest

from vrrpscope.evidence.keepalived_words import by_version, understand
from vrrpscope.evidence.phrases import Heard
from vrrpscope.evidence.said import REASONS, Kind

MS: Final = 1_000_000
S: Final = 1_000 * MS
VI: Final = "VI_50"

REJECTED: Final = [
    # message, reason, peer, subject, numbers
    ("(VI_50) received an invalid passwd!", "password", None, "", ()),
    ("(VI_50) received an invalid passwd from 10.0.0.6!", "password", "10.0.0.6", "", ()),
    ("receive an invalid passwd!", "password", None, "", ()),
    ("(VI_50) received a 1 auth, expecting 2!", "auth-type", None, "", (1, 2)),
    ("(VI_50) received a 0 auth from 10.0.0.6, expecting 1!", "auth-type", "10.0.0.6", "", (0, 1)),
    ("(VI_50) Invalid auth type from 10.0.0.6: 7", "auth-type", "10.0.0.6", "", (7,)),
    ("(VI_50) Invalid auth type: 7", "auth-type", None, "", (7,)),
    ("(VI_50) Received AH header but auth type not AH", "auth-type", None, "", ()),
    ("(VI_50) No AH header but auth type is AH from 10.0.0.6", "auth-type", "10.0.0.6", "", ()),
    ("(VI_50) wrong version. Received 2 and expect 3", "version", None, "", (2, 3)),
    ("(VI_50) wrong VRRP version from 10.0.0.6. Received 2 and expect 3", "version", "10.0.0.6", "", (2, 3)),
    ("(VI_50): invalid version. 3 and expect 2", "version", None, "", (3, 2)),
    ("(VI_50) advertisement interval mismatch mine=5 sec rcv'd=1 sec", "interval", None, "", (5 * S, S)),
    (
        "(VI_50) advertisement interval mismatch with 10.0.0.6 mine=5 sec rcv'd=1 sec",
        "interval",
        "10.0.0.6",
        "",
        (5 * S, S),
    ),
    ("(VI_50): advertisement interval mismatch mine=5 sec rcved=1 sec", "interval", None, "", (5 * S, S)),
    ("advertissement interval mismatch mine=1 rcved=5", "interval", None, "", (S, 5 * S)),
    (
        "(VI_50) ip address associated with VRID 50 not present in MASTER advert: 10.0.0.4",
        "address-list",
        None,
        "10.0.0.4",
        (50,),
    ),
    (
        "(VI_50): ip address associated with VRID 50 not present in MASTER advert : 10.0.0.4",
        "address-list",
        None,
        "10.0.0.4",
        (50,),
    ),
    ("(VI_50) received an unexpected ip number count 2, expected 1!", "address-list", None, "", (2, 1)),
    ("(VI_50): received an invalid ip number count 2, expected 1!", "address-list", None, "", (2, 1)),
    ("(VI_50) expected 1 VIPs but received 2", "address-list", None, "", (1, 2)),
    ("(VI_50) Invalid VRRPv2 checksum from 10.0.0.6", "checksum", "10.0.0.6", "", ()),
    ("(VI_50): Invalid VRRPv3 checksum", "checksum", None, "", ()),
    ("(VI_50) invalid TTL/HL from 10.0.0.6. Received 64 and expect 255", "ttl", "10.0.0.6", "", (64, 255)),
    ("(VI_50) invalid TTL/HL. Received 64 and expect 255", "ttl", None, "", (64, 255)),
    ("(VI_50) TTL/HL 64 from 10.0.0.6 not in range [254, 255]", "ttl", "10.0.0.6", "", (64,)),
    ("(VI_50): invalid ttl. 64 and expect 255", "ttl", None, "", (64, 255)),
    ("(VI_50) vrrp packet too short, length 40 and expect 44", "length", None, "", (40, 44)),
    (
        "(VI_50) vrrp packet from 10.0.0.6 too long, length 68 and expect 40",
        "length",
        "10.0.0.6",
        "",
        (68, 40),
    ),
    ("IPv4 VRRP packet too short - 12 bytes", "length", None, "", (12,)),
    ("(VI_50) Invalid packet type. 2 and expect 1", "type", None, "", (2, 1)),
    ("(VI_50) Expected unicast packet but received multicast packet", "unicast", None, "", ()),
    (
        "(VI_50) Expected multicast packet but received unicast packet from 10.0.0.6",
        "unicast",
        "10.0.0.6",
        "",
        (),
    ),
    ("(VI_50) unicast source address 10.0.0.9 not a unicast peer", "unicast", "10.0.0.9", "", ()),
    (
        "(VI_50) IPSEC-AH : invalid IPSEC HMAC-MD5 value. Due to fields mutation or bad password !",
        "ah",
        None,
        "",
        (),
    ),
    ("IPSEC AH : invalid IPSEC SPI value. 1 and expect 2", "ah", None, "", (1, 2)),
    (
        "(VI_50) IPSEC-AH : sequence number 7 already processed. Packet dropped. Local(9)",
        "sequence",
        None,
        "",
        (7, 9),
    ),
    ("(VI_50) replayed authentication trailer from 10.0.0.6", "sequence", "10.0.0.6", "", ()),
    ("(VI_50) missing authentication trailer from 10.0.0.6", "hmac", "10.0.0.6", "", ()),
    ("(VI_50) invalid authentication HMAC from 10.0.0.6", "hmac", "10.0.0.6", "", ()),
    ("(VI_50) unknown authentication key id 7 from 10.0.0.6", "key-id", "10.0.0.6", "", (7,)),
    (
        "(VI_50) stale authentication trailer from 10.0.0.6, clock skew -31 sec exceeds window 5 sec",
        "clock-skew",
        "10.0.0.6",
        "",
        (-31, 5),
    ),
    ("(VI_50) Dropping packet(s) from 10.0.0.6 since we are address owner", "owner", "10.0.0.6", "", ()),
    (
        "Unknown VRID(7) received on interface(eth0) from 10.0.0.6. ignoring...",
        "vrid",
        "10.0.0.6",
        "eth0",
        (7,),
    ),
    ("VRRP_Instance(VI_50) ignoring received advertisment...", "consequence", None, "", ()),
    ("VRRP_Instance(VI_50) Dropping received VRRP packet...", "consequence", None, "", ()),
    ("bogus VRRP packet received on eth0 !!!", "consequence", None, "eth0", ()),
    ("Sync instance needed on eth0 !!!", "consequence", None, "eth0", ()),
]


@pytest.mark.parametrize(("text", "reason", "peer", "subject", "numbers"), REJECTED)
def test_a_rejection_says_why_and_of_whom(
    text: str, reason: str, peer: str | None, subject: str, numbers: tuple[int, ...]
) -> None:
    instance = VI if "VI_50" in text else ""
    assert understand(text) == Heard(Kind.REJECTED, instance, reason, peer, subject, numbers)
    assert reason in REASONS


def test_every_reason_of_a_rejection_has_a_message() -> None:
    assert {row[1] for row in REJECTED} == set(REASONS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(VI_50) advertisement interval mismatch ours = 50 centi-sec rcv'd=250 centi-sec", "interval"),
        ("(VI_50): advertisement interval changed: mine=500 milli-sec, rcved=2500 milli-sec", "interval"),
    ],
)
def test_a_learned_interval_is_a_difference_and_no_rejection(text: str, reason: str) -> None:
    assert understand(text) == Heard(Kind.DIFFERS, VI, reason, numbers=(500 * MS, 2500 * MS))


def test_what_2_3_3_says_of_addresses_is_a_difference_where_the_words_or_the_version_tell() -> None:
    of_2_3_3 = understand("(VI_50) ip address associated with VRID 50 not present in advert from 10.0.0.6: 10.0.0.4")
    assert of_2_3_3 == Heard(Kind.DIFFERS, VI, "address-list", "10.0.0.6", "10.0.0.4", (50,))
    of_either = understand("(VI_50) expected 1 VIPs but received 2")
    assert by_version(of_either, None).kind is Kind.REJECTED
    assert by_version(of_either, (2, 3, 2)).kind is Kind.REJECTED
    assert by_version(of_either, (2, 3, 3)).kind is Kind.DIFFERS
