"""CARP told apart from VRRP: OpenBSD's protocol of the same IP protocol number, group and virtual MAC.

    +-------+-------+---------------+---------------+---------------+
    | Ver=2 |Type=1 |     VHID      |    advskew    |  authlen = 7  |
    +-------+-------+---------------+---------------+---------------+
    |      pad      |    advbase    |           Checksum            |
    +---------------+---------------+-------------------------------+
    |                Counter (8 bytes), HMAC-SHA1 (20 bytes)        |
    +---------------------------------------------------------------+

A VRRPv2 advert begins with the same byte and has an address count where CARP has its authentication length,
which is always 7 (in four-byte words). A VRRPv2 advert with seven addresses is 8 + 28 + 8 = 44 bytes long,
CARP is always 36. Only a VRRPv2 advert of seven addresses that also lacks its authentication data could be
mistaken; we read it as CARP. Source: OpenBSD and FreeBSD `netinet/ip_carp.h`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LENGTH = 36
VERSION_AND_TYPE = 0x21
AUTHENTICATION_LENGTH = 7


def is_carp(payload: bytes, length: int | None = None) -> bool:
    """Whether an IP payload (of `length` bytes on the wire, if more than captured) is a CARP announcement."""
    length = len(payload) if length is None else length
    return (
        length == LENGTH
        and len(payload) >= 8
        and payload[0] == VERSION_AND_TYPE
        and payload[3] == AUTHENTICATION_LENGTH
    )


def are_carp(head: NDArray[np.uint64], length: NDArray[np.int64], captured: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The same for many: `head` is the first eight bytes of each payload as a number."""
    marks = head & np.uint64(0xFF0000FF00000000)
    expected = np.uint64(VERSION_AND_TYPE << 56 | AUTHENTICATION_LENGTH << 32)
    found: NDArray[np.bool_] = (marks == expected) & (length == LENGTH) & (captured >= 8)
    return found


def fill(out: NDArray[np.void], head: NDArray[np.uint64]) -> None:
    """Fill CARP's own columns of `out` from the first eight bytes of each announcement."""
    out["vhid"] = (head >> 48) & 0xFF
    out["advskew"] = (head >> 40) & 0xFF
    out["advbase"] = (head >> 16) & 0xFF
