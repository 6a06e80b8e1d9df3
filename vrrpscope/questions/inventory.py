"""What is there: the virtual routers of each segment, who takes part with which settings, and which VRIDs are free.

A VRID means something only within its segment and address family; the free ones are counted there. CARP's VHIDs
are not free either: both protocols use the same virtual MACs. Free means: not seen in these captures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from vrrpscope.rules.text import digest, in_clear
from vrrpscope.timeline.fingerprint import fingerprint
from vrrpscope.wire.columns import Auth

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vrrpscope.analysis import Analysis, VirtualRouter
    from vrrpscope.timeline.speaker import Speaker

HIGHEST: Final = 255

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Member:
    """One router of one virtual router, with all it ever announced; times and spans in nanoseconds."""

    address: str
    macs: tuple[str, ...]
    versions: tuple[int, ...]
    priorities: tuple[int, ...]
    intervals: tuple[int, ...]
    auths: tuple[Auth, ...]
    passwords: tuple[str, ...]  # those that cross the segment in clear; as digests, unless asked for
    implementation: str | None
    addresses: tuple[str, ...]
    adverts: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Group:
    """One virtual router."""

    key: str
    vrid: int
    addresses: tuple[str, ...]
    members: tuple[Member, ...]  # highest priority first
    collisions: tuple[str, ...]  # why more than one cluster seems to use this VRID


@dataclass(frozen=True, slots=True)
class Segment:
    """One address family on one segment."""

    name: str  # "" for untagged
    family: int
    groups: tuple[Group, ...]
    carps: tuple[int, ...]  # VHIDs seen there
    free: tuple[tuple[int, int], ...]  # VRIDs that nobody was seen to use: ranges, both ends included


def inventory(analysis: Analysis, chosen: Analysis | None = None, *, show_secrets: bool = False) -> list[Segment]:
    """Return what is there, by segment and family.

    Args:
        analysis: everything that was seen: only that tells what is free.
        chosen: the part to list; all by default.
        show_secrets: whether passwords are shown in clear instead of as digests.
    """
    listed = (analysis if chosen is None else chosen).virtual_routers
    places = dict.fromkeys((v.router.key.segment, v.router.key.family) for v in listed)
    return [
        Segment(
            name=name,
            family=family,
            groups=tuple(
                _group(analysis, v, show_secrets=show_secrets)
                for v in listed
                if (v.router.key.segment, v.router.key.family) == (name, family)
            ),
            carps=(carps := _carps(analysis, name)),
            free=_free({v.router.key.vrid for v in _at(analysis, name, family)} | set(carps)),
        )
        for name, family in places
    ]


def _at(analysis: Analysis, name: str, family: int) -> Iterable[VirtualRouter]:
    return (v for v in analysis.virtual_routers if (v.router.key.segment, v.router.key.family) == (name, family))


def _carps(analysis: Analysis, name: str) -> tuple[int, ...]:
    """Return the VHIDs on a segment, as the rule that looks for them told."""
    keys = {v.key for v in analysis.virtual_routers if v.router.key.segment == name}
    found = (f for f in analysis.findings if f.rule == "carp-beside-vrrp" and f.virtual_router in keys)
    return tuple(sorted({int(f.subject) for f in found}))


def _free(used: set[int]) -> tuple[tuple[int, int], ...]:
    ranges: list[tuple[int, int]] = []
    for vrid in range(1, HIGHEST + 1):
        if vrid in used:
            continue
        if ranges and ranges[-1][1] == vrid - 1:
            ranges[-1] = (ranges[-1][0], vrid)
        else:
            ranges.append((vrid, vrid))
    return tuple(ranges)


def _group(analysis: Analysis, virtual: VirtualRouter, *, show_secrets: bool) -> Group:
    members = [_member(s, show_secrets=show_secrets) for s in virtual.router.speakers.values()]
    return Group(
        key=virtual.key,
        vrid=virtual.router.key.vrid,
        addresses=virtual.addresses,
        members=tuple(sorted(members, key=lambda m: -max(m.priorities))),
        collisions=tuple(
            f.title for f in analysis.findings if f.rule == "vrid-collision" and f.virtual_router == virtual.key
        ),
    )


def _member(speaker: Speaker, *, show_secrets: bool) -> Member:
    profiles = list(speaker.profiles)
    sender = fingerprint(speaker)
    secrets = _unique(p.secret for p in profiles if p.auth is Auth.SIMPLE)
    return Member(
        address=speaker.address,
        macs=_unique(p.mac for p in profiles if p.mac is not None),
        versions=_unique(p.version for p in profiles),
        priorities=_unique(p.priority for p in profiles if p.priority) or (0,),  # 0 only says that it resigns
        intervals=_unique(p.interval for p in profiles),
        auths=_unique(p.auth for p in profiles),
        passwords=tuple(in_clear(s) if show_secrets else digest(s) for s in secrets),
        implementation=None if sender is None else sender.implementation,
        addresses=_unique(a for p in profiles for a in p.addresses),
        adverts=speaker.adverts,
        first=speaker.first.t,
        last=speaker.last.t,
    )


def _unique(values: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(values))
