"""One VRRP advert, read and written the slow and readable way: the specification of the decoder.

`vrrpscope.wire.adverts` reads many adverts at once and must say what this module says of each; a property
test holds them together. Nothing here raises on any bytes: what cannot be read is a flag.

VRRPv2 (RFC 3768 section 5.1; authentication from RFC 2338 section 5.3.6):

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-------+-------+---------------+---------------+---------------+
    |Version| Type  | Virtual Rtr ID|    Priority   | Count IP Addrs|
    +-------+-------+---------------+---------------+---------------+
    |   Auth Type   |   Adver Int   |           Checksum            |
    +---------------+---------------+-------------------------------+
    |               Count x IP Address (4 bytes each)               |
    +---------------------------------------------------------------+
    |                 Authentication Data (8 bytes)                 |
    +---------------------------------------------------------------+

VRRPv3 (RFC 5798 and RFC 9568 section 5.1), addresses of 4 or 16 bytes, no authentication:

    +-------+-------+---------------+---------------+---------------+
    |Version| Type  | Virtual Rtr ID|    Priority   |Count IPvX Addr|
    +-------+-------+---------------+---------------+---------------+
    |(rsvd) |     Max Adver Int     |           Checksum            |
    +-------+-----------------------+-------------------------------+

Outside its strict mode keepalived also sends VRRPv2 over IPv6: 16-byte addresses, no authentication data, and
the checksum that the kernel puts into every IPv6 packet of the protocol, with pseudo-header.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import NamedTuple

from vrrpscope.wire.authentication import AuthenticationHeader, CiscoDigest, HmacTrailer
from vrrpscope.wire.checksum import ones_complement_sum, pseudo_header
from vrrpscope.wire.columns import Auth, Checksum, Destination, Flag

PROTOCOL = 112
HEADER = 8
AUTH_DATA = 8
SECOND = 1_000_000_000
CENTISECOND = 10_000_000

GROUPS = {4: ipaddress.ip_address("224.0.0.18").packed, 6: ipaddress.ip_address("ff02::12").packed}
"""The multicast groups, as packed addresses, by family."""

AUTH_TYPES = {0: Auth.NONE, 1: Auth.SIMPLE, 2: Auth.AH}
"""VRRPv2's authentication type numbers; 254 is Cisco's, but only with its block behind the advert."""

CISCO_AUTH_TYPE = 254
NO_FLAGS = Flag(0)


def address_size(family: int) -> int:
    """Bytes of one virtual address: 4 or 16."""
    return 4 if family == 4 else 16


def expected_length(version: int, family: int, count: int) -> int:
    """Bytes of an advert with `count` addresses; only VRRPv2 over IPv4 has authentication data."""
    return HEADER + count * address_size(family) + (AUTH_DATA if version == 2 and family == 4 else 0)


def addresses_text(packed: bytes, family: int) -> tuple[str, ...]:
    """The whole addresses in `packed` as canonical text (RFC 5952), in wire order."""
    size = address_size(family)
    return tuple(str(ipaddress.ip_address(packed[at : at + size])) for at in range(0, len(packed) - size + 1, size))


def destination_kind(destination: bytes) -> Destination:
    """Whom a packet to this packed address is meant for."""
    if destination in GROUPS.values():
        return Destination.MULTICAST
    address = ipaddress.ip_address(destination)
    if address.is_multicast or destination == b"\xff" * 4:
        return Destination.OTHER
    return Destination.UNICAST


class _Head(NamedTuple):
    """The eight bytes every advert begins with; what was not captured of them is 0."""

    size: int  # how many of them there are
    version: int
    packet_type: int
    vrid: int
    priority: int
    address_count: int
    auth_type: int  # VRRPv2; else 0
    reserved: int  # VRRPv3; else 0
    interval: int  # nanoseconds
    checksum: int

    @classmethod
    def parse(cls, payload: bytes) -> _Head:
        first, vrid, priority, count, fifth, sixth, checksum = struct.unpack(
            "!BBBBBBH", payload[:HEADER].ljust(HEADER, b"\0")
        )
        version = first >> 4
        if version == 3:
            auth_type, reserved, interval = 0, fifth >> 4, ((fifth & 15) << 8 | sixth) * CENTISECOND
        else:
            auth_type, reserved, interval = fifth, 0, sixth * SECOND
        size = min(len(payload), HEADER)
        kind = first & 15
        return cls(size, version, kind, vrid, priority, count, auth_type, reserved, interval, checksum)

    @property
    def flags(self) -> Flag:
        """What is odd about these bytes alone."""
        odd = {
            Flag.VRID_ZERO: self.vrid == 0,
            Flag.NO_ADDRESSES: self.address_count == 0,
            Flag.RESERVED_BITS: self.reserved > 0,
        }
        return reduce(or_, (flag for flag, is_so in odd.items() if is_so), NO_FLAGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advert:
    """One advert as read from, or to be written to, an IP payload; by default of a VRRPv2 master."""

    version: int = 2
    family: int = 4  # 4 or 6, of the IP packet
    packet_type: int = 1
    vrid: int = 1
    priority: int = 100
    count: int | None = None  # the count field, where it differs from the number of addresses
    interval: int = SECOND  # nanoseconds
    addresses: tuple[str, ...] = ()  # canonical text, wire order
    auth_type: int = 0  # VRRPv2's field
    auth: Auth = Auth.NONE
    auth_data: bytes | None = b"\0" * AUTH_DATA  # None: left out
    secret: bytes = b""  # what tells passwords or keys apart: see ADVERT
    reserved: int = 0  # VRRPv3's four reserved bits
    checksum_value: int = 0  # the field
    checksum: Checksum = Checksum.UNKNOWN
    md5: CiscoDigest | None = None
    hmac: HmacTrailer | None = None
    ah_seq: int = -1
    trailing: bytes = b""  # whatever follows
    flags: Flag = NO_FLAGS

    @classmethod
    def parse(
        cls,
        payload: bytes,
        *,
        source: bytes,
        destination: bytes,
        length: int | None = None,
        ah: AuthenticationHeader | None = None,
        fragment: bool = False,
    ) -> Advert:
        """Read an IP payload (behind an AH, if there is one).

        Args:
            payload: what was captured of it.
            source: packed address of the sender; its length tells the family.
            destination: packed address it went to.
            length: bytes it had by the IP header, if that is more than was captured.
            ah: the authentication header before it.
            fragment: it is the first fragment of a longer packet, whose rest is unknown.
        """
        length = max(len(payload), length or 0)
        family = 4 if len(source) == 4 else 6
        flags = Flag.TRUNCATED if len(payload) < length else NO_FLAGS
        flags |= Flag.FRAGMENT if fragment else NO_FLAGS
        cut = flags != 0
        head = _Head.parse(payload)
        flags |= _unreadable_flags(head, length, fragment=fragment)
        if Flag.MALFORMED in flags:
            return cls._unreadable(family, head, ah, flags)

        addresses_end = HEADER + head.address_count * address_size(family)
        expected = expected_length(head.version, family, head.address_count)
        packed = payload[HEADER:addresses_end]
        if cut and len(payload) < addresses_end:
            packed = b""  # a part of the list would look like another list
        auth_data = payload[addresses_end:expected] if expected > addresses_end else b""

        rest = payload[expected:]
        md5 = hmac = None
        if length - expected == CiscoDigest.LENGTH and head.auth_type == CISCO_AUTH_TYPE and family == 4:
            md5 = CiscoDigest.parse(rest)
        elif length - expected == HmacTrailer.LENGTH:
            hmac = HmacTrailer.parse(rest)

        flags |= head.flags
        if length < expected and not fragment:
            flags |= Flag.NO_AUTH_DATA if length == addresses_end else Flag.SHORT
        elif length > expected and not (cut or md5 or hmac):
            flags |= Flag.TRAILING

        checksum = Checksum.UNKNOWN
        if not cut:
            covers_trailer = hmac is None or family == 6
            message = payload if covers_trailer else payload[:expected]
            checksum = _judge_checksum(message, head.version, source, destination)
            if checksum is Checksum.BAD and Flag.TRAILING in flags:
                checksum = _judge_checksum(payload[:expected], head.version, source, destination)
        if checksum is Checksum.BAD:
            flags |= Flag.BAD_CHECKSUM

        auth, secret, ah_seq = _authentication(head, auth_data, md5, hmac, ah)
        return cls(
            version=head.version,
            family=family,
            vrid=head.vrid,
            priority=head.priority,
            count=head.address_count,
            interval=head.interval,
            addresses=addresses_text(packed, family),
            auth_type=head.auth_type,
            auth=auth,
            auth_data=auth_data or None,
            secret=secret,
            reserved=head.reserved,
            checksum_value=head.checksum,
            checksum=checksum,
            md5=md5,
            hmac=hmac,
            ah_seq=ah_seq,
            trailing=b"" if md5 or hmac else rest,
            flags=flags,
        )

    @classmethod
    def _unreadable(cls, family: int, head: _Head, ah: AuthenticationHeader | None, flags: Flag) -> Advert:
        """What is kept of something that cannot be read as an advert."""
        return cls(
            version=head.version,
            packet_type=head.packet_type,
            family=family,
            vrid=head.vrid,
            priority=head.priority,
            interval=0,
            auth=Auth.AH if ah else Auth.NONE,
            auth_data=None,
            ah_seq=ah.sequence if ah else -1,
            flags=flags,
        )

    def build(self, *, source: bytes, destination: bytes, form: Checksum | None = None) -> bytes:
        """The advert's IP payload with a checksum of that form.

        Args:
            source: packed address of the sender, for the pseudo-header.
            destination: packed address it goes to.
            form: PLAIN, PSEUDO or MULTICAST_PSEUDO; BAD or UNKNOWN writes `checksum_value` as it is. The
                default is `checksum`.
        """
        packed = b"".join(ipaddress.ip_address(address).packed for address in self.addresses)
        count = len(self.addresses) if self.count is None else self.count
        if self.version == 3:
            fifth, sixth = divmod(self.interval // CENTISECOND, 256)
            fifth |= self.reserved << 4
        else:
            fifth, sixth = self.auth_type, self.interval // SECOND
        has_auth_data = self.version == 2 and self.family == 4
        head = struct.pack(
            "!BBBBBB", self.version << 4 | self.packet_type, self.vrid, self.priority, count, fifth, sixth
        )
        tail = packed + ((self.auth_data or b"") if has_auth_data else b"")
        if self.md5:
            tail += self.md5.build()
        trailer = self.hmac.build() if self.hmac else b""
        if self.family == 6:  # the kernel sums whatever it is given to send
            tail, trailer = tail + trailer, b""
        unsummed = trailer + self.trailing
        value = self.checksum_value
        form = self.checksum if form is None else form
        if form not in {Checksum.BAD, Checksum.UNKNOWN}:
            message = head + b"\0\0" + tail
            towards = GROUPS[self.family] if form is Checksum.MULTICAST_PSEUDO else destination
            before = b"" if form is Checksum.PLAIN else pseudo_header(source, towards, len(message))
            value = ones_complement_sum(before + message) ^ 0xFFFF
        return head + value.to_bytes(2, "big") + tail + unsummed


def _unreadable_flags(head: _Head, length: int, *, fragment: bool) -> Flag:
    """MALFORMED and why, for what cannot be read as an advert; else no flag."""
    if head.size < HEADER:
        return Flag.MALFORMED | (Flag.SHORT if length < HEADER and not fragment else NO_FLAGS)
    flags = NO_FLAGS
    if head.version not in {2, 3}:
        flags |= Flag.UNKNOWN_VERSION | Flag.MALFORMED
    if head.packet_type != 1:
        flags |= Flag.UNKNOWN_TYPE | Flag.MALFORMED
    return flags


def _authentication(
    head: _Head,
    auth_data: bytes,
    md5: CiscoDigest | None,
    hmac: HmacTrailer | None,
    ah: AuthenticationHeader | None,
) -> tuple[Auth, bytes, int]:
    """How the advert authenticates itself, with what secret or key, and its sequence number (-1: none)."""
    if ah:
        return Auth.AH, ah.spi, ah.sequence
    if md5:
        return Auth.MD5, md5.key_id, -1
    if hmac:
        return Auth.HMAC, bytes([hmac.key_id]), hmac.sequence
    auth = AUTH_TYPES.get(head.auth_type, Auth.UNKNOWN)
    return auth, auth_data if auth is Auth.SIMPLE and len(auth_data) == AUTH_DATA else b"", -1


def _judge_checksum(message: bytes, version: int, source: bytes, destination: bytes) -> Checksum:
    """Which form the checksum inside `message` fits; the order is the order of preference."""
    family = 4 if len(source) == 4 else 6

    def fits(before: bytes) -> bool:
        return ones_complement_sum(before + message) == 0xFFFF

    if version == 2 and family == 4:
        return Checksum.PLAIN if fits(b"") else Checksum.BAD
    if fits(pseudo_header(source, destination, len(message))):
        return Checksum.PSEUDO
    if family == 6:
        return Checksum.BAD
    if fits(b""):
        return Checksum.PLAIN
    towards_group = pseudo_header(source, GROUPS[4], len(message))
    if destination_kind(destination) is Destination.UNICAST and fits(towards_group):
        return Checksum.MULTICAST_PSEUDO
    return Checksum.BAD
