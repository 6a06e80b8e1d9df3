"""A part of an analysis by time: the same story, of which only what touches that time is told.

Nothing is judged anew: who was master is known with the hindsight of the whole, and what lasted longer than the part
keeps its own start and end. Availability is that of the part. The adverts and gaps that a router's tallies count stay
those of the whole; a question that reads the captures again keeps to the part.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from vrrpscope.errors import UsageError
from vrrpscope.timeline.history import History
from vrrpscope.timeline.metrics import availability

if TYPE_CHECKING:
    from vrrpscope.analysis import Analysis, VirtualRouter
    from vrrpscope.timeline.router import Router


def between(analysis: Analysis, start: int | None, end: int | None) -> Analysis:
    """Return what touches a time.

    Args:
        analysis: the whole.
        start: nanoseconds since the epoch; None is from its beginning.
        end: likewise, to its end.

    Raises:
        UsageError: the time ends before it begins, or lies beside what was captured.
    """
    if analysis.start is None or analysis.end is None:
        return analysis
    low = analysis.start if start is None else max(start, analysis.start)
    high = analysis.end if end is None else min(end, analysis.end)
    if start is not None and end is not None and start > end:
        raise UsageError("a time that ends before it begins")
    if low > high:
        raise UsageError("nothing was captured in that time")
    chosen = tuple(v for v in (_part(v, low, high) for v in analysis.virtual_routers) if v is not None)
    findings = tuple(
        f
        for f in analysis.findings
        if f.start == 0 or (f.start <= high and (f.end is None or f.end >= low))  # 0: of configurations, at any time
    )
    return replace(analysis, virtual_routers=chosen, findings=findings, start=low, end=high)


def is_part(analysis: Analysis) -> bool:
    """Whether an analysis tells of less time than its captures cover."""
    times = [t for c in analysis.captures for t in (c.info.first, c.info.last) if t is not None]
    return bool(times) and (analysis.start, analysis.end) != (min(times), max(times))


def _part(virtual: VirtualRouter, low: int, high: int) -> VirtualRouter | None:
    """Return a virtual router's part; None if it was not there yet."""
    router = virtual.router
    first = min(s.first.t for s in router.speakers.values())
    if first > high:
        return None
    part: Router = copy(router)
    part.history = _during(router.history, low, high)
    part.speakers = {address: s for address, s in router.speakers.items() if s.first.t <= high}
    shares = availability(router.history.reigns, max(low, first), high)
    return replace(virtual, router=part, availability=shares)


def _during(history: History, low: int, high: int) -> History:
    """Return what a history has of a time; the events themselves are shared."""
    return History(
        reigns=[r for r in history.reigns if r.start <= high and (r.end is None or r.end >= low)],
        elections=[e for e in history.elections if low <= e.time <= high],
        missed=[m for m in history.missed if m.start <= high and m.end >= low],
        splits={t: s for t, s in history.splits.items() if t <= high and (s.end is None or s.end >= low)},
        outages={t: o for t, o in history.outages.items() if t <= high and (o.end is None or o.end >= low)},
        omitted=history.omitted,
    )
