# ruff: noqa: INP001 - a module of the script beside it
"""The stories `record.py` tells, as data: hosts, virtual routers, captures and steps.

A step is a verb with a host. Deeds change something and are kept in `truth.json`: `start`, `stop`
(SIGTERM), `kill` (SIGKILL, parent and child at once), `freeze` and `thaw` (SIGSTOP, SIGCONT to the VRRP
process), `run` (a command in the host), `background` (the same, until the end). The others order them in
time: `capture` begins all captures, `await` waits for a line the host logged since the last deed, `hold`
lets the state last.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

MULTICAST = "proto 112 or arp or igmp"
PASSWORD = "s3cr3t50"  # noqa: S105 - invented for these recordings, and in clear on the wire by design


PAIR = ("lb01", "lb02")  # the load balancers; what a Router says twice is said in this order
DEEDS = ("start", "stop", "kill", "freeze", "thaw", "run", "background")


class Host(NamedTuple):
    """A network namespace with one interface, eth0."""

    mac: str
    addresses: tuple[str, ...]


class Router(NamedTuple):
    """One virtual router as keepalived on lb01 and lb02 has it; pairs are (lb01, lb02)."""

    name: str = "VI_50"
    vrid: int = 50
    priorities: tuple[int, int] = (150, 100)
    addresses: tuple[str, ...] = ("10.0.0.3/24",)
    version: int = 2
    advert_ints: tuple[str, str] = ("1", "1")
    passwords: tuple[str, str] = (PASSWORD, PASSWORD)
    track: tuple[str, str] = ("", "")


class Capture(NamedTuple):
    """One vantage: the file's ending says how it is written (.pcap, .pcap.gz, .pcapng)."""

    name: str
    host: str
    interface: str = "any"
    filter: str = MULTICAST

    @property
    def plain_name(self) -> str:
        """The file before compression."""
        return self.name.removesuffix(".gz")


class Step(NamedTuple):
    """One step: what, where, and (where it applies) which command or log text, for how long, and why."""

    verb: Literal["start", "stop", "kill", "freeze", "thaw", "run", "background", "capture", "await", "hold"]
    host: str = ""
    arg: str = ""
    seconds: float = 15.0
    note: str = ""


class Story(NamedTuple):
    """What is recorded under one name."""

    name: str
    summary: str
    to_see: str
    steps: tuple[Step, ...]
    captures: tuple[Capture, ...] = (Capture("lb01.pcap", "lb01"), Capture("lb02.pcap", "lb02"))
    routers: tuple[Router, ...] = (Router(),)
    globals: tuple[str, str] = ("", "")

    def configurations(self) -> dict[str, str]:
        """keepalived.conf of each load balancer."""
        return {
            host: f"global_defs {{\n    router_id {host}\n{self.globals[index]}}}\n"
            + "".join(_instance(router, index) for router in self.routers)
            for index, host in enumerate(PAIR)
        }


def _instance(router: Router, index: int) -> str:
    """The vrrp_instance block of one virtual router on lb01 (index 0) or lb02 (index 1)."""
    priority = router.priorities[index]
    lines = [
        f"state {'MASTER' if priority == max(router.priorities) else 'BACKUP'}",
        "interface eth0",
        f"virtual_router_id {router.vrid}",
        f"priority {priority}",
        f"advert_int {router.advert_ints[index]}",
    ]
    if router.version == 2:
        password = router.passwords[index]
        lines += ["authentication {", "    auth_type PASS", f"    auth_pass {password}", "}"]
    else:
        lines += [f"version {router.version}"]
    lines += ["virtual_ipaddress {", *(f"    {address}" for address in router.addresses), "}"]
    if router.track[index]:
        lines += ["track_script {", f"    {router.track[index]}", "}"]
    body = "".join(f"    {line}\n" for line in lines)
    return f"\nvrrp_instance {router.name} {{\n{body}}}\n"


HOSTS = {
    "lb01": Host("02:00:0a:00:00:05", ("10.0.0.5/24", "fe80::5/64", "fd00::5/64")),
    "lb02": Host("02:00:0a:00:00:06", ("10.0.0.6/24", "fe80::6/64", "fd00::6/64")),
    "client": Host("02:00:0a:00:00:32", ("10.0.0.50/24",)),
}

MASTER, BACKUP = "Entering MASTER STATE", "Entering BACKUP STATE"
DEAF = "nft 'table inet filter { chain input { type filter hook input priority 0; ip protocol 112 drop; }; }'"
FIREWALL = (
    "nft 'table inet filter { chain input { type filter hook input priority 0; policy drop; iif lo accept; "
    "ip protocol icmp accept; }; }'"
)
# Of every 25 adverts from the switch to its port lb02 the 6th, 13th and 14th are lost; numgen counts from 0.
LOSS = (
    "nft 'table bridge loss { chain forward { type filter hook forward priority 0; oifname lb02 ip protocol "
    "112 numgen inc mod 25 { 5, 12, 13 } drop; }; }'"
)
# Both daemons run, lb01 has won, and the captures have begun.
SETTLED = (Step("start", "lb01"), Step("start", "lb02"), Step("await", "lb01", MASTER), Step("capture"))
UPLINK = """    enable_script_security
    script_user root
}

vrrp_script uplink {
    script "/usr/bin/test -e /sys/class/net/uplink0"
    interval 1
    weight -60
    rise 1
    fall 1
"""


def _hold(seconds: float) -> Step:
    return Step("hold", seconds=seconds)


_TOLD = (
    Story(
        "failover",
        "keepalived on lb01 is stopped cleanly, lb02 takes over; lb01 is started again and preempts.",
        "lb01's advert with priority 0, lb02 0.61 s later (skew of priority 100), five gratuitous ARPs at "
        "once and five more after 5 s; lb01 back 3.4 s after its start (master down interval of priority "
        "150), lb02 yields without a word.",
        (
            *SETTLED,
            _hold(5),
            Step("stop", "lb01", note="keepalived stopped on lb01"),
            Step("await", "lb02", MASTER),
            _hold(8),
            Step("start", "lb01", note="keepalived started on lb01"),
            Step("await", "lb01", MASTER),
            _hold(7),
        ),
    ),
    Story(
        "firewall-split-brain",
        "A new firewall on lb02 lets no VRRP in; lb02 hears no master and becomes one beside lb01. After 12 "
        "s protocol 112 is accepted and lb02 yields. A client pings 10.0.0.3 all along; no capture filter.",
        "two masters: each advert of lb02 (priority 100) is answered by lb01 (150) within milliseconds with "
        "an advert and five gratuitous ARPs, while lb02 answers nothing: lb02 is the deaf one, although its "
        "capture shows lb01's adverts (a capture sees packets before the firewall does).",
        (
            Step("start", "lb01"),
            Step("start", "lb02"),
            Step("await", "lb01", MASTER),
            Step("background", "client", "ping -i 0.2 10.0.0.3", note="a client uses the virtual address"),
            Step("capture"),
            _hold(5.4),
            Step("run", "lb02", FIREWALL, note="lb02's new firewall drops protocol 112"),
            Step("await", "lb02", MASTER),
            _hold(4),
            Step("run", "client", "ip neigh flush dev eth0", note="the client asks again who has 10.0.0.3"),
            _hold(4.7),
            Step("run", "lb02", "nft add rule inet filter input ip protocol 112 accept", note="VRRP is let in"),
            Step("await", "lb02", BACKUP),
            _hold(8),
        ),
        captures=(Capture("lb01.pcap", "lb01", filter=""), Capture("lb02.pcap", "lb02", filter="")),
    ),
    Story(
        "two-instances",
        "VRID 50 belongs to lb01, VRID 51 to lb02; 10 s of health, then lb02 is stopped and started again.",
        "two virtual routers with crossed masters; VRID 51 moves to lb01 after lb02's priority 0 and back "
        "when lb02 preempts; VRID 50 stays with lb01 undisturbed.",
        (
            Step("start", "lb01"),
            Step("start", "lb02"),
            Step("await", "lb01", f"(VI_50) {MASTER}"),
            Step("await", "lb02", f"(VI_51) {MASTER}"),
            Step("capture"),
            _hold(10),
            Step("stop", "lb02", note="keepalived stopped on lb02"),
            Step("await", "lb01", f"(VI_51) {MASTER}"),
            _hold(7),
            Step("start", "lb02", note="keepalived started on lb02"),
            Step("await", "lb02", f"(VI_51) {MASTER}"),
            _hold(6),
        ),
        captures=(Capture("lb01.pcap.gz", "lb01"), Capture("lb02.pcap.gz", "lb02")),
        routers=(
            Router(),
            Router("VI_51", 51, (100, 150), ("10.0.0.4/24",), passwords=("s3cr3t51", "s3cr3t51")),
        ),
    ),
    Story(
        "password-mismatch",
        "lb02 joins with another password. Each rejects the other's adverts, so both hold 10.0.0.3.",
        "a split brain that looks like one master changing its mind: a rejected advert re-arms the "
        "receiver's timer, so the two share one rhythm and whoever wakes first sends; neither answers the "
        "other, no IP ID is missing, and lb02 resigns with priority 0 although it seemed to have lost.",
        (
            Step("start", "lb01"),
            Step("await", "lb01", MASTER),
            Step("capture"),
            _hold(4),
            Step("start", "lb02", note="keepalived started on lb02, with a password that is not lb01's"),
            Step("await", "lb02", MASTER),
            _hold(12),
            Step("stop", "lb02", note="keepalived stopped on lb02"),
            _hold(5),
        ),
        routers=(Router(passwords=(PASSWORD, "s3cr3t05")),),
    ),
    Story(
        "interval-mismatch",
        "lb02 joins with advert_int 2 where lb01 has 1. Each rejects the other's adverts; both hold 10.0.0.3.",
        "a silent split brain: lb02 sends one advert and two rounds of gratuitous ARPs, then is mute, for "
        "lb01's rejected adverts re-arm its longer timer for ever; its priority 0 at the end has the next IP "
        "ID.",
        (
            Step("start", "lb01"),
            Step("await", "lb01", MASTER),
            Step("capture"),
            _hold(4),
            Step("start", "lb02", note="keepalived started on lb02, with an interval that is not lb01's"),
            Step("await", "lb02", MASTER),
            _hold(9),
            Step("stop", "lb02", note="keepalived stopped on lb02"),
            _hold(4),
        ),
        routers=(Router(advert_ints=("1", "2")),),
    ),
    Story(
        "paused-master",
        "lb01's VRRP process is frozen for 6 s, as on a starved or suspended machine; lb02 takes over meanwhile.",
        "silence of 3.61 s and no priority 0, lb02 takes over; on waking lb01 sends one advert for each it "
        "had queued, IP IDs consecutive across the gap, and stays master throughout.",
        (
            *SETTLED,
            _hold(5),
            Step("freeze", "lb01", note="SIGSTOP to lb01's VRRP process"),
            _hold(6),
            Step("thaw", "lb01", note="SIGCONT to lb01's VRRP process"),
            _hold(8),
        ),
    ),
    Story(
        "script-weight",
        "lb01 loses the uplink its track script watches: priority 150 - 60 = 90, below lb02's 100; then it returns.",
        "lb01's priority drops to 90 without a gap, lb02 takes over 3.61 s after the last advert of 150, "
        "lb01 falls silent without priority 0; with the uplink back, lb01 preempts.",
        (
            Step("run", "lb01", "ip link add uplink0 type bridge"),
            Step("run", "lb02", "ip link add uplink0 type bridge"),
            *SETTLED,
            _hold(5),
            Step("run", "lb01", "ip link delete uplink0", note="lb01 loses its uplink"),
            Step("await", "lb02", MASTER),
            _hold(8),
            Step("run", "lb01", "ip link add uplink0 type bridge", note="lb01's uplink returns"),
            Step("await", "lb01", MASTER),
            _hold(6),
        ),
        routers=(Router(track=("uplink", "uplink")),),
        globals=(UPLINK, UPLINK),
    ),
    Story(
        "both-deaf",
        "Both hosts drop incoming VRRP for 8 s; lb02 becomes master too, until both accept it again.",
        "two free-running streams of adverts, neither answering the other, with a constant phase; then one "
        "exchange and lb02 falls silent.",
        (
            *SETTLED,
            _hold(5.3),
            Step("run", "lb01", DEAF, note="lb01 drops incoming protocol 112"),
            Step("run", "lb02", DEAF, note="lb02 drops incoming protocol 112"),
            Step("await", "lb02", MASTER),
            _hold(4.8),
            Step("run", "lb01", "nft delete table inet filter", note="lb01 hears again"),
            Step("run", "lb02", "nft delete table inet filter", note="lb02 hears again"),
            Step("await", "lb02", BACKUP),
            _hold(7),
        ),
    ),
    Story(
        "vrrpv3-fast",
        "VRRPv3 with 0.1 s adverts: keepalived on lb01 is killed (SIGKILL), later the host comes back clean.",
        "no priority 0; lb02 takes over 0.361 s after lb01's last advert; both hosts hold 10.0.0.3 until "
        "lb01's leftover address is removed; lb01 preempts 0.34 s after its start, IP ID again from 1.",
        (
            *SETTLED,
            _hold(3),
            Step("kill", "lb01", note="SIGKILL to both keepalived processes on lb01"),
            Step("await", "lb02", MASTER),
            _hold(6.5),
            Step(
                "run",
                "lb01",
                "ip address delete 10.0.0.3/24 dev eth0",
                note="the leftover address is removed",
            ),
            Step("start", "lb01", note="keepalived started on lb01"),
            Step("await", "lb01", MASTER),
            _hold(3),
        ),
        captures=(Capture("lb01.pcap.gz", "lb01"), Capture("lb02.pcap.gz", "lb02")),
        routers=(Router(version=3, advert_ints=("0.1", "0.1")),),
    ),
    Story(
        "lossy",
        "The switch loses some adverts on their way to lb02: one, and later two in a row. Nobody takes over.",
        "on lb02 a gap of two intervals and one of three, IP IDs jumping by as much: sent, but lost before "
        "lb02; the switch's capture has them all. One more in a row and lb02 would have taken over.",
        (
            Step("start", "lb01"),
            Step("start", "lb02"),
            Step("await", "lb01", MASTER),
            Step("run", "switch", LOSS, note="the switch drops adverts 6, 13 and 14 towards lb02"),
            Step("capture"),
            _hold(22.5),
        ),
        captures=(Capture("lb02.pcap", "lb02"), Capture("switch.pcapng", "switch", "br0")),
    ),
    Story(
        "ipv6",
        "VRRPv3 over IPv6 for fe80::3 and fd00::3: keepalived on lb01 is stopped cleanly, started again, preempts.",
        "adverts from fe80::5 to ff02::12, priority 0, lb02 (fe80::6) 0.61 s later with unsolicited "
        "neighbour advertisements for both addresses; lb01 back 3.4 s after its start.",
        (
            *SETTLED,
            _hold(5),
            Step("stop", "lb01", note="keepalived stopped on lb01"),
            Step("await", "lb02", MASTER),
            _hold(7),
            Step("start", "lb01", note="keepalived started on lb01"),
            Step("await", "lb01", MASTER),
            _hold(6),
        ),
        captures=(Capture("lb01.pcap", "lb01", filter="ip6"), Capture("lb02.pcap", "lb02", filter="ip6")),
        routers=(Router(addresses=("fe80::3/64", "fd00::3/64"), version=3),),
    ),
)
STORIES = {story.name: story for story in _TOLD}
