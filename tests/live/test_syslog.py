"""Logs that are told: what they get, and that nothing captured can forge an entry."""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.live.telling import NEW, PATIENCE, told
from tests.live.watched import finding
from vrrpscope.errors import UsageError
from vrrpscope.findings import Severity
from vrrpscope.live.outbox import Notice, UndeliveredError
from vrrpscope.live.syslog import Syslog, as_journal, as_local, as_remote, priority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def log(path: Path | None = None) -> Iterator[socket.socket]:
    family, address = (socket.AF_UNIX, str(path)) if path else (socket.AF_INET, ("127.0.0.1", 0))
    with socket.socket(family, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address)
        receiver.settimeout(PATIENCE)
        yield receiver


def test_the_journal_gets_fields(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with log(path) as receiver:
        assert not told(Syslog("journal", journal=str(path)), NEW)
        fields = dict(line.split("=", 1) for line in receiver.recv(65536).decode().splitlines())
    assert fields["MESSAGE"] == "critical: Two masters [split-brain] (vlan100/ipv4/50)"
    assert fields["PRIORITY"] == "2"
    assert fields["SYSLOG_IDENTIFIER"] == "vrrpscope"
    assert fields["VRRPSCOPE_RULE"] == "split-brain"
    assert fields["VRRPSCOPE_ROUTERS"] == "10.0.0.5 10.0.0.6"
    assert fields["VRRPSCOPE_CAUSE"] == "firewall"
    assert "VRRPSCOPE_END" not in fields


def test_the_local_syslog_gets_a_line_as_syslog_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with log(path) as receiver:
        assert not told(Syslog(str(path)), NEW)
        said = receiver.recv(65536).decode()
    assert said.startswith("<26>")
    assert said.endswith(f"vrrpscope[{os.getpid()}]: critical: Two masters [split-brain] (vlan100/ipv4/50)")


def test_another_host_gets_rfc_5424() -> None:
    with log() as receiver:
        assert not told(Syslog(f"127.0.0.1:{receiver.getsockname()[1]}"), NEW)
        said = receiver.recv(65536)
    header, text = said.split(b"\xef\xbb\xbf")
    assert header.split()[0] == b"<26>1"
    assert header.split()[3:] == [b"vrrpscope", str(os.getpid()).encode(), b"split-brain", b"-"]
    assert text.endswith(b"since 2023-11-14T22:13:20.000000001Z")


@pytest.mark.parametrize(("severity", "level"), [(Severity.CRITICAL, 2), (Severity.WARNING, 4), (Severity.INFO, 6)])
def test_what_has_ended_is_no_more_than_a_notice(severity: Severity, level: int) -> None:
    assert priority(Notice("new", finding(severity=severity))) == level
    assert priority(Notice("ended", finding(severity=severity, end=9))) == max(level, 5)


@pytest.mark.parametrize("written", [as_journal, as_local, as_remote])
def test_nothing_captured_begins_a_line_of_its_own(written: Callable[[Notice], bytes]) -> None:
    title = "x\nPRIORITY=0\r\n<0>evil\x1b[2J\u202e"
    said = written(Notice("new", finding(title=title))).decode()
    assert "\nPRIORITY=0" not in said
    assert "\n<0>" not in said
    assert "\x1b" not in said
    assert "\u202e" not in said


def test_a_long_text_still_is_a_datagram() -> None:
    notice = Notice("new", finding(title="ü" * 100_000))
    assert len(as_journal(notice)) < 64_000
    remote = as_remote(notice)
    assert len(remote) <= 2_000
    assert remote.decode().endswith("ü")


def test_a_log_that_is_away_is_said_and_found_when_it_is_back(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with log(path):
        box = Syslog(str(path))
    path.unlink()
    box.put(NEW)
    with pytest.raises(UndeliveredError, match="cannot be written to: No such file or directory"):
        box.deliver(NEW)
    with log(path) as receiver:
        box.deliver(NEW)
        assert receiver.recv(65536)
    box.close(PATIENCE)


@pytest.mark.parametrize("where", ["/nowhere/log", "/dev/null", "localhost:514", "syslog"])
def test_a_log_that_cannot_be_is_refused_at_once(where: str) -> None:
    with pytest.raises(UsageError, match=f"^--syslog {where}: "):
        Syslog(where)
