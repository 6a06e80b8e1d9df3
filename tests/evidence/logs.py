"""Logs in short: seconds since a trace's zero, and what is said then. Stamps are those of `journalctl -o short-iso`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests import trace as traces
from tests.rules.laying import NAMES, routers
from vrrpscope.evidence.keepalived_log import read
from vrrpscope.evidence.overlay import lay
from vrrpscope.evidence.quotes import Span
from vrrpscope.evidence.testimony import Testimony
from vrrpscope.evidence.verdict import settle
from vrrpscope.rules import RULES, Case, judge
from vrrpscope.rules.corroboration import corroborated

if TYPE_CHECKING:
    from vrrpscope.evidence.overlay import Overlay
    from vrrpscope.evidence.said import Log
    from vrrpscope.findings import Finding, Key

Lines = tuple[tuple[float, str], ...]

MASTER = "(VI_51) Entering MASTER STATE"
BACKUP = "(VI_51) Entering BACKUP STATE"
INIT = "(VI_51) Entering BACKUP STATE (init)"
FAREWELL = "(VI_51) sent 0 priority"
STARTED = "Starting Keepalived v2.2.7 (01/16,2022)"


def own(letter: str) -> str:
    """What keepalived says of its own address with --log-detail."""
    return f"Assigned address {traces.address(letter, 4)} for interface eth0"


FAILOVER = """
    A is p150
    0 A id=500
    every 1s from 1 to 4: A
    5 A p0
    every 1s from 5.61 to 12.61: B
    every 1s from 13 to 20: A
"""
"""A resigns, B takes over, A preempts."""
OF_A: Lines = (
    (-9.0, own("A")),
    (-8.5, INIT),
    (-5.0, MASTER),
    (5.0, FAREWELL),
    (5.1, STARTED),
    (9, INIT),
    (13.0, MASTER),
)
OF_B: Lines = ((-9.0, own("B")), (-8.5, INIT), (5.61, MASTER), (13.0, BACKUP), (13.01, "(VI_51) removing VIPs."))


def log_of(host: str, *said: tuple[float, str], ahead: float = 0, decimals: int = 6) -> Log:
    """Return a host's log; its clock is `ahead` by so many seconds, its stamps have so many decimals."""
    lines = []
    for at, text in said:
        t = traces.ZERO / 1e9 + at + ahead
        stamp = datetime.fromtimestamp(int(t), UTC).strftime("%Y-%m-%dT%H:%M:%S")
        fraction = f"{t % 1:.6f}"[1 : 2 + decimals] if decimals else ""
        lines.append(f"{stamp}{fraction}+00:00 {host} Keepalived_vrrp[7]: {text}")
    return replace(read(lines, host), path=f"{host}.log")


def laid(trace: str, *logs: Log, home: dict[str, str] | None = None) -> tuple[Overlay, ...]:
    """Lay logs over what a trace shows; `home` names the capture taken at a router's host, by its letter."""
    parsed = traces.parse(trace)
    homes = {traces.address(letter, 4): name for letter, name in (home or {}).items()}
    return lay(logs, routers(trace), Span(parsed.start, parsed.end), lambda _, router: homes.get(router))


def heard(trace: str, logs: dict[str, Lines], *rules: str, ahead: float = 0) -> list[Finding]:
    """Judge a trace by some rules with logs beside it, as a session does when the captures have ended."""
    parsed, seen = traces.parse(trace), routers(trace)
    read: list[Log] = [log_of(host, *said, ahead=ahead) for host, said in logs.items()]
    testimony = Testimony(overlays=lay(read, seen, Span(parsed.start, parsed.end)))
    chosen = [RULES[rule] for rule in rules]
    told: dict[Key, Finding] = {}
    for router in seen.values():
        settle(router, testimony)
        case = Case(NAMES, router, testimony=testimony)
        for event in router.history.kept():
            for finding in corroborated(event, judge(event, case, chosen), case):
                told.pop(finding.key._replace(rule=finding.supersedes or ""), None)
                told[finding.key] = finding
    for overlay in testimony.overlays:
        told.update((finding.key, finding) for finding in judge(overlay, Case(NAMES, None), chosen))
    return list(told.values())
