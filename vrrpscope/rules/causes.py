"""What can be behind trouble with a virtual address: the words that findings name causes with.

One word for each cause that a capture, a log or a configuration can tell from the others, as far as the remedies
differ; a finding names the likeliest, and what looks alike from where the capture was taken.
"""

from __future__ import annotations

from typing import Final

CAUSES: Final[dict[str, str]] = {
    # adverts do not arrive, or not at the daemon
    "packet-filter": "a packet filter on the receiver drops IP protocol 112",
    "send-failure": "the sender's own packet filter or routing keeps its adverts in",
    "path": "the network between them does not carry VRRP (VLAN, switch port, filter, no multicast)",
    "packet-loss": "the network loses packets now and then (bursts, full queues, bad links)",
    "rate-limit": "a switch or router limits multicast (storm control, control plane policing)",
    "igmp-snooping": "a switch snoops IGMP, nobody queries, and the group has aged out",
    "path-not-ready": "the network was not forwarding yet after a link came up (spanning tree, LACP)",
    "link-down": "a network link went down",
    "virtual-switch": "a virtual switch refuses foreign MACs, or returns frames to their sender",
    # adverts are not sent in time
    "starvation": "the daemon did not get to run (CPU starvation, blocked I/O)",
    "host-pause": "the whole host stood still (snapshot, migration, suspended)",
    "crashed": "the daemon or its host died without a farewell",
    "stopped": "the daemon was stopped",
    "restarted": "the daemon was started again",
    "reloaded": "the daemon read its configuration anew",
    "fault": "a tracked script, interface or process failed: FAULT",
    "priority-weight": "a weighted script changed the priority",
    "short-timers": "the timers leave too little room for jitter",
    "learned-interval": "a VRRPv3 backup waits by the master's interval",
    # adverts are refused
    "password-mismatch": "the passwords or keys differ",
    "auth-type-mismatch": "they authenticate in different ways",
    "interval-mismatch": "the advertisement intervals differ",
    "version-mismatch": "the VRRP versions differ",
    "vip-list-mismatch": "the lists of virtual addresses differ",
    "checksum-mismatch": "the VRRPv3 checksum is computed in different ways",
    "unicast-mismatch": "one sends by multicast, the other to unicast peers",
    "unicast-peers": "a list of unicast peers, or a source address, is wrong",
    "ttl": "adverts arrive with a TTL other than 255",
    # who may be master
    "vrid-collision": "two unrelated clusters use one VRID on one segment",
    "rogue": "a stranger claims to be master",
    "replay": "recorded adverts are sent again",
    "equal-priority": "two routers have the same priority",
    "nopreempt": "nopreempt keeps the weaker router master",
    "preemption": "a router with a higher priority came back",
    "owner": "the router that owns the address (priority 255) took it",
    "source-address": "two routers share a source address, or one changed its own",
    "reflection": "adverts come back to their sender, or arrive twice",
    "carp": "CARP is spoken with the same number",
    "clock": "a clock was set",
    # adverts are fine, clients are not
    "stale-arp": "clients were last told of another router's MAC",
    "address-removed": "the master does not answer for the address",
    "foreign-claim": "a host that is no VRRP router claims the address",
}
"""Words and what they mean."""
