"""Does anybody answer for the virtual addresses? Questions for them that get no answer while a master advertises.

A network manager, a DHCP client or a cloud agent can take an address from its interface without the daemon knowing.
Adverts go on, and clients ask in vain. But answers go to one host, and a switch shows them to nobody else: that no
answer was seen proves something only where this master's answers to that very host were seen before, in the same
capture. (A capture at the master's own host must show them too; that a rule can know.)

Whatever is said of the address by anybody, and each change of mastership, ends it: who answers instead is another
matter. The verdict waits two intervals for the master's next advert, for one that has died answers nothing either.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from vrrpscope.timeline.claims import Say, is_virtual
from vrrpscope.timeline.events import AddressUnanswered
from vrrpscope.timeline.masters import NEVER
from vrrpscope.timeline.timers import MILLISECOND, SECOND

if TYPE_CHECKING:
    from vrrpscope.timeline.claims import Heard
    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.history import History
    from vrrpscope.timeline.masters import Masters
    from vrrpscope.timeline.profile import RouterKey
    from vrrpscope.timeline.speaker import Speaker

MAX_PAIRS: Final = 256
"""Askers and addresses kept apart, per virtual router; the first ones."""

MIN_QUESTIONS: Final = 3
_SPREAD: Final = 2 * SECOND  # a host asks three times in a row for one packet
_COPY: Final = 100 * MILLISECOND  # the same question, seen by another capture

_Pair = tuple[str, str]  # address, who asks for it


@dataclass(slots=True)
class _Asking:
    """One host asks one master for one address, and nobody answers."""

    master: Speaker
    asker: str
    first: Seen
    last: Seen
    count: int = 1
    due: int = NEVER
    told: bool = False
    captures: set[int] = field(default_factory=set)  # that hold the questions


class Asked:
    """The questions for the addresses of one virtual router."""

    def __init__(self, key: RouterKey, masters: Masters, history: History) -> None:
        self._key = key
        self._masters = masters
        self._history = history
        self._asking: dict[_Pair, _Asking] = {}
        self._answers: dict[_Pair, tuple[str, Seen]] = {}  # by whose MAC each was last answered

    @property
    def deadline(self) -> int:
        """When there is something to judge next."""
        return min((each.due for each in self._asking.values() if not each.told), default=NEVER)

    def hear(self, said: Heard) -> None:
        """Take what was said of an address; of a question, `said.to` is who asks."""
        if said.say is not Say.ASKED:
            self._end(said.t, said.address)
            pair = (said.address, said.to)
            if said.say is Say.ANSWERED and said.mac is not None and self._has_room(pair, self._answers):
                self._answers[pair] = (said.mac, said.seen)
            return
        masters = list(self._masters)
        pair = (said.address, said.to)
        if len(masters) != 1 or said.mac == masters[0].profile.mac or not self._has_room(pair, self._asking):
            return
        known = self._asking.get(pair)
        if known is None:
            known = self._asking[pair] = _Asking(masters[0], said.to, said.seen, said.seen)
        elif said.t - known.last.t > _COPY:
            known.count, known.last = known.count + 1, said.seen
            if known.due == NEVER and known.count >= MIN_QUESTIONS and known.last.t - known.first.t >= _SPREAD:
                known.due = said.t + _patience(known)
        known.captures.add(said.seen.capture)

    def advance(self, at: int) -> None:
        """Judge what is due at this time."""
        for (address, _), each in self._asking.items():
            if each.told or each.due > at:
                continue
            if each.master.last.t > each.due - _patience(each):
                each.told = True
                self._tell(at, address, each, None)
            else:
                each.due = NEVER  # it may have died; the next question asks anew

    def changed(self, now: int) -> None:
        """Mastership moved."""
        self._end(now)

    def close(self, now: int) -> None:
        """Tell again what is counted."""
        for (address, _), each in self._asking.items():
            if each.told:
                self._tell(now, address, each, None)

    def _end(self, now: int, address: str | None = None) -> None:
        for pair, each in list(self._asking.items()):
            if address is None or pair[0] == address:
                if each.told:
                    self._tell(now, pair[0], each, now)
                del self._asking[pair]

    def _tell(self, now: int, address: str, each: _Asking, end: int | None) -> None:
        mac, answered = self._answers.get((address, each.asker), ("", None))
        if answered is not None and (answered.capture not in each.captures or not _is_of(mac, each.master)):
            answered = None
        self._history.add(
            AddressUnanswered(
                now,
                self._key,
                each.first.t,
                end,
                each.master.address,
                address,
                each.asker,
                each.count,
                each.first,
                each.last,
                answered,
            )
        )

    def _has_room(self, pair: _Pair, kept: dict[_Pair, _Asking] | dict[_Pair, tuple[str, Seen]]) -> bool:
        return pair in kept or len(kept) < MAX_PAIRS


def _patience(asking: _Asking) -> int:
    return 2 * asking.master.profile.interval


def _is_of(mac: str, master: Speaker) -> bool:
    return mac == master.profile.mac or is_virtual(mac)
