"""Others who speak VRRP, or CARP, on the segment: FRR, ucarp, a second cluster, an attacker."""

from __future__ import annotations

from typing import Any

from vrrpscope.lab.stories.cast import (
    BACKUP,
    CLIENT,
    FIRST,
    HANDED_OVER,
    KEY,
    MASTER,
    PASSWORD,
    SETTLED,
    VI,
    VIP,
    becomes,
    both,
    drop,
    hold,
    host,
    keepalived,
    next_advert,
    start,
)
from vrrpscope.lab.story import Change, Host, Instance, Split, Step, Story, Told, Unit

FRR_MASTER, FRR_BACKUP = "Backup -> Master", "Master -> Backup"
BESIDE = Change("lb01", "lb02", "deaf")
CARP_MASTER = "Switching to state: MASTER"
SHARED = "10.0.0.9"  # of the two firewalls that speak CARP
CARP_UP = ("carp_up.sh", '#!/bin/sh\nexec ip address add "$2/24" dev "$1"\n')
CARP_DOWN = ("carp_down.sh", '#!/bin/sh\nip address delete "$2/24" dev "$1"\nexit 0\n')
OTHERS: dict[str, Any] = {"password": "0ther777", "advert_int": 2}
PINGS = Step("background", "client", f"ping -D -O -n -i 0.1 {VIP}", note=f"a client pings {VIP} ten times a second")


def frr(priority: int, address: str = VIP, version: int = 3, interval: int = 1000) -> tuple[Unit, Unit]:
    """FRR's two daemons, with one virtual router; its interval is in milliseconds."""
    family = "ipv6" if ":" in address else "ip"
    lines = (f"version {version}", f"priority {priority}", f"advertisement-interval {interval}", f"{family} {address}")
    instance = Instance(
        f"ip{'v6' if ':' in address else 'v4'}/50", 50, priority, (address,), version, advert_int=interval / 1000
    )
    text = "interface eth0\n" + "".join(f" vrrp 50 {line}\n" for line in lines)
    return Unit("zebra", "frr defaults traditional\n"), Unit("vrrpd", text, (instance,))


def macvlan(name: str, *addresses: str) -> tuple[Step, ...]:
    """Give a host the device that FRR demands, with the virtual MAC and addresses, and start zebra."""
    mac = f"00:00:5e:00:0{2 if ':' in addresses[0] else 1}:32"
    commands = (
        f"ip link add vrrp-50 link eth0 address {mac} type macvlan mode bridge",
        "ip link set vrrp-50 addrgenmode none",
        *(f"ip address add {address} dev vrrp-50{' nodad' * (':' in address)}" for address in addresses),
        "ip link set vrrp-50 up",
    )
    return (
        Step("run", name, " && ".join(commands)),
        Step("start", name, "zebra"),
        Step("until", name, "[ -S /run/frr/zserv.api ]"),
    )


def frr6(name: str, number: int, priority: int) -> Host:
    """A host with FRR for IPv6; its macvlan has the link-local address fe80::32:<number>."""
    plain = host(name, number, *frr(priority, "fd00::3", interval=200))
    return plain._replace(links=(plain.links[0]._replace(more=(f"fe80::32:{number}",)),))


def carp(name: str, number: int, advskew: int) -> Host:
    """A firewall with ucarp, VHID 50; it advertises every 1 + advskew/256 seconds."""
    options = {
        "interface": "eth0",
        "srcip": f"10.0.0.{number}",
        "vhid": "50",
        "pass": "carpsecret",
        "addr": SHARED,
        "advbase": "1",
        "advskew": f"{advskew}",
        "upscript": f"/run/lab/{CARP_UP[0]}",
        "downscript": f"/run/lab/{CARP_DOWN[0]}",
    }
    text = "".join(f"--{option}={value}\n" for option, value in options.items()) + "--preempt\n--shutdown\n"
    group = Instance("", 50, advskew, (SHARED,), advert_int=1 + advskew / 256, protocol="carp")
    return host(name, number, Unit("ucarp", text, (group,)), files=(CARP_UP, CARP_DOWN))


# A host that is no router; its one daemon claims VRID 50.
ROGUE = host(
    "rogue",
    66,
    Unit(
        "rogue",
        f"--vrid 50 --priority 255 --source 10.0.0.66\n--address {VIP}\n--password {PASSWORD}\n",
        (Instance("", 50, 255, (VIP,)),),
    ),
)


def settled(*hosts: str, state: str = FRR_MASTER) -> tuple[Step, ...]:
    """Start these hosts' daemons, the others when the first has become master; then the captures begin."""
    first, *others = hosts
    return (start(first), becomes(first, state), *(start(name) for name in others), hold(0.5), Step("capture"))


FRR_PAIR = (host("lb01", 5, *frr(150)), host("lb02", 6, *frr(100)))
FRR_READY = (*macvlan("lb01", f"{VIP}/24"), *macvlan("lb02", f"{VIP}/24"))

STORIES = (
    Story(
        "frr",
        "Two hosts with FRR, VRRPv3. vrrpd is stopped on lb01 and started again.",
        "adverts from the virtual MAC, with DF set and IP IDs that count nothing; lb01's priority 0, lb02 0.60 s later "
        "(FRR counts whole centiseconds) with one gratuitous ARP, which its own capture lacks; lb01 preempts 3.4 s "
        "after its start.",
        FRR_PAIR,
        (
            *FRR_READY,
            *settled("lb01", "lb02"),
            hold(5),
            Step("stop", "lb01", note="vrrpd is stopped on lb01"),
            becomes("lb02", FRR_MASTER),
            hold(5),
            start("lb01", "vrrpd is started on lb01"),
            becomes("lb01", FRR_MASTER),
            hold(5),
        ),
        HANDED_OVER,
    ),
    Story(
        "frr-ipv6",
        "FRR, VRRPv3 for fd00::3 every 0.2 s. vrrpd is stopped on lb01 and started again.",
        "adverts from fe80::32:5 and fe80::32:6, the addresses of two devices that share one virtual MAC; at "
        "a takeover a neighbour advertisement for fd00::3, and the first advert one interval after it.",
        (frr6("lb01", 5, 150), frr6("lb02", 6, 100)),
        (
            *macvlan("lb01", "fe80::32:5/64", "fd00::3/64"),
            *macvlan("lb02", "fe80::32:6/64", "fd00::3/64"),
            *settled("lb01", "lb02"),
            hold(5),
            Step("stop", "lb01", note="vrrpd is stopped on lb01"),
            becomes("lb02", FRR_MASTER),
            hold(5),
            start("lb01", "vrrpd is started on lb01"),
            becomes("lb01", FRR_MASTER),
            hold(5),
        ),
        Told(
            "healthy",
            {"ipv6/50": (FIRST, Change("lb01", "lb02", "resigned", "skew"), Change("lb02", "lb01", "preempted"))},
        ),
    ),
    Story(
        "frr-deaf",
        "Two hosts with FRR; a firewall on lb02 drops incoming VRRP, and lb02 becomes master too until it is lifted.",
        "two masters, each in a rhythm of its own: FRR does not answer a weaker rival, so nothing shows whether lb01 "
        "hears lb02; lb02, the weaker, is certainly deaf. When it hears again, it yields to lb01's next advert.",
        FRR_PAIR,
        (
            *FRR_READY,
            *settled("lb01", "lb02"),
            hold(4),
            next_advert(),
            hold(0.2),
            Step("run", "lb02", drop("ip protocol 112"), note="lb02 drops incoming protocol 112"),
            becomes("lb02", FRR_MASTER),
            hold(6),
            Step("run", "lb02", "nft delete table inet lab", note="lb02 hears again"),
            becomes("lb02", FRR_BACKUP),
            hold(5),
        ),
        Told(
            "critical",
            {KEY: (FIRST, BESIDE._replace(timer="down"))},
            {KEY: (Split("visible", "one-node-deaf", ("lb02",)),)},
            ("split-brain",),
        ),
    ),
    Story(
        "keepalived-frr",
        "keepalived on lb01 and FRR on lb02, VRRPv3, defaults. First lb01 is stopped and started again, then lb02.",
        "two implementations that accept each other: lb02 takes over 0.60 s after lb01's priority 0; lb01 (nopreempt) "
        "comes back as backup, and takes over 0.41 s after lb02's priority 0. keepalived sends five gratuitous ARPs "
        "twice and counts in the IP ID, FRR sends one and sets DF.",
        (
            host("lb01", 5, keepalived(VI(150, version=3, state="BACKUP", more=("nopreempt",)))),
            host("lb02", 6, *frr(100)),
        ),
        (
            *macvlan("lb02", f"{VIP}/24"),
            *settled("lb01", "lb02", state=MASTER),
            hold(5),
            Step("stop", "lb01", note="keepalived is stopped on lb01"),
            becomes("lb02", FRR_MASTER),
            hold(4),
            start("lb01", "keepalived is started on lb01"),
            becomes("lb01", BACKUP),
            hold(4),
            Step("stop", "lb02", note="vrrpd is stopped on lb02"),
            becomes("lb01"),
            hold(4),
            start("lb02", "vrrpd is started on lb02"),
            hold(4.5),
        ),
        Told(
            "healthy",
            {
                KEY: (
                    FIRST,
                    Change("lb01", "lb02", "resigned", "skew"),
                    Change("lb02", "lb01", "resigned", "skew"),
                )
            },
        ),
    ),
    Story(
        "frr-against-password",
        "FRR joins as lb02, VRRPv2, beside keepalived with a password. FRR knows none; both hold 10.0.0.3.",
        "adverts of authentication type 1 and 0. keepalived restarts its timer on what it rejects, FRR does not: FRR's "
        "rhythm is undisturbed, keepalived follows it or skips a beat. FRR's log has not a word about it.",
        (host("lb01", 5, keepalived(VI(150))), host("lb02", 6, *frr(100, version=2))),
        (
            *macvlan("lb02", f"{VIP}/24"),
            *settled("lb01", state=MASTER),
            hold(4),
            start("lb02", "vrrpd is started on lb02, which knows no password"),
            becomes("lb02", FRR_MASTER),
            hold(9),
            Step("stop", "lb02", note="vrrpd is stopped on lb02"),
            hold(4),
        ),
        Told(
            "critical",
            {KEY: (FIRST, BESIDE)},
            {KEY: (Split("any", "auth-type-mismatch"),)},
            ("split-brain", "auth-type-mismatch", "stale-arp"),
        ),
        # FRR's own announcement is not in a capture on its own host.
        told_at={
            "lb02": Told(
                "critical",
                {KEY: (FIRST, BESIDE)},
                {KEY: (Split("any", "auth-type-mismatch"),)},
                ("split-brain", "auth-type-mismatch"),
            )
        },
    ),
    Story(
        "ucarp",
        "Two firewalls beside the load balancers speak CARP for 10.0.0.9 with the same number, VHID 50. The first is "
        "stopped, then keepalived on lb01.",
        "adverts of the master that come one second after the last CARP packet, not after its own last one: keepalived "
        "restarts its timer on every packet for its number, though it discards these. Both moves are orderly.",
        (*both(), carp("fw01", 7, 50), carp("fw02", 8, 200)),
        (
            *SETTLED,
            start("fw01", "ucarp is started on fw01"),
            becomes("fw01", CARP_MASTER),
            start("fw02", "ucarp is started on fw02"),
            hold(6),
            Step("stop", "fw01", note="ucarp is stopped on fw01"),
            becomes("fw02", CARP_MASTER),
            hold(6),
            Step("stop", "lb01", note="keepalived is stopped on lb01"),
            becomes("lb02"),
            hold(5),
        ),
        Told(
            "warning",
            {KEY: (FIRST, Change("lb01", "lb02", "resigned", "skew"))},
            rules=("carp-beside-vrrp",),
        ),
    ),
    Story(
        "vrid-collision",
        "A second cluster, app01 and app02 with 10.0.0.23, comes up with the same VRID, another password and "
        "advert_int 2, and is stopped again.",
        "app01 becomes master though lb01 never paused: one advert, two rounds of gratuitous ARPs for 10.0.0.23, and "
        "silence, for each advert of lb01, rejected as it is, restarts its longer timer; its priority 0 has the next "
        "IP ID.",
        (
            *both(),
            *(
                host(f"app0{n}", 20 + n, keepalived(VI(priority, addresses=("10.0.0.23/24",), **OTHERS)))
                for n, priority in ((1, 150), (2, 100))
            ),
        ),
        (
            *SETTLED,
            hold(4),
            start("app01", "keepalived is started on app01"),
            hold(0.5),
            start("app02", "keepalived is started on app02"),
            becomes("app01"),
            # app02 would take over from its mute master after 6.61 s.
            hold(5.5),
            Step("stop", "app02", note="keepalived is stopped on app02"),
            Step("stop", "app01", note="keepalived is stopped on app01"),
            hold(4),
        ),
        Told(
            "critical",
            {KEY: (FIRST, Change("lb01", "app01", "deaf"))},
            {KEY: (Split("silent", "vrid-collision"),)},
            ("silent-split-brain", "vrid-collision", "password-mismatch", "interval-mismatch"),
        ),
    ),
    Story(
        "rogue-master",
        "A host that is no router sends adverts of priority 255 with the copied password; both load balancers yield to "
        "it. A client pings 10.0.0.3. Then it stops.",
        "adverts of 10.0.0.66 with everything copied, but no gratuitous ARP and no answer for 10.0.0.3; lb01 falls "
        "silent without priority 0, and is back 3.41 s after the last of them; no ping is answered meanwhile.",
        (*both(), ROGUE, CLIENT),
        (
            *SETTLED,
            PINGS,
            hold(5),
            start("rogue", "a rogue claims priority 255"),
            becomes("lb01", BACKUP),
            hold(5),
            next_advert("10.0.0.66"),
            Step("stop", "rogue", note="the rogue is gone"),
            becomes("lb01"),
            hold(5),
        ),
        Told(
            "warning",
            {KEY: (FIRST, Change("lb01", "rogue", "owner"), Change("rogue", "lb01", "timeout", "down"))},
            rules=("failover", "stale-arp"),
        ),
    ),
)
