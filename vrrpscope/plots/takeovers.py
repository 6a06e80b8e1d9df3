"""How long each takeover took, against what the timers predict: on the line, the protocol did as it should.

A few takeovers stand in a row each, in the order of time. Many are points: predicted across, measured up; what lies off
the diagonal took longer or shorter than its timers explain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator

from vrrpscope.plots import canvas
from vrrpscope.report import palette
from vrrpscope.report.times import clock, date

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from vrrpscope.analysis import Analysis
    from vrrpscope.timeline.events import Election

MAX_ROWS: Final = 14
MAX_ROUTERS: Final = 6
_MARKERS: Final = "osD^vP*X"
_THICK: Final = 0.56
_LEAST_ROWS: Final = 3


def takeovers(analysis: Analysis, ax: Axes | None = None) -> Axes:
    """Draw takeover times beside their predictions.

    Args:
        analysis: what is known.
        ax: where to draw; new axes by default.

    Returns:
        The axes.
    """
    known = sorted(
        (e for v in analysis.virtual_routers for e in v.router.history.elections if e.takeover is not None),
        key=lambda e: e.time,
    )
    few = len(known) <= MAX_ROWS
    ax = canvas.axes(ax, 1.2 + 0.3 * max(len(known), 2) if few else 3.8)
    if not known:
        return canvas.nothing(ax, "no takeover whose time can be told")
    handles = _rows(ax, analysis, known) if few else _points(ax, analysis, known)
    canvas.title(ax, "Takeovers")
    if few:
        canvas.legend(ax, handles)
    else:
        ax.legend(handles=handles, loc="lower right", fontsize=canvas.SMALL, frameon=False)
    ax.grid(visible=True, axis="x" if few else "both", color=canvas.RULE, linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def _rows(ax: Axes, analysis: Analysis, known: list[Election]) -> list[Patch | Line2D]:
    styles = palette.router_styles(analysis)
    several = len(analysis.virtual_routers) > 1
    days = len({date(e.time) for e in known}) > 1
    longest = max(max(e.takeover or 0, e.expected or 0) for e in known) / canvas.SECOND
    labels = []
    drawn: dict[str, Patch] = {}
    for y, election in enumerate(known):
        style = styles[election.router]
        took = (election.takeover or 0) / canvas.SECOND
        hatch = palette.PATTERNS[style.pattern].hatch
        ax.barh(y, took, _THICK, color=style.color_light, hatch=hatch, edgecolor="white", linewidth=0, zorder=2)
        drawn.setdefault(
            election.router,
            Patch(facecolor=style.color_light, hatch=hatch, edgecolor="white", label=canvas.short(election.router)),
        )
        text = f"{took:.3f} s"
        if election.expected is not None:
            expected = election.expected / canvas.SECOND
            ax.plot([expected] * 2, [y - 0.42, y + 0.42], color=canvas.INK, linewidth=2.2, zorder=4)
            off = (election.takeover or 0) - election.expected
            text += f"  ({'+' if off >= 0 else '−'}{abs(off) / 1e6:.0f} ms)"
        ax.annotate(
            text,
            xy=(max(took, (election.expected or 0) / canvas.SECOND), y),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=canvas.SMALL,
            color=canvas.INK,
        )
        number = f"{election.key.vrid}: " if several else ""
        stamp = f"{date(election.time)[5:]} {clock(election.time, 0)}" if days else clock(election.time, 1)
        labels.append(f"{number}{stamp}  {election.cause}")
    ax.set_yticks(range(len(known)), labels, fontfamily=canvas.MONO)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(max(len(known), _LEAST_ROWS) - 0.4, -0.6)
    ax.set_xlim(0, max(longest * 1.35, 1e-3))
    ax.set_xlabel(
        "seconds since the last advert accepted, or the resignation", fontsize=canvas.SMALL, color=canvas.FAINT
    )
    return [*drawn.values(), Line2D([], [], color=canvas.INK, linewidth=2.2, label="predicted")]


def _points(ax: Axes, analysis: Analysis, known: list[Election]) -> list[Line2D]:
    styles = palette.router_styles(analysis)
    pairs = [(e, (e.expected or 0) / canvas.SECOND, (e.takeover or 0) / canvas.SECOND) for e in known if e.expected]
    routers = list(dict.fromkeys(e.router for e, _, _ in pairs))
    causes = list(dict.fromkeys(e.cause for e, _, _ in pairs))
    handles = []
    for cause in causes:
        marker = _MARKERS[causes.index(cause) % len(_MARKERS)]
        for router in routers:
            xy = np.array([(x, y) for e, x, y in pairs if e.cause is cause and e.router == router])
            if len(xy):
                color = styles[router].color_light
                ax.plot(
                    *xy.T,
                    linestyle="none",
                    marker=marker,
                    markersize=6,
                    color=color,
                    alpha=0.55,
                    markeredgewidth=0,
                    zorder=3,
                )
        handles.append(Line2D([], [], linestyle="none", marker=marker, color=canvas.FAINT, label=str(cause)))
    values = np.array([v for _, x, y in pairs for v in (x, y)] or [1.0])
    low, high = max(values[values > 0].min(initial=1.0) * 0.7, 1e-4), max(values.max() * 1.4, 1e-3)
    ax.plot([low, high], [low, high], color=canvas.INK, linewidth=1.2, linestyle=(0, (4, 2)), zorder=2)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlim(low, high)
    ax.set_ylim(low, high)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(lambda x, _: f"{x:g} s")
        axis.set_minor_formatter(lambda *_: "")
    ax.set_xlabel("predicted by the timers", fontsize=canvas.SMALL, color=canvas.FAINT)
    ax.set_ylabel("measured", fontsize=canvas.SMALL, color=canvas.FAINT)
    colors = [
        Line2D([], [], linestyle="none", marker="o", color=styles[r].color_light, label=f"by {canvas.short(r)}")
        for r in routers[:MAX_ROUTERS]
    ]
    return [*handles, *colors]
