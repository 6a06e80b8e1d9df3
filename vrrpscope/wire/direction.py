"""Which frames the capturing host sent itself: Linux "cooked" captures (`tcpdump -i any`) say it of each frame.

Both formats have a packet type (https://www.tcpdump.org/linktypes.html): SLL in its first two bytes, SLL2 in its
eleventh; 4 is "sent by us". What a bridge passes on is marked so as well where it leaves, so of several copies only
the first tells. Other link layers do not say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.capture.frames import Frames

_SLL, _SLL2 = 113, 276
_OUTGOING = 4
COOKED = (_SLL, _SLL2)
"""The link layers that say it."""


def are_outgoing(frames: Frames, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the capturing host says that it sent these frames of the batch, given by number. Shape (n,)."""
    rows = np.searchsorted(frames.number, numbers)
    start, link, whole = frames.start[rows], frames.link[rows], frames.caplen[rows] >= 16
    sll = (frames.data[start] == 0) & (frames.data[start + 1] == _OUTGOING) & (link == _SLL)
    sll2 = (frames.data[start + 10] == _OUTGOING) & (link == _SLL2)
    answer: NDArray[np.bool_] = (sll | sll2) & whole
    return answer
