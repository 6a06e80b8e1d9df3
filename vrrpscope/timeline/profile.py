"""What stays the same from one advert of a sender to the next, kept once.

Of a million adverts all but the time, the frame number and the IP ID repeat. `ProfileTable` gives every
distinct combination of the other columns one small number and one `Profile` object with the values decoded
and the timers computed, so that the state machine handles an advert as five numbers and a reference.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vrrpscope.timeline import timers
from vrrpscope.wire.columns import NO_MAC, STEADY_OFFSET, STEADY_WORDS, Auth, Checksum, Destination, Flag, Tables

if TYPE_CHECKING:
    from numpy.typing import NDArray


_SLOT_BITS = 12


class RouterKey(NamedTuple):
    """What tells one virtual router from another: a VRID means nothing beyond its segment and family."""

    segment: str  # "" untagged, "vlan100", "vni77", ...
    family: int  # 4 or 6
    vrid: int

    def __str__(self) -> str:
        """Return the report's key: `vlan100/ipv4/50`, `ipv6/7`."""
        return "/".join(([self.segment] if self.segment else []) + [f"ipv{self.family}", str(self.vrid)])


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Everything about an advert but its time, its frame and its IP ID. Compared by identity."""

    key: RouterKey
    address: str  # canonical text
    rank: int  # the address as a number: breaks a tie of priorities (RFC 9568 6.4.3)
    mac: str | None
    version: int
    priority: int
    interval: int  # nanoseconds, never 0
    addresses: tuple[str, ...]
    auth: Auth
    secret: bytes
    checksum: Checksum
    destination: Destination
    ttl: int
    tos: int
    df: bool
    flags: Flag
    signed_with: int  # number of the key that its digest fits, NO_KEY if none, 0 if unknown: see ADVERT
    down_limit: int  # nanoseconds of silence after which no backup can still be waiting
    terms: int  # equal for profiles that differ in nothing that decides who accepts whom

    def beats(self, other: Profile) -> bool:
        """Whether a master that sends `other` must yield on accepting this (RFC 9568 6.4.3)."""
        return (self.priority, self.rank) > (other.priority, other.rank)

    def skew(self, master: Profile) -> int:
        """How long this router waits after `master` resigned, in nanoseconds; VRRPv3 has learned its interval."""
        return timers.skew(self.version, self.priority, master.interval)

    def down(self, master: Profile) -> int:
        """How long this router waits after the last advert of `master` that it accepted, in nanoseconds."""
        interval = self.interval if self.version == 2 else master.interval
        return timers.master_down(self.version, self.priority, interval)


class ProfileTable:
    """Interns the rows of ADVERT batches into profiles and virtual routers.

    Rows are told apart by a 64-bit hash keyed per process: two different rows share one with a chance that
    no capture can raise, because its maker cannot know the key.
    """

    LIMIT = 1 << 16
    """Distinct profiles kept. Past it new ones are refused (id -1) and the caller says so."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._keys = [np.uint64(secrets.randbits(64) | 1) for _ in range(STEADY_WORDS)]
        self._ids: dict[int, int] = {}
        self._slot_hashes = np.zeros(1 << _SLOT_BITS, np.uint64)
        self._slot_ids = np.full(1 << _SLOT_BITS, -1)
        self._routers: dict[RouterKey, int] = {}
        self._terms: dict[tuple[int, ...], int] = {}
        self.profiles: list[Profile] = []
        self._router_of = np.zeros(1024, np.uint16)
        self._intervals = np.zeros(1024, np.int64)

    @property
    def keys(self) -> list[RouterKey]:
        """The virtual routers met so far; a router's number is its index here."""
        return list(self._routers)

    def intern(self, adverts: NDArray[np.void]) -> NDArray[np.int64]:
        """Return each row's profile number, -1 where the table is full. Shape (n,), int64."""
        if not len(adverts):
            return np.empty(0, np.int64)
        hashes = self._hash(adverts)
        # A shortcut past sorting for the profiles met before: a table with one of them in each slot.
        slots = hashes >> np.uint64(64 - _SLOT_BITS)
        ids = np.where(self._slot_hashes[slots] == hashes, self._slot_ids[slots], -1)
        missing = np.flatnonzero(ids < 0)
        if len(missing):
            ids[missing] = self._intern_slowly(hashes[missing], adverts, missing)
            self._slot_hashes[slots[missing]] = hashes[missing]
            self._slot_ids[slots[missing]] = ids[missing]
        return ids

    def _intern_slowly(
        self, hashes: NDArray[np.uint64], adverts: NDArray[np.void], rows: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        distinct, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
        ids = np.empty(len(distinct), np.int64)
        # A profile's number must not depend on its hash: number the new ones in order of appearance.
        for place in np.argsort(first).tolist():
            known = self._ids.get(int(distinct[place]))
            ids[place] = self._add(int(distinct[place]), adverts[rows[first[place]]]) if known is None else known
        return ids[inverse]

    def router_of(self, ids: NDArray[np.int64]) -> NDArray[np.uint16]:
        """Return the virtual router's number of each profile number. Shape (n,), uint16."""
        return self._router_of[ids]

    def intervals(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the interval of each profile number, nanoseconds. Shape (n,), int64."""
        return self._intervals[ids]

    def _hash(self, adverts: NDArray[np.void]) -> NDArray[np.uint64]:
        adverts = np.ascontiguousarray(adverts)
        strides = (adverts.itemsize, 8)
        words = np.ndarray((len(adverts), STEADY_WORDS), np.uint64, adverts, STEADY_OFFSET, strides)
        total = np.zeros(len(adverts), np.uint64)
        for column, key in enumerate(self._keys):
            total ^= words[:, column]
            total *= key
            total ^= total >> np.uint64(29)  # multiplication only carries upwards
        return total

    def _add(self, key: int, row: np.void) -> int:
        if len(self.profiles) >= self.LIMIT:
            return -1
        profile = self._make(row)
        if profile.key not in self._routers and len(self._routers) >= np.iinfo(np.uint16).max:
            return -1
        number = len(self.profiles)
        if number == len(self._router_of):
            self._router_of = np.concatenate([self._router_of, np.zeros_like(self._router_of)])
            self._intervals = np.concatenate([self._intervals, np.zeros_like(self._intervals)])
        self.profiles.append(profile)
        self._router_of[number] = self._routers.setdefault(profile.key, len(self._routers))
        self._intervals[number] = profile.interval
        self._ids[key] = number
        return number

    def _make(self, row: np.void) -> Profile:
        """Decode one row."""
        family, high, low = int(row["family"]), int(row["src_hi"]), int(row["src_lo"])
        version, interval = int(row["version"]), int(row["interval"]) or timers.DEFAULT_INTERVAL
        destination, flags = Destination(int(row["destination"])), Flag(int(row["flags"]))
        if destination is not Destination.MULTICAST:
            flags &= ~Flag.TTL  # 255 is demanded of multicast only
        decisive = (row[name] for name in ("auth", "secret", "checksum", "addresses", "signed_with"))
        terms = (version, interval, int(destination), int(flags), *map(int, decisive))
        return Profile(
            key=RouterKey(self._tables.segments[int(row["segment"])], family, int(row["vrid"])),
            address=address_text(family, high, low),
            rank=high << 64 | low,
            mac=None if row["mac"] == NO_MAC else format_mac(int(row["mac"])),
            version=version,
            priority=int(row["priority"]),
            interval=interval,
            addresses=self._tables.addresses[int(row["addresses"])],
            auth=Auth(int(row["auth"])),
            secret=self._tables.secrets[int(row["secret"])],
            checksum=Checksum(int(row["checksum"])),
            destination=destination,
            ttl=int(row["ttl"]),
            tos=int(row["tos"]),
            df=bool(row["df"]),
            flags=flags,
            signed_with=int(row["signed_with"]),
            down_limit=timers.master_down_limit(version, interval),
            terms=self._terms.setdefault(terms, len(self._terms)),
        )


def address_text(family: int, high: int, low: int) -> str:
    """Return an address, given as two 64-bit numbers, as canonical text."""
    return str(IPv4Address(low & 0xFFFFFFFF) if family == 4 else IPv6Address(high << 64 | low))


def format_mac(number: int) -> str:
    """Return a 48-bit number as `0a:ec:ed:dd:2c:c3`."""
    return number.to_bytes(6, "big").hex(":")
