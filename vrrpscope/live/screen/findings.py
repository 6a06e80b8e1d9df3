"""Findings: one on a line, and the one looked at unfolded, with its explanation and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from vrrpscope.live.screen.marks import PALE, SEVERITIES, marked, moment
from vrrpscope.report import palette
from vrrpscope.report.escape import printable
from vrrpscope.report.lines import wrapped
from vrrpscope.report.verdict import sentence
from vrrpscope.rules.causes import CAUSES
from vrrpscope.rules.text import span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.findings import Finding


def finding_line(finding: Finding, now: int, width: int, *, is_open: bool = False) -> Text:
    """Return a finding on one line: what it says or, where that is unfolded below, when it was and how sure it is."""
    mark = SEVERITIES[finding.severity]
    line = Text()
    line.append_text(marked(mark))
    line.append(f" {moment(finding.start, now)} " if finding.start else " ", PALE)
    line.append(printable(finding.rule), f"bold {mark.color_dark}")
    if is_open:
        where = [printable(finding.virtual_router)] if finding.virtual_router else []
        line.append("  " + " · ".join([finding.confidence, *_lasting(finding, now), *where]), PALE)
    else:
        line.append(f"  {printable(finding.title)}")
    line.truncate(width, overflow="ellipsis")
    return line


def finding_lines(finding: Finding, width: int, *, whole: bool = False) -> list[Text]:
    """Return what is unfolded: what it means, what else it could be, and what to do; `whole` cuts no command."""
    lines = [Text(f"    {line}", "bold") for line in wrapped(printable(sentence(finding.title)), width - 4)]
    lines += [Text(f"    {line}") for line in wrapped(printable(finding.explanation), width - 4)]
    if finding.also_possible:
        others = "; ".join(CAUSES.get(word, printable(word)) for word in finding.also_possible)
        lines += [Text(f"    {line}", PALE) for line in wrapped(f"Also possible: {others}.", width - 4)]
    lines += remedy(finding.remedy, width, whole=whole)
    if finding.frames:
        numbers = ", ".join(str(f.number) for f in finding.frames)
        lines += [Text(f"    {ln}", PALE) for ln in wrapped(f"frame.number in {{{numbers}}}", width - 4)]
    return lines


def _lasting(finding: Finding, now: int) -> list[str]:
    if finding.end is None:
        return ["not over"]
    if finding.end == finding.start:
        return []
    return [f"{span(finding.end - finding.start)} until {moment(finding.end, now)}"]


def remedy(text: str, width: int, *, whole: bool = False) -> Iterator[Text]:
    """Return what to do; a command stands on lines of its own, so that it can be copied."""
    for n, line in enumerate(text.split("\n") if text else ()):
        said = printable(line)
        if line.startswith("  "):
            parts = [said.strip()] if whole else _cut(said.strip(), width - 6)
            yield from (Text(f"      {part}", palette.HEALTHY.color_dark) for part in parts)
            continue
        for m, part in enumerate(wrapped(("Fix: " if n == 0 else "") + said, width - 4, hang=5 if n == 0 else 0)):
            shown = Text(f"    {part}")
            if n == m == 0:
                shown.stylize("bold", 4, 8)
            yield shown


def _cut(text: str, width: int) -> list[str]:
    return [text[at : at + width] for at in range(0, len(text), max(width, 1))]
