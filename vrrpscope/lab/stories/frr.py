"""FRR on both hosts, or beside keepalived."""

from __future__ import annotations

from vrrpscope.lab.stories.cast import (
    BACKUP,
    FIRST,
    HANDED_OVER,
    KEY,
    MASTER,
    VI,
    VIP,
    becomes,
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
SHARED_SOURCE = "fe80::200:5eff:fe00:232"


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


def shared6(name: str, number: int) -> Host:
    """A host with FRR for IPv6 whose macvlan has the link-local address that Linux makes from the virtual MAC."""
    plain = host(name, number, *frr(100, "fd00::3"))
    return plain._replace(links=(plain.links[0]._replace(more=(SHARED_SOURCE,)),))


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
        staged=("stopped",),
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
        staged=("stopped",),
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
        staged=("packet-filter",),
    ),
    Story(
        "frr-paused",
        "Two hosts with FRR; the captures begin before its daemons. vrrpd is frozen on lb01 for 6 s; lb02 takes over "
        "meanwhile.",
        "lb01's gratuitous ARP when it becomes master, and none when it goes on after the pause: it was master all the "
        "time. Its own capture lacks both, so there it may as well have been started again.",
        FRR_PAIR,
        (
            *FRR_READY,
            Step("capture"),
            start("lb01"),
            becomes("lb01", FRR_MASTER),
            start("lb02"),
            hold(4),
            next_advert(),
            Step("freeze", "lb01", note="SIGSTOP to lb01's vrrpd"),
            hold(6),
            Step("thaw", "lb01", note="SIGCONT to lb01's vrrpd"),
            becomes("lb02", FRR_BACKUP),
            hold(5),
        ),
        Told(
            "critical",
            {KEY: (FIRST, Change("lb01", "lb02", "timeout", "down"), Change("lb02", "lb01", "reclaimed"))},
            {KEY: (Split("silent", "paused-node"),)},
            ("silent-split-brain", "failover"),
        ),
        told_at={
            "lb01": Told(
                "warning",
                {KEY: (FIRST, Change("lb01", "lb02", "timeout", "down"), Change("lb02", "lb01", "preempted"))},
                rules=("failover",),
                unseen=("lb01",),
            )
        },
        staged=("starvation",),
    ),
    Story(
        "frr-ipv6-shared-address",
        "FRR, VRRPv3 for fd00::3, equal priorities. Both macvlans have the link-local address that Linux makes from "
        "the virtual MAC. A firewall on lb02 drops VRRP while vrrpd starts there; it is lifted later.",
        "two rhythms of adverts from one address. Each takes the other's adverts for its own: both stay master though "
        "nothing is between them any more.",
        (shared6("lb01", 5), shared6("lb02", 6)),
        (
            *macvlan("lb01", f"{SHARED_SOURCE}/64", "fd00::3/64"),
            *macvlan("lb02", f"{SHARED_SOURCE}/64", "fd00::3/64"),
            *settled("lb01"),
            hold(4),
            Step("run", "lb02", drop("meta l4proto 112"), note="lb02 drops incoming protocol 112"),
            Step("until", "switch", "timeout 5 tcpdump -n -Z root -c 1 --immediate-mode -i br0 'ip6 proto 112'"),
            start("lb02", "vrrpd is started on lb02"),
            becomes("lb02", FRR_MASTER),
            hold(5),
            Step("run", "lb02", "nft delete table inet lab", note="lb02 hears again"),
            hold(8),
        ),
        Told(
            "critical",
            {"ipv6/50": (FIRST,)},
            rules=("shared-source-address",),
            unseen=("lb01", "lb02"),
        ),
        staged=("source-address",),
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
        staged=("stopped",),
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
        staged=("auth-type-mismatch",),
    ),
)
