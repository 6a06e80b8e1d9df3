"""Telling others of findings while the watch goes on: `--on-finding`, `--webhook`, `--syslog`.

A finding is told again whenever more is known of it; others are told only when it is new, when it became more severe,
and when it has ended. Each of those who are told has an `Outbox`.

    Notifier ─► Outbox: Command, Webhook, Syslog
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from vrrpscope.findings import Severity
from vrrpscope.live.outbox import Notice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from vrrpscope.capture.frames import Frames
    from vrrpscope.findings import Finding, Key
    from vrrpscope.live.listener import State
    from vrrpscope.live.outbox import Outbox
    from vrrpscope.outcome import Analysis
    from vrrpscope.timeline.events import Event

PATIENCE: Final = 5.0
"""Seconds for which the end of a watch waits until all are told."""

_MAX_KEYS: Final = 10_000  # of findings that were told


class News:
    """Knows what was told already."""

    def __init__(self) -> None:
        self._told: dict[Key, tuple[bool, int]] = {}  # whether its end too, and the severity

    def of(self, findings: Iterable[Finding]) -> Iterator[Notice]:
        """Yield what is new about findings."""
        for finding in findings:
            told = self._told.get(finding.key)
            is_over, rank = finding.end is not None, finding.severity.rank
            if told is None:
                if len(self._told) >= _MAX_KEYS:
                    del self._told[next(iter(self._told))]
                yield Notice("new", finding)
            elif is_over and not told[0]:
                yield Notice("ended", finding)
            elif rank < told[1]:
                yield Notice("worse", finding)
            else:
                continue
            self._told[finding.key] = is_over, rank


class Notifier:
    """Tells others of findings; a `Listener`.

    The session must not show secrets: what a finding quotes in clear is sent as it is.

    Args:
        outboxes: those who are told.
        say: called with one line when somebody could not be told, from the thread that listens.
        at_least: findings less severe are not told.
        patience: seconds for which `close` waits until all are told.
    """

    def __init__(
        self,
        outboxes: Sequence[Outbox],
        *,
        say: Callable[[str], None],
        at_least: Severity = Severity.INFO,
        patience: float = PATIENCE,
    ) -> None:
        self._outboxes = outboxes
        self._say = say
        self._at_least = at_least
        self._patience = patience
        self._news = News()

    def frames(self, frames: Frames) -> None:
        """Frames are nobody's news."""

    def event(self, event: Event) -> None:
        """Nor are events; rules make findings of them."""

    def found(self, findings: Sequence[Finding]) -> None:
        """Tell what is new."""
        severe = (finding for finding in findings if finding.severity.rank <= self._at_least.rank)
        for notice in self._news.of(severe):
            for outbox in self._outboxes:
                outbox.put(notice)

    def tick(self, state: State) -> None:  # noqa: ARG002 - a Listener is told
        """Say what went wrong."""
        for outbox in self._outboxes:
            for line in outbox.troubles():
                self._say(line)

    def close(self, analysis: Analysis | None) -> None:
        """Tell what became known at the end, wait a while until all are told, and say who could not be."""
        if analysis is not None:
            self.found(analysis.findings)
        until = time.monotonic() + self._patience
        for outbox in self._outboxes:
            outbox.close(until)
            for line in outbox.troubles():
                self._say(line)
