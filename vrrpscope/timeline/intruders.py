"""Is the new master a stranger, or somebody who speaks in another's name?

Nothing in an advert proves who sent it, and whoever can read one can copy it. What gives a program away that only
sends adverts is the rest: how it fills the IP header, how regular it is, and that it has no address to announce,
which every master must do at once (RFC 9568 6.4.1). Each such *sign* is weak: a router of another make has its own
ways too. So a router is suspected only if it was never heard before, beats everybody known, announces the very
addresses of a master that must accept it, and is unlike all routers known; what a known daemon does is no sign.

A resignation is forged if the router goes on with the IP ID that follows its last advert, as if it had not resigned.

A suspect is judged at its fourth advert, or when it leaves.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.timeline.acceptance import shares_addresses
from vrrpscope.timeline.claims import is_virtual
from vrrpscope.timeline.events import EndedBy, Intruder
from vrrpscope.timeline.fingerprint import ENOUGH, fingerprint
from vrrpscope.timeline.timers import MILLISECOND, late_after

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vrrpscope.timeline.clients import Clients
    from vrrpscope.timeline.elections import Scene
    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.history import History
    from vrrpscope.timeline.profile import Profile, RouterKey
    from vrrpscope.timeline.speaker import Speaker

SIGNS: Final[dict[str, str]] = {
    "ip-id": "its IP IDs do not count its adverts",
    "df": "its DF flag",
    "tos": "its TOS",
    "ttl": "its TTL",
    "mac": "its MAC",
    "irregular": "its adverts come at irregular intervals",
    "unannounced": "it announced the address to nobody",
    "not-owner": "it says that it owns the address and never spoke from it",
    "sequence": "the IP IDs go on as if it had not been sent",
}
"""What can be foreign about a sender, as words."""

_JUDGED_AT: Final = 4  # adverts
_OWNER: Final = 255
_INTERNETWORK_CONTROL: Final = 0xC0
_MAX_TOLD: Final = 64


class _Suspect(NamedTuple):
    speaker: Speaker
    seen: Seen  # its first advert
    victim: Speaker
    known: tuple[Speaker, ...]  # the routers heard before


class Intruders:
    """Watches who becomes master of one virtual router."""

    def __init__(self, key: RouterKey, history: History, clients: Clients) -> None:
        self._key = key
        self._history = history
        self._clients = clients
        self._suspects: dict[str, _Suspect] = {}
        self._told: dict[str, Intruder] = {}

    @property
    def is_watching(self) -> bool:
        """Whether somebody is yet to be judged."""
        return bool(self._suspects)

    def arrived(self, speaker: Speaker, seen: Seen, scene: Scene) -> None:
        """A router has become master with its first advert, beside others."""
        profile = speaker.profile
        if speaker.adverts > 1 or not profile.addresses:
            return
        known = tuple(s for s in scene.others if s.adverts >= ENOUGH and shares_addresses(s.terms, profile))
        rivals = [r for r in scene.masters if r in known]
        if not rivals:
            return
        victim = max(rivals, key=lambda r: r.profile.priority)
        if profile.priority <= max(s.terms.priority for s in known):
            return
        if sorted(profile.addresses) == sorted(victim.terms.addresses) and scene.hearing.accepts(victim, speaker):
            self._suspects[speaker.address] = _Suspect(speaker, seen, victim, known)

    def spoke(self, speaker: Speaker, now: int) -> None:
        """A master has advertised again."""
        suspect = self._suspects.get(speaker.address)
        if suspect is not None and speaker.adverts >= _JUDGED_AT:
            self._judge(suspect, now)

    def left(self, speaker: Speaker, end: int, now: int) -> None:
        """A master has left."""
        suspect = self._suspects.get(speaker.address)
        if suspect is not None:
            self._judge(suspect, now)
        told = self._told.pop(speaker.address, None)
        if told is not None:
            self._history.add(replace(told, at=now, end=end))

    def returned(self, speaker: Speaker, profile: Profile, seen: Seen) -> None:
        """A router that has resigned advertises again: was it the one who resigned?"""
        reign, farewell = speaker.reign, speaker.last
        if reign is None or reign.ended_by not in {EndedBy.RESIGNED, EndedBy.FAULT} or farewell.priority:
            return
        spoken = [(s, p) for s, p in speaker.recent if s.priority]
        if not spoken or seen.t - spoken[-1][0].t > late_after(profile.interval):
            return
        why = tuple(_forged(*spoken[-1], speaker, profile, seen))
        if why and self._history.is_news("forged", speaker.address, str(farewell.t)):
            event = Intruder(
                seen.t, self._key, speaker.profile, farewell, why, speaker.address, farewell.t, forged=True
            )
            self._history.add(event)

    def _judge(self, suspect: _Suspect, now: int) -> None:
        speaker, seen, victim, known = suspect
        del self._suspects[speaker.address]
        why = tuple(dict.fromkeys((*_foreign(speaker, known), *self._unspoken(speaker, seen))))
        # A daemon that only keeps quiet may be set to do so.
        if not why or why == ("unannounced",):
            return
        event = Intruder(now, self._key, speaker.profile, seen, why, victim.address)
        if len(self._told) < _MAX_TOLD:
            self._told[speaker.address] = event
        self._history.add(event)

    def _unspoken(self, speaker: Speaker, seen: Seen) -> Iterator[str]:
        """Yield what a master should have said to the clients and did not."""
        mac = speaker.profile.mac
        if mac is None or is_virtual(mac) or not self._clients.is_unannounced(speaker.profile, seen.t):
            return
        yield "unannounced"
        if speaker.profile.priority == _OWNER and not self._clients.knows(mac):
            yield "not-owner"


def _foreign(speaker: Speaker, known: Sequence[Speaker]) -> Iterator[str]:
    """Yield how its adverts differ from those of all routers known."""
    profile = speaker.profile
    implementation = fingerprint(speaker)
    virtual = profile.mac is not None and is_virtual(profile.mac) and profile.tos == _INTERNETWORK_CONTROL
    is_daemon = implementation is not None or (virtual and profile.df)
    if not is_daemon and speaker.adverts > 1:
        counting = all(s.numbers and s.steps >= ENOUGH for s in known)
        if counting and speaker.last.ip_id >= 0 and not speaker.numbers:
            yield "ip-id"
    if not is_daemon and all(s.terms.df != profile.df for s in known):
        yield "df"
    if all(s.terms.tos != profile.tos for s in known):
        yield "tos"
    if _is_irregular(speaker):
        yield "irregular"


def _is_irregular(speaker: Speaker) -> bool:
    """Whether most of its adverts come at another distance than the announced one."""
    times = [seen.t for seen, _ in speaker.recent]
    interval = speaker.profile.interval
    slack = max(20 * MILLISECOND, interval // 25)
    gaps = [after - before for before, after in pairwise(times)]
    return len(gaps) >= ENOUGH and sum(abs(gap - interval) > slack for gap in gaps) * 2 > len(gaps)


def _forged(before: Seen, sent: Profile, speaker: Speaker, profile: Profile, seen: Seen) -> Iterator[str]:
    """Yield what tells a resignation from the adverts before and after it, which are alike."""
    farewell, resigned = speaker.last, speaker.profile
    if speaker.numbers and seen.ip_id == before.ip_id + 1 != farewell.ip_id + 1:
        yield "sequence"
    elif seen.ip_id >= 0 and speaker.numbers:
        return  # it goes on counting from its resignation, or anew
    if (sent.mac, sent.df, sent.tos, sent.ttl) != (profile.mac, profile.df, profile.tos, profile.ttl):
        return
    if resigned.mac != sent.mac:
        yield "mac"
    if resigned.df != sent.df:
        yield "df"
    if resigned.tos != sent.tos:
        yield "tos"
    if resigned.ttl != sent.ttl:
        yield "ttl"
