"""What became of adverts on their way: sent here, seen there, acted on.

A capture is a router's *home* if it stands where the router sends. Linux says so of each frame (`tcpdump -i any`); else
it is the capture that holds all of a router's adverts that any other holds, and holds them first. Of each router that
has a home, every advert captured there is looked for in each other capture, on one clock, while that capture ran. What
is not there was lost between the two; what is there and had no effect was dropped by the host or refused by the daemon,
since a capture stands before the packet filter.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from vrrpscope.evidence.witness import SECOND, SIGHT, nearest
from vrrpscope.timeline.events import Seen
from vrrpscope.timeline.profile import RouterKey, address_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from vrrpscope.evidence.vantage import Clocks
    from vrrpscope.evidence.witness import Senders, Witness
    from vrrpscope.timeline.events import SplitBrain

MAX_ROUTES: Final = 1_024
MAX_RUNS: Final = 100
"""Stretches of lost adverts that are told apart."""
_HOLD: Final = SECOND  # an advert under way for longer is another one,
_ROUGH: Final = 30 * SECOND  # or, where clocks were not compared, this long
_EDGE: Final = 50_000_000  # nanoseconds from a capture's edge: an advert may lie on either side of it
_MOSTLY: Final = 0.9
_FOREVER: Final = 1 << 62
_DEAF: Final = frozenset({"one-node-deaf", "both-deaf", "unknown"})  # split brains that nothing in the adverts explains


class Run(NamedTuple):
    """Adverts lost one behind the other."""

    start: int  # the first and the last of them, when sent; nanoseconds since the epoch
    end: int
    adverts: int
    seen: Seen  # the first of them, where it was sent


class Delivery(NamedTuple):
    """One router's adverts on the way from the capture at its host to another."""

    virtual_router: RouterKey
    sender: str
    receiver: str | None  # the router at whose host the other capture was taken, if one is known
    at: str  # the captures' names
    to: str
    sent: int  # captured at the sender's while the other capture ran
    arrived: int  # of these in the other capture
    unheeded: int  # of these without effect although nothing in them spoke against accepting them
    rejected: int  # of these refused for what they say
    lost: tuple[Run, ...]


class _Route(NamedTuple):
    at: int
    to: int
    sights: NDArray[np.void]  # as sent, by time; dtype SIGHT
    arrived: NDArray[np.bool_]


class Deliveries:
    """The ways of all routers' adverts between several vantage points.

    Args:
        clocks: what sets the vantage points' clocks.
        witnesses: what was seen at each.
        names: how they are called.
        senders: who is who in what they saw.
        segments: the decoder's table.
    """

    def __init__(
        self,
        clocks: Clocks,
        witnesses: Sequence[Witness],
        names: Sequence[str],
        senders: Senders,
        segments: Sequence[str],
    ) -> None:
        self._names = names
        self._extents = [clocks.extent(v) for v in range(len(witnesses))]
        self._masks = [witness.mask for witness in witnesses]
        self._sights = [_by_key(clocks.correct_sights(v)) for v in range(len(witnesses))]
        self._steady = [
            _FOREVER if w.steady_until is None else int(clocks.correct_steady(v, w.steady_until))
            for v, w in enumerate(witnesses)
        ]
        self._who = {
            number: (RouterKey(segments[who[0]], who[1], who[2]), address_text(who[1], who[3], who[4]))
            for who, number in senders.known.items()
        }
        self._compared = [clocks.is_compared(v) for v in range(len(witnesses))]
        own = [_by_sender(sights) for sights in self._sights]
        self._homes: dict[tuple[RouterKey, str], int] = {}
        for number, name in self._who.items():
            home = _home([rows.get(number, np.zeros(0, SIGHT)) for rows in own])
            if home is not None:
                self._homes[name] = home
        self._receivers = {(router, home): address for (router, address), home in reversed(self._homes.items())}
        self._routes: dict[RouterKey, dict[tuple[str, int], _Route]] = {}
        count = 0
        for number, (router, sender) in self._who.items():
            at = self._homes.get((router, sender))
            for to in range(len(witnesses)) if at is not None else ():
                if to != at and at is not None and count < MAX_ROUTES:
                    count += self._add(router, sender, at, to, own[at][number])

    def between(self, router: RouterKey, sender: str, receiver: str, start: int, end: int | None) -> Delivery | None:
        """Tell of one router's adverts to another from a time on, before another; None if it cannot be told."""
        to = self._homes.get((router, receiver))
        route = None if to is None else self._routes.get(router, {}).get((sender, to))
        if route is None:
            return None
        told = _tell(route, start, end)
        return self._delivery(router, sender, route, told) if told.sent else None

    def home(self, router: RouterKey, sender: str) -> str | None:
        """Return the name of the capture at a router's host, if there is one."""
        home = self._homes.get((router, sender))
        return None if home is None else self._names[home]

    def of(self, router: RouterKey, splits: Iterable[SplitBrain] = ()) -> tuple[Delivery, ...]:
        """Tell of all adverts of a virtual router, given its split brains."""
        splits = list(splits)
        told = []
        for (sender, _), route in self._routes.get(router, {}).items():
            delivery = self._delivery(router, sender, route, _tell(route, -_FOREVER, None))
            unheeded, rejected = _ineffective(route, sender, delivery.receiver, splits)
            told.append(delivery._replace(unheeded=unheeded, rejected=rejected))
        return tuple(told)

    def _add(self, router: RouterKey, sender: str, at: int, to: int, sights: NDArray[np.void]) -> bool:
        """Look for what a router sent at another vantage point; whether there is anything to tell."""
        extent = self._extents[to]
        if extent is None:
            return False
        there = self._sights[to]
        mask = self._masks[at] | self._masks[to]
        asked = (sights["t"] >= extent[0] - _EDGE) & (sights["t"] <= extent[1] - _EDGE)
        asked &= np.where(sights["numbered"], sights["key"] & mask == 0, sights["t"] < self._steady[to])
        sights = sights.compress(asked)
        sights = sights.take(np.argsort(sights["t"], kind="stable"))
        hold = np.where(sights["numbered"], self._hold(at, to), np.minimum(_HOLD, sights["interval"] // 4))
        arrived = abs(_found(sights, there) - sights["t"]) <= hold
        if not arrived.any() and (router, to) not in self._receivers:
            return False
        self._routes.setdefault(router, {})[sender, to] = _Route(at, to, sights, arrived)
        return True

    def _hold(self, at: int, to: int) -> int:
        return _HOLD if all(v == 0 or self._compared[v] for v in (at, to)) else _ROUGH

    def _delivery(self, router: RouterKey, sender: str, route: _Route, told: _Told) -> Delivery:
        names = (self._names[route.at], self._names[route.to])
        return Delivery(
            router, sender, self._receivers.get((router, route.to)), *names, told.sent, told.arrived, 0, 0, told.lost
        )


class _Told(NamedTuple):
    sent: int
    arrived: int
    lost: tuple[Run, ...]


def _tell(route: _Route, start: int, end: int | None) -> _Told:
    """Count what was sent from a time on, before another."""
    bounds = (start, _FOREVER if end is None else end)
    rows = slice(*np.searchsorted(route.sights["t"], bounds).tolist())
    sights, arrived = route.sights[rows], route.arrived[rows]
    return _Told(len(sights), int(arrived.sum()), tuple(islice(_runs(sights, arrived, route.at), MAX_RUNS)))


def _runs(sights: NDArray[np.void], arrived: NDArray[np.bool_], vantage: int) -> Iterator[Run]:
    edges = np.flatnonzero(np.diff(np.concatenate([[True], arrived, [True]])))
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        first = sights[start]
        t = int(first["t"])
        seen = Seen(t, int(first["capture"]), int(first["number"]), 0, -1, -1, 0, vantage)
        yield Run(t, int(sights["t"][end - 1]), end - start, seen)


def _ineffective(route: _Route, sender: str, receiver: str | None, splits: list[SplitBrain]) -> tuple[int, int]:
    """Count the adverts that arrived and had no effect, and those that were refused."""
    unheeded = rejected = 0
    for split in splits:
        if receiver is None or sender not in split.routers or receiver not in split.routers:
            continue
        number = _tell(route, deaf_since(split), split.end).arrived
        if split.cause not in _DEAF:
            rejected += number * (split.cause != "paused-node")
        elif receiver in split.deaf:
            unheeded += number
    return unheeded, rejected


def deaf_since(split: SplitBrain) -> int:
    """Return from when on the deaf heard nothing: behind the last advert that was accepted, if that is known."""
    return split.start if split.last_heard is None else split.last_heard.t + 1


def _home(sights: list[NDArray[np.void]]) -> int | None:
    """Return the vantage point at a sender's host, given what each saw of it."""
    leaving = [v for v, s in enumerate(sights) if len(s) and s["leaving"].mean() >= _MOSTLY]
    if leaving:
        return leaving[0] if len(leaving) == 1 else None
    seen = [v for v, s in enumerate(sights) if len(s) and not s["leaving"].any()]
    first = [v for v in seen if all(_is_before(sights[v], sights[u]) for u in seen if u != v)]
    return first[0] if len(first) == 1 and len(seen) > 1 else None


def _is_before(one: NDArray[np.void], other: NDArray[np.void]) -> bool:
    """Whether one holds all that the other does, from its own time, and holds it first."""
    within = other.compress((other["t"] >= one["t"].min()) & (other["t"] <= one["t"].max()))
    apart = _found(within, _by_key(one)) - within["t"]
    common = apart[abs(apart) <= _HOLD]
    return bool(len(common) and len(common) >= 0.99 * len(within) and np.median(common) < 0)


def _by_key(sights: NDArray[np.void]) -> NDArray[np.void]:
    return sights.take(np.lexsort((sights["t"], sights["key"])))


def _by_sender(sights: NDArray[np.void]) -> dict[int, NDArray[np.void]]:
    """Return the first copies of each sender's adverts."""
    if not len(sights):
        return {}
    again = (sights["key"][1:] == sights["key"][:-1]) & (np.diff(sights["t"]) <= _EDGE)
    first = sights.compress(np.concatenate([[True], ~again]))
    first = first.take(np.argsort(first["sender"], kind="stable"))
    cuts = np.flatnonzero(np.diff(first["sender"])) + 1
    return {int(part["sender"][0]): part for part in np.split(first, cuts)}


def _found(asked: NDArray[np.void], there: NDArray[np.void]) -> NDArray[np.int64]:
    """Return when the sight of the same key nearest in time was, far away if there is none. Shape (n,)."""
    row = nearest(asked["key"], asked["t"], there)
    times = np.append(there["t"], -_FOREVER)  # the last one is row -1
    found: NDArray[np.int64] = times[row]
    return found
