"""Who accepts whose adverts within one virtual router: the prediction, corrected by what was seen.

Some disagreements are refused by one version of an implementation and accepted by another. They count as
accepted until a backup takes over although the master was there and stronger: then it refused, and so, being
the same kind of software, does the other.

Whether two routers that use AH have the same key is one of these. keepalived keeps one sequence number per
virtual router, for what it sends and what it accepts. So a backup whose first number follows one of the
master's has accepted that advert: they have one key, and whatever it does not hear it does not refuse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.timeline.acceptance import Accepts, Verdict, judge
from vrrpscope.wire.columns import Auth

if TYPE_CHECKING:
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


def _follows(taker: Speaker, master: Speaker) -> bool:
    """Whether the number with which it took over is the next after one of the master's."""
    before = -1 if taker.began is None else taker.began.sequence - 1
    return any(seen.sequence == before for seen, _ in master.recent)
