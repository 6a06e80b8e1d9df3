"""Between two adverts of a master more time passed than it should: what became of those in between?

Where the sender numbers its adverts, the step of the IP ID tells: the next number means that nothing was sent,
a jump counts what was sent and not seen here. Where it does not, the phase must do: an advert that comes a
whole number of intervals after the last one suggests that the clock behind it never stopped, so those in
between were sent and lost; any other time suggests a sender that was held up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vrrpscope.timeline import timers
from vrrpscope.timeline.acceptance import shares_addresses
from vrrpscope.timeline.events import Missed, MissedKind
from vrrpscope.timeline.hearing import are_apart

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vrrpscope.timeline.carps import Carps
    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.profile import RouterKey
    from vrrpscope.timeline.speaker import Speaker


class Gap(NamedTuple):
    """A gap between two adverts of one sender, judged."""

    kind: MissedKind
    adverts: int  # how many should have been seen in it
    continues: bool  # the IP ID proves that one process sent both ends of it


def overdue(speaker: Speaker, seen: Seen, speakers: Iterable[Speaker], carps: Carps) -> Gap | None:
    """Judge the gap before this advert if it is longer than anything but trouble explains.

    keepalived restarts its timer on whatever it hears for its VRID, so an advert is due one interval after
    the last one of anybody in hearing, and after the last CARP packet of that number.
    """
    late = timers.late_after(speaker.profile.interval)
    if seen.t - speaker.last.t <= late:
        return None
    since = carps.restarted(
        speaker.profile, max(s.last.t for s in speakers if not are_apart(speaker, speaker.profile, s)), seen.t
    )
    return None if seen.t - since <= late else judge_gap(speaker, seen, since)


def missed_event(key: RouterKey, speaker: Speaker, seen: Seen, others: Iterable[Speaker], gap: Gap) -> Missed:
    """Tell a gap, with what was left until the most impatient backup would have taken over."""
    backups = (s.terms for s in others if s.terms.priority and shares_addresses(s.terms, speaker.terms))
    downs = [terms.down(speaker.profile) for terms in backups]
    # A backup that was never seen waits this long at the least.
    eager = timers.master_down(speaker.profile.version, 254, speaker.profile.interval)
    patience = min(downs, default=eager)
    return Missed(
        at=seen.t,
        key=key,
        router=speaker.address,
        start=speaker.last.t,
        end=seen.t,
        adverts=gap.adverts,
        kind=gap.kind,
        margin=patience - (seen.t - speaker.last.t),
        before=speaker.last,
        after=seen,
        interval=speaker.profile.interval,
        numbered=speaker.numbers,
        eager=not downs,
    )


def judge_gap(speaker: Speaker, seen: Seen, since: int, answers: int = 0) -> Gap:
    """Judge the gap between a speaker's last advert and this one, due one interval after `since`.

    It may have sent one advert more for each of the `answers` adverts of others that it may have answered.
    """
    interval = speaker.profile.interval
    gap = seen.t - since
    intervals = max((gap + interval // 2) // interval, 1)
    due = max(intervals - 1, 1)
    step = speaker.step(seen)
    if step is not None and step > 0 and (speaker.numbers or (step == 1 and not speaker.jumps)):
        if step == 1:
            return Gap(MissedKind.LATE, due, continues=True)
        slack = max(1, intervals // 10)
        if -slack <= step - intervals <= slack + answers:
            return Gap(MissedKind.LOST, step - 1, continues=True)
        restarted = seen.ip_id <= intervals  # it counts anew: nothing was sent in between
        return Gap(MissedKind.LATE if restarted else MissedKind.UNKNOWN, due, continues=False)
    in_phase = abs(gap - intervals * interval) <= interval // 20
    return Gap(MissedKind.LOST if in_phase else MissedKind.LATE, due, continues=False)
