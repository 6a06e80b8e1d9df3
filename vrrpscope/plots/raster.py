"""Every advert where it was seen, and every one that was not: a lane for each router at each place.

Few adverts are drawn singly. Many become a curve, its height the adverts of each slice of time against those that the
announced interval promises. Adverts that should have been there stand below their lane, at the time at which they were
due: lost on the way, late or never sent, or it cannot be told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from vrrpscope.plots import canvas, spans
from vrrpscope.questions.overview import BINS, overview
from vrrpscope.report import palette
from vrrpscope.rules.text import count
from vrrpscope.timeline.events import MissedKind

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from vrrpscope.analysis import Analysis, VirtualRouter
    from vrrpscope.questions.overview import Lane, Overview
    from vrrpscope.timeline.profile import RouterKey

MAX_LANES: Final = 24
_PER_SLICE: Final = 6  # adverts that a slice should hold, for its height to mean something
_HALF: Final = 0.36
_MAX_TICKS: Final = 1_200  # adverts drawn singly in one lane
_MARKS: Final = {
    MissedKind.LOST: palette.LOST,
    MissedKind.LATE: palette.LATE,
    MissedKind.UNKNOWN: palette.MISSING,
}
_SHAPES: Final = {MissedKind.LOST: "v", MissedKind.LATE: "D", MissedKind.UNKNOWN: "s"}
_COLUMNS: Final = 180  # marks side by side that can be told apart


def raster(analysis: Analysis, ax: Axes | None = None, *, seen: Overview | None = None, most: int = MAX_LANES) -> Axes:
    """Draw adverts and missed adverts over time; the captures are read again for it.

    Args:
        analysis: what is known.
        ax: where to draw; new axes by default.
        seen: what looking at the captures again gave, where that was done already.
        most: lanes that there is room for; those of the worst virtual routers are drawn.

    Returns:
        The axes.
    """
    seen = overview(analysis) if seen is None else seen
    virtuals = {v.router.key: v for v in canvas.chosen(analysis, most)[0]}
    order = [(key, s.address) for key, v in virtuals.items() for s in palette.by_priority(v)]
    rank = {sender: n for n, sender in enumerate(order)}
    lanes = sorted(
        (lane for lane in seen.lanes if lane.key in virtuals),
        key=lambda lane: (rank[lane.key, lane.router], lane.place),
    )[:most]
    left_out = len(seen.lanes) - len(lanes)
    ax = canvas.axes(ax, 1.3 + 0.34 * max(len(lanes), 2))
    if not lanes:
        gone = "the captures cannot be read again" if seen.missing else "no advert in these captures"
        return canvas.nothing(ax, gone)
    styles = palette.router_styles(analysis)
    kinds: set[MissedKind] = set()
    for y, lane in enumerate(lanes):
        style = styles[lane.router]
        ax.axhline(y, color=canvas.RULE, linewidth=0.6, zorder=0.5)
        points = lane.points
        if points is not None and len(points) <= _MAX_TICKS:
            _ticks(ax, points, y, style.color_light, width=0.9 if len(points) > 300 else 1.4)
        else:
            _curve(ax, lane, seen, y, style.color_light)
        kinds |= _missed(ax, virtuals[lane.key], lane, seen, y)
    several = len({lane.key for lane in lanes}) > 1
    ax.set_yticks(range(len(lanes)), [_label(lane, seen, several=several) for lane in lanes])
    for label in ax.get_yticklabels():
        label.set_fontfamily(canvas.MONO)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(lanes) - 0.35, -0.6)
    _numbers(ax, lanes, virtuals)
    canvas.time_axis(ax, seen.start, seen.end)
    remarks = [f"{count(left_out, 'more lane')} left out"] if left_out else []
    remarks += [f"not read again: {', '.join(map(canvas.short, seen.missing[:3]))}"] if seen.missing else []
    canvas.title(ax, "Adverts", "; ".join(remarks))
    canvas.legend(ax, [_key(kind) for kind in MissedKind if kind in kinds])
    return ax


def _ticks(ax: Axes, t: NDArray[np.int64], y: int, color: str, width: float) -> None:
    x = canvas.days(t)
    low, high = np.full(len(x), y + _HALF), np.full(len(x), y - _HALF)
    lines = np.stack([np.stack([x, low], 1), np.stack([x, high], 1)], 1)
    ax.add_collection(LineCollection(list(lines), colors=color, linewidths=width, zorder=2), autolim=False)


def _curve(ax: Axes, lane: Lane, seen: Overview, y: int, color: str) -> None:
    """Draw the adverts of each slice against those that should be in it."""
    interval = max(lane.interval, 1)
    expected = (seen.end - seen.start) / BINS / interval
    merged = int(np.clip(np.ceil(_PER_SLICE / max(expected, 1e-9)), 1, BINS // 40))
    edges = seen.edges()[::merged] if BINS % merged == 0 else np.append(seen.edges()[:-1:merged], seen.edges()[-1])
    counts = np.add.reduceat(lane.counts, np.arange(0, BINS, merged))
    due = np.maximum(np.diff(edges) / interval, 1e-9)
    height = spans.visible(np.where(counts + 1 >= due, 1.0, counts / due))  # where a slice is cut is chance
    ax.stairs(y + _HALF - 2 * _HALF * height, canvas.days(edges), baseline=y + _HALF, fill=True, color=color, zorder=2)


def _missed(ax: Axes, virtual: VirtualRouter, lane: Lane, seen: Overview, y: int) -> set[MissedKind]:
    """Mark the adverts that did not come where they were due; return what kinds there were."""
    due: dict[MissedKind, list[NDArray[np.int64]]] = {}
    for missed in virtual.router.history.missed:
        if missed.router == lane.router and (len(seen.places) == 1 or lane.place == missed.after.vantage):
            times = np.linspace(missed.start, missed.end, min(missed.adverts, 60) + 2)[1:-1].astype(np.int64)
            due.setdefault(missed.kind, []).append(times)
    for kind, parts in due.items():
        t = np.concatenate(parts)
        slices = (t - seen.start) * _COLUMNS // max(seen.end - seen.start, 1)
        t = t[np.unique(slices, return_index=True)[1]]
        ax.plot(
            canvas.days(t),
            np.full(len(t), y + _HALF + 0.06),
            linestyle="none",
            marker=_SHAPES[kind],
            markersize=4.2,
            markerfacecolor="white",
            markeredgecolor=_MARKS[kind].color_light,
            markeredgewidth=1.1,
            zorder=4,
            clip_on=False,
        )
    return set(due)


def _numbers(ax: Axes, lanes: list[Lane], virtuals: dict[RouterKey, VirtualRouter]) -> None:
    """Write at the right how many adverts each lane has, and how many it lacks."""
    for y, lane in enumerate(lanes):
        speaker = virtuals[lane.key].router.speakers[lane.router]
        parts = [f"{lane.adverts:,}"]
        for kind, tally in speaker.missed.items():
            parts.append(f"{tally.adverts:,} {_MARKS[kind].name.removeprefix('adverts ')}")
        ax.annotate(
            " · ".join(parts),
            xy=(1, y),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=canvas.SMALL,
            color=canvas.FAINT,
            fontfamily=canvas.SANS,
        )


def _label(lane: Lane, seen: Overview, *, several: bool) -> str:
    number = f"{lane.key.segment + ' ' if lane.key.segment else ''}{lane.key.vrid}  " if several else ""
    place = f"  at {canvas.short(seen.places[lane.place])}" if len(seen.places) > 1 else ""
    return f"{canvas.plain(number)}{canvas.short(lane.router)}{place}"


def _key(kind: MissedKind) -> Line2D:
    return Line2D(
        [],
        [],
        linestyle="none",
        marker=_SHAPES[kind],
        markersize=5,
        markerfacecolor="white",
        markeredgecolor=_MARKS[kind].color_light,
        label=_MARKS[kind].name,
    )
