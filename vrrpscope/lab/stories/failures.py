"""What takes a master away: stops, crashes, pauses, links, loss, scripts, reloads.

How long a master was dead before its next advert was due depends on when it died. Where that matters, the
stories wait for an advert first: what happens, happens just after one.
"""

from __future__ import annotations

from vrrpscope.lab.stories.cast import (
    BACKUP,
    CLIENT,
    FIRST,
    KEY,
    SETTLED,
    VI,
    VIP,
    becomes,
    both,
    drop,
    hold,
    keepalived,
    next_advert,
    pair,
    start,
)
from vrrpscope.lab.story import Capture, Change, Host, Missed, Split, Step, Story, Told

BACK = Change("lb02", "lb01", "preempted")
TIMED_OUT = Told("warning", {KEY: (FIRST, Change("lb01", "lb02", "timeout", "down"), BACK)}, rules=("failover",))
STAYED: dict[str, tuple[Change, ...]] = {KEY: (FIRST,)}
PING = Step("background", "client", f"ping -D -O -n -i 0.1 {VIP}", note="a client uses the virtual address")
PATH = (Capture("lb01.pcap", "lb01"), Capture("lb02.pcap", "lb02"), Capture("switch.pcap", "switch", "br0"))
LEFT_OVER = Step("run", "lb01", f"ip address delete {VIP}/24 dev eth0", note="the leftover address is removed")
ADD_ADDRESS = f"sed -i 's|{VIP}/24|&\\n10.0.0.4/24|' keepalived.conf"
CUT = "iifname lb01 oifname lb02 ip protocol 112 numgen inc mod"

UPLINK_DOWN = Step("run", "lb01", "ip link delete uplink0", note="lb01 loses its uplink")
UPLINK_UP = Step("run", "lb01", "ip link add uplink0 type bridge", note="lb01's uplink returns")
UPLINKS = tuple(Step("run", name, "ip link add uplink0 type bridge") for name in ("lb01", "lb02"))


def tracking(weight: str = "") -> tuple[Host, ...]:
    """lb01 and lb02 watch every second whether their interface uplink0 exists."""
    script = '    script "/usr/bin/test -e /sys/class/net/uplink0"\n    interval 1\n    rise 1\n    fall 1\n'
    units = (
        keepalived(
            VI(priority, more=("track_script {", "    uplink", "}")),
            global_defs=("enable_script_security", "script_user root"),
            blocks=f"\nvrrp_script uplink {{\n{script}{weight}}}\n",
        )
        for priority in (150, 100)
    )
    return pair(*units)


STORIES = (
    Story(
        "crash",
        "keepalived on lb01 is killed (SIGKILL) and leaves 10.0.0.3 on lb01; later the address is removed and "
        "keepalived started. A client pings.",
        "no priority 0; lb02 takes over 3.61 s after lb01's last advert, its master down interval. Both hosts have "
        "the address then, but lb02's gratuitous ARPs move the client. lb01's IP ID begins at 1 again.",
        (*both(), CLIENT),
        (
            *SETTLED,
            PING,
            hold(4),
            next_advert(),
            Step("kill", "lb01", note="SIGKILL to keepalived on lb01"),
            becomes("lb02"),
            hold(6),
            LEFT_OVER,
            start("lb01", "keepalived is started on lb01"),
            becomes("lb01"),
            hold(6),
        ),
        TIMED_OUT,
        staged=("crashed",),
    ),
    Story(
        "vrrpv3-fast",
        "VRRPv3 with 0.1 s adverts: keepalived on lb01 is killed (SIGKILL), cleaned up after, and started again.",
        "no priority 0; lb02 takes over 0.361 s after lb01's last advert; both hosts have 10.0.0.3 until lb01's "
        "leftover address is removed; lb01 preempts 0.34 s after its start, IP ID again from 1.",
        both(version=3, advert_int=0.1),
        (
            *SETTLED,
            hold(4),
            next_advert(),
            Step("kill", "lb01", note="SIGKILL to keepalived on lb01"),
            becomes("lb02"),
            hold(6),
            LEFT_OVER,
            start("lb01", "keepalived is started on lb01"),
            becomes("lb01"),
            hold(4),
        ),
        TIMED_OUT,
        staged=("crashed",),
    ),
    Story(
        "link-down",
        "lb01's interface goes down for 8 s and comes up again. keepalived notices at once: FAULT.",
        "no priority 0, for it cannot leave any more: lb02 takes over 3.61 s after lb01's last advert, as after a "
        "crash. lb01 joins the group again and preempts 3.4 s after its interface is up.",
        (*both(), CLIENT),
        (
            *SETTLED,
            PING,
            hold(4),
            next_advert(),
            Step("run", "lb01", "ip link set eth0 down", note="lb01's interface goes down"),
            becomes("lb02"),
            hold(4.5),
            Step("run", "lb01", "ip link set eth0 up", note="lb01's interface comes up"),
            becomes("lb01"),
            hold(6),
        ),
        # lb02's adverts did not reach lb01 while its interface was down, which both captures together show.
        TIMED_OUT._replace(outages=1, rules=(*TIMED_OUT.rules, "lost-adverts")),
        # Before lb01 is up again it cannot see that lb02 is master.
        told_at={
            "lb02": TIMED_OUT._replace(outages=1),
            "lb01": Told(
                "warning",
                {KEY: (FIRST, Change("lb01", "lb02", "timeout", "down"), BACK)},
                rules=("no-master", "failover"),
                unseen=("lb02",),
            ),
        },
        staged=("link-down",),
    ),
    Story(
        "paused-master",
        "lb01's keepalived is frozen for 6 s, as on a starved or suspended machine; lb02 takes over meanwhile.",
        "silence of 3.61 s and no priority 0, lb02 takes over; on waking lb01 sends one advert for each it had "
        "queued, IP IDs consecutive across the gap, and stays master throughout.",
        both(),
        (
            *SETTLED,
            hold(4),
            next_advert(),
            Step("freeze", "lb01", note="SIGSTOP to lb01's keepalived"),
            hold(6),
            Step("thaw", "lb01", note="SIGCONT to lb01's keepalived"),
            hold(7),
        ),
        Told(
            "critical",
            {KEY: (FIRST, Change("lb01", "lb02", "timeout", "down"), Change("lb02", "lb01", "reclaimed"))},
            {KEY: (Split("silent", "paused-node"),)},
            ("silent-split-brain", "late-adverts", "failover"),
            (Missed("lb01", "late", 5),),
        ),
        staged=("starvation",),
    ),
    Story(
        "short-pause",
        "lb01's keepalived is frozen for 2 s: shorter than lb02's master down interval. Nobody takes over.",
        "one gap of 2 s between lb01's adverts, IP IDs consecutive: nothing was sent, nothing lost.",
        both(),
        (
            *SETTLED,
            hold(4),
            next_advert(),
            Step("freeze", "lb01", note="SIGSTOP to lb01's keepalived"),
            hold(2),
            Step("thaw", "lb01", note="SIGCONT to lb01's keepalived"),
            hold(6),
        ),
        Told("warning", STAYED, rules=("near-failover",), missed=(Missed("lb01", "late", 1),)),
        staged=("starvation",),
    ),
    Story(
        "paused-backup",
        "lb02's keepalived is frozen for 6 s while lb01 advertises on.",
        "nothing: lb01's rhythm is untouched. Waking, lb02 reads the adverts that have queued up before it looks at "
        "its timer, and remains a backup.",
        both(),
        (
            *SETTLED,
            hold(4),
            next_advert(),
            hold(0.3),
            Step("freeze", "lb02", note="SIGSTOP to lb02's keepalived"),
            hold(6),
            Step("thaw", "lb02", note="SIGCONT to lb02's keepalived"),
            hold(6),
        ),
        Told("healthy", STAYED),
    ),
    Story(
        "lossy",
        "The switch loses some adverts on their way to lb02: one, and later two in a row. Nobody takes over.",
        "on lb02 a gap of two intervals and one of three, IP IDs jumping by as much: sent, but lost before lb02; "
        "the switch and lb01 have them all. One more in a row and lb02 would have taken over.",
        both(),
        (
            start("lb02"),
            becomes("lb02"),
            Step("capture"),
            hold(4),
            start("lb01"),
            becomes("lb01"),
            Step("run", "switch", drop(CUT + " 16 { 4, 10, 11 }", chain="forward", family="bridge"), note="losses"),
            hold(15.5),
        ),
        Told("warning", {KEY: (Change(None, "lb02", "initial"), BACK)}, rules=("near-failover", "lost-adverts")),
        told_at={
            "lb01": Told("healthy", {KEY: (Change(None, "lb02", "initial"), BACK)}, hidden=("packet-loss",)),
            "switch": Told("healthy", {KEY: (Change(None, "lb02", "initial"), BACK)}, hidden=("packet-loss",)),
            "lb02": Told(
                "warning",
                {KEY: (Change(None, "lb02", "initial"), BACK)},
                rules=("near-failover", "lost-adverts"),
                missed=(Missed("lb01", "lost", 1), Missed("lb01", "lost", 2)),
            ),
        },
        captures=PATH,
        staged=("packet-loss",),
    ),
    Story(
        "lossy-both",
        "The switch loses one advert, later three in a row, on the way to lb02, and lb02's only advert on the way "
        "back. A client pings.",
        "lb02 takes over by mistake and yields to lb01's next advert 0.39 s later. lb01 never hears of it and sends "
        "no gratuitous ARP: the client goes on sending to lb02, about 8 s long.",
        (*both(), CLIENT),
        (
            *SETTLED,
            PING,
            Step(
                "run",
                "switch",
                drop(
                    CUT + " 30 { 3, 7, 8, 9 }",
                    "iifname lb02 oifname lb01 ip protocol 112",
                    chain="forward",
                    family="bridge",
                ),
                note="losses",
            ),
            becomes("lb02"),
            becomes("lb02", BACKUP),
            hold(12),
        ),
        Told(
            "critical",
            {KEY: (FIRST, Change("lb01", "lb02", "deaf", "down"))},
            {KEY: (Split("any", "one-node-deaf", ("lb02",)),)},
            ("split-brain", "stale-arp"),
        ),
        told_at={
            "lb01": Told(
                "warning",
                STAYED,
                rules=("address-claimed-by-other",),
                unseen=("lb02",),
                hidden=("packet-loss", "stale-arp"),
            ),
            "lb02": Told(
                "critical",
                {KEY: (FIRST, Change("lb01", "lb02", "timeout", "down"), Change("lb02", "lb01", "reclaimed"))},
                {KEY: (Split("visible", "one-node-deaf", ("lb02",)),)},
                ("split-brain", "lost-adverts", "failover", "stale-arp"),
                (Missed("lb01", "lost", 1), Missed("lb01", "lost", 3)),
            ),
        },
        captures=PATH,
        staged=("packet-loss", "stale-arp"),
    ),
    Story(
        "script-weight",
        "lb01 loses the uplink its track script watches: priority 150 - 60 = 90, below lb02's 100; then it returns.",
        "lb01's priority drops to 90 without a gap, lb02 takes over 3.61 s after the last advert of 150, lb01 falls "
        "silent without priority 0; with the uplink back, lb01 preempts.",
        tracking("    weight -60\n"),
        (
            *UPLINKS,
            *SETTLED,
            hold(5),
            UPLINK_DOWN,
            becomes("lb02"),
            hold(6),
            UPLINK_UP,
            becomes("lb01"),
            hold(6),
        ),
        Told(
            "warning",
            {KEY: (FIRST, Change("lb01", "lb02", "priority-drop", "down"), BACK)},
            rules=("failover",),
        ),
        staged=("priority-weight",),
    ),
    Story(
        "script-fault",
        "lb01 loses the uplink its track script watches. The script has no weight: lb01 enters FAULT; then it returns.",
        "two adverts of priority 0 within a millisecond, and lb02 0.61 s later (its skew time); with the uplink back, "
        "lb01 preempts after its master down interval.",
        tracking(),
        (
            *UPLINKS,
            *SETTLED,
            hold(5),
            UPLINK_DOWN,
            becomes("lb02"),
            hold(6),
            UPLINK_UP,
            becomes("lb01"),
            hold(6),
        ),
        Told("warning", {KEY: (FIRST, Change("lb01", "lb02", "fault", "skew"), BACK)}, rules=("failover",)),
        staged=("fault",),
    ),
    Story(
        "reload",
        "keepalived is told to read its configuration again (SIGHUP): on the master lb01, on lb02, on lb01 once more.",
        "one advert out of turn and at once the next with IP ID 1; no priority 0, and nobody takes over.",
        both(),
        (
            *SETTLED,
            hold(4),
            Step("reload", "lb01", note="SIGHUP to keepalived on lb01"),
            hold(4),
            Step("reload", "lb02", note="SIGHUP to keepalived on lb02"),
            hold(4),
            Step("reload", "lb01", note="SIGHUP to keepalived on lb01 again"),
            hold(4),
        ),
        Told("healthy", STAYED),
        staged=("reloaded",),
    ),
    Story(
        "reload-new-address",
        "10.0.0.4 is added to the configuration of lb01, then, 9 s later, to that of lb02; each is reloaded.",
        "lb01's list grows between two adverts, IP ID from 1: lb02 rejects it (keepalived 2.2.7), takes over 3.61 s "
        "after the last advert of the old list and shares one rhythm with lb01, neither answering. lb02's own reload "
        "ends it within milliseconds.",
        both(),
        (
            *SETTLED,
            hold(5),
            Step("run", "lb01", ADD_ADDRESS),
            Step("reload", "lb01", note="10.0.0.4 is added on lb01"),
            becomes("lb02"),
            hold(5.3),
            Step("run", "lb02", ADD_ADDRESS),
            Step("reload", "lb02", note="10.0.0.4 is added on lb02"),
            becomes("lb02", BACKUP),
            hold(5),
        ),
        Told(
            "critical",
            {KEY: (FIRST, Change("lb01", "lb02", "deaf", "down"))},
            {KEY: (Split("any", "vip-list-mismatch"),)},
            ("split-brain", "vip-list-mismatch"),
        ),
        staged=("vip-list-mismatch", "reloaded"),
    ),
    Story(
        "flapping",
        "keepalived on lb01 is restarted again and again, as by a service manager or a pod that does not get ready.",
        "lb01's priority 0, lb02 0.61 s later, and 3.4 s after its start lb01 again: four times, mastership moving "
        "eight times.",
        both(),
        (
            *SETTLED,
            hold(3),
            *(
                step
                for _ in range(4)
                for step in (
                    Step("stop", "lb01", note="keepalived is stopped on lb01"),
                    becomes("lb02"),
                    start("lb01", "keepalived is started on lb01"),
                    becomes("lb01"),
                    hold(2.5),
                )
            ),
        ),
        Told("warning", {KEY: (FIRST, *(Change("lb01", "lb02", "resigned", "skew"), BACK) * 4)}, rules=("flapping",)),
        staged=("stopped", "restarted"),
    ),
)
