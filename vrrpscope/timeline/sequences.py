"""Sequence numbers of authenticated adverts: what comes a second time, what goes back, and what they say of clocks.

Theory of operation
    An authentication header carries a counter that all routers of a virtual router share, keepalived's HMAC trailer the
    sender's clock; either grows from each advert of a sender to its next. What does not grow is one of four things:

    copy        the same advert a second time at once: a mirror port, several unicast peers
    restart     a daemon that began anew, known by its IP ID of 1 (AH; the trailer's clock outlives a restart)
    replay      an advert of before, number for number, and IP ID for IP ID
    step back   anything else: another sender in its name, an AH counter lost, a clock set back

    For AH a run of adverts (number and IP ID rising together) is kept as its two ends, so that all of a long capture is
    remembered; of trailers the latest `STAMPS` are. A sender that began anew with IP ID 1 repeats what it said after
    its last start bit by bit: a recording of that, played from its first advert, looks like a restart.

    Two masters that use the same number are no replay: each is compared with itself. Captures of one place are not
    compared advert by advert either; each goes on from what the others had shown when it began, as the pieces of a
    rotated capture do.

Adverts come as the columns of a batch; however they are cut into batches, the same is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import numpy as np

from vrrpscope.timeline.events import Replayed
from vrrpscope.timeline.sender_clocks import SenderClocks
from vrrpscope.timeline.timers import SECOND
from vrrpscope.wire.columns import Auth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vrrpscope.timeline.engine import Batch
    from vrrpscope.timeline.profile import Profile
    from vrrpscope.timeline.router import Router

MAX_STREAMS: Final = 1_024
"""Senders looked at, each at each place; those beyond are not."""

RUNS: Final = 64
"""Runs of AH adverts remembered for each sender."""

STAMPS: Final = 512
"""Trailers remembered for each sender."""

_FIRST_IDS = 5
"""IP IDs of a daemon's first few adverts, of which some may be lost."""


class _Key(NamedTuple):
    """One sender in one capture."""

    router: int  # number of its virtual router
    address: str
    vantage: int
    capture: int
    auth: Auth

    @classmethod
    def of(cls, batch: Batch, row: int, profiles: list[Profile]) -> Self:
        """The sender of a row."""
        profile = profiles[int(batch.profile[row])]
        place = int(batch.vantage[row]), int(batch.capture[row])
        return cls(int(batch.router[row]), profile.address, *place, profile.auth)

    @property
    def place(self) -> _Key:
        """The same sender, whatever the capture."""
        return self._replace(capture=-1)


@dataclass(slots=True)
class _Run:
    """Adverts of one sender whose number and IP ID rose alike."""

    low: int
    high: int
    t: int  # of the advert with `high`


@dataclass(slots=True)
class _Stream:
    """What one sender's numbers were so far, in one capture."""

    highest: int = -1
    last: int = 0  # time of the last advert
    runs: dict[int, _Run] = field(default_factory=dict)  # by IP ID less number
    stamps: dict[int, int] = field(default_factory=dict)  # by trailer, its time

    def copy(self) -> _Stream:
        """Return one that goes on from here."""
        runs = {apart: replace(run) for apart, run in self.runs.items()}
        return _Stream(self.highest, self.last, runs, dict(self.stamps))


class Sequences:
    """The numbers of all senders of all virtual routers."""

    def __init__(self) -> None:
        self._streams: dict[_Key, _Stream] = {}
        self._latest: dict[_Key, _Stream] = {}  # whatever the capture
        self._told: dict[tuple[int, str, bool], Replayed] = {}
        self._untold: list[tuple[Replayed, Router]] = []
        self._clocks = SenderClocks()

    def note(self, batch: Batch, profiles: list[Profile], machines: list[Router]) -> None:
        """Take a batch, grouped by virtual router and in order of time within each.

        A sender's first advert that comes again or goes back is told at once. `profiles` and `machines` are what the
        batch's numbers mean.
        """
        numbered = np.flatnonzero(batch.sequence >= 0)
        if not len(numbered):
            return
        own = _by_sender(batch, numbered, profiles)
        self._refuse(own, batch)
        intervals = [profile.interval for profile in profiles]
        found: list[tuple[int, _Key, bool]] = []
        places: dict[_Key, dict[_Key, NDArray[np.intp]]] = {}
        for key, rows in own.items():
            places.setdefault(key.place, {})[key] = rows
        for there in places.values():
            found += self._take_place(there, batch, intervals)
        self._clocks.note(batch, numbered, profiles)
        for row, key, exact in sorted(found):
            self._tell(key, batch, row, machines[key.router], exact=exact)

    def advance(self, now: int) -> None:
        """Tell what became known before `now`; what the machines tell of `now` itself may come in a later batch."""
        if self._untold:
            for event, machine in self._untold:
                if event.at < now:
                    machine.history.add(event)
            self._untold = [(event, machine) for event, machine in self._untold if event.at >= now]

    def close(self, now: int, machines: list[Router]) -> None:
        """Tell once more what was found, as it stands at the end, and what the trailers say of clocks."""
        for event, machine in self._untold:
            machine.history.add(replace(event, at=min(event.at, now)))
        for (router, _, _), event in self._told.items():
            if event.count > 1:
                machines[router].history.add(replace(event, at=now))
        self._clocks.close(now, machines)

    def _refuse(self, own: dict[_Key, NDArray[np.intp]], batch: Batch) -> None:
        """Take out the senders for whom there is no room: those that came last, of whatever virtual router."""
        new = [key for key in own if key not in self._streams]
        room = MAX_STREAMS - len(self._streams)
        if len(new) > room:
            new.sort(key=lambda key: (int(batch.t[own[key][0]]), int(own[key][0])))
            for key in new[room:]:
                del own[key]

    def _take_place(
        self, own: dict[_Key, NDArray[np.intp]], batch: Batch, intervals: list[int]
    ) -> Iterator[tuple[int, _Key, bool]]:
        """Take the adverts of one sender in all captures of one place; yield those that come again or go back.

        A capture goes on from what the others had shown when it began, so the batch is cut where one does.
        """
        begins = sorted(int(rows[0]) for key, rows in own.items() if key not in self._streams)
        for start, end in pairwise([0, *begins, len(batch.t)]):
            parts = {key: rows[slice(*np.searchsorted(rows, (start, end)))] for key, rows in own.items()}
            present = sorted((key for key in own if len(parts[key])), key=lambda key: int(parts[key][0]))
            for key in present:  # one that begins is the first, before the others go on
                stream = self._stream(key, int(batch.t[parts[key][0]]))
                for row, exact in _take(stream, key.auth, batch, parts[key], intervals):
                    yield row, key, exact
            if present:
                last = max(present, key=lambda key: int(parts[key][-1]))
                self._latest[last.place] = self._streams[last]

    def _stream(self, key: _Key, t: int) -> _Stream:
        stream = self._streams.get(key)
        if stream is None:
            before = self._latest.get(key.place)
            stream = self._streams[key] = before.copy() if before is not None and before.last < t else _Stream()
        return stream

    def _tell(self, key: _Key, batch: Batch, row: int, machine: Router, *, exact: bool) -> None:
        """Count one advert that comes again or goes back; tell of the first."""
        (seen,) = batch.seen(slice(row, row + 1))
        told = self._told.get((key.router, key.address, exact))
        if told is None:
            # After all else that is known by then: what the machine tells of that moment may come in a later batch.
            event = Replayed(seen.t + 1, machine.key, seen.t, seen.t, key.address, exact, 1, seen, seen, key.auth)
            self._told[key.router, key.address, exact] = event
            self._untold.append((event, machine))
            if exact and key.address in machine.speakers:
                machine.speakers[key.address].replayed = seen.t
        elif told.last.capture == seen.capture or seen.sequence != told.last.sequence:
            self._told[key.router, key.address, exact] = replace(told, end=seen.t, count=told.count + 1, last=seen)


def _by_sender(batch: Batch, rows: NDArray[np.intp], profiles: list[Profile]) -> dict[_Key, NDArray[np.intp]]:
    """Return the rows of each sender in each capture."""
    who = batch.profile[rows] << 32 | batch.vantage[rows] << 16 | batch.capture[rows]
    _, first, inverse = np.unique(who, return_index=True, return_inverse=True)
    keys = [_Key.of(batch, row, profiles) for row in rows[first].tolist()]
    senders = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    sender_of = np.array([senders[key] for key in keys])[inverse]
    order = np.argsort(sender_of, kind="stable")
    ends = np.cumsum(np.bincount(sender_of))
    return dict(zip(senders, np.split(rows[order], ends[:-1]), strict=True))


def _take(
    stream: _Stream, auth: Auth, batch: Batch, rows: NDArray[np.intp], intervals: list[int]
) -> Iterator[tuple[int, bool]]:
    """Take the adverts of one sender in one capture: as runs where they rise, else one by one.

    Yields the rows that come again or go back, and whether the very advert was seen before. `intervals` are those of
    the profiles.
    """
    sequence, t = batch.sequence[rows], batch.t[rows]
    apart = (batch.ip_id[rows] - sequence) & 0xFFFF
    is_stamp = auth is Auth.HMAC
    rising = np.diff(sequence) > 0
    if not is_stamp:
        rising &= np.diff(apart) == 0
    starts = np.append(0, np.flatnonzero(~rising) + 1).tolist()
    for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        at = start
        while at < end and sequence[at] <= stream.highest:
            row = int(rows[at])
            judge = _judge_stamp if is_stamp else _judge_number
            interval = intervals[int(batch.profile[row])]
            exact = judge(stream, int(sequence[at]), int(batch.ip_id[row]), int(t[at]), interval)
            if exact is not None:
                yield row, exact
            stream.last = int(t[at])
            at += 1
        if at == end:
            continue
        if is_stamp:
            _remember(stream, sequence[at:end], t[at:end])
        else:
            _extend(stream, int(apart[at]), int(sequence[at]), int(sequence[end - 1]), int(t[end - 1]))
        stream.highest, stream.last = int(sequence[end - 1]), int(t[end - 1])


def _judge_number(stream: _Stream, number: int, ip_id: int, t: int, interval: int) -> bool | None:
    """Say what an AH number that does not rise is: True a replay, False a step back, None neither."""
    apart = (ip_id - number) & 0xFFFF
    if ip_id == 1 or (1 < ip_id <= _FIRST_IDS and t - stream.last > 3 * interval):
        if t - stream.last > min(interval, SECOND) // 2 or number != stream.highest:
            stream.runs[apart] = _Run(number, number, t)
            stream.highest = number
        return None
    run = stream.runs.get(apart)
    if run is not None and run.low <= number <= run.high:
        age = (run.high - number) * interval + t - run.t
        return True if age > max(interval, SECOND) else None
    _extend(stream, apart, number, number, t)
    stream.highest = number
    return False


def _judge_stamp(stream: _Stream, number: int, _: int, t: int, interval: int) -> bool | None:
    """The same of a trailer, whose number is its sender's clock."""
    before = stream.stamps.get(number)
    if before is not None:
        return True if t - before > max(interval, SECOND) else None
    stream.stamps[number] = t
    _forget(stream)
    stream.highest = number
    return False


def _extend(stream: _Stream, apart: int, low: int, high: int, t: int) -> None:
    """Remember adverts whose numbers rise with their IP IDs."""
    run = stream.runs.pop(apart, None)
    if run is None:
        run = _Run(low, high, t)
    elif high >= run.high:
        run.high, run.t = high, t
    else:
        run.low = min(run.low, low)
    stream.runs[apart] = run  # the latest stands last
    if len(stream.runs) > RUNS:
        del stream.runs[next(iter(stream.runs))]


def _remember(stream: _Stream, stamps: NDArray[np.int64], t: NDArray[np.int64]) -> None:
    """Remember trailers; the oldest are forgotten."""
    latest = slice(max(len(stamps) - STAMPS, 0), None)
    new = dict(zip(stamps[latest].tolist(), t[latest].tolist(), strict=True))
    for number in stream.stamps.keys() & new.keys():
        del stream.stamps[number]  # the latest stand last
    stream.stamps.update(new)
    _forget(stream)


def _forget(stream: _Stream) -> None:
    """Keep the latest trailers only."""
    for old in list(islice(stream.stamps, max(len(stream.stamps) - STAMPS, 0))):
        del stream.stamps[old]
