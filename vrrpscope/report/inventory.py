"""How an inventory is told: as text within 80 columns, or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO

from vrrpscope import __version__
from vrrpscope.report.lines import wrapped, write
from vrrpscope.report.times import clock, date, rfc3339, seconds
from vrrpscope.rules.text import count, span
from vrrpscope.wire.columns import Auth

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vrrpscope.questions.inventory import Group, Member, Segment

SCHEMA = "vrrpscope.inventory/1"

_AUTHS = {
    Auth.NONE: "no authentication",
    Auth.SIMPLE: "simple password",
    Auth.AH: "AH",
    Auth.MD5: "Cisco MD5",
    Auth.HMAC: "HMAC trailer",
    Auth.UNKNOWN: "unknown authentication",
}


def as_text(segments: Sequence[Segment], stream: TextIO, width: int = 80) -> None:
    """Write the inventory for people."""
    write(_lines(segments, width), stream)


def as_json(segments: Sequence[Segment], stream: TextIO) -> None:
    """Write the inventory for programs: one document, spans in seconds, times in UTC."""
    document = {"schema": SCHEMA, "vrrpscope": __version__, "segments": [_segment(s) for s in segments]}
    json.dump(document, stream, indent=2)
    stream.write("\n")


def ranges(free: Sequence[tuple[int, int]]) -> str:
    """Return `1-49, 51, 53-255`."""
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in free) or "none"


def _lines(segments: Sequence[Segment], width: int) -> Iterator[str]:
    if not segments:
        yield "No virtual router was seen."
    for place, segment in enumerate(segments):
        if place:
            yield ""
        yield f"SEGMENT {segment.name or 'untagged'}, IPv{segment.family}"
        for group in segment.groups:
            yield from wrapped(
                f"  VRID {group.vrid}  {', '.join(group.addresses) or 'no address announced'}", width, hang=4
            )
            for why in group.collisions:
                yield from wrapped(f"    ! COLLISION: {why}", width, hang=6)
            for member in group.members:
                yield from _member_lines(member, group, width)
        for vhid in segment.carps:
            clash = " ! the number of a VRID" if vhid in {g.vrid for g in segment.groups} else ""
            yield f"  CARP VHID {vhid}{clash}"
        yield from wrapped(f"  free VRIDs: {ranges(segment.free)}", width, hang=4)


def _member_lines(member: Member, group: Group, width: int) -> Iterator[str]:
    parts = [
        "prio " + "/".join(map(str, member.priorities)),
        "every " + " / ".join(map(span, member.intervals)),
        "VRRPv" + "/".join(map(str, member.versions)),
        count(member.adverts, "advert"),
    ]
    if member.implementation:
        parts.append(member.implementation)
    yield from wrapped(f"    {member.address}  " + ", ".join(parts), width, hang=6)
    same_day = date(member.first) == date(member.last)
    until = clock(member.last) if same_day else f"{date(member.last)} {clock(member.last)}"
    told = [f"seen {date(member.first)} {clock(member.first)} to {until}"]
    told += [f"MAC {', '.join(member.macs)}"] if member.macs else []
    yield from wrapped("      " + ", ".join(told), width, hang=6)
    auths = "/".join(_AUTHS[auth] for auth in member.auths)
    if member.passwords:
        yield from wrapped(f"      ! {auths} {', '.join(member.passwords)}, in clear on the wire", width, hang=8)
    else:
        yield from wrapped(f"      {auths}", width, hang=6)
    if set(member.addresses) != set(group.addresses):
        own = ", ".join(member.addresses) or "none"
        yield from wrapped(f"      ! announces other addresses: {own}", width, hang=8)


def _segment(segment: Segment) -> dict[str, Any]:
    return {
        "segment": segment.name,
        "family": f"ipv{segment.family}",
        "virtual_routers": [_group(g) for g in segment.groups],
        "carp_vhids": list(segment.carps),
        "free_vrids": ranges(segment.free) if segment.free else "",
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "key": group.key,
        "vrid": group.vrid,
        "virtual_addresses": list(group.addresses),
        "collisions": list(group.collisions),
        "routers": [_member(m) for m in group.members],
    }


def _member(member: Member) -> dict[str, Any]:
    return {
        "address": member.address,
        "macs": list(member.macs),
        "version": list(member.versions),
        "priorities": list(member.priorities),
        "interval_s": [seconds(i) for i in member.intervals],
        "auth": [None if a is Auth.UNKNOWN else a.name.lower() for a in member.auths],
        "clear_text_passwords": list(member.passwords),
        "implementation": member.implementation,
        "virtual_addresses": list(member.addresses),
        "adverts": member.adverts,
        "first": rfc3339(member.first),
        "last": rfc3339(member.last),
    }
