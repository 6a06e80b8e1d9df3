"""Configurations as they are found in production, and what must be told when they are adapted to the lab."""

from __future__ import annotations

from typing import Final, NamedTuple


class Production(NamedTuple):
    """`{here}` in a change stands for the directory of the configuration."""

    text: str
    interfaces: tuple[str, ...]
    changes: tuple[str, ...]
    files: dict[str, str] = {}  # noqa: RUF012  (never written to; executable if it begins with #!)
    host: str | None = None


NO_MAIL: Final = "taken out: no mail server can be reached from the lab"

FIREWALL: Final = r"""! Configuration File for keepalived
global_defs {
   notification_email {
     noc@example.net   # who
   }
   notification_email_from keepalived@fw01.example.net
   smtp_server 192.0.2.25
   smtp_connect_timeout 30
   router_id FW01
   script_user keepalived_nosuch
   enable_script_security
}

vrrp_sync_group GATEWAY {
    group {
        OUTSIDE
        INSIDE
    }
    notify_master "/etc/keepalived/nosuch/to_master.sh fw01" nosuch nosuchgroup
    smtp_alert
}

vrrp_instance OUTSIDE {
    state MASTER
    interface ens192        # the provider
    virtual_router_id 51
    priority 150
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass secret#1
    }
    virtual_ipaddress {
        198.51.100.10/24 brd + dev ens192 label ens192:vip
    }
    track_interface {
        ens224
    }
    virtual_routes {
        0.0.0.0/0 via 198.51.100.1 dev ens192
    }
}

vrrp_instance INSIDE {
    interface ens224
    virtual_router_id 52
    priority 150
    virtual_ipaddress {
        10.77.1.1/24
    }
    virtual_ipaddress_excluded {
        fd77:1::1/64 dev ens224
    }
}
"""

CLOUD: Final = """vrrp_instance VI_1 {
    state BACKUP
    nopreempt
    interface enp0s31f6
    virtual_router_id 60
    priority 101
    unicast_src_ip 10.1.0.5
    unicast_peer {
        10.1.4.6
    }
    virtual_ipaddress {
        10.1.0.100/32
    }
    notify_master /usr/local/nosuch/move-elastic-ip.sh
}
"""

NGINX: Final = """global_defs {
    enable_script_security
    script_user root
}
vrrp_script chk_nginx {
    script "./check_nginx.sh --port 80"
    interval 2
    weight -60
    user nosuch
}
vrrp_script chk_web { script "/usr/nosuch/curl -sf http://localhost/"
    interval 5 }
vrrp_instance web {
    interface bond0.100
    virtual_router_id 70
    priority 150
    track_script {
        chk_nginx
        chk_web weight 10
    }
    virtual_ipaddress { 10.0.0.3/24 dev bond0.100 }
}
"""

CONF_D: Final = """global_defs {
    router_id lb01
}
include conf.d/*.conf
include ${_PWD}.nosuch*
"""

VARIABLES: Final = """@lb01 $IF=ens192
@lb02 $IF=ens224
@lb01 $PRIORITY=150
@^lb01 $PRIORITY=100
$VRID=10
$NET=10.0.${VRID}
vrrp_instance VI_${VRID} {
    interface $IF
    virtual_router_id $VRID
    priority ${PRIORITY}
    version 3
    advert_int 0.5
    virtual_ipaddress {
        ~SEQ(N, 2) ${NET}.${N}/24 dev ${IF}
    }
}
"""

IPV6: Final = """global_defs { vrrp_version 3 }
vrrp_instance v6 {
    interface wan0
    virtual_router_id 80
    advert_int 0.25
    use_vmac vrrp.wan
    vmac_xmit_base
    virtual_ipaddress {
        fe80::10:3/64
        2001:db8::3/64
    }
}
vrrp_instance v4 {
    interface wan0
    virtual_router_id 80
    virtual_ipaddress { 10.77.0.3/24 dev lo }
}
"""

ONE_LINE: Final = """vrrp_instance A { interface lan0
  virtual_router_id 90
  virtual_ipaddress { 10.77.0.3/24 label lan0:1 }
  smtp_alert } vrrp_instance B { interface lan1
  virtual_router_id 91
  virtual_ipaddress { 10.77.1.3 } track_interface { lan0 } smtp_alert
}
"""

EVERYTHING: Final = """net_namespace vrrp
instance blue
use_pid_dir
global_defs {
    smtp_server mail.example.net 25
    smtp_alert true
    lvs_sync_daemon eth1 A
    enable_snmp_vrrp
    enable_dbus
    vrrp_cpu_affinity 63
    vrrp_iptables
    config_save_dir /var/lib/nosuch
    default_interface eth1
    notify_fifo /var/lib/keepalived.fifo nosuch
    notify_fifo_script /usr/nosuch/fifo.py
    enable_script_security
    script_user root
}
linkbeat_interfaces { eth2 ETHTOOL }
interface_up_down_delays {
    eth1 0.5
}
garp_group {
    garp_interval 0.1
    interfaces { eth1 eth2 }
}
static_ipaddress { 10.77.1.77/24 dev eth2 }
track_file load { file "/var/lib/nosuch/load" }
vrrp_track_process haproxy { process haproxy
    weight 2 }
vrrp_instance A {
    interface eth1
    virtual_router_id 95
    priority 100
    lvs_sync_daemon_interface eth1
    track_file { load weight 1 }
    track_process { haproxy }
    virtual_ipaddress { 10.77.0.3/24 }
    virtual_rules { from 10.9.0.0/16 iif eth2 table 7 preference 100 }
}
virtual_server 10.77.0.3 80 {
    delay_loop 6
    smtp_alert
    lb_algo rr
    lb_kind NAT
    protocol TCP
    real_server 10.77.1.9 80 { TCP_CHECK { connect_timeout 3 } }
}
"""

MACROS: Final = r"""$ROUTER= \
vrrp_instance VI_${NUM} { \
    interface ens${CARD} \
    virtual_router_id ${NUM} \
    @lb01 priority 110 \
    smtp_alert \
    virtual_ipaddress { \
        10.77.0.${NUM}/24 dev ens3 \
    } \
}
$CARD=3
~LST(NUM, 3, 4) $ROUTER
"""

CONFIGURATIONS: Final = {
    "firewall": Production(
        FIREWALL,
        ("ens192", "ens224"),
        (
            f"line 3: notification_email {NO_MAIL}",
            f"line 7: smtp_server {NO_MAIL}",
            "line 10: user keepalived_nosuch is not on this machine → root",
            'line 19: notify_master "/etc/keepalived/nosuch/to_master.sh" is not on this machine → /bin/true',
            "line 19: user nosuch is not on this machine → root",
            "line 19: group nosuchgroup is not on this machine → root",
            f"line 20: smtp_alert {NO_MAIL}",
            "line 25: interface ens192 → eth0",
            "line 34: interface ens192 → eth0",
            "line 34: label ens192 → eth0",
            "line 37: interface ens224 → eth1",
            "line 40: interface ens192 → eth0",
            "line 45: interface ens224 → eth1",
            "line 52: interface ens224 → eth1",
        ),
    ),
    "cloud": Production(
        CLOUD,
        ("enp0s31f6",),
        (
            "line 4: interface enp0s31f6 → eth0",
            'line 14: notify_master "/usr/local/nosuch/move-elastic-ip.sh" is not on this machine → /bin/true',
        ),
    ),
    "nginx": Production(
        NGINX,
        ("bond0.100",),
        (
            'line 6: script "./check_nginx.sh" → {here}/check_nginx.sh',
            'line 6: script "./check_nginx.sh --port 80" stays; it finds only what runs in its host of the lab',
            "line 9: user nosuch is not on this machine → root",
            'line 11: script "/usr/nosuch/curl" is not on this machine → /bin/true',
            "line 14: interface bond0.100 → eth0",
            "line 21: interface bond0.100 → eth0",
        ),
        {"check_nginx.sh": "#!/bin/sh\nexit 0\n"},
    ),
    "conf.d": Production(
        CONF_D,
        ("em1",),
        (
            "line 4: include conf.d/*.conf → the text of conf.d/10-web.conf, conf.d/20-db.conf",
            "conf.d/10-web.conf line 2: include ../vips.inc → the text of vips.inc",
            "conf.d/10-web.conf line 4: interface em1 → eth0",
            "conf.d/20-db.conf line 2: interface em1 → eth0",
            "conf.d/20-db.conf line 4: ${{_PWD}} → {here}/conf.d",
            'conf.d/20-db.conf line 4: notify "{here}/conf.d/n.sh" is not on this machine → /bin/true',
            "line 5: include ${{_PWD}}.nosuch* → no such file here",
        ),
        {
            "conf.d/10-web.conf": "# web\ninclude ../vips.inc\nvrrp_instance web {\n    interface em1\n"
            "    virtual_router_id 1\n    virtual_ipaddress {\n        $WEB\n    }\n}",
            "conf.d/20-db.conf": "vrrp_instance db {\n    interface em1\n    virtual_router_id 2\n"
            '    notify "${_PWD}/n.sh"\n    virtual_ipaddress { ${DB} }\n}\n',
            "vips.inc": "$WEB=10.77.0.3/24\n$DB=10.77.0.4/24",
        },
    ),
    "variables": Production(
        VARIABLES,
        ("ens192",),
        (
            "line 1: lines that begin with @ hold by --config-id, in the lab the host's name",
            "line 1: interface ens192 → eth0",
        ),
        host="lb01",
    ),
    "ipv6": Production(IPV6, ("wan0",), ("line 3: interface wan0 → eth0", "line 14: interface wan0 → eth0")),
    "one-line blocks": Production(
        ONE_LINE,
        ("lan0", "lan1"),
        (
            "line 1: interface lan0 → eth0",
            "line 3: label lan0 → eth0",
            f"line 4: smtp_alert {NO_MAIL}",
            "line 4: interface lan1 → eth1",
            "line 6: interface lan0 → eth0",
            f"line 6: smtp_alert {NO_MAIL}",
        ),
    ),
    "everything": Production(
        EVERYTHING,
        ("eth1", "eth2"),
        (
            "line 1: net_namespace taken out: each host of the lab has namespaces of its own",
            "line 2: instance taken out: each host of the lab has namespaces of its own",
            f"line 5: smtp_server {NO_MAIL}",
            f"line 6: smtp_alert {NO_MAIL}",
            "line 7: lvs_sync_daemon taken out: without IPVS in the kernel keepalived crashes over it",
            "line 8: enable_snmp_vrrp taken out: the lab has no SNMP agent",
            "line 9: enable_dbus taken out: the lab has no message bus",
            "line 10: vrrp_cpu_affinity taken out: this machine has other processors",
            "line 11: vrrp_iptables taken out: the lab has nftables, which keepalived then takes by itself",
            "line 12: config_save_dir taken out: the lab's files can only be read",
            "line 13: interface eth1 → eth0",
            "line 14: notify_fifo /var/lib/keepalived.fifo → /run/keepalived.fifo",
            "line 14: user nosuch is not on this machine → root",
            'line 15: notify_fifo_script "/usr/nosuch/fifo.py" is not on this machine → /bin/true',
            "line 19: interface eth2 → eth1",
            "line 21: interface eth1 → eth0",
            "line 25: interface eth1 → eth0",
            "line 25: interface eth2 → eth1",
            "line 27: interface eth2 → eth1",
            "line 28: file /var/lib/nosuch/load → /run/load",
            "line 29: vrrp_track_process haproxy stays; where no such process runs, what tracks it is in FAULT",
            "line 32: interface eth1 → eth0",
            "line 35: lvs_sync_daemon_interface taken out: without IPVS in the kernel keepalived crashes over it",
            "line 39: interface eth2 → eth1",
        ),
    ),
    "macros": Production(
        MACROS,
        ("ens3",),
        (
            "line 3: interface ens3 → eth0",
            "line 5: lines that begin with @ hold by --config-id, in the lab the host's name",
            f"line 6: smtp_alert {NO_MAIL}",
            "line 8: interface ens3 → eth0",
        ),
        host="lb01",
    ),
}
