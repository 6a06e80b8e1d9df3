"""How adverts authenticate themselves, beyond the password in clear: three layouts. `digests` verifies them.

* IPsec authentication header (RFC 2338 section 5.3.6.3; RFC 4302): stands *before* the VRRP message.
* Cisco's MD5 (VRRPv2 authentication type 254): a 30-byte block behind the whole VRRPv2 message.
* keepalived's `auth_hmac` (2.4.0; draft-cassen-vrrp-auth-hmac): a 28-byte trailer behind the message of
  either version. It carries the sender's own clock.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import ClassVar, Self


@dataclass(frozen=True, slots=True)
class AuthenticationHeader:
    """IPsec AH.

    +---------------+---------------+-------------------------------+
    |  Next Header  |  Payload Len  |            Reserved           |
    +---------------+---------------+-------------------------------+
    |                Security Parameters Index (SPI)                |
    +---------------------------------------------------------------+
    |                     Sequence Number                           |
    +---------------------------------------------------------------+
    |                Integrity Check Value (ICV)                    |
    +---------------------------------------------------------------+

    keepalived uses the sender's IPv4 address as SPI, 12 bytes of HMAC-MD5 as ICV, and one counter shared by
    all speakers of a virtual router as sequence number.
    """

    spi: bytes
    sequence: int
    icv: bytes

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """The header at the start of `data`; None if less than its fixed part is there."""
        if len(data) < 12:
            return None
        length = (data[1] + 2) * 4
        return cls(data[4:8], int.from_bytes(data[8:12], "big"), data[12:length])

    def build(self, following: int = 112) -> bytes:
        """The header's bytes; `following` is the protocol behind it."""
        words = (12 + len(self.icv)) // 4 - 2
        return struct.pack("!BBH4sI", following, words, 0, self.spi, self.sequence) + self.icv


@dataclass(frozen=True, slots=True)
class CiscoDigest:
    """Cisco's MD5 block.

    +---------------+---------------+---------------+---------------+
    |  Type = 0xfe  | Length = 28   |  Algorithm 1  |       0       |
    +---------------+---------------+---------------+---------------+
    |               0               |    Source Address (high)      |
    +-------------------------------+-------------------------------+
    |     Source Address (low)      |        Key Id (high)          |
    +-------------------------------+-------------------------------+
    |        Key Id (low)           |         MD5 digest, 16 bytes  |
    +-------------------------------+-------------------------------+

    The digest is MD5(key | MD5 padding to 64 bytes | message with checksum 0 | key); the VRRP checksum covers
    the block. Layout from published captures.
    """

    LENGTH: ClassVar[int] = 30
    MARK: ClassVar[int] = 0xFE1C

    source: bytes
    key_id: bytes
    digest: bytes

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """The block at the start of `data`; None if it is none. The digest may be cut off."""
        if len(data) < 14 or int.from_bytes(data[:2], "big") != cls.MARK:
            return None
        return cls(data[6:10], data[10:14], data[14 : cls.LENGTH])

    def build(self) -> bytes:
        """The block's 30 bytes."""
        return struct.pack("!HBBH4s4s16s", self.MARK, 1, 0, 0, self.source, self.key_id, self.digest)


@dataclass(frozen=True, slots=True)
class HmacTrailer:
    """keepalived's trailer.

    +---------------+---------------+-------------------------------+
    |   Type = 1    |    Key Id     |         Reserved = 0          |
    +---------------+---------------+-------------------------------+
    |                    UTC seconds of the sender                  |
    +-------------------------------+-------------------------------+
    |     1/65536 seconds           |            Counter            |
    +-------------------------------+-------------------------------+
    |            HMAC-SHA256, its first 16 bytes                    |
    +---------------------------------------------------------------+

    Over IPv4 neither the VRRP checksum nor the length in its pseudo-header knows of the trailer; over IPv6 the kernel
    computes the checksum, of the trailer too. Time and counter together are the sender's sequence number, which grows
    from one advert to the next.
    """

    LENGTH: ClassVar[int] = 28
    SEQUENCE: ClassVar[int] = (1 << 63) - 1

    key_id: int
    seconds: int
    fraction: int
    counter: int
    digest: bytes

    @property
    def sequence(self) -> int:
        """Seconds, fraction and counter as one number of 63 bits: the seconds begin anew in 2038."""
        return (self.seconds << 32 | self.fraction << 16 | self.counter) & self.SEQUENCE

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """The trailer at the start of `data`; None if it is none. The digest may be cut off."""
        if len(data) < 12 or data[0] != 1 or data[2:4] != b"\0\0":
            return None
        _, key_id, _, seconds, fraction, counter = struct.unpack_from("!BBHIHH", data)
        return cls(key_id, seconds, fraction, counter, data[12 : cls.LENGTH])

    def build(self) -> bytes:
        """The trailer's 28 bytes."""
        return struct.pack("!BBHIHH16s", 1, self.key_id, 0, self.seconds, self.fraction, self.counter, self.digest)
