"""One rule alone, on one story: what it must tell, in words that a trace uses too.

Routers are the letters of `tests/trace.py`, times are seconds since a trace's zero, frames are numbers. Every
story is judged once in one batch and once advert by advert, as a live listener would, and must end alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from tests import trace as traces
from tests.scenarios.telling import batches
from vrrpscope.capture.frames import CaptureInfo
from vrrpscope.findings import Confidence, Severity
from vrrpscope.rules import RULES, Case, judge
from vrrpscope.timeline.engine import Engine
from vrrpscope.wire.columns import CARP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from vrrpscope.findings import Finding, Key
    from vrrpscope.rules import Rule
    from vrrpscope.timeline.events import Event

CRITICAL, WARNING, INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO
CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE

NAMES = ("lb01", "lb02")
"""The captures of a trace."""

_MICROSECOND = 1_000


class Carp(NamedTuple):
    """One CARP frame beside a trace, which knows only VRRP."""

    at: float
    vhid: int
    number: int
    segment: str = ""


@dataclass(frozen=True)
class Told:
    """What one finding must say; `title` is a telling part of it."""

    severity: Severity
    confidence: Confidence
    routers: str
    start: float
    end: float | None
    frames: tuple[int, ...]
    title: str
    virtual_router: str | None = "ipv4/51"


class Story(NamedTuple):
    """What happens, and what the rule tells of it: something, or nothing although it nearly would, or nothing."""

    rule: str
    kind: Literal["positive", "near-miss", "clean"]
    name: str
    subject: str | CaptureInfo
    told: tuple[Told, ...] = ()
    carps: tuple[Carp, ...] = ()

    def __str__(self) -> str:
        return f"{self.rule}: {self.name}"


def check(story: Story) -> list[Finding]:
    """Judge a story, compare, and return the findings for what else there is to say of them."""
    rule = RULES[story.rule]
    if isinstance(story.subject, CaptureInfo):
        found = list(judge(story.subject, Case(NAMES, None), [rule]))
    else:
        found = findings(story.subject, [rule], carps=story.carps)
        assert findings(story.subject, [rule], sizes=(1,), carps=story.carps) == found, "batches change the findings"
    assert [_said(f) for f in found] == [(story.rule, *_expected(t)) for t in story.told]
    for finding, told in zip(found, story.told, strict=True):
        assert told.title in finding.title
        assert finding.explanation
    assert bool(found) == (story.kind == "positive")
    return found


def findings(
    text: str,
    rules: Iterable[Rule] | None = None,
    *,
    sizes: Iterable[int] = (),
    carps: Iterable[Carp] = (),
    show_secrets: bool = False,
) -> list[Finding]:
    """Judge a trace as a session does: in order of start, what is told again replacing what was told before."""
    trace = traces.parse(text)
    engine = Engine(trace.tables)
    engine.observe_from(trace.start)
    engine.note_carps(_carp_rows(carps, trace))
    told: dict[Key, Finding] = {}
    chosen = list(RULES.values() if rules is None else rules)

    def take(events: list[Event]) -> None:
        for event in events:
            for finding in judge(event, Case(NAMES, engine.routers[event.key], show_secrets), chosen):
                told.pop(finding.key._replace(rule=finding.supersedes or ""), None)
                told[finding.key] = finding

    sightings = trace.sightings
    for batch, following in batches(trace, sizes):
        engine.note_sightings(sightings[sightings["t"] <= following])
        sightings = sightings[sightings["t"] > following]
        take(engine.feed(trace.adverts[batch], following))
    engine.note_sightings(sightings)
    take(engine.close(trace.end))
    return sorted(told.values(), key=lambda f: (f.start, f.rule, f.virtual_router or ""))


def _carp_rows(carps: Iterable[Carp], trace: traces.Trace) -> NDArray[np.void]:
    said = list(carps)
    rows = np.zeros(len(said), CARP)
    for row, carp in zip(rows, said, strict=True):
        if carp.segment not in trace.tables.segments:
            trace.tables.segments.append(carp.segment)
        row["t"], row["number"], row["vhid"] = traces.ZERO + round(carp.at * 1e9), carp.number, carp.vhid
        row["segment"], row["family"] = trace.tables.segments.index(carp.segment), 4
    return rows


def _said(finding: Finding) -> tuple[object, ...]:
    zero = 0 if finding.virtual_router is None else traces.ZERO
    return (
        finding.rule,
        finding.severity,
        finding.confidence,
        finding.virtual_router,
        finding.routers,
        round((finding.start - zero) / _MICROSECOND),
        None if finding.end is None else round((finding.end - zero) / _MICROSECOND),
        tuple(frame.number for frame in finding.frames),
    )


def _expected(told: Told) -> tuple[object, ...]:
    family = 6 if told.virtual_router is not None and "ipv6" in told.virtual_router else 4
    return (
        told.severity,
        told.confidence,
        told.virtual_router,
        tuple(traces.address(letter, family) for letter in told.routers.split()),
        round(told.start * 1_000_000),
        None if told.end is None else round(told.end * 1_000_000),
        told.frames,
    )
