"""The HTML report: one file without any outside address, complete without a script, livelier with one.

`page` says what stands there, `lanes` and `svg` what is drawn and where, the templates how. Here it is put together:

* Whatever came out of a capture passes `printable`, then jinja2's escaping; no template switches that off.
* The style sheet and the script are inlined and allowed by their hash (Content-Security-Policy), nothing else is: even
  if an escape were missing, what a capture says could not run. So there is no `style=` attribute and no `onclick=`.
* The style sheet and the script are ASCII, where a character reference would mean nothing.
* Pages are bounded: findings, steps, charts and shapes, each with a word on how many were left out.
"""

from __future__ import annotations

import base64
import codecs
import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from vrrpscope import __version__
from vrrpscope.findings import Severity
from vrrpscope.report import logs, page, palette, svg
from vrrpscope.report.escape import printable
from vrrpscope.report.lanes import chart, extent
from vrrpscope.report.verdict import reason, verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from vrrpscope.analysis import Analysis, VirtualRouter
    from vrrpscope.report import Options
    from vrrpscope.timeline.events import Seen

MAX_CHARTS: Final = 60
"""Virtual routers told in full; those with trouble come first, the rest stand in the table."""

_SHAPES: Final = 3_000  # of one kind in all charts together
_IN_ROW: Final = range(12, 301)  # of one kind in one row, however many rows there are
_STEPS: Final = 5_000  # of all stories together
_IN_STORY: Final = range(20, 201)

_VERDICTS: Final = {"critical": palette.CRITICAL, "warning": palette.WARNING, "healthy": palette.HEALTHY}
_MARKS: Final = {
    "election": palette.ELECTION,
    "lost": palette.LOST,
    "late": palette.LATE,
    "missing": palette.MISSING,
    "claim": palette.CLAIM,
    "priority": palette.PRIORITY,
    "split": palette.SPLIT_BRAIN,
    "vacant": palette.MASTERLESS,
    "critical": palette.CRITICAL,
    "warning": palette.WARNING,
    "info": palette.INFO,
    "healthy": palette.HEALTHY,
    "unclear": palette.UNCLEAR,
}


def render(analysis: Analysis, stream: TextIO, _: Options) -> None:
    """Write the report as one HTML document."""
    context = _context(analysis)
    style = _environment().get_template("style.css.j2").render(marks=_MARKS, styles=context["styles"], palette=palette)
    script = resources.files("vrrpscope.report").joinpath("templates/script.js").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    template = _environment().get_template("page.html.j2")
    own = {"style": Markup(style), "script": Markup(script)}  # noqa: S704 - no captured word is in them
    chunks = template.generate(**context, **own, policy=policy)
    if codecs.lookup(stream.encoding or "utf-8").name != "utf-8":
        # The document says that it is UTF-8, and ASCII is that everywhere.
        chunks = (chunk.encode("ascii", "xmlcharrefreplace").decode("ascii") for chunk in chunks)
    stream.writelines(chunks)


def _hash(text: str) -> str:
    """Return what a Content-Security-Policy calls an inlined text by."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("vrrpscope.report"),
        autoescape=True,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.globals.update(legend=svg.legend)
    environment.filters.update(bound=page.bound)
    return environment


def _visible(value: Any) -> Any:
    """Make what could hide or reorder text visible; what a template has made itself (Markup) is left alone."""
    return printable(value) if type(value) is str else value


def _context(analysis: Analysis) -> dict[str, Any]:
    """Return everything that the page's template names."""
    names = page.names(analysis.captures)

    def where(seen: Seen) -> str:
        return f"{names[seen.capture]}#{seen.number}"

    told, omitted = page.findings(analysis)
    first = told[0] if told and told[0].finding.severity is not Severity.INFO else None
    quiet, detailed = _chosen(analysis)
    looks = palette.router_styles(analysis)
    times = extent(analysis)
    return {
        "version": __version__,
        "verdict": verdict(analysis),
        "reason": reason(analysis),
        "mark": _mark(analysis),
        "first": first,
        "findings": told,
        "omitted": omitted,
        "styles": list(dict.fromkeys(looks.values())),
        "numbers": _numbers(looks),
        "sections": _sections(analysis, detailed, told, where),
        "quiet": quiet,
        "extent": times,
        "period": page.period(analysis),
        "available": [page.availability(v) for v in analysis.virtual_routers[:1000]],
        "captures": [
            (c.info.name, page.capture(c, several=len(analysis.captures) > 1), *page.problems(c))
            for c in analysis.captures
        ],
        "logs": [logs.about(overlay) for overlay in analysis.testimony.overlays],
    }


def _mark(analysis: Analysis) -> palette.Mark:
    """Return the sign above the verdict; where nothing was wrong because there was nothing to see, it says so."""
    if analysis.verdict == "healthy" and not verdict(analysis).startswith("HEALTHY"):
        return palette.UNCLEAR
    return _VERDICTS[analysis.verdict]


def _numbers(looks: dict[str, palette.Style]) -> dict[str, tuple[int, palette.Style]]:
    """Return each router's style with its number, which is its class in the style sheet."""
    order = {style: number for number, style in enumerate(dict.fromkeys(looks.values()))}
    return {address: (order[style], style) for address, style in looks.items()}


def _chosen(analysis: Analysis) -> tuple[list[VirtualRouter], list[VirtualRouter]]:
    """Return the virtual routers that only stand in the table, and those told in full, in the report's order."""
    troubled = {f.virtual_router for f in analysis.findings if f.severity is not Severity.INFO}
    order = sorted(analysis.virtual_routers, key=lambda v: v.key not in troubled)
    chosen = {v.key for v in order[:MAX_CHARTS]}
    return (
        [v for v in analysis.virtual_routers if v.key not in chosen],
        [v for v in analysis.virtual_routers if v.key in chosen],
    )


def _fair(total: int, parts: int, bounds: range) -> int:
    """Return an equal share, within bounds."""
    return min(max(total // max(parts, 1), bounds[0]), bounds[-1])


def _sections(
    analysis: Analysis, detailed: list[VirtualRouter], told: list[page.Told], where: Callable[[Seen], str]
) -> list[dict[str, Any]]:
    """Return what is told of each virtual router in full."""
    times, numbers = extent(analysis), _numbers(palette.router_styles(analysis))
    rows = sum(len(v.router.speakers) + 2 for v in detailed)
    limit, length = _fair(_SHAPES, rows, _IN_ROW), _fair(_STEPS, len(detailed), _IN_STORY)
    sections = []
    for virtual in detailed:
        about = [(t.anchor, t.finding) for t in told if t.finding.virtual_router == virtual.key]
        plan = chart(virtual, analysis.end or 0, about, where)
        steps, more = page.story(analysis, virtual, where, length)
        sections.append(
            {
                "virtual": virtual,
                "key": virtual.router.key,
                "drawing": None if times is None else svg.draw(plan, times, numbers, limit),
                "summary": svg.summary(plan),
                "steps": steps,
                "more": more,
                "routers": page.routers(virtual, days=page.several_days(analysis)),
                "unlisted": max(len(virtual.router.speakers) - page.MAX_ROUTERS, 0),
                "ways": page.ways(virtual),
            }
        )
    return sections
