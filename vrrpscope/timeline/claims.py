"""Who says "this address is at my MAC": ARP and neighbour discovery, sorted out by address.

A virtual address is known from adverts only, and those may come later than the first claim of it. So claims of
any address are held back for a while (`MEMORY`), and whoever learns of an address (`watch`) is given what was
said of it lately and whatever follows. Most ARP is about other addresses and costs a look at one column.

A claim reaches clients in different ways. An announcement and a question asked *from* the address are heard by
all, and whoever knows the address corrects its entry (RFC 826; RFC 4861 7.2.5). An answer reaches one client.
A question *for* the address claims nothing, but shows that this capture holds ARP about it at all.
"""

from __future__ import annotations

from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np

from vrrpscope.timeline.events import Seen
from vrrpscope.timeline.profile import format_mac
from vrrpscope.timeline.timers import SECOND
from vrrpscope.wire.columns import NO_MAC, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from vrrpscope.timeline.profile import RouterKey
    from vrrpscope.wire.columns import Tables

MEMORY: Final = 10 * SECOND
"""What was said of an address this long before it is known to be virtual is still given out."""

MAX_HELD: Final = 65_536
"""Claims of all addresses held back; beyond, the oldest go and are counted."""

MAX_WATCHED: Final = 16_384
"""Virtual addresses of all virtual routers that are listened to."""

MAX_HOSTS: Final = 4_096
_NAMES_KEPT = 4  # addresses of one MAC: one of them is its own, the others may be virtual

_VIRTUAL = ("00:00:5e:00:01:", "00:00:5e:00:02:")
_REPLY = 2  # ARP's operation


class Say(IntEnum):
    """What a packet says of an address."""

    ANNOUNCED = 1
    ANSWERED = 2
    USED = 3  # it asked for another address, from this one
    ASKED = 4


_SAYS: Final = {Kind.ANNOUNCEMENT: Say.ANNOUNCED, Kind.ANSWER: Say.ANSWERED, Kind.QUESTION: Say.ASKED}

_HELD = np.dtype(
    [
        ("t", "i8"),
        ("number", "i8"),
        ("hi", "u8"),  # the address that is spoken of
        ("lo", "u8"),
        ("other_hi", "u8"),  # to whom; of a question, who asks
        ("other_lo", "u8"),
        ("mac", "u8"),
        ("segment", "u4"),
        ("capture", "u2"),
        ("family", "u1"),
        ("say", "u1"),
        ("reply", "u1"),
    ]
)


class Heard(NamedTuple):
    """Something said of one virtual address."""

    t: int
    address: str
    mac: str | None
    say: Say
    reply: bool  # an ARP reply: what it announces may be addressed to one host only
    to: str  # of a question: who asks
    seen: Seen


class Listener(Protocol):
    """Who wants to hear what is said of an address; in no particular order."""

    def take(self, heard: list[Heard]) -> None:
        """Take what was said."""


class Claims:
    """What is said of addresses on all segments."""

    def __init__(self, tables: Tables) -> None:
        self.forgotten = 0
        self._tables = tables
        self._held = np.empty(0, _HELD)
        self._listeners: dict[tuple[str, int, int], list[Listener]] = {}
        self._watched: set[int] = set()
        self._lows = np.empty(0, np.uint64)  # low halves of what is watched
        self._hosts: dict[tuple[str, str], dict[str, int]] = {}  # by MAC its addresses, each with its first time

    def note(self, sightings: NDArray[np.void]) -> bool:
        """Take in SIGHTING rows, in any order; return whether anything was handed out."""
        held = _held(sightings)
        if not len(held):
            return False
        self._note_hosts(held)
        self._held = np.concatenate([self._held, held])
        if len(self._lows) != len(self._watched):
            self._lows = np.array(sorted(self._watched), np.uint64)
        wanted = held[np.isin(held["lo"], self._lows)]
        self._hand_out(wanted)
        return len(wanted) > 0

    def watch(self, key: RouterKey, addresses: Iterable[str], listener: Listener, now: int) -> None:
        """Hand out what is said of some addresses: what was lately, and what follows."""
        for address in addresses:
            if len(self._listeners) < MAX_WATCHED:
                self._watch(key, int(ip_address(address)), listener, now)

    def _watch(self, key: RouterKey, number: int, listener: Listener, now: int) -> None:
        place = (key.segment, key.family, number)
        self._listeners.setdefault(place, []).append(listener)
        low = number & (1 << 64) - 1
        self._watched.add(low)
        held = self._held[(self._held["lo"] == np.uint64(low)) & (self._held["t"] > now - MEMORY)]
        heard = [self._read(row) for row in held if self._place(row) == place]
        if heard:
            listener.take(heard)

    def forget(self, now: int) -> None:
        """Let go what no address that becomes known from now on can need."""
        if not len(self._held):
            return
        times = self._held["t"]
        kept = self._held[times > now - MEMORY]
        if len(kept) > MAX_HELD:
            kept = kept[np.argsort(kept["t"], kind="stable")]
            excess = min(len(kept) - MAX_HELD, int(np.searchsorted(kept["t"], now)))
            self.forgotten += excess
            kept = kept[excess:]
        self._held = kept

    def name(self, segment: str, mac: str, now: int, virtual: dict[str, None]) -> str | None:
        """Return the address under which a host was known by a time, other than the virtual ones."""
        known = self._hosts.get((segment, mac), {})
        return next((a for a, t in sorted(known.items(), key=lambda k: k[1]) if t <= now and a not in virtual), None)

    def addresses_of(self, segment: str, mac: str) -> set[str]:
        """Return the addresses that a host said are its own; the first few."""
        return set(self._hosts.get((segment, mac), {}))

    def _hand_out(self, held: NDArray[np.void]) -> None:
        for row in held:
            listeners = self._listeners.get(self._place(row))
            if listeners:
                heard = [self._read(row)]
                for listener in listeners:
                    listener.take(heard)

    def _place(self, row: np.void) -> tuple[str, int, int]:
        return self._tables.segments[int(row["segment"])], int(row["family"]), int(row["hi"]) << 64 | int(row["lo"])

    def _read(self, row: np.void) -> Heard:
        family, t, mac = int(row["family"]), int(row["t"]), int(row["mac"])
        return Heard(
            t,
            _text(family, row["hi"], row["lo"]),
            None if mac == NO_MAC else format_mac(mac),
            Say(int(row["say"])),
            bool(row["reply"]),
            _text(family, row["other_hi"], row["other_lo"]),
            Seen(t, int(row["capture"]), int(row["number"]), 0, -1, -1, 0, 0),
        )

    def _note_hosts(self, held: NDArray[np.void]) -> None:
        """Remember the addresses of each MAC, the earliest of each batch first."""
        held = held[(held["say"] != Say.ASKED) & (held["mac"] != NO_MAC)]
        pair = held["mac"] << np.uint64(16) ^ held["lo"] * np.uint64(0x9E37_79B9_7F4A_7C15) ^ held["segment"]
        for row in held[np.unique(pair, return_index=True)[1]]:
            place = (self._tables.segments[int(row["segment"])], format_mac(int(row["mac"])))
            if place not in self._hosts and len(self._hosts) >= MAX_HOSTS:
                continue
            known = self._hosts.setdefault(place, {})
            address, t = _text(int(row["family"]), row["hi"], row["lo"]), int(row["t"])
            if address in known or len(known) < _NAMES_KEPT:
                known[address] = min(t, known.get(address, t))


def is_virtual(mac: str) -> bool:
    """Whether a MAC belongs to a virtual router, so to whoever is its master (RFC 9568 7.3)."""
    return mac.startswith(_VIRTUAL)


def _held(sightings: NDArray[np.void]) -> NDArray[np.void]:
    """Return what rows say of addresses, by time. A question speaks of two: for one, and from another."""
    rows = sightings[np.isin(sightings["kind"], list(_SAYS))]
    if not len(rows):
        return np.empty(0, _HELD)
    asking = rows[(rows["kind"] == Kind.QUESTION) & (rows["src_hi"] | rows["src_lo"] != 0)]
    out = np.zeros(len(rows) + len(asking), _HELD)
    for part, of in ((out[: len(rows)], rows), (out[len(rows) :], asking)):
        for name in ("t", "number", "segment", "capture", "family"):
            part[name] = of[name]
        part["mac"] = np.where(of["mac"] == NO_MAC, of["sender"], of["mac"])
    said, used = out[: len(rows)], out[len(rows) :]
    said["hi"], said["lo"] = rows["address_hi"], rows["address_lo"]
    asks = rows["kind"] == Kind.QUESTION
    for half in ("hi", "lo"):
        said[f"other_{half}"] = np.where(asks, rows[f"src_{half}"], rows[f"other_{half}"])
    for kind, say in _SAYS.items():
        said["say"][rows["kind"] == kind] = say
    said["reply"] = (rows["family"] == 4) & (rows["type"] == _REPLY)
    used["hi"], used["lo"], used["say"] = asking["src_hi"], asking["src_lo"], Say.USED
    return out[np.argsort(out["t"], kind="stable")]


def _text(family: int, high: np.uint64, low: np.uint64) -> str:
    number = int(high) << 64 | int(low)
    return str(IPv4Address(number & 0xFFFF_FFFF) if family == 4 else IPv6Address(number))
