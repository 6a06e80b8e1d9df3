"""One rule alone, on a trace with configurations laid over it: what it must tell, and from which lines.

A `Laid` has a trace (`tests/trace.py`) and each host's text (`tests/rules/configuring.py`); the virtual router of both
is VRID 51 unless they say otherwise.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from tests import trace as traces
from tests.rules import configuring
from vrrpscope.evidence.keepalived_conf import read
from vrrpscope.evidence.meant import match
from vrrpscope.evidence.testimony import Testimony
from vrrpscope.rules import RULES, Case, judge
from vrrpscope.timeline.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vrrpscope.evidence.configuration import Configuration
    from vrrpscope.findings import Finding, Key, Severity
    from vrrpscope.timeline.profile import RouterKey
    from vrrpscope.timeline.router import Router

vi = partial(configuring.vi, vrid=51)
NAMES = ("lb01", "lb02")
"""The captures of a trace."""


class Laid(NamedTuple):
    """What happens, what was configured, and what the rule tells of it: parts of titles, with severity."""

    rule: str
    kind: Literal["positive", "near-miss", "clean"]
    name: str
    trace: str
    hosts: dict[str, str]
    told: tuple[tuple[Severity, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.rule}: {self.name}"


def configurations(hosts: Mapping[str, str]) -> list[Configuration]:
    """Read each host's text."""
    with tempfile.TemporaryDirectory() as directory:
        for host, text in hosts.items():
            Path(directory, f"{host}.conf").write_text(text)
        return [read(str(Path(directory, f"{host}.conf")), host) for host in hosts]


def routers(text: str) -> dict[RouterKey, Router]:
    """Let a trace happen, to its end."""
    trace = traces.parse(text)
    engine = Engine(trace.tables)
    engine.observe_from(trace.start)
    engine.feed(trace.adverts, trace.end)
    engine.close(trace.end)
    return dict(engine.routers)


def found(text: str, hosts: Mapping[str, str], *rules: str, show_secrets: bool = False) -> list[Finding]:
    """Judge a trace by some rules with configurations beside it, as a session does when the captures have ended."""
    seen = routers(text)
    testimony = Testimony(meant=match(configurations(hosts), seen, ()))
    chosen = [RULES[rule] for rule in rules]
    told: dict[Key, Finding] = {}
    for router in seen.values():
        case = Case(NAMES, router, show_secrets, testimony=testimony)
        for event in router.history.kept():
            for finding in judge(event, case, chosen):
                told.pop(finding.key._replace(rule=finding.supersedes or ""), None)
                told[finding.key] = finding
    for meant in testimony.meant:
        case = Case(NAMES, None if meant.key is None else seen[meant.key], show_secrets, testimony=testimony)
        told.update((finding.key, finding) for finding in judge(meant, case, chosen))
    return list(told.values())


def tell(story: Laid) -> list[Finding]:
    """Judge a story by its rule alone, and compare."""
    findings = found(story.trace, story.hosts, story.rule)
    assert [f.severity for f in findings] == [severity for severity, _ in story.told], [f.title for f in findings]
    for finding, (_, title) in zip(findings, story.told, strict=True):
        assert title in finding.title
        assert finding.explanation.endswith(".")
        assert finding.lines
        assert finding.frames
    assert bool(findings) == (story.kind == "positive")
    return findings
