"""Configurations to a `Check`: the driver of all rules that need no capture."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from vrrpscope.evidence.counterparts import match
from vrrpscope.findings import Severity
from vrrpscope.rules import RULES, Case, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vrrpscope.evidence.configuration import Configuration
    from vrrpscope.evidence.counterparts import Setup
    from vrrpscope.findings import Finding, Key
    from vrrpscope.rules import Rule

MAX_FINDINGS: Final = 5_000
"""Findings kept; nobody reads more."""


@dataclass(frozen=True, slots=True)
class Check:
    """What configurations say of each other."""

    setup: Setup
    findings: tuple[Finding, ...]
    """The worst first, and of one severity in the order of the catalogue."""

    @property
    def verdict(self) -> str:
        """The worst severity; information alone is healthy."""
        worst = next((f.severity for f in self.findings if f.severity is not Severity.INFO), None)
        return "healthy" if worst is None else worst.value


def check(
    configurations: Sequence[Configuration], *, rules: Iterable[Rule] | None = None, show_secrets: bool = False
) -> Check:
    """Judge configurations, each for itself and all beside each other.

    Args:
        configurations: of the hosts that belong together, each with a name of its own.
        rules: the rules to run; all by default.
        show_secrets: passwords in clear instead of as digests.
    """
    setup = match(configurations)
    chosen = list(RULES.values() if rules is None else rules)
    case = Case([each.host for each in configurations], None, show_secrets)
    found: dict[Key, Finding] = {}
    for subject in _subjects(setup):
        for finding in islice(judge(subject, case, chosen), MAX_FINDINGS - len(found)):
            found.setdefault(finding.key, finding)
    order = {name: number for number, name in enumerate(RULES)}
    findings = sorted(found.values(), key=lambda f: (f.severity.rank, order[f.rule]))
    return Check(setup, tuple(findings))


def _subjects(setup: Setup) -> Iterator[object]:
    yield setup
    yield from setup.configurations
    for cluster in setup.clusters:
        yield cluster
        yield from cluster.pairs
