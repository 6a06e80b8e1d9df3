"""The evidence of each finding as a small capture of its own: its frames, and what was around them.

The captures are read twice more: once for the times of the frames that findings name, once for what was seen within
five seconds of any of them (or of the finding's begin and end): VRRP, CARP, ARP and whatever else speaks of the
addresses or the groups. A finding from several captures gets the frames of all of them, in order of time, each
capture as interfaces of its name.

An excerpt is bounded, and so is their number: a storm makes thousands of findings, each with thousands of frames
around it. The frames that a finding names are always in it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from vrrpscope import __version__
from vrrpscope.capture.files import open_source
from vrrpscope.capture.write import PcapngWriter
from vrrpscope.findings import Frame, Severity
from vrrpscope.report.annotate import comments
from vrrpscope.report.escape import printable
from vrrpscope.report.verdict import sentence
from vrrpscope.wire.decoder import Decoder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from vrrpscope.analysis import Analysis
    from vrrpscope.capture.frames import Frames
    from vrrpscope.findings import Finding
    from vrrpscope.questions.again import Again

AROUND: Final = 5_000_000_000
"""Nanoseconds before and after."""

MAX_EXCERPTS: Final = 99  # two digits in a name
MAX_FRAMES: Final = 2_000  # beside those that a finding names
MAX_BYTES: Final = 1 << 20


class _Kept(NamedTuple):
    """A frame, with what it takes to write it. Sorts by time."""

    t: int
    capture: int
    number: int
    interface: int
    link: int
    wirelen: int
    data: bytes


@dataclass
class _Excerpt:
    finding: Finding
    named: frozenset[Frame]
    windows: list[tuple[int, int]]
    kept: dict[tuple[int, int], _Kept] = field(default_factory=dict)  # by capture and number
    size: int = 0

    def wants(self, t: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these times lie in its windows."""
        wanted = np.zeros(len(t), np.bool_)
        for low, high in self.windows:
            wanted |= (t >= low) & (t <= high)
        return wanted

    def add(self, frame: _Kept, *, named: bool) -> None:
        """Keep a frame, if there is room or it must be there."""
        room = len(self.kept) < MAX_FRAMES and self.size + len(frame.data) <= MAX_BYTES
        if named or room:
            self.kept[frame.capture, frame.number] = frame
            self.size += len(frame.data)


def worth_keeping(analysis: Analysis) -> list[Finding]:
    """Return the findings that get an excerpt, worst first: what is amiss and can be shown."""
    return [f for f in analysis.findings if f.severity is not Severity.INFO and f.frames]


def write_excerpts(analysis: Analysis, captures: Sequence[Again], directory: str) -> list[str]:
    """Write an excerpt for each finding worth it; return their names.

    Args:
        analysis: whose findings.
        captures: what it was made of.
        directory: where to; it exists.

    Raises:
        CaptureError: a capture has become unreadable.
        OSError: an excerpt cannot be written; also where there is one already.
    """
    findings = worth_keeping(analysis)[:MAX_EXCERPTS]
    times = _times({frame for finding in findings for frame in finding.frames}, captures)
    excerpts = [_begin(finding, times) for finding in findings]
    _collect(excerpts, captures)
    remarks = comments(analysis)
    names = [capture.name for capture in captures]
    written = []
    for place, excerpt in enumerate(excerpts, 1):
        name = _name(place, excerpt.finding)
        with open(os.path.join(directory, name), "xb") as out:
            writer = PcapngWriter(out, comment=_title(excerpt.finding, names), application=f"vrrpscope {__version__}")
            _write(writer, excerpt, names, remarks)
        written.append(name)
    return written


def _times(frames: set[Frame], captures: Sequence[Again]) -> dict[Frame, int]:
    """Return when frames were captured."""
    times = {}
    for capture in captures:
        wanted = np.array(sorted(f.number for f in frames if f.capture == capture.name), np.int64)
        if not len(wanted):
            continue
        with open_source(capture.spec.path) as source:
            for batch in source:
                for at in np.flatnonzero(np.isin(batch.number, wanted)).tolist():
                    times[Frame(capture.name, int(batch.number[at]))] = capture.correct_one(int(batch.t[at]))
                if len(batch.number) and int(batch.number[-1]) >= wanted[-1]:
                    break
    return times


def _begin(finding: Finding, times: dict[Frame, int]) -> _Excerpt:
    moments = {times[f] for f in finding.frames if f in times} | {finding.start}
    moments |= set() if finding.end is None else {finding.end}
    windows: list[tuple[int, int]] = []
    for moment in sorted(moments):
        if windows and moment - AROUND <= windows[-1][1]:
            windows[-1] = (windows[-1][0], moment + AROUND)
        else:
            windows.append((moment - AROUND, moment + AROUND))
    return _Excerpt(finding, frozenset(finding.frames), windows)


def _collect(excerpts: list[_Excerpt], captures: Sequence[Again]) -> None:
    if not excerpts:
        return
    low = min(excerpt.windows[0][0] for excerpt in excerpts)
    high = max(excerpt.windows[-1][1] for excerpt in excerpts)
    named = {frame for excerpt in excerpts for frame in excerpt.named}
    for place, capture in enumerate(captures):
        decoder = Decoder(sightings=True)
        numbers = np.array(sorted(f.number for f in named if f.capture == capture.name), np.int64)
        with open_source(capture.spec.path) as source:
            for batch in source:
                times = capture.correct(batch.t)
                if not len(times) or times.max() < low or times.min() > high:
                    continue
                rows = _of_interest(decoder, batch, numbers)
                t = times[rows]
                for excerpt in excerpts:
                    wanted = excerpt.wants(t)
                    for row, at in zip(rows[wanted].tolist(), t[wanted].tolist(), strict=True):
                        frame = Frame(capture.name, int(batch.number[row]))
                        excerpt.add(_keep(batch, row, at, place), named=frame in excerpt.named)


def _of_interest(decoder: Decoder, batch: Frames, named: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places of the frames in a batch that speak of VRRP or addresses, or are named."""
    decoded = decoder.decode(batch)
    numbers = [rows["number"] for rows in (decoded.adverts, decoded.carps, decoded.sightings)]
    return np.flatnonzero(np.isin(batch.number, np.concatenate([*numbers, named])))


def _keep(batch: Frames, row: int, t: int, capture: int) -> _Kept:
    start = int(batch.start[row])
    return _Kept(
        t=t,
        capture=capture,
        number=int(batch.number[row]),
        interface=int(batch.interface[row]),
        link=int(batch.link[row]),
        wirelen=int(batch.wirelen[row]),
        data=batch.data[start : start + int(batch.caplen[row])].tobytes(),
    )


def _name(place: int, finding: Finding) -> str:
    of = "" if finding.virtual_router is None else f"-vrid{finding.virtual_router.rpartition('/')[2]}"
    return f"{place:02d}-{finding.rule}{of}.pcapng"


def _title(finding: Finding, names: Iterable[str]) -> str:
    parts = (sentence(finding.title), finding.explanation, finding.remedy)
    told = "\n".join(printable(line) for part in parts for line in part.split("\n") if line)
    return f"vrrpscope: {told}\nFrame numbers in comments are those of {printable(', '.join(names))}."


def _write(writer: PcapngWriter, excerpt: _Excerpt, names: list[str], remarks: dict[str, dict[int, str]]) -> None:
    interfaces: dict[tuple[int, int, int], int] = {}
    for frame in sorted(excerpt.kept.values()):
        name = names[frame.capture]
        place = (frame.capture, frame.interface, frame.link)
        if place not in interfaces:
            of = f"{name}/{frame.interface}" if frame.interface else name
            interfaces[place] = writer.interface(frame.link, name=printable(of))
        text = remarks.get(name, {}).get(frame.number, "")
        if text:
            text = f"vrrpscope: frame {frame.number} of {printable(name)}\n{text}"
        writer.packet(interfaces[place], frame.t, frame.data, frame.wirelen, text)
