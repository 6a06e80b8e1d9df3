"""Every message of both generations that means something, as the sources and real daemons write it."""

from __future__ import annotations

from string import printable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrrpscope.evidence.keepalived_words import understand, understand_system, version
from vrrpscope.evidence.phrases import Heard
from vrrpscope.evidence.said import Kind

MS: Final = 1_000_000
S: Final = 1_000 * MS
VI: Final = "VI_50"

OF_2: Final = [
    ("Starting Keepalived v2.2.7 (01/16,2022)", Heard(Kind.STARTED, reason="daemon")),
    ("Starting Keepalived v2.0.20 (02/07,2020), git commit v2.0.19-1", Heard(Kind.STARTED, reason="daemon")),
    ("Starting VRRP child process, pid=7107", Heard(Kind.STARTED, reason="child")),
    ("Delaying startup for 2.5 seconds", Heard(Kind.DELAYED, reason="begun", numbers=(2_500 * MS,))),
    ("Delayed start completed", Heard(Kind.DELAYED, reason="over")),
    ("Reloading ...", Heard(Kind.RELOADED, reason="begun")),
    ("Reload complete", Heard(Kind.RELOADED, reason="complete")),
    ("Stopping", Heard(Kind.STOPPING)),
    ("Stopped Keepalived v2.2.7 (01/16,2022)", Heard(Kind.STOPPED)),
    ("VRRP child process(7107) died: Respawning", Heard(Kind.DIED, reason="lost")),
    (
        "Keepalived_vrrp exited due to signal 9 (Killed) - has rlimit_rttime been exceeded?",
        Heard(Kind.DIED, reason="signal", subject="Keepalived_vrrp", numbers=(9,)),
    ),
    (
        "Keepalived_vrrp exited due to segmentation fault (SIGSEGV).",
        Heard(Kind.DIED, reason="signal", subject="Keepalived_vrrp"),
    ),
    (
        "Keepalived_vrrp exited with permanent error CONFIG. Terminating",
        Heard(Kind.DIED, reason="status", subject="Keepalived_vrrp"),
    ),
    ("(VI_50) Entering BACKUP STATE (init)", Heard(Kind.INIT_BACKUP, VI)),
    ("(VI_50) Entering BACKUP STATE", Heard(Kind.BACKUP, VI)),
    ("(VI_50) Receive advertisement timeout", Heard(Kind.DOWN_TIMER, VI)),
    ("(VI_50) Entering MASTER STATE", Heard(Kind.MASTER, VI)),
    ("(VI_50) setting VIPs.", Heard(Kind.ADDRESSES, VI, "set")),
    ("(VI_50) setting E-VIPs.", Heard(Kind.ADDRESSES, VI, "set")),
    ("(VI_50) removing VIPs.", Heard(Kind.ADDRESSES, VI, "removed")),
    ("(VI_50) Entering FAULT STATE", Heard(Kind.FAULT, VI)),
    ("(VI_50) Entering FAULT STATE (init)", Heard(Kind.FAULT, VI)),
    ("(VI_50): entering FAULT state (interface eth0 down)", Heard(Kind.FAULT, VI, "interface", None, "eth0")),
    ("(VI_50): entering FAULT state due to script chk", Heard(Kind.FAULT, VI, "script", None, "chk")),
    (
        "(VI_50) entering FAULT state (tracked process nginx quorum not achieved)",
        Heard(Kind.FAULT, VI, "process", None, "nginx"),
    ),
    (
        "(VI_50): entering FAULT state (tracked file /run/down has status -254)",
        Heard(Kind.FAULT, VI, "file", None, "/run/down", (-254,)),
    ),
    ("(VI_50) entering FAULT state (no IPv4 address for interface)", Heard(Kind.FAULT, VI, "no-address")),
    ("(VI_50): entering FAULT state (src address not configured)", Heard(Kind.FAULT, VI, "no-address")),
    ("(VI_50) Cannot use unicast without any peers - going to fault state", Heard(Kind.FAULT, VI, "no-peers")),
    (
        "(VI_50) Master received advert from 10.0.0.5 with higher priority 150, ours 100",
        Heard(Kind.HIGHER_ADVERT, VI, "", "10.0.0.5", "", (150, 100)),
    ),
    (
        "(VI_50) Master received advert from fe80::5 with same priority 100 but higher IP address than ours",
        Heard(Kind.HIGHER_ADVERT, VI, "same", "fe80::5", "", (100,)),
    ),
    (
        "(VI_50) Received advert from 10.0.0.6 with lower priority 100, ours 150, forcing new election",
        Heard(Kind.LOWER_ADVERT, VI, "", "10.0.0.6", "", (100, 150)),
    ),
    (
        "(VI_50) Received advert from 10.0.0.6 with lower priority 100, ours 150",
        Heard(Kind.LOWER_ADVERT, VI, "", "10.0.0.6", "", (100, 150)),
    ),
    (
        "(VI_50) received lower priority (100) advert from 10.0.0.6 - discarding",
        Heard(Kind.DISCARDED_LOWER, VI, "", "10.0.0.6", "", (100,)),
    ),
    ("(VI_50) sent 0 priority", Heard(Kind.PRIORITY_ZERO_SENT, VI)),
    ("(VI_50) Backup received priority 0 advertisement", Heard(Kind.PRIORITY_ZERO_HEARD, VI, "backup")),
    ("(VI_50) Master received priority 0 message", Heard(Kind.PRIORITY_ZERO_HEARD, VI, "master")),
    (
        "(VI_50) Changing effective priority from 150 to 90",
        Heard(Kind.PRIORITY_CHANGED, VI, numbers=(150, 90)),
    ),
    (
        "(VI_50) advertisement interval updated from 500ms to 2500ms by master",
        Heard(Kind.INTERVAL_CHANGED, VI, numbers=(500 * MS, 2500 * MS)),
    ),
    (
        "(VI_50) changing advert interval from 2500ms to locally configured 500ms",
        Heard(Kind.INTERVAL_CHANGED, VI, numbers=(2500 * MS, 500 * MS)),
    ),
    ("(VI_50) master set to 10.0.0.5", Heard(Kind.MASTER_KNOWN, VI, "", "10.0.0.5")),
    ("(VI_50) master changed from 10.0.0.5 to 10.0.0.6", Heard(Kind.MASTER_KNOWN, VI, "", "10.0.0.6")),
    ("(VI_50) start preempt delay (4.500000)", Heard(Kind.PREEMPT_DELAY, VI, "start", numbers=(4_500 * MS,))),
    ("(VI_50) stop preempt delay", Heard(Kind.PREEMPT_DELAY, VI, "stop")),
    (
        "(VI_50) WARNING - equal priority advert received from remote host with our IP address.",
        Heard(Kind.REFLECTED, VI),
    ),
    (
        "(VI_50) CONFIGURATION ERROR: local instance and 10.0.0.9 are both configured as address owner, please resolve",
        Heard(Kind.TWO_OWNERS, VI, "", "10.0.0.9"),
    ),
    (
        "(VI_50): send advert error 1 (Operation not permitted)",
        Heard(Kind.SEND_ERROR, VI, "Operation not permitted", numbers=(1,)),
    ),
    (
        "(VI_50) Cant send advert to 10.0.0.7 (Network is unreachable)",
        Heard(Kind.SEND_ERROR, VI, "Network is unreachable", "10.0.0.7"),
    ),
    (
        "(VI_50) Sending/queueing gratuitous ARPs on eth0 for 10.0.0.3",
        Heard(Kind.GARP, VI, "", "10.0.0.3", "eth0"),
    ),
    (
        "(VI_50) Sending/queueing Unsolicited Neighbour Adverts on eth0 for fd00:0::3",
        Heard(Kind.GARP, VI, "", "fd00::3", "eth0"),
    ),
    ("Sending gratuitous ARP on eth0 for 10.0.0.3", Heard(Kind.GARP, "", "", "10.0.0.3", "eth0")),
    ("Sending unsolicited Neighbour Advert on eth0 for fe80::3", Heard(Kind.GARP, "", "", "fe80::3", "eth0")),
    ("Script `chk` now returning 1", Heard(Kind.SCRIPT_RESULT, subject="chk", numbers=(1,))),
    (
        "VRRP_Script(chk) failed (exited with status 1)",
        Heard(Kind.SCRIPT_FAILED, reason="status", subject="chk", numbers=(1,)),
    ),
    (
        "VRRP_Script(chk) failed (due to signal 15)",
        Heard(Kind.SCRIPT_FAILED, reason="signal", subject="chk", numbers=(15,)),
    ),
    ("VRRP_Script(chk) timed_out", Heard(Kind.SCRIPT_FAILED, reason="timeout", subject="chk")),
    ("VRRP_Script(chk) succeeded", Heard(Kind.SCRIPT_SUCCEEDED, subject="chk")),
    ("Quorum lost for tracked process nginx", Heard(Kind.SCRIPT_FAILED, reason="process", subject="nginx")),
    ("Quorum gained for tracked process nginx", Heard(Kind.SCRIPT_SUCCEEDED, reason="process", subject="nginx")),
    (
        "VRRP_Instance(VI_50) Tracked BFD instance b1 is DOWN",
        Heard(Kind.SCRIPT_FAILED, VI, "bfd", None, "b1"),
    ),
    ("Netlink reports eth0 down", Heard(Kind.INTERFACE_DOWN, subject="eth0")),
    ("Netlink reports eth0 up", Heard(Kind.INTERFACE_UP, subject="eth0")),
    ("Interface uplink0 deleted", Heard(Kind.INTERFACE_DOWN, reason="deleted", subject="uplink0")),
    ("Interface uplink0 added", Heard(Kind.INTERFACE_UP, reason="added", subject="uplink0")),
    (
        "Assigned address 10.0.0.5 for interface eth0",
        Heard(Kind.OWN_ADDRESS, "", "added", "10.0.0.5", "eth0"),
    ),
    (
        "Deassigned address fe80::5 from interface eth0",
        Heard(Kind.OWN_ADDRESS, "", "removed", "fe80::5", "eth0"),
    ),
    ("A thread timer expired 5.000123 seconds ago", Heard(Kind.LATE, numbers=(5_000_123_000,))),
    ("VRRP thread timer expired 6.5 seconds ago", Heard(Kind.LATE, numbers=(6_500 * MS,))),
    ("VRRP_Group(SG) Syncing instances to MASTER state", Heard(Kind.SYNC_GROUP, reason="master", subject="SG")),
    ("VRRP_Group(SG): Syncing VI_51 to FAULT state", Heard(Kind.SYNC_GROUP, reason="fault", subject="SG")),
]

OF_1: Final = [
    ("Starting Keepalived v1.3.5 (03/19,2017), git commit v1.3.5-6-g6fa32f2", Heard(Kind.STARTED, reason="daemon")),
    ("Stopping Keepalived v1.2.13 (03/19,2015)", Heard(Kind.STOPPING)),
    ("VRRP_Instance(VI_50) Entering BACKUP STATE", Heard(Kind.BACKUP, VI)),
    ("VRRP_Instance(VI_50): Transition to MASTER STATE", Heard(Kind.TRANSITION, VI)),
    ("VRRP_Instance(VI_50) Transition to MASTER STATE", Heard(Kind.TRANSITION, VI)),
    ("VRRP_Instance(VI_50) Entering MASTER STATE", Heard(Kind.MASTER, VI)),
    ("VRRP_Instance(VI_50) setting protocol VIPs.", Heard(Kind.ADDRESSES, VI, "set")),
    ("VRRP_Instance(VI_50) removing protocol E-VIPs.", Heard(Kind.ADDRESSES, VI, "removed")),
    (
        "VRRP_Instance(VI_50) Sending gratuitous ARPs on eth0 for 10.0.0.3",
        Heard(Kind.GARP, VI, "", "10.0.0.3", "eth0"),
    ),
    ("VRRP_Instance(VI_50) Now in FAULT state", Heard(Kind.FAULT, VI)),
    ("VRRP_Instance(VI_50) forcing a new MASTER election", Heard(Kind.FORCED_ELECTION, VI)),
    ("VRRP_Instance(VI_50) Received higher prio advert", Heard(Kind.HIGHER_ADVERT, VI)),
    ("VRRP_Instance(VI_50) Received higher prio advert 150", Heard(Kind.HIGHER_ADVERT, VI, numbers=(150,))),
    (
        "VRRP_Instance(VI_50) Received advert with higher priority 150, ours 100",
        Heard(Kind.HIGHER_ADVERT, VI, numbers=(150, 100)),
    ),
    (
        "VRRP_Instance(VI_50) Master received advert with same priority 100 but higher IP address than ours (10.0.0.5)",
        Heard(Kind.HIGHER_ADVERT, VI, "same", numbers=(100,)),
    ),
    ("VRRP_Instance(VI_50) Received lower prio advert, forcing new election", Heard(Kind.LOWER_ADVERT, VI)),
    (
        "VRRP_Instance(VI_50) Received advert with lower priority 100, ours 150, forcing new election",
        Heard(Kind.LOWER_ADVERT, VI, numbers=(100, 150)),
    ),
    ("VRRP_Instance(VI_50) sent 0 priority", Heard(Kind.PRIORITY_ZERO_SENT, VI)),
    ("VRRP_Instance(VI_50) sending 0 priority", Heard(Kind.PRIORITY_ZERO_SENT, VI)),
    (
        "VRRP_Instance(VI_50) Changing effective priority from 150 to 90",
        Heard(Kind.PRIORITY_CHANGED, VI, numbers=(150, 90)),
    ),
    ("VRRP_Instance(VI_50) start preempt delay(4)", Heard(Kind.PREEMPT_DELAY, VI, "start", numbers=(4 * S,))),
    ("VRRP_Instance(VI_50) reset preempt delay", Heard(Kind.PREEMPT_DELAY, VI, "stop")),
    (
        "VRRP_Instance(VI_50) advertisement interval updated to 2500 milli-sec from higher priority master",
        Heard(Kind.INTERVAL_CHANGED, VI, numbers=(2500 * MS,)),
    ),
    ("VRRP_Script(chk) failed", Heard(Kind.SCRIPT_FAILED, subject="chk")),
    ("VRRP_Script(chk) timed out", Heard(Kind.SCRIPT_FAILED, reason="timeout", subject="chk")),
    ("VRRP_Group(SG) Transition to MASTER state", Heard(Kind.SYNC_GROUP, reason="master", subject="SG")),
    ("Kernel is reporting: interface eth0 DOWN", Heard(Kind.INTERFACE_DOWN, subject="eth0")),
    ("Kernel is reporting: interface eth0 UP", Heard(Kind.INTERFACE_UP, subject="eth0")),
]


@pytest.mark.parametrize(("text", "heard"), [*OF_2, *OF_1], ids=lambda value: value if isinstance(value, str) else "")
def test_a_message_is_understood(text: str, heard: Heard) -> None:
    assert understand(text) == heard


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("Starting Keepalived v2.2.7 (01/16,2022)", (2, 2, 7)),
        ("Starting Keepalived v1.3.5 (03/19,2017), git commit v1.3.5-6-g6fa32f2", (1, 3, 5)),
        ("Starting VRRP child process, pid=7107", None),
    ],
)
def test_the_version_is_read_from_the_first_line(text: str, release: tuple[int, ...] | None) -> None:
    assert version(text) == release


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        (
            "keepalived.service: Main process exited, code=killed, status=9/KILL",
            Heard(Kind.DIED, reason="signal", numbers=(9,)),
        ),
        (
            "frr.service: Main process exited, code=exited, status=1/FAILURE",
            Heard(Kind.DIED, reason="status", numbers=(1,)),
        ),
        (
            "[ 1234.5] Out of memory: Killed process 417 (keepalived) total-vm:9200kB, anon-rss:0kB",
            Heard(Kind.DIED, reason="out-of-memory"),
        ),
        ("nginx.service: Main process exited, code=killed, status=9/KILL", Heard(Kind.OTHER)),
    ],
)
def test_systemd_and_the_kernel_tell_of_a_death(text: str, heard: Heard) -> None:
    assert understand_system(text) == heard


@pytest.mark.parametrize(
    "text",
    [
        "Registering Kernel netlink reflector",
        "(A.conf: Line 5) Truncating auth_pass to 8 characters",
        "(VI_50): Success creating VMAC interface vrrp.50",
        "(VI_50) Entering MASTER STATE and more",
        "(VI_50) master set to nobody",
        "(VI_50) received an invalid passwd from 999.0.0.6!!",
        "(",
        "()",
        "VRRP_Script() succeeded",
        "",
    ],
)
def test_what_means_nothing_is_other(text: str) -> None:
    assert understand(text).kind is Kind.OTHER


def test_an_address_that_is_none_is_left_out() -> None:
    assert understand("(VI_50) received an invalid passwd from 999.0.0.6!").peer is None


@given(st.text(alphabet=printable, max_size=600))
def test_any_text_is_understood_somehow(text: str) -> None:
    assert understand(text).kind in Kind
    assert understand_system(text).kind in Kind


@pytest.mark.parametrize("text", ["VRRP_Script(" * 80, "(" * 512, "VRRP_Group(" + "a) Syncing " * 45, "x" * 5000])
def test_a_long_text_made_to_be_slow_is_other(text: str) -> None:
    assert understand(text).kind is Kind.OTHER
