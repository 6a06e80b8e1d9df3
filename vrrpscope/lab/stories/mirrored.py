"""One failover, recorded on the switch as it was and as it looks behind tags or inside a mirror's tunnel."""

from __future__ import annotations

from vrrpscope.lab.stories.cast import HAND_OVER, HANDED_OVER, both
from vrrpscope.lab.story import Capture, Story


def recorded(*wraps: str) -> tuple[Capture, ...]:
    """The switch's own capture, plain, and the same frames in each of these wrappings."""
    plain = Capture("switch.pcap", "switch", "br0")
    return (plain, *(plain._replace(name=f"{wrap}.pcap", wrap=wrap) for wrap in wraps))


STORIES = (
    Story(
        "tagged",
        "keepalived is stopped on lb01 and started again, as seen on an access port, a trunk and a provider's trunk.",
        "the same frames untagged, in VLAN 100, and in VLAN 100 inside VLAN 30: one failover each, on three segments. "
        "A capture filter for protocol 112 alone shows none of the tagged ones.",
        both(),
        HAND_OVER,
        HANDED_OVER,
        captures=recorded("vlan", "qinq"),
        staged=("stopped",),
    ),
    Story(
        "mirrored",
        "keepalived is stopped on lb01 and started again, as a switch or a cloud mirrors it: GRE, ERSPAN, VXLAN.",
        "the same frames plain and inside five kinds of tunnels from 192.0.2.1 to 192.0.2.2: one failover each. The "
        "source, TTL and IP ID that count are those of the inner packets.",
        both(),
        HAND_OVER,
        HANDED_OVER,
        captures=recorded("gre", "erspan1", "erspan2", "erspan3", "vxlan"),
        staged=("stopped",),
    ),
)
