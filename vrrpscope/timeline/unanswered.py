"""Who is asked for and never answers: ARP and neighbour discovery about addresses that nobody has.

A unicast advert cannot leave before its peer's MAC is known. For a peer that does not exist a capture shows the
question only, again and again. Whether the asker is a VRRP router, and the address not a virtual one, is known at
the end; until then questions are counted by asker and address. One that asks for many addresses is a gateway or
a scanner and is left out.

Counted by vantage point: several may see one question.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from vrrpscope.timeline.events import Seen
from vrrpscope.timeline.profile import address_text, format_mac
from vrrpscope.timeline.timers import SECOND
from vrrpscope.wire.columns import NO_MAC, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.wire.columns import Tables

MAX_ASKERS: Final = 1_024
MAX_TARGETS: Final = 16
"""Addresses one host may ask for; beyond, it asks for whatever comes."""

MAX_PRESENT: Final = 65_536
"""Addresses known to be somebody's; beyond, nothing is said of any."""

MIN_QUESTIONS: Final = 3
_SPREAD = 2 * SECOND  # a host asks three times in a row for one packet

_MIX = [np.uint64(n) for n in (0x9E37_79B9_7F4A_7C15, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0xFF51_AFD7_ED55)]


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One host asks for an address, and nobody answers."""

    asker: str
    mac: str
    target: str
    count: int
    first: Seen
    last: Seen


@dataclass(slots=True)
class _Target:
    address: str
    hash: int
    count: int
    first: Seen
    last: Seen


@dataclass(slots=True)
class _Asker:
    place: tuple[str, int]
    address: str
    mac: str
    targets: dict[int, _Target] = field(default_factory=dict)
    many: bool = False


class Questions:
    """What is asked for on all segments."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._askers: dict[int, _Asker] = {}
        self._settled = np.empty(0, np.uint64)  # askers that are not looked at any more, ascending
        self._present = np.empty(0, np.uint64)  # hashes of addresses that somebody has, ascending

    def note(self, rows: NDArray[np.void], vantages: NDArray[np.int64]) -> None:
        """Take SIGHTING rows of the kinds ANNOUNCEMENT, ANSWER and QUESTION, and where each was seen. Shape (n,)."""
        asks = rows["kind"] == Kind.QUESTION
        somebody = rows["src_hi"] | rows["src_lo"] != 0
        claimed, used = rows[~asks], rows[asks & somebody]
        self._learn(_hash(claimed, "address"), _hash(used, "src"))
        questions, vantages = used, vantages[asks & somebody]
        asker = _hash(questions, "src") * _MIX[3] ^ questions["sender"] ^ vantages.astype(np.uint64) << np.uint64(48)
        kept = ~np.isin(asker, self._settled)
        if len(self._askers) >= MAX_ASKERS:
            kept &= np.isin(asker, np.array(list(self._askers), np.uint64))
        questions, asker, vantages = questions[kept], asker[kept], vantages[kept]
        if not len(questions):
            return
        order = np.argsort(asker, kind="stable")
        askers, starts = np.unique(asker[order], return_index=True)
        groups = np.split(order, starts[1:])
        for place in np.argsort(order[starts])[: 2 * MAX_ASKERS].tolist():  # the first to speak are the first known
            self._ask(int(askers[place]), questions[groups[place]], vantages[groups[place]])

    def of(self, segment: str, family: int) -> list[Unanswered]:
        """Return what was asked for again and again on a segment, and never answered by anybody."""
        if len(self._present) >= MAX_PRESENT:
            return []
        found: dict[tuple[str, str, str], Unanswered] = {}
        for asker in self._askers.values():
            if asker.place != (segment, family) or asker.many:
                continue
            for target in asker.targets.values():
                spread = target.last.t - target.first.t
                if target.count < MIN_QUESTIONS or spread < _SPREAD or self._is_present(target.hash):
                    continue
                told = Unanswered(asker.address, asker.mac, target.address, target.count, target.first, target.last)
                who = (told.asker, told.mac, told.target)
                if who not in found or _worth(told) > _worth(found[who]):
                    found[who] = told
        return sorted(found.values(), key=lambda told: (told.first, told.target))

    def _learn(self, *parts: NDArray[np.uint64]) -> None:
        """Remember addresses that somebody has."""
        for new in parts:
            if len(new) and len(self._present) < MAX_PRESENT:
                self._present = np.union1d(self._present, new)[:MAX_PRESENT]

    def _is_present(self, number: int) -> bool:
        place = int(np.searchsorted(self._present, np.uint64(number)))
        return place < len(self._present) and int(self._present[place]) == number

    def _ask(self, number: int, rows: NDArray[np.void], vantages: NDArray[np.int64]) -> None:
        """Count the questions of one asker."""
        asker = self._askers.get(number)
        if asker is None:
            if len(self._askers) >= MAX_ASKERS:
                return
            asker = self._askers[number] = self._make(rows[0])
        hashes = _hash(rows, "address")
        targets, first, inverse, counts = np.unique(hashes, return_index=True, return_inverse=True, return_counts=True)
        if len(asker.targets.keys() | set(targets.tolist())) > MAX_TARGETS:
            asker.many = True
            asker.targets.clear()
            self._settled = np.union1d(self._settled, np.array([number], np.uint64))
            return
        last = np.zeros(len(targets), np.int64)
        last[inverse] = np.arange(len(rows))  # the last to be written stays
        for place, target in enumerate(targets.tolist()):
            begin, end = (_seen(rows[i], int(vantages[i])) for i in (first[place], last[place]))
            known = asker.targets.get(target)
            if known is None:
                row = rows[first[place]]
                text = address_text(int(row["family"]), int(row["address_hi"]), int(row["address_lo"]))
                asker.targets[target] = _Target(text, target, int(counts[place]), begin, end)
            else:
                known.count, known.last = known.count + int(counts[place]), end

    def _make(self, row: np.void) -> _Asker:
        family, mac = int(row["family"]), int(row["sender"])
        mac = int(row["mac"]) if mac == NO_MAC else mac
        return _Asker(
            (self._tables.segments[int(row["segment"])], family),
            address_text(family, int(row["src_hi"]), int(row["src_lo"])),
            "" if mac == NO_MAC else format_mac(mac),
        )


def _worth(told: Unanswered) -> tuple[int, int]:
    return told.count, -told.first.t


def _hash(rows: NDArray[np.void], name: str) -> NDArray[np.uint64]:
    """Return a number for an address on its segment."""
    high, low = rows[f"{name}_hi"], rows[f"{name}_lo"]
    where = rows["segment"].astype(np.uint64) << np.uint64(8) | rows["family"]
    mixed: NDArray[np.uint64] = low * _MIX[0] ^ high * _MIX[1] ^ where * _MIX[2]
    return mixed


def _seen(row: np.void, vantage: int) -> Seen:
    return Seen(int(row["t"]), int(row["capture"]), int(row["number"]), 0, -1, -1, 0, vantage)
