"""The only driver: captures through decoder, engine and rules, to one `Analysis`.

A `Session` is fed batches of frames, from files or from a running interface, and answers with the findings
they gave rise to. `analyze` is a loop around it that always reads on in the capture that holds the others up,
so that any number of files costs one batch each. The `Analysis` it ends with is all that renderers see.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from vrrpscope.capture.files import CaptureSpec, expand, first_time, open_source
from vrrpscope.evidence.survey import Survey
from vrrpscope.evidence.vantage import Clock
from vrrpscope.findings import Finding, Key, Severity
from vrrpscope.rules import RULES, Case, judge
from vrrpscope.rules.text import count
from vrrpscope.timeline.engine import Engine
from vrrpscope.timeline.metrics import Availability, availability
from vrrpscope.timeline.order import Merger
from vrrpscope.wire.decoder import Decoder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from vrrpscope.capture.frames import CaptureInfo, Frames, Source
    from vrrpscope.evidence.delivery import Delivery
    from vrrpscope.rules.catalogue import Rule
    from vrrpscope.timeline.events import Event
    from vrrpscope.timeline.router import Router


MAX_FINDINGS: Final = 5_000
"""Findings kept; those beyond are counted. Nobody reads more, and a storm could make millions."""


@dataclass(frozen=True, slots=True)
class Capture:
    """One capture as it was read."""

    info: CaptureInfo
    adverts: int
    duplicates: int  # second sightings of an advert, left out of the timeline
    clock: Clock  # against the first capture's; all times of the analysis are set by it
    compared_with: str = ""  # the vantage point that its clock is compared with: the first one, if that can be done
    steps: int = 0  # how often its clock was set back, and the times behind that corrected


@dataclass(frozen=True, slots=True)
class VirtualRouter:
    """One virtual router's story."""

    router: Router
    availability: Availability
    deliveries: tuple[Delivery, ...] = ()  # between the vantage points

    @property
    def key(self) -> str:
        """The report's key: `vlan100/ipv4/50`."""
        return str(self.router.key)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every virtual address announced for it, in order of appearance."""
        return tuple(self.router.addresses)


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything known of a set of captures. Times are nanoseconds since the epoch."""

    captures: tuple[Capture, ...]
    virtual_routers: tuple[VirtualRouter, ...]
    findings: tuple[Finding, ...]  # worst first, then by time
    start: int | None  # of all captures together; None if they hold no frame
    end: int | None

    @property
    def verdict(self) -> str:
        """`critical`, `warning` or `healthy`: the worst severity; information alone is healthy."""
        worst = min((f.severity.rank for f in self.findings), default=Severity.INFO.rank)
        return "healthy" if worst == Severity.INFO.rank else list(Severity)[worst].value

    def only(
        self,
        *,
        vrids: Collection[int] = (),
        addresses: Collection[str] = (),
        routers: Collection[str] = (),
        segments: Collection[str] = (),
    ) -> Analysis:
        """Return the part that is about these virtual routers; an empty choice leaves nothing out.

        Args:
            vrids: their numbers.
            addresses: virtual addresses, any of which they announce; canonical text.
            routers: addresses of routers, any of which advertises for them; canonical text.
            segments: where they are: "" (untagged), "vlan100", ...
        """
        chosen = tuple(
            v
            for v in self.virtual_routers
            if (not vrids or v.router.key.vrid in vrids)
            and (not addresses or not v.router.addresses.keys().isdisjoint(addresses))
            and (not routers or not v.router.speakers.keys().isdisjoint(routers))
            and (not segments or v.router.key.segment in segments)
        )
        keys = {None, *(v.key for v in chosen)}
        findings = tuple(f for f in self.findings if f.virtual_router in keys)
        return replace(self, virtual_routers=chosen, findings=findings)


class Session:
    """One analysis in progress.

    Args:
        starts: for each capture the time of its first frame where known, so that what comes later need not be
            open while what comes earlier is read.
        rules: the rules to run.
        vantages: for each capture where it was taken; each at a place of its own by default.
        survey: what is known of several vantage points: their clocks, by which all times are corrected as they
            come in (not `starts`, which are corrected already), and what arrived where.
        show_secrets: whether findings may quote passwords in clear.
    """

    def __init__(
        self,
        starts: Sequence[int | None] = (None,),
        rules: Iterable[Rule] | None = None,
        *,
        vantages: Sequence[int] | None = None,
        survey: Survey | None = None,
        show_secrets: bool = False,
    ) -> None:
        self._show_secrets = show_secrets
        self._survey = survey
        self._extents: dict[int, tuple[int, int]] = {}  # by capture, where its clock may be corrected
        self._rules = list(RULES.values() if rules is None else rules)
        self._decoder = Decoder(sightings=True)
        self._engine = Engine(self._decoder.tables, vantages=vantages)
        self._merger = Merger(starts)
        self._infos: list[CaptureInfo | None] = [None] * len(starts)
        self._adverts = [0] * len(starts)
        self._findings: dict[Key, Finding] = {}
        self._omitted = 0
        self._late: dict[int, tuple[int, int]] = {}  # by capture: first frame, adverts

    def open(self, capture: int, info: CaptureInfo) -> None:
        """Say what a capture is, before its first frames."""
        self._infos[capture] = info

    def feed(self, capture: int, frames: Frames) -> list[Finding]:
        """Take a batch of one capture's frames; return the findings that began or ended."""
        if self._survey is not None:
            frames = self._on_one_clock(capture, frames)
        decoded = self._decoder.decode(frames)
        reached = int(frames.t.max()) if len(frames.t) else None
        decoded.adverts["capture"] = capture
        decoded.carps["capture"] = capture
        decoded.sightings["capture"] = capture
        self._adverts[capture] += len(decoded.adverts)
        if reached is not None:
            self._engine.observe_from(int(frames.t[0]))
        before = _latest_before(frames, decoded.adverts)
        self._note_late(capture, self._merger.push(capture, decoded.adverts, reached, before))
        self._engine.note_carps(decoded.carps)
        self._engine.note_sightings(decoded.sightings)
        return self._go_on()

    def finish(self, capture: int) -> list[Finding]:
        """Say that a capture has ended."""
        self._merger.finish(capture)
        return self._go_on()

    def slowest(self) -> int | None:
        """Return the capture to feed next; None when all have ended."""
        return self._merger.slowest()

    def close(self) -> Analysis:
        """End all captures and return what is known."""
        for capture, extent in self._extents.items():
            info = self._infos[capture]
            if info is not None:
                info.first, info.last = extent
        infos = [info for info in self._infos if info is not None]
        times = [t for info in infos for t in (info.first, info.last) if t is not None]
        start, end = (min(times), max(times)) if times else (None, None)
        self._judge(self._engine.close(end or 0))
        self._report_late()
        self._report_malformed()
        if infos:
            self._note_limits(infos[0])  # they are of all captures together
        for info in infos:
            for finding in judge(info, self._case(None), self._rules):
                self._keep(finding)
        return Analysis(
            captures=tuple(self._capture(i, info) for i, info in enumerate(self._infos) if info is not None),
            virtual_routers=tuple(
                VirtualRouter(router, _availability(router, end or 0), self._deliveries_of(router))
                for _, router in sorted(self._engine.routers.items())
                if router.speakers
            ),
            findings=tuple(sorted(self._findings.values(), key=_reading_order)),
            start=start,
            end=end,
        )

    def _on_one_clock(self, capture: int, frames: Frames) -> Frames:
        """Correct the times of a batch, and remember the capture's first and last."""
        if self._survey is None or not len(frames.t):
            return frames
        t = self._survey.clocks.correct(capture, frames.number, frames.t)
        first, last = int(t.min()), int(t.max())
        low, high = self._extents.get(capture, (first, last))
        self._extents[capture] = min(low, first), max(high, last)
        return frames._replace(t=t)

    def _capture(self, number: int, info: CaptureInfo) -> Capture:
        adverts, duplicates = self._adverts[number], self._engine.duplicates(number)
        if self._survey is None:
            return Capture(info, adverts, duplicates, Clock(is_aligned=True))
        clock = self._survey.clocks.of(number)
        against = "" if clock.against is None else self._survey.names[0 if clock.is_aligned else clock.against]
        return Capture(info, adverts, duplicates, clock, against, self._survey.clocks.steps(number))

    def _deliveries_of(self, router: Router) -> tuple[Delivery, ...]:
        if self._survey is None or self._survey.deliveries is None:
            return ()
        return self._survey.deliveries.of(router.key, router.history.splits.values())

    def _case(self, router: Router | None) -> Case:
        deliveries = None if self._survey is None else self._survey.deliveries
        return Case(self._names, router, self._show_secrets, deliveries)

    @property
    def _names(self) -> list[str]:
        return ["" if info is None else info.name for info in self._infos]

    def _go_on(self) -> list[Finding]:
        adverts = self._merger.pop()
        return self._judge(self._engine.feed(adverts, self._merger.done))

    def _judge(self, events: list[Event]) -> list[Finding]:
        news = []
        for event in events:
            case = self._case(self._engine.routers[event.key])
            for finding in judge(event, case, self._rules):
                self._findings.pop(finding.key._replace(rule=finding.supersedes or ""), None)
                if self._keep(finding):
                    news.append(finding)
        return news

    def _keep(self, finding: Finding) -> bool:
        """Keep a finding, or its completion, if there is room."""
        if finding.key not in self._findings and len(self._findings) >= MAX_FINDINGS:
            self._omitted += 1
            return False
        self._findings[finding.key] = finding
        return True

    def _note_late(self, capture: int, rows: NDArray[np.void]) -> None:
        """Remember adverts too far behind their time; they are noted together when the capture has ended."""
        if len(rows):
            first, number = self._late.get(capture, (int(rows["number"][0]), 0))
            self._late[capture] = (first, number + len(rows))

    def _report_late(self) -> None:
        for capture, (first, number) in self._late.items():
            info = self._infos[capture]
            if info is not None:
                info.note(
                    f"{count(number, 'advert')} left out of the timeline, the first in this frame, more than a second "
                    "behind its time: the clock was set back, or frames are far out of order",
                    frame=first,
                )

    def _report_malformed(self) -> None:
        for capture, number in self._engine.malformed.items():
            info = self._infos[capture]
            if info is not None:
                info.note(f"{count(number, 'advert')} cannot be read (cut short, or of no known version or type)")

    def _note_limits(self, info: CaptureInfo) -> None:
        """Say what was beyond a limit; nothing is lost silently."""
        engine = self._engine
        unheard = engine.untracked + sum(r.unheard for r in engine.routers.values())
        if unheard:
            info.note(f"{unheard} adverts are of more virtual routers or senders than are kept apart")
        omitted = sum(r.history.omitted for r in engine.routers.values())
        if omitted:
            info.note(f"{omitted} further events were counted and not kept")
        if engine.forgotten:
            info.note(f"{count(engine.forgotten, 'claim')} of other addresses (ARP) forgotten sooner than usual")
        if self._omitted:
            info.note(f"{self._omitted} further findings were counted and not kept")
        if self._decoder.later_fragments:
            info.note(f"{count(self._decoder.later_fragments, 'later fragment')} of VRRP packets not put together")
        if self._decoder.tables.overflowed:
            info.note("more different address lists or passwords than are kept apart")


def analyze(
    *specs: str,
    rules: Iterable[Rule] | None = None,
    show_secrets: bool = False,
    clock_offsets: Mapping[str, float] | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Analysis:
    """Analyse captures: `[NAME=]FILE`, directories, globs, or `-` for standard input.

    Captures of several NAMEs are read twice: first for their clocks and for what arrived where.

    Args:
        specs: what to read, as on the command line.
        rules: the rules to run; all by default.
        show_secrets: whether findings may quote passwords in clear.
        clock_offsets: by NAME, how many seconds the clock there is ahead; others are estimated.
        progress: called after each batch with the bytes read so far and in all (None if unknown).

    Raises:
        CaptureError: a capture is missing, unreadable, or no capture.
        UsageError: a specification that does not fit, or the offset of a NAME that is not there.
    """
    captures = expand(specs)
    total, done = _total_size(captures), 0
    several = len({c.vantage for c in captures}) > 1
    if several and total is not None:
        done, total = total, 2 * total

    def report(read: int) -> None:
        if progress is not None:
            progress(read, total)

    survey = Survey(captures, clock_offsets, report) if several or clock_offsets else None
    starts: list[int | None] = [None] * len(captures)
    if len(captures) > 1:
        starts = [first_time(c.path) if survey is None else survey.start(n) for n, c in enumerate(captures)]
    vantages = [0] * len(captures) if survey is None else survey.vantages
    session = Session(starts, rules, vantages=vantages, survey=survey, show_secrets=show_secrets)
    for read in _read(session, captures):
        report(done + read)
    return session.close()


def _read(session: Session, captures: list[CaptureSpec]) -> Iterator[int]:
    """Feed the session from its captures until all have ended; yield the bytes read so far."""
    sources: dict[int, tuple[Source, Iterator[Frames]]] = {}
    read, counted = 0, [0] * len(captures)
    while (capture := session.slowest()) is not None:
        if capture not in sources:
            opened = open_source(captures[capture].path, name=captures[capture].name)
            session.open(capture, opened.info)
            sources[capture] = (opened, iter(opened))
        source, frames = sources[capture]
        batch = next(frames, None)
        read += source.position - counted[capture]
        counted[capture] = source.position
        if batch is None:
            session.finish(capture)
        else:
            session.feed(capture, batch)
        yield read


def _total_size(captures: list[CaptureSpec]) -> int | None:
    try:
        return sum(Path(c.path).stat().st_size for c in captures if c.path != "-") or None
    except OSError:
        return None


def _latest_before(frames: Frames, adverts: NDArray[np.void]) -> NDArray[np.int64] | None:
    """Return for each advert the latest time of any frame up to it; None where the frames are in order anyway."""
    if not len(adverts) or (frames.t[1:] >= frames.t[:-1]).all():
        return None
    latest: NDArray[np.int64] = np.maximum.accumulate(frames.t)[np.searchsorted(frames.number, adverts["number"])]
    return latest


def _availability(router: Router, end: int) -> Availability:
    start = min(s.first.t for s in router.speakers.values())
    return availability(router.history.reigns, start, max(start, end))


def _reading_order(finding: Finding) -> tuple[int, int, str, str]:
    return (finding.severity.rank, finding.start, finding.virtual_router or "", finding.rule)
