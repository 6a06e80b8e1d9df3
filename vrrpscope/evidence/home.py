"""Whether a capture was taken at a router's own host, told from one capture alone.

`tcpdump -i any` marks the frames that its host sent (`wire.direction`). A bridge marks what it passes on as well, but
sees it come in before: so the first copy of a sender's first advert tells. A capture at a host shows what reached its
wire; what reached it and had no effect was dropped by its packet filter or its daemon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vrrpscope.evidence.reflected import Echoes
from vrrpscope.timeline.profile import address_text
from vrrpscope.wire.direction import COOKED, are_outgoing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.capture.frames import Frames

MAX_SENDERS: Final = 256
"""Senders looked at in one capture; those beyond have no home."""


class Homes:
    """Which capture was taken at which router's host, learned batch by batch."""

    def __init__(self) -> None:
        self._known: dict[int, set[tuple[int, int]]] = {}  # by capture, the senders that were looked at
        self._homes: dict[str, int] = {}
        self._at: dict[int, set[tuple[int, int]]] = {}  # by capture, the senders at whose host it was taken
        self.echoes = Echoes()

    def note(self, capture: int, frames: Frames, adverts: NDArray[np.void]) -> None:
        """Take a batch of one capture, in its order; adverts of dtype ADVERT."""
        if not len(adverts) or not np.isin(frames.link, COOKED).any():
            return
        self._learn(capture, frames, adverts)
        self.echoes.note(capture, frames, adverts, self._at.get(capture, set()))

    def _learn(self, capture: int, frames: Frames, adverts: NDArray[np.void]) -> None:
        """Look at the senders that are new."""
        known = self._known.setdefault(capture, set())
        new = np.ones(len(adverts), bool)
        for high, low in known:
            new &= (adverts["src_lo"] != low) | (adverts["src_hi"] != high)
        rows = np.flatnonzero(new)
        if not len(rows) or len(known) >= MAX_SENDERS:
            return
        _, first = np.unique(adverts[["src_hi", "src_lo"]][rows], return_index=True)
        rows = np.sort(rows[first])[: MAX_SENDERS - len(known)]
        leaving = are_outgoing(frames, adverts["number"][rows])
        for row, is_leaving in zip(adverts[rows], leaving.tolist(), strict=True):
            high, low = int(row["src_hi"]), int(row["src_lo"])
            known.add((high, low))
            if is_leaving:
                self._at.setdefault(capture, set()).add((high, low))
                self._homes.setdefault(address_text(int(row["family"]), high, low), capture)

    def of(self, sender: str) -> int | None:
        """Return the capture that was taken at a sender's host."""
        return self._homes.get(sender)
