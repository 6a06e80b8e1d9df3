"""Did a router go deaf because a switch forgot that it wants the group?

A switch that snoops IGMP or MLD forgets a port some time after the last report from it, unless somebody queries.
260 s is the standard's default (RFC 3376 8.4), others are usual (`USUAL`); then adverts stop coming to that port at
once. So the age of the last report, when the first advert was not heard, is either one of those, or the same each
time it happens. What has nothing to do with the group (a firewall, a cron job) is of no certain age.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.timeline.timers import SECOND
from vrrpscope.wire.columns import Destination, Kind

if TYPE_CHECKING:
    from vrrpscope.timeline.around import Around
    from vrrpscope.timeline.events import Seen, SplitBrain
    from vrrpscope.timeline.router import Router

USUAL: Final = tuple(seconds * SECOND for seconds in (125, 200, 255, 260, 300, 600))
"""Times after which switches forget a port."""

_CAUSES = ("one-node-deaf", "both-deaf", "unknown")  # of a split brain that the adverts themselves do not explain
_SLOW = 4 * SECOND  # a join is reported again within a second; switches look every few seconds
_EARLY = SECOND // 2
_ALIKE = 2 * SECOND
_LEAST = 60 * SECOND  # younger reports are forgotten by no switch


class Snooped(NamedTuple):
    """A router went deaf when a switch may have forgotten that it wants the group."""

    router: str
    report: Seen  # its last before that
    age: int  # nanoseconds from there to the first advert it did not hear
    usual: int | None  # which of the usual times that is
    times: int  # how often it went deaf at this age, this time included


def snooped(split: SplitBrain, router: Router) -> Snooped | None:
    """Return which deaf router of a split brain a switch may have forgotten; None if the ages do not fit."""
    for deaf in split.deaf:
        found = _report(split, deaf, router)
        if found is None:
            continue
        report, age, interval = found
        usual = min(
            (u for u in USUAL if age - interval - _SLOW <= u <= age + _EARLY), key=lambda u: abs(age - u), default=None
        )
        times = 1 + sum(
            earlier.start < split.start and abs(other[1] - age) <= max(_ALIKE, interval) and other[0] != report
            for earlier in router.history.splits.values()
            if deaf in earlier.deaf and (other := _report(earlier, deaf, router)) is not None
        )
        if usual is not None or (times > 1 and age >= _LEAST):
            return Snooped(deaf, report, age, usual, times)
    return None


def _report(split: SplitBrain, deaf: str, router: Router) -> tuple[Seen, int, int] | None:
    """Return a router's last report before it went deaf, its age by then, and the interval of the adverts."""
    around, heard, speaker = router.around, split.last_heard, router.speakers.get(deaf)
    if around is None or heard is None or speaker is None or split.cause not in _CAUSES:
        return None
    if speaker.terms.destination is not Destination.MULTICAST:
        return None
    last = _last(around, deaf, heard.t)
    if last is None or around.queries(last.t, heard.t):
        return None
    others = (router.speakers[name].terms.interval for name in split.routers if name != deaf)
    interval = min(others, default=speaker.terms.interval)
    return last, heard.t + interval - last.t, interval


def _last(around: Around, router: str, before: int) -> Seen | None:
    member = around.member(router)
    word = None if member is None else member.last(before)
    return word.seen if word is not None and word.kind is Kind.REPORT else None
