"""Who refused adverts, and how: ICMP errors that quote one.

Nobody complains of a multicast, so these are about unicast peers. What an error says:

    protocol unreachable    the kernel of a host without a VRRP socket: it is up and its filter lets VRRP pass
    prohibited, and port    a packet filter that rejects; the kernel itself never says "port" of protocol 112
    host, net unreachable   a router, or the sender's own kernel: nobody is there
    time exceeded           a loop, or a TTL too small for the way

Errors are told once there are `_TOLD` of them, and again when the captures end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.timeline.events import Refusal, Refused

if TYPE_CHECKING:
    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.profile import RouterKey

MAX_REFUSALS: Final = 1_024
"""Refusals told apart, of all virtual routers together."""

_TOLD = 3

_PROHIBITED, _PORT = (9, 10, 13), 3
_MEANING: Final = {
    **{(4, 3, code): Refusal.UNREACHABLE for code in (0, 1, 5, 6, 7, 8, 11, 12)},
    **{(4, 3, code): Refusal.REJECTED for code in (*_PROHIBITED, _PORT)},
    (4, 3, 2): Refusal.NO_DAEMON,
    **{(4, 11, code): Refusal.UNREACHABLE for code in (0, 1)},
    **{(6, 1, code): Refusal.UNREACHABLE for code in (0, 2, 3)},
    **{(6, 1, code): Refusal.REJECTED for code in (1, 4, 5, 6)},
    **{(6, 3, code): Refusal.UNREACHABLE for code in (0, 1)},
    (6, 4, 1): Refusal.NO_DAEMON,  # unrecognised next header
}
"""By family, type and code (RFC 792, RFC 1812 5.2.7.1, RFC 4443 3)."""


class Error(NamedTuple):
    """One ICMP error about an advert."""

    refuser: str
    sender: str  # of the advert
    peer: str  # whom it was sent to
    type: int
    code: int


@dataclass(slots=True)
class _Tally:
    first: Seen
    last: Seen
    counts: dict[int, int] = field(default_factory=dict)  # by vantage point: each error may be seen at several


class Refusals:
    """The errors about all virtual routers. Is told of them in order of time."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[RouterKey, Error], _Tally] = {}

    def take(self, key: RouterKey, error: Error, seen: Seen) -> Refused | None:
        """Take an error about an advert of a virtual router; return what is to be told."""
        if (key.family, error.type, error.code) not in _MEANING:
            return None
        tally = self._tallies.get((key, error))
        if tally is None:
            if len(self._tallies) >= MAX_REFUSALS:
                return None
            tally = self._tallies[key, error] = _Tally(seen, seen)
        tally.last = seen
        count = tally.counts[seen.vantage] = tally.counts.get(seen.vantage, 0) + 1
        is_time = count == _TOLD == max(tally.counts.values()) and list(tally.counts.values()).count(count) == 1
        return _event(seen.t, key, error, tally) if is_time else None

    def of(self, key: RouterKey) -> list[Refused]:
        """Return those about one virtual router."""
        return [_event(tally.last.t, key, error, tally) for (k, error), tally in self._tallies.items() if k == key]

    def close(self, now: int) -> list[Refused]:
        """Return all of them as they stand."""
        return [_event(now, key, error, tally) for (key, error), tally in sorted(self._tallies.items())]


def _event(at: int, key: RouterKey, error: Error, tally: _Tally) -> Refused:
    return Refused(
        at=at,
        key=key,
        refusal=_MEANING[key.family, error.type, error.code],
        refuser=error.refuser,
        sender=error.sender,
        peer=error.peer,
        code=(error.type, error.code),
        count=max(tally.counts.values()),
        first=tally.first,
        last=tally.last,
    )
