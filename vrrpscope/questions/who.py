"""Who was master at a given time, and how that is known.

The answer has hindsight: it rests on everything the captures show, also what came after that time. A master that
fell silent was master up to its last advert; when it died within the interval after that nobody saw. Where the
captures do not reach, or more happened than was kept, the answer is that it is not known, never that there was
nobody.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING

from vrrpscope.timeline.events import EndedBy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vrrpscope.analysis import Analysis, VirtualRouter
    from vrrpscope.questions.heard import Heard
    from vrrpscope.timeline.events import Election, Reign, SplitBrain
    from vrrpscope.timeline.profile import RouterKey


class State(StrEnum):
    """What is known of a virtual router at a time."""

    ONE = "one-master"
    SPLIT = "split-brain"
    SEVERAL = "several-masters"  # while one yields to the other
    NOBODY = "nobody"
    UNKNOWN = "not-known"


class Unknown(StrEnum):
    """Why it is not known who was master."""

    BEFORE = "the capture begins later"
    AFTER = "the capture ends before"
    UNSEEN = "its first advert was captured later"
    MUTED = "whether the last master still was cannot be told"
    OMITTED = "more happened than is kept"


@dataclass(frozen=True, slots=True)
class Master:
    """One master at the time asked for."""

    reign: Reign
    election: Election | None  # how it became master, if that was kept
    heard: Heard | None  # its last advert up to then, if the captures could be looked at again
    priority: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Who was master of one virtual router. Times are nanoseconds since the epoch."""

    virtual: VirtualRouter
    state: State
    masters: tuple[Master, ...]
    split: SplitBrain | None  # the one that lasted then
    unknown: Unknown | None  # why it is not known
    previous: Reign | None  # who was master last, where nobody is
    known_from: int | None  # where it is not known: from when on something is
    known_until: int | None


class Answers(list[Answer]):
    """Who was master at one time, one answer for each virtual router; shows itself as `vrrpscope who` does."""

    def __init__(self, answers: Iterable[Answer], t: int) -> None:
        super().__init__(answers)
        self.t = t

    def __repr__(self) -> str:
        out = io.StringIO()
        import_module("vrrpscope.report.who").as_text(self, self.t, out, several=True)
        return out.getvalue().rstrip("\n")


def who(analysis: Analysis, t: int, heard: Mapping[tuple[RouterKey, str], Heard]) -> list[Answer]:
    """Return for each virtual router who was master.

    Args:
        analysis: what is known.
        t: the time, nanoseconds since the epoch.
        heard: each router's last advert up to then, as far as that is known.
    """
    return [_answer(analysis, virtual, t, heard) for virtual in analysis.virtual_routers]


def _answer(analysis: Analysis, virtual: VirtualRouter, t: int, heard: Mapping[tuple[RouterKey, str], Heard]) -> Answer:
    history, key = virtual.router.history, virtual.router.key
    ruling = [r for r in history.reigns if r.start <= t and (r.end is None or t < r.end or t == r.start)]
    ended = [r for r in history.reigns if r.end is not None and r.end <= t and r not in ruling]
    previous = max(ended, key=lambda r: r.end or 0, default=None)
    split = next((s for s in history.splits.values() if s.start <= t and (s.end is None or t < s.end)), None)
    first = min(s.first.t for s in virtual.router.speakers.values())
    unknown = _unknown(analysis, virtual, t, previous, known=bool(ruling))
    state = State.ONE if ruling else State.NOBODY
    if unknown is not None:
        state, ruling, split = State.UNKNOWN, [], None
    elif split is not None:
        state = State.SPLIT
    elif len(ruling) > 1:
        state = State.SEVERAL
    elections = {(e.router, e.time): e for e in history.elections}
    masters = []
    for reign in ruling:
        last = heard.get((key, reign.router))
        if last is not None and last.t < reign.start:
            last = None
        election = elections.get((reign.router, reign.start))
        masters.append(
            Master(reign, election, last, last.priority if last else election.profile.priority if election else None)
        )
    return Answer(
        virtual=virtual,
        state=state,
        masters=tuple(masters),
        split=split,
        unknown=unknown,
        previous=previous if state is State.NOBODY or unknown is Unknown.MUTED else None,
        known_from=first if unknown in {Unknown.BEFORE, Unknown.UNSEEN} else None,
        known_until=analysis.end if unknown is Unknown.AFTER else None,
    )


def _unknown(
    analysis: Analysis, virtual: VirtualRouter, t: int, previous: Reign | None, *, known: bool
) -> Unknown | None:
    """Return why it cannot be known; None if it can."""
    if analysis.start is None or t < analysis.start:
        return Unknown.BEFORE
    if analysis.end is None or t > analysis.end:
        return Unknown.AFTER
    if t < min(s.first.t for s in virtual.router.speakers.values()):
        return Unknown.UNSEEN
    history = virtual.router.history
    if history.omitted and t > max((r.start for r in history.reigns), default=0):
        return Unknown.OMITTED
    if not known and previous is not None and previous.ended_by is EndedBy.UNKNOWN:
        return Unknown.MUTED
    return None
