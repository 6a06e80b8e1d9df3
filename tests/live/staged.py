"""A watch without a network: how things stand after a story told as a trace, or in a recorded capture.

Run as a program it is a watch that shows a recording on a real terminal: `python -m tests.live.staged SAMPLE SECONDS`.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from tests import trace as traces
from tests.frames import part
from vrrpscope.capture.files import open_source
from vrrpscope.capture.frames import CaptureInfo
from vrrpscope.live.listener import Counters, State
from vrrpscope.live.screen import Screen
from vrrpscope.outcome import VirtualRouter
from vrrpscope.rules import RULES, Case, judge
from vrrpscope.session import Session
from vrrpscope.timeline.engine import Engine
from vrrpscope.timeline.metrics import Availability

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vrrpscope.findings import Finding, Key

SAMPLES: Final = Path(__file__).parents[2] / "samples"
SECOND: Final = 1_000_000_000


def told(
    text: str, now: float, *, dropped: int = 0, interfaces: tuple[tuple[str, bool], ...] = (("eth0", True),)
) -> State:
    """Return how things stand at a second of a trace, when nothing after it has come yet."""
    trace = traces.parse(text)
    at = traces.ZERO + round(now * SECOND)
    engine = Engine(trace.tables)
    engine.observe_from(trace.start)
    adverts = trace.adverts[trace.adverts["t"] <= at]
    found: dict[Key, Finding] = {}
    for event in engine.feed(adverts, at):
        for finding in judge(event, Case(("eth0",), engine.routers[event.key]), list(RULES.values())):
            found.pop(finding.key._replace(rule=finding.supersedes or ""), None)
            found[finding.key] = finding
    routers = tuple(VirtualRouter(r, Availability(0, 0, 0, 0)) for _, r in sorted(engine.routers.items()))
    info = CaptureInfo("eth0", "eth0", frames=len(adverts), first=trace.start, last=at)
    counters = Counters(len(adverts) + dropped, len(adverts), dropped)
    return State(at, info, counters, routers, _in_order(found.values()), interfaces)


def recorded(path: Path, seconds: float) -> State:
    """Return how things stand so many seconds after a capture began."""
    found: dict[Key, Finding] = {}
    session = Session(window=0)
    source = open_source(str(path), name="eth0")
    session.open(0, source.info)
    now = adverts = 0
    for frames in source:
        now = now or int(frames.t[0]) + round(seconds * SECOND)
        kept = part(frames, slice(0, int(np.searchsorted(frames.t, now))))
        found |= {f.key: f for f in session.feed(0, kept)}
    found |= {f.key: f for f in session.advance(0, now)}
    routers = session.virtual_routers(now)
    adverts = sum(s.adverts for v in routers for s in v.router.speakers.values())
    counters = Counters(source.info.frames, adverts, 0)
    return State(now, source.info, counters, routers, _in_order(found.values()), (("eth0", True),))


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda f: f.start))


def play(sample: str, seconds: float) -> None:
    """Show a recording as it stood after so many seconds, until the user has seen enough."""
    screen, enough = Screen(source="eth0"), threading.Event()

    def watch() -> str:
        state = recorded(SAMPLES / sample, seconds)
        while not enough.wait(0.2):
            screen.listener.tick(state)
        return "the watch has ended in good order"

    sys.stdout.write(screen.run(watch, enough.set) + "\n")


if __name__ == "__main__":
    play(sys.argv[1], float(sys.argv[2]))
