"""Columns in, events out: finds the few adverts that matter and hands them to the state machines.

Of a healthy master's adverts only the first are news. An advert is *quiet* if it and the one before it repeat
the one before that in their virtual router: same profile, same capture, on time, the IP ID stepping alike.
NumPy marks those; the machine gets the others (the *loud* ones) one at a time, and a run of quiet ones
as one `repeat`, provided it says it is settled. Otherwise it gets them one by one too, so that skipping can
never change an event: it may only change how long it takes.
"""

from __future__ import annotations

from itertools import starmap
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from vrrpscope.timeline.around import Around
from vrrpscope.timeline.bystanders import Bystanders
from vrrpscope.timeline.carps import Carps
from vrrpscope.timeline.claims import Claims
from vrrpscope.timeline.copies import CopyFinder
from vrrpscope.timeline.events import CarpBeside, Event, Seen
from vrrpscope.timeline.history import Budget
from vrrpscope.timeline.profile import ProfileTable, RouterKey
from vrrpscope.timeline.router import Router
from vrrpscope.timeline.sequences import Sequences
from vrrpscope.timeline.speaker import LINK, RECENT
from vrrpscope.timeline.timers import late_after
from vrrpscope.timeline.together import tell_together
from vrrpscope.wire.columns import Destination, Flag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vrrpscope.wire.columns import Tables

MAX_ROUTERS: Final = 8_192

_NO_STEP, _NEXT, _SAME, _OTHER = 0, 1, 2, 3  # how the IP ID went on
_STEPS: Final = {_NO_STEP: None, _NEXT: 1, _SAME: 0, _OTHER: 2}  # an example of each


class Batch(NamedTuple):
    """The columns the machines need, sorted by virtual router and, within it, by time. Shape (n,) each."""

    router: NDArray[np.uint16]
    profile: NDArray[np.int64]
    t: NDArray[np.int64]
    capture: NDArray[np.int64]
    number: NDArray[np.int64]
    priority: NDArray[np.uint8]
    ip_id: NDArray[np.int32]
    sequence: NDArray[np.int64]
    destination: NDArray[np.int64]
    vantage: NDArray[np.int64]

    def take(self, rows: NDArray[np.intp]) -> Batch:
        """Return some rows."""
        return self._replace(**{name: getattr(self, name)[rows] for name in self._fields})

    def seen(self, rows: slice | NDArray[np.intp]) -> list[Seen]:
        """Return rows as evidence."""
        columns = (
            self.t,
            self.capture,
            self.number,
            self.priority,
            self.ip_id,
            self.sequence,
            self.destination,
            self.vantage,
        )
        return list(starmap(Seen, zip(*(c[rows].tolist() for c in columns), strict=True)))


class Engine:
    """Runs the state machines of all virtual routers.

    Args:
        tables: the decoder's tables that the rows point into.
        vantages: for each capture where it was taken; each at a place of its own by default.
        masked: False hands every advert to the machines one by one: the same events, slowly.
    """

    def __init__(self, tables: Tables, *, vantages: Sequence[int] | None = None, masked: bool = True) -> None:
        self.routers: dict[RouterKey, Router] = {}
        self.untracked = 0  # adverts of virtual routers or profiles beyond the limits
        self.malformed: dict[int, int] = {}  # adverts that cannot be read, by capture
        self.loud = 0
        self._masked = masked
        self._vantages = None if vantages is None else np.array(vantages, np.int64)
        self._tables = tables
        self._profiles = ProfileTable(tables)
        self._copies = CopyFinder(self._profiles)
        self._machines: list[Router] = []
        self._budget = Budget()
        self._observed_from: int | None = None
        self._claims = Claims(tables)
        self._sequences = Sequences()
        self._bystanders = Bystanders(tables, self._claims, vantages)
        self._now = -(1 << 62)
        self._carps: dict[str, dict[int, Seen]] = {}
        self._carp_times: dict[RouterKey, Carps] = {}

    def feed(self, adverts: NDArray[np.void], now: int) -> list[Event]:
        """Take a batch in time order; `now` is the time that all captures have reached."""
        bad = (adverts["flags"] & Flag.MALFORMED) != 0
        if bad.any():
            for capture, count in zip(*np.unique(adverts["capture"][bad], return_counts=True), strict=True):
                self.malformed[int(capture)] = self.malformed.get(int(capture), 0) + int(count)
            adverts = adverts.compress(~bad)
        if len(adverts):
            self._run(adverts)
        return self.advance(now)

    def advance(self, now: int) -> list[Event]:
        """Let time pass to `now` and return what has happened, by the time at which it became known."""
        for machine in self._machines:
            if machine.deadline < now:
                machine.advance(now)
        if self._carps:
            self._tell_carps()
            for carps in self._carp_times.values():
                carps.forget(now)
        self._bystanders.advance(now, self.routers)
        self._claims.forget(now)
        self._sequences.advance(now)
        self._now = max(self._now, now)
        return self._drain()

    def close(self, now: int) -> list[Event]:
        """End at `now`: what lasts is told once more as it stands."""
        self._bystanders.close(now, self.routers)
        for machine in self._machines:
            machine.close(now)
        self._sequences.close(now, self._machines)
        tell_together(self._machines, now)
        return self._drain()

    def note_carps(self, carps: NDArray[np.void]) -> None:
        """Take CARP packets up to the adverts fed next, and beyond.

        The first frame of each group of each segment is told when VRRP shares the segment; the times of all
        matter to the virtual router of the same number.
        """
        for row in carps[np.unique(carps[["segment", "vhid"]], return_index=True)[1]] if len(carps) else []:
            segment, vhid = self._tables.segments[int(row["segment"])], int(row["vhid"])
            seen = Seen(int(row["t"]), int(row["capture"]), int(row["number"]), 0, -1, -1, 0, 0)
            self._carps.setdefault(segment, {}).setdefault(vhid, seen)
        group = carps["segment"].astype(np.int64) << 16 | carps["family"].astype(np.int64) << 8 | carps["vhid"]
        order = np.argsort(group, kind="stable")
        groups, starts = np.unique(group[order], return_index=True)
        for number, times in zip(groups.tolist(), np.split(carps["t"][order], starts[1:]), strict=False):
            key = RouterKey(self._tables.segments[number >> 16], number >> 8 & 0xFF, number & 0xFF)
            self._carps_of(key).add(times)

    def note_sightings(self, sightings: NDArray[np.void]) -> None:
        """Take what was said beside VRRP up to the adverts fed next, and beyond; dtype SIGHTING."""
        self._bystanders.note(sightings)
        sightings = sightings.compress(sightings["t"] >= self._now)  # what is late cannot be put in its place any more
        if len(sightings) and self._claims.note(sightings):
            for machine in self._machines:
                machine.refresh()

    def observe_from(self, start: int) -> None:
        """Say when the captures begin; the first word counts."""
        if self._observed_from is None:
            self._observed_from = start

    @property
    def forgotten(self) -> int:
        """Claims of addresses not known to be virtual, let go before their time because there were too many."""
        return self._claims.forgotten

    @property
    def left_out(self) -> int:
        """Messages of IGMP, MLD, ICMP and RARP left out because there were too many at once."""
        return self._bystanders.left_out

    def duplicates(self, capture: int) -> int:
        """Return how many second sightings of an advert a capture held."""
        return sum(machine.duplicates.get(capture, 0) for machine in self._machines)

    def _run(self, adverts: NDArray[np.void]) -> None:
        """Hand a batch to the machines, virtual router by virtual router."""
        everything = self._sort(adverts)
        if not len(everything.t):
            return
        copies = self._copies.find(everything) if self._masked else None
        batch = everything if copies is None else copies.originals
        steps = _classify_steps(batch)
        quiet = self._mark_quiet(batch, steps)
        loud = np.flatnonzero(~quiet)
        self.loud += len(loud)
        ends = np.append(loud[1:], len(quiet)).tolist()
        profiles = self._profiles.profiles
        columns = (loud.tolist(), ends, batch.router[loud].tolist(), batch.profile[loud].tolist(), batch.seen(loud))
        for first, end, router, number, head in zip(*columns, strict=True):
            machine, profile, seen = self._machines[router], profiles[number], head
            machine.advert(seen, profile)
            if copies is not None:
                copies.hand_over(machine, first)
            # An unsettled machine gets the quiet ones singly until it settles.
            at = first
            while at + 1 < end and not machine.settled(profile, seen):
                at += 1
                (seen,) = batch.seen(slice(at, at + 1))
                machine.advert(seen, profile)
                if copies is not None:
                    copies.hand_over(machine, at)
            if at + 1 < end:
                latest = batch.seen(slice(max(at + 1, end - RECENT), end))
                machine.repeat(latest, np.diff(batch.t[at:end]), _STEPS[int(steps[first + 1])])
                if copies is not None:
                    copies.count(machine, at + 1, end - 1)
                    copies.hand_over(machine, end - 1)  # it remembers who has seen the last one
        self._sequences.note(everything, profiles, self._machines)

    def _sort(self, adverts: NDArray[np.void]) -> Batch:
        """Pick the columns the machines need, drop what is beyond the limits, and group by virtual router."""
        profile = self._profiles.intern(adverts)
        router = self._profiles.router_of(profile)
        self._add_machines()
        within = (profile >= 0) & (router < MAX_ROUTERS)
        order = np.argsort(router, kind="stable")
        if not within.all():
            self.untracked += int((~within).sum())
            order = order[within[order]]
        capture = adverts["capture"][order].astype(np.int64)
        return Batch(
            router[order],
            profile[order],
            adverts["t"][order],
            capture,
            adverts["number"][order],
            adverts["priority"][order],
            adverts["ip_id"][order],
            adverts["ah_seq"][order],
            _reach(adverts)[order],
            capture if self._vantages is None else self._vantages[capture],
        )

    def _add_machines(self) -> None:
        for key in self._profiles.keys[len(self._machines) : MAX_ROUTERS]:
            machine = Router(key, self._observed_from, self._budget, self._carps_of(key), self._claims)
            machine.around = Around(key, machine.speakers, self._bystanders)
            self._machines.append(machine)
            self.routers[key] = machine

    def _carps_of(self, key: RouterKey) -> Carps:
        """Return the CARP packets of that number; those of too many numbers are kept by nobody."""
        known = self._carp_times.get(key)
        if known is None:
            known = Carps()
            if len(self._carp_times) < 2 * MAX_ROUTERS:
                self._carp_times[key] = known
        return known

    def _mark_quiet(self, batch: Batch, steps: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Mark the rows that repeat the two before them. The first row of a virtual router never does."""
        quiet = np.zeros(len(batch.t), bool)
        if not self._masked or not len(quiet):
            return quiet
        gap = np.diff(batch.t)
        # Nothing is late, and nothing is so early that it could be a copy of the one before.
        interval = self._profiles.intervals(batch.profile[1:])
        same = (np.diff(batch.profile) == 0) & (np.diff(batch.capture) == 0)
        same &= (gap <= late_after(interval)) & (gap >= interval * 3 // 4)
        same &= batch.destination[1:] == batch.destination[:-1]
        same &= (steps[1:] == _NEXT) | (batch.ip_id[1:] != 1)  # 1 may be a restart
        quiet[2:] = same[1:] & same[:-1] & (steps[2:] == steps[1:-1])
        return quiet

    def _tell_carps(self) -> None:
        for machine in self._machines:
            for vhid, seen in self._carps.get(machine.key.segment, {}).items():
                if machine.history.is_news("carp", str(vhid)):
                    at = max(seen.t, min(s.first.t for s in machine.speakers.values()))
                    machine.history.add(CarpBeside(at, machine.key, vhid, seen))

    def _drain(self) -> list[Event]:
        events = [event for machine in self._machines for event in machine.history.drain()]
        events.sort(key=lambda e: (e.at, e.key))
        return events


def _reach(adverts: NDArray[np.void]) -> NDArray[np.int64]:
    """Return whom each advert reaches: the low half of its destination, a group's marked with the interface.

    A group of one link is not that of another, though it has the same address.
    """
    destination: NDArray[np.int64] = adverts["dst_lo"].view(np.int64)
    if not adverts["interface"].any():
        return destination
    link = adverts["interface"].astype(np.int64) * (adverts["destination"] != Destination.UNICAST)
    marked: NDArray[np.int64] = destination ^ link << LINK
    return marked


def _classify_steps(batch: Batch) -> NDArray[np.int64]:
    """Return how each row's IP ID follows the one before it in the batch. Shape (n,); the first is no step."""
    step = np.diff(batch.ip_id) & 0xFFFF
    step[(batch.ip_id[1:] == 1) & (batch.ip_id[:-1] == 0xFFFF)] = 1  # keepalived leaves out 0 when it wraps
    kind = np.where(step == 1, _NEXT, np.where(step == 0, _SAME, _OTHER))
    kind[(batch.ip_id[1:] < 0) | (batch.ip_id[:-1] < 0) | ((batch.ip_id[1:] == 0) & (step == 0))] = _NO_STEP
    return np.concatenate([[_NO_STEP], kind])
