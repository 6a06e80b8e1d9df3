"""One analysis in progress: decoder, engine and rules, fed batch by batch.

A `Session` is given batches of frames, from files or from a running interface, and answers with the findings they
gave rise to. When all captures have ended, what logs and configurations say is laid over what was seen, and the
events are judged once more, with that beside them. What it ends with is an `Analysis`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vrrpscope.evidence.home import Homes
from vrrpscope.evidence.quotes import Span
from vrrpscope.evidence.testimony import NOTHING, testify
from vrrpscope.evidence.vantage import Clock
from vrrpscope.outcome import Analysis, Capture, VirtualRouter
from vrrpscope.rules import Case, judge, rules_for
from vrrpscope.rules.text import count
from vrrpscope.timeline.engine import Engine
from vrrpscope.timeline.metrics import Availability, availability
from vrrpscope.timeline.order import WINDOW, Merger
from vrrpscope.wire.columns import ADVERT, SIGHTING
from vrrpscope.wire.decoder import Decoder
from vrrpscope.wire.presence import Presence
from vrrpscope.wire.rows import joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from vrrpscope.capture.frames import CaptureInfo, Frames
    from vrrpscope.evidence.delivery import Delivery
    from vrrpscope.evidence.survey import Survey
    from vrrpscope.evidence.testimony import Beside
    from vrrpscope.findings import Finding, Key
    from vrrpscope.rules.catalogue import Rule
    from vrrpscope.timeline.events import Event
    from vrrpscope.timeline.profile import RouterKey
    from vrrpscope.timeline.router import Router
    from vrrpscope.wire.digests import Keys


MAX_FINDINGS: Final = 5_000
"""Findings kept; those beyond are counted. Nobody reads more, and a storm could make millions."""


class Session:
    """One analysis in progress.

    Args:
        starts: for each capture the time of its first frame where known, so that what comes later need not be
            open while what comes earlier is read.
        rules: the rules to run.
        vantages: for each capture where it was taken; each at a place of its own by default.
        survey: what is known of several vantage points: their clocks, by which all times are corrected as they
            come in (not `starts`, which are corrected already), and what arrived where.
        beside: logs and configurations, which are laid over the story when the captures have ended.
        keys: passwords and keys with which digests are verified; those in the configurations beside come after them.
        show_secrets: whether findings may quote passwords in clear; keys they never do.
        patience: how many adverts and sightings may gather before the story goes on. Where a batch holds few, to go
            on with each costs more than to read it; but findings then come with a later one.
        window: how far behind its time a frame may come, nanoseconds; the story is told that much later.
        told: called with each event as it becomes known.
    """

    def __init__(
        self,
        starts: Sequence[int | None] = (None,),
        rules: Iterable[Rule] | None = None,
        *,
        vantages: Sequence[int] | None = None,
        survey: Survey | None = None,
        beside: Beside | None = None,
        keys: Sequence[bytes | str] = (),
        show_secrets: bool = False,
        patience: int = 0,
        window: int = WINDOW,
        told: Callable[[Event], None] | None = None,
    ) -> None:
        self._show_secrets = show_secrets
        self._survey = survey
        self._beside = beside
        self._testimony = NOTHING
        self._homes = Homes()
        self._extents: dict[int, tuple[int, int]] = {}  # by capture, where its clock may be corrected
        self._rules = rules_for(beside=beside is not None) if rules is None else list(rules)
        self._decoder = Decoder(sightings=True, keys=_keys(keys, beside))
        self._engine = Engine(self._decoder.tables, vantages=vantages)
        self._merger = Merger(starts, window)
        self._told = told
        self._patience = patience
        self._gathered = 0  # adverts and sightings since the story went on
        self._sightings: list[NDArray[np.void]] = []  # these
        self._presences: dict[int, Presence] = {}  # of captures that have not ended
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
        self._homes.note(capture, frames, decoded.adverts)
        decoded.adverts["capture"] = capture
        decoded.carps["capture"] = capture
        alive = self._presences.setdefault(capture, Presence()).seen(frames, decoded.adverts)
        sightings = joined([decoded.sightings, alive], SIGHTING)
        sightings["capture"] = capture
        self._adverts[capture] += len(decoded.adverts)
        if reached is not None:
            self._engine.observe_from(int(frames.t[0]))
        before = _latest_before(frames, decoded.adverts)
        self._note_late(capture, self._merger.push(capture, decoded.adverts, reached, before))
        self._engine.note_carps(decoded.carps)
        self._sightings.append(sightings)
        self._gathered += len(decoded.adverts) + len(sightings)
        return self._go_on() if self._gathered >= self._patience else []

    def advance(self, capture: int, now: int) -> list[Finding]:
        """Say that a capture has reached a time without another frame; return the findings that began or ended."""
        self._merger.push(capture, np.zeros(0, ADVERT), now)
        return self._go_on()

    def finish(self, capture: int) -> list[Finding]:
        """Say that a capture has ended."""
        self._presences.pop(capture, None)
        self._merger.finish(capture)
        return self._go_on()

    def virtual_routers(self, now: int) -> tuple[VirtualRouter, ...]:
        """Return what is known of each virtual router by now; the `Router`s in it go on changing."""
        return tuple(
            VirtualRouter(router, _availability(router, now), self._deliveries_of(router))
            for _, router in sorted(self._engine.routers.items())
            if router.speakers
        )

    def adverts(self, capture: int) -> int:
        """Return how many adverts a capture has held so far."""
        return self._adverts[capture]

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
        self._judge_again(start, end)
        self._report_late()
        self._report_malformed()
        if infos:
            self._note_limits(infos[0])  # they are of all captures together
        for info in infos:
            for finding in judge(info, self._case(None), self._rules):
                self._keep(finding)
        return Analysis(
            captures=tuple(self._capture(i, info) for i, info in enumerate(self._infos) if info is not None),
            virtual_routers=self.virtual_routers(end or 0),
            findings=tuple(sorted(self._findings.values(), key=_reading_order)),
            start=start,
            end=end,
            testimony=self._testimony,
        )

    def _judge_again(self, start: int | None, end: int | None) -> None:
        """Lay logs and configurations over what was seen, and judge all of it once more, with them."""
        if self._beside is None or start is None:
            return
        from vrrpscope.evidence.verdict import settle  # noqa: PLC0415 - most captures have nothing beside them

        routers = {key: router for key, router in self._engine.routers.items() if router.speakers}
        self._testimony = testimony = testify(self._beside, routers, Span(start, end), self._home)
        for router in routers.values():
            settle(router, testimony)
            self._judge(router.history.kept())
        for key, subject in testimony.subjects():
            self._keep_all(judge(subject, self._case(None if key is None else routers[key]), self._rules))
        if testimony.meant:
            from vrrpscope.rules.foreseen import foresee  # noqa: PLC0415 - it reads configurations

            secrets = self._show_secrets
            seen = list(self._findings.values())
            self._keep_all(foresee(testimony.meant, seen, start, self._rules, show_secrets=secrets))

    def _home(self, key: RouterKey, router: str) -> str | None:
        """Return the capture taken at a router's own host, if one was."""
        return self._case(self._engine.routers[key]).home(router)

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
        return Case(self._names, router, self._show_secrets, deliveries, self._testimony, self._homes)

    @property
    def _names(self) -> list[str]:
        return ["" if info is None else info.name for info in self._infos]

    def _go_on(self) -> list[Finding]:
        self._engine.note_sightings(joined(self._sightings, SIGHTING))
        self._sightings, self._gathered = [], 0
        adverts = self._merger.pop()
        return self._judge(self._engine.feed(adverts, self._merger.done))

    def _judge(self, events: list[Event]) -> list[Finding]:
        news = []
        for event in events:
            if self._told is not None:
                self._told(event)
            case = self._case(self._engine.routers[event.key])
            findings = judge(event, case, self._rules)
            if self._testimony.overlays:
                from vrrpscope.rules.corroboration import corroborated  # noqa: PLC0415 - where logs are given

                findings = corroborated(event, findings, case)
            news += self._keep_all(findings)
        return news

    def _keep_all(self, findings: Iterable[Finding]) -> list[Finding]:
        """Keep findings in place of those that they supersede; return those for which there was room."""
        kept = []
        for finding in findings:
            self._findings.pop(finding.key._replace(rule=finding.supersedes or ""), None)
            if self._keep(finding):
                kept.append(finding)
        return kept

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
        if engine.left_out:
            info.note(f"{count(engine.left_out, 'message')} of IGMP, MLD, ICMP or RARP left out: too many at once")
        if self._omitted:
            info.note(f"{self._omitted} further findings were counted and not kept")
        if self._decoder.later_fragments:
            info.note(f"{count(self._decoder.later_fragments, 'later fragment')} of VRRP packets not put together")
        if self._decoder.tables.overflowed:
            info.note("more different address lists or passwords than are kept apart")


def _keys(given: Sequence[bytes | str], beside: Beside | None) -> Keys | None:
    """Return what digests are verified with: the keys given, then those of the configurations."""
    configurations = () if beside is None else beside.configurations
    if not given and not configurations:
        return None
    from vrrpscope.evidence.meant import keys  # noqa: PLC0415 - most captures have nothing beside them
    from vrrpscope.wire.digests import Keys  # noqa: PLC0415

    configured = (key for own in keys(configurations).values() for key in own)
    return Keys([*given, *configured])


def _latest_before(frames: Frames, adverts: NDArray[np.void]) -> NDArray[np.int64] | None:
    """Return for each advert the latest time of any frame up to it; None where the frames are in order anyway."""
    if not len(adverts) or (frames.t[1:] >= frames.t[:-1]).all():
        return None
    latest: NDArray[np.int64] = np.maximum.accumulate(frames.t)[np.searchsorted(frames.number, adverts["number"])]
    return latest


def _availability(router: Router, end: int) -> Availability:
    start = min(s.first.t for s in router.speakers.values())
    return availability(router.history.mastership, start, max(start, end))


def _reading_order(finding: Finding) -> tuple[int, int, str, str]:
    return (finding.severity.rank, finding.start, finding.virtual_router or "", finding.rule)
