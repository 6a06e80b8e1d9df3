"""Log lines stamped on arrival.

A daemon's own stamps often have a resolution of a second. Its output goes into a FIFO instead, and each line
is stamped when it is read, a millisecond or so after it was written, with the clock that stamps the captures.
The FIFO outlives the daemon: what the daemon says after a restart, whoever restarted it, is in the same log.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from vrrpscope.errors import StagingError

if TYPE_CHECKING:
    from pathlib import Path

_END = "\0end\n"


class Line(NamedTuple):
    """One log line and the nanosecond at which it reached us."""

    t: int
    text: str


class Log:
    """What one daemon, or one command, says; read in the background from a FIFO that this makes."""

    def __init__(self, path: Path, name: str) -> None:
        """Make the FIFO and begin to read it; `name` is for messages."""
        self.path = path
        self.name = name
        self.lines: list[Line] = []
        self._news = threading.Condition()
        os.mkfifo(path)
        # Opened for both, so that neither opening it nor a daemon's end leaves the reader without a writer.
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._reader = threading.Thread(target=self._read, name=f"log {path.name}", daemon=True)
        self._reader.start()

    def wait(self, text: str, since: int, seconds: float) -> None:
        """Return when a line that arrived at or after `since` contains the text.

        Raises:
            StagingError: no such line arrived within `seconds`.
        """

        def heard() -> bool:
            return any(line.t >= since and text in line.text for line in self.lines)

        with self._news:
            if not self._news.wait_for(heard, seconds):
                last = self.lines[-1].text.strip() if self.lines else ""
                raise StagingError(
                    f"{self.name}: no log line with {text!r} within {seconds:g} s; the last was {last!r}"
                )

    def text(self) -> str:
        """All lines, as they were written."""
        return "".join(line.text for line in self.lines)

    def close(self) -> None:
        """Take in what has been written until now, and stop."""
        os.write(self._descriptor, _END.encode())
        self._reader.join()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # a busy machine shall not make the stamps late; this thread alone
            os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(50))
        with os.fdopen(self._descriptor, encoding="utf-8", errors="replace", closefd=True) as stream:
            for line in stream:
                text = line.removesuffix(_END)
                if text:
                    with self._news:
                        self.lines.append(Line(time.time_ns(), text))
                        self._news.notify_all()
                if text != line:
                    return
