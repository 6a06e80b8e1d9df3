"""Sightings read the slow and readable way, one frame at a time: what the decoder must say of each.

`sight` follows a frame through Ethernet, VLAN tags, Linux cooked headers, GRE, ERSPAN, VXLAN and IP down to what
speaks beside VRRP. It is written from the RFCs with slices of bytes alone. Where it cannot follow it says so.
"""

from __future__ import annotations

from typing import NamedTuple

from vrrpscope.wire import NO_MAC, Kind

GROUPS = {4: int.from_bytes(bytes([224, 0, 0, 18]), "big"), 6: 0xFF02 << 112 | 0x12}


class NothingError(Exception):
    """The frame leads to nothing of use, or is cut before it."""


class UnknownError(Exception):
    """The frame leads where this parser cannot follow."""


class Said(NamedTuple):
    """One row, with addresses and MACs as numbers and the segment by its name."""

    kind: Kind
    family: int
    type: int
    address: int
    src: int
    other: int
    code: int = 0
    version: int = 0
    mac: int = NO_MAC
    vrid: int = 0
    sender: int = NO_MAC
    segment: str = ""


class View(NamedTuple):
    """What was captured of a header and all behind it, and how many bytes that were on the wire."""

    data: bytes
    real: int

    def need(self, size: int) -> None:
        if len(self.data) < size:
            raise NothingError

    def skip(self, size: int) -> View:
        self.need(size)
        return View(self.data[size:], self.real - size)

    def clip(self, size: int) -> View:
        return View(self.data[:size], size)

    def number(self, at: int, size: int) -> int:
        return int.from_bytes(self.data[at : at + size], "big")


class Way(NamedTuple):
    """What the headers on the way told: who sent the frame, and on which segment."""

    sender: int = NO_MAC
    parts: tuple[str, ...] = ()
    mirrored: int = 0  # the VLAN of an ERSPAN header, until the mirrored frame shows whether it has a tag

    def into(self, part: str, *, mirrored: int = 0) -> Way:
        before = self.parts
        if part.startswith("vlan") and before and before[-1].startswith("vlan"):
            return self._replace(parts=(*before[:-1], f"{before[-1]}.{part[4:]}"), mirrored=0)
        if self.mirrored and not part.startswith("vlan"):
            before = (*before, f"vlan{self.mirrored}")
        return self._replace(parts=(*before, part), mirrored=mirrored)

    @property
    def segment(self) -> str:
        return "+".join([*self.parts, f"vlan{self.mirrored}"] if self.mirrored else self.parts)


def sight(frame: bytes, link: int = 1, wire: int | None = None) -> Said | None:
    """What a frame says beside VRRP; None if nothing."""
    view, way = View(frame, max(len(frame), wire or 0)), Way()
    try:
        if link == 1:
            return ethernet(view, way)
        if link == 113:
            sender = view.number(6, 6) if view.number(4, 2) == 6 else NO_MAC
            return typed(view.skip(16), view.number(14, 2), Way(sender))
        if link == 276:
            sender = view.number(12, 6) if view.number(11, 1) == 6 else NO_MAC
            return typed(view.skip(20), view.number(0, 2), Way(sender))
    except NothingError:
        return None
    raise UnknownError


def ethernet(view: View, way: Way) -> Said:
    return typed(view.skip(14), view.number(12, 2), way._replace(sender=view.number(6, 6)))


def typed(view: View, ethertype: int, way: Way) -> Said:
    if ethertype in {0x8100, 0x88A8, 0x9100}:
        inner, vlan = view.skip(4), view.number(0, 2) & 0xFFF
        return typed(inner, view.number(2, 2), way.into(f"vlan{vlan}") if vlan else way)
    if ethertype in {0x88E7, 0x8864}:
        raise UnknownError
    if ethertype in {0x0806, 0x8035}:
        return placed(arp(view), way)
    if ethertype in {0x0800, 0x86DD}:
        return carried(ip(view, 4 if ethertype == 0x0800 else 6), way)
    raise NothingError


def placed(said: Said, way: Way) -> Said:
    return said._replace(sender=way.sender, segment=way.segment)


def arp(view: View) -> Said:
    view.need(28)
    if view.data[:6] != bytes.fromhex("000108000604"):
        raise NothingError
    operation, source, target = view.number(6, 2), view.number(14, 4), view.number(24, 4)
    mac = view.number(8, 6)
    if operation in {3, 4}:
        return Said(Kind.RARP, 4, operation, target, source, target, mac=view.number(18, 6))
    if operation == 1:
        kind = Kind.PROBE if source == 0 else Kind.ANNOUNCEMENT if source == target else Kind.QUESTION
        return Said(kind, 4, 1, target, source, target, mac=mac)
    if operation == 2:
        kind = Kind.ANNOUNCEMENT if source == target else Kind.ANSWER
        return Said(kind, 4, 2, source, source, target, mac=mac)
    raise NothingError


class Content(NamedTuple):
    """What is behind an IP header, and what that said."""

    view: View
    protocol: int
    family: int
    ends: tuple[int, int]
    hops: int


def ip(view: View, family: int) -> Content:
    view.need(20 if family == 4 else 40)
    if view.data[0] >> 4 != family:
        raise NothingError
    if family == 6:
        length, ends = view.number(4, 2), (view.number(8, 16), view.number(24, 16))
        inner = (view.clip(40 + length) if length else view).skip(40)
        return step_over(Content(inner, view.data[6], 6, ends, view.data[7]))
    header, total = (view.data[0] & 15) * 4, view.number(2, 2)
    if header < 20 or 0 < total < header or view.number(6, 2) & 0x1FFF:
        raise NothingError
    ends = view.number(12, 4), view.number(16, 4)
    inner = (view.clip(total) if total else view).skip(header)
    return step_over(Content(inner, view.data[9], 4, ends, view.data[8]))


def step_over(content: Content) -> Content:
    """Over an authentication header and the extension headers of IPv6."""
    view, protocol, size = content.view, content.protocol, 0
    if protocol == 51:
        view.need(12)
        size = (view.data[1] + 2) * 4
        if size < 12:
            raise NothingError
    elif content.family == 6 and protocol in {0, 43, 60}:
        view.need(2)
        size = (view.data[1] + 1) * 8
    elif content.family == 6 and protocol == 44:
        view.need(size := 8)
        if view.number(2, 2) >> 3:
            raise NothingError
    else:
        return content
    return step_over(content._replace(view=view.skip(size), protocol=view.data[0]))


def carried(content: Content, way: Way) -> Said:
    if content.protocol == 47:
        return gre(content.view, way)
    if content.protocol == 17:
        return vxlan(content.view, way)
    readers = {(4, 1): icmp, (4, 2): igmp, (6, 58): icmpv6}
    reader = readers.get((content.family, content.protocol))
    return placed(reader(content), way) if reader else nothing()


def gre(view: View, way: Way) -> Said:
    view.need(4)
    flags, kind = view.number(0, 2), view.number(2, 2)
    if flags & 0x4007:
        raise NothingError
    key_at = 4 + 4 * (flags & 0x8000 > 0)
    keyed, numbered = flags & 0x2000 > 0, flags & 0x1000 > 0
    inner = view.skip(key_at + 4 * keyed + 4 * numbered)
    part = f"gre{view.number(key_at, 4)}" if keyed else "gre"
    if kind == 0x88BE:
        return erspan2(inner, way) if numbered else ethernet(inner, way.into("erspan"))
    if kind == 0x22EB:
        return erspan3(inner, way)
    if kind == 0x6558:
        return ethernet(inner, way.into(part))
    if kind in {0x0800, 0x86DD}:
        return typed(inner, kind, way.into(part))
    raise NothingError


def erspan2(view: View, way: Way) -> Said:
    frame = view.skip(8)
    if view.number(0, 1) >> 4 != 1:
        raise NothingError
    return ethernet(frame, session(view, way))


def erspan3(view: View, way: Way) -> Said:
    view.need(12)
    frame = view.skip(12 + 8 * (view.number(11, 1) & 1))
    kind = view.number(10, 2) >> 10 & 31
    if view.number(0, 1) >> 4 != 2 or kind not in {0, 2}:
        raise NothingError
    if kind == 0:
        return ethernet(frame, session(view, way))
    frame.need(1)
    return typed(frame, {4: 0x0800, 6: 0x86DD}.get(frame.data[0] >> 4, 0), session(view, way))


def session(view: View, way: Way) -> Way:
    return way.into(f"erspan{view.number(2, 2) & 0x3FF}", mirrored=view.number(0, 2) & 0xFFF)


def vxlan(view: View, way: Way) -> Said:
    port, inner = view.number(2, 2), view.skip(8)
    if port not in {4789, 8472}:
        raise NothingError
    frame = inner.skip(8)
    if not inner.data[0] & 8:
        raise NothingError
    return ethernet(frame, way.into(f"vni{inner.number(4, 3)}"))


def nothing() -> Said:
    raise NothingError


def icmp(content: Content) -> Said:
    return complaint(content) if content.view.number(0, 1) in {3, 4, 5, 11, 12} else nothing()


def icmpv6(content: Content) -> Said:
    kind = content.view.number(0, 1)
    if kind in {1, 2, 3, 4}:
        return complaint(content)
    if kind in {135, 136}:
        return neighbour(content)
    names = {130: "query", 131: "report 1", 132: "leave 1", 143: "list 2"}
    return membership(content, names[kind]) if kind in names else nothing()


def igmp(content: Content) -> Said:
    names = {0x11: "query", 0x12: "report 1", 0x16: "report 2", 0x17: "leave 2", 0x22: "list 3"}
    name = names.get(content.view.number(0, 1))
    return membership(content, name) if name else nothing()


def complaint(content: Content) -> Said:
    view, family = content.view, content.family
    quoted = ip(view.skip(8), family)
    if quoted.protocol != 112:
        raise NothingError
    vrid = quoted.view.number(1, 1)
    kind, code, (source, destination) = view.data[0], view.data[1], quoted.ends
    return Said(Kind.ERROR, family, kind, source, content.ends[0], destination, code=code, vrid=vrid)


def neighbour(content: Content) -> Said:
    view, ends = content.view, content.ends
    view.need(24)
    if content.hops != 255 or view.data[1] != 0:
        raise NothingError
    kind, flags, target = view.data[0], view.data[4] & 0xE0, view.number(8, 16)
    mac, at = NO_MAC, 24
    for _ in range(4):
        if len(view.data) < at + 8 or view.data[at + 1] == 0:
            break
        if view.data[at] == (2 if kind == 136 else 1) and view.data[at + 1] == 1:
            mac = view.number(at + 2, 6)
            break
        at += 8 * view.data[at + 1]
    if kind == 135:
        return Said(Kind.QUESTION if ends[0] else Kind.PROBE, 6, kind, target, *ends, mac=mac)
    return Said(Kind.ANSWER if flags & 0x40 else Kind.ANNOUNCEMENT, 6, kind, target, *ends, code=flags, mac=mac)


def membership(content: Content, name: str) -> Said:
    """IGMP and MLD: `name` is what the type is, and of which version."""
    view, family, ends = content.view, content.family, content.ends
    word, _, version = name.partition(" ")
    group_at, size = (4, 4) if family == 4 else (8, 16)
    said = Said(Kind.REPORT, family, view.number(0, 1), GROUPS[family], *ends, version=int(version or 0))
    if word == "list":
        view.need(8)
        return listed(view, said, size)
    view.need(group_at + size)
    group = view.number(group_at, size)
    if group != GROUPS[family] and not (word == "query" and group == 0):
        raise NothingError
    if word == "query":
        plain, code = group_at + size, view.data[1]
        old = 2 if code and family == 4 else 1
        longest = 3 if family == 4 else 2
        if plain < view.real < plain + 4 or view.real < plain:
            raise NothingError
        return said._replace(kind=Kind.QUERY, address=group, code=code, version=old if view.real == plain else longest)
    return said._replace(kind=Kind.LEAVE if word == "leave" else Kind.REPORT)


def listed(view: View, said: Said, size: int) -> Said:
    at = 8
    for _ in range(min(view.number(6, 2), 256)):
        if len(view.data) < at + 4 + size:
            break
        kind, auxiliary, sources = view.data[at], view.data[at + 1], view.number(at + 2, 2)
        if view.number(at + 4, size) == said.address and 1 <= kind <= 6:
            leaves = kind in {1, 3} and sources == 0
            return said._replace(kind=Kind.LEAVE if leaves else Kind.REPORT, code=kind)
        at += 4 + size + size * sources + 4 * auxiliary
    raise NothingError
