"""When the machine itself stood still.

A hypervisor that gives a virtual machine no time stops every daemon in it at once, whatever their priority. What a
timer then does late is nobody's behaviour, so `truth.json` says when that was: a watch that sleeps for a few
milliseconds, with a real-time priority, notes whenever it slept for much longer.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import Final, NamedTuple

NAP: Final = 0.005  # seconds
LONG: Final = 5_000_000  # nanoseconds beyond the nap that are worth a note; a timer's own jitter is below one


class Stall(NamedTuple):
    """A time in which nothing ran, nanoseconds since the epoch."""

    start: int
    end: int


class Watch:
    """Notes stalls from now on."""

    def __init__(self) -> None:
        self.stalls: list[Stall] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="stalls", daemon=True)
        self._thread.start()

    def close(self) -> list[Stall]:
        """Stop; return what was noted, in order of time."""
        self._ended.set()
        self._thread.join()
        return self.stalls

    def _watch(self) -> None:
        with contextlib.suppress(OSError):  # without it, more is noted than was
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(50))
        due = time.monotonic_ns() + round(NAP * 1e9)
        while not self._ended.is_set():
            time.sleep(NAP)
            late = time.monotonic_ns() - due
            if late > LONG:
                now = time.time_ns()
                self.stalls.append(Stall(now - late, now))
            due = time.monotonic_ns() + round(NAP * 1e9)
