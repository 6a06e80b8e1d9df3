"""Where things stand in a timeline: shares of its width, rows, ticks; and what is too narrow is drawn together.

Horizontal places are percentages, so that a drawing fits any width without a script and no text is ever stretched; a
script zooms by writing other percentages. Vertical ones are pixels.

A storm makes thousands of reigns. What stands within a cell of its neighbour and is narrower than that itself is one
shape with a count; cells begin at a millionth of the width, which no zoom can tell apart, and grow until few enough
shapes are left. So a page is bounded whatever happened, and a quiet one loses nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.report.lanes import Item, stretch
from vrrpscope.report.times import clock, date
from vrrpscope.rules.text import count, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vrrpscope.report.lanes import Chart
    from vrrpscope.report.palette import Style

SECOND: Final = 1_000_000_000

BAND: Final = 22  # pixels: the row of states above, and of findings below
ROW: Final = 38
AXIS: Final = 20
_BAR: Final = 16  # from a row's top
_TICKS: Final = 5  # at most, without a script: they must fit a telephone

_STEPS: Final = (
    *(m * 10**e for e in range(9) for m in (1, 2, 5)),  # nanoseconds to half a second
    *(SECOND * s for s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200)),
    *(86400 * SECOND * d for d in (1, 2, 7, 14, 28, 91, 182, 364, 3640, 36400, 364000)),
)

_MEANINGS: Final = {
    "split": "split brain",
    "vacant": "nobody master",
    "muted": "master, silent at times",
    "mute": "master, but silent",
    "election": "becomes master",
    "farewell": "resigns",
    "priority": "new priority",
    "claim": "clients told (ARP, ND)",
    "lost": "adverts lost",
    "late": "advert late",
    "missing": "adverts missing",
}


class Shape(NamedTuple):
    """One thing in its place; `x` and `width` are percentages."""

    kind: str
    x: str
    width: str
    y: int
    lines: tuple[str, ...]
    label: str = ""
    anchor: str = ""


class Row(NamedTuple):
    """One router's lane."""

    y: int
    address: str
    priorities: str
    style: int  # its class: s0, s1, …
    pattern: int
    bars: list[Shape]
    marks: list[Shape]


class Tick(NamedTuple):
    """One time on the axis."""

    x: str
    text: str
    anchor: str  # SVG's text-anchor: the outermost must not be cut off


class Drawing(NamedTuple):
    """A chart laid out."""

    start: int
    end: int
    height: int
    unknown: str  # percentage before the virtual router was first seen
    full: str  # percentage from which on not everything was kept; empty if all was
    states: list[Shape]
    rows: list[Row]
    findings: list[Shape]
    findings_y: int
    ticks: list[Tick]
    omitted: int
    together: bool  # whether anything was drawn together


def draw(chart: Chart, extent: tuple[int, int], styles: dict[str, tuple[int, Style]], limit: int) -> Drawing:
    """Lay out a chart.

    Args:
        chart: what to draw.
        extent: the time that the whole width stands for; nanoseconds, not empty.
        styles: number and style of each router, by address.
        limit: how many shapes of one kind a row may have.
    """
    frame = _Frame(extent)
    states, several = frame.place(chart.states, 0, limit)
    rows = []
    for number, lane in enumerate(chart.lanes):
        y, (style, look) = BAND + number * ROW, styles[lane.speaker.address]
        bars, more_bars = frame.place(lane.bars, y + _BAR, limit)
        marks, more_marks = frame.place(lane.marks, y, limit)
        several = several or more_bars or more_marks
        rows.append(Row(y, lane.speaker.address, lane.priorities, style, look.pattern, bars, marks))
    below = BAND + len(rows) * ROW
    findings, more = frame.place(chart.findings, below, limit)
    return Drawing(
        *extent,
        below + BAND + AXIS,
        frame.share(chart.first),
        "" if chart.full is None else frame.share(chart.full),
        states,
        rows,
        findings[::-1],  # the worst on top
        below,
        ticks(*extent),
        chart.omitted,
        several or more,
    )


def gather(items: Sequence[Item], length: int, limit: int) -> list[Item]:
    """Return items by kind and start, those close together as one until at most `limit` of each kind are left.

    Args:
        items: in order of start.
        length: of the whole chart, nanoseconds.
        limit: how many may be left of each kind.
    """
    kinds: dict[str, list[Item]] = {}
    for item in items:
        kinds.setdefault(item.kind, []).append(item)
    return [item for alike in kinds.values() for item in _gather(alike, length, limit)]


def _gather(items: list[Item], length: int, limit: int) -> list[Item]:
    cell = max(length // 1_000_000, 1)
    groups = [[item] for item in items]
    while len(groups) > limit:
        groups = _groups(items, cell)
        cell *= 2
    return [group[0] if len(group) == 1 else _together(group) for group in groups]


def _groups(items: list[Item], cell: int) -> list[list[Item]]:
    """Return items in groups that begin within a cell; one that is wider stands alone."""
    groups: list[list[Item]] = []
    wide = True
    for item in items:
        is_wide = item.end - item.start >= cell
        if wide or is_wide or item.start - groups[-1][0].start >= cell:
            groups.append([item])
        else:
            groups[-1].append(item)
        wide = is_wide
    return groups


def _together(group: list[Item]) -> Item:
    first, end = group[0], max(item.end for item in group)
    lasting = sum(item.end - item.start for item in group)
    lines = [f"{len(group)} {first.plural}, drawn together", stretch(first.start, end)]
    lines += [f"{span(lasting)} in all"] if lasting else []
    lines += [f"the first: {first.lines[0]}"]
    return Item(f"{first.kind} many", first.start, end, tuple(lines), first.plural, "", first.anchor)


class _Frame:
    """Times as shares of the width."""

    def __init__(self, extent: tuple[int, int]) -> None:
        self._start, self._length = extent[0], extent[1] - extent[0]

    def share(self, t: int) -> str:
        return percent(t - self._start, self._length)

    def place(self, items: Sequence[Item], y: int, limit: int) -> tuple[list[Shape], bool]:
        """Return the shapes of a row, and whether some stand for many."""
        kept = gather(items, self._length, limit)
        shapes = [
            Shape(i.kind, self.share(i.start), percent(i.end - i.start, self._length), y, i.lines, i.label, i.anchor)
            for i in kept
        ]
        return shapes, len(kept) < len(items)


def percent(part: int, whole: int) -> str:
    """Return a percentage with as many digits as a deep zoom needs: `12.345678901`."""
    share = min(max(part / whole, 0.0), 1.0) if whole > 0 else 0.0
    return f"{100 * share:.9f}".rstrip("0").rstrip(".")


def ticks(start: int, end: int) -> list[Tick]:
    """Return the times to write below: round ones, few enough for a narrow page."""
    length = end - start
    step = next((s for s in _STEPS if length // s < _TICKS), _STEPS[-1])
    days = length >= 86400 * SECOND
    first = -(-start // step) * step
    return [_tick(t, start, length, step, days=days) for t in _times(first, end, step)]


def _times(first: int, end: int, step: int) -> Iterable[int]:
    return range(first, end + 1, step)


def _tick(t: int, start: int, length: int, step: int, *, days: bool) -> Tick:
    place = (t - start) / length
    anchor = "start" if place < 0.06 else "end" if place > 0.94 else "middle"
    return Tick(percent(t - start, length), _stamp(t, step, days=days), anchor)


def _stamp(t: int, step: int, *, days: bool) -> str:
    if step >= 86400 * SECOND:
        return date(t)
    decimals = 0 if step >= SECOND else 3 if step >= SECOND // 1000 else 6 if step >= 1000 else 9
    text = clock(t, decimals).rstrip(".") if decimals == 0 else clock(t, decimals)
    if step >= 60 * SECOND:
        text = text[:5]
    return f"{date(t)[5:]} {text}" if days else text


def shares(parts: Sequence[tuple[str, int]], whole: int) -> list[tuple[str, str, str]]:
    """Return a stacked bar: each part's name, where it begins and how wide it is, in percent."""
    out, before = [], 0
    for name, part in parts:
        if part:
            out.append((name, percent(before, whole), percent(part, whole)))
        before += part
    return out


def legend(drawing: Drawing) -> list[tuple[str, str]]:
    """Return the symbols that a drawing uses, each with its meaning."""
    kinds = {shape.kind.split(" ")[0] for row in drawing.rows for shape in row.marks}
    kinds |= {shape.kind.split(" ")[0] for shape in drawing.states}
    of_bars = {word for row in drawing.rows for shape in row.bars for word in shape.kind.split(" ")}
    kinds |= of_bars & {"muted", "mute"} | ({"mute"} if "unseen" in of_bars else set())
    return [(kind, words) for kind, words in _MEANINGS.items() if kind in kinds]


def summary(chart: Chart) -> str:
    """Return a chart in one sentence, for who cannot see it."""
    moves = sum(mark.kind == "election" for lane in chart.lanes for mark in lane.marks)
    parts = [count(len(chart.lanes), "router"), count(moves, "election")]
    for kind, noun in (("split", "split brain"), ("vacant", "time without a master")):
        found = sum(item.kind == kind for item in chart.states)
        if found:
            parts.append(f"{found} times without a master" if kind == "vacant" and found > 1 else count(found, noun))
    return ", ".join(parts)
