"""One figure that tells the whole story: what `analyze --plot` writes.

who was master
adverts
priority          | time between adverts
takeovers         | availability
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, BinaryIO, Final

from vrrpscope.plots import canvas
from vrrpscope.plots.availability import availability
from vrrpscope.plots.intervals import intervals
from vrrpscope.plots.priority import priority
from vrrpscope.plots.raster import raster
from vrrpscope.plots.takeovers import takeovers
from vrrpscope.plots.timeline import MAX_LANES, timeline
from vrrpscope.questions.overview import overview
from vrrpscope.questions.slices import is_part
from vrrpscope.report.lines import wrapped
from vrrpscope.report.verdict import verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from vrrpscope.analysis import Analysis
    from vrrpscope.plots.canvas import Drawing

ENDINGS: Final = ("png", "svg", "pdf")
"""What a figure can be saved as."""

_ROWS: Final = 24
_LANES: Final = 16
_BARS: Final = 12
_WIDTH: Final = 13.0  # inches, as all below
_LEFT: Final = 2.0
_RIGHT: Final = 1.9
_LEFT_HALF: Final = (1.8, 4.0)  # where a plot beside another begins, and its width
_RIGHT_HALF: Final = (7.45, 2.9)
_ABOVE: Final = 0.45
_BELOW: Final = 0.6
_ROW: Final = 0.34
_CHARACTERS: Final = 130  # of the verdict on one line


def figure(analysis: Analysis) -> Drawing:
    """Return all plots of an analysis on one page, the verdict above. The captures are read once more."""
    seen = overview(analysis, gaps=is_part(analysis))
    said = wrapped(canvas.plain(verdict(analysis)).replace(" below)", ")"), _CHARACTERS)
    virtuals = len(analysis.virtual_routers)
    lanes = sum(len(v.router.speakers) + 1 for v in analysis.virtual_routers)
    heights = [
        _ROW * max(lanes, 3) if lanes <= MAX_LANES else 0.22 * min(virtuals, _ROWS),
        _ROW * min(max(len(seen.lanes), 2), _LANES),
        2.1,
        max(1.5, 0.26 * min(virtuals, _BARS)),
    ]
    page = _Page(sum(heights) + len(heights) * (_ABOVE + _BELOW) + 0.25 * len(said))
    page.down(0.25 * len(said))
    timeline(analysis, page.whole(heights[0]), most=_ROWS)
    raster(analysis, page.whole(heights[1]), seen=seen, most=_LANES)
    left, right = page.halves(heights[2])
    priority(analysis, left, seen=seen)
    intervals(analysis, right, seen=seen if is_part(analysis) else None)
    left, right = page.halves(heights[3])
    takeovers(analysis, left)
    availability(analysis, right, most=_BARS)
    page.drawing.text(
        0.12 / _WIDTH,
        1 - 0.1 / page.height,
        "\n".join(said),
        ha="left",
        va="top",
        fontsize=canvas.TITLE + 1,
        fontweight="bold",
        color=canvas.INK,
    )
    return page.drawing


class _Page:
    """A page that is filled from above; measures are inches, so that a plot is as high as its rows need."""

    def __init__(self, height: float) -> None:
        self.height = height
        self.drawing = canvas.drawing(height, _WIDTH)
        self.drawing.set_layout_engine("none")
        self._y = height

    def down(self, inches: float) -> None:
        self._y -= inches

    def whole(self, height: float) -> Axes:
        return self._row(height, [(_LEFT, _WIDTH - _LEFT - _RIGHT)])[0]

    def halves(self, height: float) -> list[Axes]:
        return self._row(height, [_LEFT_HALF, _RIGHT_HALF])

    def _row(self, height: float, columns: list[tuple[float, float]]) -> list[Axes]:
        self._y -= _ABOVE + height
        places = [(x / _WIDTH, self._y / self.height, width / _WIDTH, height / self.height) for x, width in columns]
        self._y -= _BELOW
        return [self.drawing.add_axes(place) for place in places]


def save(analysis: Analysis, stream: BinaryIO, form: str) -> None:
    """Write the whole story as a picture, the same bytes each time.

    Args:
        analysis: what is known.
        stream: where to.
        form: one of `ENDINGS`.
    """
    import matplotlib as mpl  # noqa: PLC0415 - only its settings of SVG, which know no other way in

    metadata = {"png": {"Software": "vrrpscope"}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[form]
    with warnings.catch_warnings(), mpl.rc_context({"svg.hashsalt": "vrrpscope", "svg.fonttype": "path"}):
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a name in a script that the font lacks
        figure(analysis).savefig(stream, format=form, dpi=130, metadata=metadata)
