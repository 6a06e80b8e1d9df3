"""CARP packets of a virtual router's own number: what else restarts keepalived's advert timer.

CARP shares VRRP's protocol number and group, and its VHID stands where VRRP has the VRID. keepalived reads such a
packet, finds it too short, and discards it ("vrrp packet too short"); but a master's advert timer starts anew as
with every packet for its VRID (measured with keepalived 2.2.7 beside ucarp 1.5.2). So an advert is due one interval
after the last of these. FRR's timers run on, and a daemon with an AH or unicast socket never gets to read them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vrrpscope.timeline.timers import tolerance
from vrrpscope.wire.columns import Auth, Destination

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vrrpscope.timeline.profile import Profile

MOST: Final = 256
"""So many packets before an advert are looked at: more come only in a flood."""


class Carps:
    """When CARP packets of one number were seen on one segment, nanoseconds; those long passed are forgotten."""

    def __init__(self) -> None:
        self._times = np.empty(0, np.int64)

    def add(self, times: NDArray[np.int64]) -> None:
        """Take in packets seen at these times, in any order. Shape (n,)."""
        self._times = np.sort(np.concatenate([self._times, times]))

    def forget(self, before: int) -> None:
        """Let go what no advert from that time on can need."""
        passed = int(np.searchsorted(self._times, before)) - MOST
        if passed > 0:
            self._times = self._times[passed:].copy()

    def restarted(self, profile: Profile, since: int, now: int) -> int:
        """Return since when a master's silence up to `now` has to be explained.

        That is the last packet that restarted its timer: the first one `since` then that came after an advert was
        due did so no more.
        """
        first, last = np.searchsorted(self._times, (since, now), side="right").tolist()
        if first == last or not _is_read_by(profile):
            return since
        times = self._times[max(first, last - MOST) : last]
        # As many as that are a flood, which keeps a master mute.
        start = since if len(times) < MOST else int(times[0])
        chain = np.concatenate([[start], times])
        broken = np.flatnonzero(np.diff(chain) > profile.interval + tolerance(profile.interval))
        return int(chain[broken[0]]) if len(broken) else int(chain[-1])


def _is_read_by(profile: Profile) -> bool:
    """Whether the sender of such adverts is one whose timer these packets restart."""
    return not profile.df and profile.auth is not Auth.AH and profile.destination is Destination.MULTICAST
