"""A router that goes on under another source address: the same MAC, and the next number of the same count.

keepalived sends from the first address of its interface; when that is removed or another comes before it, the next
advert has another source. To whoever goes by addresses a master has vanished and another has appeared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.timeline.acceptance import shares_addresses
from vrrpscope.timeline.claims import is_virtual
from vrrpscope.timeline.events import SourceChanged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.profile import Profile
    from vrrpscope.timeline.speaker import Speaker


def is_renamed(former: Speaker, profile: Profile, seen: Seen) -> bool:
    """Whether an advert under another address goes on where `former` stopped."""
    mac, interval = former.profile.mac, former.profile.interval
    if former.address == profile.address or mac is None or mac != profile.mac or is_virtual(mac):
        return False
    intervals = (seen.t - former.last.t) // interval + 1
    step = former.step(seen)
    goes_on = former.numbers and step is not None and 1 <= step <= intervals <= 4
    return goes_on and shares_addresses(former.terms, profile)


def renamed(masters: Iterable[Speaker], profile: Profile, seen: Seen) -> Iterator[tuple[Speaker, SourceChanged]]:
    """Yield the masters that this advert shows to have another address now."""
    for master in masters:
        if profile.mac is not None and is_renamed(master, profile, seen):
            former = master.address
            yield master, SourceChanged(seen.t, profile.key, former, profile.address, profile.mac, master.last, seen)
