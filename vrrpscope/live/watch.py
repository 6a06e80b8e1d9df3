"""The watch: reads frames as they arrive, has the session analyse them, and tells the listeners.

    read ─► listeners.frames ─► Session.feed ─► Session.advance ─► listeners.event, found ─► listeners.tick

Time passes also when nothing comes: after each read the session is told how far the source has got, so that silence is
noticed when it is due. While every interface is down nobody listens, and silence proves nothing: then time stands still
until a frame comes.

A listener that fails is reported and dropped; the capture goes on. One whose reader has gone (a closed pipe) ends it.
"""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from vrrpscope.live.listener import Counters, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from vrrpscope.capture.frames import CaptureInfo, Frames
    from vrrpscope.findings import Finding, Key
    from vrrpscope.live.listener import Listener
    from vrrpscope.outcome import Analysis
    from vrrpscope.session import Session
    from vrrpscope.timeline.events import Event

PATIENCE: Final = 0.25
"""Seconds that a read may wait."""
TICK: Final = 0.5
"""Seconds between two looks at how things stand."""
_LAST_READS: Final = 8  # batches that are still taken when the end has come: all that can wait


class Source(Protocol):
    """Where frames come from: `capture.live.LiveSource`, `live.stream.StreamSource`."""

    info: CaptureInfo
    ended: bool
    reached: int  # the time up to which no more frames will come

    @property
    def window(self) -> int:
        """How far behind their time frames may come, nanoseconds."""

    @property
    def names(self) -> tuple[str, ...]:
        """The interfaces, as `Frames.interface` counts them."""

    @property
    def interfaces(self) -> tuple[tuple[str, bool], ...]:
        """Names, and whether each is up."""

    def read(self, timeout: float) -> Frames:
        """Return what has arrived, at the latest after so many seconds; valid until the next call."""

    def look(self) -> list[str]:
        """Look at the interfaces; return in words what has changed."""

    def counters(self) -> tuple[int, int]:
        """Return frames seen and dropped."""

    def close(self) -> None:
        """Stop capturing."""


class Watch:
    """One live capture.

    Args:
        source: where frames come from.
        session: what analyses them; its `told` must be the `append` of `events`.
        listeners: who is told.
        events: what the session tells.
        most: how many frames to take; None is no end.
        duration: how many seconds to go on; None is no end.
        complain: called with a line about a listener that fails.
    """

    def __init__(
        self,
        source: Source,
        session: Session,
        listeners: Sequence[Listener],
        *,
        events: list[Event],
        most: int | None = None,
        duration: float | None = None,
        complain: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.source = source
        self._session = session
        self._listeners = list(listeners)
        self._events = events
        self._most = most
        self._duration = duration
        self._complain = complain
        self._findings: dict[Key, Finding] = {}
        self._stopped = threading.Event()
        self._taken = 0
        self._heard = 0  # up to when it was listened
        self._began = self._ticked = 0.0
        self.last = Counters(0, 0, 0)
        """The counters at the latest tick."""

    def stop(self) -> None:
        """End soon; may be called from any thread, and by a signal."""
        self._stopped.set()

    def run(self) -> Analysis:
        """Watch until the end of the source, its limits, `stop`, SIGINT or SIGTERM; return the whole story.

        A second SIGINT ends at once: KeyboardInterrupt.
        """
        analysis = None
        self._session.open(0, self.source.info)
        self._began = time.monotonic()
        try:
            with self._signals():
                while not self._is_over():
                    self._round()
                analysis = self._end()
        finally:
            self.source.close()
            self._tell(lambda listener: listener.close(analysis))
        return analysis

    @property
    def counters(self) -> Counters:
        """Frames so far."""
        seen, dropped = self.source.counters()
        return Counters(seen, self._session.adverts(0), dropped)

    def state(self) -> State:
        """Return how things stand."""
        now = self._now()
        findings = tuple(sorted(self._findings.values(), key=lambda finding: finding.start))
        routers = self._session.virtual_routers(now)
        self.last = self.counters
        return State(now, self.source.info, self.last, routers, findings, self.source.interfaces)

    def _is_over(self) -> bool:
        if self._stopped.is_set() or self.source.ended or (self._most is not None and self._taken >= self._most):
            return True
        return self._duration is not None and time.monotonic() - self._began >= self._duration

    def _round(self) -> None:
        """Read once, and tell what that gives."""
        frames = self._cut(self.source.read(self._timeout()))
        if len(frames.t):
            self._take(frames)
        interfaces = self.source.interfaces
        if self.source.reached > 0 and (not interfaces or any(up for _, up in interfaces)):
            self._heard = self.source.reached
            self._hand_on(self._session.advance(0, self._heard))
        now = time.monotonic()
        if now - self._ticked >= TICK:
            self._ticked = now
            self.source.look()
            state = self.state()
            self._tell(lambda listener: listener.tick(state))

    def _take(self, frames: Frames) -> None:
        self._tell(lambda listener: listener.frames(frames))
        self._hand_on(self._session.feed(0, frames))

    def _timeout(self) -> float:
        if self._duration is None:
            return PATIENCE
        return min(PATIENCE, max(self._began + self._duration - time.monotonic(), 0.0))

    def _cut(self, frames: Frames) -> Frames:
        """Leave out what is beyond the number wanted."""
        if self._most is not None and self._taken + len(frames.t) > self._most:
            wanted = slice(0, self._most - self._taken)
            columns = {name: column[wanted] for name, column in frames._asdict().items() if name != "data"}
            frames = frames._replace(**columns)
            self.source.info.frames = int(frames.number[-1]) if len(frames.t) else self._taken
        self._taken += len(frames.t)
        return frames

    def _hand_on(self, news: Sequence[Finding]) -> None:
        events, self._events[:] = self._events[:], []
        for event in events:
            self._tell(lambda listener, event=event: listener.event(event))  # type: ignore[misc]
        for finding in news:
            if finding.supersedes:
                self._findings.pop(finding.key._replace(rule=finding.supersedes), None)
            self._findings[finding.key] = finding
        if news:
            self._tell(lambda listener: listener.found(news))

    def _end(self) -> Analysis:
        """Read what still waits, and close the session: what lasts is told once more."""
        for _ in range(_LAST_READS):
            frames = self._cut(self.source.read(0))
            if not len(frames.t):
                break
            self._take(frames)
        self.source.counters()
        info = self.source.info
        if info.last is not None:
            info.last = max(info.last, self._heard)  # it was listened to up to then, whether a frame came or not
        self._hand_on(self._session.finish(0))
        analysis = self._session.close()
        known = self._findings
        self._hand_on([finding for finding in analysis.findings if known.get(finding.key) != finding])
        state = self.state()
        self._tell(lambda listener: listener.tick(state))
        return analysis

    def _now(self) -> int:
        return max(self.source.reached, self.source.info.last or 0)

    def _tell(self, call: Callable[[Listener], None]) -> None:
        """Call each listener; one that fails is dropped."""
        for listener in self._listeners[:]:
            try:
                call(listener)
            except BrokenPipeError:  # whoever reads has gone (`| head`): there is nobody left to tell
                self._listeners.remove(listener)
                self.stop()
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one part, the capture goes on
                self._listeners.remove(listener)
                name = type(listener).__name__
                self._complain(f"warning: {name} failed and is left out: {type(error).__name__}: {error}")

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Have SIGINT and SIGTERM end the watch; only the main thread may."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def handle(number: int, _: FrameType | None) -> None:
            if number == signal.SIGINT and self._stopped.is_set():
                raise KeyboardInterrupt
            self.stop()

        before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
