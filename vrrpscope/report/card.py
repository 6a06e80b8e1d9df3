"""How an analysis shows itself: a card in a notebook, a few lines in a terminal.

A card is the verdict, why, a lane of reigns for each router, and the worst findings: what tells whether to look closer.
It has no script, loads nothing, takes its text colour from the page, and everything captured is escaped.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from vrrpscope.findings import Severity
from vrrpscope.report import palette
from vrrpscope.report.escape import printable
from vrrpscope.report.times import clock, date
from vrrpscope.report.verdict import reason, sentence, verdict
from vrrpscope.rules.text import count, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.analysis import Analysis, VirtualRouter
    from vrrpscope.findings import Finding

_MAX_VIRTUALS: Final = 8
_MAX_ROUTERS: Final = 6  # of one virtual router
_MAX_FINDINGS: Final = 6
_WIDTH, _LEFT, _LANE, _HEAD = 860, 190, 18, 20
_MAX_BARS: Final = 300
_MARKS: Final = {
    Severity.CRITICAL: palette.CRITICAL,
    Severity.WARNING: palette.WARNING,
    Severity.INFO: palette.INFO,
}


def as_text(analysis: Analysis) -> str:
    """Return the verdict and what it is about, in a few lines."""
    lines = [f"<vrrpscope.Analysis: {printable(verdict(analysis))}"]
    for virtual in _shown(analysis):
        masters = dict.fromkeys(r.router for r in virtual.router.history.reigns)
        names = ", ".join(masters) or "none"
        lines.append(f"  {printable(virtual.key)}  {', '.join(virtual.addresses)}  masters {names}")
    more = len(analysis.virtual_routers) - _MAX_VIRTUALS
    lines += [f"  … and {count(more, 'more virtual router')}"] if more > 0 else []
    lines.append(
        f"  {count(len(analysis.findings), 'finding')}; .table(name) .plot(name) .who(time) .between(start, end)>"
    )
    return "\n".join(lines)


def as_html(analysis: Analysis) -> str:
    """Return the card."""
    worst = {"critical": palette.CRITICAL, "warning": palette.WARNING, "healthy": palette.HEALTHY}[analysis.verdict]
    parts = [
        f'<div style="border-left:5px solid {worst.color_light};padding:2px 12px;font-family:system-ui,sans-serif">',
        f'<div style="font-weight:600">{worst.symbol} {_text(verdict(analysis))}</div>',
    ]
    why = reason(analysis)
    parts += [f"<div>{_text(why)}</div>"] if why else []
    parts.append(f'<div style="opacity:.7;font-size:85%">{_text(_about(analysis))}</div>')
    parts += _chart(analysis)
    parts += _findings(analysis)
    return "\n".join([*parts, "</div>"])


def _text(text: str) -> str:
    return escape(printable(text))


def _shown(analysis: Analysis) -> list[VirtualRouter]:
    """Return the virtual routers a card has room for: those with findings first."""
    rank: dict[str | None, int] = {}
    for finding in analysis.findings:
        rank.setdefault(finding.virtual_router, finding.severity.rank)
    return sorted(analysis.virtual_routers, key=lambda v: rank.get(v.key, len(Severity)))[:_MAX_VIRTUALS]


def _about(analysis: Analysis) -> str:
    names = [c.info.name for c in analysis.captures]
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    parts = [shown or "no capture", count(sum(c.adverts for c in analysis.captures), "advert")]
    if analysis.start is not None and analysis.end is not None:
        until = "" if date(analysis.start) == date(analysis.end) else f"{date(analysis.end)} "
        parts.append(f"{date(analysis.start)} {clock(analysis.start, 2)} to {until}{clock(analysis.end, 2)} UTC")
        parts.append(span(analysis.end - analysis.start))
    return " · ".join(parts)


def _chart(analysis: Analysis) -> Iterator[str]:
    """Yield an SVG with a lane for each router."""
    start, end = analysis.start, analysis.end
    if start is None or end is None or start == end or not analysis.virtual_routers:
        return
    styles = palette.router_styles(analysis)
    body: list[str] = []
    y = 0
    for virtual in _shown(analysis):
        history = virtual.router.history
        key = virtual.router.key
        name = f"VRID {key.vrid}{' IPv6' if key.family == 6 else ''}{f' {key.segment}' if key.segment else ''}"
        body.append(_label(y + 14, f"{name}  {', '.join(virtual.addresses[:2])}", bold=True))
        splits = [(s.start, s.end) for s in history.splits.values()]
        body += _bars(splits, start, end, y=y + 6, height=10, color=palette.SPLIT_BRAIN.color_light, name="split brain")
        y += _HEAD
        for speaker in palette.by_priority(virtual)[:_MAX_ROUTERS]:
            reigns = [(r.start, r.end) for r in history.reigns if r.router == speaker.address]
            body.append(_label(y + 13, speaker.address))
            body.append(
                f'<rect x="{_LEFT}" y="{y + 8}" width="{_WIDTH - _LEFT}" height="1" fill="currentColor" opacity=".2"/>'
            )
            color = styles[speaker.address].color_light
            body += _bars(reigns, start, end, y=y + 2, height=_LANE - 5, color=color, name=speaker.address)
            y += _LANE
    yield (
        f'<svg viewBox="0 0 {_WIDTH} {y + 4}" style="max-width:{_WIDTH}px;width:100%;margin:6px 0" role="img" '
        f'aria-label="who was master when" font-family="ui-monospace,monospace" font-size="11">{"".join(body)}</svg>'
    )


def _label(y: int, text: str, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{0 if bold else 14}" y="{y}" fill="currentColor"{weight}>{_text(text)}</text>'


def _bars(
    spans: list[tuple[int, int | None]], start: int, end: int, *, y: int, height: int, color: str, name: str
) -> Iterator[str]:
    """Yield spans as bars; those that would touch are one, so that there is a bounded number of them."""
    scale = (_WIDTH - _LEFT) / (end - start)
    least = (_WIDTH - _LEFT) / _MAX_BARS / 2
    drawn: list[list[float]] = []
    for first, last in sorted(spans, key=lambda s: s[0]):
        low = _LEFT + max(first - start, 0) * scale
        high = max(_LEFT + (min(end if last is None else last, end) - start) * scale, low + 1.5)
        if drawn and low - drawn[-1][1] < least:
            drawn[-1][1] = max(drawn[-1][1], high)
        else:
            drawn.append([low, high])
    for low, high in drawn:
        yield (
            f'<rect x="{low:.1f}" y="{y}" width="{high - low:.1f}" height="{height}" fill="{color}">'
            f"<title>{_text(name)}</title></rect>"
        )


def _findings(analysis: Analysis) -> Iterator[str]:
    """Yield a list of the worst findings."""
    if not analysis.findings:
        return
    yield '<ul style="margin:4px 0;padding-left:0;list-style:none">'
    alike: dict[tuple[str, str | None], list[Finding]] = {}
    for finding in analysis.findings:
        alike.setdefault((finding.rule, finding.virtual_router), []).append(finding)
    dated = analysis.start is not None and analysis.end is not None and date(analysis.start) != date(analysis.end)
    for group in list(alike.values())[:_MAX_FINDINGS]:
        yield _finding(group[0], len(group) - 1, dated=dated)
    more = sum(map(len, list(alike.values())[_MAX_FINDINGS:]))
    if more > 0:
        yield f'<li style="opacity:.7">… and {count(more, "more finding")}: <code>.table("findings")</code></li>'
    yield "</ul>"


def _finding(finding: Finding, more: int, *, dated: bool) -> str:
    """Return one finding, to be opened for its explanation; `more` are alike."""
    mark = _MARKS[finding.severity]
    day = f"{date(finding.start)} " if dated else ""
    when = f" · {day}{clock(finding.start)}" if finding.start else ""
    others = f' <span style="opacity:.7">and {more:,} alike</span>' if more else ""
    frames = "; ".join(f"{f.capture}#{f.number}" for f in finding.frames[:3])
    fix = f"<div><i>Fix:</i> <span style='white-space:pre-wrap'>{_text_lines(finding.remedy)}</span></div>"
    return (
        f'<li style="margin:2px 0"><details><summary><span style="color:{mark.color_light};font-weight:600">'
        f"{mark.symbol} {_text(finding.rule)}</span> <small>{_text(str(finding.confidence))}{when}</small> "
        f"{_text(sentence(finding.title))}{others}</summary>"
        f'<div style="padding-left:16px;max-width:52em">{_text(finding.explanation)}'
        f"{fix if finding.remedy else ''}<small>{_text(frames)}</small></div></details></li>"
    )


def _text_lines(text: str) -> str:
    return "\n".join(_text(line) for line in text.split("\n"))
