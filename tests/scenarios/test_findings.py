"""What the rules find in each story. A story takes part once it has a `findings.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import trace as traces
from tests.scenarios.telling import batches
from vrrpscope.rules import RULES, Case, judge
from vrrpscope.timeline.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vrrpscope.findings import Finding, Key
    from vrrpscope.timeline.events import Event

STORIES = sorted(path.parent for path in Path(__file__).parent.glob("*/findings.json"))

story_of = pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)


def findings(story: Path, sizes: Iterable[int] = ()) -> list[Finding]:
    """Judge a story as a session would, event by event as each batch comes."""
    trace = traces.parse((story / "trace.txt").read_text(encoding="utf-8"))
    engine = Engine(trace.tables)
    engine.observe_from(trace.start)
    found: dict[Key, Finding] = {}

    def take(events: list[Event]) -> None:
        for event in events:
            case = Case(["a", "b"], engine.routers[event.key])
            found.update((f.key, f) for f in judge(event, case, RULES.values()))

    sightings = trace.sightings
    for batch, following in batches(trace, sizes):
        engine.note_sightings(sightings[sightings["t"] <= following])
        sightings = sightings[sightings["t"] > following]
        take(engine.feed(trace.adverts[batch], following))
    engine.note_sightings(sightings)
    take(engine.close(trace.end))
    return sorted(found.values(), key=lambda f: (f.start, f.rule, f.virtual_router or "", f.routers))


@story_of
def test_the_rules_judge_the_story(story: Path, golden: Callable[[Path, str], None]) -> None:
    told = [
        {
            "rule": f.rule,
            "severity": f.severity,
            "confidence": f.confidence,
            "virtual_router": f.virtual_router,
            "routers": f.routers,
        }
        for f in findings(story)
    ]
    golden(story / "findings.json", json.dumps(told, indent=1) + "\n")


@story_of
def test_findings_do_not_depend_on_batches(story: Path) -> None:
    assert findings(story, (1,)) == findings(story)
