"""All about one virtual router: who its routers are, what they announce, and its story so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from vrrpscope.live.screen.marks import PALE, router
from vrrpscope.report import palette
from vrrpscope.report.escape import printable
from vrrpscope.report.lines import wrapped
from vrrpscope.rules.text import count

if TYPE_CHECKING:
    from vrrpscope.live.screen.model import Detail, Row


def detail_lines(detail: Detail, row: Row | None, width: int) -> list[Text]:
    """Return all about one virtual router."""
    lines = []
    if row is not None:
        lines += [Text(line, PALE) for line in wrapped(printable(", ".join(row.addresses) or "no address"), width)]
        lines.append(Text())
    for number, (address, *about) in detail.routers:
        glyph = palette.PATTERNS[palette.style(number).pattern].glyph
        lines.append(router(number, f"{glyph} {address}"))
        lines += [Text("  " + part, PALE) for line in about for part in wrapped(printable(line), width - 2)]
    lines.append(Text())
    if detail.earlier:
        lines.append(Text(f"… {count(detail.earlier, 'earlier step')}", PALE))
    for when, what, why in detail.steps:
        first, *rest = wrapped(printable(what), width - 14) or [""]
        line = Text()
        line.append(f"{when}  ", PALE)
        line.append(first)
        lines.append(line)
        lines += [Text(" " * 14 + part) for part in rest]
        lines += [Text(" " * 14 + part, PALE) for part in wrapped(printable(why), width - 14)]
    return lines
