"""The two lines at the top, always to be seen: where and when, what was dropped, and how bad it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from vrrpscope.findings import Severity
from vrrpscope.live.screen.marks import PALE, SEVERITIES, beside, marked
from vrrpscope.report import palette
from vrrpscope.report.escape import printable
from vrrpscope.report.times import clock, date
from vrrpscope.rules.text import span

if TYPE_CHECKING:
    from vrrpscope.live.screen.model import View


def heading(view: View | None, source: str, width: int) -> list[Text]:
    """Return what is always to be seen: where, when, what was dropped, and how bad it is."""
    where = Text("vrrpscope live", "bold")
    if view is None:
        where.append(f"  {printable(source)}")
        return [where, Text("waiting for the first frames", PALE)]
    for name, up in view.interfaces:
        where.append("  ")
        where.append_text(Text(printable(name)) if up else marked(palette.CRITICAL, f"{name} is down", bold=True))
    if not view.interfaces:
        where.append(f"  {printable(source)}")
    if not view.now:
        return [where, beside(dropped(view), Text("waiting for the first frames", PALE), width)]
    when = Text(f"{date(view.now)} {clock(view.now, -1)} UTC", PALE)
    second = dropped(view)
    for severity, mark in SEVERITIES.items():
        number = sum(f.severity is severity for f in view.findings)
        if number:
            second.append("  ")
            second.append_text(marked(mark, _count(number, severity), bold=severity is Severity.CRITICAL))
    wrong = any(f.severity is not Severity.INFO for f in view.findings) or any(r.standing != "one" for r in view.rows)
    if view.rows and not wrong:
        second.append("  ")
        second.append_text(marked(palette.HEALTHY, "nothing wrong"))
    counted = f"{view.counters.decoded:,} adverts of {view.counters.seen:,} frames in {span(view.now - view.begun)}"
    return [beside(where, when, width), beside(second, Text(counted, PALE), width)]


def dropped(view: View) -> Text:
    """Return how many frames were lost before they could be looked at."""
    number, seen = view.counters.dropped, view.counters.seen
    if not number:
        return marked(palette.HEALTHY, "nothing dropped")
    return marked(palette.SPLIT_BRAIN, f"{number:,} DROPPED ({100 * number / max(seen, 1):.2g} %)", bold=True)


def _count(number: int, severity: Severity) -> str:
    return f"{number:,} {severity}" + ("s" if severity is Severity.WARNING and number > 1 else "")
