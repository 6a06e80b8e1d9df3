"""Pictures compared as eyes do: small, blurred, with room for another version's anti-aliasing.

A new minor version of matplotlib moves text by a pixel; a plot that has changed moves bars. So both pictures are
averaged over blocks before they are compared, and what counts is the mean square of what is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.image import imread

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

DPI: Final = 48
BLOCK: Final = 5
TOLERANCE: Final = 0.03  # of the range from black to white


def draw(figure: Figure, path: Path) -> Path:
    """Write a picture as the tests keep it."""
    figure.savefig(path, dpi=DPI, metadata={"Software": None})
    return path


def distance(one: Path, other: Path) -> float:
    """Return how far two pictures lie apart, 0 to 1; pictures of different sizes have nothing in common."""
    first, second = _blurred(one), _blurred(other)
    if first.shape != second.shape:
        return 1.0
    return float(np.sqrt(np.mean((first - second) ** 2)))


def _blurred(path: Path) -> NDArray[np.float64]:
    pixels = np.asarray(imread(path), np.float64)[..., :3]
    high, wide = (n - n % BLOCK for n in pixels.shape[:2])
    blocks = pixels[:high, :wide].reshape(high // BLOCK, BLOCK, wide // BLOCK, BLOCK, 3)
    return np.asarray(blocks.mean(axis=(1, 3)))
