"""What the HTML page says, beside its timelines: findings, tables and stories as values that a template only sets.

Words are the text report's. Bounds are wider than a terminal's, and what is left out is counted.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.findings import Severity
from vrrpscope.report import logs
from vrrpscope.report.lanes import moment, stretch
from vrrpscope.report.palette import CRITICAL, INFO, WARNING, by_priority
from vrrpscope.report.story import tell
from vrrpscope.report.svg import shares
from vrrpscope.report.times import clock, date, rfc3339
from vrrpscope.report.verdict import sentence
from vrrpscope.rules.causes import CAUSES
from vrrpscope.rules.text import count, listing, span
from vrrpscope.timeline.events import MissedKind
from vrrpscope.timeline.fingerprint import fingerprint
from vrrpscope.wire.columns import Auth, Destination

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from vrrpscope.analysis import Analysis, Capture, VirtualRouter
    from vrrpscope.findings import Finding
    from vrrpscope.report.palette import Mark
    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.speaker import Speaker

MAX_ALIKE: Final = 20  # findings of one rule and virtual router
MAX_FINDINGS: Final = 300
MAX_ROUTERS: Final = 64  # rows of one table
_SHOWN: Final = 8  # addresses, MACs, priorities in one cell

_UNITS: Final = re.compile(r"(\d) (s|ms|min|h|d)\b")

_MARKS: Final = {Severity.CRITICAL: CRITICAL, Severity.WARNING: WARNING, Severity.INFO: INFO}


class Moment(NamedTuple):
    """A time as a page writes it: short to read, whole for machines and who points at it."""

    short: str
    whole: str
    stamp: str


class Filter(NamedTuple):
    """A Wireshark display filter, for one capture."""

    capture: str
    text: str


class Part(NamedTuple):
    """A paragraph of a remedy, or a command to be copied."""

    text: str
    is_command: bool


class Told(NamedTuple):
    """One finding, with its anchor."""

    anchor: str
    finding: Finding
    mark: Mark
    title: str
    when: str  # empty where it has no time
    cause: str
    also: tuple[str, ...]
    remedy: list[Part]
    filters: list[Filter]
    lines: tuple[str, ...]


class Step(NamedTuple):
    """One step of a story."""

    when: Moment
    source: str
    text: str
    detail: str
    logged: bool


class Row(NamedTuple):
    """A table's row: what each column says, and the router it is about."""

    address: str
    cells: list[tuple[str, str]]


def findings(analysis: Analysis) -> tuple[list[Told], int]:
    """Return the findings to show, worst first, and how many more there are."""
    shown: list[Told] = []
    for _, group in groupby(analysis.findings, key=lambda f: (f.severity, f.rule, f.virtual_router)):
        for place, finding in enumerate(group):
            if place < MAX_ALIKE and len(shown) < MAX_FINDINGS:
                shown.append(_told(f"finding-{len(shown) + 1}", finding))
    return shown, len(analysis.findings) - len(shown)


def _told(anchor: str, finding: Finding) -> Told:
    return Told(
        anchor,
        finding,
        _MARKS[finding.severity],
        sentence(finding.title),
        stretch(finding.start, finding.end) if finding.start else "",
        CAUSES.get(finding.cause, ""),
        tuple(CAUSES[word] for word in finding.also_possible if word in CAUSES),
        remedy(finding.remedy),
        filters(finding),
        tuple(f"{line.host}: {line}" if line.host else str(line) for line in finding.lines),
    )


def remedy(text: str) -> list[Part]:
    """Return a remedy in its parts: an indented line is a command."""
    return [Part(line.strip(), line.startswith("  ")) for line in text.split("\n") if line.strip()]


def filters(finding: Finding) -> list[Filter]:
    """Return what finds a finding's frames in Wireshark, capture by capture."""
    return [
        Filter(name, f"frame.number in {{{', '.join(str(f.number) for f in frames)}}}")
        for name, frames in groupby(finding.frames, key=lambda f: f.capture)
    ]


def story(
    analysis: Analysis, virtual: VirtualRouter, where: Callable[[Seen], str], limit: int
) -> tuple[list[Step], int]:
    """Return the first steps of a virtual router's story with what logs add, and how many more there are."""
    steps = tell(virtual.router.history, where)
    said, unsaid = logs.beside(analysis.testimony, virtual.router.key, steps, limit)
    days = several_days(analysis)
    shown = sorted([*steps[:limit], *said], key=lambda step: step.t)
    told = [
        Step(
            _vague(step.t, days=days) if step.vague else _moment(step.t, days=days),
            f"{step.host} log" if step.host else ("" if step.seen is None else where(step.seen)),
            step.text,
            step.detail,
            bool(step.host),
        )
        for step in shown
    ]
    return told, max(len(steps) - limit, 0) + virtual.router.history.omitted + unsaid


def several_days(analysis: Analysis) -> bool:
    """Whether a time needs its date."""
    start, end = analysis.start, analysis.end
    return start is not None and end is not None and date(start) != date(end)


def period(analysis: Analysis) -> str:
    """Return what time the captures cover, to the millisecond; empty if they hold no frame."""
    start, end = analysis.start, analysis.end
    if start is None or end is None:
        return ""
    until = f"{date(end)} {clock(end)}" if several_days(analysis) else clock(end)
    return f"{date(start)} {clock(start)} – {until} UTC ({span(end - start)})"


def _vague(t: int, *, days: bool) -> Moment:
    """A time known to the second."""
    exact = _moment(t, days=days)
    return exact._replace(short=f"{exact.short[:-4]}~", whole=f"{exact.whole[:19]}, some time in this second")


def _moment(t: int, *, days: bool) -> Moment:
    return Moment(f"{date(t)} {clock(t)}" if days else clock(t), moment(t), rfc3339(t))


def routers(virtual: VirtualRouter, *, days: bool) -> list[Row]:
    """Return the table of who advertised for a virtual router; times have their date where there are several."""
    return [Row(s.address, list(_router(s, days=days))) for s in by_priority(virtual)[:MAX_ROUTERS]]


def _router(speaker: Speaker, *, days: bool) -> Iterator[tuple[str, str]]:
    profiles, last, sender = list(speaker.profiles), speaker.terms, fingerprint(speaker)
    kinds = {p.destination for p in profiles}
    yield "priority", _some(str(p.priority) for p in sorted(profiles, key=lambda p: -p.priority))
    yield "MAC", _some(p.mac for p in profiles if p.mac is not None)
    yield "VRRP", _some(f"v{p.version}" for p in profiles)
    yield "interval", span(last.interval)
    yield "auth", "none" if last.auth is Auth.NONE else last.auth.name.lower()
    yield "sent by", sender.implementation if sender else "unknown"
    yield "sent to", "multicast and unicast" if len(kinds) > 1 else _sent_to(next(iter(kinds)))
    yield "adverts", f"{speaker.adverts:,}"
    yield "lost / late", f"{_missed(speaker, MissedKind.LOST)} / {_missed(speaker, MissedKind.LATE)}"
    p50, p99 = speaker.gaps.quantile(0.5), speaker.gaps.quantile(0.99)
    observed = [_span(p50), _span(p99), _span(speaker.gaps.longest or None)]
    yield "gap p50 / p99 / max", " / ".join(observed) if p50 is not None else "–"
    yield "seen", " – ".join(_moment(seen.t, days=days).short[:-4] for seen in (speaker.first, speaker.last))


def _sent_to(kind: Destination) -> str:
    return "elsewhere" if kind is Destination.OTHER else kind.name.lower()


def _missed(speaker: Speaker, kind: MissedKind) -> int:
    tally = speaker.missed.get(kind)
    return 0 if tally is None else tally.adverts


def _span(nanoseconds: int | None) -> str:
    return "–" if nanoseconds is None else span(nanoseconds)


def _some(values: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(values))
    more = len(distinct) - _SHOWN
    return ", ".join(distinct[:_SHOWN]) + (f" and {more} more" if more > 0 else "") or "–"


class Available(NamedTuple):
    """How a virtual router's time was spent."""

    key: str
    bar: list[tuple[str, str, str]]
    cells: list[tuple[str, str]]


def availability(virtual: VirtualRouter) -> Available:
    """Return the row of the table of availabilities."""
    times = virtual.availability
    parts = [("mastered", times.mastered), ("contested", times.contested), ("masterless", times.masterless)]
    words = {"mastered": "one master", "contested": "several", "masterless": "none"}
    cells = [("observed", span(times.observed))]
    cells += [(words[name], _share(part, times.observed)) for name, part in parts]
    return Available(virtual.key, shares(parts, times.observed), cells)


def _share(part: int, whole: int) -> str:
    if not part or not whole:
        return "–"
    percent = 100 * part / whole
    decimals = 3 if percent < 0.1 or 99.9 < percent < 100 else 1
    return f"{span(part)} ({percent:.{decimals}f} %)"


def capture(its: Capture, *, several: bool) -> list[tuple[str, str]]:
    """Return one capture's health: what it is, and what it lacks."""
    info = its.info
    kind = info.format + (f", {info.compression}" if info.compression else "")
    cells = [("file", info.path), ("format", f"{kind}, {', '.join(info.link_types) or 'no link type'}")]
    cells += [("frames", f"{info.frames:,}"), ("adverts", f"{its.adverts:,}")]
    if info.first is not None and info.last is not None:
        cells.append(("time", stretch(info.first, info.last)))
    cells.append(
        ("dropped", "not told" if info.dropped is None else f"{info.dropped:,}" if info.dropped else "nothing")
    )
    if its.duplicates:
        cells.append(("duplicates", f"{its.duplicates:,} left out"))
    if several:
        cells.append(("clock", clock_words(its)))
    return cells


def clock_words(its: Capture) -> str:
    """Return how a capture's clock stands to the first one's."""
    clocked = its.clock
    way = f"{span(abs(clocked.offset))} {'ahead' if clocked.offset >= 0 else 'behind'}"
    if clocked.given:
        return f"{way}, as given"
    if clocked.is_set:
        delay = "" if clocked.both_ways else ", the path's delay included"
        spread = f"± {clocked.spread / 1e6:.2f} ms from {count(clocked.matched, 'advert')}"
        return f"{way} of {its.compared_with}, {spread}{delay}"
    return "agrees with the first" if clocked.is_aligned else "compared with none: no advert in common"


def problems(its: Capture) -> tuple[list[str], int]:
    """Return what was wrong while reading, and how much more was."""
    told = []
    for problem in its.info.problems:
        place = [f"frame {problem.frame}"] if problem.frame is not None else []
        place += [f"offset {problem.offset}"] if problem.offset is not None else []
        told.append(problem.message + (f" ({', '.join(place)})" if place else ""))
    return told, its.info.problems_omitted


def ways(virtual: VirtualRouter) -> list[str]:
    """Return what became of adverts between the captures, where something did."""
    told = []
    for way in virtual.deliveries:
        lost = way.sent - way.arrived
        parts = [f"{lost} lost"] if lost else []
        parts += [f"{way.unheeded} without effect"] if way.unheeded else []
        parts += [f"{way.rejected} refused"] if way.rejected else []
        if parts:
            arrived = listing([f"{way.arrived} arrived", *parts])
            told.append(f"{way.sender} from {way.at} to {way.to}: {count(way.sent, 'advert')} sent, {arrived}")
    return told


def bound(text: str) -> str:
    """Return text in which no line ends between a number and its unit."""
    return _UNITS.sub("\\1\N{NO-BREAK SPACE}\\2", text)


def names(captures: Sequence[Capture]) -> list[str]:
    """Return the captures' names short enough to stand before a frame number, and each its own."""
    if len(captures) < 2:
        return [""] * len(captures)
    short = [c.info.name if len(c.info.name) <= 16 else f"{c.info.name[:8]}…{c.info.name[-7:]}" for c in captures]
    if len(set(short)) == len(short):
        return short
    return [f"[{number}]{c.info.name[:12]}" for number, c in enumerate(captures, 1)]
