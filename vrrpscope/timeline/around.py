"""What one virtual router can ask of everything else that spoke: rules do, through their `Case`.

Answers are bounded by the times that are asked for, so that they are the same however far a capture has been read.
Times are nanoseconds since the epoch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.timeline.claims import is_virtual
from vrrpscope.wire.columns import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vrrpscope.timeline.bystanders import Bystanders
    from vrrpscope.timeline.events import Refused, Seen
    from vrrpscope.timeline.membership import Member
    from vrrpscope.timeline.profile import RouterKey
    from vrrpscope.timeline.speaker import Speaker
    from vrrpscope.timeline.unanswered import Unanswered


class Around:
    """Everything else that spoke, as far as one virtual router is concerned."""

    def __init__(self, key: RouterKey, speakers: Mapping[str, Speaker], bystanders: Bystanders) -> None:
        self._key = key
        self._place = (key.segment, key.family)
        self._speakers = speakers
        self._bystanders = bystanders

    def member(self, router: str) -> Member | None:
        """Return what a router said of the multicast group."""
        return self._bystanders.groups.member(self._place, router, self._mac(router))

    def listeners(self) -> list[Member]:
        """Return the hosts that asked for the group and were never seen advertising: backups, perhaps."""
        known = {speaker.profile.mac for speaker in self._speakers.values()}
        members = self._bystanders.groups.members(self._place)
        strangers = [m for m in members if m.address not in self._speakers and (m.mac is None or m.mac not in known)]
        return [m for m in strangers if m.address != (m.mac or "")]

    def joined(self, router: str, start: int, end: int) -> Seen | None:
        """Return when a router last asked anew for the group in a time, as a daemon does that starts.

        So does one that reloads, and the kernel of a host whose link comes up.
        """
        return self._word(router, start, end, Kind.REPORT)

    def left(self, router: str, start: int, end: int) -> Seen | None:
        """Return when a router last left the group in a time: its daemon is gone, and its host is up.

        The kernel leaves for a daemon that was killed, too; a host that stands still or is cut off does not.
        """
        return self._word(router, start, end, Kind.LEAVE)

    def queries(self, start: int, end: int) -> list[Seen]:
        """Return when somebody asked who wants the group."""
        return self._bystanders.groups.queries(self._place, start, end)

    def went_on(self, router: str, start: int, end: int) -> bool | None:
        """Whether the host of a router went on speaking in a gap between two of its adverts; None if unknown."""
        speaker = self._speakers.get(router)
        mac = self._mac(router)
        if speaker is None or mac is None or is_virtual(mac):
            return None
        return self._bystanders.hosts.went_on(mac, start, start + speaker.profile.interval, end)

    def moved(self, router: str, start: int, end: int) -> Seen | None:
        """Return when a hypervisor first said in a time that a router's host has moved."""
        moves = self._bystanders.moves.get((self._key.segment, self._mac(router) or ""), [])
        return next((seen for seen in moves if start <= seen.t <= end), None)

    def refusals(self) -> list[Refused]:
        """Return the ICMP errors about its adverts; complete when the captures have ended."""
        return self._bystanders.refusals.of(self._key)

    def unanswered(self) -> list[Unanswered]:
        """Return the addresses that were asked for and nobody has; complete when the captures have ended."""
        return self._bystanders.questions.of(*self._place)

    def claimed(self, mac: str, addresses: Mapping[str, None]) -> bool:
        """Whether a host said that one of these addresses is its own."""
        return not self._bystanders.claims.addresses_of(self._key.segment, mac).isdisjoint(addresses)

    def _word(self, router: str, start: int, end: int, kind: Kind) -> Seen | None:
        member = self.member(router)
        words = [] if member is None else member.within(start, end)
        found = [w.seen for w in words if w.kind is kind and (w.joins or kind is Kind.LEAVE)]
        return found[-1] if found else None

    def _mac(self, router: str) -> str | None:
        speaker = self._speakers.get(router)
        return None if speaker is None else speaker.profile.mac
