"""`--on-finding COMMAND`: a command of the user's, started for each finding with the notice as JSON on standard input.

No shell is involved: the text is split into words as a shell would, and nothing captured becomes a word of it. One runs
at a time, in a process group of its own that is killed when its time is over. Its output goes nowhere, for a screen or
NDJSON may be on ours. It inherits the environment except for what is secret to us.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING, Final

from vrrpscope.errors import UsageError
from vrrpscope.live.outbox import WAITING, Notice, Outbox, UndeliveredError

if TYPE_CHECKING:
    from collections.abc import Collection

LIMIT: Final = 10.0
"""Seconds that a command may take."""


class Command(Outbox):
    """A command that is started for each notice.

    Args:
        text: the command with its arguments, quoted as for a shell.
        limit: seconds it may take.
        hidden: names in the environment that it must not see, besides those that begin with `VRRPSCOPE_`.
        waiting: how many notices may wait.

    Raises:
        UsageError: there is no such command, or quotes do not match.
    """

    def __init__(
        self, text: str, *, limit: float = LIMIT, hidden: Collection[str] = (), waiting: int = WAITING
    ) -> None:
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise UsageError(f"--on-finding {text}: {str(error).lower()}") from error
        if not words or shutil.which(words[0]) is None:
            raise UsageError(f"--on-finding {text}: no such command")
        super().__init__(f"--on-finding {os.path.basename(words[0])}", waiting)
        self._words = words
        self._limit = limit
        self._hidden = frozenset(hidden)
        self._process: subprocess.Popen[bytes] | None = None

    def deliver(self, notice: Notice) -> None:
        """Run it."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in self._hidden and not name.startswith("VRRPSCOPE_")
        }
        nowhere = subprocess.DEVNULL
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own command, and no shell
                self._words,
                stdin=subprocess.PIPE,
                stdout=nowhere,
                stderr=nowhere,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise UndeliveredError(f"cannot be started: {error.strerror}") from error
        with process:
            self._process = process
            try:
                process.communicate(json.dumps(self.as_json(notice)).encode() + b"\n", timeout=self._limit)
            except subprocess.TimeoutExpired as error:
                _kill(process)
                raise UndeliveredError(f"killed: it took longer than {self._limit:g} s") from error
        if process.returncode > 0:
            raise UndeliveredError(f"ended with exit code {process.returncode}")
        if process.returncode < 0:
            raise UndeliveredError(f"ended by signal {-process.returncode}")

    def stop(self) -> None:
        """Kill it."""
        super().stop()
        if self._process is not None:
            _kill(self._process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a command and whatever it started, unless it has ended."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
