"""The last minutes of one virtual router: who was master when, and what was missed, as spans and moments.

Read backwards from now, and no further than the timeline reaches: a watch of weeks costs no more than one of an hour.
`cells` then says what stands in each character of a line. The grid of the characters is fixed to the clock, not to
now, so that a line moves by whole characters and what has passed keeps its shape.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeVar

from vrrpscope.timeline.events import MissedKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Reversible, Sequence

    from vrrpscope.timeline.router import Router
    from vrrpscope.timeline.speaker import Speaker

MAX_SPANS: Final = 2_000
"""Of one kind for one virtual router: more than a line has characters."""

MAX_LANES: Final = 8
"""Routers of one virtual router that get a line; more only a storm of forged adverts has."""

_ENOUGH: Final = 2 * 64  # routers of one virtual router, at most, each with one reign

MISSED: Final = {MissedKind.LOST: "lost", MissedKind.LATE: "late", MissedKind.UNKNOWN: "missing"}


class _Lasting(Protocol):
    """What has a start, and an end or none yet."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int | None: ...


_Kept = TypeVar("_Kept", bound=_Lasting)


class Span(NamedTuple):
    """From when to when, nanoseconds since the epoch; `end` is None while it lasts."""

    start: int
    end: int | None


class Lane(NamedTuple):
    """One router's line."""

    router: str
    number: int  # in the palette
    priority: int
    first: int  # when it was first seen; before, nothing is known
    reigns: tuple[Span, ...]
    missed: tuple[tuple[int, str], ...]  # when, and a word of `MISSED`


class Track(NamedTuple):
    """One virtual router's lines."""

    key: str
    first: int
    lanes: tuple[Lane, ...]
    omitted: int  # routers without a line
    splits: tuple[Span, ...]
    vacant: tuple[Span, ...]


class Grid(NamedTuple):
    """The characters of a line, as times."""

    start: int
    step: int  # nanoseconds of one character
    width: int
    now: int


def grid(now: int, window: int, width: int) -> Grid:
    """Return characters that reach from a window ago to now, each beginning at a multiple of its length."""
    step = max(window // max(width, 1), 1)
    return Grid((now // step + 1) * step - width * step, step, width, now)


def track(router: Router, order: Sequence[Speaker], numbers: dict[str, int], since: int) -> Track:
    """Copy the part of a virtual router's history that touches the time since then.

    Args:
        router: whose; it goes on changing.
        order: its routers in the order of their lines.
        numbers: theirs in the palette.
        since: nanoseconds since the epoch.
    """
    history = router.history
    reigns: dict[str, list[Span]] = {}
    for reign in chain(_latest(history.reigns, since), _latest(history.unseen, since)):
        reigns.setdefault(reign.router, []).append(Span(reign.start, reign.end))
    missed: dict[str, list[tuple[int, str]]] = {}
    for gap in reversed(history.missed):
        if gap.end < since:
            break
        missed.setdefault(gap.router, []).append((gap.end, MISSED[gap.kind]))
    vacant = [Span(o.start, o.end) for o in _latest(history.outages.values(), since) if not o.resumed]
    told = {span.end for span in vacant}
    for election in reversed(history.elections):
        if election.time < since:
            break
        until = election.time if election.began is None else election.began
        if election.masterless and election.time not in told:
            vacant.append(Span(until - election.masterless, until))
    lanes = []
    for speaker in order[:MAX_LANES]:
        own = reigns.get(speaker.address, [])
        if speaker.reign is not None and speaker.is_master and Span(speaker.reign.start, None) not in own:
            own.append(Span(speaker.reign.start, None))  # it began before the history was full
        gaps = tuple(missed.get(speaker.address, ()))
        number, priority = numbers[speaker.address], speaker.terms.priority
        lanes.append(Lane(speaker.address, number, priority, speaker.first.t, tuple(own), gaps))
    return Track(
        str(router.key),
        min(s.first.t for s in order),
        tuple(lanes),
        max(len(order) - MAX_LANES, 0),
        tuple(Span(s.start, s.end) for s in _latest(history.splits.values(), since)),
        tuple(vacant),
    )


def covered(spans: Iterable[Span], over: Grid) -> list[bool]:
    """Return which characters a span touches: one shorter than a character is still seen."""
    cells = [False] * over.width
    for start, end in spans:
        until = over.now if end is None else end
        low = (start - over.start) // over.step
        high = max(-((over.start - until) // over.step), low + 1)
        for cell in range(max(low, 0), min(high, over.width)):
            cells[cell] = True
    return cells


def filled(spans: Iterable[Span], over: Grid) -> list[bool]:
    """Return which characters spans fill by half or more, or touch if they are longer than one.

    So an orderly hand-over does not look like an outage.
    """
    return covered([s for s in spans if 2 * ((over.now if s.end is None else s.end) - s.start) >= over.step], over)


def moments(times: Iterable[tuple[int, str]], over: Grid) -> dict[int, str]:
    """Return which characters hold moments, and the word of the latest in each."""
    places = (((t - over.start) // over.step, word) for t, word in sorted(times))
    return {cell: word for cell, word in places if 0 <= cell < over.width}


def known(first: int, over: Grid) -> int:
    """Return how many characters lie before anything was seen."""
    return min(max((first - over.start) // over.step, 0), over.width)


def _latest(kept: Reversible[_Kept], since: int) -> Iterator[_Kept]:
    """Yield what touches the time since then, the latest first.

    They are in order of start, so what lies behind many that had ended by then has ended too.
    """
    ended = 0
    for one in islice(reversed(kept), MAX_SPANS):
        if one.end is None or one.end >= since:
            ended = 0
            yield one
            continue
        ended += 1
        if ended >= _ENOUGH:
            return
