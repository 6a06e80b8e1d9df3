"""What the engine tells: the events of a virtual router's life.

Events are frozen; one that lasts is told twice with the same start, once when it is known to have begun
(`end` is None) and once when it is over. `at` is the capture time at which it became known, which a live
listener needs and which is the same however the adverts were cut into batches. All times are nanoseconds
since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from vrrpscope.findings import Confidence
    from vrrpscope.timeline.profile import Profile, RouterKey
    from vrrpscope.wire.columns import Auth


class Seen(NamedTuple):
    """One advert as it was captured: the evidence events point at."""

    t: int
    capture: int  # index of the capture
    number: int  # frame number in it
    priority: int
    ip_id: int  # -1 for IPv6
    sequence: int  # of AH or the HMAC trailer, -1 without
    destination: int  # low 64 bits of the destination address, a group's marked with the interface (`speaker.LINK`)
    vantage: int  # where the capture was taken: equal for the pieces of one rotated capture


class Claim(NamedTuple):
    """Somebody said, by ARP or neighbour discovery, that a virtual address is at its MAC."""

    seen: Seen
    address: str
    mac: str
    router: str | None  # whose MAC that is, where it is known
    announced: bool  # to all; else one client was answered


class Cause(StrEnum):
    """Why a router became master; the report's `elections[].cause`."""

    INITIAL = "initial"  # the capture begins with it: unknown
    STARTUP = "startup"  # nobody was master
    RESIGNED = "resigned"  # the master sent priority 0
    FAULT = "fault"  # the master sent priority 0 twice: keepalived's FAULT state
    TIMEOUT = "timeout"  # the master fell silent
    PREEMPTED = "preempted"  # a higher priority arrived
    PRIORITY_DROP = "priority-drop"  # the master's own priority sank below
    TIE_BREAK = "tie-break"  # equal priorities: the higher address
    OWNER = "owner"  # priority 255 takes at once
    DEAF = "deaf"  # the master was there and should have been heard
    RECLAIMED = "reclaimed"  # a master that had fallen silent goes on where it stopped
    UNKNOWN = "unknown"


class EndedBy(StrEnum):
    """How a reign ended; the report's `masters[].ended_by`."""

    RESIGNED = "resigned"
    FAULT = "fault"
    SILENT = "silent"
    YIELDED = "yielded"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Reign:
    """A time during which a router is believed master. Grows while it lasts."""

    router: str
    start: int
    end: int | None = None
    adverts: int = 0
    mute: int = 0  # nanoseconds of it in which the router was believed master and sent nothing
    ended_by: EndedBy | None = None
    farewell: Seen | None = None  # the priority 0 that ended it


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to one virtual router."""

    at: int
    key: RouterKey


@dataclass(frozen=True, slots=True)
class Election(Event):
    """A router became master; told again if what follows shows that it was otherwise."""

    seen: Seen  # its first advert
    previous: str | None
    router: str
    cause: Cause
    takeover: int | None  # since the last advert it accepted, or the priority 0
    expected: int | None  # what its timers predict for that
    masterless: int
    last_heard: Seen | None
    profile: Profile  # what the new master announces
    began: int | None = None  # when it became master, if that was before the first advert of it that was seen
    unheard: bool = False  # by its IP IDs the old master advertised all the time, and nobody saw it
    needless: bool = False  # the old master was there; the new one yielded as soon as it heard it again

    @property
    def time(self) -> int:
        """When it became master; `at` is later where it was told again."""
        return self.seen.t


@dataclass(frozen=True, slots=True)
class SplitBrain(Event):
    """Two or more routers are master at once, and not just while one yields to the other."""

    start: int
    end: int | None
    routers: tuple[str, ...]
    silent: bool  # at most one of them advertises
    cause: str
    confidence: Confidence
    deaf: tuple[str, ...]
    also_possible: tuple[str, ...]
    last_heard: Seen | None
    frames: tuple[Seen, ...]
    echoes: tuple[int, int]  # adverts of the stronger that followed the other's at once, of how many
    sent_unseen: tuple[str, ...] = ()  # members whose IP IDs prove that they sent adverts meanwhile that nobody saw
    clusters: tuple[tuple[str, ...], ...] = ()  # the members that share addresses, where not all do


@dataclass(frozen=True, slots=True)
class NoMaster(Event):
    """Nobody was seen to be master."""

    start: int
    end: int | None
    previous: str
    last: Seen | None  # the previous master's last advert
    resumed: bool = False  # the previous master turned out to have been there all along
    claim: Claim | None = None  # somebody spoke as the address's owner meanwhile
    began: int | None = None  # when the next master must have begun, by its IP ID; nothing of that was seen
    next: str | None = None  # who that is


class MissedKind(StrEnum):
    """Where adverts that should have been seen were lost; the report's `missed[].kind`."""

    LOST = "lost"  # sent, and lost before the capture
    LATE = "late"  # not sent in time
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Missed(Event):
    """Between two adverts of a master, `adverts` more should have been seen."""

    router: str
    start: int  # the advert before
    end: int  # the advert after
    adverts: int
    kind: MissedKind
    margin: int | None  # until a backup would have taken over; negative if one could have
    before: Seen
    after: Seen
    interval: int  # that should have been between them
    numbered: bool  # whether the sender numbers its adverts, so that the kind is no guess
    eager: bool = False  # no backup was ever seen: `margin` is that of the most impatient one there could be


@dataclass(frozen=True, slots=True)
class Flapping(Event):
    """Mastership moved several times in a row."""

    start: int
    moves: int
    causes: tuple[Cause, ...]
    routers: tuple[str, ...]
    frames: tuple[Seen, ...]  # of the first few moves


@dataclass(frozen=True, slots=True)
class Mismatch(Event):
    """Two routers of one virtual router announce settings that do not go together."""

    kind: str  # "password-mismatch", ..., "vrid-collision", "equal-priority"
    one: Profile
    other: Profile
    frames: tuple[Seen, Seen]


@dataclass(frozen=True, slots=True)
class NewProfile(Event):
    """A router is seen for the first time, or announces something new."""

    profile: Profile
    previous: Profile | None
    seen: Seen


@dataclass(frozen=True, slots=True)
class Restarted(Event):
    """A sender's IP ID counter begins anew: its daemon was started or, without a gap, reloaded."""

    router: str
    reload: bool
    seen: Seen


@dataclass(frozen=True, slots=True)
class CarpBeside(Event):
    """CARP is spoken on the segment of a virtual router; both use the same protocol and virtual MACs."""

    vhid: int
    seen: Seen


@dataclass(frozen=True, slots=True)
class StaleClients(Event):
    """A router is master, but the last that clients heard is that the addresses are at another's MAC."""

    start: int
    end: int | None
    router: str
    took: bool  # it took over; else it stayed while the other yielded
    addresses: tuple[str, ...]
    last: Claim
    answered: Claim | None = None  # the first answer of the master since
    client: str | None = None  # to whom


@dataclass(frozen=True, slots=True)
class Unannounced(Event):
    """A router took over and announced nothing."""

    seen: Seen  # its first advert
    router: str
    previous: str | None


@dataclass(frozen=True, slots=True)
class ClaimedByOther(Event):
    """A host that is not master claims a virtual address while another router is."""

    claim: Claim  # the first
    master: str
    count: int
    last: Seen


@dataclass(frozen=True, slots=True)
class AddressUnanswered(Event):
    """The master advertises, and nobody answers a client's questions for an address; told again when that ends."""

    start: int
    end: int | None
    master: str
    address: str
    asker: str
    count: int
    first: Seen
    last: Seen
    answered: Seen | None  # the master's latest answer to that client before, in the same capture


@dataclass(frozen=True, slots=True)
class Intruder(Event):
    """A stranger took the address from its master, or somebody speaks in a router's name."""

    profile: Profile  # what it announces
    seen: Seen  # its first advert, or the forged one
    why: tuple[str, ...]  # what is foreign about it: words of `intruders.SIGNS`
    victim: str  # from whom it took the address, or in whose name it speaks
    end: int | None = None  # when it was gone
    forged: bool = False  # it speaks in the victim's name


@dataclass(frozen=True, slots=True)
class SharedSource(Event):
    """Two routers send from one source address; to all others they look like one."""

    address: str
    seen: Seen  # the advert by which it became known
    frames: tuple[Seen, ...]
    why: tuple[str, ...]  # words of `shared.SIGNS`
    priorities: tuple[int, ...]  # that the two announce
    macs: tuple[str, ...]
    both: bool  # both advertise now; else one after the other


@dataclass(frozen=True, slots=True)
class SourceChanged(Event):
    """A master goes on under another source address: one MAC, one count of IP IDs."""

    former: str
    router: str
    mac: str
    before: Seen  # its last advert under the former address
    seen: Seen


@dataclass(frozen=True, slots=True)
class ClockStepped(Event):
    """Senders of several hosts are late by the same time at one instant: the capture's clock was set forward."""

    start: int
    end: int  # the instant lies between
    step: int
    routers: tuple[str, ...]
    frames: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class LossesTogether(Event):
    """Adverts of several virtual routers were lost within one second, more than once."""

    start: int
    end: int
    times: int
    keys: tuple[RouterKey, ...]
    routers: tuple[str, ...]
    adverts: int
    frames: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class Closing(Event):
    """The captures end: what is counted in the speakers' tallies is final."""


class Refusal(StrEnum):
    """What an ICMP error says of an advert to a unicast peer."""

    NO_DAEMON = "no-daemon"  # protocol unreachable: the host is up, and nothing there listens to VRRP
    REJECTED = "rejected"  # a packet filter
    UNREACHABLE = "unreachable"  # no such host or network, or no way to it


@dataclass(frozen=True, slots=True)
class Refused(Event):
    """Adverts to a unicast peer are answered by ICMP errors; told again, with the final count, at the end."""

    refusal: Refusal
    refuser: str  # who sends the errors
    sender: str  # of the adverts
    peer: str  # whom they were meant for
    code: tuple[int, int]  # ICMP's type and code
    count: int
    first: Seen
    last: Seen


@dataclass(frozen=True, slots=True)
class Migrated(Event):
    """RARP in the name of a router's MAC: its hypervisor says that it has moved."""

    router: str
    mac: str
    seen: Seen


@dataclass(frozen=True, slots=True)
class NoQuerier(Event):
    """Hosts report that they want VRRP's multicast group, and for longer than that lasts nobody asks."""

    first: Seen  # report
    members: tuple[str, ...]
    observed: int  # nanoseconds since then


@dataclass(frozen=True, slots=True)
class Replayed(Event):
    """Sequence numbers of a sender came again or went back; told at the first, and at the end with all."""

    start: int
    end: int
    router: str
    exact: bool  # the very adverts were seen before; else numbers only went back
    count: int
    first: Seen
    last: Seen
    auth: Auth


@dataclass(frozen=True, slots=True)
class ClocksRead(Event):
    """The captures end, and at least one sender of the virtual router told its clock: see `Speaker.clock`."""
