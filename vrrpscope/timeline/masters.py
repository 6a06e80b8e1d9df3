"""The routers believed master of one virtual router, or since when there is none.

Every master has a deadline. One that must have accepted a winning advert is expected to stay quiet: when its
next advert is overdue it has yielded. Any other reigns until it has been silent for longer than any backup
would wait; a rejected advert of another that restarted its timer postpones that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vrrpscope.timeline import timers
from vrrpscope.timeline.events import EndedBy, NoMaster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.timeline.events import Claim
    from vrrpscope.timeline.profile import RouterKey
    from vrrpscope.timeline.speaker import Speaker

NEVER: Final = 1 << 62


@dataclass(slots=True)
class Vacancy:
    """Nobody is master."""

    since: int
    due: int  # when the last backup should have taken over
    previous: Speaker
    told: bool = False
    claim: Claim | None = None  # somebody spoke as the address's owner meanwhile

    def event(self, key: RouterKey, at: int, end: int | None = None, *, resumed: bool = False) -> NoMaster:
        """Tell it as far as it is known."""
        previous = self.previous
        return NoMaster(at, key, self.since, end, previous.address, previous.last, resumed, claim=self.claim)


class Masters:
    """Holds the open reigns. Iterates in the order in which they began."""

    def __init__(self) -> None:
        self._open: list[Speaker] = []
        self.vacancy: Vacancy | None = None
        self.last: Speaker | None = None  # the last to leave before the latest vacancy

    def __iter__(self) -> Iterator[Speaker]:
        """Iterate over a copy: a reign may end meanwhile."""
        return iter(list(self._open))

    def __len__(self) -> int:
        return len(self._open)

    @property
    def strongest(self) -> Speaker | None:
        """The master that beats all others."""
        return max(self._open, key=strength, default=None)

    @property
    def deadline(self) -> int:
        """When the next reign ends, or a vacancy becomes one that should not be, if nothing is heard."""
        vacancy = self.vacancy
        waiting = vacancy.due if vacancy is not None and not vacancy.told else NEVER
        return min((due(m) for m in self._open), default=waiting)

    def enter(self, speaker: Speaker) -> None:
        """Begin a reign, or take one up again; `speaker.reign` is open."""
        self._open.append(speaker)
        self.vacancy = None

    def leave(self, speaker: Speaker, end: int, by: EndedBy, at: int) -> None:
        """End a reign, as became known at `at`."""
        if speaker.reign is not None:
            speaker.reign.end, speaker.reign.ended_by = end, by
            # A silence counts as mute when it ends; in the midst of it the router may turn out to have yielded.
            speaker.reign.mute = min(speaker.reign.mute, end - speaker.reign.start)
            speaker.reign.farewell = speaker.last if by is EndedBy.RESIGNED else None
        speaker.yield_at = speaker.yield_to = None
        self._open.remove(speaker)
        if not self._open:
            # A resigned master's backups are still waiting; a silent one's no longer.
            self.vacate(speaker, end, end + speaker.profile.down_limit if by is EndedBy.RESIGNED else at)

    def vacate(self, previous: Speaker, since: int, due: int) -> None:
        """Begin a time without a master, unless there is one."""
        if not self._open:
            self.vacancy = Vacancy(since, due, previous)
            self.last = previous


def strength(speaker: Speaker) -> tuple[int, int]:
    """Order of who must yield to whom: priority, then address as a number (RFC 9568 6.4.3)."""
    return (speaker.profile.priority, speaker.profile.rank)


def due(master: Speaker) -> int:
    """When the silence of a master ends its reign."""
    if master.yield_at is not None:
        late = timers.late_after(master.profile.interval)
        return max(master.last.t + late, master.yield_at + master.profile.interval // 2)
    return max(master.last.t, master.rearmed) + master.profile.down_limit
