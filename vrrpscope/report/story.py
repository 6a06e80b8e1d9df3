"""A virtual router's story in time order: what happened, told in short sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vrrpscope.rules.text import count, some, span
from vrrpscope.timeline.events import Cause, EndedBy, MissedKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vrrpscope.timeline.events import Election, Missed, Reign, Seen, SplitBrain
    from vrrpscope.timeline.history import History

_BECAUSE = {
    Cause.INITIAL: "{new} is master (first seen)",
    Cause.STARTUP: "{new} becomes master; before, nobody was",
    Cause.RESIGNED: "{new} becomes master after {old} resigned",
    Cause.FAULT: "{new} becomes master after {old} went into FAULT",
    Cause.TIMEOUT: "{new} becomes master after {old} fell silent",
    Cause.PREEMPTED: "{new} preempts {old}: it has the higher priority",
    Cause.PRIORITY_DROP: "{new} takes over from {old}, whose priority sank",
    Cause.TIE_BREAK: "{new} takes over from {old}: same priority, higher address",
    Cause.OWNER: "{new} takes over from {old}: it owns the address (priority 255)",
    Cause.DEAF: "{new} becomes master while {old} still is",
    Cause.RECLAIMED: "{new} goes on as master, as if {old} had not taken over",
    Cause.UNKNOWN: "{new} becomes master",
}
_ENDINGS = {
    EndedBy.RESIGNED: "{router} resigns (priority 0)",
    EndedBy.FAULT: "{router} resigns twice at once (priority 0): FAULT",
    EndedBy.UNKNOWN: "{router} has not spoken since; whether it is still master cannot be told",
}


class Line(NamedTuple):
    """One step of the story; `detail` stands below it."""

    t: int
    seen: Seen | None
    text: str
    detail: str = ""
    host: str = ""  # whose log says so; empty for what packets tell
    vague: bool = False  # its time is known to the second


def tell(history: History, where: Callable[[Seen], str]) -> list[Line]:
    """Return the steps of a virtual router's history by time; `where` names a frame: `#14`, `lb02#14`."""
    lines = [election_step(e, where) for e in history.elections]
    lines += [line for reign in history.reigns for line in ending_steps(reign)]
    lines += [line for split in history.splits.values() for line in _split(split)]
    lines += [missed_step(m) for m in history.missed]
    for outage in history.outages.values():
        words = "was the last; now nobody is master"
        if outage.resumed:
            words = "sent nothing that was seen here"
        elif outage.claim is not None or outage.began is not None:
            words = "was the last; the next master advertises where it is not seen"
        lines.append(Line(outage.start, outage.last, f"{outage.previous} {words}"))
    return sorted(lines, key=lambda line: line.t)  # stable: elections before what they lead to


def election_step(election: Election, where: Callable[[Seen], str]) -> Line:
    """Return how a router became master, and what its timers say to that."""
    words = _BECAUSE[election.cause]
    if election.cause is Cause.STARTUP and election.previous is None and not election.masterless:
        words = "{new} is master (first seen; its daemon has just started)"
    detail = ""
    if election.takeover is not None:
        after = "" if election.last_heard is None else f" after {where(election.last_heard)}"
        detail = f"{span(election.takeover)}{after}"
        if election.expected is not None:
            detail += f"; its timers predict {span(election.expected)}"
        if election.cause is Cause.DEAF:
            detail += ", so that was the last advert it accepted"
    old = election.previous or "another"
    return Line(election.time, election.seen, words.format(new=election.router, old=old), detail)


def ending_steps(reign: Reign) -> Iterator[Line]:
    """Yield how a reign ended, where nothing else tells it."""
    if reign.end is not None and reign.ended_by in _ENDINGS:
        yield Line(reign.end, reign.farewell, _ENDINGS[reign.ended_by].format(router=reign.router))


def _split(split: SplitBrain) -> Iterator[Line]:
    how = "silently, " if split.silent else ""
    echoes, replies = split.echoes
    detail = ""
    if split.cause == "one-node-deaf" and echoes:
        detail = f"{echoes} of {count(replies, 'advert')} answered at once by the other, which therefore hears it"
    who = some(split.routers)
    yield Line(split.start, None, f"SPLIT BRAIN begins ({how}{split.cause}): {who} are both master", detail)
    if split.end is not None:
        last = split.frames[-1] if split.frames[-1].t == split.end else None
        yield Line(split.end, last, f"split brain ends after {span(split.end - split.start)}")


def missed_step(missed: Missed) -> Line:
    """Return which adverts did not come, and how close it was."""
    what = count(missed.adverts, "advert")
    words = {
        MissedKind.LOST: f"{what} of {missed.router} lost on the way here",
        MissedKind.LATE: f"{missed.router} sends {span(missed.end - missed.start)} after its last advert, {what} late",
        MissedKind.UNKNOWN: f"{what} of {missed.router} missing",
    }
    margin = missed.margin
    left = f"{span(margin)} before a backup would have taken over" if margin is not None and margin >= 0 else ""
    return Line(missed.end, missed.after, words[missed.kind], left)
