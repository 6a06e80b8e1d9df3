"""What logs say that captures do not: where the two disagree, and how far a log could be placed at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vrrpscope.evidence.log_owner import zone_of
from vrrpscope.evidence.overlay import Overlay
from vrrpscope.findings import Confidence, Finding, Line, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.text import count, listing, span
from vrrpscope.timeline.timers import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vrrpscope.evidence.log_belief import Contradiction

_OFF: Final = SECOND
"""A clock that is off by more is worth a word."""
_SHOWN: Final = 10  # lines named as evidence

_BOTH = """Capture on {host} itself, and analyse that together with this capture:
  tcpdump -nn -i any -w {host}.pcap 'ip proto 112 or ip6 proto 112 or ip proto 51'
Look at its packet filter's OUTPUT (nft list ruleset) and at the path; make sure that the log is that of {host}."""


@rule("log-contradicts-capture", Overlay)
def log_contradicts_capture(overlay: Overlay, _: Case) -> Iterator[Finding]:
    """A log says MASTER where no capture shows one, or knows nothing of a master that was seen."""
    groups: dict[tuple[str, bool], list[Contradiction]] = {}
    for each in overlay.contradictions:
        groups.setdefault((str(each.key), each.logged), []).append(each)
    for (key, logged), found in groups.items():
        yield (_unseen if logged else _unlogged)(overlay, key, found)


@rule("log-not-placed", Overlay)
def log_not_placed(overlay: Overlay, _: Case) -> Iterator[Finding]:
    """A log could not be laid beside the packets, and was not used."""
    if overlay.is_placed:
        return
    if not overlay.log.said:
        why = "No line of keepalived or of FRR's vrrpd was found in it."
        fix = "Give the daemon's log: journalctl -u keepalived -o short-iso-precise, or /var/log/syslog."
    elif not overlay.is_known:
        why = "It names no address of its own, and its takeovers fit no router of the captures, or several alike."
        fix = (
            "Let keepalived tell its addresses as it starts (keepalived --log-detail), give a log that reaches back to "
            f"its start, or add the capture of that host under the same name: {overlay.host}=FILE."
        )
    else:
        who = f", the log of {overlay.router}," if overlay.router else ""
        why = (
            f"It{who} says of the captures' time nothing that they show: by its stamps it is of another time, or its "
            "clock or time zone is another."
        )
        fix = "Give the log of the captures' time, with stamps that name their zone: journalctl -o short-iso-precise."
    yield _finding(
        "log-not-placed",
        overlay,
        Severity.INFO,
        Confidence.CERTAIN,
        title=f"the log of {overlay.host} could not be laid beside the packets",
        explanation=why,
        remedy=fix,
    )


@rule("log-clock", Overlay)
def log_clock(overlay: Overlay, _: Case) -> Iterator[Finding]:
    """The clock of a log is not that of the captures; its lines were moved."""
    offset = overlay.offset
    if offset is None or abs(offset) <= _OFF + overlay.spread:
        return
    way = "ahead" if offset > 0 else "behind"
    zone = zone_of(offset)
    why = (
        f"By {count(overlay.matched, 'line')} about packets, give or take {span(overlay.spread)}. All its lines are "
        "told at the time of the captures."
        if overlay.matched
        else "As those of the other logs are. All its lines are told at the time of the captures."
    )
    if zone and abs(offset - zone) <= _OFF + overlay.spread:
        why += f" {span(abs(zone))} is the difference of a time zone: its stamps are local time."
    yield _finding(
        "log-clock",
        overlay,
        Severity.INFO,
        Confidence.CERTAIN if overlay.matched > 1 else Confidence.LIKELY,
        title=f"the clock of the log of {overlay.host} is {span(abs(offset))} {way}",
        explanation=why,
        remedy="Stamps that name their zone spare the guess: journalctl -o short-iso-precise. Set clocks by NTP.",
    )


def _unseen(overlay: Overlay, key: str, found: Sequence[Contradiction]) -> Finding:
    """A master by its log that no capture shows."""
    first, total = found[0], sum(each.end - each.start for each in found)
    often = f" in {count(len(found), 'stretch').replace('stretchs', 'stretches')}" if len(found) > 1 else ""
    whole = "the captures show nothing of that"
    if overlay.routers:
        whole = f"the captures show no master {listing(overlay.routers)} then"
    return _finding(
        "log-contradicts-capture",
        overlay,
        Severity.WARNING,
        Confidence.LIKELY if overlay.offset is not None else Confidence.POSSIBLE,
        title=f"by its log {overlay.host} was master for {_length(total)}{often}, and {whole}",
        explanation=f"Its instance {first.instance} says so ({_line(overlay, first)}). A master that no capture shows "
        "holds the address all the same: its adverts did not leave it, or did not come where the captures were taken. "
        "If another was master then, both were. Else the log is that of another host, or of another time.",
        remedy=_BOTH.format(host=overlay.host),
        key=key,
        routers=overlay.routers,
        start=first.start,
        end=found[-1].end,
        lines=[Line(overlay.host, overlay.path, each.line) for each in found[:_SHOWN]] if overlay.path else [],
        cause="path",
        also_possible=("send-failure", "link-down"),
        subject=f"{overlay.host} logged",
    )


def _unlogged(overlay: Overlay, key: str, found: Sequence[Contradiction]) -> Finding:
    """A master that the captures show and its own log does not."""
    first, total = found[0], sum(each.end - each.start for each in found)
    who = listing(overlay.routers)
    return _finding(
        "log-contradicts-capture",
        overlay,
        Severity.WARNING,
        Confidence.LIKELY if overlay.offset is not None else Confidence.POSSIBLE,
        title=f"{who} advertised as master for {_length(total)}, and the log of {overlay.host} says that it was none",
        explanation=f"The log speaks of {first.instance} before and after, and not of being master. Either it is not "
        f"the log of {who}, lines are missing in it, or somebody else advertises from that address.",
        remedy=f"Compare the host's addresses (ip address show) with {who}, and the MAC of those adverts with its own.",
        key=key,
        routers=overlay.routers,
        start=first.start,
        end=found[-1].end,
        cause="source-address",
        also_possible=("rogue",),
        subject=f"{overlay.host} seen",
    )


def _line(overlay: Overlay, found: Contradiction) -> str:
    return str(Line(overlay.host, overlay.path or overlay.host, found.line))


def _length(nanoseconds: int) -> str:
    """Return a span that is told only roughly: a stamp of a second knows no more."""
    return "a moment" if nanoseconds < SECOND // 10 else f"about {span(round(nanoseconds, -8))}"


def _finding(
    name: str,
    overlay: Overlay,
    severity: Severity,
    confidence: Confidence,
    *,
    title: str,
    explanation: str,
    remedy: str,
    key: str | None = None,
    routers: tuple[str, ...] = (),
    start: int | None = None,
    end: int | None = None,
    lines: Sequence[Line] = (),
    cause: str = "",
    also_possible: tuple[str, ...] = (),
    subject: str = "",
) -> Finding:
    """Make a finding about a log."""
    return Finding(
        rule=name,
        severity=severity,
        confidence=confidence,
        virtual_router=key,
        routers=routers,
        start=overlay.observed.start if start is None else start,
        end=overlay.observed.end if end is None else end,
        title=title,
        explanation=explanation,
        remedy=remedy,
        frames=(),
        subject=subject or overlay.path or overlay.host,
        lines=tuple(lines),
        cause=cause,
        also_possible=also_possible,
    )
