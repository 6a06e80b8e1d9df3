"""Logs in a report: what each is, and which of its lines belong into a story.

A log has more to say than anybody reads. What explains (a fault, a refusal, an error) goes before what accompanies
(states that the packets show as well), and what packets tell already is left out: the line about a takeover that was
seen. Equal lines behind one another are one with a count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vrrpscope.evidence.frr_words import unmarked
from vrrpscope.evidence.log_belief import ENTERS
from vrrpscope.evidence.said import Kind, masked
from vrrpscope.report.escape import printable
from vrrpscope.report.story import Line
from vrrpscope.report.times import Times, rfc3339, seconds
from vrrpscope.rules.text import count, listing, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vrrpscope.evidence.overlay import Overlay
    from vrrpscope.evidence.said import Said
    from vrrpscope.evidence.testimony import Testimony
    from vrrpscope.timeline.profile import RouterKey

Document = dict[str, Any]

_LEAST: Final = 12  # log lines in a story, however many steps it has
_MOST: Final = 24
_SAME: Final = 100_000_000  # nanoseconds between a packet and the line about it
_VAGUE: Final = 100_000_000  # what is known less well is told to the second
_TEXT: Final = 240  # characters of a line

_EXPLAINS: Final = {
    *(Kind.DIED, Kind.FAULT, Kind.REJECTED, Kind.SEND_ERROR, Kind.LATE, Kind.STOPPING, Kind.STARTED, Kind.REFUSED),
    *(Kind.SCRIPT_FAILED, Kind.PRIORITY_CHANGED, Kind.INTERFACE_DOWN, Kind.REFLECTED, Kind.TWO_OWNERS, Kind.RELOADED),
    *ENTERS,
}
_ACCOMPANIES: Final = {
    *(Kind.SCRIPT_SUCCEEDED, Kind.INTERFACE_UP, Kind.DIFFERS, Kind.BACKUP, Kind.HIGHER_ADVERT, Kind.LOWER_ADVERT),
    *(Kind.PREEMPT_DELAY, Kind.DELAYED),
}


def about(overlay: Overlay) -> str:
    """Return what a log is, in one line."""
    log = overlay.log
    whose = f"log of {printable(overlay.host)}"
    if overlay.routers:
        whose += f" ({listing(overlay.routers)})"
    parts = [whose, count(log.lines, "line"), *map(printable, log.versions[-1:])]
    if not overlay.is_placed:
        parts.append("not laid beside the packets (see log-not-placed)")
    elif overlay.offset is None:
        parts.append("placed by its own clock")
    elif abs(overlay.offset) <= max(overlay.spread, _SAME):
        parts.append(f"on the captures' clock, by {count(overlay.matched, 'line')}")
    else:
        way = "ahead" if overlay.offset > 0 else "behind"
        parts.append(f"clock {span(abs(overlay.offset))} {way}, ± {span(overlay.spread)}")
    return f"{printable(overlay.path or overlay.host)}: {', '.join(parts)}"


def beside(
    testimony: Testimony, key: RouterKey, steps: Sequence[Line], shown: int, times: Times | None = None
) -> tuple[list[Line], int]:
    """Return the log lines that belong between the first steps of a story, and how many are left out.

    Args:
        testimony: whose logs.
        key: the virtual router's.
        steps: its story.
        shown: how many of these are told; what lies behind the last of them is left out.
        times: how a time within a line is written; in UTC if not given.
    """
    cut = steps[shown - 1].t if len(steps) > shown else None
    found = [each for overlay in testimony.overlays for each in _lines(overlay, key, steps, times or Times())]
    within = [(rank, line) for rank, line in found if cut is None or line.t <= cut]
    room = min(max(shown - len(steps), _LEAST), _MOST)
    chosen = sorted(range(len(within)), key=lambda place: within[place][0])[:room]
    lines = [within[place][1] for place in sorted(chosen)]
    return sorted(lines, key=lambda line: line.t), len(found) - len(chosen)


def document(overlay: Overlay) -> Document:
    """Return a log as the JSON report tells it."""
    said = overlay.log.said
    return {
        "host": overlay.host,
        "path": overlay.path,
        "router": overlay.router,
        "routers": list(overlay.routers),
        "placed": overlay.is_placed,
        "clock_offset_s": None if overlay.offset is None else seconds(overlay.offset),
        "clock_spread_s": None if overlay.offset is None else seconds(overlay.spread),
        "lines": overlay.log.lines,
        "first": rfc3339(min(each.t for each in said)) if said else None,
        "last": rfc3339(max(max(each.t, each.last) for each in said)) if said else None,
        "versions": list(overlay.log.versions),
        "instances": [{"instance": name, "virtual_router": str(key)} for name, key in overlay.instances.items()],
        "contradictions": [
            {
                "virtual_router": str(each.key),
                "instance": each.instance,
                "start": rfc3339(each.start),
                "end": rfc3339(each.end),
                "kind": "unseen" if each.logged else "unlogged",
                "line": each.line or None,
            }
            for each in overlay.contradictions
        ],
        "problems": [problem.message for problem in overlay.log.problems],
    }


def _lines(overlay: Overlay, key: RouterKey, steps: Sequence[Line], times: Times) -> Iterator[tuple[int, Line]]:
    """Yield what a log says of one virtual router or the whole daemon, with its rank."""
    seen = [step.t for step in steps if step.seen is not None]
    before: Said | None = None
    for about_key, said in overlay.told:
        if about_key not in {None, key} or _is_known(said, seen):
            continue
        if before is not None and _alike(before, said):
            before = before._replace(times=before.times + said.times, last=max(said.last, said.t))
            continue
        if before is not None:
            yield _rank(before), _line(overlay, before, times)
        before = said
    if before is not None:
        yield _rank(before), _line(overlay, before, times)


def _is_known(said: Said, seen: Sequence[int]) -> bool:
    """Whether the packets tell the same already."""
    if said.kind in ENTERS or said.kind is Kind.PRIORITY_ZERO_SENT:
        return any(said.t - _SAME <= t <= said.until + _SAME for t in seen)
    return (said.kind is Kind.STARTED and said.reason == "child") or (said.kind is Kind.STOPPED and not said.instance)


def _alike(one: Said, other: Said) -> bool:
    return (one.kind, one.instance, one.text) == (other.kind, other.instance, other.text)


def _rank(said: Said) -> int:
    return 0 if said.kind in _EXPLAINS else 1 if said.kind in _ACCOMPANIES else 2


def _line(overlay: Overlay, said: Said, clock: Times) -> Line:
    text = masked(unmarked(said.text))
    text = text if len(text) <= _TEXT else text[: _TEXT - 1] + "…"
    times = f"  ({said.times} times until {clock.second(said.last)})" if said.times > 1 else ""
    vague = said.until - said.t > _VAGUE
    t = (said.t + said.until) // 2 if vague else said.t
    return Line(t, None, printable(text) + times, host=overlay.host, vague=vague)
