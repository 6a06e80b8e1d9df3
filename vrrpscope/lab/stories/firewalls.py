"""Host firewalls that let no VRRP in, as nftables rulesets, and what lets it in.

`FIREWALLD` is what firewalld 1.3 with its nftables backend loads for the zone "public", as `nft list ruleset` shows
it: the chains through which incoming and outgoing packets go. Its tables for NAT, forwarding and marks, empty
unless configured, are left out. A reject of a multicast packet is silent: no ICMP error answers one (RFC 1122
section 3.2.2).
"""

from __future__ import annotations

FIREWALL = (
    "nft 'table inet filter { chain input { type filter hook input priority 0; policy drop; iif lo accept; "
    "ct state established,related accept; ip protocol icmp accept; tcp dport { 22, 80 } accept; }; }'"
)
LET_IN = "nft add rule inet filter input ip protocol 112 accept"

FIREWALLD = """#!/usr/sbin/nft -f
table inet firewalld {
    chain filter_PREROUTING {
        type filter hook prerouting priority filter + 10; policy accept;
        icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
        meta nfproto ipv6 fib saddr . mark . iif oif missing drop
    }

    chain filter_INPUT {
        type filter hook input priority filter + 10; policy accept;
        ct state { established, related } accept
        ct status dnat accept
        iifname "lo" accept
        ct state invalid drop
        jump filter_INPUT_ZONES
        reject with icmpx admin-prohibited
    }

    chain filter_OUTPUT {
        type filter hook output priority filter + 10; policy accept;
        ct state { established, related } accept
        oifname "lo" accept
        ip6 daddr { ::/96, ::ffff:0.0.0.0/96, 2002::/24, 2002:a00::/24, 2002:7f00::/24, 2002:a9fe::/32, \
2002:ac10::/28, 2002:c0a8::/32, 2002:e000::/19 } reject with icmpv6 addr-unreachable
        jump filter_OUTPUT_POLICIES_pre
        jump filter_OUTPUT_POLICIES_post
    }

    chain filter_INPUT_POLICIES_pre {
        jump filter_IN_policy_allow-host-ipv6
    }

    chain filter_INPUT_ZONES {
        iifname "eth0" goto filter_IN_public
        goto filter_IN_public
    }

    chain filter_INPUT_POLICIES_post { }
    chain filter_OUTPUT_POLICIES_pre { }
    chain filter_OUTPUT_POLICIES_post { }

    chain filter_IN_public {
        jump filter_INPUT_POLICIES_pre
        jump filter_IN_public_pre
        jump filter_IN_public_log
        jump filter_IN_public_deny
        jump filter_IN_public_allow
        jump filter_IN_public_post
        jump filter_INPUT_POLICIES_post
        meta l4proto { icmp, ipv6-icmp } accept
        reject with icmpx admin-prohibited
    }

    chain filter_IN_public_pre { }
    chain filter_IN_public_log { }
    chain filter_IN_public_deny { }

    chain filter_IN_public_allow {
        tcp dport 22 accept
        ip6 daddr fe80::/64 udp dport 546 accept
    }

    chain filter_IN_public_post { }

    chain filter_IN_policy_allow-host-ipv6 {
        jump filter_IN_policy_allow-host-ipv6_pre
        jump filter_IN_policy_allow-host-ipv6_log
        jump filter_IN_policy_allow-host-ipv6_deny
        jump filter_IN_policy_allow-host-ipv6_allow
        jump filter_IN_policy_allow-host-ipv6_post
    }

    chain filter_IN_policy_allow-host-ipv6_pre { }
    chain filter_IN_policy_allow-host-ipv6_log { }
    chain filter_IN_policy_allow-host-ipv6_deny { }

    chain filter_IN_policy_allow-host-ipv6_allow {
        icmpv6 type nd-neighbor-advert accept
        icmpv6 type nd-neighbor-solicit accept
        icmpv6 type nd-router-advert accept
        icmpv6 type nd-redirect accept
    }

    chain filter_IN_policy_allow-host-ipv6_post { }
}
"""

# What `firewall-cmd --add-rich-rule='rule protocol value="vrrp" accept'` adds, with "vrrp" as the number it is.
RICH_RULE = "nft add rule inet firewalld filter_IN_public_allow meta l4proto 112 accept"
