"""What the screen shows, as plain values: made in the thread that watches, drawn in the one that draws.

A `State` holds routers that go on changing, so everything drawn is copied out of it here, once for each tick: rows,
tracks of the last minutes, and the details of the one virtual router that is being looked at. Nothing here knows how
any of it looks, and nothing is escaped (drawing does that). What is copied is bounded, however long the watch runs:
histories are read backwards, and only as far as the timeline reaches.
"""

from __future__ import annotations

from itertools import islice, takewhile
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.live.screen.past import Track, track
from vrrpscope.report.palette import by_priority
from vrrpscope.report.story import tell
from vrrpscope.report.times import clock
from vrrpscope.rules.text import count, span
from vrrpscope.timeline import timers
from vrrpscope.timeline.events import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vrrpscope.findings import Finding
    from vrrpscope.live.listener import Counters, State
    from vrrpscope.outcome import VirtualRouter
    from vrrpscope.timeline.speaker import Speaker

MAX_STEPS: Final = 40
"""Of the story of the virtual router looked at, the latest."""


class Row(NamedTuple):
    """How one virtual router stands."""

    key: str  # the report's: `vlan100/ipv4/50`
    label: str  # the same, short: `vlan100 50`
    standing: str  # "one", "late", "nobody", "split": a word of `drawing.STANDINGS`
    masters: tuple[str, ...]  # the strongest first
    numbers: tuple[int, ...]  # theirs in the palette
    priority: int | None  # of the strongest, as it announces it now
    since: int | None  # when it became master, or when the last one left
    before: bool  # it was master already when it was first seen
    age: int | None  # of its last advert, or of the last that there was, nanoseconds
    limit: int | None  # the age at which no backup can still be waiting: Master_Down_Interval of priority 0
    missed: int  # adverts that should have been seen, of all its routers
    elections: int  # those seen; who was master already does not count
    more: bool  # there were further elections, not kept
    addresses: tuple[str, ...]
    routers: tuple[str, ...]


class Detail(NamedTuple):
    """All about one virtual router: lines of a few words each."""

    key: str
    routers: tuple[tuple[int, tuple[str, ...]], ...]  # number in the palette; lines, the address first
    steps: tuple[tuple[str, str, str], ...]  # time, what happened, what the timers say to it
    earlier: int  # steps left out


class View(NamedTuple):
    """Everything that is drawn at one time."""

    now: int  # nanoseconds since the epoch
    begun: int  # when the watch began
    window: int  # nanoseconds that the tracks reach back
    counters: Counters
    interfaces: tuple[tuple[str, bool], ...]
    rows: tuple[Row, ...]
    tracks: tuple[Track, ...]  # one for each row
    findings: tuple[Finding, ...]  # the worst first, of those the latest
    detail: Detail | None = None


def view(state: State, begun: int, window: int, wanted: str = "") -> View:
    """Copy out of a state what is drawn.

    Args:
        state: read now; nothing of it is kept but what cannot change.
        begun: when the watch began.
        window: how far back the timeline reaches, nanoseconds.
        wanted: key of the virtual router whose details are looked at, if any.
    """
    orders = [by_priority(virtual) for virtual in state.virtual_routers]
    numbers = {a: n for n, a in enumerate(dict.fromkeys(s.address for order in orders for s in order))}
    pairs = list(zip(state.virtual_routers, orders, strict=True))
    return View(
        state.now,
        begun,
        window,
        state.counters,
        state.interfaces,
        tuple(_row(virtual, order, numbers, state.now) for virtual, order in pairs),
        tuple(track(virtual.router, order, numbers, state.now - window) for virtual, order in pairs),
        tuple(sorted(state.findings, key=lambda f: (f.severity.rank, f.end is not None, -f.start))),
        next((_detail(v, order, numbers, state.now) for v, order in pairs if v.key == wanted), None),
    )


def matching(words: str, rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return the rows that a filter leaves: each of its words stands somewhere in them, in whatever case.

    `a|b` is either of two words. `vrid5` is that number, not the beginning of another.
    """
    return tuple(row for row in rows if _holds(words, _said_of(row)))


def matching_findings(words: str, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that a filter leaves."""
    if not words.split():
        return tuple(findings)
    return tuple(
        f
        for f in findings
        if _holds(words, " ".join([f.rule, f.severity, *_named(f.virtual_router or ""), f.cause, f.title, *f.routers]))
    )


def label(key: str) -> str:
    """Return a virtual router's key as a row has room for it: `50`, `vlan100 50`, `50 v6`."""
    *segment, family, vrid = key.split("/")
    return " ".join([*segment, vrid, *(["v6"] if family == "ipv6" else [])])


def _holds(words: str, text: str) -> bool:
    text = f" {text.casefold()} "
    return all(any(_stands(part, text) for part in word.split("|")) for word in words.casefold().split())


def _stands(word: str, text: str) -> bool:
    is_number = word.startswith("vrid") and word[4:].isdecimal()
    return (f" {word} " if is_number else word) in text


def _said_of(row: Row) -> str:
    return " ".join([*_named(row.key), row.standing, *row.addresses, *row.routers])


def _named(key: str) -> tuple[str, str]:
    return key, "vrid" + key.rsplit("/", 1)[-1]


def _row(virtual: VirtualRouter, order: Sequence[Speaker], numbers: dict[str, int], now: int) -> Row:
    router, history = virtual.router, virtual.router.history
    masters = sorted((s for s in order if s.is_master), key=lambda s: (-s.profile.priority, -s.profile.rank))
    last = masters[0] if masters else max(order, key=lambda s: s.last.t)
    age = max(now - last.last.t, 0)
    found = list(takewhile(lambda e: e.cause is Cause.INITIAL, history.elections))
    since = None
    if last.reign is not None:
        since = last.reign.start if masters else last.reign.end
    standing = "one"
    if not masters:
        standing = "nobody"
    elif any(split.end is None for split in islice(reversed(history.splits.values()), 4)):
        standing = "split"
    elif age > timers.late_after(last.terms.interval):
        standing = "late"
    return Row(
        key=virtual.key,
        label=label(virtual.key),
        standing=standing,
        masters=tuple(s.address for s in masters),
        numbers=tuple(numbers[s.address] for s in masters),
        priority=last.terms.priority if masters else None,
        since=since,
        before=bool(masters) and any((e.router, e.time) == (last.address, since) for e in found),
        age=age,
        limit=last.terms.down_limit,
        missed=sum(tally.adverts for speaker in order for tally in speaker.missed.values()),
        elections=len(history.elections) - len(found),
        more=bool(history.omitted),
        addresses=tuple(router.addresses),
        routers=tuple(s.address for s in order),
    )


def _detail(virtual: VirtualRouter, order: Sequence[Speaker], numbers: dict[str, int], now: int) -> Detail:
    steps = tell(virtual.router.history, lambda seen: f"#{seen.number}")
    return Detail(
        virtual.key,
        tuple((numbers[s.address], _about(s, now)) for s in order),
        tuple((clock(s.t), s.text, s.detail) for s in steps[-MAX_STEPS:]),
        max(len(steps) - MAX_STEPS, 0) + virtual.router.history.omitted,
    )


def _about(speaker: Speaker, now: int) -> tuple[str, ...]:
    terms = speaker.terms
    says = f"priority {terms.priority}, VRRPv{terms.version}, every {span(terms.interval)}"
    heard = f"{count(speaker.adverts, 'advert')}, the last {span(max(now - speaker.last.t, 0))} ago"
    missed = ", ".join(f"{t.adverts} {kind}" for kind, t in speaker.missed.items())
    addresses = ", ".join(terms.addresses) or "no address"
    return (
        speaker.address,
        f"{says}; {terms.mac or 'no MAC'}",
        f"{heard}; missed: {missed or 'none'}",
        f"announces {addresses}",
    )
