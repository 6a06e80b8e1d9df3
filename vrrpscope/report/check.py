"""How a check of configurations is told: as text within 80 columns, or as JSON (`check-v1.schema.json`).

The first line is the verdict. Then each virtual router's settings, the hosts side by side, with a `!` before what
must be equal and is not; then the findings, worst first.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TextIO

from vrrpscope import __version__
from vrrpscope.findings import Severity
from vrrpscope.report.lines import wrapped, write
from vrrpscope.report.times import seconds
from vrrpscope.report.verdict import sentence
from vrrpscope.rules.text import count, some, span
from vrrpscope.timeline.timers import master_down
from vrrpscope.wire.columns import Auth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vrrpscope.evidence.configuration import Configuration, Instance
    from vrrpscope.evidence.counterparts import Cluster, Member
    from vrrpscope.findings import Finding, Line
    from vrrpscope.rules.checking import Check

SCHEMA: Final = "vrrpscope.check/1"

_SYMBOLS: Final = {Severity.CRITICAL: "✖", Severity.WARNING: "▲", Severity.INFO: "·"}
_PLAIN_SYMBOLS: Final = {Severity.CRITICAL: "X", Severity.WARNING: "!", Severity.INFO: "-"}
_AUTH: Final = {Auth.NONE: "none", Auth.SIMPLE: "PASS", Auth.AH: "AH"}
_ASIDE: Final = 3  # hosts beside each other
_LABEL: Final = 18  # columns before the first host
_MAX_ALIKE: Final = 5  # findings of one rule
_SHOWN: Final = 12  # virtual addresses of one virtual router


class _Row(NamedTuple):
    label: str
    said: Callable[[Instance], str]
    must_agree: bool = False


def as_text(check: Check, stream: TextIO, *, width: int = 80) -> None:
    """Write the check for people."""
    try:
        "✖▲·".encode(stream.encoding or "utf-8")
        symbols = _SYMBOLS
    except (UnicodeEncodeError, LookupError):
        symbols = _PLAIN_SYMBOLS
    write(_lines(check, symbols, width), stream)


def as_json(check: Check, stream: TextIO) -> None:
    """Write the check for programs."""
    json.dump(document(check), stream, indent=2)
    stream.write("\n")


def verdict(check: Check) -> str:
    """Return what somebody wants to know who reads one sentence."""
    worst = [f for f in check.findings if f.severity is not Severity.INFO]
    routers, hosts = len(check.setup.clusters), len(check.setup.configurations)
    if not routers:
        return f"NO VRRP: there is no vrrp_instance in {count(hosts, 'configuration')}."
    if not worst:
        what = "nothing in them would split it" if hosts > 1 else "nothing wrong in itself"
        return f"HEALTHY: {count(routers, 'virtual router')} in {count(hosts, 'configuration')}, {what}."
    first = worst[0]
    place = "" if first.virtual_router is None else f" on VRID {first.virtual_router.rpartition('/')[2]}"
    others = sum(f.severity is Severity.CRITICAL for f in worst[1:])
    more = f" ({count(others, 'more critical finding')} below)" if others else ""
    return f"{first.rule.replace('-', ' ').upper()}{place}: {_sentence(first)}{more}"


def _lines(check: Check, symbols: dict[Severity, str], width: int) -> Iterator[str]:
    yield from wrapped(verdict(check), width)
    yield ""
    for each in check.setup.configurations:
        yield from wrapped(f"{each.host} ({each.path}): {count(len(each.instances), 'instance')}", width, hang=2)
    for cluster in check.setup.clusters:
        yield ""
        yield from _router(cluster, width)
    if check.findings:
        yield ""
        yield "FINDINGS"
    shown: dict[str, int] = {}
    for finding in check.findings:
        shown[finding.rule] = shown.get(finding.rule, 0) + 1
        if shown[finding.rule] <= _MAX_ALIKE:
            yield from _finding(finding, symbols, width)
    for rule, number in shown.items():
        if number > _MAX_ALIKE:
            yield f"    and {count(number - _MAX_ALIKE, 'more finding')} of {rule}; --format json has them all"


def _router(cluster: Cluster, width: int) -> Iterator[str]:
    first = cluster.members[0].instance
    addresses = ", ".join(first.addresses) or "no address"
    yield from wrapped(f"VRID {first.vrid}  IPv{first.family}  {addresses}", width, hang=2)
    for start in range(0, len(cluster.members), _ASIDE):
        members = cluster.members[start : start + _ASIDE]
        column = (width - _LABEL - 2) // len(members)
        yield _line("", "", [m.host for m in members], column)
        for row in _ROWS:
            said = [row.said(m.instance) for m in members]
            everywhere = {row.said(m.instance) for m in cluster.members}
            differs = row.must_agree and len(everywhere) > 1
            if row.label == "authentication" and len({m.instance.secret for m in cluster.members}) > 1:
                # What differs is not shown, only that it does.
                said = [f"{text}{_other_password(m.instance, first)}" for text, m in zip(said, members, strict=True)]
                differs = True
            if everywhere - {"-"}:
                yield _line("!" if differs else "", row.label, said, column)
        yield from _addresses(cluster, members, column)


def _other_password(instance: Instance, first: Instance) -> str:
    return ", another password" if instance.auth is first.auth and instance.secret != first.secret else ""


def _addresses(cluster: Cluster, members: tuple[Member, ...], column: int) -> Iterator[str]:
    """Yield the virtual addresses where they are not the same on all, one a line."""
    if len({frozenset(m.instance.addresses) for m in cluster.members}) < 2:
        return
    every = list(dict.fromkeys(a for m in cluster.members for a in m.instance.addresses))
    for number, address in enumerate(every[:_SHOWN]):
        said = [address if address in m.instance.addresses else "-" for m in members]
        yield _line("!" if "-" in said else "", "addresses" if number == 0 else "", said, column)
    if len(every) > _SHOWN:
        yield _line("", "", [f"and {len(every) - _SHOWN} more"], column)


def _line(mark: str, label: str, cells: list[str], column: int) -> str:
    fitted = (cell if len(cell) < column else f"{cell[: column - 4]}..." for cell in cells)
    return f"{mark:<2}{label:<{_LABEL}}{''.join(f'{cell:<{column}}' for cell in fitted)}".rstrip()


def _priority(instance: Instance) -> str:
    """Return the priority, and what checks can make of it."""
    values = {instance.effective(), instance.effective(t for t in instance.trackers if t.weight)}
    if values == {instance.priority}:
        return f"{instance.priority}"
    return f"{instance.priority} ({min(values)} to {max(values)})"


def _preempts(instance: Instance) -> str:
    if instance.nopreempt:
        return "no"
    return f"after {span(instance.preempt_delay)}" if instance.preempt_delay else "yes"


def _checks(instance: Instance) -> str:
    said = [f"{t.name} {t.weight:+d}" if t.weight else f"{t.name} (fault)" for t in instance.trackers]
    return some(said, 2) if said else "-"


def _master_down(instance: Instance) -> int:
    wait = master_down(instance.version, instance.priority, instance.advert_int)
    return wait + (instance.down_timer_adverts - 3) * instance.advert_int


_ROWS: Final = (
    _Row("instance", lambda i: i.name),
    _Row("interface", lambda i: i.interface),
    _Row("VRID", lambda i: f"{i.vrid}", must_agree=True),
    _Row("version", lambda i: f"{i.version}", must_agree=True),
    _Row("state", lambda i: i.state),
    _Row("priority", _priority),
    _Row("advert_int", lambda i: span(i.advert_int), must_agree=True),
    _Row("takes over after", lambda i: span(_master_down(i))),
    _Row("authentication", lambda i: _AUTH[i.auth], must_agree=True),
    _Row("adverts to", lambda i: some(i.peers, 2) if i.unicast else "multicast"),
    _Row("preempts", _preempts),
    _Row("checks", _checks),
    _Row("sync group", lambda i: i.group or "-"),
)


def _finding(finding: Finding, symbols: dict[Severity, str], width: int) -> Iterator[str]:
    place = f"  [{finding.virtual_router}]" if finding.virtual_router else ""
    yield from wrapped(f"  {symbols[finding.severity]} {finding.rule}  {finding.confidence}{place}", width, hang=4)
    yield from wrapped(f"    {_sentence(finding)}", width, hang=4)
    if finding.severity is Severity.INFO:
        yield from wrapped(f"    {some([str(line) for line in finding.lines], 4)}", width, hang=4)
        return
    yield from wrapped(f"    {finding.explanation}", width, hang=4)
    for number, line in enumerate(finding.remedy.split("\n")):
        yield from wrapped(("    Fix: " if number == 0 else "    ") + line, width, hang=4)


def _sentence(finding: Finding) -> str:
    """Return the title as a sentence; a host's name at its start stays as it is."""
    return (
        f"{finding.title}." if finding.title.startswith((*finding.routers, "keepalived")) else sentence(finding.title)
    )


def document(check: Check) -> dict[str, Any]:
    """Return the check as plain dictionaries and lists."""
    return {
        "schema": SCHEMA,
        "vrrpscope": __version__,
        "verdict": check.verdict,
        "configurations": [_configuration(each) for each in check.setup.configurations],
        "virtual_routers": [
            {
                "key": cluster.key,
                "family": f"ipv{cluster.members[0].instance.family}",
                "vrid": cluster.members[0].instance.vrid,
                "instances": [_instance(member) for member in cluster.members],
            }
            for cluster in check.setup.clusters
        ],
        "findings": [_as_finding(finding) for finding in check.findings],
    }


def _configuration(configuration: Configuration) -> dict[str, Any]:
    return {
        "host": configuration.host,
        "path": configuration.path,
        "router_id": configuration.settings.router_id or None,
        "instances": [instance.name for instance in configuration.instances],
        "sync_groups": [{"name": g.name, "members": list(g.members)} for g in configuration.groups],
        "remarks": [{"kind": r.kind, **_as_line(r.line), "message": r.message} for r in configuration.remarks],
    }


def _instance(member: Member) -> dict[str, Any]:
    instance = member.instance
    return {
        **_as_line(instance.line),
        "name": instance.name,
        "vrid": instance.vrid,
        "interface": instance.interface,
        "state": instance.state.lower(),
        "version": instance.version,
        "priority": instance.priority,
        "effective_priority": instance.effective(),
        "advert_int_s": seconds(instance.advert_int),
        "master_down_s": seconds(_master_down(instance)),
        "auth": instance.auth.name.lower(),
        "virtual_addresses": list(instance.addresses),
        "excluded_addresses": list(instance.excluded),
        "source": instance.source or None,
        "unicast_peers": list(instance.peers),
        "nopreempt": instance.nopreempt,
        "preempt_delay_s": seconds(instance.preempt_delay),
        "use_vmac": instance.vmac,
        "strict": instance.strict,
        "sync_group": instance.group or None,
        "tracked": [
            {"kind": t.kind, "name": t.name, "weight": t.weight, "reverse": t.reverse, **_as_line(t.line)}
            for t in instance.trackers
        ],
    }


def _as_finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "virtual_router": finding.virtual_router,
        "hosts": list(finding.routers),
        "title": finding.title,
        "explanation": finding.explanation,
        "remedy": finding.remedy,
        "lines": [_as_line(line) for line in finding.lines],
    }


def _as_line(line: Line) -> dict[str, Any]:
    return {"host": line.host, "file": line.file, "line": line.number}
