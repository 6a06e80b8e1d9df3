"""What is heard beside the adverts, sorted out: the multicast group, refusals, questions, and who is alive.

`Bystanders` is given SIGHTING rows as they are read, which may be ahead of the adverts. What is only counted is
counted at once. What is judged by its order waits until time has passed it (`advance`), and is judged by what no
later advert can change; so batches never change what is told. One virtual router asks by its `Around`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vrrpscope.timeline.claims import is_virtual
from vrrpscope.timeline.events import Migrated, NoQuerier, Seen
from vrrpscope.timeline.hosts import Hosts
from vrrpscope.timeline.membership import Membership, Speaks
from vrrpscope.timeline.profile import RouterKey, address_text, format_mac
from vrrpscope.timeline.refusals import Error, Refusals
from vrrpscope.timeline.timers import SECOND
from vrrpscope.timeline.unanswered import Questions
from vrrpscope.wire.columns import NO_MAC, SIGHTING, Destination, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vrrpscope.timeline.claims import Claims
    from vrrpscope.timeline.router import Router
    from vrrpscope.timeline.speaker import Speaker
    from vrrpscope.wire.columns import Tables

MAX_WAITING: Final = 65_536
"""Messages whose order counts and whose time has not come; of a flood, the rest is left out."""

MAX_A_SECOND: Final = 256
"""Messages of one kind in one second of a capture that are looked at."""

MEMBERSHIP: Final = 260 * SECOND
"""How long a report is good for, by the standard's defaults (RFC 3376 8.4)."""

MAX_MOVES: Final = 256  # of one host
_ONE_MOVE = 10 * SECOND  # hypervisors say it several times

_TALK = (Kind.ANNOUNCEMENT, Kind.ANSWER, Kind.QUESTION)
_ORDERED = (Kind.RARP, Kind.REPORT, Kind.LEAVE, Kind.QUERY, Kind.ERROR)

_KINDS: Final = np.zeros(256, np.uint8)
_KINDS[[*_TALK]] = 1
_KINDS[[*_ORDERED]] = 2
_KINDS[Kind.ALIVE] = 3


class Bystanders:
    """Everything else that spoke, on all segments."""

    def __init__(self, tables: Tables, claims: Claims, vantages: Sequence[int] | NDArray[np.int64] | None) -> None:
        self.hosts = Hosts()
        self.groups = Membership()
        self.refusals = Refusals()
        self.questions = Questions(tables)
        self.claims = claims
        self.moves: dict[tuple[str, str], list[Seen]] = {}  # by segment and MAC of a speaker
        self.left_out = 0
        self._tables = tables
        self._vantages = None if vantages is None else np.array(vantages, np.int64)
        self._waiting = np.empty(0, SIGHTING)
        self._latest: dict[int, tuple[int, int]] = {}  # by capture and kind: the latest second, messages in it
        self._done = -(1 << 62)

    def note(self, sightings: NDArray[np.void]) -> None:
        """Take SIGHTING rows, each capture's in order."""
        kinds = _KINDS[sightings["kind"]]
        present = np.bincount(kinds, minlength=4)
        if present[3]:
            alive = sightings[kinds == 3]
            self.hosts.note(alive, self._vantage(alive))
        if present[1]:
            talk = sightings[kinds == 1]
            self.questions.note(talk, self._vantage(talk))
        if present[2]:
            new = sightings[kinds == 2]
            new = new[new["t"] >= self._done]  # what is late cannot be put in its place any more
            kept = new[self._thin(new)][: MAX_WAITING - len(self._waiting)]
            self.left_out += len(new) - len(kept)
            self._waiting = np.concatenate([self._waiting, kept])

    def advance(self, now: int, routers: Mapping[RouterKey, Router]) -> None:
        """Look at what was said before `now`."""
        self._done = max(self._done, now)
        if not len(self._waiting):
            return
        ready = self._waiting[self._waiting["t"] < now]
        if len(ready):
            self._waiting = self._waiting[self._waiting["t"] >= now]
            for row in ready[np.lexsort((ready["number"], ready["capture"], ready["t"]))]:
                self._take(row, routers)

    def close(self, now: int, routers: Mapping[RouterKey, Router]) -> None:
        """End at `now`: tell what is counted."""
        self.advance(now + 1, routers)
        for refused in self.refusals.close(now):
            routers[refused.key].history.add(refused)
        places: set[tuple[str, int]] = set()
        for key, router in sorted(routers.items()):
            if key[:2] not in places and _speaks_multicast(router):
                places.add((key.segment, key.family))
                self._miss_querier(key, router, now)

    def _thin(self, rows: NDArray[np.void]) -> NDArray[np.bool_]:
        """Mark the first `MAX_A_SECOND` of each kind in each second of a capture. Shape (n,)."""
        kept = np.ones(len(rows), np.bool_)
        group = rows["capture"].astype(np.int64) << 8 | rows["kind"]
        for number in np.unique(group).tolist():
            mine = np.flatnonzero(group == number)
            second = rows["t"][mine] // SECOND
            order = np.argsort(second, kind="stable")
            seconds, starts, counts = np.unique(second[order], return_index=True, return_counts=True)
            before, had = self._latest.get(number, (0, 0))
            rank = np.arange(len(mine)) - np.repeat(starts, counts) + np.where(second[order] == before, had, 0)
            kept[mine[order]] = rank < MAX_A_SECOND
            self._latest[number] = int(seconds[-1]), int(rank[-1]) + 1
        return kept

    def _take(self, row: np.void, routers: Mapping[RouterKey, Router]) -> None:
        """Take one message, in order of time."""
        kind, family = Kind(int(row["kind"])), int(row["family"])
        place = (self._tables.segments[int(row["segment"])], family)
        source = _address(row, "src")
        seen = Seen(int(row["t"]), int(row["capture"]), int(row["number"]), 0, -1, -1, 0, self._vantage_of(row))
        mac = None if row["sender"] == NO_MAC else format_mac(int(row["sender"]))
        if kind in (Kind.REPORT, Kind.LEAVE):
            nobody = not (row["src_hi"] or row["src_lo"])  # an interface without an address: known by its MAC
            self.groups.report(place, Speaks((mac or "") if nobody else source, mac), seen, kind, int(row["code"]))
        elif kind is Kind.QUERY:
            self.groups.query(place, seen)
        elif kind is Kind.ERROR:
            sender, peer = (
                address_text(family, int(row[f"{n}_hi"]), int(row[f"{n}_lo"])) for n in ("address", "other")
            )
            error = Error(source, sender, peer, int(row["type"]), int(row["code"]))
            self._refuse(RouterKey(*place, int(row["vrid"])), error, seen, routers)
        elif row["mac"] != NO_MAC:
            self._move(place[0], format_mac(int(row["mac"])), seen, routers)

    def _refuse(self, key: RouterKey, error: Error, seen: Seen, routers: Mapping[RouterKey, Router]) -> None:
        """Take an error about an advert of a router that is known by then."""
        # Where the quote ends before the VRID, any virtual router of the sender may be meant.
        keys = [key] if key.vrid else sorted(k for k in routers if k[:2] == key[:2])
        for meant in keys:
            router = routers.get(meant)
            if router is not None and any(s.address == error.sender for s in _known(router, seen.t)):
                refused = self.refusals.take(meant, error, seen)
                if refused is not None:
                    router.history.add(refused)
                return

    def _move(self, segment: str, mac: str, seen: Seen, routers: Mapping[RouterKey, Router]) -> None:
        """Take the word of a hypervisor that a host has moved, of several at once the first."""
        meant = [
            (router, speaker)
            for key, router in sorted(routers.items())
            for speaker in _known(router, seen.t)
            if key.segment == segment and speaker.profile.mac == mac and not is_virtual(mac)
        ]
        moves = self.moves.setdefault((segment, mac), []) if meant else []
        if meant and len(moves) < MAX_MOVES and (not moves or seen.t - moves[-1].t > _ONE_MOVE):
            moves.append(seen)
            for router, speaker in meant:
                router.history.add(Migrated(seen.t, router.key, speaker.address, mac, seen))

    def _miss_querier(self, key: RouterKey, router: Router, now: int) -> None:
        place = (key.segment, key.family)
        members = [member for member in self.groups.members(place) if member.words]
        first = min((member.words[0].seen for member in members), default=None)
        if first is not None and now - first.t > MEMBERSHIP and not self.groups.queries(place, 0, now):
            names = tuple(sorted(member.address for member in members))
            router.history.add(NoQuerier(now, key, first, names, now - first.t))

    def _vantage(self, rows: NDArray[np.void]) -> NDArray[np.int64]:
        capture = rows["capture"].astype(np.int64)
        return capture if self._vantages is None else self._vantages[capture]

    def _vantage_of(self, row: np.void) -> int:
        capture = int(row["capture"])
        return capture if self._vantages is None else int(self._vantages[capture])


def _known(router: Router, now: int) -> list[Speaker]:
    return [speaker for speaker in router.speakers.values() if speaker.first.t <= now]


def _address(row: np.void, name: str) -> str:
    return address_text(int(row["family"]), int(row[f"{name}_hi"]), int(row[f"{name}_lo"]))


def _speaks_multicast(router: Router) -> bool:
    return any(s.terms.destination is Destination.MULTICAST for s in router.speakers.values())
