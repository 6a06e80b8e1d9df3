"""Is a router who it seems to be? What the machine asks beside its own work, gathered.

intruders   a stranger, or somebody who speaks in another's name
shared      two routers with one source address
pauses      a master that comes back and numbers nothing: was it master all along?
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.timeline.events import Restarted
from vrrpscope.timeline.intruders import Intruders
from vrrpscope.timeline.pauses import Pauses
from vrrpscope.timeline.shared import SharedSources
from vrrpscope.timeline.timers import late_after

if TYPE_CHECKING:
    from vrrpscope.timeline.clients import Clients
    from vrrpscope.timeline.elections import Scene
    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.history import History
    from vrrpscope.timeline.profile import Profile, RouterKey
    from vrrpscope.timeline.speaker import Speaker


class Watch:
    """Watches the routers of one virtual router."""

    def __init__(self, key: RouterKey, history: History, clients: Clients) -> None:
        self._key = key
        self._history = history
        self._intruders = Intruders(key, history, clients)
        self._shared = SharedSources(key, history)
        self._pauses = Pauses(key, history, clients)

    @property
    def is_idle(self) -> bool:
        """Whether more of the same adverts can change nothing here."""
        return not self._intruders.is_watching and not self._pauses.is_watching

    def begins(self, speaker: Speaker, profile: Profile, seen: Seen) -> None:
        """A router is about to become master by this advert, which is not taken yet."""
        self._intruders.returned(speaker, profile, seen)
        self._shared.returned(speaker, profile, seen)
        self._pauses.begins(speaker, seen)

    def began(self, speaker: Speaker, seen: Seen, scene: Scene) -> None:
        """It has become master; `scene` is what it came upon."""
        if scene.masters:
            self._intruders.arrived(speaker, seen, scene)

    def goes_on(self, speaker: Speaker, profile: Profile, seen: Seen) -> None:
        """A master is about to advertise again."""
        self._shared.spoke(speaker, profile, seen)

    def went_on(self, speaker: Speaker, seen: Seen, others: list[Speaker], *, alone: bool) -> None:
        """It has; `alone` if there is no other master."""
        if not self.is_idle:
            self._intruders.spoke(speaker, seen.t)
            self._pauses.spoke(speaker, seen.t, others, alone=alone)

    def restarts(self, speaker: Speaker, seen: Seen) -> None:
        """A router is about to advertise: does it count anew?"""
        if speaker.numbers and seen.ip_id == 1 and speaker.step(seen) != 1:
            on_time = seen.t - speaker.last.t <= late_after(speaker.profile.interval)
            reload = on_time and speaker.is_master
            self._history.add(Restarted(seen.t, self._key, speaker.address, reload, seen))

    def left(self, speaker: Speaker, end: int, at: int) -> None:
        """A master has left, as became known at `at`."""
        self._intruders.left(speaker, end, at)
        self._pauses.left(speaker)
