"""Rows of ADVERT, SIGHTING and their like, copied as what they are: equal runs of bytes.

NumPy copies structured arrays field by field when it joins or indexes them, which for a row of two dozen fields takes
twenty times as long as to copy its bytes. `take` and `compress` copy bytes, and so does a join of plain `void` rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def joined(parts: Sequence[NDArray[np.void]], dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """Parts, all of this dtype, as one array; if only one of them holds any row, it is that itself."""
    parts = [part for part in parts if len(part)]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return np.zeros(0, dtype)
    plain = np.dtype((np.void, dtype.itemsize))
    # Only rows that lie side by side can be seen as plain ones.
    return np.concatenate([np.ascontiguousarray(part).view(plain) for part in parts]).view(dtype)
