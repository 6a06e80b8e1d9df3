"""What a timeline shows of one virtual router: lanes of bars and marks, in nanoseconds, with the words to each.

One lane for each router, the highest priority first, and above them what was true of all: split brain, and nobody
master. Below them the findings. A bar lasts, a mark is a moment. Nothing is placed here (`report/svg.py` does that)
and nothing is escaped (templates do that).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.report.palette import by_priority
from vrrpscope.report.story import election_step, ending_steps, missed_step
from vrrpscope.report.times import clock, date
from vrrpscope.rules.text import count, some, span
from vrrpscope.timeline.events import MissedKind, Reign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from vrrpscope.analysis import Analysis, VirtualRouter
    from vrrpscope.findings import Finding
    from vrrpscope.timeline.events import Claim, Election, Missed, NoMaster, Seen, SplitBrain
    from vrrpscope.timeline.history import History
    from vrrpscope.timeline.speaker import Speaker

    Where = Callable[[Seen], str]
    """Names a frame: `#14`, `lb02#14`."""

MAX_LANES: Final = 16
"""Routers of one virtual router that get a lane; more only a storm of forged adverts has."""

_NOTABLE: Final = 10  # per cent of a reign without a sound that are drawn, and not only told

_MISSED: Final = {MissedKind.LOST: "lost", MissedKind.LATE: "late", MissedKind.UNKNOWN: "missing"}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing drawn. `kind` is a word of the style sheet; `lines` is what a reader sees who points at it."""

    kind: str
    start: int
    end: int
    lines: tuple[str, ...]
    plural: str = ""  # what many of it are called, drawn together
    label: str = ""  # written beside or into it
    anchor: str = ""  # where on the page there is more


class Lane(NamedTuple):
    """One router's row."""

    speaker: Speaker
    priorities: str
    bars: list[Item]
    marks: list[Item]


class Chart(NamedTuple):
    """One virtual router's timeline."""

    states: list[Item]
    lanes: list[Lane]
    findings: list[Item]
    first: int  # when it was first seen; before, nothing is known
    full: int | None  # from when on not everything was kept, if so
    omitted: int  # routers without a lane


def chart(virtual: VirtualRouter, end: int, findings: Iterable[tuple[str, Finding]], where: Where) -> Chart:
    """Return the timeline of a virtual router.

    Args:
        virtual: whose.
        end: of the captures, for what lasts.
        findings: those about it, each with its anchor on the page.
        where: how a frame is called.
    """
    history, speakers = virtual.router.history, by_priority(virtual)
    states = [_split(s, end, where) for s in history.splits.values()]
    outages = [o for o in history.outages.values() if not o.resumed]
    states += [_vacancy(o, end, where) for o in outages]
    told = {o.end for o in outages}
    states += [_handover(e) for e in history.elections if e.masterless and e.time not in told]
    return Chart(
        sorted(states, key=lambda item: item.start),
        [_lane(speaker, virtual, end, where) for speaker in speakers[:MAX_LANES]],
        [_finding(anchor, f, end) for anchor, f in findings if f.start],
        min(s.first.t for s in speakers),
        _full(history),
        max(len(speakers) - MAX_LANES, 0),
    )


def extent(analysis: Analysis) -> tuple[int, int] | None:
    """Return the time that all charts show; None where there is none."""
    start, end = analysis.start, analysis.end
    return None if start is None or end is None or start >= end else (start, end)


def moment(t: int) -> str:
    """Return `2026-11-22 16:55:12.302000000 UTC`."""
    return f"{date(t)} {clock(t, 9)} UTC"


def stretch(start: int, end: int | None) -> str:
    """Return a time from its start to its end, with its length, to the nanosecond."""
    if end is None:
        return f"since {moment(start)}"
    if end == start:
        return moment(start)
    until = clock(end, 9) if date(start) == date(end) else f"{date(end)} {clock(end, 9)}"
    return f"{date(start)} {clock(start, 9)} – {until} UTC ({span(end - start)})"


def _full(history: History) -> int | None:
    """Return when a history that had to leave events out began to do so, at the latest: it keeps the first ones."""
    if not history.omitted:
        return None
    latest = [kept[-1] for kept in (history.reigns, history.elections) if kept]
    times = [each.start if isinstance(each, Reign) else each.time for each in latest]
    return max(times, default=None)


def _lane(speaker: Speaker, virtual: VirtualRouter, end: int, where: Where) -> Lane:
    history, address = virtual.router.history, speaker.address
    bars = [_reign(r, end) for r in history.reigns if r.router == address]
    bars += [_unseen(r, end) for r in history.unseen if r.router == address]
    marks = [_election(e, where) for e in history.elections if e.router == address]
    marks += [_missed(m, where) for m in history.missed if m.router == address]
    marks += [_claim(c, where) for c in history.claims if c.router == address]
    marks += [
        Item("farewell", step.t, step.t, (step.text, moment(step.t)), "farewells")
        for reign in history.reigns
        if reign.router == address
        for step in ending_steps(reign)
        if step.seen is not None
    ]
    marks += _steps([seen for router, seen in history.priorities if router == address], address, where)
    values = sorted({p.priority for p in speaker.profiles if p.priority}, reverse=True)
    priorities = "/".join(map(str, values[:3])) + ("/…" if len(values) > 3 else "") if values else "0"
    return Lane(speaker, priorities, bars, sorted(marks, key=lambda item: item.start))


def _reign(reign: Reign, end: int) -> Item:
    until = end if reign.end is None else reign.end
    lines = [f"{reign.router} is master", stretch(reign.start, until), count(reign.adverts, "advert")]
    if reign.end is None:
        lines.append("still master when the capture ended")
    elif reign.ended_by is not None:
        lines.append(f"ended: {reign.ended_by}")
    silent = 0
    if reign.mute:
        silent = min(round(100 * reign.mute / max(until - reign.start, 1)), 100)
        lines.append(f"believed master, but without a sound, for {span(reign.mute)} of it ({silent} %)")
    kind = "reign" if silent < _NOTABLE else "reign muted" if silent < 50 else "reign mute"
    return Item(kind, reign.start, until, tuple(lines), "reigns")


def _unseen(reign: Reign, end: int) -> Item:
    until = end if reign.end is None else reign.end
    lines = (
        f"{reign.router} must be master: it announced the address",
        stretch(reign.start, until),
        "no advert of it was seen",
    )
    return Item("reign unseen", reign.start, until, lines, "reigns")


def _election(election: Election, where: Where) -> Item:
    step = election_step(election, where)
    lines = [step.text, f"{moment(election.time)}, {where(election.seen)}", f"cause: {election.cause}"]
    if step.detail:
        lines.append(step.detail)
    if election.masterless:
        lines.append(f"nobody was master for {span(election.masterless)}")
    return Item("election", election.time, election.time, tuple(lines), "elections")


def _missed(missed: Missed, where: Where) -> Item:
    step = missed_step(missed)
    frames = f"between {where(missed.before)} and {where(missed.after)}"
    lines = [step.text, stretch(missed.start, missed.end), frames, *([step.detail] if step.detail else [])]
    kind = _MISSED[missed.kind]
    return Item(kind, missed.end, missed.end, tuple(lines), f"gaps ({kind})")


def _claim(claim: Claim, where: Where) -> Item:
    text = f"all clients are told: {claim.address} is at {claim.mac}"
    return Item("claim", claim.seen.t, claim.seen.t, (text, f"{moment(claim.seen.t)}, {where(claim.seen)}"), "claims")


def _steps(adverts: list[Seen], address: str, where: Where) -> Iterator[Item]:
    """Yield the changes of a router's priority; the first is its lane's label, and 0 is a farewell."""
    before = None
    for seen in adverts:
        if before is not None and seen.priority and seen.priority != before:
            text = f"{address} announces priority {seen.priority}, before {before}"
            lines = (text, f"{moment(seen.t)}, {where(seen)}")
            yield Item("priority", seen.t, seen.t, lines, "changes of priority", str(seen.priority))
        before = seen.priority or before


def _split(split: SplitBrain, end: int, where: Where) -> Item:
    until = end if split.end is None else split.end
    lines = [
        f"SPLIT BRAIN: {some(split.routers)} are both master",
        stretch(split.start, until) + ("" if split.end is not None else ", not over when the capture ended"),
        f"cause: {split.cause} ({split.confidence})",
    ]
    if split.silent:
        lines.append("silent: at most one of them advertises")
    if split.deaf:
        lines.append(f"does not hear the other: {some(split.deaf)}")
    if split.last_heard is not None:
        lines.append(f"the last advert heard was {where(split.last_heard)}")
    return Item("split", split.start, until, tuple(lines), "split brains", f"split brain {span(until - split.start)}")


def _vacancy(outage: NoMaster, end: int, where: Where) -> Item:
    until = end if outage.end is None else outage.end
    lines = ["nobody is seen to be master", stretch(outage.start, until), f"before, {outage.previous} was"]
    if outage.last is not None:
        lines.append(f"its last advert: {where(outage.last)}")
    if outage.claim is not None:
        whose = outage.claim.router or outage.claim.mac
        lines.append(f"but {whose} speaks as {outage.claim.address} meanwhile ({where(outage.claim.seen)})")
    return Item(
        "vacant", outage.start, until, tuple(lines), "times without a master", f"no master {span(until - outage.start)}"
    )


def _handover(election: Election) -> Item:
    """Return the time that a takeover took, too short to be told as an event of its own."""
    until = election.time if election.began is None else election.began
    start = until - election.masterless
    then = f"then {election.router} was ({election.cause})"
    lines = ("nobody was master", stretch(start, until), then)
    return Item("vacant", start, until, lines, "times without a master", f"no master {span(until - start)}")


def _finding(anchor: str, finding: Finding, end: int) -> Item:
    until = end if finding.end is None else finding.end
    lines = (finding.title, f"{finding.rule}: {finding.severity}, {finding.confidence}", stretch(finding.start, until))
    return Item(f"finding {finding.severity}", finding.start, max(until, finding.start), lines, "findings", "", anchor)
