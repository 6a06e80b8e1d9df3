"""A capture that somebody else takes and pipes here: `ssh HOST tcpdump -U -w - | vrrpscope live -r -`.

Reading a pipe waits, and silence must be noticed meanwhile: so a thread of its own reads. It hands over one batch and
waits until that is done with, because a batch lies in a buffer that is used again.

The frames' clock is the other host's. How far it is ahead of ours is told by the frame that came soonest; since then
as much time has passed there as here. What is on its way for up to `window` is put in its place.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Final

import numpy as np

from vrrpscope.capture.files import open_source
from vrrpscope.capture.frames import Frames

if TYPE_CHECKING:
    from vrrpscope.capture.frames import CaptureInfo

_NEVER: Final = -(1 << 62)
_SLACK: Final = 250_000_000  # nanoseconds that the network may hold frames back beside the window


def nothing() -> Frames:
    """Return a batch without frames."""
    none = np.zeros(0, np.int64)
    short = np.zeros(0, np.uint16)
    return Frames(np.zeros(1, np.uint8), none, none, none, none, short, short, none)


class StreamSource:
    """Frames of a pipe, as they come.

    Args:
        path: "-" is standard input.

    Raises:
        CaptureError: it cannot be read.
        NotACaptureError: it was read and is no capture.
    """

    window: int = 1_000_000_000
    interfaces: tuple[tuple[str, bool], ...] = ()
    names: tuple[str, ...] = ("-",)

    def __init__(self, path: str) -> None:
        self._source = open_source(path)
        self.info: CaptureInfo = self._source.info
        self.ended = False
        self.reached = _NEVER
        self._ahead: int | None = None  # of our monotonic clock
        self._batches: queue.SimpleQueue[Frames | None] = queue.SimpleQueue()
        self._wanted = threading.Semaphore(1)
        self._lent = False
        threading.Thread(target=self._run, name="pipe", daemon=True).start()

    def _run(self) -> None:
        """Read until the end, a batch at a time."""
        for frames in self._source:
            self._wanted.acquire()
            self._batches.put(frames)
            self._wanted.acquire()  # it is done with
            self._wanted.release()
        self._batches.put(None)

    def read(self, timeout: float) -> Frames:
        """Return what has arrived, at the latest after so many seconds; valid until the next call."""
        if self._lent:
            self._wanted.release()
            self._lent = False
        try:
            frames = self._batches.get(timeout=timeout)
        except queue.Empty:
            frames = nothing()
        else:
            self._lent = frames is not None
            self.ended = frames is None
            frames = frames or nothing()
        now = time.monotonic_ns()
        if len(frames.t):
            ahead = int(frames.t.max()) - now
            self._ahead = ahead if self._ahead is None else max(self._ahead, ahead)
        if self._ahead is not None and not self.ended:
            self.reached = max(self.reached, now + self._ahead - _SLACK)
        return frames

    def look(self) -> list[str]:
        """Nothing can be seen of the interfaces there."""
        return []

    def counters(self) -> tuple[int, int]:
        """Return how many frames have come, and how many the capture says were dropped."""
        return self.info.frames, self.info.dropped or 0

    def close(self) -> None:
        """Stop; the thread ends with the process."""
