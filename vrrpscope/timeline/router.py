"""The state machine of one virtual router: what each of its routers believes, advert by advert.

Theory of operation
    Mastership is a belief per router, not a run of packets. A router that advertised with priority > 0 stays
    master until it resigns (priority 0), falls silent for longer than any backup would wait with nothing that
    would have muted it, or must have accepted an advert that beats its own. Whether it accepts is predicted
    from what it announces itself (`hearing`, `rivalry`); that it yielded is only known when its next advert does not
    come. So every master has a deadline (`masters`), and `advance` lets those pass that lie before the next
    advert.

    keepalived restarts its advert timer on every advert it reads, accepted or not. A master that rejects
    another's adverts can therefore be kept mute by them: its silence then proves nothing, and its deadline
    moves with each of them.

    The IP ID can overturn a belief: a master given up as silent that goes on with its very next number has
    been master all along (its reign is reopened, mute for the time between).

Nothing here reads a clock; time passes only through `advert`, `repeat` and `advance`. What happens is added
to `history`, which the engine drains.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from vrrpscope.timeline import elections, timers
from vrrpscope.timeline.carps import Carps
from vrrpscope.timeline.clients import Clients, Takeover
from vrrpscope.timeline.comparison import Comparison
from vrrpscope.timeline.events import (
    Cause,
    Closing,
    Election,
    EndedBy,
    MissedKind,
    NewProfile,
    Reign,
)
from vrrpscope.timeline.farewells import Farewells
from vrrpscope.timeline.hearing import are_apart, reached
from vrrpscope.timeline.history import Budget, History
from vrrpscope.timeline.masters import NEVER, Masters, due, strength
from vrrpscope.timeline.missed import Gap, judge_gap, missed_event, overdue
from vrrpscope.timeline.renamed import renamed
from vrrpscope.timeline.rivalry import Rivalry
from vrrpscope.timeline.speaker import ADDRESS, Speaker
from vrrpscope.timeline.watch import Watch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vrrpscope.timeline.around import Around
    from vrrpscope.timeline.claims import Claims
    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.profile import Profile, RouterKey

MAX_SPEAKERS: Final = 64  # per virtual router; each advert is held against every master

MAX_ADDRESSES: Final = 4_096


class Router:
    """One virtual router as seen in the captures."""

    around: Around | None = None  # everything else that spoke; the engine sets it

    def __init__(
        self,
        key: RouterKey,
        observed_from: int | None,
        budget: Budget | None = None,
        carps: Carps | None = None,
        claims: Claims | None = None,
    ) -> None:
        self.key = key
        self.carps = carps or Carps()
        self.speakers: dict[str, Speaker] = {}
        self.addresses: dict[str, None] = {}  # every virtual address announced, in order of appearance
        self.masters = Masters()
        self.history = History(budget or Budget())
        self.clients = Clients(key, self.masters, self.history, self.speakers)
        self.deadline = self.masters.deadline
        self.duplicates: dict[int, int] = {}  # second sightings of an advert, by capture
        self.unheard = 0  # adverts of speakers beyond MAX_SPEAKERS
        self._observed_from = observed_from
        self._claims = claims
        if claims is not None:
            self.clients.name = lambda mac, now: claims.name(key.segment, mac, now, self.addresses)
        self._rivalry = Rivalry(key, self.masters, self.history)
        self._farewells = Farewells(self.masters, self.history, self._rivalry, self.speakers, observed_from)
        self._watch = Watch(key, self.history, self.clients)
        self._comparison = Comparison(key, self.history)

    # --- time and adverts come in -------------------------------------------------------------------

    def advert(self, seen: Seen, profile: Profile) -> None:
        """Take one advert, unless it is the repetition of one already taken."""
        if self.deadline < seen.t:
            self.advance(seen.t)
        speaker = self.speakers.get(profile.address)
        if speaker is not None and not speaker.reaches(seen):
            self.reach(speaker, profile, seen)
        if speaker is None:
            if len(self.speakers) >= MAX_SPEAKERS:
                self.unheard += 1
                return
            speaker = self.speakers[profile.address] = Speaker(profile, seen)
        elif speaker.is_repetition(seen, profile):
            if not (seen.destination ^ speaker.last.destination) & ADDRESS:
                self.duplicates[seen.capture] = self.duplicates.get(seen.capture, 0) + 1
            return
        self.history.note_priority(speaker, seen)
        if profile not in speaker.profiles:
            self._announce(speaker, profile, seen)
        if not profile.priority:
            self._resign(speaker, profile, seen)
        elif speaker.is_master:
            self._go_on(speaker, profile, seen)
        else:
            self._ascend(speaker, profile, seen)
        self.refresh()

    def reach(self, speaker: Speaker, profile: Profile, seen: Seen) -> None:
        """Take note that a router sends to one more address: it may meet others thereby."""
        for other in reached(speaker, profile, seen, self._others(speaker)):
            self._comparison.compare(other, profile, seen)
            if speaker.is_master and other.is_master:
                self._rivalry.meet(speaker, seen, [other], None)

    def settled(self, profile: Profile, seen: Seen) -> bool:
        """Whether `seen` was just taken and more of the same can change nothing but counters."""
        master = self.masters.strongest
        return (
            master is not None
            and len(self.masters) == 1
            and not self._rivalry.is_open
            and master.profile is profile
            and master.yield_at is None
            and master.last == seen
            and not master.mixed
            and self._watch.is_idle
        )

    def repeat(self, latest: list[Seen], gaps: NDArray[np.int64], step: int | None) -> None:
        """Take a run of adverts that repeat the last one on time, while `settled`.

        Args:
            latest: the final adverts of the run, up to `speaker.RECENT` of them.
            gaps: the gap before each advert of the run, nanoseconds. Shape (n,).
            step: how the IP ID went up from each to the next, if it did alike: 1, another number, or None.
        """
        for master in self.masters:
            master.take_many(gaps, latest, step)
        self.refresh()

    def refresh(self) -> None:
        """Find out when something is due next."""
        self.deadline = min(self.masters.deadline, self.clients.deadline)

    def advance(self, now: int) -> None:
        """Let everything happen that was due before `now`."""
        now = min(now, NEVER)  # a capture may name a time at which nothing can be due
        while self.deadline < now:
            at = self.deadline
            vacancy = self.masters.vacancy
            if vacancy is not None and not vacancy.told and vacancy.due == at:
                vacancy.told = True
                vacancy.claim = self.clients.in_vacancy(vacancy)
                self.history.add(vacancy.event(self.key, at))
            for master in self.masters:
                if due(master) == at:
                    self._expire(master, at)
            if self.clients.deadline <= at:
                self.clients.advance(at)
                self._consult(at)
            self.refresh()

    def close(self, now: int) -> None:
        """Let time pass to the end of the capture and tell again what still lasts."""
        self.advance(now)
        if self.masters.vacancy is not None:
            self.history.note_unseen(self.masters.vacancy.claim, now)
        self._rivalry.close(now)
        self.clients.close(now)
        for master in self.masters:
            if master.rearmed > master.last.t:  # else its silence is the capture's edge
                self._note_mute(master, now, spoke=False)
        self.history.add(Closing(now, self.key))

    # --- what an advert does ------------------------------------------------------------------------

    def _announce(self, speaker: Speaker, profile: Profile, seen: Seen) -> None:
        """Something new is said: compare it with what the others say."""
        previous = speaker.profile if speaker.profiles else None
        speaker.profiles[profile] = seen
        if len(self.addresses) < MAX_ADDRESSES:
            new = dict.fromkeys(address for address in profile.addresses if address not in self.addresses)
            self.addresses.update(new)
            if self._claims is not None:
                self._claims.watch(self.key, new, self.clients, seen.t)
            self.clients.recall(seen.t)
        self.history.add(NewProfile(seen.t, self.key, profile, previous, seen))
        if not profile.priority:
            return  # a resigning router may leave its list out
        for other in self._others(speaker):
            if other.terms.priority and not are_apart(speaker, profile, other):
                self._comparison.compare(other, profile, seen)

    def _resign(self, speaker: Speaker, profile: Profile, seen: Seen) -> None:
        if not speaker.is_master:
            self._farewells.take(speaker, profile, seen)
            return
        self._rivalry.resigns(seen)
        self._note_mute(speaker, seen.t, spoke=True)
        speaker.take(seen, profile)
        self._leave(speaker, seen.t, EndedBy.RESIGNED, at=seen.t)

    def _go_on(self, speaker: Speaker, profile: Profile, seen: Seen) -> None:
        """A master advertises again."""
        gap = overdue(speaker, seen, self.speakers.values(), self.carps)
        if gap is not None:
            self._miss(speaker, seen, gap)
            if gap.kind is MissedKind.LOST and gap.continues:
                self._rivalry.unseen(speaker)
        if gap is None or gap.kind is not MissedKind.LOST:
            self._note_mute(speaker, seen.t, spoke=True)
        self._watch.restarts(speaker, seen)
        self._rivalry.spoke(speaker, seen)
        self._watch.goes_on(speaker, profile, seen)
        speaker.take(seen, profile)
        self._watch.went_on(speaker, seen, self._others(speaker), alone=len(self.masters) == 1)
        self._rivalry.reach(speaker, seen)

    def _ascend(self, speaker: Speaker, profile: Profile, seen: Seen) -> None:
        """A router that was not master advertises with a priority."""
        self._end_stale(profile, seen.t)
        gap = self._continues(speaker, profile, seen)
        if gap is not None:
            self._resume(speaker, profile, seen, gap)
        else:
            self._begin(speaker, profile, seen)
        self._rivalry.reach(speaker, seen)

    # --- reigns begin and end -------------------------------------------------------------------------

    def _begin(self, speaker: Speaker, profile: Profile, seen: Seen) -> None:
        for gone, event in renamed(self.masters, profile, seen):
            self._leave(gone, seen.t, EndedBy.UNKNOWN, seen.t)
            self.history.add(event)
        masters = list(self.masters)
        rivals = [m for m in masters if not are_apart(speaker, profile, m)]
        self._watch.begins(speaker, profile, seen)
        self._watch.restarts(speaker, seen)
        scene = elections.Scene(
            masters, self._others(speaker), self.masters.last, self._rivalry.hearing, self._observed_from
        )
        began = None
        if self.masters.vacancy is not None:
            began = elections.became(speaker, profile, seen, scene, self.clients.announced)
        known = seen if began is None else seen._replace(t=began)
        found, former = elections.explain(speaker, profile, known, scene)
        previous = None if former is None or former is speaker else former.address
        self.history.add(
            Election(
                at=seen.t,
                key=self.key,
                seen=seen,
                previous=previous,
                router=speaker.address,
                cause=found.cause,
                takeover=found.takeover,
                expected=found.expected,
                masterless=self._end_vacancy(seen.t, began=began, to=speaker.address),
                last_heard=found.last_heard,
                profile=profile,
                began=began,
            )
        )
        speaker.reign = Reign(speaker.address, known.t)
        self.history.begin(speaker.reign)
        speaker.began = seen
        speaker.take(seen, profile)
        self.masters.enter(speaker)
        self.clients.moved(seen.t, seen.t, Takeover(speaker, seen, previous))
        if rivals:
            last_heard = found.last_heard if found.cause is Cause.DEAF else None
            self._rivalry.meet(speaker, seen, rivals, last_heard)
        self._watch.began(speaker, seen, scene)

    def _end_stale(self, taker: Profile, now: int) -> None:
        """End the reigns of masters silent for as long as the taker waits: it takes over from a dead one."""
        for master in self.masters:
            patience = min(taker.down(master.profile), 3 * master.profile.interval)
            patience -= timers.tolerance(master.profile.interval)
            if master.yield_at is None and now - max(master.last.t, master.rearmed) >= patience:
                self._expire(master, now)

    def _expire(self, master: Speaker, at: int) -> None:
        if master.yield_at is not None:
            self._rivalry.yielded(master)
            self._leave(master, master.yield_at, EndedBy.YIELDED, at)
        elif master.rearmed > master.last.t:
            self._rivalry.doubt()
            self._leave(master, master.rearmed, EndedBy.UNKNOWN, at)
        else:
            self._leave(master, master.last.t, EndedBy.SILENT, at)

    def _leave(self, speaker: Speaker, end: int, by: EndedBy, at: int) -> None:
        self.masters.leave(speaker, end, by, at)
        contested_since = self._rivalry.left(end, at)
        self.clients.moved(at, end)
        self._watch.left(speaker, end, at)
        if contested_since is not None:
            if by is EndedBy.SILENT:
                self.history.amend(contested_since, speaker, at)
            elif by is EndedBy.YIELDED:
                self.history.call_needless(contested_since, speaker.address, at)

    def _consult(self, at: int) -> None:
        """Somebody may have spoken as a master while none advertises."""
        vacancy = self.masters.vacancy
        if vacancy is None or not vacancy.told:
            return
        claim = self.clients.in_vacancy(vacancy)
        if claim is not None and (vacancy.claim is None or claim.announced > vacancy.claim.announced):
            vacancy.claim = claim
            self.history.add(vacancy.event(self.key, at))

    def _end_vacancy(self, now: int, *, resumed: bool = False, began: int | None = None, to: str | None = None) -> int:
        """Close the time without a master; return how long it was."""
        vacancy = self.masters.vacancy
        if vacancy is None:
            return 0
        if vacancy.told:
            event = vacancy.event(self.key, now, now, resumed=resumed)
            by_number = began is not None and self.key.family == 4
            self.history.add(replace(event, began=began, next=to) if by_number else event)
        self.masters.vacancy = None
        until = now if began is None else began
        if not resumed:
            self.history.note_unseen(vacancy.claim, until)
        return until - vacancy.since

    # --- a master that was given up returns -------------------------------------------------------------

    def _continues(self, speaker: Speaker, profile: Profile, seen: Seen) -> Gap | None:
        """Whether a router given up as silent proves to have been master all along."""
        reign = speaker.reign
        if reign is None or reign.ended_by is not EndedBy.SILENT or not speaker.numbers:
            return None
        if any(m.profile.beats(profile) and self._rivalry.hearing.accepts(speaker, m) for m in self.masters):
            return None  # it should have yielded, and may have done so
        heard = sum(m.reign.adverts for m in self.masters if m.reign is not None)
        gap = judge_gap(speaker, seen, speaker.last.t, answers=heard)
        return gap if gap.continues else None

    def _resume(self, speaker: Speaker, profile: Profile, seen: Seen, gap: Gap) -> None:
        reign = speaker.reign
        if reign is None:
            return
        self._end_vacancy(seen.t, resumed=True)
        self.history.fill(speaker.last.t, seen.t, spoke=gap.kind is MissedKind.LOST)
        self._miss(speaker, seen, gap)
        if gap.kind is MissedKind.LATE:
            reign.mute += seen.t - speaker.last.t
        reign.end = reign.ended_by = None
        silent_since = speaker.last
        speaker.take(seen, profile)
        usurpers = [m for m in self.masters if not are_apart(speaker, profile, m)]
        self.masters.enter(speaker)
        self.clients.moved(seen.t, seen.t)
        if usurpers:
            former, to = max(usurpers, key=strength).address, speaker.address
            cause = Cause.RECLAIMED
            self.history.add(Election(seen.t, self.key, seen, former, to, cause, None, None, 0, None, profile))
            self._rivalry.depose(speaker, seen, usurpers, gap.kind, silent_since)

    # --- bookkeeping ----------------------------------------------------------------------------------------

    def _others(self, speaker: Speaker) -> list[Speaker]:
        return [s for s in self.speakers.values() if s is not speaker]

    def _miss(self, speaker: Speaker, seen: Seen, gap: Gap) -> None:
        missed = missed_event(self.key, speaker, seen, self._others(speaker), gap)
        speaker.miss(missed)
        self.history.add(missed)

    def _note_mute(self, speaker: Speaker, now: int, *, spoke: bool) -> None:
        """Count a silence that did not end a reign."""
        silent = now - speaker.last.t
        if speaker.reign is None or silent <= timers.late_after(speaker.profile.interval):
            return
        speaker.reign.mute += silent
        if spoke:
            self._rivalry.mute_spoke(now)
