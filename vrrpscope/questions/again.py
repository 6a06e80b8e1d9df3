"""The captures of an analysis, to be looked at again: an analysis keeps what adverts told, not the adverts.

Times are set on the analysis's clock as it was at first; what a clock that was set meanwhile did later is not
followed here. Standard input cannot be looked at twice.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vrrpscope.capture.files import CaptureSpec, expand
from vrrpscope.capture.stream import STDIN
from vrrpscope.errors import UsageError
from vrrpscope.evidence.vantage import Clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vrrpscope.analysis import Analysis


class Again(NamedTuple):
    """One capture, and how its times become those of the analysis."""

    spec: CaptureSpec
    clock: Clock = Clock()

    @property
    def name(self) -> str:
        """What the analysis calls it."""
        return self.spec.name

    @property
    def is_gone(self) -> bool:
        """Whether it was read for the only time there is: standard input, or a pipe that a shell gave a name."""
        path = self.spec.path
        return path == STDIN or (os.path.exists(path) and not os.path.isfile(path))

    def correct(self, t: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return times of frames as the analysis has them. Shape (n,), nanoseconds."""
        return self.clock.correct(t)

    def correct_one(self, t: int) -> int:
        """Return one time as the analysis has it."""
        return int(self.correct(np.array([t]))[0])


def again(analysis: Analysis, specs: Sequence[str]) -> list[Again]:
    """Return the captures of an analysis.

    Args:
        analysis: of these captures.
        specs: what it was made of, as on the command line.

    Raises:
        CaptureError: they are no longer there.
        UsageError: others have come.
    """
    captures = expand(specs)
    if [c.name for c in captures] != [c.info.name for c in analysis.captures]:
        raise UsageError("captures came or went while they were read; try again, or name them one by one")
    return [Again(spec, capture.clock) for spec, capture in zip(captures, analysis.captures, strict=True)]


def remembered(analysis: Analysis) -> list[Again]:
    """Return the captures of an analysis by the paths that it read, for whoever no longer has what was typed.

    Args:
        analysis: of these captures.
    """
    return [Again(CaptureSpec(c.info.name, c.info.path, ""), c.clock) for c in analysis.captures]
