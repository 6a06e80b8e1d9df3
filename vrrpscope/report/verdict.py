"""The verdict in one plain sentence, and the short answer to why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.findings import Severity
from vrrpscope.questions.slices import is_part
from vrrpscope.rules.text import count

if TYPE_CHECKING:
    from vrrpscope.analysis import Analysis, VirtualRouter
    from vrrpscope.report.times import Times

_ENOUGH = 4  # intervals: any backup would have spoken by then


def verdict(analysis: Analysis) -> str:
    """Return what somebody wants to know who reads one sentence."""
    routers = analysis.virtual_routers
    if not routers:
        return _no_vrrp(analysis)
    worst = [f for f in analysis.findings if f.severity is not Severity.INFO]
    if not worst:
        return _healthy(routers)
    first = worst[0]
    label = first.rule.replace("-", " ").upper()
    others = sum(f.severity is Severity.CRITICAL for f in worst[1:])
    more = f" ({count(others, 'more critical finding')} below)" if others else ""
    return f"{label}{_place(first.virtual_router)}: {sentence(first.title)}{more}"


def reason(analysis: Analysis) -> str:
    """Return why, where the worst finding is critical: the first sentence of its explanation."""
    first = next(iter(analysis.findings), None)
    if first is None or first.severity is not Severity.CRITICAL:
        return ""
    return first.explanation.split(". ")[0].rstrip(".") + "."


def part_of(analysis: Analysis, times: Times) -> str:
    """Return which time is told, where it is not all of the captures."""
    if analysis.start is None or analysis.end is None or not is_part(analysis):
        return ""
    return f"Only this time is told: {times.period(analysis.start, analysis.end)}."


def sentence(text: str) -> str:
    """Return a title as a sentence. An address or a host's name with digits at its start stays as it is."""
    text = text if text.endswith(".") else text + "."
    word = text.split(" ", 1)[0]
    named = any(c in ":." or c.isdigit() for c in word)
    return text if named else text[0].upper() + text[1:]


def _no_vrrp(analysis: Analysis) -> str:
    frames = sum(c.info.frames for c in analysis.captures)
    odd = sum(c.adverts for c in analysis.captures)
    unreadable = f" but {count(odd, 'advert')} that cannot be read" if odd else ""
    return (
        f"NO VRRP: there is no VRRP advert among {count(frames, 'frame')}{unreadable}. Wrong interface, or a filter "
        "that is too narrow?"
    )


def _healthy(routers: tuple[VirtualRouter, ...]) -> str:
    if not any(_is_long_enough(v) for v in routers):
        return (
            f"TOO SHORT TO TELL: {count(len(routers), 'virtual router')}, nothing wrong, but observed for less than "
            f"{_ENOUGH} intervals. Capture for longer."
        )
    moves = sum(e.previous is not None for v in routers for e in v.router.history.elections)
    moved = f"mastership moved {count(moves, 'time')}, as it should" if moves else "mastership never moved"
    return f"HEALTHY: {count(len(routers), 'virtual router')}, never more than one master, {moved}."


def _is_long_enough(virtual: VirtualRouter) -> bool:
    shortest = min(s.profile.interval for s in virtual.router.speakers.values())
    return virtual.availability.observed >= _ENOUGH * shortest


def _place(key: str | None) -> str:
    if key is None:
        return ""
    *segment, family, vrid = key.split("/")
    return f" on VRID {vrid}" + (" (IPv6)" if family == "ipv6" else "") + (f" in {segment[0]}" if segment else "")
