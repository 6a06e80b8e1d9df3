"""Adverts of several captures as one stream in time order.

Each capture's adverts arrive nearly in order: capture hardware with several queues, and several interfaces in
one file, leave a frame a little behind its time. `Merger` holds rows back for a bounded window and lets them
go sorted. A row that comes later than the window allows cannot be put in its place any more; it is left out
and reported, never silently dropped. Which rows that are depends on their order alone, not on the batches.

A capture is *done up to* a time when no row before it can come any more. What leaves the merger is done up to
the slowest capture's time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from vrrpscope.timeline.timers import SECOND
from vrrpscope.wire.columns import ADVERT
from vrrpscope.wire.rows import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WINDOW: Final = SECOND
"""How far behind its time a frame may come and still be put in its place, nanoseconds."""

_BEGINNING = -(1 << 62)
_END = 1 << 62


@dataclass(slots=True)
class _Capture:
    newest: int = _BEGINNING  # the latest time seen in it
    done: int = _BEGINNING
    waiting: list[NDArray[np.void]] = field(default_factory=list)  # each piece sorted, and behind the one before

    def leave(self, done: int) -> list[NDArray[np.void]]:
        """Take out the rows before a time."""
        leaving, staying = [], []
        for piece in self.waiting:
            cut = int(np.searchsorted(piece["t"], done))
            leaving += [piece[:cut]] if cut else []
            staying += [piece[cut:]] if cut < len(piece) else []
        self.waiting = staying
        return leaving


class Merger:
    """Sorts and merges ADVERT rows of captures numbered from 0."""

    def __init__(self, starts: Sequence[int | None], window: int = WINDOW) -> None:
        """Expect captures whose first frames have these times, where known, and frames that far behind their time."""
        self._window = window
        self._captures = [_Capture() if start is None else _Capture(start, start - window) for start in starts]

    def push(
        self,
        capture: int,
        adverts: NDArray[np.void],
        reached: int | None,
        before: NDArray[np.int64] | None = None,
    ) -> NDArray[np.void]:
        """Take a batch of one capture; return the rows that came too late.

        Args:
            capture: its number.
            adverts: the rows, in file order.
            reached: the latest time of any frame of the batch; None if it has none.
            before: for each row the latest time of any frame of the batch before it, where other frames lie
                between and are not in order themselves. Shape (n,).
        """
        state = self._captures[capture]
        t = adverts["t"]
        latest = int(t.max(initial=_BEGINNING))
        late = np.zeros(0, ADVERT)
        if len(t) and (before is not None or t[0] < state.newest or (t[1:] < t[:-1]).any()):
            newest = np.maximum.accumulate(np.concatenate([[state.newest], t]))[:-1]
            if before is not None:
                newest = np.maximum(newest, before)
            behind = t < newest - self._window
            late, adverts = adverts.compress(behind), adverts.compress(~behind)
            # What waits is kept as one sorted piece, so that whatever leaves is a slice.
            adverts = joined([*state.waiting, adverts], ADVERT)
            state.waiting = [adverts.take(np.argsort(adverts["t"], kind="stable"))]
        elif len(t):
            state.waiting.append(adverts)
        state.newest = max(state.newest, latest if reached is None else reached)
        state.done = state.newest - self._window
        return late

    def finish(self, capture: int) -> None:
        """Say that a capture has ended."""
        self._captures[capture].done = _END

    @property
    def done(self) -> int:
        """The time up to which all captures are done; rows before it may leave."""
        newest = max((c.newest for c in self._captures), default=_BEGINNING)
        return min((c.done for c in self._captures), default=_END) if self.slowest() is not None else newest + 1

    def slowest(self) -> int | None:
        """Return the capture to read next: the one that holds the others up; None if all have ended."""
        open_ones = (c for c, state in enumerate(self._captures) if state.done != _END)
        return min(open_ones, key=lambda c: self._captures[c].done, default=None)

    def pop(self) -> NDArray[np.void]:
        """Return the rows before `done`, by time; equal times by capture, then in file order."""
        done = self.done
        ready = [piece for state in self._captures for piece in state.leave(done)]
        rows = joined(ready, ADVERT)
        times = rows["t"]
        if len(self._captures) == 1 or (times[1:] >= times[:-1]).all():
            return rows
        return rows.take(np.argsort(times, kind="stable"))
