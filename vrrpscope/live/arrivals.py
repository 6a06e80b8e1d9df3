"""On which interface a frame came in: a virtual router knows the numbers of its frames, and no interfaces."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from vrrpscope.capture.frames import Frames

REMEMBERED: Final = 65_536
"""Frames: twice what can come between two ticks."""


class Arrivals:
    """Remembers of the latest frames where they came in."""

    def __init__(self) -> None:
        self._batches: deque[tuple[NDArray[np.int64], NDArray[np.uint16]]] = deque()  # numbers, interfaces
        self._frames = 0

    def __len__(self) -> int:
        return self._frames

    def note(self, frames: Frames) -> None:
        """Take a batch; numbers rise from each to the next."""
        if not len(frames.number):
            return
        self._batches.append((frames.number.copy(), frames.interface.copy()))
        self._frames += len(frames.number)
        while self._frames > REMEMBERED and len(self._batches) > 1:
            self._frames -= len(self._batches.popleft()[0])

    def interface(self, number: int, names: Sequence[str]) -> str:
        """Return the name of the interface on which a frame came in; "" if that was too long ago."""
        if len(names) == 1:
            return names[0]
        for numbers, interfaces in reversed(self._batches):
            if numbers[0] <= number:
                place = int(numbers.searchsorted(number))
                if place < len(numbers) and numbers[place] == number and interfaces[place] < len(names):
                    return names[int(interfaces[place])]
                break
        return ""
