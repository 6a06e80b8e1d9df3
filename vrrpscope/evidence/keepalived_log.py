"""What the daemons said: the logs of keepalived (1.2 to 2.4) and of FRR's vrrpd, read line by line.

A log may be the daemon's own, a journal's or a whole machine's, plain or compressed. Lines of other programs are
counted and passed over; a daemon that was given another name (`vrrp_process_name`) is known by its words. systemd and
the kernel are heard only where they say that a daemon of ours died.

Gratuitous ARP, and what is rejected, refused or failed again in the same words, is one `Said` with a count, until the
instance changes its state or is silent about it for a minute. Memory is bounded, and what was left out is counted.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from vrrpscope.capture.frames import MAX_PROBLEMS, Problem
from vrrpscope.evidence import frr_words, keepalived_words
from vrrpscope.evidence.log_lines import LONGEST, LineReader, lines_of
from vrrpscope.evidence.log_stamps import SECOND, Calendar
from vrrpscope.evidence.said import Kind, Log, Said

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from vrrpscope.evidence.log_lines import Line
    from vrrpscope.evidence.phrases import Heard

MAX_SAID: Final = 50_000
"""Entries kept of one log."""
MAX_OTHER: Final = 5_000
"""Lines of kind OTHER among them."""
MAX_FOLDS: Final = 200
"""Different things that may be said again at any time."""
_MAX_PROCESSES: Final = 1_000
_BURST: Final = 2 * SECOND
_LULL: Final = 60 * SECOND
_BACK: Final = SECOND
_REPEATED: Final = {Kind.REJECTED, Kind.DIFFERS, Kind.REFUSED, Kind.SEND_ERROR, Kind.REFLECTED, Kind.TWO_OWNERS}
_STATES: Final = {
    Kind.STARTED,
    Kind.STOPPING,
    Kind.STOPPED,
    Kind.INIT_BACKUP,
    Kind.BACKUP,
    Kind.TRANSITION,
    Kind.MASTER,
    Kind.FAULT,
}
"""What begins a new chapter for an instance, so that repetitions on either side are told apart."""
_REDUCED: Final = re.compile(r"message repeated (?P<times>\d{1,9}) times: \[ ?(?P<text>.*)\]", re.ASCII | re.DOTALL)
_FRR: Final = {"vrrp", "vrrpd", "frr"}
_FRR_OTHERS: Final = {"zebra", "watchfrr"}
_SYSTEM: Final = {"systemd", "kernel"}


def read(source: str | Iterable[str], host: str, *, near: int | None = None, zone: tzinfo = UTC) -> Log:
    """Read one log.

    Args:
        source: a file, "-" for standard input, or lines.
        host: whose log it is; of a log that several hosts share, its lines are taken.
        near: a time of the capture it goes with, nanoseconds since the epoch, for stamps without a year.
        zone: of stamps that name none.

    Raises:
        UsageError: the file cannot be opened.
    """
    reading = _Reading(host, Calendar(zone, near))
    for raw in lines_of(source, reading.note) if isinstance(source, str) else source:
        reading.take(raw[:LONGEST])
    return replace(reading.log(), path=source if isinstance(source, str) else "")


@lru_cache(maxsize=1024)
def _understood(process: str, text: str) -> Heard | None:
    """What a line means; None for one of another program."""
    name = process.lower()
    if name in _SYSTEM:
        heard = keepalived_words.understand_system(text)
        return None if heard.kind is Kind.OTHER else heard
    if name in _FRR or (not name and "[VRID " in text):
        return frr_words.understand(text)
    if not name or name.startswith("keepalived"):
        return keepalived_words.understand(text)
    if name in _FRR_OTHERS or not text.startswith(("(", "VRRP_")):
        return None
    heard = keepalived_words.understand(text)
    return None if heard.kind is Kind.OTHER else heard


class _Reading:
    """A log while it is read."""

    def __init__(self, host: str, calendar: Calendar) -> None:
        self._host = host
        self._calendar = calendar
        self._reader = LineReader(calendar)
        self._said: list[Said] = []
        self._origins: list[str] = []  # of each of them, the host that its line names
        self._folds: dict[tuple[str, Heard], int] = {}  # what may be said again → where it is kept
        self._garp: dict[str, int] = {}  # host → where its last gratuitous ARP is kept
        self._latest: dict[tuple[str, str], int] = {}  # host and process → time of the last line
        self._problems: list[Problem] = []
        self._versions: dict[str, None] = {}
        self._release: tuple[int, ...] | None = None
        self._number = self._undated = self._foreign = self._other = self._dropped = 0

    def note(self, message: str) -> None:
        """Keep a problem, within bounds."""
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(Problem(None, None, message))

    def take(self, raw: str) -> None:
        """Take in the next line."""
        self._number += 1
        line = self._reader.read(raw)
        if line is None:
            remark = raw.startswith("-- ")  # journalctl's own
            self._foreign += remark
            self._undated += bool(raw.strip()) and not remark
            return
        times, line = _unreduced(line)
        heard = _understood(line.process, line.text)
        if heard is None:
            self._foreign += 1
            return
        self._check_order(line)
        self._learn_version(heard, line)
        self._keep(keepalived_words.by_version(heard, self._release), line, times)

    def log(self) -> Log:
        """What was read."""
        self._leave_out_other_hosts()
        if not self._said:
            what = "is empty" if not self._number else f"has {self._number:,} lines, but none of keepalived or vrrpd"
            self.note(f"the log of {self._host} {what}")
        if self._calendar.yearless:
            self.note(f"{self._calendar.yearless:,} lines have no year in their time, and no capture tells it")
        return Log(
            self._host,
            tuple(self._said),
            tuple(self._problems),
            tuple(self._versions),
            self._number,
            self._undated,
            self._foreign,
            self._other,
            self._dropped,
        )

    def _check_order(self, line: Line) -> None:
        before = self._latest.get((line.host, line.process))
        if before is not None and line.until <= before - _BACK:
            back = (before - line.t) / SECOND
            self.note(f"line {self._number}: the clock of {line.host or self._host} goes back by {back:,.3f} s")
        if len(self._latest) < _MAX_PROCESSES or before is not None:
            self._latest[line.host, line.process] = line.t

    def _learn_version(self, heard: Heard, line: Line) -> None:
        if heard.kind is not Kind.STARTED or heard.reason != "daemon":
            return
        if release := keepalived_words.version(line.text):
            self._release = release
            self._versions["keepalived " + ".".join(map(str, release))] = None
        elif name := frr_words.version(line.text):
            self._versions[f"frr {name}"] = None

    def _keep(self, heard: Heard, line: Line, times: int) -> None:
        """Keep what was said, or count it where it was said before."""
        self._other += heard.kind is Kind.OTHER
        if heard.kind in _STATES:
            self._folds = {key: at for key, at in self._folds.items() if heard.instance not in {"", key[1].instance}}
        at = self._before(heard, line)
        if at is not None:
            said = self._said[at]
            self._said[at] = said._replace(times=said.times + times, last=max(said.last, line.t))
            return
        if len(self._said) >= MAX_SAID or (heard.kind is Kind.OTHER and self._other > MAX_OTHER):
            self._dropped += 1
            return
        if heard.kind is Kind.GARP:
            self._garp[line.host] = len(self._said)
        elif heard.kind in _REPEATED and len(self._folds) < MAX_FOLDS:
            self._folds[line.host, heard] = len(self._said)
        self._origins.append(line.host)
        self._said.append(
            Said(
                t=line.t,
                until=line.until,
                host=self._host,
                process=line.process,
                instance=heard.instance,
                kind=heard.kind,
                reason=heard.reason,
                peer=heard.peer,
                subject=heard.subject,
                numbers=heard.numbers,
                text=line.text,
                line=self._number,
                times=times,
                last=line.t,
            )
        )

    def _before(self, heard: Heard, line: Line) -> int | None:
        """Where that which this line repeats is kept."""
        at = self._garp.get(line.host) if heard.kind is Kind.GARP else self._folds.get((line.host, heard))
        if at is None:
            return None
        said = self._said[at]
        if heard.kind is Kind.GARP:  # the lines of the packets do not name the instance
            return at if line.t - said.last < _BURST and heard.instance in {"", said.instance} else None
        return at if line.t - said.last <= _LULL else None

    def _leave_out_other_hosts(self) -> None:
        """Of a log that several hosts share, keep the lines of ours."""
        hosts = set(self._origins) - {""}
        if len(hosts) < 2:
            return
        ours = {host for host in hosts if _short(host) == _short(self._host)}
        if not ours:
            names = ", ".join(sorted(hosts)[:3])
            self.note(f"the log of {self._host} has lines of several hosts ({names}): give it the name of one of them")
            return
        kept = [said for said, host in zip(self._said, self._origins, strict=True) if host in ours or not host]
        self._foreign += sum(said.times for said in self._said) - sum(said.times for said in kept)
        self._said = kept


def _unreduced(line: Line) -> tuple[int, Line]:
    """How often a line was said, and what; rsyslog writes `message repeated 3 times: [ what]`."""
    reduced = _REDUCED.fullmatch(line.text)
    return (int(reduced["times"]), line._replace(text=reduced["text"])) if reduced else (1, line)


def _short(host: str) -> str:
    return host.partition(".")[0].lower()
