"""FRR's messages, as a vrrpd 8.4.4 and the sources of 10 write them."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrrpscope.evidence.frr_words import understand, version
from vrrpscope.evidence.phrases import Heard
from vrrpscope.evidence.said import REASONS, Kind

S: Final = 1_000_000_000
V4: Final = "ipv4/50"
HEAD: Final = "[VRID 50] [IPv4]"

MESSAGES: Final = [
    ("[T83RR-8SM5G] vrrpd 8.4.4 starting: vty@0", Heard(Kind.STARTED, reason="daemon")),
    ("[N50WA-0KKX6] Terminating on signal", Heard(Kind.STOPPING)),
    (f"[R3SM7-1JZFQ] [CORE] {HEAD} 'Startup' event", Heard(Kind.STARTED, V4, "instance")),
    (f"[R3SM7-1JZFQ] [CORE] {HEAD} 'Shutdown' event", Heard(Kind.STOPPING, V4)),
    (f"[W23ZH-NY264] [CORE] {HEAD} Initialize -> Backup", Heard(Kind.INIT_BACKUP, V4)),
    (f"[W23ZH-NY264] [CORE] {HEAD} Backup -> Master", Heard(Kind.MASTER, V4)),
    ("[W23ZH-NY264] [CORE] [VRID 50] [IPv6] Initialize -> Master", Heard(Kind.MASTER, "ipv6/50")),
    (f"[CORE] {HEAD} Master -> Backup", Heard(Kind.BACKUP, V4)),
    (f"[CORE] {HEAD} Master -> Initialize", Heard(Kind.STOPPED, V4)),
    (f"{HEAD} Master_Down_Timer expired", Heard(Kind.DOWN_TIMER, V4)),
    (
        f"[TE0EM-RN6HQ] [CORE] {HEAD} Received advertisement from 10.0.0.5 w/ priority 150; switching to Backup",
        Heard(Kind.HIGHER_ADVERT, V4, "", "10.0.0.5", "", (150,)),
    ),
    (
        f"[CORE] {HEAD} Discarding advertisement from 10.0.0.6 (100 < 150 & preempt = true)",
        Heard(Kind.DISCARDED_LOWER, V4, "", "10.0.0.6", "", (100, 150)),
    ),
    (
        f"[CORE] {HEAD} Discarding advertisement from 10.0.0.6 (100 <= 150 & 10.0.0.6 <= 10.0.0.5)",
        Heard(Kind.LOWER_ADVERT, V4, "", "10.0.0.6", "", (100, 150)),
    ),
    (
        f"[P485H-A79BW] [CORE] {HEAD} Refusing to start Virtual Router: No VRRP interface",
        Heard(Kind.REFUSED, V4, "No VRRP interface"),
    ),
    (f"[P485H-A79BW] [CORE] {HEAD} Refusing to start Virtual Router: Already running", Heard(Kind.OTHER, V4)),
    (
        f"[CORE] {HEAD} Failed to send VRRP Advertisement: Operation not permitted",
        Heard(Kind.SEND_ERROR, V4, "Operation not permitted"),
    ),
    ("[CORE] [VRID 50] Interface eth0 down", Heard(Kind.INTERFACE_DOWN, "50", "", None, "eth0")),
    (
        f"[CORE] {HEAD} Datagram has 2 addresses, but this VRRP instance has 1",
        Heard(Kind.DIFFERS, V4, "address-list", numbers=(2, 1)),
    ),
    (
        (
            "[YZRX4-ZXG0C][EC 100663315] Thread Starvation: {(thread *)0x5557798547e0 arg=0x5557798610d0 timer r=-5.8"
            "     vrrp_adver_timer_expire() from ../vrrpd/vrrp.c:1498} was scheduled to pop greater than 4s ago"
        ),
        Heard(Kind.LATE, numbers=(4 * S,)),
    ),
    ("[GMWS8-YMEF7] vrrp_zebra_init: zclient socket initialized", Heard(Kind.OTHER)),
    (f"[SJENM-00PYN] [CORE] {HEAD} Datagram rx: ", Heard(Kind.OTHER, V4)),
    ("", Heard(Kind.OTHER)),
]

REJECTED: Final = [
    ("Bad version 2", "version", (2,)),
    ("Bad authentication type 1", "auth-type", (1,)),
    ("Bad VRRP checksum 2b1a; should be 2b1b", "checksum", ()),
    ("Bad type 2", "type", (2,)),
    ("IPv4 TTL is 64; should be 255", "ttl", (64, 255)),
    ("IPv6 Hop Limit is 64; should be 255", "ttl", (64, 255)),
    ("Packet has incorrect # addresses or missing auth fields", "length", ()),
    ("VRRP packet is undersized (4 < 8)", "length", (4, 8)),
    ("IPv4 packet length field does not match # received bytes; 40!= 46", "length", (40, 46)),
    ("Advertisement contains VRID 7 which does not match our instance", "vrid", (7,)),
    ("Received advertisement but we are the address owner", "owner", ()),
    (
        "Received advertisement with advertisement interval 5 unequal to our configured value 1",
        "interval",
        (5 * S, S),
    ),
]


@pytest.mark.parametrize(("text", "heard"), MESSAGES)
def test_a_message_is_understood(text: str, heard: Heard) -> None:
    assert understand(text) == heard


@pytest.mark.parametrize(("text", "reason", "numbers"), REJECTED)
def test_a_rejection_is_said_while_debugging(text: str, reason: str, numbers: tuple[int, ...]) -> None:
    heard = understand(f"[YACED-0NYYN] [CORE] {HEAD} Datagram invalid: {text}")
    assert heard == Heard(Kind.REJECTED, V4, reason, numbers=numbers)
    assert reason in REASONS


def test_the_version_is_read_with_and_without_identifiers() -> None:
    assert version("[T83RR-8SM5G] vrrpd 8.4.4 starting: vty@0") == "8.4.4"
    assert version("vrrpd 7.5.1 starting: vty@2619") == "7.5.1"
    assert version("[CORE] starting") is None


@given(st.text(max_size=600))
def test_any_text_is_understood_somehow(text: str) -> None:
    assert understand(text).kind in Kind
