"""Who does not hear whom: firewalls and paths that lose adverts, in one direction or both.

A capture on a host sees what comes in before a firewall there drops it, and what goes out only after that. So a
deaf host's own capture shows what it does not hear; what the path or the sender's firewall takes away shows only
before that place, or in a jump of IP IDs once it has ended.
"""

from __future__ import annotations

from vrrpscope.lab.stories.cast import BACKUP, FIRST, KEY, SETTLED, becomes, both, drop, hold, next_advert, start
from vrrpscope.lab.story import Capture, Change, Split, Step, Story, Told

DEAF = drop("ip protocol 112")
HEAR = "nft delete table inet lab"
HEALED = "nft delete table bridge lab"
TAKEN_OVER: dict[str, tuple[Change, ...]] = {KEY: (FIRST, Change("lb01", "lb02", "deaf", "down"))}
# What shows beyond a place where adverts are lost: lb01 had gone on all the time.
FROM_BEHIND = Told(
    "critical",
    {KEY: (FIRST, Change("lb01", "lb02", "timeout", "down"), Change("lb02", "lb01", "reclaimed"))},
    {KEY: (Split("visible", "one-node-deaf", ("lb02",)),)},
    ("split-brain", "lost-adverts", "failover"),
    missed=None,
)
EVERYWHERE = (
    Capture("lb01.pcap", "lb01"),
    Capture("lb02.pcap", "lb02"),
    Capture("switch.pcap", "switch", "br0"),
)


def lost(*what: str) -> str:
    """The command that makes the switch lose adverts on the way from one port to another."""
    return drop(*what, chain="forward", family="bridge")


LATENT: dict[str, tuple[Change, ...]] = {
    KEY: (FIRST, Change("lb01", "lb02", "resigned", "skew"), Change("lb02", "lb01", "preempted"))
}

STORIES = (
    Story(
        "both-deaf",
        "Both hosts drop incoming VRRP for 9 s; lb02 becomes master too, until both accept it again.",
        "two free-running streams of adverts, neither answering the other, with a constant phase; then one exchange "
        "and lb02 falls silent.",
        both(),
        (
            *SETTLED,
            hold(4),
            next_advert(),
            hold(0.2),
            Step("run", "lb01", DEAF, note="lb01 drops incoming protocol 112"),
            Step("run", "lb02", DEAF, note="lb02 drops incoming protocol 112"),
            becomes("lb02"),
            hold(5.7),
            Step("run", "lb01", HEAR, note="lb01 hears again"),
            Step("run", "lb02", HEAR, note="lb02 hears again"),
            becomes("lb02", BACKUP),
            hold(5),
        ),
        Told("critical", TAKEN_OVER, {KEY: (Split("visible", "both-deaf", ("lb01", "lb02")),)}, ("split-brain",)),
        staged=("packet-filter",),
    ),
    Story(
        "one-way-loss",
        "The switch loses every advert from lb01 to lb02, but none the other way: lb02 becomes master too. lb01 is "
        "stopped, the path repaired, lb01 started again.",
        "lb01 answers each advert of lb02 at once, and lb02 hears nothing. On lb01 and on the switch that looks as if "
        "lb02 had a firewall, and in lb02's own capture as if lb01 had crashed: it has neither its adverts nor its "
        "priority 0.",
        both(),
        (
            *SETTLED,
            hold(4),
            next_advert(),
            Step("run", "switch", lost("iifname lb01 oifname lb02 ip protocol 112"), note="lost from lb01 to lb02"),
            becomes("lb02"),
            hold(5.3),
            Step("stop", "lb01", note="keepalived is stopped on lb01"),
            Step("run", "switch", HEALED, note="the path is repaired"),
            hold(4),
            start("lb01", "keepalived is started on lb01"),
            becomes("lb01"),
            hold(5),
        ),
        Told(
            "critical",
            {KEY: (*TAKEN_OVER[KEY], Change("lb02", "lb01", "preempted"))},
            {KEY: (Split("visible", "one-node-deaf", ("lb02",)),)},
            ("split-brain", "stale-arp"),
        ),
        told_at={
            "lb02": Told(
                "warning",
                {KEY: (FIRST, Change("lb01", "lb02", "timeout", "down"), Change("lb02", "lb01", "preempted"))},
                rules=("failover", "address-claimed-by-other"),
                unseen=("lb01",),
            )
        },
        captures=EVERYWHERE,
        staged=("path",),
    ),
    Story(
        "one-way-loss-latent",
        "The switch loses every advert from lb02 to lb01, all the time. lb01 is stopped and comes back.",
        "nothing: the stronger router need not hear the weaker one. Only lb01's own capture, in which nobody answers "
        "for 10.0.0.3 while lb01 is away, has less than the others.",
        both(),
        (
            Step("run", "switch", lost("iifname lb02 oifname lb01 ip protocol 112"), note="lost from lb02 to lb01"),
            *SETTLED,
            hold(4),
            Step("stop", "lb01", note="keepalived is stopped on lb01"),
            becomes("lb02"),
            hold(5),
            start("lb01", "keepalived is started on lb01"),
            becomes("lb01"),
            hold(5),
        ),
        Told("warning", LATENT, rules=("lost-adverts",)),
        told_at={
            "lb01": Told(
                "warning", {KEY: (FIRST, Change(None, "lb01", "startup"))}, rules=("no-master",), unseen=("lb02",)
            ),
            "lb02": Told("healthy", LATENT, hidden=("path",)),
            "switch": Told("healthy", LATENT, hidden=("path",)),
        },
        captures=EVERYWHERE,
        staged=("path",),
    ),
    Story(
        "partition",
        "For 9 s the switch lets nothing through from and to lb01. Each host is master on its side.",
        "lb01 sees only itself, and lb02 too: from one capture no split brain is to be seen until the path is whole "
        "and the IP IDs of lb01 jump. Both captures together have two masters, and neither answers.",
        both(),
        (
            *SETTLED,
            hold(4),
            next_advert(),
            hold(0.2),
            Step("run", "switch", lost("iifname lb01", "oifname lb01"), note="lb01 is cut off"),
            becomes("lb02"),
            hold(4.5),
            next_advert("10.0.0.6"),
            Step("run", "switch", HEALED, note="the path is whole again"),
            becomes("lb02", BACKUP),
            hold(5),
        ),
        Told(
            "critical",
            TAKEN_OVER,
            {KEY: (Split("visible", "both-deaf", ("lb01", "lb02")),)},
            ("split-brain", "stale-arp"),
        ),
        told_at={
            "lb01": Told("healthy", {KEY: (FIRST,)}, unseen=("lb02",), hidden=("path",)),
            "lb02": FROM_BEHIND._replace(rules=(*FROM_BEHIND.rules, "stale-arp")),
        },
        staged=("path",),
    ),
    Story(
        "deaf-from-start",
        "lb02 is started behind a firewall that lets no VRRP in. It hears no master and becomes one beside lb01.",
        "lb02's IGMP joins, and one master down interval (3.61 s) later its first advert, IP ID 1, although lb01 "
        "never paused. lb01 answers each advert of lb02 at once.",
        both(),
        (
            start("lb01"),
            becomes("lb01"),
            Step("run", "lb02", DEAF),
            Step("capture"),
            hold(3),
            next_advert(),
            hold(0.1),
            start("lb02", "keepalived is started on lb02, behind a firewall"),
            becomes("lb02"),
            hold(6),
            Step("run", "lb02", HEAR, note="lb02 hears"),
            becomes("lb02", BACKUP),
            hold(5),
        ),
        Told(
            "critical",
            {KEY: (FIRST, Change("lb01", "lb02", "deaf"))},
            {KEY: (Split("visible", "one-node-deaf", ("lb02",)),)},
            ("split-brain",),
        ),
        staged=("packet-filter",),
    ),
    Story(
        "output-blocked",
        "A firewall on lb01 drops what VRRP sends, for 9 s. lb01 remains master and answers nothing that can be heard.",
        "silence of lb01 without priority 0, even in its own capture; lb02 takes over. When the rule is gone, lb01's "
        "IP IDs have jumped: it tried to send all the time. Its log has: Operation not permitted.",
        both(),
        (
            *SETTLED,
            hold(4),
            next_advert(),
            hold(0.2),
            Step("run", "lb01", drop("ip protocol 112", chain="output"), note="lb01 drops outgoing protocol 112"),
            becomes("lb02"),
            hold(5.7),
            Step("run", "lb01", HEAR, note="lb01 can send again"),
            becomes("lb02", BACKUP),
            hold(5),
        ),
        FROM_BEHIND._replace(rules=(*FROM_BEHIND.rules, "address-claimed-by-other")),
        staged=("send-failure",),
    ),
)
