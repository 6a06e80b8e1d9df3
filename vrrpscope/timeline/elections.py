"""Why did it become master? Takeover arithmetic on one router's first advert as master.

A backup takes over one Master_Down_Interval after the last advert it *accepted*, or one skew time after it
heard the master resign. So the distance from the new master's first advert back to the old master's adverts
says which of them it heard last:

    the last one on the wire   the master fell silent                       timeout
    an earlier one             the taker stopped accepting at that one      deaf, or it may preempt
    a priority 0               an orderly hand-over                         resigned, fault
    none                       another timer ran: its own start, a delay    preempted, startup

A match to an earlier advert by a router that may preempt does not prove deafness: keepalived 2.x waits out
its timer from the moment on which it began to ignore lower priorities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vrrpscope.timeline import timers
from vrrpscope.timeline.acceptance import Accepts, shares_addresses
from vrrpscope.timeline.events import Cause, EndedBy, Seen
from vrrpscope.timeline.masters import strength
from vrrpscope.timeline.renamed import is_renamed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vrrpscope.timeline.events import Reign
    from vrrpscope.timeline.hearing import Hearing
    from vrrpscope.timeline.profile import Profile
    from vrrpscope.timeline.speaker import Speaker

_ROUNDS = 4  # a hand-over that takes more intervals than this beyond its timer was not one


class Explanation(NamedTuple):
    """An election's cause and the arithmetic behind it; spans in nanoseconds."""

    cause: Cause
    takeover: int | None = None
    expected: int | None = None
    last_heard: Seen | None = None


class Match(NamedTuple):
    """The old master's advert that the timers point at."""

    seen: Seen
    takeover: int
    expected: int


def last_accepted(taker: Profile, seen: Seen, master: Speaker, hearing: Hearing) -> Match | None:
    """Return the master's advert after which the taker's Master_Down_Interval ends at `seen`, if there is one."""
    matches = (
        Match(old, seen.t - old.t, taker.down(sent))
        for old, sent in master.recent
        if old.priority and hearing.judge(taker, sent).accepts is not Accepts.NO
    )
    best = min(matches, key=lambda m: abs(m.takeover - m.expected), default=None)
    if best is None or abs(best.takeover - best.expected) > timers.tolerance(taker.interval):
        return None
    return best


class Scene(NamedTuple):
    """What an election happens in."""

    masters: Sequence[Speaker]
    others: Sequence[Speaker]  # all routers of the virtual router but the new master
    last: Speaker | None  # who left last, if there is no master
    hearing: Hearing
    observed_from: int | None  # when the captures begin


def explain(taker: Speaker, profile: Profile, seen: Seen, scene: Scene) -> tuple[Explanation, Speaker | None]:
    """Return why it becomes master, and whom it follows: one with whom it shares an address, if there are such.

    Its first advert as master, `profile` and `seen`, is not taken yet.
    """
    masters, others, last, hearing, observed_from = scene
    rivals = [m for m in masters if shares_addresses(m.terms, profile)]
    if len(rivals) < len(masters) or (last is not None and not shares_addresses(last.terms, profile)):
        # Two clusters use one number: what the other one does says nothing of this one.
        ended = [s for s in (taker, *others) if s.reign is not None and s.reign.end is not None]
        ended = [s for s in ended if shares_addresses(s.terms, profile)]
        last = max(ended, key=lambda s: (s.reign.end or 0) if s.reign is not None else 0, default=None)
    rival = max(rivals, key=lambda m: (m.yield_at is None, *strength(m)), default=None)
    if rival is None:
        found = from_vacancy(taker, profile, seen, last, hearing)
        start = seen.t if observed_from is None else observed_from
        if found.cause is Cause.INITIAL and seen.t - start > profile.down_limit:
            found = found._replace(cause=Cause.STARTUP)
        return found, last
    if rival.reign is not None and seen.t - rival.reign.start <= timers.tolerance(profile.interval):
        # Both took over from the same master; neither can have heard the other before.
        found = from_vacancy(taker, profile, seen, last, hearing)
        if found.takeover is not None:
            return found, last
    return against(taker, profile, seen, rival, hearing), rival


def became(
    taker: Speaker,
    profile: Profile,
    seen: Seen,
    scene: Scene,
    announced: Callable[[str | None, int, int], int | None],
) -> int | None:
    """Return when a router became master of a vacancy, if it shows that this was before its first advert seen.

    `announced` says when a MAC first announced an address in a time.
    """
    last = scene.last
    if last is None or last.reign is None or last.reign.end is None:
        return None
    began = unseen_since(taker, profile, seen, last)
    if began is None and profile.key.family == 6:
        # FRR announces itself over IPv6, and sends its first advert an interval later.
        tolerance = timers.tolerance(profile.interval)
        earliest = max(last.reign.end, seen.t - profile.interval - tolerance)
        began = announced(profile.mac, earliest, seen.t - tolerance)
    reigns = (s.reign for s in (taker, *scene.others))
    ends = (reign.end for reign in reigns if reign is not None and reign.end is not None)
    return began if began is not None and began > max(ends, default=began) else None


def from_vacancy(
    taker: Speaker, profile: Profile, seen: Seen, previous: Speaker | None, hearing: Hearing
) -> Explanation:
    """Explain a takeover when nobody was believed master any more."""
    if previous is None or previous.reign is None or previous.reign.end is None:
        return Explanation(Cause.STARTUP if seen.ip_id == 1 else Cause.INITIAL)
    if taker is previous:
        return Explanation(Cause.STARTUP)
    if is_renamed(previous, profile, seen):
        return Explanation(Cause.UNKNOWN)  # nobody took over: it has another address
    if previous.reign.ended_by in (EndedBy.RESIGNED, EndedBy.FAULT):
        return _after_resignation(profile, seen, previous, previous.reign)
    match = last_accepted(profile, seen, previous, hearing)
    if match is not None:
        return Explanation(Cause.TIMEOUT, match.takeover, match.expected, match.seen)
    return _after_silence(taker, profile, seen, previous)


def _after_silence(taker: Speaker, profile: Profile, seen: Seen, previous: Speaker) -> Explanation:
    """Explain a takeover from a silent master when it fits none of its adverts."""
    since, expected = seen.t - previous.last.t, profile.down(previous.profile)
    if seen.ip_id == 1 and since > expected + profile.interval:
        return Explanation(Cause.STARTUP)
    if previous.numbers and seen.ip_id > 1 and not (taker.adverts and taker.step(seen) == 1):
        return Explanation(Cause.TIMEOUT)  # by its number it advertised before: when it began was not seen
    return Explanation(Cause.TIMEOUT, since, expected)


def unseen_since(taker: Speaker, profile: Profile, seen: Seen, previous: Speaker | None) -> int | None:
    """Return when it must have become master, if by its IP ID this is not its first advert since the last master's.

    A count that went on since its own last advert went on meanwhile. One never heard before may have counted
    before the capture began: then the time to which the count leads back must be the one at which it was due.
    """
    if seen.ip_id < 1 or previous is None or taker is previous or previous.reign is None or previous.reign.end is None:
        return None
    if taker.adverts:
        step = taker.step(seen)
        unseen = step - 1 if step is not None and taker.numbers else 0
    else:
        unseen = seen.ip_id - 1 if previous.numbers else 0
    began = seen.t - unseen * profile.interval
    if unseen < 1 or began <= previous.reign.end:
        return None
    resigned = previous.reign.ended_by in (EndedBy.RESIGNED, EndedBy.FAULT)
    waited = profile.skew(previous.terms) if resigned else profile.down(previous.terms)
    is_due = abs(began - previous.reign.end - waited) <= timers.tolerance(profile.interval) * (1 + unseen // 100)
    return began if is_due or taker.adverts else None


def _after_resignation(profile: Profile, seen: Seen, previous: Speaker, reign: Reign) -> Explanation:
    since, expected = seen.t - (reign.end or seen.t), profile.skew(previous.terms)
    if since > expected + _ROUNDS * profile.interval:
        return Explanation(Cause.STARTUP)
    cause = Cause.FAULT if reign.ended_by is EndedBy.FAULT else Cause.RESIGNED
    return Explanation(cause, since, expected, previous.last)


def against(taker: Speaker, profile: Profile, seen: Seen, master: Speaker, hearing: Hearing) -> Explanation:
    """Explain a takeover from a master that was still there."""
    match = last_accepted(profile, seen, master, hearing)
    facts = (match.takeover, match.expected, match.seen) if match else (None, None, None)
    if not hearing.accepts(taker, master) or not profile.beats(master.profile):
        is_mute = match is not None and match.seen == master.last and master.rearmed > master.last.t
        return Explanation(Cause.TIMEOUT if is_mute else Cause.DEAF, *facts)
    if profile.priority == 255:
        return Explanation(Cause.OWNER)
    if profile.priority == master.profile.priority:
        # A backup never competes with an equal priority that it hears (RFC 9568 6.4.2), whatever the addresses say.
        unheard = match is not None and match.seen.t < master.last.t
        return Explanation(Cause.DEAF if unheard else Cause.TIE_BREAK, *facts)
    if _sank(master, profile):
        return Explanation(Cause.PRIORITY_DROP, *facts)
    return Explanation(Cause.PREEMPTED, *facts)


def _sank(master: Speaker, taker: Profile) -> bool:
    """Whether the master announced more than the taker's priority not long ago."""
    return any(seen.priority >= taker.priority for seen, _ in master.recent)
