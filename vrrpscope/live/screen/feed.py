"""What the watch tells the screen: the one thing that both threads hold.

The watch's thread writes `latest`, `notes` and `is_over`, the screen's writes `window` and `wanted`. Each is one
reference, replaced at once, or a list that only grows, so neither needs a lock and neither ever waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vrrpscope.live.screen.model import view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vrrpscope.capture.frames import Frames
    from vrrpscope.findings import Finding
    from vrrpscope.live.listener import State
    from vrrpscope.live.screen.model import View
    from vrrpscope.outcome import Analysis
    from vrrpscope.timeline.events import Event

_MINUTE: Final = 60_000_000_000

WINDOWS: Final = tuple(minutes * _MINUTE for minutes in (1, 5, 15, 60, 6 * 60, 24 * 60))
"""How far the timeline can reach back, nanoseconds."""


MAX_NOTES: Final = 1_000


class Feed:
    """A listener that keeps the latest view."""

    def __init__(self) -> None:
        self.latest: View | None = None
        self.is_over = False  # the watch has ended
        self.notes: list[str] = []  # what else the user must know: a part that failed, an interface that went away
        self.window = WINDOWS[1]  # as far as the watch reaches back
        self.wanted = ""  # key of the virtual router whose details are looked at
        self._begun: int | None = None

    def note(self, line: str) -> None:
        """Show a line to the user, whatever thread it comes from."""
        if len(self.notes) < MAX_NOTES:
            self.notes.append(line)

    def frames(self, frames: Frames) -> None:
        """Take frames: nothing is drawn of them."""

    def event(self, event: Event) -> None:
        """Take an event: the next state shows what it changed."""

    def found(self, findings: Sequence[Finding]) -> None:
        """Take findings: the next state holds them all."""

    def tick(self, state: State) -> None:
        """Copy what is to be drawn."""
        if self._begun is None and state.now:
            self._begun = state.now if state.info.first is None else min(state.info.first, state.now)
        begun = state.now if self._begun is None else self._begun
        age = state.now - begun
        window = next(w for w in WINDOWS if w >= min(age, self.window))  # a young watch has no long past
        self.latest = view(state, begun, window, self.wanted)

    def close(self, analysis: Analysis | None) -> None:
        """End: the screen goes when the watch's thread has."""
