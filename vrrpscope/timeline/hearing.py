"""Who accepts whose adverts within one virtual router: the prediction, corrected by what was seen.

Some disagreements are refused by one version of an implementation and accepted by another. They count as
accepted until a backup takes over although the master was there and stronger: then it refused, and so, being
the same kind of software, does the other.

Whether two routers that use AH have the same key is one of these. keepalived keeps one sequence number per
virtual router, for what it sends and what it accepts. So a backup whose first number follows one of the
master's has accepted that advert: they have one key, and whatever it does not hear it does not refuse.

Two clusters with one VRID may never meet (`are_apart`): an advert to a unicast peer reaches nobody else, and whoever
listens to one group hears nothing of another. Then they are no rivals, and what they announce need not agree. Routers
that share an address are meant to meet; that they do not is the trouble.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.timeline.acceptance import Accepts, Verdict, judge, shares_addresses
from vrrpscope.timeline.claims import is_virtual
from vrrpscope.timeline.speaker import LOW, MAX_DESTINATIONS
from vrrpscope.wire.columns import Auth, Destination

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.profile import Profile
    from vrrpscope.timeline.speaker import Speaker

_VERDICTS_KEPT = 8_192


class Hearing:
    """Remembers the verdict of each pair of terms, and the pairs of routers seen to refuse each other."""

    def __init__(self) -> None:
        self._verdicts: dict[tuple[int, int], Verdict] = {}
        self._refusing: set[frozenset[str]] = set()
        self._one_key: set[frozenset[str]] = set()
        self._clusters_collide = False  # routers without a common address were seen to refuse each other

    def judge(self, receiver: Profile, sender: Profile) -> Verdict:
        """Return what a router does with an advert, as its own adverts predict."""
        pair = (receiver.terms, sender.terms)
        verdict = self._verdicts.get(pair)
        if verdict is None:
            if len(self._verdicts) >= _VERDICTS_KEPT:
                self._verdicts.clear()
            verdict = self._verdicts[pair] = judge(receiver, sender)
        return verdict

    def accepts(self, receiver: Speaker, sender: Speaker) -> bool:
        """Whether the receiver acts on the sender's adverts."""
        if are_apart(receiver, receiver.profile, sender):
            return False
        verdict = self.judge(receiver.profile, sender.profile)
        if verdict.accepts is Accepts.DEPENDS:
            if verdict.reason == "vrid-collision" and self._clusters_collide:
                return False
            return frozenset((receiver.address, sender.address)) not in self._refusing
        return verdict.accepts is Accepts.YES

    def refuse(self, one: Speaker, other: Speaker) -> None:
        """Note that one took over from the other although it should have heard it."""
        pair = frozenset((one.address, other.address))
        if one.profile.auth is Auth.AH and _follows(one, other):
            self._one_key.add(pair)
        verdict = self.judge(one.profile, other.profile)
        key_is_right = verdict.reason == "password-mismatch" and pair in self._one_key
        if verdict.accepts is Accepts.DEPENDS and not key_is_right:
            self._refusing.add(pair)
            self._clusters_collide |= verdict.reason == "vrid-collision"


def are_apart(one: Speaker, profile: Profile, other: Speaker) -> bool:
    """Whether two routers are of clusters that never meet, the first one now announcing `profile`.

    Those who share a virtual MAC address meet at the switch at least.
    """
    if not one.destinations.isdisjoint(other.destinations):
        return False
    if Destination.UNICAST in {profile.destination, other.profile.destination}:
        if profile.destination is not other.profile.destination:
            return False
        if profile.rank & LOW in other.destinations or other.profile.rank & LOW in one.destinations:
            return False
    if max(len(one.destinations), len(other.destinations)) >= MAX_DESTINATIONS:
        return False
    if profile.mac is not None and profile.mac == other.profile.mac and is_virtual(profile.mac):
        return False
    return not shares_addresses(profile, other.terms)


def reached(speaker: Speaker, profile: Profile, seen: Seen, others: Iterable[Speaker]) -> list[Speaker]:
    """Note that a router sends to one more address; return those whom it meets only now."""
    apart = [other for other in others if are_apart(speaker, profile, other)]
    speaker.destinations.add(seen.destination & LOW)
    met = [other for other in apart if not are_apart(speaker, profile, other)]
    return [other for other in met if profile.priority and other.terms.priority]


def _follows(taker: Speaker, master: Speaker) -> bool:
    """Whether the number with which it took over is the next after one of the master's."""
    before = -1 if taker.began is None else taker.began.sequence - 1
    return any(seen.sequence == before for seen, _ in master.recent)
