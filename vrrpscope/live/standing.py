"""How things stand, in numbers that another thread may read: what metrics are made of.

Theory of operation
    The thread that reads frames notes elections and findings as they become known, and at each tick copies what it
    needs of the routers, which go on changing, into a `Standing`, which does not. Whoever is asked for metrics reads
    the latest `Standing` and makes text of it in a thread of its own.

    What an attacker can invent (numbers, VLANs, senders) would become a time series each, so only so many virtual
    routers and routers are listed: those that came first, for a series should not come and go. How many were left out
    is a number too.

Elections are counted as they are first told; told again, they may have another cause, and a counter must not go back.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.capture.interfaces import ANY
from vrrpscope.live.arrivals import Arrivals
from vrrpscope.timeline.events import Cause, Election, MissedKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vrrpscope.capture.frames import Frames
    from vrrpscope.findings import Finding, Key
    from vrrpscope.live.listener import Counters, State
    from vrrpscope.outcome import VirtualRouter
    from vrrpscope.timeline.events import Event
    from vrrpscope.timeline.metrics import Availability
    from vrrpscope.timeline.profile import RouterKey
    from vrrpscope.timeline.speaker import Speaker
    from vrrpscope.wire.columns import Flag

MAX_VIRTUAL_ROUTERS: Final = 512
MAX_ROUTERS: Final = 2_048
"""Listed, of all virtual routers together."""

BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 3.5, 4.0, 5.0, 10.0, 30.0)
"""Seconds that a takeover may take: about 3.6 at the usual interval of a second, a tenth of a second at short ones."""

_MAX_KEYS: Final = 10_000  # of findings that were counted
_SECOND: Final = 1_000_000_000


class RouterRow(NamedTuple):
    """One router of a virtual router. Times and spans in nanoseconds."""

    labels: tuple[str, str, str, str, str]  # interface, segment, family, vrid, router
    since: int | None  # when it became master, if it is
    priority: int  # the latest above 0
    interval: int  # that it announces
    adverts: int
    missed: dict[MissedKind, int]
    odd: dict[Flag, int]  # adverts with something odd about them
    became: int  # how often it became master
    last: int  # when it was last heard


class VirtualRow(NamedTuple):
    """One virtual router."""

    labels: tuple[str, str, str, str]  # interface, segment, family, vrid
    address: str  # the first one announced
    masters: int
    is_split: bool
    is_masterless: bool
    availability: Availability
    elections: dict[Cause, int]
    takeovers: Takeovers
    omitted: int  # events counted by the engine and not kept


@dataclass(slots=True)
class Takeovers:
    """How long takeovers took: a histogram."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))  # by bucket, the last without end
    total: float = 0.0  # seconds

    def add(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds

    def copy(self) -> Takeovers:
        """Return it as it is now."""
        return Takeovers(list(self.counts), self.total)


class Standing(NamedTuple):
    """Everything at one time; never changed."""

    looked: int  # seconds since the epoch, by this host's clock
    counters: Counters
    interfaces: tuple[tuple[str, bool], ...]  # none where all are captured on
    virtual: tuple[VirtualRow, ...]
    routers: tuple[RouterRow, ...]
    findings: dict[tuple[str, str], int]  # by rule and severity, since the watch began
    unlisted: tuple[int, int]  # virtual routers, and routers of listed ones, beyond the limits


@dataclass(slots=True)
class _Virtual:
    """What is counted of one virtual router."""

    elections: dict[Cause, int] = field(default_factory=lambda: dict.fromkeys(Cause, 0))
    takeovers: Takeovers = field(default_factory=Takeovers)
    routers: dict[str, int] = field(default_factory=dict)  # how often each became master
    interfaces: dict[str, str] = field(default_factory=dict)  # of each


class Tally:
    """Counts what is told, and says how things stand.

    Args:
        virtual_routers: how many are listed at most.
        routers: of these together.
    """

    def __init__(self, virtual_routers: int = MAX_VIRTUAL_ROUTERS, routers: int = MAX_ROUTERS) -> None:
        self._limits = virtual_routers, routers
        self._virtual: dict[RouterKey, _Virtual] = {}
        self._listed = 0  # routers
        self._findings: Counter[tuple[str, str]] = Counter()
        self._keys: dict[Key, None] = {}
        self._arrivals = Arrivals()

    def note_frames(self, frames: Frames) -> None:
        """Remember on which interface frames came in."""
        self._arrivals.note(frames)

    def note_event(self, event: Event) -> None:
        """Count an election, when it is told for the first time."""
        if not isinstance(event, Election) or event.at != event.seen.t:
            return
        virtual = self._list(event.key)
        if virtual is None:
            return
        virtual.elections[event.cause] += 1
        if event.takeover is not None:
            virtual.takeovers.add(event.takeover / _SECOND)
        if self._list_router(virtual, event.router):
            virtual.routers[event.router] += 1

    def note_findings(self, findings: Iterable[Finding]) -> None:
        """Count findings, each once."""
        for finding in findings:
            if finding.key in self._keys:
                continue
            if len(self._keys) >= _MAX_KEYS:
                del self._keys[next(iter(self._keys))]
            self._keys[finding.key] = None
            self._findings[finding.rule, finding.severity.value] += 1

    def standing(self, state: State) -> Standing:
        """Return how things stand."""
        # Of `any`, which frames come in on is not told apart; a pipe has no interfaces.
        interfaces = () if state.info.name == ANY else state.interfaces
        names = [name for name, _ in interfaces] or [state.info.name]
        virtual, routers = [], []
        more = more_routers = 0
        for each in state.virtual_routers:
            known = self._list(each.router.key)
            if known is None:
                more += 1
                continue
            rows = [
                self._router_row(known, each.router.key, speaker, names)
                for speaker in each.router.speakers.values()
                if self._list_router(known, speaker.address)
            ]
            more_routers += len(each.router.speakers) - len(rows)
            routers += rows
            virtual.append(_virtual_row(known, each, rows[0].labels[0] if rows else ""))
        return Standing(
            int(time.time()),
            state.counters,
            interfaces,
            tuple(virtual),
            tuple(routers),
            dict(self._findings),
            (more, more_routers),
        )

    def _list(self, key: RouterKey) -> _Virtual | None:
        """Return what is counted of a virtual router; None if there is no room for it."""
        known = self._virtual.get(key)
        if known is None and len(self._virtual) < self._limits[0]:
            known = self._virtual[key] = _Virtual()
        return known

    def _list_router(self, virtual: _Virtual, address: str) -> bool:
        """Whether a router is listed, or can be now."""
        if address in virtual.routers:
            return True
        if self._listed >= self._limits[1]:
            return False
        self._listed += 1
        virtual.routers[address] = 0
        return True

    def _router_row(self, known: _Virtual, key: RouterKey, speaker: Speaker, names: Sequence[str]) -> RouterRow:
        address = speaker.address
        interface = known.interfaces.get(address)
        if interface is None:
            interface = self._arrivals.interface(speaker.last.number, names)
            if interface:
                known.interfaces[address] = interface  # it stays: another label would be another series
        reign = speaker.reign
        return RouterRow(
            labels=(interface, *_labels(key), address),
            since=reign.start if reign is not None and reign.end is None else None,
            priority=speaker.terms.priority,
            interval=speaker.profile.interval,
            adverts=speaker.adverts,
            missed={kind: speaker.missed[kind].adverts if kind in speaker.missed else 0 for kind in MissedKind},
            odd={flag: tally.count for flag, tally in speaker.flags.items()},
            became=known.routers[address],
            last=speaker.last.t,
        )


def _virtual_row(known: _Virtual, each: VirtualRouter, interface: str) -> VirtualRow:
    router, vacancy = each.router, each.router.masters.vacancy
    return VirtualRow(
        labels=(interface, *_labels(router.key)),
        address=next(iter(router.addresses), ""),
        masters=len(router.masters),
        is_split=any(split.end is None for split in router.history.splits.values()),
        is_masterless=vacancy is not None and vacancy.told,
        availability=each.availability,
        elections=dict(known.elections),
        takeovers=known.takeovers.copy(),
        omitted=router.history.omitted,
    )


def _labels(key: RouterKey) -> tuple[str, str, str]:
    return key.segment, f"ipv{key.family}", str(key.vrid)
