"""Other ways to run VRRP: AH, IPv6, unicast, preemption, owners, virtual MACs, and what goes wrong with them."""

from __future__ import annotations

from vrrpscope.lab.stories.cast import (
    BACKUP,
    CLIENT,
    FIRST,
    HAND_OVER,
    HANDED_OVER,
    KEY,
    MASTER,
    SETTLED,
    VI,
    VIP,
    becomes,
    both,
    captures,
    drop,
    hold,
    keepalived,
    next_advert,
    pair,
    start,
)
from vrrpscope.lab.story import Change, Host, Split, Step, Story, Told, Unit

DEAF = drop("ip protocol 112")
HEARING = "nft delete table inet lab"
IPV6 = "ipv6/50"
BACK = Change("lb02", "lb01", "preempted")


def unicast(own: int, peer: int) -> tuple[str, ...]:
    """The lines that make an instance on 10.0.0.<own> send to 10.0.0.<peer>."""
    return (f"unicast_src_ip 10.0.0.{own}", "unicast_peer {", f"    10.0.0.{peer}", "}")


def _unicast(peer_of_lb02: int = 5) -> tuple[Host, ...]:
    return pair(VI(150, more=unicast(5, 6)), VI(100, more=unicast(6, peer_of_lb02)))


def _grouped(priority: int) -> Unit:
    """VRID 50 and 51 in one sync group; a script watches over 51."""
    return keepalived(
        VI(priority),
        VI(priority, "VI_51", 51, ("10.0.0.4/24",), more=("track_script {", "    healthy", "}")),
        global_defs=("script_user root", "enable_script_security"),
        blocks="""vrrp_script healthy {
    script "/usr/bin/test -e /run/lab/healthy"
    interval 1
    fall 1
    rise 1
}

vrrp_sync_group G1 {
    group {
        VI_50
        VI_51
    }
}
""",
    )


# lb01 is stopped and comes back, and lb02 keeps what it took; and what must be said of that.
STAYS_AWAY = (
    Step("capture"),
    hold(5),
    Step("stop", "lb01", note="keepalived is stopped on lb01"),
    becomes("lb02"),
    hold(5),
    start("lb01", "keepalived is started on lb01"),
    becomes("lb01", BACKUP),
    hold(6),
)
TAKEN_OVER = Told("healthy", {KEY: (FIRST, Change("lb01", "lb02", "resigned", "skew"))})

STORIES = (
    Story(
        "ah",
        "Adverts are authenticated by an AH header. lb01 is stopped, lb02 takes over, lb01 returns and preempts.",
        "IP protocol 51 with VRRP inside; one AH sequence that goes on from master to master; priority 0 and all else "
        "as without.",
        both(auth="AH"),
        HAND_OVER,
        HANDED_OVER,
        staged=("stopped",),
    ),
    Story(
        "ipv6",
        "VRRPv3 over IPv6 for fe80::3 and fd00::3: lb01 is stopped, lb02 takes over, lb01 returns and preempts.",
        "adverts from link-local addresses to ff02::12, priority 0, lb02 0.61 s later with unsolicited neighbour "
        "advertisements for both addresses; lb01 preempts after its master down interval.",
        both(version=3, addresses=("fe80::3/64", "fd00::3/64")),
        HAND_OVER,
        Told("healthy", {IPV6: HANDED_OVER.changes[KEY]}),
        captures=captures("lb01", "lb02", filter="ip6"),
        staged=("stopped",),
    ),
    Story(
        "unicast",
        "lb01 and lb02 send to each other's address, not to the group. lb01 is stopped and comes back.",
        "adverts to 10.0.0.5 and 10.0.0.6; while lb01's keepalived is down its kernel answers each advert of lb02 with "
        "ICMP protocol unreachable: the host lives, and nobody there listens for VRRP.",
        _unicast(),
        HAND_OVER,
        HANDED_OVER,
        staged=("stopped",),
    ),
    Story(
        "unicast-wrong-peer",
        f"lb02's only unicast peer is the client, by mistake. Nothing shows until lb01 is killed and comes back: "
        f"lb01 takes {VIP} without hearing lb02.",
        "all is well as long as lb01 is master. lb02's adverts go to 10.0.0.50 and are refused there by ICMP protocol "
        "unreachable; lb01 does not hear them and becomes master after its start as if alone; lb02 yields at once.",
        (*_unicast(peer_of_lb02=50), CLIENT),
        (
            *SETTLED,
            hold(4),
            next_advert(),
            Step("kill", "lb01", note="keepalived on lb01 is killed (SIGKILL)"),
            becomes("lb02"),
            hold(6),
            Step("run", "lb01", f"ip address delete {VIP}/24 dev eth0", note="the address it left behind is removed"),
            start("lb01", "keepalived is started on lb01"),
            becomes("lb01"),
            hold(6),
        ),
        Told(
            "warning",
            {KEY: (FIRST, Change("lb01", "lb02", "timeout", "down"), BACK)},
            rules=("failover", "unicast-refused"),
        ),
        told_at={
            "lb01": Told(
                "warning",
                {KEY: (FIRST, Change(None, "lb01", "startup"))},
                rules=("no-master",),
                unseen=("lb02",),
                hidden=("crashed",),
            )
        },
        staged=("unicast-peers", "crashed"),
    ),
    Story(
        "unicast-rejected",
        "A new firewall on lb02 rejects lb01's unicast adverts with ICMP, as REJECT rules do; later it accepts them.",
        "two masters; each advert of lb01 to lb02 is answered by ICMP host administratively prohibited: proof that it "
        "arrived, and that a firewall turned it away.",
        _unicast(),
        (
            *SETTLED,
            hold(5),
            Step(
                "run",
                "lb02",
                "nft 'table inet lab { chain input { type filter hook input priority 0; "
                "ip protocol 112 reject with icmp type admin-prohibited; }; }'",
                note="lb02 rejects protocol 112",
            ),
            becomes("lb02"),
            hold(7),
            Step("run", "lb02", HEARING, note="lb02 accepts it again"),
            becomes("lb02", BACKUP),
            hold(5),
        ),
        Told(
            "critical",
            {KEY: (FIRST, Change("lb01", "lb02", "deaf", "down"))},
            {KEY: (Split("visible", "one-node-deaf", ("lb02",)),)},
            ("split-brain", "unicast-refused"),
        ),
        staged=("packet-filter",),
    ),
    Story(
        "equal-priority",
        "Both have priority 100. Who is master stays master: lb02 takes over when lb01 is stopped, and keeps it.",
        "lb02 never competes with lb01, although its address is higher: an equal priority does not preempt. After the "
        "takeover lb01 joins the group again and is not heard of any more.",
        pair(VI(100), VI(100)),
        (
            start("lb01"),
            becomes("lb01", BACKUP),
            start("lb02"),
            becomes("lb01"),
            *STAYS_AWAY,
        ),
        TAKEN_OVER,
        staged=("equal-priority", "stopped"),
    ),
    Story(
        "tie-break",
        "Both have priority 100. The switch parts them for 8 s, and both are master; then lb01 yields to lb02.",
        "two masters until their first adverts meet: of two equal priorities the numerically higher address stays, so "
        "10.0.0.5, which was master before, loses.",
        pair(VI(100), VI(100)),
        (
            start("lb01"),
            becomes("lb01", BACKUP),
            start("lb02"),
            becomes("lb01"),
            Step("capture"),
            hold(4),
            next_advert(),
            Step(
                "run",
                "switch",
                drop("iifname lb01", "oifname lb01", chain="forward", family="bridge"),
                note="the switch lets nothing through from and to lb01",
            ),
            becomes("lb02"),
            hold(4.5),
            Step("run", "switch", "nft delete table bridge lab", note="the path is whole again"),
            becomes("lb01", BACKUP),
            hold(5),
        ),
        Told(
            "critical",
            {KEY: (FIRST, Change("lb01", "lb02", "deaf", "down"))},
            {KEY: (Split("visible", "both-deaf", ("lb01", "lb02")),)},
            ("split-brain",),
        ),
        told_at={
            "lb01": Told("healthy", {KEY: (FIRST, Change("lb01", "lb02", "deaf"))}, unseen=("lb02",), hidden=("path",)),
            "lb02": Told(
                "warning",
                {KEY: (FIRST, Change("lb01", "lb02", "timeout", "down"))},
                rules=("failover",),
                unseen=("lb01",),
            ),
        },
        staged=("path", "equal-priority"),
    ),
    Story(
        "nopreempt",
        "Both have nopreempt. lb01 is stopped, lb02 takes over; lb01 returns with its higher priority and waits.",
        "after its start lb01 (150) hears lb02 (100) and stays backup: only its IGMP joins are seen.",
        both(state="BACKUP", more=("nopreempt",)),
        (start("lb01"), start("lb02"), becomes("lb01"), *STAYS_AWAY),
        TAKEN_OVER,
        staged=("stopped",),
    ),
    Story(
        "nopreempt-deaf",
        "Both have nopreempt. lb01 returns while its new firewall lets no VRRP in, hears no master, and takes over.",
        "lb01 becomes master one master down interval after its start as if it might preempt; lb02 hears the higher "
        "priority and falls silent. nopreempt cannot help who hears nobody.",
        both(state="BACKUP", more=("nopreempt",)),
        (
            start("lb01"),
            start("lb02"),
            becomes("lb01"),
            Step("capture"),
            hold(5),
            Step("stop", "lb01", note="keepalived is stopped on lb01"),
            becomes("lb02"),
            hold(5),
            Step("run", "lb01", DEAF, note="lb01's firewall lets no VRRP in"),
            start("lb01", "keepalived is started on lb01"),
            becomes("lb01"),
            hold(6),
        ),
        HANDED_OVER._replace(hidden=("packet-filter",)),
        staged=("stopped", "packet-filter"),
    ),
    Story(
        "preempt-delay",
        "lb01 has preempt_delay 4. It is stopped, lb02 takes over; lb01 returns and waits longer before it preempts.",
        "lb01 preempts about 7 s after its start, in place of 3.4 s: the delay from the first advert of lb02 that it "
        "hears, and then its master down interval.",
        both(state="BACKUP", more=("preempt_delay 4",)),
        HAND_OVER,
        HANDED_OVER,
        staged=("stopped",),
    ),
    Story(
        "owner",
        f"lb02 owns {VIP}: it is one of its own addresses, priority 255. It comes up late, takes over, and shuts down.",
        "lb02 takes over within a tenth of a second of its start, without waiting; after its priority 0 lb01 is back "
        "after its skew time (0.41 s).",
        pair(VI(150), VI(255, state="MASTER")),
        (
            Step("run", "lb02", f"ip link set eth0 down && ip address add {VIP}/24 dev eth0"),
            start("lb01"),
            becomes("lb01"),
            Step("capture"),
            hold(4),
            next_advert(),
            Step("run", "lb02", "ip link set eth0 up", note="the host lb02 comes up"),
            start("lb02", "keepalived is started on lb02"),
            becomes("lb02"),
            hold(6),
            Step("stop", "lb02", note="keepalived is stopped on lb02"),
            becomes("lb01"),
            Step("run", "lb02", "ip link set eth0 down", note="the host lb02 goes down"),
            hold(5),
        ),
        Told(
            "healthy",
            {KEY: (FIRST, Change("lb01", "lb02", "owner"), Change("lb02", "lb01", "resigned", "skew"))},
        ),
        told_at={
            "lb02": Told(
                "healthy",
                {KEY: (Change(None, "lb02", "startup"), Change("lb02", "lb01", "resigned", "skew"))},
                hidden=("owner",),
            )
        },
        staged=("owner",),
    ),
    Story(
        "virtual-mac",
        "use_vmac: adverts and ARP come from 00:00:5e:00:01:32. lb01 is stopped, lb02 takes over, lb01 returns.",
        "the same source MAC from both hosts, so the switch learns where the address is from the adverts themselves; "
        "-i any shows each own advert twice, on vrrp50 and on eth0.",
        both(more=("use_vmac vrrp50",)),
        HAND_OVER,
        HANDED_OVER,
        staged=("stopped",),
    ),
    Story(
        "sync-group",
        "VRID 50 and 51 are in one sync group. A script of VRID 51 fails on lb01: both move to lb02, and back.",
        "two adverts of priority 0 for VRID 51, which is in fault, and one for VRID 50, which only follows; when the "
        "script succeeds again both return together.",
        pair(_grouped(150), _grouped(100)),
        (
            Step("run", "lb01", "touch /run/lab/healthy"),
            Step("run", "lb02", "touch /run/lab/healthy"),
            start("lb01"),
            start("lb02"),
            Step("await", "lb01", f"(VI_50) {MASTER}"),
            Step("until", "lb01", "ip -4 address show dev eth0 | grep -q 10.0.0.4"),
            Step("capture"),
            hold(5),
            Step("run", "lb01", "rm /run/lab/healthy", note="what VRID 51 depends on fails on lb01"),
            Step("await", "lb02", f"(VI_50) {MASTER}"),
            hold(6),
            Step("run", "lb01", "touch /run/lab/healthy", note="it works again"),
            Step("await", "lb01", f"(VI_50) {MASTER}"),
            hold(5),
        ),
        Told(
            "warning",
            {
                KEY: HANDED_OVER.changes[KEY],
                "ipv4/51": (FIRST, Change("lb01", "lb02", "fault", "skew"), BACK),
            },
            rules=("failover",),
        ),
        staged=("fault",),
    ),
)
