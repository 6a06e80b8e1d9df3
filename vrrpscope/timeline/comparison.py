"""What two routers of one virtual router announce, held side by side: told once of each pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vrrpscope.timeline.acceptance import disagreements, shares_addresses
from vrrpscope.timeline.events import Mismatch
from vrrpscope.timeline.renamed import is_renamed

if TYPE_CHECKING:
    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.history import History
    from vrrpscope.timeline.profile import Profile, RouterKey
    from vrrpscope.timeline.speaker import Speaker

_MAX_COMPARED: Final = 4_096


class Comparison:
    """Remembers which settings of which routers were compared."""

    def __init__(self, key: RouterKey, history: History) -> None:
        self._key = key
        self._history = history
        self._compared: set[tuple[str, int, str, int]] = set()  # two addresses with their terms

    def compare(self, other: Speaker, profile: Profile, seen: Seen) -> None:
        """Hold what a router says now against what another last said with a priority above 0."""
        if is_renamed(other, profile, seen):
            return
        equal = other.terms.priority == profile.priority and shares_addresses(other.terms, profile)
        kinds = ["equal-priority"] if equal else []
        terms = (other.address, other.terms.terms, profile.address, profile.terms)
        if terms not in self._compared:
            if len(self._compared) >= _MAX_COMPARED:
                self._compared.clear()  # comparing again is slow, and told no second time
            self._compared.add(terms)
            kinds += [verdict.reason for verdict in disagreements(other.terms, profile) if verdict.reason]
        for kind in kinds:
            if self._history.is_news(kind, profile.address, other.address):
                self._history.add(Mismatch(seen.t, self._key, kind, other.terms, profile, (other.last, seen)))
