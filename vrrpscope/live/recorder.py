"""`-w`: every frame that came in, as pcapng, in one file or one after the other.

The time of frames decides when the next file begins (`live/rotation`), how a file grows is told in `live/sink`, when it
is on the disk in `live/durable`.

**A disk that is full, or fails**, is reported once and tried again every half second. Up to 8 MiB wait for that; frames
beyond are counted. The first packet behind a gap says in a comment how many are missing, and the file's statistics have
them among the dropped ones: whoever reads it must not take a full disk for a silent master. Before the next file
begins, the oldest goes, so that a ring on a disk that became full finds its way back by itself.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Final

from vrrpscope.errors import UsageError
from vrrpscope.live.durable import Durable
from vrrpscope.live.rotation import ONE_FILE, Rotation, ending, numbered
from vrrpscope.live.sink import INTERVAL, MAX_WAITING, Sink
from vrrpscope.rules.text import count

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vrrpscope.capture.frames import Frames
    from vrrpscope.findings import Finding
    from vrrpscope.live.listener import State
    from vrrpscope.outcome import Analysis
    from vrrpscope.timeline.events import Event

_FOREVER: Final = 1 << 63
_CHUNK: Final = 1 << 18  # bytes that are written without waiting for half a second to pass
_QUIET: Final = 600_000_000_000  # nanoseconds between two complaints


class Recorder:
    """A listener that writes every frame to files.

    Args:
        path: ends with `.pcapng` or `.pcapng.zst`; what is there is not written over.
        interfaces: the names of the interfaces, in the order in which `Frames.interface` counts them.
        rotation: what ends a file.
        say: told in one line what the user should know: that a disk is full, that it goes on.

    Raises:
        UsageError: it is no name for a recording, exists, or cannot be made.
    """

    def __init__(
        self, path: str, interfaces: Sequence[str], rotation: Rotation = ONE_FILE, *, say: Callable[[str], None]
    ) -> None:
        ending(path)
        self.written = 0  # frames, in all files that are finished
        self.lost = 0  # frames that could not be written
        self._path = path
        self._interfaces = tuple(interfaces)
        self._rotation = rotation
        self._say = say
        self._durable = Durable()
        self._names: deque[str] = deque()  # of the files that are there
        self._number = 0
        self._named = 0  # the time in the current file's name
        self._stretch: int | None = None  # when the current one began
        self._low = self._high = 0  # times that belong into the current file
        self._sink: Sink | None = None
        self._missing = 0  # frames before the next one
        self._lost_before = self._dropped_before = self._dropped = 0
        self._flushed = 0
        self._error: OSError | None = None
        self._complained = -_FOREVER
        self._told = False  # of the error
        if rotation.turns:
            where = os.path.dirname(path) or "."
            if not os.path.isdir(where) or not os.access(where, os.W_OK | os.X_OK):
                raise UsageError(f"{path}: cannot be made: {where} is no directory that can be written to")
        else:
            self._low, self._high = -_FOREVER, _FOREVER
            self._sink = self._first()

    @property
    def name(self) -> str:
        """The file that is being written, empty before the first."""
        return self._sink.name if self._sink else ""

    def frames(self, frames: Frames) -> None:
        """Take a batch."""
        view = frames.data.data
        columns = (frames.start, frames.caplen, frames.wirelen, frames.t, frames.link, frames.interface)
        for start, caplen, wirelen, t, link, interface in zip(*(c.tolist() for c in columns), strict=True):
            sink = self._sink
            if sink is None or not self._low <= t < self._high or self._is_full(sink):
                sink = self._turn(t)
            if sink.waiting >= MAX_WAITING:
                self.lost += 1
                self._missing += 1
                continue
            sink.packet(
                (interface, link), t, view[start : start + caplen], wirelen, self._gap() if self._missing else ""
            )
            if sink.waiting >= _CHUNK and self._error is None:
                self._flush(sink, t)
        if self._sink is not None and len(frames.t) and abs(int(frames.t[-1]) - self._flushed) >= INTERVAL:
            self._flush(self._sink, int(frames.t[-1]))

    def event(self, event: Event) -> None:
        """Frames are all that is kept here."""

    def found(self, findings: Sequence[Finding]) -> None:
        """Frames are all that is kept here."""

    def tick(self, state: State) -> None:
        """Write what waits; go on to the next file when it is time, also where nothing comes."""
        self._dropped = state.counters.dropped
        if state.now <= 0:  # nothing has come that would tell what time it is there
            return
        sink = self._sink
        if sink is None or not self._low <= state.now < self._high:
            sink = self._turn(state.now)
        self._flush(sink, state.now)
        if self._durable.error is not None:
            self._complain(self._durable.error, state.now)
            self._durable.error = None

    def close(self, analysis: Analysis | None) -> None:  # noqa: ARG002 - a listener's signature
        """Finish the last file."""
        self._end()
        self._durable.close()
        if self.lost:
            self._say(f"{self._path}: {count(self.lost, 'frame')} could not be written")

    def _first(self) -> Sink:
        sink = Sink(self._path, self._interfaces, self._durable)
        try:
            sink.flush()
        except FileExistsError as error:
            raise UsageError(f"{self._path}: exists, and a capture is not written over") from error
        except OSError as error:
            raise UsageError(f"{self._path}: cannot be written: {error.strerror}") from error
        self._names.append(self._path)
        return sink

    def _is_full(self, sink: Sink) -> bool:
        size, packets = self._rotation.size, self._rotation.packets
        return (size is not None and sink.size >= size) or (packets is not None and sink.frames + sink.held >= packets)

    def _turn(self, t: int) -> Sink:
        """End the file and begin the next one, for the stretch of time that `t` lies in."""
        while self._rotation.files is not None and len(self._names) >= self._rotation.files:
            self._remove(self._names.popleft(), t)
        self._end()
        duration = self._rotation.duration
        stretch = self._rotation.stretch(t, self._stretch)
        # Only a file that begins with a stretch is named by it: the first one and one after a full one begin within.
        named = t if self._stretch in {None, stretch} else stretch
        self._stretch = stretch
        # A frame may be a little late. One that is a whole stretch late was captured after the clock had been set back.
        self._low, self._high = (-_FOREVER, _FOREVER) if duration is None else (stretch - duration, stretch + duration)
        self._number += 1
        self._sink = sink = Sink(numbered(self._path, self._number, named), self._interfaces, self._durable)
        self._named = named
        self._flush(sink, t)
        return sink

    def _flush(self, sink: Sink, t: int) -> None:
        """Write what waits; where that fails, it goes on waiting."""
        self._flushed = t
        error = self._try(sink)
        if sink.is_made and sink.name not in self._names:
            self._names.append(sink.name)
        if error is not None:
            self._complain(error, t)
            return
        if self._error is not None:
            self._error = None
            if self._told:
                self._say(f"{sink.name}: is written again; {count(self.lost, 'frame')} could not be written so far")

    def _try(self, sink: Sink) -> OSError | None:
        while True:
            try:
                sink.flush()
            except FileExistsError:  # of an earlier run
                self._number += 1
                sink.name = numbered(self._path, self._number, self._named)
            except OSError as error:
                return error
            else:
                return None

    def _complain(self, error: OSError, t: int) -> None:
        """Report an error once, and not again within ten minutes."""
        if self._error is None:
            self._told = abs(t - self._complained) >= _QUIET
            if self._told:
                self._complained = t
                self._say(f"{self.name or self._path}: cannot be written: {error.strerror}; the capture goes on")
        self._error = error

    def _end(self) -> None:
        """Write what waits, and how many frames are missing; what cannot be written now is lost."""
        sink = self._sink
        if sink is None:
            return
        missing = self.lost - self._lost_before + self._dropped - self._dropped_before
        self._lost_before, self._dropped_before = self.lost, self._dropped
        try:
            sink.close(dropped=missing)
        except OSError as error:
            self._complain(error, sink.last)
            self.lost += sink.held
            self._missing += sink.held
        self.written += sink.frames
        self._sink = None

    def _remove(self, name: str, t: int) -> None:
        try:
            os.unlink(name)
        except FileNotFoundError:
            pass  # somebody else needed the room
        except OSError as error:
            self._complain(error, t)

    def _gap(self) -> str:
        missing, self._missing = self._missing, 0
        return f"vrrpscope: before this one {count(missing, 'frame')} could not be written"
