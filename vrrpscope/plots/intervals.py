"""How punctually routers advertise: by how much adverts came before or after the announced interval.

Jitter is a matter of milliseconds, the silence after which a backup takes over one of seconds. The axis holds both: it
is linear within a millisecond of the announced interval and logarithmic beyond. The master-down limit is drawn where
the most impatient backup has it; where no backup was ever heard, for priority 254 and as "at the earliest".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from vrrpscope.plots import canvas
from vrrpscope.questions.overview import overview
from vrrpscope.questions.slices import is_part
from vrrpscope.report import palette
from vrrpscope.rules.text import span as text_of
from vrrpscope.timeline import timers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from vrrpscope.analysis import Analysis, VirtualRouter
    from vrrpscope.questions.overview import Overview
    from vrrpscope.timeline.gaps import Gaps
    from vrrpscope.timeline.speaker import Speaker

MAX_ROUTERS: Final = 6
MAX_LIMITS: Final = 3
MAX_LEGEND: Final = 3
_DECADES: Final = 6  # of milliseconds: up to a thousand seconds
_PER_DECADE: Final = 12
_STYLES: Final[tuple[Literal["-", "--", ":", "-."], ...]] = ("-", "--", ":", "-.")


_ALIKE: Final = 1.3
_TICKS: Final = (-1e5, -1e3, 0.0, 1e3, 1e5)  # milliseconds
_FINE: Final = (-10.0, 10.0)  # likewise, where there is room
_MUCH: Final = 2e4


class _Limit(NamedTuple):
    late: float  # milliseconds behind the announced interval
    text: str


def intervals(analysis: Analysis, ax: Axes | None = None, *, seen: Overview | None = None) -> Axes:
    """Draw the distribution of the times between adverts, with the master-down limit.

    Args:
        analysis: what is known. Of a part of one, the captures are read again.
        ax: where to draw; new axes by default.
        seen: what looking at the captures again gave, gaps included, where that was done already.

    Returns:
        The axes.
    """
    ax = canvas.axes(ax, 3.4)
    late = _late(analysis, seen)
    if not late:
        return canvas.nothing(ax, "no router advertised twice in these captures")
    styles = palette.router_styles(analysis)
    linear = max(1.0, max(coarse for _, _, coarse in late.values()) * 8)
    edges = _edges(linear)
    handles: list[Line2D] = []
    most = sorted(late, key=lambda address: -int(late[address][1].sum()))
    for address in most[:MAX_ROUTERS]:
        values, counts, _ = late[address]
        heights = np.histogram(values, edges, weights=counts)[0]
        style = styles[address]
        ax.stairs(heights, edges, fill=True, color=style.color_light, alpha=0.18, zorder=2)
        dash = _STYLES[style.pattern % len(_STYLES)]
        ax.stairs(heights, edges, color=style.color_light, linewidth=1.5, linestyle=dash, zorder=3)
        if len(handles) < MAX_LEGEND:
            label = canvas.short(address)
            handles.append(Line2D([], [], color=style.color_light, linewidth=1.5, linestyle=dash, label=label))
    ax.set_yscale("log")
    ax.set_ylim(bottom=0.6)
    ax.set_xscale("symlog", linthresh=linear, linscale=1.0)
    limits = _limits(analysis)
    for limit in limits:
        ax.axvline(limit.late, color=palette.SPLIT_BRAIN.color_light, linewidth=1.6, linestyle=(0, (6, 2)), zorder=4)
    top = max([limit.late for limit in limits] + [float(v.max()) for v, _, _ in late.values()]) * 1.8
    low = min(float(v.min()) for v, _, _ in late.values())
    ax.set_xlim(min(low * 1.5, -20 * linear), max(top, 10 * linear))
    _label(ax, limits)
    remark = f"the {MAX_ROUTERS} of {len(most)} routers with the most adverts" if len(most) > MAX_ROUTERS else ""
    canvas.title(ax, "Intervals", remark)
    canvas.legend(ax, handles)
    return ax


_Late = dict[str, tuple["NDArray[np.float64]", "NDArray[np.int64]", float]]


def _late(analysis: Analysis, seen: Overview | None) -> _Late:
    """Return for each router how late its adverts came (milliseconds), how many did, and how exactly that is known."""
    found: dict[str, list[tuple[NDArray[np.float64], NDArray[np.int64], float]]] = {}
    for address, gaps in _gaps(analysis, seen):
        length, interval, number = gaps.histogram()
        if len(length):
            coarse = float(interval.max()) / 8192 / 1e6
            found.setdefault(address, []).append(((length - interval) / 1e6, number, coarse))
    return {
        address: (
            np.concatenate([v for v, _, _ in parts]),
            np.concatenate([c for _, c, _ in parts]),
            max(c for _, _, c in parts),
        )
        for address, parts in found.items()
    }


def _gaps(analysis: Analysis, seen: Overview | None) -> Iterator[tuple[str, Gaps]]:
    if seen is None and not is_part(analysis):
        for virtual in analysis.virtual_routers:
            for speaker in virtual.router.speakers.values():
                yield speaker.address, speaker.gaps
        return
    for lane in (overview(analysis, gaps=True) if seen is None else seen).best():
        if lane.gaps is not None:
            yield lane.router, lane.gaps


def _edges(linear: float) -> NDArray[np.float64]:
    """Return the bounds of the bins, in milliseconds."""
    beyond = linear * np.logspace(0, _DECADES, _DECADES * _PER_DECADE + 1)
    return np.concatenate([-beyond[::-1], np.linspace(-linear, linear, 9)[1:-1], beyond])


def _limits(analysis: Analysis) -> list[_Limit]:
    """Return where backups lose patience, the soonest first; those close together are one."""
    found = sorted({_down(s, v) for v in analysis.virtual_routers for s in v.router.speakers.values()})
    limits: list[_Limit] = []
    while found and len(limits) < MAX_LIMITS:
        first = found[0]
        alike = [d for d in found if d[0] <= first[0] * _ALIKE]
        found = found[len(alike) :]
        longest = alike[-1]
        until = f" to {text_of(longest[1])}" if longest[1] != first[1] else ""
        heard = "" if first[2] else "from "
        limits.append(_Limit(first[0], f"master down {heard}{text_of(first[1])}{until}"))
    return limits


def _down(master: Speaker, virtual: VirtualRouter) -> tuple[float, int, bool]:
    """Return after which silence a backup takes over: milliseconds behind time, nanoseconds, whether one was heard."""
    others = [s for s in virtual.router.speakers.values() if s is not master and s.terms.priority]
    interval = master.profile.interval
    eager = timers.master_down(master.profile.version, 254, interval)
    down = min((s.terms.down(master.profile) for s in others), default=eager)
    return (down - interval) / 1e6, down, bool(others)


def _label(ax: Axes, limits: list[_Limit]) -> None:
    low, high = ax.get_xlim()
    ticks = _TICKS if high > _MUCH else sorted((*_TICKS, *_FINE))
    ax.xaxis.set_major_locator(FixedLocator([t for t in ticks if low <= t <= high]))
    ax.xaxis.set_major_formatter(lambda x, _: _late_text(x))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(lambda y, _: f"{y:,.0f}")
    ax.yaxis.set_minor_locator(NullLocator())
    ax.grid(visible=True, axis="both", color=canvas.RULE, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.set_xlabel("earlier or later than announced", fontsize=canvas.SMALL, color=canvas.FAINT)
    ax.set_ylabel("gaps", fontsize=canvas.SMALL, color=canvas.FAINT)
    for limit in limits:
        ax.annotate(
            limit.text,
            xy=(limit.late, 0.97),
            xycoords=("data", "axes fraction"),
            xytext=(-3, 0),
            textcoords="offset points",
            rotation=90,
            ha="right",
            va="top",
            fontsize=canvas.SMALL,
            color=palette.SPLIT_BRAIN.color_light,
            zorder=5,
        )


def _late_text(milliseconds: float) -> str:
    if abs(milliseconds) < 1e-9:
        return "on time"
    sign, value = "+" if milliseconds > 0 else "−", abs(milliseconds)
    return f"{sign}{value / 1000:g} s" if value >= 1000 else f"{sign}{value:g} ms"
