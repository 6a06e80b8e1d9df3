"""Analysis to pictures: each plot is a function that takes an `Analysis` and, if you like, axes, and returns the axes.

    from vrrpscope import plots
    ax = plots.timeline(analysis)
    plots.raster(analysis, ax=my_axes)
    plots.figure(analysis).savefig("story.png")

    timeline       who was master when; where two were, or nobody
    raster         adverts as they were seen, and those that were missed
    intervals      how punctual they are, and how far that is from a takeover
    priority       what each router announced
    takeovers      how long they took, against what the timers predict
    availability   how much of the time had one master

A router has the colour and pattern of `report.palette`, as in all reports. Figures are made without pyplot: nothing is
shown, kept or configured behind anybody's back, and a server may draw in any thread. Whatever the length of a capture
and the number of its virtual routers, a plot holds a bounded number of marks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matplotlib.figure import Figure

from vrrpscope.errors import UsageError
from vrrpscope.plots.availability import availability
from vrrpscope.plots.canvas import Drawing
from vrrpscope.plots.composite import ENDINGS, figure, save
from vrrpscope.plots.intervals import intervals
from vrrpscope.plots.priority import priority
from vrrpscope.plots.raster import raster
from vrrpscope.plots.takeovers import takeovers
from vrrpscope.plots.timeline import timeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from vrrpscope.analysis import Analysis

    Plot = Callable[..., Axes]

PLOTS: Final[dict[str, Plot]] = {
    "timeline": timeline,
    "raster": raster,
    "intervals": intervals,
    "priority": priority,
    "takeovers": takeovers,
    "availability": availability,
}
"""Every plot by its name."""


def draw(analysis: Analysis, name: str | None = None, **options: Any) -> Figure:
    """Return a figure with one of the plots, or with all.

    Args:
        analysis: what is known.
        name: one of `PLOTS`; None is all of them.
        options: of that plot.

    Raises:
        UsageError: there is no such plot.
    """
    if name is None:
        return figure(analysis, **options)
    if name not in PLOTS:
        raise UsageError(f"{name}: no such plot; there is {', '.join(PLOTS)}")
    drawn = PLOTS[name](analysis, **options).figure
    if isinstance(drawn, Drawing):
        drawn.settle()
    return drawn if isinstance(drawn, Figure) else drawn.figure


__all__ = [
    "ENDINGS",
    "PLOTS",
    "Drawing",
    "availability",
    "draw",
    "figure",
    "intervals",
    "priority",
    "raster",
    "save",
    "takeovers",
    "timeline",
]
