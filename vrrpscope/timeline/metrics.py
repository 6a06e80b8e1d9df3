"""How long the virtual router had one master, none, or too many: availability that adds up.

The time observed runs from the first advert of the virtual router to the end of the captures. What was before
is unknown, not an outage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vrrpscope.timeline.events import Reign


class Availability(NamedTuple):
    """Nanoseconds; mastered, masterless and contested add up to observed."""

    observed: int
    mastered: int
    masterless: int
    contested: int


def availability(reigns: Iterable[Reign], start: int, end: int) -> Availability:
    """Sum up how many were master between two times; a reign without end lasts to the end."""
    changes: list[tuple[int, int]] = []
    for reign in reigns:
        first, last = max(reign.start, start), min(end if reign.end is None else reign.end, end)
        if first < last:
            changes += [(first, 1), (last, -1)]
    spans = [0, 0, 0]  # with no, one, several masters
    before, masters = start, 0
    for at, change in sorted(changes):
        spans[min(masters, 2)] += at - before
        before, masters = at, masters + change
    spans[min(masters, 2)] += end - before
    return Availability(end - start, spans[1], spans[0], spans[2])
