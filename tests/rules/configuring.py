"""One rule alone, on a few configurations: what it must tell, and in which lines it finds it.

A `Written` gives each host's text in short: `vi()` makes an instance of what differs from a good one.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from vrrpscope.evidence.keepalived_conf import read
from vrrpscope.findings import Confidence, Severity
from vrrpscope.rules import RULES
from vrrpscope.rules.checking import check as judge

if TYPE_CHECKING:
    from vrrpscope.findings import Finding
    from vrrpscope.rules.checking import Check

CRITICAL, WARNING, INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO
CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE


class Written(NamedTuple):
    """Configurations by host, and what the rule tells of them: parts of titles, with severity."""

    rule: str
    kind: Literal["positive", "near-miss", "clean"]
    name: str
    hosts: dict[str, str]
    told: tuple[tuple[Severity, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.rule}: {self.name}"


def vi(
    *more: str,
    name: str = "VI_50",
    vrid: int = 50,
    priority: int = 150,
    addresses: str = "10.0.0.3/24",
    interface: str = "eth0",
) -> str:
    """Return an instance; `more` are further lines of its block, which come last and win."""
    lines = [
        f"interface {interface}",
        f"virtual_router_id {vrid}",
        f"priority {priority}",
        "virtual_ipaddress {",
        *addresses.split(),
        "}",
        *more,
    ]
    return f"vrrp_instance {name} {{\n" + "".join(f"    {line}\n" for line in lines) + "}\n"


def password(text: str, kind: str = "PASS") -> str:
    """Return the line of an authentication block."""
    return f"authentication {{ auth_type {kind}\n auth_pass {text} }}"


def unicast(own: str, *peers: str) -> tuple[str, ...]:
    """Return the lines of an instance that sends to peers."""
    return (f"unicast_src_ip {own}", "unicast_peer {", *peers, "}")


def pair(first: tuple[str, ...] = (), second: tuple[str, ...] = (), before: str = "") -> dict[str, str]:
    """Return lb01 with priority 150 and lb02 with 100, with further lines each."""
    return {"lb01": before + vi(*first), "lb02": before + vi(*second, priority=100)}


def judged(hosts: dict[str, str], rule: str | None = None, *, show_secrets: bool = False) -> Check:
    """Check configurations with one rule, or with all."""
    with tempfile.TemporaryDirectory() as directory:
        paths = {host: Path(directory, f"{host}.conf") for host in hosts}
        for host, path in paths.items():
            path.write_text(hosts[host])
        configurations = [read(str(path), host) for host, path in paths.items()]
    return judge(configurations, rules=None if rule is None else [RULES[rule]], show_secrets=show_secrets)


def tell(story: Written) -> tuple[Finding, ...]:
    """Judge a story by its rule alone, and compare."""
    found = judged(story.hosts, story.rule).findings
    assert {f.rule for f in found} <= {story.rule}
    assert len(found) == len(story.told), [f.title for f in found]
    for finding, (severity, title) in zip(found, story.told, strict=True):
        assert finding.severity is severity, finding.title
        assert title in finding.title
        assert finding.explanation.endswith(".")
        assert finding.remedy
        assert finding.lines
        assert set(finding.routers) == {line.host for line in finding.lines}
        assert f"{finding.lines[0]}" in finding.remedy or story.rule == "damaged-configuration"
    assert bool(found) == (story.kind == "positive")
    return found
