"""What befell several virtual routers at one time: known when the captures end, from what each of them missed.

A clock step
    Senders on different hosts, not in phase, are all late by the same time at one instant, each with its very next
    IP ID. Nothing was held up: the clock that stamped the frames was set forward. Hosts that stand still together
    send at once when they go on, so each is late by another time.

Losses together
    Adverts of several virtual routers were sent and lost within one second, again and again: what lies on their
    common way drops them by number, not one link by chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vrrpscope.timeline.events import ClockStepped, LossesTogether, MissedKind
from vrrpscope.timeline.timers import MILLISECOND, SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vrrpscope.timeline.events import Missed
    from vrrpscope.timeline.router import Router

MIN_ROUTERS: Final = 3
"""Virtual routers that lose adverts at once, if that is to be told."""

MIN_TIMES: Final = 2

_EQUAL: Final = 10 * MILLISECOND  # late by the same time
_OUT_OF_PHASE: Final = 50 * MILLISECOND  # senders that advertise at once are late alike however they were held up
_FRAMES: Final = 10


def tell_together(machines: Sequence[Router], now: int) -> None:
    """Add what befell several virtual routers to the history of the first of each."""
    if len(machines) < 2:
        return
    by_key = {machine.key: machine for machine in machines}
    for event in (*_clock_steps(machines, now), *_losses(machines, now)):
        by_key[event.key].history.add(event)


def _clock_steps(machines: Sequence[Router], now: int) -> Iterable[ClockStepped]:
    """Yield the times at which all senders of a segment were late alike."""
    places: dict[tuple[str, int, int], list[Missed]] = {}
    for machine in machines:
        for missed in machine.history.missed:
            if missed.kind is MissedKind.LATE and _next_number(missed):
                place = (missed.key.segment, missed.key.family, missed.after.capture)
                places.setdefault(place, []).append(missed)
    for place in sorted(places):
        for group in _alike(sorted(places[place], key=lambda m: (m.end, m.key))):
            if _several_hosts(group, machines) and not _somebody_went_on(group, machines):
                first = min(group, key=lambda m: m.key)
                latest, soonest = max(m.start for m in group), min(m.end for m in group)
                routers = tuple(sorted({m.router for m in group}))
                frames = tuple(m.after for m in group[:_FRAMES])
                yield ClockStepped(now, first.key, latest, soonest, min(map(_late_by, group)), routers, frames)


def _alike(missed: Sequence[Missed]) -> Iterable[list[Missed]]:
    """Yield groups of gaps that hold one instant and are longer than they should be by one time."""
    group: list[Missed] = []
    for each in missed:
        late = _late_by(each)
        if group and not (
            abs(late - _late_by(group[0])) <= _EQUAL and each.start <= min(m.end for m in group) - late + _EQUAL
        ):
            yield group
            group = []
        group.append(each)
    if group:
        yield group


def _late_by(missed: Missed) -> int:
    return missed.end - missed.start - missed.interval


def _next_number(missed: Missed) -> bool:
    return missed.numbered and missed.before.ip_id > 0 and missed.after.ip_id == missed.before.ip_id + 1


def _several_hosts(group: Sequence[Missed], machines: Sequence[Router]) -> bool:
    """Whether two of the senders are on different hosts and advertise at different times."""
    speakers = {machine.key: machine.speakers for machine in machines}
    macs = [speakers[m.key][m.router].profile.mac for m in group]
    return any(
        one.router != other.router and mac != others and abs(one.start - other.start) >= _OUT_OF_PHASE
        for one, mac in zip(group, macs, strict=True)
        for other, others in zip(group, macs, strict=True)
    )


def _somebody_went_on(group: Sequence[Missed], machines: Sequence[Router]) -> bool:
    """Whether a master of the segment advertised on while these were late."""
    place, members = group[0].key[:2], {(m.key, m.router) for m in group}
    since, until = max(m.start for m in group), min(m.end for m in group)
    return any(
        machine.key[:2] == place
        and (machine.key, reign.router) not in members
        and reign.start < since
        and (reign.end is None or reign.end > until)
        and machine.speakers[reign.router].last.t > until
        for machine in machines
        for reign in machine.history.reigns
    )


def _losses(machines: Sequence[Router], now: int) -> Iterable[LossesTogether]:
    """Yield for each capture the losses of several virtual routers at once."""
    places: dict[tuple[str, int], list[Missed]] = {}
    for machine in machines:
        for missed in machine.history.missed:
            if missed.kind is MissedKind.LOST and missed.numbered:
                places.setdefault((missed.key.segment, missed.after.capture), []).append(missed)
    for place in sorted(places):
        bursts = [burst for burst in _bursts(places[place]) if len({m.key for m in burst}) >= MIN_ROUTERS]
        if len(bursts) >= MIN_TIMES:
            every = [m for burst in bursts for m in burst]
            keys = tuple(sorted({m.key for m in every}))
            yield LossesTogether(
                now,
                keys[0],
                min(m.start for m in every),
                max(m.end for m in every),
                len(bursts),
                keys,
                tuple(sorted({m.router for m in every})),
                sum(m.adverts for m in every),
                tuple(m.after for m in every[:_FRAMES]),
            )


def _bursts(missed: Iterable[Missed]) -> Iterable[list[Missed]]:
    """Yield the losses of each second, which begins with its first."""
    burst: list[Missed] = []
    for each in sorted(missed, key=lambda m: (m.start, m.key)):
        if burst and each.start - burst[0].start > SECOND:
            yield burst
            burst = []
        burst.append(each)
    if burst:
        yield burst
