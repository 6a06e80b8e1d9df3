"""What findings about configurations have in common: they name hosts and lines, and have no time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.text import some

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vrrpscope.findings import Line


def told(
    rule: str,
    severity: Severity,
    *,
    title: str,
    explanation: str,
    remedy: str,
    lines: Iterable[Line],
    key: str | None = None,
    confidence: Confidence = Confidence.CERTAIN,
    subject: str = "",
    cause: str = "",
) -> Finding:
    """Make a finding. Its hosts are those of the lines, and tell it from others of its rule and virtual router.

    Its `cause` is what it leads to: a word of `causes.CAUSES`, where one fits.
    """
    where = tuple(dict.fromkeys(lines))
    hosts = tuple(dict.fromkeys(line.host for line in where))
    return Finding(
        rule=rule,
        severity=severity,
        confidence=confidence,
        virtual_router=key,
        routers=hosts,
        start=0,
        end=None,
        title=title,
        explanation=explanation,
        remedy=remedy,
        frames=(),
        subject=" ".join((*hosts, subject)).strip(),
        lines=where,
        cause=cause,
    )


def see(lines: Iterable[Line]) -> str:
    """Return the end of a remedy: where to look."""
    return f"See {some([str(line) for line in dict.fromkeys(lines)], 6)}."
