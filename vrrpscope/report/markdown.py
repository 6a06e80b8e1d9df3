"""The report as Markdown: for a ticket, a merge request, a chat.

What it says is the text report's, in the order in which somebody acts: the verdict, what to do first, each virtual
router's routers and steps as tables, the findings, the captures. `inert` sees to it that nothing of a capture becomes
markup. Each block is one line or has its own fence, and there is no HTML, so it reads well where Markdown is not
understood.

A chat takes so much and no more (Slack 12,000 characters): blocks are chosen by what matters, worst findings first,
and put in the order of reading; what did not fit is counted at the end.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple, TextIO

from vrrpscope.findings import Severity
from vrrpscope.report import logs, page
from vrrpscope.report.inert import code, fenced, inert
from vrrpscope.report.story import tell
from vrrpscope.report.verdict import part_of, reason, sentence, verdict
from vrrpscope.rules.causes import CAUSES
from vrrpscope.rules.text import count, listing, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vrrpscope.analysis import Analysis, Capture, VirtualRouter
    from vrrpscope.findings import Finding
    from vrrpscope.report import Options
    from vrrpscope.report.story import Line
    from vrrpscope.timeline.events import Reign, Seen

LIMIT: Final = 12_000
"""Characters of a report."""

_NOTICE: Final = 400  # characters kept for what is said of the rest
_MAX_REMEDY: Final = 3_000
_MAX_TITLE: Final = 400
_MAX_TEXT: Final = 1_200  # of an explanation
_MAX_STEPS: Final = 15  # of one virtual router
_MAX_ROUTERS: Final = 8  # in one table
_MAX_ALIKE: Final = 3  # findings of one rule and virtual router
_MAX_CAPTURES: Final = 8
_MAX_LINES: Final = 8  # of logs and configurations, for one finding

_SYMBOLS: Final = {Severity.CRITICAL: "✖", Severity.WARNING: "▲", Severity.INFO: "·"}
_TYPOGRAPHY: Final = str.maketrans({"✖": "X", "▲": "!", "·": "-", "–": "-", "…": "...", "→": ">", "±": "+/-"})


class _Block(NamedTuple):
    """Something that is written as a whole or not at all."""

    part: str  # heading below which it stands
    rank: int  # what matters more has the smaller one
    kind: str  # what it is counted as if there is no room
    lines: list[str]


def render(analysis: Analysis, stream: TextIO, options: Options) -> None:
    """Write the report, in ASCII where the stream can carry nothing else."""
    text = "\n".join(_fitted(list(_Report(analysis, options).blocks()))) + "\n"
    encoding = stream.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(_TYPOGRAPHY).encode(encoding, "backslashreplace").decode(encoding)
    stream.write(text)


def _fitted(blocks: list[_Block]) -> list[str]:
    """Return the lines of the blocks that there is room for, and what was left out."""
    room, chosen, parts = LIMIT - _NOTICE, set[int](), {""}
    for place in sorted(range(len(blocks)), key=lambda n: blocks[n].rank):
        part = blocks[place].part
        heading = [] if part in parts else [f"### {part}", ""]
        size = sum(len(line) + 1 for line in [*heading, *blocks[place].lines, ""])
        if size <= room:
            chosen.add(place)
            parts.add(part)
            room -= size
    lines, part = list[str](), ""
    for place in sorted(chosen):
        block = blocks[place]
        if block.part != part:
            part = block.part
            lines += [f"### {part}", ""]
        lines += [*block.lines, ""]
    left = [blocks[place].kind for place in range(len(blocks)) if place not in chosen]
    if left:
        kinds = listing(count(left.count(kind), kind) for kind in dict.fromkeys(left))
        lines += [f"Left out, to stay below {LIMIT:,} characters: {kinds}. The formats text and html have all.", ""]
    return lines[:-1]


class _Report:
    def __init__(self, analysis: Analysis, options: Options) -> None:
        self._analysis, self._times = analysis, options.times(analysis)
        self._names = page.names(analysis.captures)
        troubles = [f for f in analysis.findings if f.severity is not Severity.INFO]
        self._first = next((f for f in troubles if f.remedy), None)

    def blocks(self) -> Iterator[_Block]:
        """Yield everything there is to say, in the order of reading."""
        worst = next(iter(self._analysis.findings), None)
        symbol = f"{_SYMBOLS[worst.severity]} " if worst is not None and worst.severity is not Severity.INFO else ""
        yield _Block("", 0, "verdict", [f"**{symbol}{inert(verdict(self._analysis), _MAX_TITLE)}**"])
        why = inert(reason(self._analysis), _MAX_TEXT)
        if why:
            yield _Block("", 0, "reason", [why])
        part = part_of(self._analysis, self._times)
        if part:
            yield _Block("", 0, "part", [part])
        if self._first is not None:
            yield _Block("Do first", 0, "remedy", list(_remedy(self._first.remedy)))
        troubled = {f.virtual_router for f in self._analysis.findings if f.severity is not Severity.INFO}
        for virtual in self._analysis.virtual_routers:
            rank = 2 if virtual.key in troubled else 6
            yield _Block(_heading(virtual), rank, "virtual router", list(self._virtual_router(virtual)))
        yield from self._findings()
        for place, capture in enumerate(self._analysis.captures[:_MAX_CAPTURES]):
            yield _Block("Captures", 1 if place == 0 else 4, "capture", [self._about(capture)])
        if len(self._analysis.captures) > _MAX_CAPTURES:
            more = len(self._analysis.captures) - _MAX_CAPTURES
            yield _Block("Captures", 4, "capture", [f"… and {count(more, 'more capture')}"])
        for overlay in self._analysis.testimony.overlays[:_MAX_CAPTURES]:
            yield _Block("Captures", 4, "log", [inert(logs.about(overlay))])

    # --- virtual routers ------------------------------------------------------------------------------

    def _virtual_router(self, virtual: VirtualRouter) -> Iterator[str]:
        yield "| router | priority | master for | reigns | adverts | lost | late |"
        yield "|---|---|---|---|---|---|---|"
        for row in page.routers(virtual, days=False)[:_MAX_ROUTERS]:
            reigns = [r for r in virtual.router.history.reigns if r.router == row.address]
            reigned = span(sum(map(self._length, reigns))) if reigns else "–"
            cells = dict(row.cells)
            lost, late = cells["lost / late"].split(" / ")
            known = [inert(row.address), inert(cells["priority"]), reigned, str(len(reigns)), cells["adverts"]]
            yield _row([*known, lost, late])
        more = len(virtual.router.speakers) - _MAX_ROUTERS
        if more > 0:
            yield _row([f"… and {more} more", *[""] * 6])
        yield ""
        steps = tell(virtual.router.history, self._where)
        said, unsaid = logs.beside(self._analysis.testimony, virtual.router.key, steps, _MAX_STEPS, self._times)
        shown = sorted([*steps[:_MAX_STEPS], *said], key=lambda step: step.t)
        if shown:
            yield f"| when ({self._unit(shown[0].t)}) | frame | what happened |"
            yield "|---|---|---|"
            yield from map(self._step, shown)
            yield ""
        untold = max(len(steps) - _MAX_STEPS, 0) + virtual.router.history.omitted
        rest = [count(untold, "more step")] if untold else []
        rest += [count(unsaid, "more line") + " of the logs"] if unsaid else []
        if rest:
            yield f"… and {listing(rest)}"
            yield ""
        times = virtual.availability
        shares = (("one master", times.mastered), ("several", times.contested), ("none", times.masterless))
        parts = [f"{what} {span(length)}" for what, length in shares if length]
        yield f"Observed {span(times.observed)}" + (f": {listing(parts)}." if parts else ".")
        yield from (f"\n{inert(way)}." for way in page.ways(virtual)[:_MAX_LINES])

    def _unit(self, t: int) -> str:
        return "s" if self._times.origin is not None else self._times.zone(t)

    def _length(self, reign: Reign) -> int:
        """Return how long a reign was, of the time that the analysis is about."""
        start, end = self._analysis.start or 0, self._analysis.end or 0
        return max((end if reign.end is None else min(reign.end, end)) - max(reign.start, start), 0)

    def _step(self, step: Line) -> str:
        when = self._times.at(step.t)
        when = when[:-4] + "~" if step.vague else when
        source = step.host + " log" if step.host else "" if step.seen is None else self._where(step.seen)
        what = code(step.text, _MAX_TITLE) if step.host else inert(step.text, _MAX_TITLE)
        return _row([when, code(source, 40), what + (f"; {inert(step.detail, _MAX_TITLE)}" if step.detail else "")])

    def _where(self, seen: Seen) -> str:
        return f"{self._names[seen.capture]}#{seen.number}"

    # --- findings -------------------------------------------------------------------------------------

    def _findings(self) -> Iterator[_Block]:
        if not self._analysis.findings:
            yield _Block("Findings", 1, "finding", ["None."])
        for _, group in groupby(self._analysis.findings, key=lambda f: (f.severity, f.rule, f.virtual_router)):
            alike = list(group)
            for finding in alike[:_MAX_ALIKE]:
                rank = 2 + finding.severity.rank * 2 - (finding is self._first)
                yield _Block("Findings", rank, "finding", list(self._finding(finding)))
            if len(alike) > _MAX_ALIKE:
                more = f"… and {count(len(alike) - _MAX_ALIKE, 'more finding')} of {alike[0].rule}"
                yield _Block("Findings", 5, "note", [more])

    def _finding(self, finding: Finding) -> Iterator[str]:
        where = f" · {inert(finding.virtual_router)}" if finding.virtual_router else ""
        when = f" · {self._when(finding)}" if finding.start else ""
        yield f"**{_SYMBOLS[finding.severity]} {finding.rule}** · {finding.confidence}{where}{when}"
        yield ""
        yield inert(sentence(finding.title), _MAX_TEXT)
        if finding.severity is not Severity.INFO:
            yield ""
            yield inert(finding.explanation, _MAX_TEXT)
            others = [CAUSES[word] for word in finding.also_possible if word in CAUSES]
            if others:
                yield ""
                yield f"Also possible: {inert('; '.join(others))}."
            if finding is self._first:
                yield ""
                yield "Remedy: see above, to do first."
            elif finding.remedy:
                yield ""
                yield from _remedy(finding.remedy)
        several = len(self._analysis.captures) > 1
        for each in page.filters(finding):
            yield ""
            yield (f"{code(each.capture, 80)}: " if several else "") + code(each.text)
        for line in finding.lines[:_MAX_LINES]:
            yield ""
            yield code(f"{line.host}: {line}" if line.host else str(line), _MAX_TITLE)
        if len(finding.lines) > _MAX_LINES:
            yield ""
            yield f"… and {count(len(finding.lines) - _MAX_LINES, 'more line')}"

    def _when(self, finding: Finding) -> str:
        when = self._times.at(finding.start)
        if finding.end is None:
            return f"since {when}"
        return when if finding.end == finding.start else f"{when} – {self._times.at(finding.end)}"

    # --- captures -------------------------------------------------------------------------------------

    def _about(self, capture: Capture) -> str:
        info = capture.info
        parts = [f"{count(info.frames, 'frame')}, {count(capture.adverts, 'advert')}"]
        if info.first is not None and info.last is not None:
            parts.append(self._times.period(info.first, info.last))
        if info.dropped is not None:
            parts.append(f"{info.dropped} dropped" if info.dropped else "nothing dropped")
        if capture.duplicates:
            parts.append(f"{count(capture.duplicates, 'duplicate')} left out")
        if len(self._analysis.captures) > 1 and capture is not self._analysis.captures[0]:
            parts.append(f"clock {inert(page.clock_words(capture))}")
        if info.problems:
            parts.append(f"{count(len(info.problems) + info.problems_omitted, 'problem')} while reading")
        return f"{code(info.name, 80)} ({code(info.path, 200)}) · " + " · ".join(parts)


def _heading(virtual: VirtualRouter) -> str:
    key = virtual.router.key
    place = f" · {inert(key.segment)}" if key.segment else ""
    addresses = listing(virtual.addresses[:_MAX_ROUTERS]) if virtual.addresses else "no address announced"
    more = f" and {len(virtual.addresses) - _MAX_ROUTERS} more" if len(virtual.addresses) > _MAX_ROUTERS else ""
    return f"VRID {key.vrid} · IPv{key.family}{place} · {inert(addresses)}{more}"


def _remedy(text: str) -> Iterator[str]:
    """Yield a remedy: prose as paragraphs, commands in fences, whole or not at all."""
    if len(text) > _MAX_REMEDY:
        yield "The remedy is too long for here; the formats text and html have it."
        return
    first = True
    for is_command, group in groupby(page.remedy(text), key=lambda part: part.is_command):
        parts = [part.text for part in group]
        for block in [fenced(parts)] if is_command else [[inert(part)] for part in parts]:
            yield from block if first else ["", *block]
            first = False


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
