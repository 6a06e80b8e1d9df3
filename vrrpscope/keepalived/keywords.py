"""Which words stand in which block, as keepalived 2.2.7 (keepalived.conf(5)) and later versions have it.

Only the blocks that say something of VRRP are listed. A word that is in none of these is no error: it may be of a
newer version. keepalived passes over it with a line in its log, and over the block that it opens.
"""

from __future__ import annotations

from typing import Final

_TRACKERS: Final = "track_interface track_script track_file track_process track_bfd"
_NOTIFY: Final = "notify notify_master notify_backup notify_fault notify_stop notify_deleted smtp_alert"
_GARP: Final = (
    "garp_master_delay garp_master_repeat garp_lower_prio_delay garp_lower_prio_repeat garp_master_refresh"
    " garp_master_refresh_repeat garp_interval gna_interval garp_extra_if"
)

KNOWN: Final[dict[str, frozenset[str]]] = {
    block: frozenset(keywords.split())
    for block, keywords in {
        "": "global_defs vrrp_instance vrrp_script vrrp_sync_group vrrp_track_file vrrp_track_process track_file"
        " track_group garp_group bfd_instance static_ipaddress static_routes static_rules virtual_server"
        " virtual_server_group linkbeat_interfaces linkbeat_use_polling interface_up_down_delays net_namespace"
        " net_namespace_ipvs namespace_with_ipsets instance use_pid_dir child_wait_time SSL",
        "global_defs": "tmp_config_directory config_save_dir process_names process_name vrrp_process_name"
        " checker_process_name bfd_process_name startup_script startup_script_timeout shutdown_script"
        " shutdown_script_timeout notification_email notification_email_from smtp_server smtp_helo_name"
        " smtp_connect_timeout smtp_alert smtp_alert_vrrp smtp_alert_checker checker_log_all_failures no_email_faults"
        " router_id vrrp_mcast_group4 vrrp_mcast_group6 default_interface lvs_sync_daemon lvs_timeouts lvs_flush"
        " lvs_flush_on_stop vrrp_garp_master_delay vrrp_garp_master_repeat vrrp_garp_lower_prio_delay"
        " vrrp_down_timer_adverts vrrp_garp_lower_prio_repeat vrrp_garp_master_refresh"
        " vrrp_garp_master_refresh_repeat vrrp_garp_interval vrrp_gna_interval vrrp_min_garp vrrp_garp_extra_if"
        " vrrp_lower_prio_no_advert vrrp_higher_prio_send_advert vrrp_version nftables nftables_priority"
        " nftables_counters nftables_ifindex nftables_ipvs nftables_ipvs_priority nftables_ipvs_start_fwmark"
        " vrrp_iptables vrrp_ipsets disable_local_igmp vrrp_check_unicast_src vrrp_skip_check_adv_addr vrrp_strict"
        " vrrp_notify_priority_changes vrrp_owner_ignore_adverts vrrp_delay_after_boot log_unknown_vrids"
        " max_auto_priority min_auto_priority_delay vrrp_priority checker_priority bfd_priority vrrp_no_swap"
        " checker_no_swap bfd_no_swap vrrp_cpu_affinity checker_cpu_affinity bfd_cpu_affinity vrrp_rt_priority"
        " checker_rt_priority bfd_rt_priority vrrp_rlimit_rttime checker_rlimit_rttime bfd_rlimit_rttime"
        " vrrp_rlimit_rtime checker_rlimit_rtime bfd_rlimit_rtime snmp_socket enable_snmp_vrrp"
        " enable_snmp_keepalived enable_snmp_checker enable_snmp_rfc enable_snmp_rfcv2 enable_snmp_rfcv3 enable_traps"
        " enable_dbus dbus_service_name dbus_no_interface_name script_user enable_script_security notify_fifo"
        " notify_fifo_script vrrp_notify_fifo vrrp_notify_fifo_script lvs_notify_fifo lvs_notify_fifo_script"
        " fifo_write_vrrp_states_on_reload dynamic_interfaces vrrp_netlink_cmd_rcv_bufs"
        " vrrp_netlink_cmd_rcv_bufs_force vrrp_netlink_monitor_rcv_bufs vrrp_netlink_monitor_rcv_bufs_force"
        " lvs_netlink_cmd_rcv_bufs lvs_netlink_cmd_rcv_bufs_force lvs_netlink_monitor_rcv_bufs"
        " lvs_netlink_monitor_rcv_bufs_force process_monitor_rcv_bufs process_monitor_rcv_bufs_force"
        " vrrp_rx_bufs_policy vrrp_rx_bufs_multiplier rs_init_notifies no_checker_emails umask vrrp_startup_delay"
        " vmac_prefix vmac_addr_prefix random_seed reload_check_config include_check reload_time_file reload_repeat"
        " reload_file data_use_instance json_version state_dump_file stats_dump_file json_dump_file",
        "vrrp_instance": f"{_TRACKERS} {_NOTIFY} {_GARP} notify_master_rx_lower_pri notify_priority_changes state"
        " interface vrf use_vmac use_vmac_addr vmac_xmit_base vmac_netlink_notify vmac_garp_intvl use_ipvlan"
        " native_ipv6 dont_track_primary linkbeat_use_polling mcast_src_ip mcast_dst_ip unicast_src_ip track_src_ip"
        " version unicast_peer unicast_fault_no_peer unicast_ttl old_unicast_checksum check_unicast_src"
        " v3_checksum_as_v2 virtual_router_id priority advert_int authentication auth_hmac virtual_ipaddress"
        " virtual_ipaddress_excluded promote_secondaries virtual_routes virtual_rules accept no_accept nopreempt"
        " preempt preempt_delay timer_expired_backup thread_timer_expired strict_mode owner_ignore_adverts"
        " down_timer_adverts lower_prio_no_advert higher_prio_send_advert skip_check_adv_addr debug"
        " kernel_rx_buf_size lvs_sync_daemon_interface",
        "vrrp_script": "script interval timeout weight rise fall user init_fail",
        "vrrp_sync_group": f"{_TRACKERS} {_NOTIFY} group global_tracking sync_group_tracking_weight",
        "authentication": "auth_type auth_pass",
    }.items()
}
"""The words of a block; "" is outside all blocks."""
LISTS: Final = frozenset(
    f"{_TRACKERS} virtual_ipaddress virtual_ipaddress_excluded unicast_peer virtual_routes virtual_rules group"
    " static_ipaddress static_routes static_rules linkbeat_interfaces interfaces authentication".split()
)
"""Blocks that hold no blocks: one that opens in them shows that their closing brace is missing."""
TOP: Final = KNOWN[""] - {"track_file", "instance"}
"""Words that stand outside all blocks only."""
