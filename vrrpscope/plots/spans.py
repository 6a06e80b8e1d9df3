"""Reigns as spans of a picture: who was master in which part of it, and where nobody was or two were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from vrrpscope.plots.canvas import days

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from vrrpscope.analysis import VirtualRouter
    from vrrpscope.timeline.events import Reign

SLIVER: Final = 800
"""The smallest part of a picture's width that can be seen."""


LOW: Final = 0.18
"""The smallest part of a lane's height that is drawn."""


class Span(NamedTuple):
    """From when to when, nanoseconds since the epoch."""

    start: int
    end: int


def of_reigns(reigns: Iterable[Reign], start: int, end: int) -> list[Span]:
    """Return reigns as far as they lie within a time."""
    spans = (Span(max(r.start, start), min(end if r.end is None else r.end, end)) for r in reigns)
    return [s for s in spans if s.start <= s.end]


def splits(virtual: VirtualRouter, start: int, end: int) -> list[Span]:
    """Return when two were master at once and not just while one yielded."""
    found = virtual.router.history.splits.values()
    spans = (Span(max(s.start, start), min(end if s.end is None else s.end, end)) for s in found)
    return [s for s in spans if s.start <= s.end]


def vacancies(virtual: VirtualRouter, start: int, end: int) -> list[Span]:
    """Return when nobody was master, from the first advert on; where it is known."""
    history = virtual.router.history
    at = max(start, min(s.first.t for s in virtual.router.speakers.values()))
    if history.omitted:
        return []
    found = []
    for span in sorted(of_reigns(history.reigns, start, end)):
        if span.start > at:
            found.append(Span(at, span.start))
        at = max(at, span.end)
    return [*found, Span(at, end)] if at < end else found


def bars(spans: Sequence[Span], start: int, end: int) -> list[tuple[float, float]]:
    """Return spans as bars in matplotlib's days, start and width, none too thin to be seen."""
    least = max(end - start, 1) / SLIVER
    return [(days(s.start), max(s.end - s.start, least) / 86_400e9) for s in spans]


def shares(spans: Sequence[Span], edges: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return which part of each slice is covered by spans that do not overlap. Shape (len(edges) - 1,), 0 to 1."""
    if not spans:
        return np.zeros(len(edges) - 1)
    origin = int(edges[0])
    bounds = np.array(sorted(spans), np.int64) - origin
    lengths = bounds[:, 1] - bounds[:, 0]
    until = np.cumsum(lengths)
    covered = np.interp(edges - origin, bounds.ravel(), np.column_stack([until - lengths, until]).ravel())
    part: NDArray[np.float64] = np.clip(np.diff(covered) / np.maximum(np.diff(edges), 1), 0, 1)
    return part


def visible(part: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return shares as heights: what is more than nothing is high enough to be seen."""
    return np.where(part > 0, np.maximum(part, LOW), 0.0)


def slices(start: int, end: int, count: int) -> NDArray[np.int64]:
    """Return the edges of `count` slices of a time. Shape (count + 1,), nanoseconds."""
    return start + (np.arange(count + 1) * ((end - start) / count)).astype(np.int64)
