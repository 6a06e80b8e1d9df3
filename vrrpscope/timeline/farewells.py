"""What a priority 0 says of a router that was not believed master: only a master sends one.

It is the last word of a FAULT said twice, of a master from before the capture, or of one that was master beside
another all the time and kept mute by its adverts: a silent split brain, proved at its end. Two show that:

    never heard before      it began before the capture, and each advert of the other restarted its timer. So it refuses
                            them (one that accepts yields, or answers), and their interval is not above its own
    seemed to have yielded  the IP ID is the very next one, so it sent nothing meanwhile; had it become master again,
                            that would have taken an advert. The same for one given up as silent: it refused those
                            of its successor, or stood still

FRR's timers run on, so it is never mute. What might as well be the work of a program that only sends, by its IP ID
(none, or the first of a count), its TOS, its TTL or its checksum, proves nothing: see `intruders`. Where settings agree
nothing is told of one never heard before: deaf, it would have advertised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.findings import Confidence
from vrrpscope.timeline import timers
from vrrpscope.timeline.acceptance import Accepts
from vrrpscope.timeline.contest import Suspicion
from vrrpscope.timeline.events import EndedBy, Reign
from vrrpscope.wire.columns import Auth, Checksum, Flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.history import History
    from vrrpscope.timeline.masters import Masters
    from vrrpscope.timeline.profile import Profile
    from vrrpscope.timeline.rivalry import Rivalry
    from vrrpscope.timeline.speaker import Speaker

_DOUBLE_ZERO: Final = 100 * timers.MILLISECOND  # keepalived's FAULT sends two within microseconds


class _Beside(NamedTuple):
    """A time in which a router was master and said nothing, beside others."""

    start: int
    end: int
    rivals: list[Speaker]  # the latest first
    suspicion: Suspicion


class Farewells:
    """Takes the priority 0 of routers of one virtual router that were not believed master.

    Args:
        masters: who is believed master.
        history: where reigns are kept.
        rivalry: who accepts whose adverts, and where split brains are told.
        speakers: all routers of the virtual router.
        observed_from: when the captures begin, nanoseconds; None if unknown.
    """

    def __init__(
        self,
        masters: Masters,
        history: History,
        rivalry: Rivalry,
        speakers: Mapping[str, Speaker],
        observed_from: int | None,
    ) -> None:
        self._masters = masters
        self._history = history
        self._rivalry = rivalry
        self._speakers = speakers
        self._observed_from = observed_from

    def take(self, speaker: Speaker, profile: Profile, seen: Seen) -> None:
        """Take one; it becomes the last advert of its sender."""
        beside = self._beside(speaker, profile, seen)
        before, reign = speaker.last, speaker.reign
        speaker.take(seen, profile)
        if reign is None:  # it was master before the capture began
            start = seen.t if beside is None else beside.start
            farewell = None if beside is None else seen
            speaker.reign = Reign(speaker.address, start, seen.t, 0, seen.t - start, EndedBy.RESIGNED, farewell)
            self._history.begin(speaker.reign)
            self._masters.vacate(speaker, seen.t, seen.t + profile.down_limit)
        elif beside is not None:
            if reign.ended_by is EndedBy.SILENT:
                self._history.fill(before.t, seen.t, spoke=False)
            reign.mute += seen.t - before.t
            reign.end, reign.ended_by, reign.farewell = seen.t, EndedBy.RESIGNED, seen
            self._masters.vacate(speaker, seen.t, seen.t + profile.down_limit)
        elif reign.ended_by is EndedBy.RESIGNED and reign.end and seen.t - reign.end <= _DOUBLE_ZERO:
            reign.ended_by = EndedBy.FAULT
        if beside is not None:
            self._rivalry.reveal(speaker, beside.rivals, (beside.start, beside.end), seen, beside.suspicion)

    def _beside(self, speaker: Speaker, profile: Profile, seen: Seen) -> _Beside | None:
        """Return whose master it was beside, back to when it was first so or first could have been seen to be."""
        if profile.df or seen.ip_id in {0, 1} or profile.flags & Flag.TTL or profile.checksum is Checksum.BAD:
            return None
        known = speaker.reign is not None
        if known and not _stayed(speaker, seen):
            return None
        patience = timers.late_after(speaker.terms.interval)  # after this it speaks, if nothing keeps it mute
        rivals: list[Speaker] = []
        since, end, reason = seen.t, 0, ""
        for reign in reversed(self._history.reigns):
            if reign is speaker.reign:
                continue
            other = self._speakers[reign.router]
            latest = other.last.t if reign.end is None else reign.end
            if since - latest > patience or not (known or profile.tos == other.terms.tos):
                break
            found = self._reason(speaker, other, seen)
            if found is None:
                break
            since, end, reason = reign.start, max(end, seen.t if reign.end is None else reign.end), found
            if other not in rivals:
                rivals.append(other)
        if not rivals:
            return None
        if speaker.reign is not None:
            by_silence = speaker.reign.ended_by is EndedBy.SILENT
            since = max(since, speaker.last.t if by_silence else speaker.reign.start)
            return _Beside(since, end, rivals, Suspicion(reason, Confidence.LIKELY))
        holes = [gap.end for gap in self._history.missed if gap.end - gap.start > patience and gap.end <= seen.t]
        came_unseen = bool(holes) or self._observed_from is None or since - self._observed_from <= patience
        since = max([since, *holes])
        return _Beside(since, end, rivals, Suspicion(reason, Confidence.LIKELY if came_unseen else Confidence.POSSIBLE))

    def _reason(self, speaker: Speaker, other: Speaker, seen: Seen) -> str | None:
        """Return why a router stayed master beside another and kept quiet; None if it cannot have done so."""
        hearing = self._rivalry.hearing
        if speaker.terms.auth is Auth.AH and any(s.sequence == seen.sequence - 1 for s, _ in other.recent):
            return None  # it counts on from what it accepted
        verdict = hearing.judge(speaker.terms, other.terms)
        if verdict.accepts is Accepts.DEPENDS:
            hearing.refuse(speaker, other)
        if verdict.accepts is not Accepts.YES and not hearing.accepts(speaker, other):
            return verdict.reason if other.terms.interval <= speaker.terms.interval else None
        silent = speaker.reign is not None and speaker.reign.ended_by is EndedBy.SILENT
        return "paused-node" if silent and speaker.terms.beats(other.terms) else None


def _stayed(speaker: Speaker, seen: Seen) -> bool:
    """Whether by its IP ID a router that seemed to have yielded or died sent nothing since, no first advert either."""
    if speaker.reign is None or speaker.reign.ended_by not in {EndedBy.YIELDED, EndedBy.SILENT}:
        return False
    return speaker.step(seen) == 1 and (speaker.numbers or not speaker.jumps)
