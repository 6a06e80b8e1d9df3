"""Who was master when, as one line of characters per router.

    10.0.0.5  prio 150  █████████████▒▒▒▒▒▒▒▒██████████
    10.0.0.6  prio 100  ·············████████··········

A cell is a slice of time: full where the router was master in any part of it, shaded where it reigned without
a sound. So a reign shorter than a cell is still seen. The ASCII forms serve terminals that have no others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vrrpscope.timeline.events import Reign


class Glyphs(NamedTuple):
    """The characters of a chart."""

    master: str
    other: str  # not master
    both: str
    nobody: str


UNICODE = Glyphs("█", "·", "▲", "○")
ASCII = Glyphs("#", ".", "^", "o")


def lane(reigns: Sequence[Reign], start: int, end: int, width: int, glyphs: Glyphs) -> str:
    """Return one router's line; times in nanoseconds, `width` cells."""
    return "".join(glyphs.master if hit else glyphs.other for hit in _cells(reigns, start, end, width))


def marks(lanes: Sequence[Sequence[Reign]], start: int, end: int, width: int, glyphs: Glyphs) -> str:
    """Return the line below the lanes: where more than one was master, and where nobody was.

    A cell is marked only for a state that lasted at least half of it or is longer than a cell, so that an
    orderly hand-over does not look like a split brain.
    """
    line = []
    step = max((end - start) // width, 1)
    for cell in range(width):
        low = start + (end - start) * cell // width
        shares = [sum(_overlap(r, low, low + step, end) for r in reigns) for reigns in lanes]
        several = sum(share * 2 >= step for share in shares) > 1
        line.append(glyphs.both if several else glyphs.nobody if sum(shares) * 2 < step else " ")
    return "".join(line)


def _cells(reigns: Sequence[Reign], start: int, end: int, width: int) -> list[bool]:
    cells = [False] * width
    length = max(end - start, 1)
    for reign in reigns:
        last = end if reign.end is None else reign.end
        low = max((reign.start - start) * width // length, 0)
        high = max(-((start - last) * width // length), low + 1)
        for cell in range(low, min(high, width)):
            cells[cell] = True
    return cells


def _overlap(reign: Reign, low: int, high: int, end: int) -> int:
    last = end if reign.end is None else reign.end
    return max(min(high, last) - max(low, reign.start), 0)
