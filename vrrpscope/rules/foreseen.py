"""What configurations foresee beside what the captures show: one report, in which nothing is said twice.

What was both seen and foreseen is one finding: what was seen, with the lines that say so; and a split brain has the
lines that made it. What was foreseen only is a finding of its own, no worse than a warning, for it has not come to that
yet. It is none where both routers were seen and send no such thing: then the file is at fault, and `config-drift` says
so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from vrrpscope.findings import Severity
from vrrpscope.rules.checking import check
from vrrpscope.rules.configured import see
from vrrpscope.wire.columns import Auth

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vrrpscope.evidence.meant import Meant
    from vrrpscope.findings import Finding
    from vrrpscope.rules.catalogue import Rule

_PEERS: Final = "unicast-peers"
_SPLITS: Final = {"split-brain", "silent-split-brain"}
_ON_THE_WIRE: Final = {
    *("version-mismatch", "auth-type-mismatch", "password-mismatch", "interval-mismatch", "vip-list-mismatch"),
    "unicast-mismatch",
}
"""Rules about what every advert shows, so that two routers that were seen refute them."""


def foresee(
    meant: Sequence[Meant],
    seen: Iterable[Finding],
    start: int,
    rules: Iterable[Rule] | None = None,
    *,
    show_secrets: bool = False,
) -> Iterator[Finding]:
    """Yield what configurations add to the findings of captures: new ones, and those seen, with lines.

    Args:
        meant: the configurations, laid over the captures.
        seen: what the captures show.
        start: when the captures begin, nanoseconds since the epoch: since then, at least, it is so.
        rules: the rules to run; all by default.
        show_secrets: passwords in clear instead of as digests.
    """
    known: dict[str | None, list[Finding]] = {}
    for finding in seen:
        known.setdefault(finding.virtual_router, []).append(finding)
    changed: dict[int, Finding] = {}
    instances = _by_host(meant)
    configurations = list({m.host: m.configuration for m in meant}.values())
    for foreseen in check(configurations, rules=rules, show_secrets=show_secrets).findings:
        about = [m for host in foreseen.routers for m in instances.get((host, foreseen.virtual_router), ())]
        for placed in _placed(foreseen, about, start):
            here = known.get(placed.virtual_router, ())
            alike = [finding for finding in here if finding.rule == placed.rule]
            explained = [finding for finding in here if _explains(placed, finding)]
            for finding in (*alike, *explained):
                changed[id(finding)] = _with_lines(changed.get(id(finding), finding), placed)
            if not alike and not _refuted(placed, about):
                yield placed
    for finding in changed.values():
        yield replace(finding, remedy=f"{finding.remedy}\n{see(finding.lines)}".strip())


def _explains(placed: Finding, finding: Finding) -> bool:
    """Tell whether what a configuration says is why a split brain does not end, or why nobody was seen."""
    if placed.rule == _PEERS and _PEERS in finding.also_possible:
        return True
    if finding.rule not in _SPLITS:
        return False
    return finding.cause == placed.rule or (placed.rule == _PEERS and finding.cause == "unicast-mismatch")


def _with_lines(finding: Finding, placed: Finding) -> Finding:
    """Return what was seen with the lines that say so, and the more exact word for its cause."""
    cause = _PEERS if placed.rule == _PEERS and _explains(placed, finding) else finding.cause
    others = tuple(word for word in finding.also_possible if word != cause)
    lines = tuple(dict.fromkeys((*finding.lines, *placed.lines)))
    return replace(finding, lines=lines, cause=cause, also_possible=others)


def _by_host(meant: Iterable[Meant]) -> dict[tuple[str, str | None], list[Meant]]:
    """Return the instances by host and key, of those alike one."""
    found: dict[tuple[str, str | None], dict[tuple[object, ...], Meant]] = {}
    for each in meant:
        alike = each.key, each.router, each.instance.auth, each.instance.version
        found.setdefault((each.host, each.instance.key), {})[alike] = each
    return {where: list(different.values()) for where, different in found.items()}


def _placed(foreseen: Finding, about: Sequence[Meant], start: int) -> Iterator[Finding]:
    """Yield a finding of configurations as one of the captures' virtual routers, of each that it is about."""
    severity = Severity.WARNING if foreseen.severity is Severity.CRITICAL else foreseen.severity
    base = replace(foreseen, severity=severity, start=start)
    places = dict.fromkeys(m.key for m in about if m.key is not None)
    if not places:
        yield replace(base, virtual_router=None, routers=())
    for key in places:
        names = {m.host: m.router for m in about if m.key == key and m.router is not None}
        routers = tuple(names[host] for host in foreseen.routers if host in names)
        yield replace(base, virtual_router=str(key), routers=routers)


def _refuted(placed: Finding, about: Iterable[Meant]) -> bool:
    """Tell whether both routers were seen, and that they send nothing of the kind."""
    if placed.rule not in _ON_THE_WIRE:
        return False
    here = [m for m in about if str(m.key) == placed.virtual_router]
    hidden = placed.rule == "password-mismatch" and any(m.instance.auth is Auth.AH for m in here)
    v3 = placed.rule == "interval-mismatch" and any(m.instance.version == 3 for m in here)
    return not hidden and not v3 and bool(here) and all(m.router is not None for m in here)
