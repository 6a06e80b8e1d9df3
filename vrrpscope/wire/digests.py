"""Check values computed anew with the keys one was given: which key an advert was signed with.

Three computations, each as its sender does it:

* AH (keepalived, 24 check values of 2.2.7 reproduced): HMAC-MD5, its first 12 bytes, over IP header, AH and advert
  with TOS, flags and fragment offset, IP checksum and the check value as zero. The TTL counts for multicast and is
  zero for unicast; RFC 4302 section 3.3.3.1.1.1 wants zero always, so that is tried too. The key is the first eight
  characters of the password.
* `auth_hmac` (keepalived 2.4.0, vrrp_auth_hmac.c; draft-cassen-vrrp-auth-hmac): HMAC-SHA256, its first 16 bytes, over
  a pseudo-header of 20 bytes, the advert and the trailer up to its digest with the VRRP checksum as zero, and 16 zeros.
* Cisco's MD5: over the key, padded as MD5 pads, the advert with checksum 0, and the key again.

A digest that fits proves the key. One that fits none proves no more than that: it was made with another key, or the
advert was changed on its way. What the capture cut off, fragments, and IP headers with options are not judged.

The cost is linear in the bytes signed and the number of keys, so every advert is verified. Without keys nothing here
is called.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from vrrpscope.wire.authentication import CiscoDigest, HmacTrailer
from vrrpscope.wire.columns import NO_KEY, Auth, Flag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from vrrpscope.wire.cursor import Cursor
    from vrrpscope.wire.gather import Block

MAX_KEYS: Final = 1_000
"""Keys that are tried; each bad advert costs a computation with every one of them."""

_IP, _AH = 20, 24  # bytes of the two headers as keepalived sends them
_ICV, _HMAC = 12, 16
_ICV_AT = _IP + _AH - _ICV
_CHECKSUM_AT = 6
_PASSWORD = 8
_HEX = b"hex:"
_NO_OPTIONS = 0x45  # the first byte of an IPv4 header
_MULTICAST = 0xE  # the first four bits of a multicast address


def ah_icv(packet: bytes, key: bytes, *, keep_ttl: bool) -> bytes:
    """Return the check value of an IPv4 packet with an authentication header, 12 bytes.

    Args:
        packet: from the IP header, without options, to the end of the advert.
        key: the password; its first eight bytes count.
        keep_ttl: whether the TTL is covered: as keepalived does with multicast.
    """
    return hmac.digest(key[:_PASSWORD], _immutable(packet, keep_ttl=keep_ttl), "md5")[:_ICV]


def _immutable(packet: bytes, *, keep_ttl: bool) -> bytes:
    """The packet as AH covers it: what routers may change, and the check value itself, as zero."""
    covered = bytearray(packet)
    covered[1] = 0
    covered[6:8] = covered[10:12] = b"\0\0"
    if not keep_ttl:
        covered[8] = 0
    covered[_ICV_AT : _ICV_AT + _ICV] = bytes(_ICV)
    return bytes(covered)


def hmac_digest(message: bytes, key: bytes, *, source: bytes) -> bytes:
    """Return the digest of keepalived's trailer, 16 bytes.

    Args:
        message: the advert and its trailer, with or without the digest at its end.
        key: its raw bytes.
        source: packed address of the sender.
    """
    return hmac.digest(key, _extended(message, source), "sha256")[:_HMAC]


def _extended(message: bytes, source: bytes) -> bytes:
    """What the trailer's digest covers."""
    family = 4 if len(source) == 4 else 6
    pseudo = bytes([family, message[0] >> 4, message[1], 0]) + source.ljust(16, b"\0")
    version, _, count = message[0] >> 4, message[1], message[3]
    end = 8 + count * len(source) + (8 if version == 2 and family == 4 else 0) + HmacTrailer.LENGTH - _HMAC
    return pseudo + _without_checksum(message[:end]) + bytes(_HMAC)


def cisco_digest(message: bytes, key: bytes) -> bytes:
    """Return the digest of Cisco's block, 16 bytes; `message` is the VRRPv2 advert before the block."""
    fill = b"\x80" + bytes(-(len(key) + 9) % 64) + (8 * len(key)).to_bytes(8, "little")
    covered = key + fill + _without_checksum(message) + key
    return hashlib.md5(covered, usedforsecurity=False).digest()


def _without_checksum(message: bytes) -> bytes:
    return message[:_CHECKSUM_AT] + b"\0\0" + message[_CHECKSUM_AT + 2 :]


def key_bytes(text: bytes) -> bytes:
    """Return the bytes that a key as keepalived's `auth_hmac` writes it stands for: `hex:` and digits, or itself."""
    if text.startswith(_HEX):
        try:
            return bytes.fromhex(text.removeprefix(_HEX).decode("ascii")) or text
        except ValueError:  # not ASCII, or no digits: then it may be a password all the same
            return text
    return text


_Compute: TypeAlias = "Callable[[bytes], bytes]"
"""What makes a check value of the bytes it covers, with one key."""

_BLOCK = 64
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


def _hmac_with(key: bytes, algorithm: str, size: int) -> _Compute:
    """Return HMAC with one key (RFC 2104 section 4: the padded key is hashed once for all messages)."""
    new = partial(hashlib.new, algorithm, usedforsecurity=False)
    padded = (new(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner, outer = new(padded.translate(_INNER)), new(padded.translate(_OUTER))

    def compute(covered: bytes) -> bytes:
        first, second = inner.copy(), outer.copy()
        first.update(covered)
        second.update(first.digest())
        return second.digest()[:size]

    return compute


class _Prepared:
    """The keys of one computation, each once; the one that fitted last is tried first."""

    def __init__(self, keys: Iterable[bytes], prepare: Callable[[bytes], _Compute]) -> None:
        distinct: dict[bytes, int] = {}
        for number, key in enumerate(keys, 1):
            distinct.setdefault(key, number)
        self._all = [(number, prepare(key)) for key, number in distinct.items()]

    def find(self, digest: bytes, covered: bytes) -> int:
        """Return the number of the key with which these bytes give this digest; NO_KEY if there is none."""
        for place, (number, compute) in enumerate(self._all):
            if compute(covered) == digest:
                if place:
                    self._all.insert(0, self._all.pop(place))
                return number
        return NO_KEY


class Keys:
    """The keys to verify with, numbered from 1 in the order given; never printed.

    Args:
        texts: passwords and keys as a configuration has them. Those beyond MAX_KEYS are left out.
    """

    def __init__(self, texts: Iterable[bytes | str]) -> None:
        # A key may be given and stand in a configuration too: it keeps its first number.
        distinct = dict.fromkeys(text.encode() if isinstance(text, str) else text for text in texts)
        keys = [text for text in distinct if text][:MAX_KEYS]
        self._number = len(keys)
        # HMAC pads a key with zeros, so keys that differ in these alone are one.
        self._ah = _Prepared((key[:_PASSWORD].rstrip(b"\0") for key in keys), lambda key: _hmac_with(key, "md5", _ICV))
        self._hmac = _Prepared(
            (key_bytes(key).rstrip(b"\0") for key in keys), lambda key: _hmac_with(key, "sha256", _HMAC)
        )
        self._md5 = _Prepared(keys, lambda key: partial(cisco_digest, key=key))

    def __len__(self) -> int:
        return self._number

    def __repr__(self) -> str:
        return f"<{self._number} keys>"

    def verify(self, out: NDArray[np.void], block: Block, at: Cursor) -> None:
        """Fill `signed_with` of the rows that carry a digest, and flag those whose digest fits no key.

        Args:
            out: rows of ADVERT whose other columns are complete.
            block: where the packets are.
            at: where they stand, row for row.
        """
        whole = (at.end == at.real) & ((out["flags"] & (Flag.TRUNCATED | Flag.FRAGMENT | Flag.MALFORMED)) == 0)
        for auth, verify in ((Auth.AH, _verify_ah), (Auth.HMAC, _verify_hmac), (Auth.MD5, _verify_cisco)):
            rows = np.flatnonzero((out["auth"] == auth) & whole)
            if len(rows):
                numbers = np.array(verify(block, at.take(rows), self), np.uint16)
                out["signed_with"][rows] = numbers
                out["flags"][rows[numbers == NO_KEY]] |= np.uint32(Flag.BAD_DIGEST)

    def of_ah(self, packet: bytes, *, multicast: bool) -> int:
        """Return the number of the key that the check value of an IPv4 packet fits, NO_KEY if none."""
        icv = packet[_ICV_AT : _ICV_AT + _ICV]
        number = self._ah.find(icv, _immutable(packet, keep_ttl=multicast))
        return number if number != NO_KEY else self._ah.find(icv, _immutable(packet, keep_ttl=not multicast))

    def of_hmac(self, message: bytes, source: bytes) -> int:
        """Return the number of the key that the trailer's digest fits, NO_KEY if none."""
        return self._hmac.find(message[-_HMAC:], _extended(message, source))

    def of_cisco(self, message: bytes) -> int:
        """Return the number of the key that the digest of Cisco's block fits, NO_KEY if none."""
        return self._md5.find(message[-_HMAC:], message[: -CiscoDigest.LENGTH])


def _verify_ah(block: Block, at: Cursor, keys: Keys) -> list[int]:
    """Return the key of each packet; 0 where there is more around the header than keepalived sends."""
    length = at.real - at.ip
    plain = ~at.six & (block.u8(at.ip) == _NO_OPTIONS) & (block.be16(at.ip + 2) == length)
    plain &= (at.ah == at.ip + _IP) & (at.pos == at.ip + _IP + _AH)
    packets = zip(plain.tolist(), at.ip.tolist(), length.tolist(), strict=True)
    return [_of_ah(block.bytes(ip, size), keys) if is_plain else 0 for is_plain, ip, size in packets]


def _of_ah(packet: bytes, keys: Keys) -> int:
    return keys.of_ah(packet, multicast=packet[16] >> 4 == _MULTICAST)


def _verify_hmac(block: Block, at: Cursor, keys: Keys) -> list[int]:
    """Return the key of each advert with keepalived's trailer."""
    sources = np.where(at.six, at.ip + 8, at.ip + 12).tolist(), np.where(at.six, 16, 4).tolist()
    packets = zip(at.pos.tolist(), (at.real - at.pos).tolist(), *sources, strict=True)
    return [keys.of_hmac(block.bytes(pos, size), block.bytes(source, wide)) for pos, size, source, wide in packets]


def _verify_cisco(block: Block, at: Cursor, keys: Keys) -> list[int]:
    """Return the key of each advert with Cisco's block."""
    packets = zip(at.pos.tolist(), (at.real - at.pos).tolist(), strict=True)
    return [keys.of_cisco(block.bytes(pos, size)) for pos, size in packets]
