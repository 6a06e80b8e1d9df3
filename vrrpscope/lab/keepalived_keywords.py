"""What each keyword of keepalived's names, and so what a configuration needs of the machine it runs on.

A keyword is known by its block and itself, `("vrrp_instance", "interface")`; the block of those outside all blocks is
"". The names are those that version 2.2.7 installs (vrrp_parser.c, global_parser.c).
"""

from __future__ import annotations

from typing import Final


def _at(blocks: str, keywords: str) -> set[tuple[str, str]]:
    return {(block.strip("-"), keyword) for block in blocks.split() for keyword in keywords.split()}


TAKEN_OUT: Final[dict[tuple[str, str], str]] = {
    key: why
    for keys, why in (
        (_at("-", "net_namespace net_namespace_ipvs instance"), "each host of the lab has namespaces of its own"),
        (
            _at("global_defs", "smtp_server notification_email smtp_alert smtp_alert_vrrp smtp_alert_checker")
            | _at("vrrp_instance vrrp_sync_group", "smtp_alert"),
            "no mail server can be reached from the lab",
        ),
        (
            _at("global_defs", "lvs_sync_daemon") | _at("vrrp_instance", "lvs_sync_daemon_interface"),
            "without IPVS in the kernel keepalived crashes over it",
        ),
        (_at("global_defs", "enable_dbus dbus_service_name"), "the lab has no message bus"),
        (
            _at(
                "global_defs",
                "snmp_socket enable_traps enable_snmp_vrrp enable_snmp_keepalived enable_snmp_checker"
                " enable_snmp_rfc enable_snmp_rfcv2 enable_snmp_rfcv3",
            ),
            "the lab has no SNMP agent",
        ),
        (
            _at("global_defs", "tmp_config_directory config_save_dir reload_file reload_time_file"),
            "the lab's files can only be read",
        ),
        (
            _at("global_defs", "vrrp_cpu_affinity checker_cpu_affinity bfd_cpu_affinity"),
            "this machine has other processors",
        ),
        (
            _at("global_defs", "vrrp_iptables vrrp_ipsets"),
            "the lab has nftables, which keepalived then takes by itself",
        ),
        (_at("vrrp_instance", "vrf"), "the lab has no VRFs"),
    )
    for key in keys
}
"""Statements that must go, with their blocks, and why."""
SCRIPTS: Final = (
    _at("vrrp_script", "script")
    | _at("vrrp_instance vrrp_sync_group", "notify notify_master notify_backup notify_fault notify_stop notify_deleted")
    | _at("vrrp_instance", "notify_master_rx_lower_pri")
    | _at(
        "global_defs",
        "startup_script shutdown_script notify_fifo_script vrrp_notify_fifo_script lvs_notify_fifo_script",
    )
)
"""The second word is a command; a user and a group may follow."""
FIFOS: Final = _at("global_defs", "notify_fifo vrrp_notify_fifo lvs_notify_fifo")
"""The second word is a FIFO that keepalived makes; a user and a group may follow."""
FILES: Final = _at("track_file vrrp_track_file", "file")
"""The second word is a file that is watched."""
USERS: Final = _at("global_defs", "script_user") | _at("vrrp_script", "user")
"""The second word is a user; a group may follow."""
INTERFACES: Final = _at("vrrp_instance garp_group", "interface") | _at("global_defs", "default_interface")
"""The second word is an interface."""
INTERFACE_LISTS: Final = {"track_interface", "linkbeat_interfaces", "interface_up_down_delays"}
"""Blocks whose lines begin with an interface."""
NAME_LISTS: Final = {"interfaces"}
"""Blocks that hold nothing but interfaces."""
DEVICE_LISTS: Final = {
    *("virtual_ipaddress", "virtual_ipaddress_excluded", "virtual_routes", "virtual_rules"),
    *("static_ipaddress", "static_routes", "static_rules"),
}
"""Blocks whose lines name interfaces after `dev`, `iif`, `oif` and `label`, as ip(8) has it."""
LISTS: Final = INTERFACE_LISTS | NAME_LISTS | DEVICE_LISTS | {"unicast_peer"}
"""Blocks that hold no blocks."""
INCLUDES: Final = {"include", "includer", "includem", "includew", "includeb", "includea"}
"""What is no statement but puts a file in its place."""
NOT_RUN: Final = {"virtual_server", "virtual_server_group", "SSL"}
"""Blocks that nothing runs from under `--vrrp`."""
REMARKS: Final = {
    ("", "vrrp_track_process"): "stays; where no such process runs, what tracks it is in FAULT",
    ("", "bfd_instance"): "stays; until its neighbour answers, what tracks it is in FAULT",
}
"""What stays and behaves otherwise in the lab."""
