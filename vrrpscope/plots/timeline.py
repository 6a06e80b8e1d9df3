"""Who was master when: a lane of reigns for each router, and above them where two were master or nobody was.

With a few virtual routers each router has its lane. With many, each virtual router has one, in its master's colour. A
lane with more reigns than can be told apart becomes a curve: the share of each slice of time in which it was master.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import matplotlib.patheffects as effects
from matplotlib.patches import Patch

from vrrpscope.plots import canvas, spans
from vrrpscope.report import palette
from vrrpscope.rules.text import span as text_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from vrrpscope.analysis import Analysis, VirtualRouter
    from vrrpscope.report.palette import Style

MAX_LANES: Final = 14  # of routers; with more, a virtual router has one lane
MAX_ROWS: Final = 40  # of virtual routers
MAX_BARS: Final = 250  # of one lane; with more it is a curve
SLICES: Final = 400
_MAX_CAUSES: Final = 12
_MAX_LEGEND: Final = 8
_HALF: Final = 0.34
_PATTERNED: Final = 120  # of the width: what is shorter is only a stroke
_APART: Final = 0.10  # of the width: between two words


def timeline(analysis: Analysis, ax: Axes | None = None, *, most: int = MAX_ROWS) -> Axes:
    """Draw the reigns of every router over time, with split brains and times without a master.

    Args:
        analysis: what is known.
        ax: where to draw; new axes by default.
        most: virtual routers that there is room for; the worst are drawn.

    Returns:
        The axes.
    """
    lanes = sum(len(v.router.speakers) + 1 for v in analysis.virtual_routers)
    detailed = lanes <= MAX_LANES
    shown, remark = canvas.chosen(analysis, most)
    rows = lanes if detailed else len(shown)
    ax = canvas.axes(ax, 1.3 + (0.36 if detailed else 0.22) * max(rows, 3))
    if not shown or analysis.start is None or analysis.end is None:
        return canvas.nothing(ax, "no virtual router in these captures")
    lanes_of = _Lanes(ax, analysis.start, analysis.end, palette.router_styles(analysis))
    if detailed:
        for virtual in shown:
            lanes_of.routers(virtual)
    else:
        for virtual in shown:
            lanes_of.virtual_router(virtual)
    lanes_of.finish()
    canvas.time_axis(ax, analysis.start, analysis.end)
    canvas.title(ax, "Who was master", remark)
    return ax


class _Lanes:
    """Lanes from the top down."""

    def __init__(self, ax: Axes, start: int, end: int, styles: dict[str, Style]) -> None:
        self._ax, self._start, self._end, self._styles = ax, start, end, styles
        self._y = 0.0
        self._ticks: list[tuple[float, str, bool]] = []  # height, label, whether it heads a group
        self._drawn: dict[str, Patch] = {}
        self._one_each = False

    def routers(self, virtual: VirtualRouter) -> None:
        """Draw a virtual router with a lane for each of its routers."""
        history = virtual.router.history
        top = self._y
        self._ticks.append((self._y, canvas.name(virtual), True))
        self._states(virtual, self._y)
        self._y += 1
        for speaker in palette.by_priority(virtual):
            reigns = spans.of_reigns((r for r in history.reigns if r.router == speaker.address), self._start, self._end)
            self._ticks.append((self._y, canvas.short(speaker.address), False))
            self._ax.axhline(self._y, color=canvas.RULE, linewidth=0.8, zorder=0.5)
            self._lane(speaker.address, reigns, self._y)
            self._y += 1
        contested = spans.bars(spans.splits(virtual, self._start, self._end), self._start, self._end)
        self._ax.broken_barh(
            contested,
            (top + 0.5, self._y - top - 1),
            facecolors=palette.SPLIT_BRAIN.color_light,
            alpha=0.13,
            zorder=0.6,
        )
        self._causes(virtual, top)

    def virtual_router(self, virtual: VirtualRouter) -> None:
        """Draw a virtual router as one lane, in the colour of whoever was master."""
        self._one_each = True
        history = virtual.router.history
        self._ticks.append((self._y, canvas.name(virtual), False))
        for speaker in palette.by_priority(virtual):
            reigns = spans.of_reigns((r for r in history.reigns if r.router == speaker.address), self._start, self._end)
            if reigns:
                self._lane(speaker.address, reigns, self._y)
        contested = spans.splits(virtual, self._start, self._end)
        if contested:
            mark = palette.SPLIT_BRAIN
            self._paint(contested, self._y - _HALF, 2 * _HALF, mark.color_light, "xxx", zorder=3)
            self._drawn.setdefault(
                mark.name,
                Patch(facecolor=mark.color_light, edgecolor="white", hatch="xxx", label=f"{mark.symbol} {mark.name}"),
            )
        self._y += 1

    def _lane(self, address: str, reigns: list[spans.Span], y: float) -> None:
        style = self._styles[address]
        hatch = palette.PATTERNS[style.pattern].hatch
        self._drawn.setdefault(
            address,
            Patch(facecolor=style.color_light, edgecolor="white", hatch=hatch, label=canvas.short(address)),
        )
        if len(reigns) <= MAX_BARS:
            self._paint(reigns, y - _HALF, 2 * _HALF, style.color_light, hatch, zorder=2)
            return
        edges = spans.slices(self._start, self._end, SLICES)
        share = spans.visible(spans.shares(reigns, edges))
        self._ax.stairs(
            y + _HALF - 2 * _HALF * share,
            canvas.days(edges),
            baseline=y + _HALF,
            fill=True,
            color=style.color_light,
            zorder=2,
        )

    def _paint(
        self, found: list[spans.Span], y: float, height: float, color: str, hatch: str, *, zorder: float
    ) -> None:
        """Draw spans as bars; a pattern only where there is room for it to be one."""
        room = (self._end - self._start) // _PATTERNED
        wide, thin = [s for s in found if s.end - s.start >= room], [s for s in found if s.end - s.start < room]
        for part, lines in ((wide, hatch), (thin, "")):
            bars = spans.bars(part, self._start, self._end)
            self._ax.broken_barh(
                bars, (y, height), facecolors=color, edgecolor="white", hatch=lines, linewidth=0, zorder=zorder
            )

    def _states(self, virtual: VirtualRouter, y: float) -> None:
        """Draw above the lanes where two were master or nobody was; say how long, where there is room."""
        words: list[tuple[spans.Span, str, str]] = []
        for mark, found, hatch in (
            (palette.SPLIT_BRAIN, spans.splits(virtual, self._start, self._end), "xxx"),
            (palette.MASTERLESS, spans.vacancies(virtual, self._start, self._end), ""),
        ):
            if not found:
                continue
            hollow = mark is palette.MASTERLESS
            if hollow:
                self._ax.broken_barh(
                    spans.bars(found, self._start, self._end),
                    (y + 0.16, 0.26),
                    facecolors="white",
                    edgecolor=mark.color_light,
                    linewidth=0.9,
                    zorder=3,
                )
            else:
                self._paint(found, y + 0.16, 0.26, mark.color_light, hatch, zorder=3)
            longest = sorted(found, key=lambda s: s.start - s.end)[:6]
            words += [(s, f"{mark.symbol} {text_of(s.end - s.start)}", mark.color_light) for s in longest]
            self._drawn.setdefault(
                mark.name,
                Patch(
                    facecolor="white" if hollow else mark.color_light,
                    edgecolor=mark.color_light if hollow else "white",
                    hatch=hatch,
                    label=f"{mark.symbol} {mark.name}",
                ),
            )
        self._words(words, y + 0.06)

    def _words(self, words: list[tuple[spans.Span, str, str]], y: float) -> None:
        """Write words in their colours above their spans, the first ones first, where there is room left."""
        taken: list[float] = []
        for span, text, color in words:
            at = ((span.start + span.end) / 2 - self._start) / max(self._end - self._start, 1)
            if any(abs(at - other) < _APART for other in taken):
                continue
            taken.append(at)
            self._ax.text(
                canvas.days((span.start + span.end) // 2),
                y,
                text,
                ha="left" if at < 0.05 else "right" if at > 0.95 else "center",
                va="bottom",
                fontsize=canvas.SMALL,
                color=color,
                fontfamily=canvas.SANS,
                zorder=6,
            )

    def _causes(self, virtual: VirtualRouter, top: float) -> None:
        """Write at the start of a reign why it began, as long as there are few."""
        elections = virtual.router.history.elections
        if not 0 < len(elections) <= _MAX_CAUSES:
            return
        height = {s.address: top + 1 + n for n, s in enumerate(palette.by_priority(virtual))}
        span = max(self._end - self._start, 1)
        for election, following in pairwise([*elections, None]):
            if election is None or election.router not in height or election.previous is None:
                continue
            at = (election.time - self._start) / span
            apart = 1.0 if following is None else (following.time - election.time) / span
            if following is not None and following.router == election.router and apart < _APART:
                continue
            self._ax.text(
                canvas.days(election.time),
                height[election.router] - _HALF - 0.01,
                f" {palette.ELECTION.symbol} {election.cause}",
                ha="right" if at > 0.9 else "left",
                va="bottom",
                fontsize=canvas.SMALL - 1,
                color=canvas.INK,
                fontfamily=canvas.SANS,
                zorder=6,
                path_effects=[effects.withStroke(linewidth=2.2, foreground="white")],
            )

    def finish(self) -> None:
        """Label the lanes."""
        self._ax.set_ylim(self._y - 0.45, -0.65)
        self._ax.set_yticks([y for y, _, _ in self._ticks], [text for _, text, _ in self._ticks])
        for (_, _, heads), label in zip(self._ticks, self._ax.get_yticklabels(), strict=True):
            label.set_fontfamily(canvas.SANS if heads or self._one_each else canvas.MONO)
            label.set_fontweight("bold" if heads else "normal")
        self._ax.tick_params(axis="y", length=0)
        wanted = [p for n, p in self._drawn.items() if self._one_each or n not in self._styles]
        routers = [p for n, p in self._drawn.items() if n in self._styles]
        if self._one_each and len(routers) > _MAX_LEGEND:
            wanted = [p for p in wanted if p not in routers[_MAX_LEGEND:]]
            wanted.append(Patch(facecolor="none", label=f"and {len(routers) - _MAX_LEGEND} more routers"))
        canvas.legend(self._ax, wanted)
