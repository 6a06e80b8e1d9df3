"""Logs read whole: excerpts of real ones, what is folded, and what is survived."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrrpscope.evidence import keepalived_log
from vrrpscope.evidence.keepalived_log import MAX_OTHER, read
from vrrpscope.evidence.log_stamps import SECOND
from vrrpscope.evidence.said import Kind

if TYPE_CHECKING:
    from vrrpscope.evidence.said import Log, Said

SAMPLES: Final = Path(__file__).parents[2] / "samples"
AT: Final = int(datetime(2026, 11, 22, 18, 44, 6, tzinfo=UTC).timestamp()) * SECOND

PREEMPTS: Final = """\
Sun Nov 22 18:44:06 2026: Starting Keepalived v2.2.7 (01/16,2022)
Sun Nov 22 18:44:06 2026: Command line: 'keepalived' '--vrrp' '--dont-fork' '--log-console' '--log-detail'
Sun Nov 22 18:44:06 2026:               '--use-file=lb01.conf'
Sun Nov 22 18:44:06 2026: Starting VRRP child process, pid=7288
Sun Nov 22 18:44:06 2026: Assigned address 10.0.0.5 for interface eth0
Sun Nov 22 18:44:06 2026: Assigned address fe80::5 for interface eth0
Sun Nov 22 18:44:06 2026: (VI_50) removing VIPs.
Sun Nov 22 18:44:06 2026: (VI_50) Entering BACKUP STATE (init)
Sun Nov 22 18:44:07 2026: (VI_50) received lower priority (100) advert from 10.0.0.6 - discarding
Sun Nov 22 18:44:09 2026: (VI_50) Receive advertisement timeout
Sun Nov 22 18:44:09 2026: (VI_50) Entering MASTER STATE
Sun Nov 22 18:44:09 2026: (VI_50) setting VIPs.
Sun Nov 22 18:44:09 2026: (VI_50) Sending/queueing gratuitous ARPs on eth0 for 10.0.0.3
Sun Nov 22 18:44:09 2026: Sending gratuitous ARP on eth0 for 10.0.0.3
Sun Nov 22 18:44:09 2026: Sending gratuitous ARP on eth0 for 10.0.0.3
Sun Nov 22 18:44:14 2026: (VI_50) Sending/queueing gratuitous ARPs on eth0 for 10.0.0.3
Sun Nov 22 18:44:14 2026: Sending gratuitous ARP on eth0 for 10.0.0.3
Sun Nov 22 18:44:16 2026: Stopping
Sun Nov 22 18:44:16 2026: (VI_50) sent 0 priority
Sun Nov 22 18:44:17 2026: Stopped Keepalived v2.2.7 (01/16,2022)
""".splitlines()

OF_FRR: Final = """\
2026/11/22 21:20:27 VRRP: [T83RR-8SM5G] vrrpd 8.4.4 starting: vty@0
2026/11/22 21:20:27 VRRP: [P485H-A79BW] [CORE] [VRID 50] [IPv6] Refusing to start Virtual Router: No VRRP interface
2026/11/22 21:20:27 VRRP: [P485H-A79BW] [CORE] [VRID 50] [IPv6] Refusing to start Virtual Router: No VRRP interface
2026/11/22 21:20:27 VRRP: [R3SM7-1JZFQ] [CORE] [VRID 50] [IPv4] 'Startup' event
2026/11/22 21:20:27 VRRP: [W23ZH-NY264] [CORE] [VRID 50] [IPv4] Initialize -> Backup
2026/11/22 21:20:39 VRRP: [SN55S-ESQ86] [CORE] [VRID 50] [IPv4] Master_Down_Timer expired
2026/11/22 21:20:39 VRRP: [W23ZH-NY264] [CORE] [VRID 50] [IPv4] Backup -> Master
2026/11/22 21:20:46 VRRP: [TE0EM-RN6HQ] [CORE] [VRID 50] [IPv4] Received advertisement from 10.0.0.5 w/ priority 150; \
switching to Backup
2026/11/22 21:20:46 VRRP: [W23ZH-NY264] [CORE] [VRID 50] [IPv4] Master -> Backup
2026/11/22 21:20:52 VRRP: [N50WA-0KKX6] Terminating on signal
2026/11/22 21:20:52 VRRP: [R3SM7-1JZFQ] [CORE] [VRID 50] [IPv4] 'Shutdown' event
2026/11/22 21:20:52 VRRP: [W23ZH-NY264] [CORE] [VRID 50] [IPv4] Backup -> Initialize
""".splitlines()


def kinds(log: Log) -> list[tuple[Kind, int]]:
    return [(said.kind, said.times) for said in log.said if said.kind is not Kind.OTHER]


def on_console(*texts: str) -> list[str]:
    """One line a second."""
    return [f"Sun Nov 22 18:{44 + n // 60}:{n % 60:02} 2026: {text}" for n, text in enumerate(texts)]


def test_a_log_of_keepalived_2() -> None:
    log = read(PREEMPTS, "lb01")
    assert kinds(log) == [
        (Kind.STARTED, 1),
        (Kind.STARTED, 1),
        (Kind.OWN_ADDRESS, 1),
        (Kind.OWN_ADDRESS, 1),
        (Kind.ADDRESSES, 1),
        (Kind.INIT_BACKUP, 1),
        (Kind.DISCARDED_LOWER, 1),
        (Kind.DOWN_TIMER, 1),
        (Kind.MASTER, 1),
        (Kind.ADDRESSES, 1),
        (Kind.GARP, 3),
        (Kind.GARP, 2),
        (Kind.STOPPING, 1),
        (Kind.PRIORITY_ZERO_SENT, 1),
        (Kind.STOPPED, 1),
    ]
    assert (log.host, log.instances, log.addresses) == ("lb01", ("VI_50",), ("10.0.0.5", "fe80::5"))
    assert (log.versions, log.problems) == (("keepalived 2.2.7",), ())
    assert (log.lines, log.other, log.undated, log.foreign, log.dropped) == (20, 2, 0, 0, 0)
    master = next(said for said in log.said if said.kind is Kind.MASTER)
    assert (master.t, master.until, master.last) == (AT + 3 * SECOND, AT + 4 * SECOND, AT + 3 * SECOND)
    assert (master.line, master.text, master.instance) == (11, "(VI_50) Entering MASTER STATE", "VI_50")


def test_a_log_of_keepalived_1_in_the_journal() -> None:
    log = read(
        [
            "-- Logs begin at Mon 2026-11-02 08:00:01 UTC, end at Sun 2026-11-22 18:45:00 UTC. --",
            "Nov 22 18:44:06 lb01 Keepalived_vrrp[917]: VRRP_Instance(VI_50) Transition to MASTER STATE",
            "Nov 22 18:44:06 lb01 sshd[99]: Accepted publickey for ops from 10.0.0.50 port 50022 ssh2",
            "Nov 22 18:44:07 lb01 Keepalived_vrrp[917]: VRRP_Instance(VI_50) Entering MASTER STATE",
            "Nov 22 18:44:07 lb01 Keepalived_vrrp[917]: VRRP_Instance(VI_50) setting protocol VIPs.",
            "Nov 22 18:44:07 lb01 Keepalived_vrrp[917]: Sending gratuitous ARP on eth0 for 10.0.0.3",
            "Nov 22 18:44:09 lb01 Keepalived_vrrp[917]: VRRP_Instance(VI_50) Received higher prio advert 200",
            "Nov 22 18:44:09 lb01 Keepalived_vrrp[917]: VRRP_Instance(VI_50) Entering BACKUP STATE",
            "Nov 22 18:44:20 lb01 systemd[1]: keepalived.service: Main process exited, code=killed, status=9/KILL",
            "Nov 22 18:44:20 lb01 systemd[1]: Stopped LVS and VRRP High Availability Monitor.",
        ],
        "lb01",
        near=AT,
    )
    assert kinds(log) == [
        (Kind.TRANSITION, 1),
        (Kind.MASTER, 1),
        (Kind.ADDRESSES, 1),
        (Kind.GARP, 1),
        (Kind.HIGHER_ADVERT, 1),
        (Kind.BACKUP, 1),
        (Kind.DIED, 1),
    ]
    assert log.said[0].t == AT
    assert (log.foreign, log.undated) == (3, 0)


def test_a_log_of_frr() -> None:
    log = read(OF_FRR, "lb02")
    assert kinds(log) == [
        (Kind.STARTED, 1),
        (Kind.REFUSED, 2),
        (Kind.STARTED, 1),
        (Kind.INIT_BACKUP, 1),
        (Kind.DOWN_TIMER, 1),
        (Kind.MASTER, 1),
        (Kind.HIGHER_ADVERT, 1),
        (Kind.BACKUP, 1),
        (Kind.STOPPING, 1),
        (Kind.STOPPING, 1),
        (Kind.STOPPED, 1),
    ]
    assert log.versions == ("frr 8.4.4",)
    assert log.instances == ("ipv6/50", "ipv4/50")


def test_a_compressed_log_is_read(tmp_path: Path) -> None:
    path = tmp_path / "lb01.log.1.gz"
    path.write_bytes(gzip.compress("\n".join(PREEMPTS).encode()))
    assert read(str(path), "lb01") == read(PREEMPTS, "lb01")


def test_a_daemon_by_another_name_is_known_by_its_words() -> None:
    lines = [
        f"Nov 22 18:44:0{n} lb01 {text}"
        for n, text in enumerate(
            ["ha[7]: (VI_50) Entering MASTER STATE", "ha[7]: Stopping", "zebra[8]: (VI_50) Entering MASTER STATE"]
        )
    ]
    log = read(lines, "lb01", near=AT)
    assert kinds(log) == [(Kind.MASTER, 1)]
    assert log.foreign == 2


def test_a_rejection_said_again_is_counted_until_the_instance_changes_its_state() -> None:
    bad, worse = "(VI_50) received an invalid passwd!", "(VI_51) received an invalid passwd!"
    log = read(on_console(bad, bad, worse, bad, "(VI_50) Entering MASTER STATE", worse, bad), "lb01")
    assert [(said.instance, said.kind, said.times, (said.last - said.t) // SECOND) for said in log.said] == [
        ("VI_50", Kind.REJECTED, 3, 3),
        ("VI_51", Kind.REJECTED, 2, 3),
        ("VI_50", Kind.MASTER, 1, 0),
        ("VI_50", Kind.REJECTED, 1, 0),
    ]


def test_a_rejection_after_a_lull_is_a_new_one() -> None:
    bad = "(VI_50) received an invalid passwd!"
    log = read(on_console(bad, *["Startup complete"] * 61, bad), "lb01")
    assert [said.times for said in log.said if said.kind is Kind.REJECTED] == [1, 1]


def test_rejections_that_differ_stand_apart() -> None:
    log = read(on_console("(VI_50) received a 1 auth, expecting 2!", "(VI_50) received a 0 auth, expecting 2!"), "lb01")
    assert [said.numbers for said in log.said] == [(1, 2), (0, 2)]


def test_what_rsyslog_has_folded_is_counted() -> None:
    lines = [
        "Nov 22 18:44:06 lb01 Keepalived_vrrp[9]: (VI_50) received an invalid passwd!",
        "Nov 22 18:44:11 lb01 Keepalived_vrrp[9]: message repeated 4 times: [ (VI_50) received an invalid passwd!]",
    ]
    assert kinds(read(lines, "lb01", near=AT)) == [(Kind.REJECTED, 5)]


def test_the_gratuitous_arp_of_two_instances_stands_apart() -> None:
    lines = PREEMPTS[12:14] + [line.replace("VI_50", "VI_51") for line in PREEMPTS[12:14]]
    assert [(said.instance, said.times) for said in read(lines, "lb01").said] == [("VI_50", 2), ("VI_51", 2)]


@pytest.mark.parametrize(
    ("version", "kind"), [("2.3.2", Kind.REJECTED), ("2.3.3", Kind.DIFFERS), ("2.4.1", Kind.DIFFERS)]
)
def test_the_version_at_the_start_decides_what_an_address_count_means(version: str, kind: Kind) -> None:
    lines = on_console(f"Starting Keepalived v{version} (01/16,2025)", "(VI_50) expected 1 VIPs but received 2")
    assert read(lines, "lb01").said[1].kind is kind


def test_of_a_log_that_hosts_share_the_lines_of_ours_are_taken() -> None:
    lines = [
        f"2026-11-22T18:44:0{n}Z {host} Keepalived_vrrp[9]: (VI_50) Entering MASTER STATE"
        for n, host in enumerate(["lb01.example.net", "lb02.example.net", "lb01.example.net"])
    ]
    log = read(lines, "LB01")
    assert (kinds(log), log.foreign) == ([(Kind.MASTER, 1), (Kind.MASTER, 1)], 1)
    log = read(lines, "backup")
    assert len(log.said) == 3
    assert "lb01.example.net, lb02.example.net" in log.problems[0].message


def test_a_clock_that_goes_back_is_a_problem_and_no_error() -> None:
    lines = [f"Sun Nov 22 {clock} 2026: (VI_50) sent 0 priority" for clock in ("18:44:06", "17:44:07", "17:44:08")]
    log = read(lines, "lb01")
    assert [problem.message for problem in log.problems] == ["line 2: the clock of lb01 goes back by 3,599.000 s"]
    assert len(log.said) == 3


def test_a_log_without_years_needs_a_capture() -> None:
    lines = ["Nov 22 18:44:06 lb01 Keepalived_vrrp[9]: (VI_50) Entering MASTER STATE"]
    log = read(lines, "lb01")
    assert (log.said, log.undated) == ((), 1)
    assert "1 lines have no year in their time, and no capture tells it" in [each.message for each in log.problems]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "the log of lb01 is empty"),
        (["\xd4\xc3\xb2\xa1\x02", "\x00" * 90], "the log of lb01 has 2 lines, but none of keepalived or vrrpd"),
    ],
)
def test_a_file_that_is_no_log_says_so(lines: list[str], message: str) -> None:
    assert [each.message for each in read(lines, "lb01").problems] == [message]


def test_what_is_kept_is_bounded_and_what_is_not_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = (f"1795373046.{n:06} chatter {n}" for n in range(MAX_OTHER + 10))
    log = read(noise, "lb01")
    assert (len(log.said), log.other, log.dropped) == (MAX_OTHER, MAX_OTHER + 10, 10)
    monkeypatch.setattr(keepalived_log, "MAX_SAID", 3)
    log = read(PREEMPTS, "lb01")
    assert (len(log.said), log.dropped) == (3, 17)


STAMPS: Final = (
    "Sun Nov 22 18:44:06 2026: ",
    "Sun Nov 22 18:44:05.424517123 2026: ",
    "1795382325.424517 ",
    "2026/11/22 21:20:27 VRRP: ",
    "Nov 22 18:44:06 lb01 Keepalived_vrrp[9]: ",
    "Jan  1 00:00:00 lb02 kernel: ",
    "",
)
pieces = st.sampled_from([*STAMPS, *(line.partition("2026: ")[2] for line in PREEMPTS), *OF_FRR, "\x00", "{", "\ud7ff"])


@given(st.lists(st.builds(str.__add__, st.builds(str.__add__, pieces, pieces), st.text(max_size=5)), max_size=30))
def test_any_lines_are_read_and_every_one_is_accounted_for(lines: list[str]) -> None:
    log = read(lines, "lb01", near=AT)
    told = sum(said.times for said in log.said)
    blank = sum(not line.strip() for line in lines)
    assert log.lines == len(lines) == told + log.undated + log.foreign + log.dropped + blank
    for said in log.said:
        assert said.t < said.until
        assert said.t <= said.last


STATE: Final = {
    Kind.MASTER: "MASTER",
    Kind.BACKUP: "BACKUP",
    Kind.INIT_BACKUP: "BACKUP",
    Kind.FAULT: "FAULT",
}


def states(log: Log) -> list[tuple[Said, str]]:
    """What the log says of states, as the sample's own reader counts them."""
    return [(said, STATE[said.kind]) for said in log.said if said.kind in STATE]


def logs_of_samples() -> list[Path]:
    return sorted(path for path in SAMPLES.glob("*/lb0?.log") if (path.parent / "truth.json").exists())


@pytest.mark.parametrize("path", logs_of_samples(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_real_log_agrees_to_the_second_with_what_happened(path: Path) -> None:
    truth: dict[str, Any] = json.loads((path.parent / "truth.json").read_text(encoding="utf-8"))
    expected = [
        change for change in truth["transitions"] if change["host"] == path.stem and change["state"] in STATE.values()
    ]
    log = read(str(path), path.stem)
    assert log.problems == ()
    heard = states(log)[: len(expected)]  # the recording ends before the daemons do
    assert [state for _, state in heard] == [change["state"] for change in expected]
    for (said, _), change in zip(heard, expected, strict=True):
        at = datetime.fromisoformat(change["t"]).timestamp() * SECOND
        assert said.t <= at < said.until + SECOND / 20, change  # stamped there as the line arrived
