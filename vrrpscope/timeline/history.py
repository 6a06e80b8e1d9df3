"""What one virtual router is known to have gone through: the events kept, bounded, and those not yet told.

A storm can produce an event for every advert. Beyond `MAX_KEPT` of a kind they are counted and no longer
kept, so that a report stays truthful ("and 91,200 more") and memory bounded.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeVar

from vrrpscope.timeline.events import Cause, Election, EndedBy, Flapping, Missed, NoMaster, Reign, SplitBrain
from vrrpscope.timeline.timers import SECOND

if TYPE_CHECKING:
    from vrrpscope.timeline.events import Claim, Event, Seen
    from vrrpscope.timeline.speaker import Speaker

_Kept = TypeVar("_Kept", Election, Missed)
_Lasting = TypeVar("_Lasting", SplitBrain, NoMaster)

MAX_KEPT: Final = 2_000
"""Events of one kind kept for one virtual router."""

FLAPPING: Final = 4
"""Changes of mastership in a row that are too many."""

MAX_NOTES: Final = 400
"""Changes of priority, and claims, kept for one virtual router: they only accompany the story."""

MOVES_APART: Final = 60 * SECOND
"""Changes of mastership this close behind one another belong together."""

_MAX_NEWS = 1_000


@dataclass(slots=True)
class Budget:
    """How much may still be kept, of all virtual routers together."""

    left: int = 25_000
    notes: int = 10_000  # of what only accompanies a story

    def spend(self) -> bool:
        """Take one from what is left; False if there is nothing."""
        if self.left <= 0:
            return False
        self.left -= 1
        return True

    def note(self) -> bool:
        """The same for what only accompanies a story, and must not cost the story its room."""
        if self.notes <= 0:
            return False
        self.notes -= 1
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
    unseen: list[Reign] = field(default_factory=list)  # shown by claims alone, while nobody was seen to be master
    priorities: list[tuple[str, Seen]] = field(default_factory=list)  # by whom, the first advert with another priority
    claims: list[Claim] = field(default_factory=list)  # by which what all clients were told of an address changed
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
            insort(self.reigns, reign, key=_start)  # some become known late
        else:
            self.omitted += 1

    @property
    def mastership(self) -> list[Reign]:
        """All that is known of who was master: by adverts, and where there were none, by claims of the address."""
        return [*self.reigns, *self.unseen]

    def note_unseen(self, claim: Claim | None, until: int) -> None:
        """Somebody announced the address to all while no master was seen, so he was one."""
        if claim is not None and claim.announced and claim.seen.t < until and len(self.unseen) < MAX_KEPT:
            router = claim.router or claim.mac
            self.unseen.append(Reign(router, claim.seen.t, until, ended_by=EndedBy.UNKNOWN))

    def note_priority(self, speaker: Speaker, seen: Seen) -> None:
        """Keep that a router is about to announce another priority than before, or its first, if there is room."""
        if speaker.adverts and speaker.profile.priority == seen.priority:
            return
        if len(self.priorities) < MAX_NOTES and self.budget.note():
            self.priorities.append((speaker.address, seen))

    def note_claim(self, claim: Claim) -> None:
        """Keep that all clients were told of another MAC than before, if there is room."""
        if len(self.claims) < MAX_NOTES and self.budget.note():
            self.claims.append(claim)

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

    def fill(self, since: int, now: int, *, spoke: bool) -> None:
        """Correct elections since a time at which a master only seemed to have left: nobody was missing.

        If it `spoke` all the time, whoever took over did not hear what it should have heard.
        """
        self.unseen = [reign for reign in self.unseen if reign.start < since]
        for place, election in enumerate(self.elections):
            if election.time > since and election.masterless:
                unheard = spoke and election.cause is Cause.TIMEOUT
                self.elections[place] = replace(election, at=now, masterless=0, unheard=unheard)
                self.untold.append(self.elections[place])

    def call_needless(self, start: int, taker: str, now: int) -> None:
        """Note that who took over although the master was there has yielded to the first it heard of it again."""
        for place, election in enumerate(self.elections):
            was_there = election.cause is Cause.DEAF or election.unheard
            if was_there and election.time >= start and election.router == taker:
                self.elections[place] = replace(election, at=now, needless=True)
                self.untold.append(self.elections[place])

    def call_reclaimed(self, seen: Seen, now: int) -> None:
        """Correct an election: the router did not become master with that advert, it was so all along."""
        for place, election in enumerate(self.elections):
            if election.seen == seen:
                self.elections[place] = replace(
                    election, at=now, cause=Cause.RECLAIMED, takeover=None, expected=None, last_heard=None
                )
                self.untold.append(self.elections[place])

    def unite(self, old: Reign, new: Reign) -> bool:
        """Make two reigns of one router one, as nothing ended the first; False if they are not kept."""
        place = next((place for place, reign in enumerate(self.reigns) if reign is new), None)
        if place is None or old.end is None:
            return False
        del self.reigns[place]
        old.mute += new.mute + new.start - old.end
        old.adverts += new.adverts
        old.end, old.ended_by, old.farewell = new.end, new.ended_by, new.farewell
        return True

    def is_news(self, kind: str, *routers: str) -> bool:
        """Whether this was not yet said of these routers, whatever their order."""
        news = (kind, frozenset(routers))
        if news in self._news or len(self._news) >= _MAX_NEWS:
            return False
        self._news.add(news)
        return True

    def kept(self) -> list[Event]:
        """Return the last word on everything that is kept."""
        return [*self.elections, *self.splits.values(), *self.outages.values(), *self.missed]

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


def _start(reign: Reign) -> int:
    return reign.start
