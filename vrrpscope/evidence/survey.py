"""Reads captures of several vantage points once before they are analysed, for their clocks and deliveries.

All that is kept of them is one `Witness` for each vantage point. What can be read only once, as standard input, is not
looked at: its clock stays unknown. A capture that breaks off is used as far as it goes; the analysis says so later.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from vrrpscope.capture.files import first_time, open_source
from vrrpscope.errors import CaptureError, UsageError
from vrrpscope.evidence.delivery import Deliveries
from vrrpscope.evidence.vantage import set_clocks
from vrrpscope.evidence.witness import SECOND, Senders, Witness
from vrrpscope.wire.decoder import Decoder
from vrrpscope.wire.direction import are_outgoing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vrrpscope.capture.files import CaptureSpec


class Survey:
    """What is known of captures before they are analysed.

    Args:
        captures: in the order in which they will be analysed. Read here if they are of several vantage points.
        given: by NAME, how many seconds the clock there is ahead, as the user says.
        progress: told the bytes read so far.

    Raises:
        UsageError: an offset is given for a NAME that is not there.
    """

    def __init__(
        self,
        captures: Sequence[CaptureSpec],
        given: Mapping[str, float] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self._captures = captures
        places = list(dict.fromkeys(c.vantage for c in captures))
        offsets = {_place(places, name): round(seconds * SECOND) for name, seconds in (given or {}).items()}
        self.vantages = [places.index(c.vantage) for c in captures]
        """For each capture where it was taken, an index of `names`."""
        self.names = [place or next(c.name for c in captures if c.vantage == place) for place in places]
        senders, decoder = Senders(), Decoder()
        witnesses = [Witness(senders) for _ in places]
        several = len(places) > 1
        if several:
            self._read(witnesses, decoder, progress)
        self.clocks = set_clocks(self.vantages, witnesses, offsets)
        self.deliveries = (
            Deliveries(self.clocks, witnesses, self.names, senders, decoder.tables.segments) if several else None
        )

    def start(self, capture: int) -> int | None:
        """Return the time of a capture's first frame, on the first capture's clock, if it can be had."""
        start = first_time(self._captures[capture].path)
        return start and int(self.clocks.correct(capture, np.array([1]), np.array([start]))[0])

    def _read(
        self, witnesses: Sequence[Witness], decoder: Decoder, progress: Callable[[int], None] | None = None
    ) -> None:
        read = 0
        for number, spec in enumerate(self._captures):
            if not os.path.isfile(spec.path):
                continue
            witness = witnesses[self.vantages[number]]
            try:
                with open_source(spec.path, name=spec.name) as source:
                    for frames in source:
                        witness.watch(number, frames)
                        adverts = decoder.decode(frames).adverts
                        if len(adverts):
                            witness.take(number, adverts, are_outgoing(frames, adverts["number"]))
                        if progress is not None:
                            progress(read + source.position)
                    read += source.position
            except CaptureError:
                continue  # the analysis will meet it, too


def _place(places: Sequence[str], name: str) -> int:
    """Return the vantage point of a name."""
    if not name or name not in places:
        named = ", ".join(place for place in places if place) or "none"
        raise UsageError(f"clock offset of {name}: no capture has that NAME (given as NAME=FILE: {named})")
    return places.index(name)
