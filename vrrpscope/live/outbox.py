"""Telling somebody else without waiting for him: a bounded queue, and a thread that works through it.

Whoever is told (a command, a web server, a log) may be slow, away or broken, and must never hold up the capture. So a
notice is put into a queue, or, if that is full, counted and left out; what goes wrong becomes a line that the thread
that listens picks up and says. Each notice tells how many before it were not delivered.
"""

from __future__ import annotations

import socket
import time
from abc import ABC, abstractmethod
from collections import deque
from threading import Condition, Event, Thread
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from vrrpscope import __version__
from vrrpscope.outcome import Analysis
from vrrpscope.report.json_v1 import document
from vrrpscope.rules.text import count

if TYPE_CHECKING:
    from vrrpscope.findings import Finding

SCHEMA: Final = "vrrpscope.notice/1"

WAITING: Final = 100
"""Notices that wait for one outbox."""

_GRACE: Final = 1.0  # seconds for a thread to end once it is told to hurry


class Notice(NamedTuple):
    """A finding is news."""

    what: Literal["new", "worse", "ended"]
    finding: Finding


class UndeliveredError(Exception):
    """A notice could not be delivered, and why: one line without anything secret."""


class Outbox(ABC):
    """One of those who are told.

    Args:
        name: for messages; nothing secret.
        waiting: how many notices may wait.
    """

    def __init__(self, name: str, waiting: int = WAITING) -> None:
        self.name = name
        self.dropped = 0  # there was no room for them
        self.failed = 0
        self._room = waiting
        self._waiting: deque[Notice] = deque()
        self._changed = Condition()
        self._is_started = self._is_closing = False
        self._hurry = Event()  # set when nothing may be waited for any more
        self._said = ""
        self._said_dropped = self._seen_dropped = 0
        self._troubles: deque[str] = deque(maxlen=5)
        self._thread = Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def deliver(self, notice: Notice) -> None:
        """Tell it, in the outbox's own thread; wait for nothing once `_hurry` is set.

        Raises:
            UndeliveredError: that failed for good.
        """

    def stop(self) -> None:
        """Break off what is being delivered; called from another thread."""
        self._hurry.set()

    def put(self, notice: Notice) -> None:
        """Queue a notice, or count it where there is no room."""
        if not self._is_started:
            self._is_started = True
            self._thread.start()
        with self._changed:
            if len(self._waiting) < self._room:
                self._waiting.append(notice)
                self._changed.notify()
            else:
                self.dropped += 1

    def close(self, until: float) -> None:
        """Deliver what waits, but not after a time of the monotonic clock; the rest is counted as dropped."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        if not self._is_started:
            return
        self._thread.join(max(until - time.monotonic(), 0))
        if self._thread.is_alive():
            self.stop()
            self._thread.join(_GRACE)
        self.dropped += len(self._waiting)

    def troubles(self) -> list[str]:
        """Return what went wrong and was not yet said, a line each; what is still being dropped is said later."""
        lines = []
        while self._troubles:
            lines.append(f"{self.name}: {self._troubles.popleft()}")
        if self.dropped > self._said_dropped and (self._is_closing or self.dropped == self._seen_dropped):
            new = self.dropped - self._said_dropped
            lines.append(f"{self.name}: {count(new, 'finding')} not told: it takes too long")
            self._said_dropped = self.dropped
        self._seen_dropped = self.dropped
        return lines

    def as_json(self, notice: Notice) -> dict[str, Any]:
        """Return a notice as plain dictionaries and lists."""
        return {
            "schema": SCHEMA,
            "vrrpscope": __version__,
            "host": socket.gethostname(),
            "what": notice.what,
            "supersedes": notice.finding.supersedes,
            "untold": self.dropped + self.failed,
            "finding": document(Analysis((), (), (notice.finding,), None, None))["findings"][0],
        }

    def _run(self) -> None:
        while (notice := self._next()) is not None:
            trouble = ""
            try:
                self.deliver(notice)
            except UndeliveredError as error:
                trouble = str(error)
            except Exception as error:  # noqa: BLE001 - whatever a library raises, the next notice has its chance
                trouble = f"failed with {type(error).__name__}"
            self.failed += bool(trouble)
            if trouble and trouble != self._said:  # once is enough, until it goes well again or wrong otherwise
                self._troubles.append(trouble)
            self._said = trouble

    def _next(self) -> Notice | None:
        """Wait for a notice; None when there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closing)
            return self._waiting.popleft() if self._waiting and not self._hurry.is_set() else None
