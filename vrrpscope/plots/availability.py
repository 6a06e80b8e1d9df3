"""How much of the time each virtual router had one master, none, or several; the words say what a bar cannot show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from matplotlib.patches import Patch

from vrrpscope.plots import canvas
from vrrpscope.report import palette
from vrrpscope.rules.text import span as text_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from vrrpscope.analysis import Analysis, VirtualRouter

MAX_ROWS: Final = 30
_HEIGHT: Final = 0.58
_LEAST_ROWS: Final = 3
_LEAST: Final = 0.004  # of the bar's length: what happened at all is seen


def availability(analysis: Analysis, ax: Axes | None = None, *, most: int = MAX_ROWS) -> Axes:
    """Draw the shares of time with one master, nobody and several; the worst virtual routers first, if there are many.

    Args:
        analysis: what is known.
        ax: where to draw; new axes by default.
        most: virtual routers that there is room for.

    Returns:
        The axes.
    """
    everyone = [v for v in analysis.virtual_routers if v.availability.observed > 0]
    shown = everyone
    if len(everyone) > most:
        shown = sorted(everyone, key=lambda v: v.availability.mastered / v.availability.observed)[:most]
    ax = canvas.axes(ax, 1.0 + 0.27 * max(len(shown), 2))
    if not shown:
        return canvas.nothing(ax, "no virtual router in these captures")
    parts = (
        ("mastered", "one master", palette.HEALTHY.color_light, ""),
        ("masterless", f"{palette.MASTERLESS.symbol} nobody", palette.MASTERLESS.color_light, ".."),
        ("contested", f"{palette.SPLIT_BRAIN.symbol} several", palette.SPLIT_BRAIN.color_light, "xxx"),
    )
    for y, virtual in enumerate(shown):
        observed, left = virtual.availability.observed, 0.0
        trouble = sum(
            max(getattr(virtual.availability, p) / observed, _LEAST)
            for p, *_ in parts[1:]
            if getattr(virtual.availability, p)
        )
        for part, _, color, hatch in parts:
            length = getattr(virtual.availability, part)
            share = 1 - trouble if part == "mastered" else max(length / observed, _LEAST) if length else 0.0
            if length:
                ax.barh(
                    y, share, _HEIGHT, left=left, color=color, hatch=hatch, edgecolor="white", linewidth=0, zorder=2
                )
                left += share
        ax.text(1.01, y, _words(virtual), va="center", fontsize=canvas.SMALL, color=canvas.INK, fontfamily=canvas.SANS)
    ax.set_yticks(range(len(shown)), [canvas.name(v) for v in shown])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(max(len(shown), _LEAST_ROWS) - 0.5, -0.6)
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
    remark = f"the {most} of {len(everyone)} virtual routers that were worst off" if len(everyone) > most else ""
    canvas.title(ax, "Availability", remark)
    canvas.legend(
        ax,
        [
            Patch(facecolor=c, hatch=h, edgecolor="white", label=text)
            for p, text, c, h in parts
            if any(getattr(v.availability, p) for v in shown)
        ],
        left=0.4,
    )
    return ax


def _words(virtual: VirtualRouter) -> str:
    """Return `99.98 % · nobody 3.6 s · several 17.0 s`; a share is rounded down, for 100 % means all of it."""
    times = virtual.availability
    hundredths = times.mastered * 10_000 // times.observed
    words = [f"{hundredths / 100:.2f} %"]
    words += [f"nobody {text_of(times.masterless)}"] if times.masterless else []
    words += [f"several {text_of(times.contested)}"] if times.contested else []
    return " · ".join(words)
