"""The text report: read at three in the morning, over ssh, in 80 columns, or in a pipe.

The first line is the verdict in one sentence. Then the captures, then each virtual router's story in time
order, then the findings, worst first, with a Wireshark display filter for the frames to look at. Whatever
came out of a capture is escaped. Colour repeats what a symbol or a name says, never more: a router has the colour that
it has on the page and in pictures.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final, TextIO

from vrrpscope.findings import Severity
from vrrpscope.report import chart, logs, paint
from vrrpscope.report.escape import printable
from vrrpscope.report.lines import wrapped
from vrrpscope.report.paint import DIM, STRONG, headed, named, painted
from vrrpscope.report.palette import CRITICAL, WARNING, router_styles
from vrrpscope.report.story import tell
from vrrpscope.report.times import seconds
from vrrpscope.report.verdict import part_of, reason, sentence, verdict
from vrrpscope.rules.causes import CAUSES
from vrrpscope.rules.text import count, listing, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vrrpscope.analysis import Analysis, Capture, VirtualRouter
    from vrrpscope.findings import Finding
    from vrrpscope.report import Options
    from vrrpscope.report.paint import Painted
    from vrrpscope.report.story import Line
    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.profile import Profile

_MAX_STORY: Final = 40  # steps of one virtual router
_MAX_ALIKE: Final = 5  # findings of one rule and virtual router
_MAX_NAME: Final = 12  # characters of a capture's name before a frame number
_MAX_DETAILED: Final = 12  # virtual routers told in full; beyond, only those with something to tell

_SYMBOLS = {Severity.CRITICAL: "✖", Severity.WARNING: "▲", Severity.INFO: "·"}
_PLAIN_SYMBOLS = {Severity.CRITICAL: "X", Severity.WARNING: "!", Severity.INFO: "-"}
_MARKS = {Severity.CRITICAL: CRITICAL, Severity.WARNING: WARNING}
_TYPOGRAPHY = str.maketrans({"·": "-", "–": "-", "…": "...", "→": ">"})


def render(analysis: Analysis, stream: TextIO, options: Options) -> None:
    """Write the report, in ASCII where the stream can carry nothing else."""
    unicode = _carries_unicode(stream)
    lines = _Report(analysis, options, unicode=unicode).lines()
    if not unicode:
        lines = ([(_plain(text, stream), style) for text, style in line] for line in lines)
    if options.color:
        paint.write(lines, stream)
    else:
        stream.writelines(paint.plain(line) + "\n" for line in lines)


def _plain(line: str, stream: TextIO) -> str:
    """Return a line in what the stream can carry; letters it cannot become escapes."""
    encoding = stream.encoding or "ascii"
    return line.translate(_TYPOGRAPHY).encode(encoding, "backslashreplace").decode(encoding)


def _carries_unicode(stream: TextIO) -> bool:
    try:
        "✖█·".encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


class _Report:
    def __init__(self, analysis: Analysis, options: Options, *, unicode: bool) -> None:
        self._analysis = analysis
        self._width = options.width
        self._light = options.light
        self._times = options.times(analysis)
        self._glyphs = chart.UNICODE if unicode else chart.ASCII
        self._symbols = _SYMBOLS if unicode else _PLAIN_SYMBOLS
        self._several = len(analysis.captures) > 1
        self._names = _short_names([printable(c.info.name) for c in analysis.captures])
        styles = router_styles(analysis)
        self._looks = {a: s.color_light if options.light else s.color_dark for a, s in styles.items()}

    def lines(self) -> Iterator[Painted]:
        """Yield the report."""
        worst = next((f.severity for f in self._analysis.findings), Severity.INFO)
        yield from self._wrap(printable(verdict(self._analysis)), style=f"{STRONG} {self._mark(worst)}".strip())
        yield from self._wrap(printable(reason(self._analysis)))
        yield []
        for capture in self._analysis.captures:
            yield from self._wrap(self._about(capture), hang=2)
        for overlay in self._analysis.testimony.overlays:
            yield from self._wrap(logs.about(overlay), hang=2)
        part = part_of(self._analysis, self._times)
        if part:
            yield from self._wrap(part)
        yield from self._virtual_routers()
        yield from self._findings()

    # --- virtual routers ------------------------------------------------------------------------------

    def _virtual_routers(self) -> Iterator[Painted]:
        routers = self._analysis.virtual_routers
        troubled = {f.virtual_router for f in self._analysis.findings if f.severity is not Severity.INFO}
        brief = len(routers) > _MAX_DETAILED
        for virtual in routers:
            if not brief or virtual.key in troubled:
                yield []
                yield from self._virtual_router(virtual)
        quiet = [v for v in routers if brief and v.key not in troubled]
        if quiet:
            yield []
            names = ", ".join(printable(v.key) for v in quiet)
            yield from self._wrap(f"{len(quiet)} more virtual routers without trouble: {names}", hang=2)

    def _virtual_router(self, virtual: VirtualRouter) -> Iterator[Painted]:
        router, key = virtual.router, virtual.router.key
        place = f"  {printable(key.segment)}" if key.segment else ""
        addresses = ", ".join(virtual.addresses) or "no address announced"
        yield from self._wrap(f"VRID {key.vrid}  IPv{key.family}{place}  {addresses}", hang=2, style=STRONG)
        yield from self._chart(virtual)
        looks = {address: self._looks[address] for address in router.speakers}
        steps = tell(router.history, self._where)
        said, unsaid = logs.beside(self._analysis.testimony, key, steps, _MAX_STORY, self._times)
        shown = sorted([*steps[:_MAX_STORY], *said], key=lambda step: step.t)
        wide = max((len(self._when(step)) for step in shown), default=0)
        for step in shown:
            head = f"  {self._when(step):>{wide}}  {self._source(step):<{self._number_width}}  "
            for line in wrapped(head + step.text, self._width, hang=len(head)):
                yield [(line[: len(head)], DIM), *named(line[len(head) :], looks)]
            if step.detail:
                for line in wrapped(" " * len(head) + step.detail, self._width, hang=len(head)):
                    yield named(line, looks)
        more = len(steps) - _MAX_STORY + router.history.omitted
        if more > 0:
            yield painted(f"  … and {count(more, 'more step')} (--format json has up to 2,000 of a kind)")
        if unsaid:
            yield painted(f"  … and {count(unsaid, 'more line')} of the logs")
        yield from self._wrap("  " + _shares(virtual), hang=2)
        for way in _ways(virtual):
            yield from self._wrap("  " + way, hang=4)

    def _chart(self, virtual: VirtualRouter) -> Iterator[Painted]:
        start, end = self._analysis.start, self._analysis.end
        if start is None or end is None or start == end:
            return
        speakers = sorted(virtual.router.speakers.values(), key=lambda s: -max(p.priority for p in s.profiles))
        reigns = [[r for r in virtual.router.history.reigns if r.router == s.address] for s in speakers]
        heads = [f"  {s.address}  prio {_priorities(s.profiles)}  " for s in speakers]
        width = max(map(len, heads))
        cells = max(self._width - width, 20)
        for speaker, head, own in zip(speakers, heads, reigns, strict=True):
            look = self._looks[speaker.address]
            lane = chart.lane(own, start, end, cells, self._glyphs)
            styles = {self._glyphs.master: look, self._glyphs.other: DIM}
            yield [*named(head.ljust(width), {speaker.address: look}), *paint.runs(lane, styles)]
        first = min(s.first.t for s in virtual.router.speakers.values())
        marks = chart.marks(reigns, start, end, cells, self._glyphs)
        unknown = max(-((start - first) * cells // (end - start)) + 1, 0)  # before the first advert nothing is known
        marks = (" " * unknown + marks[unknown:]).rstrip()
        if marks:
            meanings = {self._glyphs.both: "both", self._glyphs.nobody: "nobody"}
            legend = "  " + ", ".join(f"{g} {meanings[g]}" for g in meanings if g in marks)
            styles = {self._glyphs.both: self._mark(Severity.CRITICAL), self._glyphs.nobody: DIM}
            yield [(legend.ljust(width), ""), *paint.runs(marks, styles)]

    @property
    def _number_width(self) -> int:
        longest = max(map(len, self._names), default=0)
        hosts = [len(_host_of(overlay.host)) for overlay in self._analysis.testimony.overlays]
        return max((longest if self._several else 0) + 7, *hosts, 0)

    def _when(self, step: Line) -> str:
        """What is known to the second only has a tilde for the rest."""
        stamp = self._times.at(step.t)
        return stamp[:-4] + "~   " if step.vague else stamp

    def _source(self, step: Line) -> str:
        if step.host:
            return _host_of(step.host)
        return "" if step.seen is None else self._where(step.seen)

    def _where(self, seen: Seen) -> str:
        return f"{self._names[seen.capture] if self._several else ''}#{seen.number}"

    # --- findings -------------------------------------------------------------------------------------

    def _findings(self) -> Iterator[Painted]:
        yield []
        if not self._analysis.findings:
            yield painted("NO FINDINGS", STRONG)
            return
        yield painted("FINDINGS", STRONG)
        for _, group in groupby(self._analysis.findings, key=lambda f: (f.severity, f.rule, f.virtual_router)):
            alike = list(group)
            for finding in alike[:_MAX_ALIKE]:
                yield from self._finding(finding)
            if len(alike) > _MAX_ALIKE:
                yield painted(f"    … and {count(len(alike) - _MAX_ALIKE, 'more finding')} of {alike[0].rule}")

    def _finding(self, finding: Finding) -> Iterator[Painted]:
        symbol = self._symbols[finding.severity]
        several = len(self._analysis.virtual_routers) > 1
        where = f" [{finding.virtual_router}]" if several and finding.virtual_router else ""
        when = self._times.at(finding.start)
        if finding.end is None:
            when = f"since {when}"
        elif finding.end != finding.start:
            when += f" – {self._times.at(finding.end)}"
        what = f"  {symbol} {finding.rule}  {finding.confidence}"
        first, *others = wrapped(f"{what}  {when}{printable(where)}", self._width, hang=4)
        yield headed(first, len(what), f"{STRONG} {self._mark(finding.severity)}".strip(), DIM)
        yield from (painted(line, DIM) for line in others)
        yield from self._wrap("    " + printable(sentence(finding.title)), hang=4)
        if finding.severity is not Severity.INFO:
            yield from self._wrap("    " + printable(finding.explanation), hang=4)
            if finding.also_possible:
                causes = "; ".join(CAUSES[word] for word in finding.also_possible)
                yield from self._wrap(f"    Also possible: {causes}.", hang=4)
            if finding.remedy:
                yield from self._remedy(finding.remedy)
        for name, frames in groupby(finding.frames, key=lambda f: f.capture):
            of = f"{printable(name)}: " if self._several else ""
            found = f"    {of}frame.number in {{{', '.join(str(f.number) for f in frames)}}}"
            yield from self._wrap(found, hang=4, style=DIM)

    def _remedy(self, remedy: str) -> Iterator[Painted]:
        """A command stands on a line of its own, unbroken, so that it can be copied."""
        for n, line in enumerate(remedy.split("\n")):
            text = printable(line)
            if line.startswith("  "):
                yield painted("      " + text.strip(), STRONG)
            else:
                yield from self._wrap(("    Fix: " if n == 0 else "    ") + text, hang=4)

    def _mark(self, severity: Severity) -> str:
        """Return a severity's colour; none for information."""
        mark = _MARKS.get(severity)
        return "" if mark is None else mark.color_light if self._light else mark.color_dark

    def _wrap(self, text: str, hang: int = 0, style: str = "") -> Iterable[Painted]:
        return (painted(line, style) for line in wrapped(text, self._width, hang=hang))

    def _about(self, capture: Capture) -> str:
        info = capture.info
        parts = [f"{count(info.frames, 'frame')}, {count(capture.adverts, 'advert')}"]
        if info.first is not None and info.last is not None:
            parts.append(self._times.period(info.first, info.last))
        if info.dropped is not None:
            parts.append(f"{info.dropped} dropped" if info.dropped else "nothing dropped")
        if capture.duplicates:
            parts.append(f"{count(capture.duplicates, 'duplicate')} left out")
        parts += _clock_parts(capture)
        if info.problems:
            parts.append(f"{count(len(info.problems) + info.problems_omitted, 'problem')} while reading")
        return f"{printable(info.name)} ({printable(info.path)}) · " + " · ".join(parts)


def _clock_parts(capture: Capture) -> Iterator[str]:
    """Say how far the clock is off, if it is."""
    its = capture.clock
    way = f"{abs(seconds(its.offset)):.3f} s {'ahead' if its.offset >= 0 else 'behind'}"
    if its.given:
        yield f"clock {way}, as given"
    elif its.is_set:
        drift = f"; runs {abs(its.rate) * 1e6:.1f} ppm {'fast' if its.rate > 0 else 'slow'}" if its.rate else ""
        delay = "" if its.both_ways else ", the path's delay included"
        yield (
            f"clock {way} of {printable(capture.compared_with)}, ± {its.spread / 1e6:.2f} ms from "
            f"{count(its.matched, 'advert')}{delay}{drift}"
        )
    elif not its.is_aligned:
        yield "clock compared with none: no advert in common"
    if capture.steps:
        yield f"clock set back {count(capture.steps, 'time')} meanwhile, times corrected"


def _ways(virtual: VirtualRouter) -> Iterator[str]:
    """Say what became of adverts between the captures, where something did."""
    for delivery in virtual.deliveries:
        lost = delivery.sent - delivery.arrived
        parts = [f"{lost} lost"] if lost else []
        parts += [f"{delivery.unheeded} without effect"] if delivery.unheeded else []
        parts += [f"{delivery.rejected} refused"] if delivery.rejected else []
        if parts:
            yield (
                f"{delivery.sender} from {printable(delivery.at)} to {printable(delivery.to)}: "
                f"{count(delivery.sent, 'advert')} sent, {listing([f'{delivery.arrived} arrived', *parts])}"
            )


def _priorities(profiles: Iterable[Profile]) -> str:
    values = sorted({p.priority for p in profiles if p.priority}, reverse=True)
    return "/".join(map(str, values[:2])) + ("/…" if len(values) > 2 else "") if values else "0"


def _shares(virtual: VirtualRouter) -> str:
    times = virtual.availability
    shares = (("one master", times.mastered), ("several", times.contested), ("none", times.masterless))
    parts = [f"{what} {span(length)}" for what, length in shares if length]
    return f"observed {span(times.observed)}" + (f": {listing(parts)}" if parts else "")


def _short_names(names: list[str]) -> list[str]:
    """Return the captures' names short enough to stand before a frame number, and still each its own."""
    short = [n if len(n) <= _MAX_NAME else f"{n[: _MAX_NAME // 2]}…{n[-(_MAX_NAME // 2 - 1) :]}" for n in names]
    if len(set(short)) == len(names):
        return short
    return [f"[{number}]{name[:_MAX_NAME]}" for number, name in enumerate(names, 1)]


def _host_of(host: str) -> str:
    """Return whose log says a step of a story."""
    name = printable(host)
    return f"{name if len(name) <= _MAX_NAME else name[: _MAX_NAME - 1] + '…'} log"
