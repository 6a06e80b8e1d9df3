"""The screen of a live capture: what is true now, what was in the last minutes, and what to do about it.

    Watch, in a thread of its own ─► Feed.tick(State) ─► View ─► App, twice a second, in the main thread

The two threads share one reference: the `Feed` makes a `View` of plain values out of each `State`, and the app takes
the latest when it draws. Neither waits for the other: a slow terminal loses views, never frames.

    screen = Screen()
    watch = Watch(source, session, [screen.listener], events=events, complain=screen.complain)
    analysis = screen.run(watch.run, watch.stop)

Textual is loaded only when a screen is made, and what was captured reaches it only as `Text`, never as markup.
"""

from __future__ import annotations

import signal
import sys
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, Generic, TextIO, TypeVar

from vrrpscope.errors import UsageError
from vrrpscope.live.screen.feed import Feed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_Result = TypeVar("_Result")

_SIGNALS: Final = tuple(getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n))


class Screen:
    """The screen of one watch; `listener` is what the watch tells.

    Args:
        source: what is watched, shown until the watch says so itself: `eth0`.
        words: what to filter by at the beginning, as typed after `/`.
        color: False for none; by default as `NO_COLOR` in the environment says.

    Raises:
        UsageError: Textual is not installed.
    """

    def __init__(self, *, source: str = "", words: str = "", color: bool | None = None) -> None:
        if find_spec("textual") is None:
            raise UsageError("the screen needs Textual: pip install 'vrrpscope[live]' (or --format text for lines)")
        self._source = source
        self._words = words
        self._color = color
        self.listener: Final = Feed()

    def run(self, watch: Callable[[], _Result], stop: Callable[[], object]) -> _Result:
        """Run a watch in a thread and show it, until it ends or the user has seen enough; return what it returns.

        Call it from the main thread. `q`, Ctrl-C, SIGTERM and a terminal that has gone away all end the watch in
        good order.

        Args:
            watch: does all the work, and tells `listener`; ends soon after `stop`.
            stop: called from the main thread, once or more often.

        Raises:
            Exception: whatever ended the watch.
        """
        from vrrpscope.live.screen.app import App  # noqa: PLC0415 - Textual takes a third of a second to load

        work = _Work(watch, self.listener)
        former = {number: signal.getsignal(number) for number in _SIGNALS}
        work.start()
        try:
            App(self.listener, source=self._source, words=self._words, color=self._color).run(mouse=False)
        except KeyboardInterrupt:
            pass  # it came while the screen was being put up or taken down, and means the same
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)
            stop()
            work.join()
        return work.result()

    def complain(self, line: str) -> None:
        """Show a line at the foot of the screen; nobody would see it on standard error until the screen is gone."""
        self.listener.note(line)

    @property
    def complaints(self) -> tuple[str, ...]:
        """What was complained of, to be said once more where it stays."""
        return tuple(self.listener.notes)


class _Work(threading.Thread, Generic[_Result]):
    """The watch's thread."""

    def __init__(self, watch: Callable[[], _Result], feed: Feed) -> None:
        super().__init__(name="watch", daemon=True)
        self._watch = watch
        self._feed = feed
        self._results: list[_Result] = []
        self._failure: BaseException | None = None

    def run(self) -> None:
        try:
            self._results.append(self._watch())
        except BaseException as error:  # noqa: BLE001 - it is raised again where the user can be told
            self._failure = error
        finally:
            self._feed.is_over = True

    def result(self) -> _Result:
        """Return what the watch returned, or raise what it raised."""
        if self._failure is not None:
            raise self._failure
        return self._results[0]


def suits(stdin: TextIO, stdout: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether a screen can be drawn and driven: a terminal at both ends, one that can do more than print lines."""
    if environ.get("TERM", "") in {"", "dumb"} and sys.platform != "win32":
        return False
    try:
        "✖█·".encode(stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return stdin.isatty() and stdout.isatty()
