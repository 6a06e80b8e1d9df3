"""`--syslog WHERE`: findings in the journal, in the syslog of this host, or in that of another.

    journal         systemd's journal, in its own protocol: `journalctl VRRPSCOPE_RULE=split-brain -o json` finds them
    /dev/log        a datagram as syslog(3) writes it (RFC 3164 without a host): any path of such a socket
    ADDRESS:PORT    a datagram of RFC 5424 over UDP (RFC 5426), with the rule as its MSGID

The facility is `daemon`; severities are crit, warning and info, and notice for what has ended. Text is made harmless
first: nothing captured can begin a line, or a field, of its own.
"""

from __future__ import annotations

import os
import socket
import stat
import time
from typing import Final

from vrrpscope.errors import UsageError
from vrrpscope.findings import Severity
from vrrpscope.live.endpoints import endpoint
from vrrpscope.live.outbox import WAITING, Notice, Outbox, UndeliveredError
from vrrpscope.report.escape import printable
from vrrpscope.report.times import rfc3339

JOURNAL: Final = "/run/systemd/journal/socket"

_NAME: Final = "vrrpscope"
_DAEMON: Final = 3  # facility
_NOTICE: Final = 5
_SEVERITIES: Final = {Severity.CRITICAL: 2, Severity.WARNING: 4, Severity.INFO: 6}
_MAX_FIELD: Final = 8_000  # characters; a datagram has to hold all fields
_MAX_UDP: Final = 2_000  # bytes: RFC 5424 6.1 says that receivers should take 2,048
_TIMEOUT: Final = 5.0  # seconds, for a journal that does not read


class Syslog(Outbox):
    """A log that is told.

    Args:
        where: "journal", the path of a socket, or ADDRESS:PORT.
        journal: the socket of the journal.
        waiting: how many notices may wait.

    Raises:
        UsageError: there is no such log.
    """

    def __init__(self, where: str, *, journal: str = JOURNAL, waiting: int = WAITING) -> None:
        super().__init__(f"--syslog {where}", waiting)
        self._address: str | tuple[str, int]
        if where == "journal" or where.startswith("/"):
            path = journal if where == "journal" else where
            if not _is_socket(path):
                raise UsageError(f"--syslog {where}: there is no socket {path}")
            self._family, self._address = socket.AF_UNIX, path
            self._written = as_journal if where == "journal" else as_local
        else:
            there = endpoint(where, "--syslog")
            self._family, self._address = socket.AF_INET6 if there.is_ipv6 else socket.AF_INET, (there.host, there.port)
            self._written = as_remote

    def deliver(self, notice: Notice) -> None:
        """Write it; a socket of its own each time, because a log that is started anew has another one."""
        try:
            with socket.socket(self._family, socket.SOCK_DGRAM) as sender:
                sender.settimeout(_TIMEOUT)
                sender.sendto(self._written(notice), self._address)
        except OSError as error:
            raise UndeliveredError(f"cannot be written to: {error.strerror or 'it does not read'}") from error


def priority(notice: Notice) -> int:
    """Return the severity of a notice as syslog counts it (RFC 5424 6.2.1): 0 is worst."""
    severity = _SEVERITIES[notice.finding.severity]
    return max(severity, _NOTICE) if notice.what == "ended" else severity


def line(notice: Notice) -> str:
    """Return a notice as one line."""
    finding = notice.finding
    ended = "ended: " if notice.what == "ended" else ""
    about = f" ({finding.virtual_router})" if finding.virtual_router is not None else ""
    return printable(f"{finding.severity.value}: {ended}{finding.title} [{finding.rule}]{about}")


def as_local(notice: Notice) -> bytes:
    """Return what syslog(3) would write."""
    # The time is local here and says no year: the format wants it so, and the receiver has its own.
    at = time.strftime("%b %e %H:%M:%S")
    return f"<{_DAEMON << 3 | priority(notice)}>{at} {_NAME}[{os.getpid()}]: {line(notice)}".encode()


def as_remote(notice: Notice) -> bytes:
    """Return an RFC 5424 message; its time is now, for the finding's own stands in the text where it matters."""
    header = (
        f"<{_DAEMON << 3 | priority(notice)}>1 {_now()} {socket.gethostname() or '-'} {_NAME} {os.getpid()} "
        f"{notice.finding.rule[:32]} - "
    )
    # Cut between characters, and marked as UTF-8 by the byte order mark that the format asks for (6.4).
    text = b"\xef\xbb\xbf" + f"{line(notice)} since {rfc3339(notice.finding.start)}".encode()
    return (header.encode("ascii", "replace") + text)[:_MAX_UDP].decode(errors="ignore").encode()


def as_journal(notice: Notice) -> bytes:
    """Return the fields of a journal entry (systemd's "Native Journal Protocol")."""
    finding = notice.finding
    fields = {
        "MESSAGE": line(notice),
        "PRIORITY": priority(notice),
        "SYSLOG_FACILITY": _DAEMON,
        "SYSLOG_IDENTIFIER": _NAME,
        "VRRPSCOPE_WHAT": notice.what,
        "VRRPSCOPE_RULE": finding.rule,
        "VRRPSCOPE_SEVERITY": finding.severity.value,
        "VRRPSCOPE_CONFIDENCE": finding.confidence.value,
        "VRRPSCOPE_VIRTUAL_ROUTER": finding.virtual_router or "",
        "VRRPSCOPE_ROUTERS": " ".join(finding.routers),
        "VRRPSCOPE_START": rfc3339(finding.start),
        "VRRPSCOPE_END": "" if finding.end is None else rfc3339(finding.end),
        "VRRPSCOPE_CAUSE": finding.cause,
        "VRRPSCOPE_EXPLANATION": finding.explanation,
        "VRRPSCOPE_REMEDY": finding.remedy,
    }
    said = ((name, printable(str(value))[:_MAX_FIELD]) for name, value in fields.items())
    return "".join(f"{name}={value}\n" for name, value in said if value).encode()


def _now() -> str:
    return rfc3339(time.time_ns())[:-4] + "Z"  # microseconds: no more is allowed (RFC 5424 6.2.3)


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False
