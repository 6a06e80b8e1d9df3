"""Has the system put on the disk what was written, in a thread of its own.

What is written belongs to the system and survives the death of its writer, also by kill -9. It does not survive the
death of the *host* until it is on the disk, for which Linux takes up to half a minute; and the end of a host is
what a capture on it may be asked about. So the data of a growing file are synchronised once a second. That can
take long where a disk is slow or ill, and must not hold up who reads the packets.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from typing import Final

_WAITING: Final = 64  # files at once; those beyond are synchronised a second later
_PATIENCE: Final = 5.0  # seconds at the end

_sync = getattr(os, "fdatasync", os.fsync)  # not everywhere


class Durable:
    """Synchronises files, one after the other."""

    def __init__(self) -> None:
        self.error: OSError | None = None  # the latest: what was written may not be on the disk
        self._wanted: queue.Queue[int] = queue.Queue(_WAITING)
        self._thread: threading.Thread | None = None

    def want(self, fd: int) -> None:
        """Synchronise a file soon; it may be closed at once. Nothing is waited for."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="vrrpscope-sync", daemon=True)
            self._thread.start()
        try:
            own = os.dup(fd)
        except OSError as error:  # too many open files
            self.error = error
            return
        try:
            self._wanted.put_nowait(own)
        except queue.Full:
            os.close(own)

    def want_directory(self, path: str) -> None:
        """Synchronise a directory: a new file's name is an entry there."""
        with contextlib.suppress(OSError):  # not all systems can, and the file is there all the same
            fd = os.open(path, os.O_RDONLY)
            try:
                self.want(fd)
            finally:
                os.close(fd)

    def close(self) -> None:
        """Wait for what is under way, a few seconds at most."""
        if self._thread is None:
            return
        with contextlib.suppress(queue.Full):
            self._wanted.put(-1, timeout=_PATIENCE)
            self._thread.join(_PATIENCE)
        self._thread = None

    def _run(self) -> None:
        while (fd := self._wanted.get()) >= 0:
            try:
                _sync(fd)
            except OSError as error:
                self.error = error
            finally:
                os.close(fd)
