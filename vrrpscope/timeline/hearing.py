"""Who accepts whose adverts within one virtual router: the prediction, corrected by what was seen.

Some disagreements are refused by one version of an implementation and accepted by another. They count as
accepted until a backup takes over although the master was there and stronger: then it refused, and so, being
the same kind of software, does the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.timeline.acceptance import Accepts, Verdict, judge

if TYPE_CHECKING:
    from vrrpscope.timeline.profile import Profile
    from vrrpscope.timeline.speaker import Speaker

_VERDICTS_KEPT = 8_192


class Hearing:
    """Remembers the verdict of each pair of terms, and the pairs of routers seen to refuse each other."""

    def __init__(self) -> None:
        self._verdicts: dict[tuple[int, int], Verdict] = {}
        self._refusing: set[frozenset[str]] = set()

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
            return frozenset((receiver.address, sender.address)) not in self._refusing
        return verdict.accepts is Accepts.YES

    def refuse(self, one: Speaker, other: Speaker) -> None:
        """Note that one took over from the other although it should have heard it."""
        if self.judge(one.profile, other.profile).accepts is Accepts.DEPENDS:
            self._refusing.add(frozenset((one.address, other.address)))
