"""What the clients of one virtual router were told: at which MAC its addresses are, beside who is master.

VRRP moves a virtual address; ARP and neighbour discovery tell the clients. The two come apart in three ways, and
each is judged only when the right packet has had time to come (a fourth in `asked`: nobody answers for it):

    nothing announced    a takeover, and within one interval (a second at least) no announcement
    stale                the last announcement is another router's, and the master has made none since
    claimed by another   somebody who is not master claims an address; who only announces itself ahead of its
                         first advert (FRR's does so by one interval) is master by the time of the verdict

And where no master is seen, a claim shows that there is one all the same. A virtual MAC belongs to whoever is
master, so claims by it say nothing of who makes them.

All times are of the packets; what is heard is processed in order of time, between the adverts.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.timeline.asked import Asked
from vrrpscope.timeline.claims import Say, is_virtual
from vrrpscope.timeline.events import Claim, ClaimedByOther, EndedBy, StaleClients, Unannounced
from vrrpscope.timeline.masters import NEVER
from vrrpscope.timeline.timers import MILLISECOND, SECOND, late_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from vrrpscope.timeline.claims import Heard
    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.history import History
    from vrrpscope.timeline.masters import Masters, Vacancy
    from vrrpscope.timeline.profile import Profile, RouterKey
    from vrrpscope.timeline.speaker import Speaker

MAX_CLAIMANTS: Final = 64

_RECENT = 64  # claims remembered, repeated ones as one
_BURST = 100 * MILLISECOND  # keepalived sends five announcements at once
_REPLY_WITHIN = 50 * MILLISECOND  # a host that has the address answers another's announcement of it
_VISIBLE = 300 * SECOND  # ARP about the address was seen this lately, so an announcement would be seen too
_GRACE = SECOND // 5

Order = tuple[int, int, int, str, int, int]


class Takeover(NamedTuple):
    """A router became master."""

    router: Speaker
    seen: Seen  # its first advert
    previous: str | None


class _Change(NamedTuple):
    """One router is the only master since then; to be judged when `due`."""

    due: int
    since: int
    master: Speaker
    took: Takeover | None  # None if it stayed while another left


@dataclass(slots=True)
class _Claimant:
    """Somebody who claims an address and is not master."""

    claim: Claim
    master: Speaker
    due: int
    count: int
    last: Seen
    told: bool = False


class Clients:
    """What was said of the addresses of one virtual router, and what is wrong with it."""

    def __init__(self, key: RouterKey, masters: Masters, history: History, speakers: dict[str, Speaker]) -> None:
        self._key = key
        self._masters = masters
        self._history = history
        self._speakers = speakers
        self.name: Callable[[str, int], str | None] = lambda _mac, _now: None
        self._inbox: list[tuple[Order, Heard]] = []
        self._taken = 0
        self._visible: int | None = None
        self._last: dict[str, Heard] = {}  # by address, the last that all clients heard
        self._recent: deque[Heard] = deque(maxlen=_RECENT)
        self._change: _Change | None = None
        self._latest: Takeover | None = None
        self._stale: StaleClients | None = None
        self._claimants: dict[str, _Claimant] = {}
        self._asked = Asked(key, masters, history)

    # --- time and claims come in --------------------------------------------------------------------------

    def take(self, heard: list[Heard]) -> None:
        """Take what was said, in any order."""
        for said in heard:
            self._taken += 1  # nothing is left to be compared beyond this
            order = (said.t, said.seen.capture, said.seen.number, said.address, said.say, self._taken)
            heappush(self._inbox, (order, said))

    @property
    def deadline(self) -> int:
        """When there is something to do next."""
        asked = self._asked.deadline
        if not self._inbox and self._change is None and not self._claimants:
            return asked
        following = self._inbox[0][0][0] if self._inbox else NEVER
        change = NEVER if self._change is None else self._change.due
        return min(following, change, asked, *(c.due for c in self._claimants.values() if not c.told), NEVER)

    def recall(self, now: int) -> None:
        """Take in what was said before `now` of an address that has only just become known."""
        while self._inbox and self._inbox[0][0][0] < now:
            self._hear(heappop(self._inbox)[1])

    def advance(self, at: int) -> None:
        """Do what is due at this time."""
        while self._inbox and self._inbox[0][0][0] <= at:
            said = heappop(self._inbox)[1]
            self._hear(said)
            self._suspect(said)
        for mac, claimant in list(self._claimants.items()):
            if not claimant.told and claimant.due <= at:
                self._judge_claimant(mac, claimant, at)
        self._asked.advance(at)
        if self._change is not None and self._change.due <= at:
            change, self._change = self._change, None
            self._judge_change(change, at)

    def close(self, now: int) -> None:
        """Tell again what is counted."""
        for claimant in self._claimants.values():
            if claimant.told and claimant.count > 1:
                self._history.add(_event(now, self._key, claimant))
        self._asked.close(now)

    # --- mastership moves -----------------------------------------------------------------------------------

    def moved(self, now: int, since: int, took: Takeover | None = None) -> None:
        """Say that a router became master, or left, as became known at `now`."""
        self._latest = took or self._latest
        self._end_stale(now)
        self._asked.changed(now)
        self._change = None
        masters = list(self._masters)
        if len(masters) == 1:
            master, interval = masters[0], masters[0].profile.interval
            latest = self._latest
            if latest is not None and latest.router is master and since - latest.seen.t <= 2 * interval:
                took = latest  # the one it took over from has left by now
            self._change = _Change(max(now, since + max(interval, SECOND)), since, master, took)

    def in_vacancy(self, vacancy: Vacancy) -> Claim | None:
        """Return the first claim since that shows a master: an announcement, or failing that an answer."""
        previous = vacancy.previous
        own = previous.profile.mac
        # What it said about its last advert is no sign of life; it might have advertised again after this.
        alone = vacancy.since + late_after(previous.profile.interval)
        found = [
            said
            for said in self._recent
            if said.mac is not None
            and said.t > (alone if said.mac == own or is_virtual(said.mac) else vacancy.since)
            and not (said.say is Say.ANSWERED and (said.mac == own or is_virtual(said.mac)))
        ]
        first = min(found, key=lambda said: (said.say is Say.ANSWERED, said.t), default=None)
        return None if first is None else self._claim(first)

    def announced(self, mac: str | None, since: int, until: int) -> int | None:
        """Return when a router first announced itself in a time, by its MAC or that of whoever is master."""
        found = (
            said.t
            for said in self._recent
            if since < said.t < until and said.say is Say.ANNOUNCED and said.mac is not None
            if said.mac == mac or is_virtual(said.mac)
        )
        return min(found, default=None)

    def _hear(self, said: Heard) -> None:
        self._visible = said.t if self._visible is None else max(said.t, self._visible)
        self._asked.hear(said)
        if said.say is Say.ASKED or said.mac is None:
            return
        before = self._last.get(said.address)
        if said.reply and before is not None and before.mac != said.mac and said.t - before.t <= _REPLY_WITHIN:
            said = said._replace(say=Say.ANSWERED)
        if said.say is not Say.ANSWERED:
            self._last[said.address] = said
            if before is None or before.mac != said.mac:
                self._history.note_claim(self._claim(said))
        self._remember(said)
        self._mend(said)

    def _remember(self, said: Heard) -> None:
        """Keep a claim; of a burst, the first."""
        for old in reversed(self._recent):
            if said.t - old.t > _BURST:
                break
            if (old.mac, old.say, old.address) == (said.mac, said.say, said.address):
                return
        self._recent.append(said)

    def _mend(self, said: Heard) -> None:
        """A stale entry is corrected: everybody's by an announcement, one client's by an answer."""
        stale = self._stale
        if stale is None or said.mac is None or said.mac != self._speakers[stale.router].profile.mac:
            return
        if said.say is not Say.ANSWERED:
            macs = {self._last[a].mac for a in stale.addresses if a in self._last}
            if macs <= {said.mac}:
                self._end_stale(said.t)
        elif stale.answered is None:
            self._stale = replace(stale, at=said.t, answered=self._claim(said), client=said.to)
            self._history.add(self._stale)

    def _end_stale(self, now: int) -> None:
        if self._stale is not None:
            self._history.add(replace(self._stale, at=now, end=now))
            self._stale = None

    # --- verdicts --------------------------------------------------------------------------------------------

    def _judge_change(self, change: _Change, at: int) -> None:
        master, mac = change.master, change.master.profile.mac
        if mac is None or is_virtual(mac) or list(self._masters) != [master] or self._visible is None:
            return
        rivals = {s.profile.mac for s in self._speakers.values() if s is not master and s.profile.mac != mac}
        last = [(a, self._last[a]) for a in master.profile.addresses if a in self._last]
        # A rival that announces itself even later is no former master.
        before = change.since + (_REPLY_WITHIN if change.took is None else 0)
        stale = [(address, said) for address, said in last if said.mac in rivals and said.t <= before]
        if stale:
            latest = max((said for _, said in stale), key=lambda said: said.t)
            addresses = tuple(address for address, _ in stale)
            self._stale = StaleClients(
                at,
                self._key,
                change.since,
                None,
                master.address,
                change.took is not None,
                addresses,
                self._claim(latest),
            )
            self._history.add(self._stale)
        elif change.took is not None and change.took.previous is not None:
            self._judge_takeover(change.took, at)

    def _judge_takeover(self, took: Takeover, at: int) -> None:
        """Tell whether the new master announced anything; FRR does up to an interval before its first advert."""
        if self.is_unannounced(took.router.profile, took.seen.t):
            self._history.add(Unannounced(at, self._key, took.seen, took.router.address, took.previous))

    def is_unannounced(self, profile: Profile, first: int) -> bool:
        """Whether a router that became master has announced itself to nobody, where that would have been seen."""
        since = first - max(profile.interval, SECOND) - _GRACE
        spoken = any(
            said.t >= since and said.mac is not None and (said.mac == profile.mac or is_virtual(said.mac))
            for said in (*self._recent, *self._last.values())
            if said.say is not Say.ANSWERED
        )
        seen_lately = self._visible is not None and self._visible >= since - _VISIBLE
        return not spoken and seen_lately

    def knows(self, mac: str) -> bool:
        """Whether anything was said of the addresses by that MAC."""
        return any(said.mac == mac for said in (*self._recent, *self._last.values()))

    def _suspect(self, said: Heard) -> None:
        """Somebody claims an address: is it a master?"""
        masters = list(self._masters)
        if said.say is Say.ASKED or said.mac is None or is_virtual(said.mac) or not masters:
            return
        if any(m.profile.mac is None or m.profile.mac == said.mac or is_virtual(m.profile.mac) for m in masters):
            return
        if said.reply and self._latest is not None and said.t - self._latest.seen.t <= SECOND:
            return  # the former master's kernel answers the announcements of the new one
        known = self._claimants.get(said.mac)
        if known is not None:
            known.count, known.last = known.count + 1, said.seen
            return
        patience = max(2 * masters[0].profile.interval, SECOND)
        if len(self._claimants) < MAX_CLAIMANTS and not self._has_just_left(said, patience):
            claimant = _Claimant(self._claim(said), masters[-1], said.t + patience, 1, said.seen)
            self._claimants[said.mac] = claimant

    def _has_just_left(self, said: Heard, patience: int) -> bool:
        """Whether a former master may just be on its way out: its kernel answers until the address is gone."""
        for speaker in self._speakers.values():
            reign = speaker.reign
            if speaker.profile.mac == said.mac and reign is not None and reign.ended_by is not EndedBy.SILENT:
                return reign.end is None or said.t - reign.end < patience
        return False

    def _judge_claimant(self, mac: str, claimant: _Claimant, at: int) -> None:
        for speaker in self._speakers.values():
            reign = speaker.reign
            if speaker.profile.mac == mac and reign is not None and (reign.end is None or reign.end > claimant.last.t):
                del self._claimants[mac]  # it announced itself ahead of its first advert
                return
        if claimant.master.last.t <= claimant.claim.seen.t:
            del self._claimants[mac]  # the master had gone, and somebody has taken over unseen
            return
        claimant.told = True
        self._history.add(_event(at, self._key, claimant))

    def _claim(self, said: Heard) -> Claim:
        mac = said.mac or ""
        owner = next((s.address for s in self._speakers.values() if s.profile.mac == mac), None)
        if owner is None and not is_virtual(mac):
            owner = self.name(mac, said.t)
        return Claim(said.seen, said.address, mac, owner, said.say is not Say.ANSWERED)


def _event(at: int, key: RouterKey, claimant: _Claimant) -> ClaimedByOther:
    return ClaimedByOther(at, key, claimant.claim, claimant.master.address, claimant.count, claimant.last)
