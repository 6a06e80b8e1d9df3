"""What the decoder hands on: one row per advert or sighting, and the tables their small numbers point into.

A row holds everything a verdict may rest on and nothing of variable length. What varies in length (segment
names, address lists, authentication data) is interned in `Tables`, whose entries are never removed, so that
an id means the same from the first batch to the last. Row 0 of each table is its empty entry.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Auth(IntEnum):
    """How an advert authenticates itself; the report's `auth`."""

    NONE = 0
    SIMPLE = 1  # VRRPv2 type 1: eight bytes in clear
    AH = 2  # VRRPv2 type 2: IPsec authentication header
    MD5 = 3  # Cisco, VRRPv2 type 254: key chain digest behind the advert
    HMAC = 4  # keepalived 2.4: 28-byte trailer behind the advert
    UNKNOWN = 5  # another type number


class Checksum(IntEnum):
    """Which computation the VRRP checksum fits; the report's `checksum`."""

    UNKNOWN = 0  # cut off by the snap length, or a fragment: cannot be known
    PLAIN = 1  # over the advert alone: VRRPv2, and VRRPv3/IPv4 of Cisco, Juniper, RFC 9568
    PSEUDO = 2  # with the pseudo-header of this packet: VRRPv3 of keepalived, FRR; all IPv6
    MULTICAST_PSEUDO = 3  # with a pseudo-header to 224.0.0.18 although sent to a unicast address
    BAD = 4  # none of them


class Destination(IntEnum):
    """Whom an advert was sent to."""

    MULTICAST = 0  # 224.0.0.18 or ff02::12
    UNICAST = 1
    OTHER = 2  # another multicast or a broadcast address: nobody listens there


class Flag(IntFlag):
    """What is odd about one advert. Odd is not wrong: only `MALFORMED` keeps a row out of the timeline."""

    TTL = 1  # TTL or hop limit is not 255
    BAD_CHECKSUM = 2
    TRUNCATED = 4  # the snap length cut it: what is missing is unknown, not wrong
    SHORT = 8  # the IP length ends before the advert does, though the capture is whole
    TRAILING = 16  # bytes follow the advert inside the IP length that nothing explains
    NO_AUTH_DATA = 32  # VRRPv2 without its eight authentication bytes
    UNKNOWN_VERSION = 64
    UNKNOWN_TYPE = 128  # packet type other than 1 (advertisement)
    RESERVED_BITS = 256  # reserved bits set in a VRRPv3 header
    VRID_ZERO = 512
    NO_ADDRESSES = 1024
    FRAGMENT = 2048  # first fragment of a fragmented packet; later ones are counted, not decoded
    BAD_IP_CHECKSUM = 4096
    MALFORMED = 8192  # cannot be read as an advert (too short, unknown version): kept out of the timeline
    BAD_DIGEST = 16384  # its digest fits none of the keys given


_VARYING = [
    ("t", "i8"),  # nanoseconds since the epoch
    ("number", "i8"),  # frame number in its capture
    ("dst_hi", "u8"),  # destination address, as src below
    ("dst_lo", "u8"),
    ("ah_seq", "i8"),  # sequence number of the AH header or the HMAC trailer (HmacTrailer.sequence); -1 without
    ("ip_id", "i4"),  # IPv4 identification; -1 for IPv6
    ("capture", "u2"),  # index of the capture; the decoder leaves 0, the session fills it
    ("interface", "u2"),  # index of the interface within the capture
]
_STEADY = [
    ("src_hi", "u8"),  # sender address: for IPv4 hi is 0 and lo the address as a number
    ("src_lo", "u8"),
    ("mac", "u8"),  # source MAC as a 48-bit number; NO_MAC where the link layer has none
    ("interval", "i8"),  # nanoseconds: seconds in VRRPv2, centiseconds in VRRPv3; 0 stays 0
    ("segment", "u4"),  # id in Tables.segments
    ("addresses", "u4"),  # id in Tables.addresses
    ("secret", "u4"),  # id in Tables.secrets: eight bytes of type 1, key id of MD5 or HMAC; else 0
    ("flags", "u4"),  # Flag
    ("family", "u1"),  # 4 or 6
    ("vrid", "u1"),
    ("version", "u1"),
    ("priority", "u1"),
    ("auth", "u1"),  # Auth
    ("checksum", "u1"),  # Checksum
    ("destination", "u1"),  # Destination
    ("ttl", "u1"),  # TTL or hop limit
    ("tos", "u1"),  # IPv4 TOS or IPv6 traffic class
    ("df", "u1"),  # IPv4 don't fragment
    ("signed_with", "u2"),  # number, from 1, of the key that its digest fits; NO_KEY: none given; 0: not judged
    ("zero_4", "u4"),  # always zero: the steady part is whole words
]
ADVERT = np.dtype(_VARYING + _STEADY)
"""One advert. What changes from each advert of a sender to the next comes first, what stays comes last."""

STEADY_OFFSET = np.dtype(_VARYING).itemsize
STEADY_WORDS = np.dtype(_STEADY).itemsize // 8
"""Where in a row the part begins that stays, and how many 64-bit words it has."""

NO_MAC = 1 << 48

NO_KEY = 0xFFFF

CARP = np.dtype(
    [
        ("t", "i8"),
        ("number", "i8"),
        ("capture", "u2"),
        ("interface", "u2"),
        ("segment", "u4"),
        ("family", "u1"),
        ("vhid", "u1"),
        ("src_hi", "u8"),
        ("src_lo", "u8"),
        ("mac", "u8"),
        ("advskew", "u1"),
        ("advbase", "u1"),
    ]
)
"""One CARP announcement: the same IP protocol number and virtual MAC as VRRP, another protocol."""


class Kind(IntEnum):
    """What a sighting says; which message says it is told by `family` and `type`."""

    ANNOUNCEMENT = 1  # "address is at mac", unasked: gratuitous ARP of either form, neighbour advertisement
    ANSWER = 2  # the same, asked for: ARP reply, solicited neighbour advertisement
    QUESTION = 3  # "who has address? Tell src, which is at mac": ARP request, neighbour solicitation
    PROBE = 4  # the same from nobody yet: ARP probe (RFC 5227), duplicate address detection (RFC 4862)
    RARP = 5  # reverse ARP; hypervisors send it when a virtual machine has moved
    REPORT = 6  # "src wants the VRRP group": IGMP, MLD
    LEAVE = 7  # "src no longer wants it"
    QUERY = 8  # "who wants address?": the VRRP group, or 0 for any
    ERROR = 9  # "I, src, could not deliver or accept this VRRP packet": ICMP, ICMPv6
    ALIVE = 10  # any frame of a VRRP speaker's host: see vrrpscope.wire.presence


SIGHTING = np.dtype(
    [
        ("t", "i8"),  # nanoseconds since the epoch
        ("number", "i8"),  # frame number in its capture
        ("address_hi", "u8"),  # what it is about, as src in ADVERT: the address claimed or asked for, the group
        ("address_lo", "u8"),  # reported or queried; ERROR: who sent the packet that is quoted
        ("src_hi", "u8"),  # who says so: source of the IP header; ARP's sender protocol address; 0 for nobody
        ("src_lo", "u8"),
        ("other_hi", "u8"),  # whom it says so to: destination of the IP header; ARP's target protocol address;
        ("other_lo", "u8"),  # ERROR: destination of the packet that is quoted
        ("mac", "u8"),  # link-layer address that the message itself names; NO_MAC where it names none
        ("sender", "u8"),  # source MAC of the frame, ADVERT's `mac`; NO_MAC where the link layer has none
        ("segment", "u4"),  # id in Tables.segments
        ("capture", "u2"),  # index of the capture; the decoder leaves 0, the session fills it
        ("interface", "u2"),  # index of the interface within the capture
        ("kind", "u1"),  # Kind
        ("family", "u1"),  # 4 (ARP, RARP, IGMP, ICMP) or 6 (ICMPv6)
        ("type", "u1"),  # ARP's operation; the type of an IGMP, ICMP or ICMPv6 message
        ("code", "u1"),  # ICMP's code; R, S, O of a neighbour advertisement (0x80, 0x40, 0x20);
        # record type of an IGMPv3 or MLDv2 report (1 to 6); maximum response code of an IGMP query
        ("version", "u1"),  # of IGMP (1 to 3) or MLD (1, 2); else 0
        ("vrid", "u1"),  # ERROR: VRID of the quoted advert; 0 where it cannot be seen
        ("zero_2", "u2"),  # always zero: the row is whole words
    ]
)
"""Something other than VRRP that speaks of an address or of the VRRP groups, 224.0.0.18 and ff02::12.

Nothing but the segment is an id: addresses are chosen by whoever sends, and a scan may name 2**24 of them. The
`mac` of an ANNOUNCEMENT, an ANSWER or a RARP is that of `address`, the one of a QUESTION or a PROBE that of `src`.
"""


class Decoded(NamedTuple):
    """What one batch of frames held."""

    adverts: NDArray[np.void]  # dtype ADVERT, in frame order
    carps: NDArray[np.void]  # dtype CARP, in frame order
    sightings: NDArray[np.void]  # dtype SIGHTING, in frame order; none unless the decoder was asked for them


@dataclass(slots=True)
class Tables:
    """The values that ADVERT's ids stand for; grown by the decoder, bounded by `LIMIT` each.

    Past the limit a new value gets the id of the table's overflow entry and `overflowed` says so: a hostile
    capture costs precision, never memory.
    """

    segments: list[str] = field(default_factory=lambda: [""])
    addresses: list[tuple[str, ...]] = field(default_factory=lambda: [()])  # canonical text, wire order
    secrets: list[bytes] = field(default_factory=lambda: [b""])
    overflowed: bool = False

    LIMIT = 65_536
