"""What a keepalived is told to do: one configuration as frozen data, with the line of each setting.

Values are those that take effect, after keepalived's own rules (2.2.7): defaults filled in, passwords cut to eight
bytes, what it ignores left out and noted as a `Remark`. So an instance can be compared with another's, and with the
adverts that it sends: durations are nanoseconds, addresses canonical, passwords the eight bytes that an advert carries.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from vrrpscope.findings import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vrrpscope.wire.columns import Auth

SECOND = 1_000_000_000
OWNER = 255


class Remark(NamedTuple):
    """Something in the file that is not taken as it is written."""

    kind: Literal["damage", "unknown", "ignored"]
    """`damage`: cannot be read. `unknown`: a word we do not know. `ignored`: keepalived passes over it."""
    line: Line
    message: str
    harm: bool
    """Whether it does something else than whoever wrote it must have meant."""
    instance: str = ""


class Tracker(NamedTuple):
    """Something an instance watches. With weight 0 its failure is a fault: the instance gives up."""

    kind: Literal["script", "interface", "process", "file", "bfd"]
    name: str
    weight: int
    reverse: bool
    line: Line

    def adds(self, *, good: bool) -> int:
        """Return what it adds to the priority: a positive weight counts while all is well, a negative one if not.

        `reverse` turns the sign. A file's weight is multiplied with a number in the file, which is not known here.
        """
        counts = self.kind != "file" and (self.weight > 0 if good else self.weight < 0)
        return (-self.weight if self.reverse else self.weight) if counts else 0


class Script(NamedTuple):
    """A `vrrp_script`."""

    name: str
    command: str
    interval: int
    timeout: int  # 0: its interval
    fall: int
    rise: int
    weight: int
    reverse: bool
    user: str
    line: Line

    @property
    def detection(self) -> int:
        """How long it can take, from the failure of what it checks, until that counts."""
        return self.interval * self.fall + (self.timeout or self.interval)


class SyncGroup(NamedTuple):
    """A `vrrp_sync_group`."""

    name: str
    members: tuple[str, ...]
    trackers: tuple[Tracker, ...]
    tracking_weight: bool
    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Globals:
    """What of `global_defs` matters to VRRP."""

    router_id: str = ""
    version: int = 2
    strict: bool = False
    default_interface: str = "eth0"
    numbers: Mapping[str, int] = field(default_factory=dict)
    """Settings that are numbers, as written: vrrp_garp_master_repeat, max_auto_priority, vrrp_rt_priority, …"""
    flags: frozenset[str] = frozenset()
    """Settings that are on: vrrp_lower_prio_no_advert, vrrp_check_unicast_src, …"""
    startup_delay: int = 0
    script_user: str = ""
    script_security: bool = False
    lines: Mapping[str, Line] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A `vrrp_instance`."""

    name: str
    line: Line
    state: Literal["MASTER", "BACKUP"]
    interface: str
    vrid: int
    family: Literal[4, 6]
    version: int
    priority: int
    advert_int: int
    auth: Auth
    secret: bytes = field(repr=False)
    """The password as an advert carries it, eight bytes; empty without one."""
    hmac_keys: tuple[bytes, ...] = field(default=(), repr=False)
    """What may be a key in its `auth_hmac` block: every word there, for a digest itself tells which of them are."""
    addresses: tuple[str, ...]
    """Those in its adverts, in their order, without prefix length."""
    networks: tuple[str, ...]
    """The same as networks: `10.0.0.0/24`."""
    excluded: tuple[str, ...]
    source: str
    """Where adverts come from, if that is said: unicast_src_ip or mcast_src_ip."""
    peers: tuple[str, ...]
    nopreempt: bool
    preempt_delay: int
    down_timer_adverts: int
    vmac: bool
    strict: bool
    accept: bool
    native_ipv6: bool
    group: str
    trackers: tuple[Tracker, ...]
    numbers: Mapping[str, int]
    """garp_master_repeat and its kin, unicast_ttl: as written."""
    flags: frozenset[str]
    """lower_prio_no_advert, higher_prio_send_advert, skip_check_adv_addr, check_unicast_src, …"""
    lines: Mapping[str, Line]

    @property
    def key(self) -> str:
        """The virtual router's key without its segment, which no configuration knows: `ipv4/50`."""
        return f"ipv{self.family}/{self.vrid}"

    @property
    def unicast(self) -> bool:
        """Whether it sends to peers; without any it sends to the multicast group, whatever else is said."""
        return bool(self.peers)

    def at(self, *settings: str) -> Line:
        """Return the line of the first of these settings that is written, else that of the instance."""
        return next((self.lines[setting] for setting in settings if setting in self.lines), self.line)

    def effective(self, failed: Iterable[Tracker] = ()) -> int:
        """Return its priority while these fail and all else is well; 0 stands for a fault."""
        down = set(failed)
        if any(tracker.weight == 0 and tracker.kind != "file" for tracker in down):
            return 0
        if self.priority == OWNER:
            return OWNER
        total = self.priority + sum(tracker.adds(good=tracker not in down) for tracker in self.trackers)
        return min(max(total, 1), OWNER - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One host's configuration."""

    host: str
    path: str
    settings: Globals
    instances: tuple[Instance, ...]
    groups: tuple[SyncGroup, ...]
    scripts: tuple[Script, ...]
    remarks: tuple[Remark, ...]
    conditional: bool
    """Whether lines depend on the configuration id, which is the host's name."""
    named: bool
    """Whether the host's name was said; if not it is made from the file's, and all conditional lines count."""

    @property
    def start(self) -> Line:
        """The first line of the file."""
        return Line(self.host, self.path, 1)

    def script(self, name: str) -> Script | None:
        """Return a script by its name."""
        return next((script for script in self.scripts if script.name == name), None)
