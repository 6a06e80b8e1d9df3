"""Was a master that came back after a silence master all along, though it numbers nothing?

FRR's adverts count nothing, so its own gap does not tell a pause from a restart. But FRR announces the address
whenever it becomes master (measured: within 50 microseconds of its first advert). One whose announcements this
capture shows, and which comes back without one, has not become master now: it was held up, and has been master for
itself since. The capture of its own host does not show them, and there nothing is concluded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.findings import Confidence
from vrrpscope.timeline.claims import is_virtual
from vrrpscope.timeline.contest import Contest
from vrrpscope.timeline.events import EndedBy
from vrrpscope.timeline.timers import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vrrpscope.timeline.clients import Clients
    from vrrpscope.timeline.events import Reign, Seen
    from vrrpscope.timeline.history import History
    from vrrpscope.timeline.profile import RouterKey
    from vrrpscope.timeline.speaker import Speaker

_ABOUT: Final = SECOND // 5  # an announcement this close to a first advert belongs to it


class _Beginning(NamedTuple):
    seen: Seen  # the first advert
    silent: Reign | None  # the reign that it may continue
    before: Seen  # the last advert before


class Pauses:
    """Watches how routers that number nothing become master."""

    def __init__(self, key: RouterKey, history: History, clients: Clients) -> None:
        self._key = key
        self._history = history
        self._clients = clients
        self._beginnings: dict[str, _Beginning] = {}
        self._announcing: set[str] = set()

    @property
    def is_watching(self) -> bool:
        """Whether a beginning is yet to be judged."""
        return bool(self._beginnings)

    def begins(self, speaker: Speaker, seen: Seen) -> None:
        """A router is about to become master."""
        profile, reign = speaker.profile, speaker.reign
        if profile.df and profile.mac is not None and is_virtual(profile.mac):
            silent = reign if reign is not None and reign.ended_by is EndedBy.SILENT else None
            self._beginnings[speaker.address] = _Beginning(seen, silent, speaker.last)

    def left(self, speaker: Speaker) -> None:
        """A master has left before it could be judged."""
        self._beginnings.pop(speaker.address, None)

    def spoke(self, speaker: Speaker, now: int, others: Iterable[Speaker], *, alone: bool) -> None:
        """A master has advertised again."""
        beginning = self._beginnings.get(speaker.address)
        if beginning is None or not alone or now - beginning.seen.t < _ABOUT:
            return
        del self._beginnings[speaker.address]
        first = beginning.seen.t
        early = _ABOUT + (speaker.profile.interval if self._key.family == 6 else 0)
        if self._clients.announced(speaker.profile.mac, first - early, first + _ABOUT) is not None:
            self._announcing.add(speaker.address)
        elif beginning.silent is not None and speaker.address in self._announcing:
            self._join(speaker, beginning, beginning.silent, now, others)

    def _join(self, speaker: Speaker, beginning: _Beginning, old: Reign, now: int, others: Iterable[Speaker]) -> None:
        """Make its two reigns one, if another held the address until it came back."""
        seen, new = beginning.seen, speaker.reign
        held = [
            other
            for other in others
            if (reign := other.reign) is not None
            and reign.start > beginning.before.t
            and reign.ended_by is EndedBy.YIELDED
            and (reign.end or 0) >= seen.t
        ]
        if new is None or not held or not self._history.unite(old, new):
            return
        speaker.reign = old
        self._history.fill(beginning.before.t, now, spoke=False)
        self._history.call_reclaimed(seen, now)
        start = min(other.reign.start for other in held if other.reign is not None)
        end = max(other.reign.end or 0 for other in held if other.reign is not None)
        contest = Contest(start, beginning.before, beginning.before)
        for member in (speaker, *held):
            contest.join(member)
        for frame in (*(other.began for other in held), seen):
            if frame is not None:
                contest.witness(frame)
        contest.suspect("paused-node", Confidence.LIKELY)
        self._history.add(contest.event(self._key, now, end))
