"""What a daemon said: the words of all daemons brought to one form.

A log line becomes one `Said`, its meaning a `Kind`, its qualifiers a `reason` from a closed vocabulary, and what it
names a peer, a subject and numbers. A line that many alike follow is kept once and counts them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from vrrpscope.capture.frames import Problem


class Kind(StrEnum):
    """What a line means. In brackets what `reason`, `subject`, `peer` and `numbers` hold, where they hold something."""

    STARTED = "started"  # (daemon, child; FRR: of an instance)
    DELAYED = "delayed"  # its start waits, or waits no longer (begun, over; ns)
    RELOADED = "reloaded"  # (begun, complete)
    STOPPING = "stopping"
    STOPPED = "stopped"  # the daemon, or with an instance that instance
    DIED = "died"  # a process ended that should not have (signal, status, lost, out-of-memory; signal or status)
    REFUSED = "refused"  # it does not start the instance (FRR's own words)
    INIT_BACKUP = "init-backup"  # backup for the first time
    BACKUP = "backup"
    TRANSITION = "transition"  # 1.x: the first advert as master has left; addresses and MASTER follow an interval later
    MASTER = "master"  # 2.x: said just after the first advert has left
    FAULT = "fault"  # (interface, script, process, file, bfd, no-address, no-peers; its name)
    DOWN_TIMER = "down-timer"  # nothing was heard for Master_Down_Interval, or skew time after a priority 0
    HIGHER_ADVERT = "higher-advert"  # a master heard one that beats it (same: by address; peer; theirs, ours)
    LOWER_ADVERT = "lower-advert"  # a master heard one that it beats (peer; theirs, ours)
    DISCARDED_LOWER = "discarded-lower"  # a backup heard a lower master and waits on (peer; theirs)
    FORCED_ELECTION = "forced-election"  # 1.x: a backup heard a lower master and advertises at once
    PRIORITY_ZERO_SENT = "priority-zero-sent"
    PRIORITY_ZERO_HEARD = "priority-zero-heard"
    PRIORITY_CHANGED = "priority-changed"  # (from, to; or to alone)
    INTERVAL_CHANGED = "interval-changed"  # it adopts its master's interval, or its own again (ns from, to; or to)
    MASTER_KNOWN = "master-known"  # whom a backup takes for master (peer)
    ADDRESSES = "addresses"  # it puts on or takes off the virtual addresses (set, removed)
    OWN_ADDRESS = "own-address"  # its own interface has or had an address (added, removed; interface; address)
    SCRIPT_RESULT = "script-result"  # a check gave another value than before (its name; value)
    SCRIPT_FAILED = "script-failed"  # (status, signal, timeout, process, bfd; its name; value)
    SCRIPT_SUCCEEDED = "script-succeeded"  # (process, bfd; its name)
    INTERFACE_DOWN = "interface-down"  # (deleted; its name)
    INTERFACE_UP = "interface-up"  # (added; its name)
    REJECTED = "rejected"  # an advert was not accepted (see REASONS; peer; theirs and ours in the order of the line)
    DIFFERS = "differs"  # an advert was accepted although it differs (interval, address-list)
    GARP = "garp"  # gratuitous ARP or neighbour advertisements (interface; address)
    LATE = "late"  # its timers fired late (ns)
    SEND_ERROR = "send-error"  # (errno's text; peer; errno)
    REFLECTED = "reflected"  # an advert with its own address and priority came from outside
    TWO_OWNERS = "two-owners"  # another router claims priority 255 too (peer)
    PREEMPT_DELAY = "preempt-delay"  # (start, stop; ns)
    SYNC_GROUP = "sync-group"  # a group is moved as one (master, backup, fault; its name)
    OTHER = "other"  # a daemon's line that says nothing of these


REASONS = (
    "password",
    "auth-type",
    "ah",  # the digest is wrong
    "hmac",  # so is keepalived 2.4's
    "key-id",
    "clock-skew",
    "sequence",  # already seen: a replay, or two masters that share a counter
    "version",
    "interval",
    "address-list",
    "checksum",
    "ttl",
    "length",
    "type",
    "unicast",  # unicast for multicast, the reverse, or from no peer of ours
    "owner",  # we own the address and listen to nobody
    "vrid",  # nobody here has that VRID
    "consequence",  # said behind a line that had the reason
)
"""Why adverts are rejected: the values of `Said.reason` for REJECTED."""


_SECRET: Final = re.compile(r"(auth_pass\s+|(?:auth_pass|password|passphrase)\s*[=:]\s*)\S+", re.IGNORECASE)


def masked(text: str) -> str:
    """Return a line without the password that a daemon may have echoed from its configuration."""
    return _SECRET.sub(r"\1…", text)


class Said(NamedTuple):
    """One line of a daemon, or several alike.

    The line was written at or after `t` and before `until`, in nanoseconds since the epoch by the clock that stamped
    it: a stamp is a lower bound, and as wide as its resolution. Durations among the numbers are nanoseconds.
    """

    t: int
    until: int
    host: str
    process: str
    instance: str
    """As the configuration names it; for FRR, which has no names, `ipv4/50`. Empty: the whole daemon."""
    kind: Kind
    reason: str
    peer: str | None
    subject: str
    numbers: tuple[int, ...]
    text: str
    """The line without its stamp, as it was written: control characters are still in it."""
    line: int
    """Its number in the log, from 1."""
    times: int = 1
    last: int = 0
    """`t` of the last, where it was said several times."""


@dataclass(frozen=True, slots=True)
class Log:
    """One host's log, understood: what was said, in the order of the log, and what was not used."""

    host: str
    said: tuple[Said, ...]
    problems: tuple[Problem, ...]
    versions: tuple[str, ...]  # of the daemons that started in it, as they name themselves, in order
    lines: int  # in all
    undated: int  # without a time stamp that we know
    foreign: int  # of other programs or hosts
    other: int  # of the daemons, but of kind OTHER
    dropped: int  # understood, but beyond what is kept
    path: str = field(default="", compare=False)
    """The file as it was named; empty for lines that were handed over."""

    @property
    def instances(self) -> tuple[str, ...]:
        """The instances that were spoken of, in order of appearance."""
        return tuple(dict.fromkeys(said.instance for said in self.said if said.instance))

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that the host's interfaces had by the log: whose log it is."""
        own = (said.peer for said in self.said if said.kind is Kind.OWN_ADDRESS and said.reason == "added")
        return tuple(dict.fromkeys(address for address in own if address))
