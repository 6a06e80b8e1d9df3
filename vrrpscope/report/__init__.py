"""Analysis to a stream. `RENDERERS` maps a format's name to the module that writes it; no renderer computes.

A renderer is a module with

    def render(analysis: Analysis, stream: TextIO, options: Options) -> None

imported only when its format is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final, TextIO

from vrrpscope.report.times import Times, date

if TYPE_CHECKING:
    from vrrpscope.analysis import Analysis

RENDERERS: Final = {
    "text": "vrrpscope.report.text",
    "json": "vrrpscope.report.json_v1",
    "html": "vrrpscope.report.html",
    "markdown": "vrrpscope.report.markdown",
}


@dataclass(frozen=True, slots=True)
class Options:
    """How a report is to look; a renderer takes what means something to it."""

    width: int = 80
    color: bool = False
    light: bool = False  # colours for a light ground
    local: bool = False  # times in this machine's zone; UTC otherwise
    relative: bool = False  # times in seconds since the first frame

    def times(self, analysis: Analysis) -> Times:
        """Return how times are to be written."""
        start, end = analysis.start, analysis.end
        days = start is not None and end is not None and date(start, local=self.local) != date(end, local=self.local)
        first = min((c.info.first for c in analysis.captures if c.info.first is not None), default=0)
        return Times(self.local, first if self.relative else None, dated=days)


def render(analysis: Analysis, form: str, stream: TextIO, options: Options | None = None) -> None:
    """Write a report in one of the `RENDERERS`' formats."""
    import_module(RENDERERS[form]).render(analysis, stream, options or Options())
