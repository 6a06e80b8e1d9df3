"""What the masters of one virtual router do to each other: yield, keep each other mute, or split.

Every advert of a master reaches the others, if they hear and accept it. One that accepts a winning advert
must yield; that it did is only known when its next advert does not come. One that rejects what it hears is
silenced all the same if it is keepalived, because its timer restarts. While there is more than one master a
`Contest` collects what happens between them; it is told as a split brain once it is certain that one did not
yield that should have, or that both of two that reject each other are alive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.findings import Confidence
from vrrpscope.timeline import timers
from vrrpscope.timeline.acceptance import Accepts
from vrrpscope.timeline.contest import Contest
from vrrpscope.timeline.events import MissedKind
from vrrpscope.timeline.hearing import Hearing, are_apart
from vrrpscope.timeline.masters import strength

if TYPE_CHECKING:
    from vrrpscope.timeline.contest import Suspicion
    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.history import History
    from vrrpscope.timeline.masters import Masters
    from vrrpscope.timeline.profile import RouterKey
    from vrrpscope.timeline.speaker import Speaker


class Rivalry:
    """Between the masters of one virtual router."""

    def __init__(self, key: RouterKey, masters: Masters, history: History) -> None:
        self.hearing = Hearing()
        self._key = key
        self._masters = masters
        self._history = history
        self._contest: Contest | None = None
        self._unproven: tuple[Contest, int] | None = None  # over, with its end; who was left was mute

    @property
    def is_open(self) -> bool:
        """Whether a contest is going on."""
        return self._contest is not None

    # --- a contest begins -----------------------------------------------------------------------------

    def meet(self, speaker: Speaker, seen: Seen, rivals: list[Speaker], last_heard: Seen | None) -> None:
        """A router became master beside others; `last_heard`: after it, it went deaf."""
        contest = self._open(seen.t, seen, last_heard, [*rivals, speaker])
        contest.heard(speaker, seen)
        for rival in rivals:
            weaker, stronger = sorted((speaker, rival), key=strength)
            if weaker is speaker:
                # A backup that hears the stronger and takes over all the same does not accept it.
                self.hearing.refuse(speaker, rival)
                if last_heard is not None:
                    contest.presume("one-node-deaf", Confidence.LIKELY, (speaker.address,))
            if not self.hearing.accepts(weaker, stronger):
                verdict = self.hearing.judge(weaker.profile, stronger.profile)
                known = verdict.accepts is Accepts.NO and verdict.reason is not None
                sure = Confidence.CERTAIN if known else Confidence.LIKELY
                contest.suspect(verdict.reason or "unknown", sure)
                if self._is_muted(rival, speaker, seen.t):
                    self._confirm(contest, seen.t)

    def depose(self, speaker: Speaker, seen: Seen, usurpers: list[Speaker], kind: MissedKind, before: Seen) -> None:
        """Others took over from a master that never left, as shows now; `before`: its last advert before that."""
        start = min(m.reign.start for m in usurpers if m.reign is not None)
        contest = self._open(start, before, before, [speaker, *usurpers])
        for usurper in usurpers:
            if usurper.began is not None:
                contest.witness(usurper.began)
        contest.witness(seen)
        if kind is MissedKind.LATE:
            contest.presume("paused-node", Confidence.CERTAIN)
            contest.prove()
        else:
            contest.presume("one-node-deaf", Confidence.LIKELY, tuple(m.address for m in usurpers))
            contest.unseen(speaker)
        if seen.t - start >= speaker.profile.interval:  # else they may yield to this very advert
            contest.believe()
            self._confirm(contest, seen.t)

    def _open(self, start: int, seen: Seen, last_heard: Seen | None, members: list[Speaker]) -> Contest:
        if self._contest is None:
            self._contest = Contest(start, seen, last_heard)
        for member in members:
            self._contest.join(member)
        return self._contest

    # --- masters advertise ------------------------------------------------------------------------------

    def spoke(self, speaker: Speaker, seen: Seen) -> None:
        """A master advertises again."""
        contest = self._contest
        if contest is None or speaker.address not in contest.members:
            speaker.yield_at = speaker.yield_to = None  # the one to whom it might have yielded has left
            return
        contest.heard(speaker, seen)
        if contest.suspicion is not None and contest.heard_of > 1:
            self._confirm(contest, seen.t)
        if speaker.yield_at is not None and contest.offend(speaker, seen, seen.t - speaker.yield_at):
            speaker.yield_at = speaker.yield_to = None
            self._convict(contest, speaker)
            self._confirm(contest, seen.t)

    def reach(self, speaker: Speaker, seen: Seen) -> None:
        """What an advert does to the other masters, if they hear it."""
        if len(self._masters) == 1:
            return
        for other in self._masters:
            if other is speaker or are_apart(speaker, speaker.profile, other):
                continue
            if self.hearing.accepts(other, speaker):
                if speaker.profile.beats(other.profile) and self._may_be_the_one(other, seen):
                    other.yield_at, other.yield_to = seen.t, seen
            elif _restarts_its_timer(other):
                other.rearmed = seen.t

    def resigns(self, seen: Seen) -> None:
        """A master resigns."""
        if self._contest is not None:
            self._contest.witness(seen)

    def unseen(self, speaker: Speaker) -> None:
        """By its IP IDs a master sent adverts that nobody saw."""
        if self._contest is not None:
            self._contest.unseen(speaker)

    def mute_spoke(self, now: int) -> None:
        """A master that had been mute was heard again: it was there all the time."""
        if self._contest is not None:
            self._contest.prove()
        elif self._unproven is not None:
            contest, end = self._unproven
            contest.prove()
            self._history.add(contest.event(self._key, now, end))
            self._unproven = None

    def _convict(self, contest: Contest, speaker: Speaker) -> None:
        """What a receiver may accept or not was not accepted: there is the reason."""
        for other in self._masters:
            if are_apart(speaker, speaker.profile, other):
                continue
            verdict = self.hearing.judge(speaker.profile, other.profile)
            if verdict.accepts is Accepts.DEPENDS and strength(other) > strength(speaker):
                self.hearing.refuse(speaker, other)
                if not self.hearing.accepts(speaker, other):
                    contest.suspect(verdict.reason or "unknown", Confidence.LIKELY)

    def _may_be_the_one(self, master: Speaker, seen: Seen) -> bool:
        """Whether this winning advert is the one on which a master yields, as far as can be told yet.

        A router that hears yields to the first. One that has ignored every answer so far more likely ignored
        that too: it yields to the last one before its own next advert was due. The one after an answer
        comes when that was due, a race that the other has mostly won before: then it was the answer that was heard.
        """
        if master.yield_at is None:
            return True
        deaf = self._contest is not None and self._contest.ignores_answers(master)
        return deaf and seen.t <= master.last.t + master.profile.interval

    def _is_muted(self, rival: Speaker, speaker: Speaker, now: int) -> bool:
        """Whether a master that was heard in time just now may be silent because of this advert."""
        on_time = now - max(rival.last.t, rival.rearmed) < timers.late_after(rival.profile.interval)
        return on_time and _restarts_its_timer(rival) and not self.hearing.accepts(rival, speaker)

    def reveal(
        self, speaker: Speaker, rivals: list[Speaker], span: tuple[int, int], seen: Seen, suspicion: Suspicion
    ) -> None:
        """A farewell shows that a router was master beside others, the latest first, all that time."""
        start, end = span
        contest, former = self._contest, self._unproven
        if contest is None or not contest.confirmed:
            told = former is not None and former[0].start == start
            contest = former[0] if former is not None and told else Contest(start, rivals[-1].first, None)
        for member in (*reversed(rivals), speaker):
            contest.join(member)
        contest.suspect(*suspicion)
        contest.witness(rivals[0].last)
        contest.witness(seen)
        if contest is not self._contest:  # else it is told when that ends
            self._history.add(contest.event(self._key, seen.t, end))

    # --- a contest ends -----------------------------------------------------------------------------------

    def yielded(self, master: Speaker) -> None:
        """A master has yielded."""
        if self._contest is not None and master.yield_to is not None:
            self._contest.witness(master.yield_to)
            self._contest.end_briefly(master.yield_to.t, master.profile.interval)

    def doubt(self) -> None:
        """A mute master did not speak when nothing muted it any more."""
        if self._contest is not None:
            self._contest.doubt()

    def left(self, end: int, at: int) -> int | None:
        """A master left at `end`, as became known at `at`; return the start of a contest that never was one."""
        contest = self._contest
        if contest is None or sum(m.address in contest.members for m in self._masters) > 1:
            return None
        if contest.confirmed:
            self._history.add(contest.event(self._key, at, max(end, contest.start)))
            self._unproven = (contest, end)
        self._contest = None
        return None if contest.confirmed else contest.start

    def close(self, now: int) -> None:
        """Tell again what lasts when the captures end."""
        if self._contest is not None and self._contest.confirmed:
            self._history.add(self._contest.event(self._key, now, None))

    def _confirm(self, contest: Contest, at: int) -> None:
        if not contest.confirmed:
            contest.confirmed = True
            self._history.add(contest.event(self._key, at, None))


def _restarts_its_timer(master: Speaker) -> bool:
    """Whether a rejected advert silences it: keepalived's way. FRR sets DF, and its timers run on."""
    return not master.profile.df
