"""What a story is made of, as data.

A story has hosts with daemons, captures, and steps in order of time. A step is a verb with a host:

    start stop kill freeze thaw reload    a unit (a daemon) of the host: SIGTERM, SIGKILL, SIGSTOP, SIGCONT, SIGHUP
    run background                        a shell command in the host, to its end or beside what follows
    capture                               begin all captures
    await                                 wait for a line that the host's daemon logs after the last deed
    until                                 wait for a shell command to succeed
    hold                                  let a state last

The first two kinds are deeds: they change something and are kept in `truth.json`. What can be waited for is
waited for; only `hold` passes time. The host `switch` is the bridge between the others.

`Told` is what a report of the story must say, in the words of the JSON report, version 1.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

MULTICAST = "proto 112 or proto 51 or arp or igmp or icmp or icmp6"

Verb = Literal[
    "start",
    "stop",
    "kill",
    "freeze",
    "thaw",
    "reload",
    "run",
    "background",
    "capture",
    "await",
    "until",
    "hold",
]
DEEDS = ("start", "stop", "kill", "freeze", "thaw", "reload", "run", "background")


class Link(NamedTuple):
    """One interface of a host: `eth0` is its first link. Segment n is bridge `br<n>`.

    `more` are addresses of the host that it gets in the course of the story, a macvlan's for instance.
    """

    mac: str
    addresses: tuple[str, ...]
    segment: int = 0
    more: tuple[str, ...] = ()


class Instance(NamedTuple):
    """One virtual router as one daemon has it configured; `advert_int` in seconds, addresses without length.

    A CARP group is one too, which no report knows: `vrid` is its VHID, `priority` its advskew (the lower wins).
    """

    name: str
    vrid: int
    priority: int
    addresses: tuple[str, ...]
    version: int = 2
    advert_int: float = 1.0
    protocol: Literal["vrrp", "carp"] = "vrrp"

    @property
    def key(self) -> str:
        """The virtual router's key in a report of untagged traffic; `carp/50` for a CARP group."""
        family = "ipv6" if ":" in self.addresses[0] else "ipv4"
        return f"{family if self.protocol == 'vrrp' else self.protocol}/{self.vrid}"


class Unit(NamedTuple):
    """A daemon of a host: which kind (see `daemons.KINDS`), its configuration, what it configures."""

    kind: str
    config: str
    instances: tuple[Instance, ...] = ()


class Host(NamedTuple):
    """A container with its own interfaces, processes and `/run`; `files` are executable and lie in `/run/lab`."""

    name: str
    links: tuple[Link, ...]
    units: tuple[Unit, ...] = ()
    files: tuple[tuple[str, str], ...] = ()


class Capture(NamedTuple):
    """One vantage point, `lb01.pcap`.

    `wrap` names an encapsulation: each frame of the plain capture at the same place (host, interface, filter) is
    put into it.
    """

    name: str
    host: str
    interface: str = "any"
    filter: str = MULTICAST
    wrap: str = ""


class Step(NamedTuple):
    """One step: what, where, which unit, command or log text, and (where it waits) for how long."""

    verb: Verb
    host: str = ""
    arg: str = ""
    seconds: float = 15.0
    note: str = ""


class Change(NamedTuple):
    """A change of mastership that must be found; `timer` is what the new master waited for.

    `old` is None where nobody was master before. `timer`: "skew", "down" (master down interval), or None
    where the settings do not say.
    """

    old: str | None
    new: str
    cause: str
    timer: Literal["skew", "down"] | None = None


class Split(NamedTuple):
    """A split brain that must be found; how long it lasted is what the daemons' logs say."""

    kind: Literal["visible", "silent", "any"]
    cause: str
    deaf: tuple[str, ...] = ()


class Missed(NamedTuple):
    """Adverts that must be reported as missing."""

    router: str
    kind: Literal["lost", "late", "unknown"]
    adverts: int


class Told(NamedTuple):
    """What a report must say; `changes` and `splits` by virtual router, `rules` are all those above info.

    `missed` is None where it depends on the race of two timers. `unseen` are hosts of which this vantage point
    gets nothing, or not all: what is told of their mastership is not held against their own word. `outages` is how
    often a client went without an answer, each time because nobody was master; None where that is not the reason.
    `hidden` are staged causes of which this vantage point sees nothing.
    """

    verdict: Literal["healthy", "warning", "critical"]
    changes: dict[str, tuple[Change, ...]]
    splits: dict[str, tuple[Split, ...]] = {}  # noqa: RUF012 - read only
    rules: tuple[str, ...] = ()
    missed: tuple[Missed, ...] | None = ()
    unseen: tuple[str, ...] = ()
    outages: int | None = None
    hidden: tuple[str, ...] = ()


class Story(NamedTuple):
    """What is told under one name.

    `told_at` is for captures that cannot see it all, by their names without endings. A `lenient` story goes on when
    something that it waits for does not come; `told` is None where nobody knows beforehand. `staged` is what was done
    to the routers, in the words with which a report names causes.
    """

    name: str
    summary: str
    to_see: str
    hosts: tuple[Host, ...]
    steps: tuple[Step, ...]
    told: Told | None
    told_at: dict[str, Told] = {}  # noqa: RUF012 - read only
    captures: tuple[Capture, ...] = (Capture("lb01.pcap", "lb01"), Capture("lb02.pcap", "lb02"))
    lenient: bool = False
    staged: tuple[str, ...] = ()
