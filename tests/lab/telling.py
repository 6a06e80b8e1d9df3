"""Tells stories side by side, each in a process of its own, and keeps what they leave."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.causes import Found

ABREAST = 8  # a story mostly waits; two cores carry this many without daemons running late
LIMIT = 180  # seconds until a story that hangs is a failure


class Tellers:
    """Runs `vrrpscope lab run` for every story wanted; a test asks for the one it is about."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.agreement: dict[tuple[str, str], float] = {}
        self.found: list[Found] = []
        self._pool = ThreadPoolExecutor(ABREAST)
        self._running: dict[str, Future[Path]] = {}
        self._times = count(2)

    def begin(self, stories: list[str]) -> None:
        for story in dict.fromkeys(stories):  # several tests are about each
            self._running[story] = self._pool.submit(self._tell, story)

    def recorded(self, story: str) -> Path:
        return self._running[story].result()

    def again(self, story: str) -> Path:
        """Tell a story once more, alone among those that are still being told."""
        return self._tell(story, f"-{next(self._times)}")

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _tell(self, story: str, ending: str = "") -> Path:
        target = self.directory / (story + ending)
        command = (sys.executable, "-m", "vrrpscope", "lab", "run", story, "-o", str(target))
        answer = subprocess.run(command, check=False, capture_output=True, text=True, timeout=LIMIT)
        assert answer.returncode == 0, answer.stderr
        return target
