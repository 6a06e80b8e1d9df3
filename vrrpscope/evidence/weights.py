"""How a priority came about: which trackers must have failed for a router to announce it.

A weighted tracker either counts or does not, so what an instance can announce are the sums of its own priority with any
of its weights. What a tracked file adds depends on a number in that file, which no configuration knows.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Final

from vrrpscope.evidence.configuration import OWNER

if TYPE_CHECKING:
    from vrrpscope.evidence.configuration import Instance, Tracker

MAX_COMBINATIONS: Final = 6
"""Explanations of one priority that are told."""
_MAX_WEIGHTED: Final = 16  # trackers of one instance that are combined
_MAX_TOGETHER: Final = 4  # that fail at once


def reachable(instance: Instance) -> frozenset[int] | None:
    """Return every priority that an instance can announce by its configuration; None if that cannot be told.

    It cannot where a file decides, or more weights than anybody can add up.
    """
    if any(tracker.kind == "file" for tracker in instance.trackers):
        return None
    if instance.priority == OWNER:
        return frozenset({OWNER})
    weights = tuple(tracker.adds(good=True) or tracker.adds(good=False) for tracker in instance.trackers)
    weights = tuple(weight for weight in weights if weight)
    return None if len(weights) > _MAX_WEIGHTED else _sums(instance.priority, weights)


@lru_cache(maxsize=1024)
def _sums(priority: int, weights: tuple[int, ...]) -> frozenset[int]:
    sums = {priority}
    for weight in weights:
        sums |= {total + weight for total in sums}
    return frozenset(min(max(total, 1), OWNER - 1) for total in sums)


def explaining(instance: Instance, priority: int) -> tuple[tuple[Tracker, ...], ...]:
    """Return which trackers may have failed where an instance announces this priority, the fewest first.

    Every combination is one explanation; there are up to `MAX_COMBINATIONS`. An empty one stands for none failed.
    """
    weighted = [t for t in instance.trackers if t.weight and t.kind != "file"][:_MAX_WEIGHTED]
    found: list[tuple[Tracker, ...]] = []
    for together in range(min(len(weighted), _MAX_TOGETHER) + 1):
        for failed in combinations(weighted, together):
            if instance.effective(failed) == priority:
                found.append(failed)
                if len(found) == MAX_COMBINATIONS:
                    return tuple(found)
    return tuple(found)
