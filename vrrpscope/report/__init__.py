"""Analysis to a stream. `RENDERERS` maps a format's name to the module that writes it; no renderer computes.

A renderer is a module with

    def render(analysis: Analysis, stream: TextIO, options: Options) -> None

imported only when its format is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from vrrpscope.analysis import Analysis

RENDERERS: Final = {
    "text": "vrrpscope.report.text",
    "json": "vrrpscope.report.json_v1",
    "html": "vrrpscope.report.html",
}


@dataclass(frozen=True, slots=True)
class Options:
    """How a report is to look; a renderer takes what means something to it."""

    width: int = 80
    color: bool = False


def render(analysis: Analysis, form: str, stream: TextIO, options: Options | None = None) -> None:
    """Write a report in one of the `RENDERERS`' formats."""
    import_module(RENDERERS[form]).render(analysis, stream, options or Options())
