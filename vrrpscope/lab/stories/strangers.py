"""Others who speak VRRP, or CARP, on the segment: ucarp, a second cluster, an attacker."""

from __future__ import annotations

from typing import Any

from vrrpscope.lab.stories.cast import (
    BACKUP,
    CLIENT,
    FIRST,
    KEY,
    PASSWORD,
    SETTLED,
    VI,
    VIP,
    becomes,
    both,
    hold,
    host,
    keepalived,
    next_advert,
    start,
)
from vrrpscope.lab.story import Change, Host, Instance, Split, Step, Story, Told, Unit

CARP_MASTER = "Switching to state: MASTER"
SHARED = "10.0.0.9"  # of the two firewalls that speak CARP
CARP_UP = ("carp_up.sh", '#!/bin/sh\nexec ip address add "$2/24" dev "$1"\n')
CARP_DOWN = ("carp_down.sh", '#!/bin/sh\nip address delete "$2/24" dev "$1"\nexit 0\n')
OTHERS: dict[str, Any] = {"password": "0ther777", "advert_int": 2}
PINGS = Step("background", "client", f"ping -D -O -n -i 0.1 {VIP}", note=f"a client pings {VIP} ten times a second")


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

STORIES = (
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
        staged=("carp", "stopped"),
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
            {KEY: (FIRST, Change(None, "app01", "startup"))},
            {KEY: (Split("silent", "vrid-collision"),)},
            ("silent-split-brain", "vrid-collision"),
        ),
        staged=("vrid-collision",),
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
            "critical",
            {KEY: (FIRST, Change("lb01", "rogue", "owner"), Change("rogue", "lb01", "timeout", "down"))},
            rules=("rogue-master", "failover", "stale-arp"),
        ),
        staged=("rogue",),
    ),
)
