"""What one virtual router is known to have gone through: the events kept, bounded, and those not yet told.

A storm can produce an event for every advert. Beyond `MAX_KEPT` of a kind they are counted and no longer
kept, so that a report stays truthful ("and 91,200 more") and memory bounded.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeVar

from vrrpscope.timeline.events import Cause, Election, Flapping, Missed, NoMaster, SplitBrain
from vrrpscope.timeline.timers import SECOND

if TYPE_CHECKING:
    from vrrpscope.timeline.events import Event, Reign
    from vrrpscope.timeline.speaker import Speaker

_Kept = TypeVar("_Kept", Election, Missed)
_Lasting = TypeVar("_Lasting", SplitBrain, NoMaster)

MAX_KEPT: Final = 2_000
"""Events of one kind kept for one virtual router."""

FLAPPING: Final = 4
"""Changes of mastership in a row that are too many."""

MOVES_APART: Final = 60 * SECOND
"""Changes of mastership this close behind one another belong together."""

_MAX_NEWS = 1_000


@dataclass(slots=True)
class Budget:
    """How much may still be kept, of all virtual routers together."""

    left: int = 25_000

    def spend(self) -> bool:
        """Take one from what is left; False if there is nothing."""
        if self.left <= 0:
            return False
        self.left -= 1
        return True


@dataclass(slots=True)
class History:
    """The past of one virtual router. Lists are in order of start."""

    budget: Budget = field(default_factory=Budget)

    reigns: list[Reign] = field(default_factory=list)
    elections: list[Election] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)
    splits: dict[int, SplitBrain] = field(default_factory=dict)  # by start; the latest word on each
    outages: dict[int, NoMaster] = field(default_factory=dict)  # likewise
    omitted: int = 0  # events counted and not kept
    untold: list[Event] = field(default_factory=list)
    _moves: list[Election] = field(default_factory=list)  # the latest, close behind one another
    _news: set[tuple[str, frozenset[str]]] = field(default_factory=set)

    def add(self, event: Event) -> None:
        """Keep an event, if there is room, and queue it to be told."""
        match event:
            case Election():
                self._keep(self.elections, event)
                self._note_move(event)
            case Missed():
                self._keep(self.missed, event)
            case SplitBrain():
                self._keep_latest(self.splits, event)
            case NoMaster():
                self._keep_latest(self.outages, event)
            case _:
                self.untold.append(event)

    def begin(self, reign: Reign) -> None:
        """Keep a reign, if there is room."""
        if len(self.reigns) < MAX_KEPT and self.budget.spend():
            self.reigns.append(reign)
        else:
            self.omitted += 1

    def amend(self, start: int, former: Speaker, now: int) -> None:
        """Correct an election beside a master that had fallen silent before, as turned out since."""
        for place, election in enumerate(self.elections):
            if election.time == start >= former.last.t and election.cause is Cause.DEAF:
                since = election.time - former.last.t
                expected = election.profile.down(former.profile)
                amended = replace(
                    election,
                    at=now,
                    cause=Cause.UNKNOWN,
                    takeover=since,
                    expected=expected,
                    masterless=since,
                    last_heard=None,
                )
                self.elections[place] = amended
                self.untold.append(amended)

    def fill(self, since: int, now: int) -> None:
        """Correct elections since a time at which a master only seemed to have left: nobody was missing."""
        for place, election in enumerate(self.elections):
            if election.time > since and election.masterless:
                self.elections[place] = replace(election, at=now, masterless=0)
                self.untold.append(self.elections[place])

    def is_news(self, kind: str, *routers: str) -> bool:
        """Whether this was not yet said of these routers, whatever their order."""
        news = (kind, frozenset(routers))
        if news in self._news or len(self._news) >= _MAX_NEWS:
            return False
        self._news.add(news)
        return True

    def drain(self) -> list[Event]:
        """Return what happened since the last call."""
        untold, self.untold = self.untold, []
        return untold

    def _note_move(self, election: Election) -> None:
        if election.previous is None:
            return
        if self._moves and election.at - self._moves[-1].at > MOVES_APART:
            self._moves.clear()
        if len(self._moves) >= MAX_KEPT:
            return
        self._moves.append(election)
        moves = self._moves
        if len(moves) >= FLAPPING:
            causes = tuple(sorted({m.cause for m in moves}))
            routers = tuple(sorted({m.router for m in moves}))
            frames = tuple(m.seen for m in moves[:10])
            event = Flapping(election.at, election.key, moves[0].at, len(moves), causes, routers, frames)
            self.untold.append(event)

    def _keep(self, kept: list[_Kept], event: _Kept) -> None:
        if len(kept) < MAX_KEPT and self.budget.spend():
            kept.append(event)
            self.untold.append(event)
        else:
            self.omitted += 1

    def _keep_latest(self, kept: dict[int, _Lasting], event: _Lasting) -> None:
        if event.start in kept or (len(kept) < MAX_KEPT and self.budget.spend()):
            kept[event.start] = event
            self.untold.append(event)
        else:
            self.omitted += 1
