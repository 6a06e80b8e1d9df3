"""Settings that make two routers reject each other: passwords, types, intervals, versions, address lists.

keepalived 2.2.7 drops an advert that it rejects, but restarts its own advert timer on it. Of two masters with
equal intervals that read each other's adverts, each therefore sends only when its own timer runs out before the
other's advert arrives: whether one of them is never heard, they take turns, or send in pairs, is a race that
every run decides anew. `TORN` leaves that open; it is decided where the intervals differ (the longer one is
mute) and where the sockets do (a daemon that does not even read the other's adverts keeps its own rhythm).

Beside them stand settings that only look like a mismatch.
"""

from __future__ import annotations

from typing import Literal

from vrrpscope.lab.stories.cast import (
    FIRST,
    HAND_OVER,
    HANDED_OVER,
    KEY,
    PASSWORD,
    VI,
    becomes,
    hold,
    next_advert,
    pair,
    start,
    unicast,
)
from vrrpscope.lab.story import Change, Split, Step, Story, Told

TWO = ("10.0.0.3/24", "10.0.0.4/24")
TORN = "The two masters share one rhythm, and which of them is heard is a race; neither ever answers the other."
APART = "Each master keeps its own rhythm and answers nothing of the other's"


def joins(difference: str, leaves: str = "lb02") -> tuple[Step, ...]:
    """lb02 starts beside lb01 and becomes master too; 9 s later one of them is stopped."""
    return (
        start("lb01"),
        becomes("lb01"),
        Step("capture"),
        hold(4),
        start("lb02", f"keepalived is started on lb02, {difference}"),
        becomes("lb02"),
        hold(9),
        Step("stop", leaves, note=f"keepalived is stopped on {leaves}"),
        hold(4),
    )


def torn(cause: str, *rules: str, kind: Literal["visible", "silent", "any"] = "any") -> Told:
    """Both are master from lb02's first advert on."""
    loud = "silent-split-brain" if kind == "silent" else "split-brain"
    return Told(
        "critical",
        {KEY: (FIRST, Change("lb01", "lb02", "deaf"))},
        {KEY: (Split(kind, cause),)},
        (loud, *rules),
    )


STORIES = (
    Story(
        "password-mismatch",
        "lb02 joins with another password. Each rejects the other's adverts, so both hold 10.0.0.3.",
        "a split brain that can look like one master changing its mind: a rejected advert re-arms the receiver's "
        "timer, so the two share one rhythm and whoever wakes first sends; neither answers the other, no IP ID is "
        "missing, and at the end lb02 resigns with priority 0.",
        pair(VI(150), VI(100, password="s3cr3t05")),  # noqa: S106 - invented for the lab
        joins("with a password that is not lb01's"),
        torn("password-mismatch", "password-mismatch", "stale-arp"),
        staged=("password-mismatch",),
    ),
    Story(
        "interval-mismatch",
        "lb02 joins with advert_int 2 where lb01 has 1. Each rejects the other's adverts; both hold 10.0.0.3.",
        "a silent split brain: lb02 sends one advert and two rounds of gratuitous ARPs, then is mute, for lb01's "
        "rejected adverts re-arm its longer timer for ever; its priority 0 at the end has the next IP ID.",
        pair(VI(150), VI(100, advert_int=2)),
        joins("with an interval that is not lb01's"),
        torn("interval-mismatch", "interval-mismatch", "stale-arp", kind="silent"),
        staged=("interval-mismatch",),
    ),
    Story(
        "interval-mismatch-v3",
        "VRRPv3 with advert_int 1 on lb01, 0.5 on lb02, which adopts it. lb01 is killed, returns, and is stopped.",
        "no mismatch and no split brain: lb02 advertises every 0.5 s when it is master, but takes over from lb01 "
        "by lb01's interval: 3.61 s after its last advert (not 1.80), 0.61 s after its priority 0 (not 0.30).",
        pair(VI(150, version=3), VI(100, version=3, advert_int=0.5)),
        (
            start("lb01"),
            becomes("lb01"),  # before lb02, whose own timers are shorter
            start("lb02"),
            Step("capture"),
            hold(5),
            next_advert(),
            Step("kill", "lb01", note="SIGKILL to keepalived on lb01"),
            becomes("lb02"),
            hold(4),
            start("lb01", "keepalived is started on lb01"),
            becomes("lb01"),
            hold(4),
            Step("stop", "lb01", note="keepalived is stopped on lb01"),
            becomes("lb02"),
            hold(4),
        ),
        Told(
            "warning",
            {
                KEY: (
                    FIRST,
                    Change("lb01", "lb02", "timeout", "down"),
                    Change("lb02", "lb01", "preempted"),
                    Change("lb01", "lb02", "resigned", "skew"),
                )
            },
            rules=("failover", "slow-failover"),
        ),
        staged=("learned-interval", "crashed"),
    ),
    Story(
        "auth-type-mismatch",
        "lb02 joins without authentication where lb01 has a password. Both hold 10.0.0.3, also when lb01 stops.",
        f"VRRPv2 adverts with authentication type 1 and 0. {TORN} When lb01 resigns, lb02 goes on with its next "
        "IP ID and without a takeover: it was master before.",
        pair(VI(150), VI(100, auth="")),
        joins("without the password that lb01 has", leaves="lb01"),
        torn("auth-type-mismatch", "auth-type-mismatch"),
        staged=("auth-type-mismatch",),
    ),
    Story(
        "ah-against-pass",
        "lb02 joins with a simple password where lb01 has an authentication header (AH). Both hold 10.0.0.3.",
        "lb01's adverts are IP protocol 51, lb02's protocol 112: neither daemon even reads the other's. "
        f"{APART}; a filter for protocol 112 alone would show lb02 only.",
        pair(VI(150, auth="AH"), VI(100)),
        joins("with PASS where lb01 has AH"),
        torn("auth-type-mismatch", "auth-type-mismatch", "stale-arp", kind="visible"),
        staged=("auth-type-mismatch",),
    ),
    Story(
        "ah-key-mismatch",
        "Both authenticate by AH, but lb02 joins with another key. Each rejects the other's adverts.",
        f"nothing in the fields differs, only the check value, which needs the key. {TORN} lb02's sequence number "
        "begins at 1 beside lb01's higher ones, though one key would share one counter.",
        pair(VI(150, auth="AH"), VI(100, auth="AH", password="s3cr3t05")),  # noqa: S106 - invented for the lab
        joins("with an AH key that is not lb01's"),
        torn("password-mismatch", "stale-arp"),
        staged=("password-mismatch",),
    ),
    Story(
        "version-mismatch",
        "lb02 joins with VRRPv3 where lb01 speaks VRRPv2. Both hold 10.0.0.3, also when lb01 stops.",
        f"adverts that begin with 0x21 and 0x31. {TORN} When lb01 resigns, lb02 goes on with its next IP ID and "
        "without a takeover: it was master before.",
        pair(VI(150), VI(100, version=3)),
        joins("with VRRPv3 where lb01 has VRRPv2", leaves="lb01"),
        torn("version-mismatch", "version-mismatch"),
        staged=("version-mismatch",),
    ),
    Story(
        "address-list-mismatch",
        "lb02 joins with 10.0.0.4 beside 10.0.0.3. keepalived 2.2.7 rejects such adverts; both hold 10.0.0.3.",
        f"adverts with one address from lb01, with two from lb02. {TORN} lb02 announces both addresses by "
        "gratuitous ARP.",
        pair(VI(150), VI(100, addresses=TWO)),
        joins("with one virtual address more than lb01"),
        torn("vip-list-mismatch", "vip-list-mismatch", "stale-arp"),
        staged=("vip-list-mismatch",),
    ),
    Story(
        "unicast-against-multicast",
        "lb02 joins and sends to the multicast group, where lb01 sends to lb02's address. Both hold 10.0.0.3.",
        "lb01's adverts go to 10.0.0.6, lb02's to 224.0.0.18: neither daemon's socket takes what the other sends. "
        f"{APART}. Before lb02 starts its kernel answers each advert by ICMP (protocol unreachable).",
        pair(VI(150, more=unicast("10.0.0.5", "10.0.0.6")), VI(100)),
        joins("without the unicast peers that lb01 has"),
        torn("unicast-mismatch", "unicast-mismatch", "unicast-refused", "stale-arp", kind="visible"),
        staged=("unicast-mismatch",),
    ),
    Story(
        "address-list-order",
        "lb01 and lb02 list the same two virtual addresses in another order, which does no harm. lb01 fails over.",
        "the lists in the adverts differ only in their order; lb02 takes over 0.61 s after lb01's priority 0 and "
        "yields without a word when lb01 returns.",
        pair(VI(150, addresses=TWO), VI(100, addresses=TWO[::-1])),
        HAND_OVER,
        HANDED_OVER,
        staged=("stopped",),
    ),
    Story(
        "prefix-password",
        "Two passwords that differ behind their eighth character only, which is as much as counts. lb01 fails over.",
        "the same eight bytes in the adverts of both; lb02 takes over 0.61 s after lb01's priority 0 and yields "
        "without a word when lb01 returns.",
        pair(VI(150, password=f"{PASSWORD}-lb01"), VI(100, password=f"{PASSWORD}-lb02")),
        HAND_OVER,
        HANDED_OVER,
        staged=("stopped",),
    ),
)
