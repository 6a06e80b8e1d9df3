"""Adverts as text: a story one can read, turned into the columns the engine eats.

One line is one advert, or a rhythm of them; times are seconds since the trace's zero:

    A is p150 pass=aaaa                 what A says unless a line says otherwise
    0.000 A                             an advert
    every 1s from 1 to 9: A             1, 2, ... 9
    10.000 A p0                         A resigns
    13.000 A lost=2                     two adverts before this one never got here: the IP ID jumps
    14.000 A id=1                       the daemon began anew
    start -5                            the capture begins (default: with the first advert)
    end 20                              and ends (default: with the last advert)

    p150 i1s i50cs v3 vrid=51 vlan=100  priority, interval, version, where
    v6                                  over IPv6 (and VRRPv3): no IP ID
    vips=10.0.0.3,10.0.0.4 vips=-       address list
    pass=aaaa ah=17                     authentication; the number is AH's sequence number
    ttl=254 bad plain df tos=0          oddities; `plain` is the checksum without a pseudo-header
    uni=10.0.0.6,10.0.0.7               unicast, one copy to each
    id=7 id=- id=random                 IP ID; by default each instance counts its adverts from 1
    again=0.00001 again=0.0002@1        the same advert a second time, so much later, perhaps in another capture
    @1                                  seen in capture 1

    2.500 carp vrid=50                  a CARP packet of VHID 50; it may be given a rhythm, a segment, a capture

A is 10.0.0.5 (fe80::5), B 10.0.0.6 and so on. Frames are numbered in each capture from 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from vrrpscope.wire.columns import ADVERT, CARP, Auth, Checksum, Destination, Flag, Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

ZERO = 1_700_000_000_000_000_000
"""The time of second 0 of every trace, nanoseconds since the epoch."""

_Entry = TypeVar("_Entry")
_SECOND = 1_000_000_000
_CARP = "carp"


class Trace(NamedTuple):
    """A trace as columns; `start` and `end` of the captures in nanoseconds since the epoch."""

    adverts: NDArray[np.void]
    tables: Tables
    start: int
    end: int
    carps: NDArray[np.void]


@dataclass(frozen=True)
class Spec:
    """What one advert says."""

    sender: str
    at: int = 0  # nanoseconds since ZERO
    priority: int = 100
    interval: int = _SECOND
    version: int = 2
    family: int = 4
    vrid: int = 51
    segment: str = ""
    vips: tuple[str, ...] | None = None
    secret: bytes = b""
    ah: int = -1
    ttl: int = 255
    tos: int = 0xC0
    bad: bool = False
    plain: bool = False
    df: bool = False
    peers: tuple[str, ...] = ()
    ip_id: str = "count"
    lost: int = 0
    again: tuple[int, int | None] | None = None  # delay, capture
    capture: int = 0
    id_now: int = -1

    def say(self, word: str) -> Spec:
        """Return the advert with one more word heeded."""
        name, mark, value = word.partition("=")
        if not mark and word not in _WORDS:
            name, value = word[0], word[1:]
        return replace(self, **_WORDS[name](value))


def _number(name: str) -> Callable[[str], dict[str, Any]]:
    return lambda value: {name: int(value)}


def _flag(name: str) -> Callable[[str], dict[str, Any]]:
    return lambda _: {name: True}


_WORDS: dict[str, Callable[[str], dict[str, Any]]] = {
    **{name: _number(name) for name in ("vrid", "ttl", "tos", "ah", "lost")},
    **{name: _flag(name) for name in ("bad", "plain", "df")},
    "p": lambda value: {"priority": int(value)},
    "i": lambda value: {"interval": _span(value)},
    "v": lambda value: {"version": int(value)},
    "v6": lambda _: {"family": 6, "version": 3},
    "@": lambda value: {"capture": int(value)},
    "vlan": lambda value: {"segment": f"vlan{value}"},
    "vips": lambda value: {"vips": tuple(value.split(",")) if value != "-" else ()},
    "pass": lambda value: {"secret": value.encode().ljust(8, b"\0")},
    "uni": lambda value: {"peers": tuple(value.split(","))},
    "id": lambda value: {"ip_id": value},
    "again": lambda value: {"again": _again(*value.split("@"))},
}


def _again(delay: str, capture: str | None = None) -> tuple[int, int | None]:
    return _span(delay), int(capture) if capture else None


def parse(text: str) -> Trace:
    """Read a trace."""
    usual: dict[str, Spec] = {}
    specs: list[Spec] = []
    bounds: dict[str, int] = {}
    for raw in text.splitlines():
        words = raw.partition("#")[0].split()
        match words:
            case []:
                continue
            case ["start" | "end" as bound, time]:
                bounds[bound] = ZERO + _span(time)
            case [sender, "is", *rest]:
                usual[sender] = reduce(Spec.say, rest, Spec(sender))
            case ["every", step, "from", begin, "to", stop, sender, *rest]:
                base = reduce(Spec.say, rest, usual.get(sender, Spec(sender)))
                times = range(_span(begin), _span(stop.rstrip(":")) + 1, _span(step))
                specs.extend(replace(base, at=t) for t in times)
            case [time, sender, *rest]:
                specs.append(replace(reduce(Spec.say, rest, usual.get(sender, Spec(sender))), at=_span(time)))
    specs = sorted(_copies(_numbered(sorted(specs, key=lambda s: s.at))), key=lambda s: s.at)
    tables = Tables()
    numbers: dict[int, int] = {}
    vrrp = np.array([spec.sender != _CARP for spec in specs], bool)
    rows, carps = np.zeros(len(specs), ADVERT), np.zeros(len(specs), CARP)
    for row, carp, spec in zip(rows, carps, specs, strict=True):
        numbers[spec.capture] = numbers.get(spec.capture, 0) + 1
        if spec.sender == _CARP:
            _fill_carp(carp, spec, numbers[spec.capture], tables)
        else:
            _fill(row, spec, numbers[spec.capture], tables)
    rows, carps = rows[vrrp], carps[~vrrp]
    first, last = (int(rows["t"][0]), int(rows["t"][-1])) if len(rows) else (ZERO, ZERO)
    return Trace(rows, tables, bounds.get("start", first), bounds.get("end", last), carps)


def address(sender: str, family: int = 4) -> str:
    """Return the address of a sender named by a letter."""
    host = ord(sender) - ord("A") + 5
    return f"10.0.0.{host}" if family == 4 else f"fe80::{host:x}"


def _span(text: str) -> int:
    """Read `1`, `1.5`, `1s`, `50cs`, `0.2ms` as nanoseconds."""
    for unit, size in (("cs", 10_000_000), ("ms", 1_000_000), ("s", _SECOND), ("", _SECOND)):
        if text.endswith(unit):
            return round(float(text.removesuffix(unit)) * size)
    raise AssertionError


def _numbered(specs: list[Spec]) -> Iterator[Spec]:
    """Give each advert its IP ID, in order of time."""
    last: dict[tuple[str, int, str], int] = {}  # by sender and virtual router: each instance counts its own
    for count, spec in enumerate(specs):
        if spec.family == 6 or spec.ip_id == "-":
            yield replace(spec, id_now=-1)
        elif spec.ip_id == "random":
            yield replace(spec, id_now=(count * 40_503 + 7_919) % 65_521)
        else:
            instance = (spec.sender, spec.vrid, spec.segment)
            following = last.get(instance, 0) + 1 + spec.lost
            wrapped = following % 0x10000 + (following > 0xFFFF)  # keepalived never sends 0
            last[instance] = wrapped if spec.ip_id == "count" else int(spec.ip_id)
            yield replace(spec, id_now=last[instance])


def _copies(specs: Iterator[Spec]) -> Iterator[Spec]:
    """Follow each advert by the copies of it that were seen."""
    for spec in specs:
        for place, peer in enumerate(spec.peers or ("",)):
            copy = replace(spec, at=spec.at + place * 10_000, peers=(peer,) if peer else ())
            yield copy
            if spec.again is not None:
                delay, capture = spec.again
                yield replace(copy, at=copy.at + delay, capture=spec.capture if capture is None else capture)


def _fill(row: np.void, spec: Spec, number: int, tables: Tables) -> None:
    group = "224.0.0.18" if spec.family == 4 else "ff02::12"
    source = int(ip_address(address(spec.sender, spec.family)))
    target = int(ip_address(spec.peers[0] if spec.peers else group))
    vips = spec.vips if spec.vips is not None else ("10.0.0.3",) if spec.family == 4 else ("fe80::3",)
    pseudo = spec.version == 3 and not spec.plain
    auth = Auth.AH if spec.ah >= 0 else Auth.SIMPLE if spec.secret else Auth.NONE
    row["t"], row["number"], row["capture"] = ZERO + spec.at, number, spec.capture
    row["segment"] = _id(tables.segments, spec.segment)
    row["family"], row["vrid"] = spec.family, spec.vrid
    row["src_hi"], row["src_lo"] = source >> 64, source & (1 << 64) - 1
    row["dst_hi"], row["dst_lo"] = target >> 64, target & (1 << 64) - 1
    row["mac"] = 0x02_00_00_00_00_00 | source & 0xFF
    row["destination"] = Destination.UNICAST if spec.peers else Destination.MULTICAST
    row["ttl"], row["tos"], row["df"], row["ip_id"] = spec.ttl, spec.tos, spec.df, spec.id_now
    row["version"], row["priority"], row["interval"] = spec.version, spec.priority, spec.interval
    row["addresses"] = _id(tables.addresses, vips)
    row["auth"], row["secret"], row["ah_seq"] = auth, _id(tables.secrets, spec.secret), spec.ah
    row["checksum"] = Checksum.BAD if spec.bad else Checksum.PSEUDO if pseudo else Checksum.PLAIN
    row["flags"] = Flag.BAD_CHECKSUM * spec.bad | Flag.TTL * (spec.ttl != 255)


def _fill_carp(row: np.void, spec: Spec, number: int, tables: Tables) -> None:
    row["t"], row["number"], row["capture"] = ZERO + spec.at, number, spec.capture
    row["segment"], row["family"], row["vhid"] = _id(tables.segments, spec.segment), spec.family, spec.vrid


def _id(table: list[_Entry], entry: _Entry) -> int:
    if entry not in table:
        table.append(entry)
    return table.index(entry)
