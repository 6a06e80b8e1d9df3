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
    mac=A                               with the MAC of A
    pass=aaaa ah=17 ah=next             authentication; the number is AH's sequence number, by default of all routers
    hmac=0.5                            signed with keepalived's trailer, by a clock that is so much ahead
    key=2 key=none                      the digest fits the second of the keys given, or none of them
    ttl=254 bad plain df tos=0          oddities; `plain` is the checksum without a pseudo-header
    uni=10.0.0.6,10.0.0.7               unicast, one copy to each
    id=7 id=- id=random                 IP ID; by default each instance counts its adverts from 1
    again=0.00001 again=0.0002@1        the same advert a second time, so much later, perhaps in another capture
    @1                                  seen in capture 1

    2.500 carp vrid=50                  a CARP packet of VHID 50; it may be given a rhythm, a segment, a capture

    7.612 B garp                        B announces its virtual address (a neighbour advertisement with `v6`)
    7.613 B garp-reply                  the same as an ARP reply
    9.0 B arp-reply                     B answers that it has the virtual address
    9.1 B arp-from                      B asks for another address, from the virtual one
    9.2 B who-has                       B asks, from its own address, who has the virtual one
    9.3 B garp vmac vips=10.0.0.4       from the virtual MAC, of another address

    1.0 A asks=10.0.0.9                 A asks, from its own address, who has another
    0.1 B igmp-join                     B joins the group (MLD with `v6`); also igmp-report, igmp-leave, igmp-query
    5.1 B icmp=3/10 of=A to=10.0.0.6    B complains of an advert of A; `to` is B's own address by default
    9.4 A rarp                          a hypervisor says that A has moved
    every 0.2s from 1 to 9: A alive     some other frame of A's host

A is 10.0.0.5 (fe80::5), B 10.0.0.6 and so on. Frames are numbered in each capture from 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial, reduce
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from vrrpscope.wire.columns import ADVERT, CARP, NO_KEY, SIGHTING, Auth, Checksum, Destination, Flag, Kind, Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

ZERO = 1_700_000_000_000_000_000
"""The time of second 0 of every trace, nanoseconds since the epoch."""

_Entry = TypeVar("_Entry")
_SECOND = 1_000_000_000
_LOW = (1 << 64) - 1
_VIPS = {4: ("10.0.0.3",), 6: ("fe80::3",)}
_GROUPS = {4: "224.0.0.18", 6: "ff02::12"}
_CARP = "carp"
_NEXT = -2
_CLAIMS = {
    "garp": (Kind.ANNOUNCEMENT, 1),
    "garp-reply": (Kind.ANNOUNCEMENT, 2),
    "arp-reply": (Kind.ANSWER, 2),
    "arp-from": (Kind.QUESTION, 1),
    "who-has": (Kind.QUESTION, 1),
    "asks": (Kind.QUESTION, 1),
    "igmp-join": (Kind.REPORT, 0x22),
    "igmp-report": (Kind.REPORT, 0x22),
    "igmp-leave": (Kind.LEAVE, 0x22),
    "igmp-query": (Kind.QUERY, 0x11),
    "icmp": (Kind.ERROR, 3),
    "rarp": (Kind.RARP, 3),
    "alive": (Kind.ALIVE, 0),
}
_RECORDS = {"igmp-join": 4, "igmp-report": 2, "igmp-leave": 3}
_SOMEBODY = 0x0A00_0032
"""Who is asked, answered or asks beside the routers: 10.0.0.50."""


class Trace(NamedTuple):
    """A trace as columns; `start` and `end` of the captures in nanoseconds since the epoch."""

    adverts: NDArray[np.void]
    tables: Tables
    start: int
    end: int
    carps: NDArray[np.void]
    sightings: NDArray[np.void]


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
    hmac: int | None = None
    key: int = 0
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
    claim: str = ""
    about: str = ""  # of a claim: the address asked for, or ICMP's type and code
    of: str = ""  # whose advert ICMP complains of
    to: str = ""  # the address it was sent to
    vmac: bool = False
    mac: str = ""  # whose MAC it has; by default the sender's

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


def _claim(name: str, about: str) -> dict[str, Any]:
    return {"claim": name, "about": about}


_WORDS: dict[str, Callable[[str], dict[str, Any]]] = {
    **{name: _number(name) for name in ("vrid", "ttl", "tos", "lost")},
    **{name: _flag(name) for name in ("bad", "plain", "df", "vmac")},
    **{name: partial(_claim, name) for name in _CLAIMS},
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
    "ah": lambda value: {"ah": _NEXT if value == "next" else int(value)},
    "hmac": lambda value: {"hmac": _span(value)},
    "key": lambda value: {"key": NO_KEY if value == "none" else int(value)},
    "of": lambda value: {"of": value},
    "mac": lambda value: {"mac": value},
    "to": lambda value: {"to": value},
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
    specs = sorted(_copies(_signed(_numbered(sorted(specs, key=lambda s: s.at)))), key=lambda s: s.at)
    tables = Tables()
    numbers: dict[int, int] = {}
    is_carp = np.array([spec.sender == _CARP for spec in specs], bool)
    is_claim = np.array([bool(spec.claim) for spec in specs], bool)
    rows, carps, sightings = (np.zeros(len(specs), dtype) for dtype in (ADVERT, CARP, SIGHTING))
    for row, carp, sighting, spec in zip(rows, carps, sightings, specs, strict=True):
        numbers[spec.capture] = numbers.get(spec.capture, 0) + 1
        if spec.sender == _CARP:
            _fill_carp(carp, spec, numbers[spec.capture], tables)
        elif spec.claim:
            _fill_claim(sighting, spec, numbers[spec.capture], tables)
        else:
            _fill(row, spec, numbers[spec.capture], tables)
    rows, carps, sightings = rows[~is_carp & ~is_claim], carps[is_carp], sightings[is_claim]
    first, last = (int(rows["t"][0]), int(rows["t"][-1])) if len(rows) else (ZERO, ZERO)
    return Trace(rows, tables, bounds.get("start", first), bounds.get("end", last), carps, sightings)


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
        if spec.family == 6 or spec.ip_id == "-" or spec.claim:
            yield replace(spec, id_now=-1)
        elif spec.ip_id == "random":
            yield replace(spec, id_now=(count * 40_503 + 7_919) % 65_521)
        else:
            instance = (spec.sender, spec.vrid, spec.segment)
            following = last.get(instance, 0) + 1 + spec.lost
            wrapped = following % 0x10000 + (following > 0xFFFF)  # keepalived never sends 0
            last[instance] = wrapped if spec.ip_id == "count" else int(spec.ip_id)
            yield replace(spec, id_now=last[instance])


def _signed(specs: Iterator[Spec]) -> Iterator[Spec]:
    """Give each advert its sequence number, in order of time: all routers of a virtual router share AH's counter."""
    last: dict[tuple[int, str], int] = {}
    for spec in specs:
        if spec.hmac is not None:
            seconds, rest = divmod(ZERO + spec.at + spec.hmac, _SECOND)
            yield replace(spec, ah=seconds << 32 | (rest << 16) // _SECOND << 16)
            continue
        instance = spec.vrid, spec.segment
        if spec.ah != -1:
            last[instance] = last.get(instance, 0) + 1 + spec.lost if spec.ah == _NEXT else spec.ah
        yield replace(spec, ah=last[instance] if spec.ah != -1 else -1)


def _copies(specs: Iterator[Spec]) -> Iterator[Spec]:
    """Follow each advert by the copies of it that were seen."""
    for spec in specs:
        for place, peer in enumerate(("",) if spec.claim else spec.peers or ("",)):
            copy = replace(spec, at=spec.at + place * 10_000, peers=(peer,) if peer else ())
            yield copy
            if spec.again is not None:
                delay, capture = spec.again
                yield replace(copy, at=copy.at + delay, capture=spec.capture if capture is None else capture)


def _fill(row: np.void, spec: Spec, number: int, tables: Tables) -> None:
    source = int(ip_address(address(spec.sender, spec.family)))
    target = int(ip_address(spec.peers[0] if spec.peers else _GROUPS[spec.family]))
    vips = spec.vips if spec.vips is not None else _VIPS[spec.family]
    pseudo = spec.version == 3 and not spec.plain
    secret = b"\1" if spec.hmac is not None else spec.secret
    auth = (
        Auth.HMAC if spec.hmac is not None else Auth.AH if spec.ah >= 0 else Auth.SIMPLE if spec.secret else Auth.NONE
    )
    row["t"], row["number"], row["capture"] = ZERO + spec.at, number, spec.capture
    row["segment"] = _id(tables.segments, spec.segment)
    row["family"], row["vrid"] = spec.family, spec.vrid
    row["src_hi"], row["src_lo"] = source >> 64, source & _LOW
    row["dst_hi"], row["dst_lo"] = target >> 64, target & _LOW
    owner = int(ip_address(address(spec.mac or spec.sender, spec.family)))
    row["mac"] = 0x5E_00_01_00 | spec.vrid if spec.vmac else _mac(owner)
    row["destination"] = Destination.UNICAST if spec.peers else Destination.MULTICAST
    row["ttl"], row["tos"], row["df"], row["ip_id"] = spec.ttl, spec.tos, spec.df, spec.id_now
    row["version"], row["priority"], row["interval"] = spec.version, spec.priority, spec.interval
    row["addresses"] = _id(tables.addresses, vips)
    row["auth"], row["secret"], row["ah_seq"] = auth, _id(tables.secrets, secret), spec.ah
    row["checksum"] = Checksum.BAD if spec.bad else Checksum.PSEUDO if pseudo else Checksum.PLAIN
    row["signed_with"] = spec.key
    row["flags"] = Flag.BAD_CHECKSUM * spec.bad | Flag.TTL * (spec.ttl != 255) | Flag.BAD_DIGEST * (spec.key == NO_KEY)


def _fill_carp(row: np.void, spec: Spec, number: int, tables: Tables) -> None:
    row["t"], row["number"], row["capture"] = ZERO + spec.at, number, spec.capture
    row["segment"], row["family"], row["vhid"] = _id(tables.segments, spec.segment), spec.family, spec.vrid


def _fill_claim(row: np.void, spec: Spec, number: int, tables: Tables) -> None:
    kind, operation = _CLAIMS[spec.claim]
    own = int(ip_address(address(spec.sender, spec.family)))
    vip = int(ip_address((spec.vips or _VIPS[spec.family])[0]))
    row["t"], row["number"], row["capture"] = ZERO + spec.at, number, spec.capture
    row["segment"], row["family"] = _id(tables.segments, spec.segment), spec.family
    row["kind"], row["type"] = kind, operation if spec.family == 4 else 136
    row["mac"] = row["sender"] = 0x5E_00_01_00 | spec.vrid if spec.vmac else _mac(own)
    about, source, other = vip, vip, 0
    if spec.claim == "who-has":
        source = own
    elif spec.claim == "arp-from":
        about = _SOMEBODY
    elif spec.claim == "arp-reply":
        other = int(ip_address(spec.to)) if spec.to else _SOMEBODY
    elif spec.claim == "asks":
        about, source = int(ip_address(spec.about)), own
    elif kind is Kind.ERROR:
        row["type"], row["code"], row["vrid"] = *map(int, spec.about.split("/")), spec.vrid
        about, source = int(ip_address(address(spec.of, spec.family))), own
        other = int(ip_address(spec.to)) if spec.to else own
    elif spec.claim.startswith("igmp"):
        row["code"], row["version"] = _RECORDS.get(spec.claim, 0), 3
        about, source = int(ip_address(_GROUPS[spec.family])), own
    row["address_hi"], row["address_lo"] = about >> 64, about & _LOW
    row["src_hi"], row["src_lo"] = source >> 64, source & _LOW
    row["other_hi"], row["other_lo"] = other >> 64, other & _LOW


def _mac(source: int) -> int:
    return 0x02_00_00_00_00_00 | source & 0xFF


def _id(table: list[_Entry], entry: _Entry) -> int:
    if entry not in table:
        table.append(entry)
    return table.index(entry)
