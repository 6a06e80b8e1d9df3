"""A live capture in a pipe: one line for each event and each finding, written as soon as it is known.

Text is for people and `grep`; NDJSON (one JSON document a line) is for programs, and a contract: `live-v1.schema.json`.
Fields are only ever added there. What lasts is told when it begins and again when it ends, or when more is known.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TextIO

from vrrpscope import __version__
from vrrpscope.findings import Severity
from vrrpscope.live.words import words
from vrrpscope.report.escape import printable
from vrrpscope.report.times import clock, rfc3339, seconds
from vrrpscope.timeline.events import Election

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vrrpscope.capture.frames import Frames
    from vrrpscope.findings import Finding, Key
    from vrrpscope.live.listener import State
    from vrrpscope.live.words import Words
    from vrrpscope.outcome import Analysis
    from vrrpscope.timeline.events import Event
    from vrrpscope.timeline.profile import RouterKey

SCHEMA: Final = "vrrpscope.live/1"
_SYMBOLS: Final = {Severity.CRITICAL: "✖", Severity.WARNING: "▲", Severity.INFO: "·"}
_PLAIN: Final = {Severity.CRITICAL: "X", Severity.WARNING: "!", Severity.INFO: "-"}
_REMEMBERED: Final = 10_000  # findings told, by which those told again are known

Document = dict[str, Any]


class Lines:
    """Writes a line for each event and each finding; a `Listener`.

    Args:
        stream: where to.
        form: "text" or "ndjson".
        wanted: whether a virtual router was asked for; all by default.
    """

    def __init__(self, stream: TextIO, form: str, wanted: Callable[[RouterKey], bool] | None = None) -> None:
        self._stream = stream
        self._form = form
        self._wanted = wanted
        self._unwanted: set[str] = set()  # keys of virtual routers that were not asked for
        self._symbols = _SYMBOLS if _carries_unicode(stream) else _PLAIN
        self._told: dict[Key, None] = {}
        self._problems = 0
        self._begun = False
        self._now = self._latest = 0
        self._counters: tuple[int, int, int] = (0, 0, 0)

    def frames(self, _: Frames) -> None:
        """Frames are no lines."""

    def event(self, event: Event) -> None:
        """Write an event."""
        self._latest = event.at
        if self._wanted is not None and not self._wanted(event.key):
            self._unwanted.add(str(event.key))
            return
        said = words(event)
        if said is None:
            return
        if self._form == "ndjson":
            self._write(_event(event, said))
            return
        frames = " ".join(f"#{number}" for number in said.frames[:4])
        self._line(event.at, str(event.key), said.text + (f" ({said.detail})" if said.detail else ""), frames)

    def found(self, findings: Sequence[Finding]) -> None:
        """Write findings."""
        for finding in findings:
            if finding.virtual_router in self._unwanted:
                continue
            again = finding.key in self._told
            self._told[finding.key] = None
            if len(self._told) > _REMEMBERED:
                del self._told[next(iter(self._told))]
            if self._form == "ndjson":
                self._write(_finding(finding, again=again))
                continue
            what = f"{self._symbols[finding.severity]} {finding.rule} ({finding.confidence}): {finding.title}"
            known = max(finding.start, self._latest)
            if known > finding.start:
                what += f", since {clock(finding.start)}"
            frames = " ".join(f"#{frame.number}" for frame in finding.frames[:4])
            self._line(known, finding.virtual_router or "capture", what, frames)

    def tick(self, state: State) -> None:
        """Write what is new of the capture itself: interfaces, clocks, damage."""
        self._now, self._counters = state.now, state.counters
        if not self._begun:
            self._begun = True
            if self._form == "ndjson":
                names = [name for name, _ in state.interfaces] or [state.info.path]
                self._write({"type": "start", "at": rfc3339(state.now), "interfaces": names, "vrrpscope": __version__})
        problems = state.info.problems[self._problems :]
        self._problems += len(problems)
        for problem in problems:
            if self._form == "ndjson":
                self._write({"type": "note", "at": rfc3339(state.now), "frame": problem.frame, "text": problem.message})
            else:
                self._line(state.now, "capture", problem.message, "")

    def close(self, analysis: Analysis | None) -> None:
        """Write the end."""
        if self._form == "ndjson" and analysis is not None:
            seen, decoded, dropped = self._counters
            end = {"type": "end", "at": rfc3339(analysis.end or self._now), "verdict": analysis.verdict}
            self._write(end | {"seen": seen, "decoded": decoded, "dropped": dropped})

    def _line(self, t: int, key: str, text: str, frames: str) -> None:
        line = printable(f"{rfc3339(t)[:23]}Z  {key}  {text}") + (f"  {frames}" if frames else "")
        encoding = self._stream.encoding or "utf-8"
        self._stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        self._stream.flush()

    def _write(self, document: Document) -> None:
        self._stream.write(json.dumps({"schema": SCHEMA} | document) + "\n")  # ASCII: any stream carries it
        self._stream.flush()


def _event(event: Event, said: Words) -> Document:
    document: Document = {
        "type": "event",
        "event": said.kind,
        "at": rfc3339(event.at),
        "virtual_router": str(event.key),
        "segment": event.key.segment,
        "family": f"ipv{event.key.family}",
        "vrid": event.key.vrid,
        "start": None if said.start is None else rfc3339(said.start),
        "end": None if said.end is None else rfc3339(said.end),
        "routers": list(said.routers),
        "cause": said.cause or None,
        "text": said.text,
        "detail": said.detail or None,
        "frames": list(said.frames),
    }
    if isinstance(event, Election):
        document |= {
            "from": event.previous,
            "to": event.router,
            "takeover_s": None if event.takeover is None else seconds(event.takeover),
            "expected_s": None if event.expected is None else seconds(event.expected),
            "masterless_s": seconds(event.masterless),
        }
    return document


def _finding(finding: Finding, *, again: bool) -> Document:
    return {
        "type": "finding",
        "again": again,
        "rule": finding.rule,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "virtual_router": finding.virtual_router,
        "subject": finding.subject or None,
        "routers": list(finding.routers),
        "start": rfc3339(finding.start),
        "end": None if finding.end is None else rfc3339(finding.end),
        "title": finding.title,
        "explanation": finding.explanation,
        "remedy": finding.remedy,
        "cause": finding.cause or None,
        "also_possible": list(finding.also_possible),
        "supersedes": finding.supersedes,
        "frames": [frame.number for frame in finding.frames],
    }


def _carries_unicode(stream: TextIO) -> bool:
    try:
        "✖▲·".encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
