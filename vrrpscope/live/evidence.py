"""`--keep-evidence`: around each critical finding a small capture of its own, while the packets are still at hand.

The last frames are always in memory (`live/ring`). When a critical finding becomes known, those from `before` its begin
go to a file at once, and what comes after is added until `after` has passed since it became known; so a crash in
between takes little with it. A finding may be told late: frames are kept for two minutes more than `before`, if
there is room, and those that it names are taken however old they are.

The file is annotated as `vrrpscope annotate` does it: its comment says what was found and what to do, and the packets
that show it say so, with the number they had in the running capture. Frames are added every half second, and a finding
that is told again within that time, with more frames or in better words, still has its say.

There are bounds: to the number of files, as a storm makes thousands of findings, and to the bytes of each. Where more
than that went over the wire, the frames next to the finding are taken; the file's end says how many are missing.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from vrrpscope.errors import UsageError
from vrrpscope.evidence.vantage import Clock
from vrrpscope.findings import Severity
from vrrpscope.live.durable import Durable
from vrrpscope.live.ring import Ring
from vrrpscope.live.rotation import second
from vrrpscope.live.sink import INTERVAL, MAX_WAITING, Sink
from vrrpscope.outcome import Analysis, Capture
from vrrpscope.report.annotate import comments
from vrrpscope.report.escape import printable
from vrrpscope.report.verdict import sentence
from vrrpscope.rules.text import count

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vrrpscope.capture.frames import Frames
    from vrrpscope.findings import Finding, Key
    from vrrpscope.live.listener import State
    from vrrpscope.timeline.events import Event

_SECOND: Final = 1_000_000_000
_LATE: Final = 120 * _SECOND  # how long after its begin a finding may be told, and still have all its frames
_LONGEST: Final = 100  # characters of a name
_TWINS: Final = 100  # files of one name

MAX_BYTES: Final = MAX_WAITING
"""Of one file, beside the frames that its finding names."""


@dataclass
class _Excerpt:
    """A file to which frames are being added."""

    finding: Finding
    sink: Sink
    low: int  # times that belong into it
    high: int
    begun: int
    after: int = 0  # the number of the last frame that was looked at
    named: set[int] = field(default_factory=set)
    remarks: dict[int, str] = field(default_factory=dict)
    left_out: int = 0  # frames
    error: OSError | None = None


class EvidenceKeeper:
    """A listener that keeps the packets around each critical finding.

    Args:
        directory: where to; made if it is not there. What is in it stays.
        interfaces: the names of the interfaces, in the order in which `Frames.interface` counts them.
        before: nanoseconds before a finding's begin.
        after: nanoseconds after it became known.
        memory: bytes that the last frames may take.
        most: files in one run.
        say: told in one line what the user should know: what was kept, and what could not be.

    Raises:
        UsageError: the directory cannot be made or written to.
    """

    def __init__(
        self,
        directory: str,
        interfaces: Sequence[str],
        *,
        say: Callable[[str], None],
        before: int = 10 * _SECOND,
        after: int = 5 * _SECOND,
        memory: int = 64 << 20,
        most: int = 99,
    ) -> None:
        self.kept: list[str] = []  # paths of the files that are complete
        self._directory = directory
        self._interfaces = tuple(interfaces)
        self._before = before
        self._after = after
        self._most = most
        self._say = say
        self._ring = Ring(memory, before + _LATE)
        self._durable = Durable()
        self._known: set[Key] = set()
        self._open: dict[Key, _Excerpt] = {}
        self._now = 0
        self._added = 0  # when frames were added last
        self._refused = 0  # findings, beyond `most`
        self._state: State | None = None
        try:
            os.makedirs(directory, mode=0o700, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{directory}: cannot be made: {error.strerror}") from error
        if not os.access(directory, os.W_OK | os.X_OK):
            raise UsageError(f"{directory}: is no directory that can be written to")

    def frames(self, frames: Frames) -> None:
        """Remember a batch; what it brought to light is told after this."""
        if not len(frames.t):
            return
        if abs(int(frames.t[0]) - self._added) >= INTERVAL:
            self._go_on()
        self._ring.add(frames)
        self._now = int(frames.t.max())

    def event(self, event: Event) -> None:
        """Findings are what is looked for here."""

    def found(self, findings: Sequence[Finding]) -> None:
        """Begin a file for each critical finding that is new; have the others say what they now know."""
        for finding in findings:
            if finding.key in self._open:
                self._note(self._open[finding.key], finding)
            elif finding.severity is Severity.CRITICAL and finding.key not in self._known:
                self._begin(finding)

    def tick(self, state: State) -> None:
        """Add what came, and close what is complete."""
        self._state = state
        self._now = state.now
        self._go_on()
        if self._durable.error is not None:
            self._say(f"{self._directory}: cannot be written: {self._durable.error.strerror}; the capture goes on")
            self._durable.error = None

    def close(self, analysis: Analysis | None) -> None:
        """Keep what only the whole story shows, and complete all files."""
        if analysis is not None:
            self.found(analysis.findings)
        for excerpt in list(self._open.values()):
            self._add(excerpt)
            self._finish(excerpt)
        self._durable.close()
        if self._refused:
            self._say(f"{self._directory}: of {count(self._refused, 'further critical finding')} no packets were kept")

    def _begin(self, finding: Finding) -> None:
        if len(self._known) >= self._most:
            if not self._refused:
                self._say(f"{self._directory}: has the packets of {self._most} critical findings; no more are kept")
            self._refused += 1
            return
        self._known.add(finding.key)
        sink = Sink(self._name(finding, len(self._known)), self._interfaces, self._durable, remark=self._title(finding))
        low, left_out = self._ring.room_from(finding.start - self._before, MAX_BYTES // 2)
        high = max(self._now, finding.start) + self._after
        excerpt = _Excerpt(finding, sink, low, high, self._now, left_out=left_out)
        self._open[finding.key] = excerpt
        self._note(excerpt, finding)
        self._add(excerpt)

    def _note(self, excerpt: _Excerpt, finding: Finding) -> None:
        """Take over what a finding, and the story of its virtual router, say at single frames."""
        excerpt.finding = finding
        excerpt.named |= {frame.number for frame in finding.frames}
        known = Analysis((), (), (finding,), None, None)
        if self._state is not None:
            captures = (Capture(self._state.info, 0, 0, Clock(is_aligned=True)),)
            virtual = tuple(v for v in self._state.virtual_routers if v.key == finding.virtual_router)
            known = replace(known, captures=captures, virtual_routers=virtual)
        told = comments(known)
        excerpt.remarks |= {number: text for of_capture in told.values() for number, text in of_capture.items()}

    def _go_on(self) -> None:
        self._added = self._now
        for excerpt in list(self._open.values()):
            self._add(excerpt)
            if not excerpt.begun - _SECOND <= self._now <= excerpt.high:  # it has passed, or the clock was set back
                self._finish(excerpt)

    def _add(self, excerpt: _Excerpt) -> None:
        """Put into the file what has come since the last time."""
        for frame in self._ring.select(excerpt.after, excerpt.low, excerpt.high, excerpt.named):
            excerpt.after = frame.number
            if excerpt.sink.size >= MAX_BYTES and frame.number not in excerpt.named:
                excerpt.left_out += 1
                continue
            text = excerpt.remarks.get(frame.number, "")
            if text:
                text = f"vrrpscope: frame {frame.number} of the running capture\n{text}"
            excerpt.sink.packet(frame.place, frame.t, frame.data, frame.wirelen, text)
        try:
            self._flush(excerpt.sink)
        except OSError as error:
            if excerpt.error is None:
                self._say(f"{excerpt.sink.name}: cannot be written: {error.strerror}; the capture goes on")
            excerpt.error = error
        else:
            excerpt.error = None

    def _flush(self, sink: Sink) -> None:
        """Write what waits; a file of that name is another run's."""
        stem = sink.name.removesuffix(".pcapng")
        for twin in range(2, _TWINS):
            try:
                return sink.flush()
            except FileExistsError:
                sink.name = f"{stem}-{twin}.pcapng"
        return sink.flush()

    def _finish(self, excerpt: _Excerpt) -> None:
        del self._open[excerpt.finding.key]
        sink = excerpt.sink
        left_out = excerpt.left_out
        remark = f"vrrpscope: {count(left_out, 'frame')} left out: there were too many" if left_out else ""
        try:
            sink.close(remark=remark)
        except OSError as error:
            self._say(f"{sink.name}: {count(sink.held, 'frame')} could not be written: {error.strerror}")
        if sink.frames:
            self.kept.append(sink.name)
            self._say(f"{sink.name}: has {count(sink.frames, 'frame')} around {excerpt.finding.rule}")

    def _name(self, finding: Finding, number: int) -> str:
        """Return a path: when, what and where, whatever characters are in that."""
        words = "-".join([finding.rule, finding.virtual_router or ""]).strip("-")
        safe = re.sub(r"[^A-Za-z0-9._]+", "-", words)[:_LONGEST].strip("-.")
        return os.path.join(self._directory, f"{second(finding.start)}-{safe or number}.pcapng")

    def _title(self, finding: Finding) -> str:
        parts = (sentence(finding.title), finding.explanation, finding.remedy)
        told = "\n".join(printable(line) for part in parts for line in part.split("\n") if line)
        before, after = self._before // _SECOND, self._after // _SECOND
        return (
            f"vrrpscope: {told}\nFrom {before} s before it began to {after} s after it became known. Frame numbers in "
            "comments are those of the running capture."
        )
