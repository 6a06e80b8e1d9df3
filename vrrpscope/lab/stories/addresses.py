"""The virtual address itself: taken from the master's interface behind its daemon's back.

Network managers, DHCP clients and cloud agents do so when they restart. What a daemon makes of it differs; the
adverts alone need not show it.
"""

from __future__ import annotations

from vrrpscope.lab.stories.cast import CLIENT, FIRST, KEY, SETTLED, VIP, both, hold, next_advert
from vrrpscope.lab.stories.failures import PING
from vrrpscope.lab.stories.frr import FRR_PAIR, FRR_READY, settled
from vrrpscope.lab.story import Change, Step, Story, Told

STRICT = "for each in all eth0 vrrp-50; do echo 1 >/proc/sys/net/ipv4/conf/$each/arp_ignore; done"
"""No interface answers for the addresses of another, as a host with macvlans is to be set up."""

GONE = f"{VIP} is taken from lb01, where it is master"

STORIES = (
    Story(
        "address-removed",
        "Something takes 10.0.0.3 from lb01's interface while lb01 is master. A client pings.",
        "keepalived notices at once: one advert of priority 0, and lb01 itself is master again 0.41 s later, its own "
        "skew time and shorter than lb02's; its IP IDs go on. The client is without an answer for that long.",
        (*both(), CLIENT),
        (
            *SETTLED,
            PING,
            hold(4),
            next_advert(),
            Step("run", "lb01", f"ip address delete {VIP}/24 dev eth0", note=GONE),
            hold(9),
        ),
        Told("warning", {KEY: (FIRST, Change(None, "lb01", "startup"))}, rules=("resigned-and-returned",), outages=1),
        staged=("address-removed",),
    ),
    Story(
        "address-removed-frr",
        "Something takes 10.0.0.3 from lb01's device while lb01 is master with FRR. A client pings.",
        "FRR goes on advertising. The client's questions for 10.0.0.3 were answered before and now are not, about one "
        "a second; lb02, which hears the adverts, does nothing. lb02's own capture never showed the answers.",
        (*FRR_PAIR, CLIENT),
        (
            *FRR_READY,
            Step("run", "lb01", STRICT),
            Step("run", "lb02", STRICT),
            *settled("lb01", "lb02"),
            PING,
            hold(4),
            next_advert(),
            Step("run", "lb01", f"ip address delete {VIP}/24 dev vrrp-50", note=GONE),
            Step("run", "client", "ip neighbour flush dev eth0", note="the client forgets what it knew"),
            hold(12),
        ),
        Told("warning", {KEY: (FIRST,)}, rules=("address-unanswered",)),
        told_at={"lb02": Told("healthy", {KEY: (FIRST,)}, hidden=("address-removed",))},
        staged=("address-removed",),
    ),
)
