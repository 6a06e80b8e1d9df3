"""Which priority each router announced, over time: a weight that drops, an owner's 255, a resignation.

A router's priority is known while it advertises; between its reigns the line is broken, for a silent backup may have
any priority. A triangle at the bottom is a priority 0: it resigned.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal

from matplotlib.lines import Line2D

from vrrpscope.plots import canvas, spans
from vrrpscope.questions.overview import overview
from vrrpscope.report import palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from vrrpscope.analysis import Analysis, VirtualRouter
    from vrrpscope.questions.overview import Lane, Overview
    from vrrpscope.timeline.profile import RouterKey

MAX_LINES: Final = 8
MAX_LEGEND: Final = 3
MAX_BREAKS: Final = 400
_STYLES: Final[tuple[tuple[int, tuple[float, ...]] | Literal["-"], ...]] = (
    "-",
    (0, (5, 1.5)),
    (0, (1.5, 1)),
    (0, (6, 1.5, 1.5, 1.5)),
)


def priority(analysis: Analysis, ax: Axes | None = None, *, seen: Overview | None = None) -> Axes:
    """Draw the announced priorities over time; the captures are read again for it.

    Args:
        analysis: what is known.
        ax: where to draw; new axes by default.
        seen: what looking at the captures again gave, where that was done already.

    Returns:
        The axes.
    """
    seen = overview(analysis) if seen is None else seen
    ax = canvas.axes(ax, 3.0)
    everyone = seen.best()
    if not everyone:
        gone = "the captures cannot be read again" if seen.missing else "no advert in these captures"
        return canvas.nothing(ax, gone)
    virtuals = {v.router.key: v for v in analysis.virtual_routers}
    lanes = _chosen(everyone)
    styles = palette.router_styles(analysis)
    handles: list[Line2D] = []
    for lane in lanes:
        style = styles[lane.router]
        dash = _STYLES[style.pattern % len(_STYLES)]
        stretches = _stretches(lane, virtuals[lane.key], seen)
        ax.hlines(
            [value for _, _, value in stretches],
            [low for low, _, _ in stretches],
            [high for _, high, _ in stretches],
            colors=style.color_light,
            linestyles=dash,
            linewidths=2.2 if len(stretches) < MAX_BREAKS else 1.0,
            capstyle="butt",
            zorder=3,
        )
        farewells = [canvas.days(t) for t, p in lane.steps if p == 0]
        ax.plot(
            farewells[:MAX_BREAKS],
            [0] * len(farewells[:MAX_BREAKS]),
            linestyle="none",
            marker="v",
            markersize=5,
            markerfacecolor="white",
            markeredgecolor=style.color_light,
            zorder=4,
            clip_on=False,
        )
        label = canvas.short(lane.router)
        if label not in {handle.get_label() for handle in handles}:
            handles.append(Line2D([], [], color=style.color_light, linestyle=dash, linewidth=2, label=label))
    highest = max(p for lane in lanes for _, p in lane.steps)
    ax.set_ylim(-4, 258 if highest > 200 else max(highest * 1.15, 20))
    ax.set_ylabel("priority", fontsize=canvas.SMALL, color=canvas.FAINT)
    canvas.time_axis(ax, seen.start, seen.end)
    remarks = [f"{len(lanes)} of {len(everyone)} lines, those that change most"] if len(lanes) < len(everyone) else []
    remarks += ["later changes left out"] if any(lane.omitted for lane in lanes) else []
    canvas.title(ax, "Priority", "; ".join(remarks))
    canvas.legend(ax, handles[:MAX_LEGEND])
    return ax


def _chosen(everyone: list[Lane]) -> list[Lane]:
    """Return the lanes of the virtual routers in which priorities change most, all of a virtual router or none."""
    groups: dict[RouterKey, list[Lane]] = {}
    for lane in everyone:
        groups.setdefault(lane.key, []).append(lane)
    changing = sorted(groups.values(), key=lambda group: -max(len({p for _, p in lane.steps if p}) for lane in group))
    chosen = [lane for group in changing for lane in group][:MAX_LINES]
    return sorted(chosen, key=everyone.index)


def _stretches(lane: Lane, virtual: VirtualRouter, seen: Overview) -> list[tuple[float, float, int]]:
    """Return from when to when, in matplotlib's days, which priority was announced; only while it was master."""
    history = virtual.router.history
    reigns = sorted(spans.of_reigns((r for r in history.reigns if r.router == lane.router), seen.start, seen.end))
    if history.omitted or len(reigns) > MAX_BREAKS or not reigns:
        reigns = [spans.Span(lane.steps[0][0], seen.end)]
    steps = [*lane.steps, (seen.end, 0)]
    announced = [(low, high, p) for (low, p), (high, _) in pairwise(steps) if p]
    least = (seen.end - seen.start) // spans.SLIVER * 2  # half a plot's width: as thin, in pixels, as elsewhere
    found = []
    at = 0
    for reign in reigns:
        while at < len(announced) and announced[at][1] <= reign.start:
            at += 1
        for low, high, value in announced[at:]:
            if low > reign.end:
                break
            begin = max(low, reign.start)
            until = max(min(high, reign.end), begin + least)
            found.append((canvas.days(begin), canvas.days(until), value))
    return found
