"""What a capture says of its own quality; a verdict is worth no more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.capture.frames import CaptureInfo
from vrrpscope.findings import Confidence, Finding, Frame, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.text import count

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule("damaged-capture", CaptureInfo)
def damaged_capture(info: CaptureInfo, _: Case) -> Iterator[Finding]:
    """A capture is damaged or incomplete; what can be had of it was used."""
    number = len(info.problems) + info.problems_omitted
    if not number:
        return
    first = info.problems[0]
    where = "" if first.offset is None else f" (byte {first.offset})"
    yield _finding(
        "damaged-capture",
        info,
        title=f"{info.name}: {count(number, 'problem')} while reading it",
        explanation=f"The first{where}: {first.message}. What is missing cannot be told from what was never sent.",
        remedy="Take the capture again if that is possible: stop tcpdump with Ctrl-C and copy the file only "
        "then; set the clock before, not during it.",
        frame=first.frame,
    )


@rule("dropped-frames", CaptureInfo)
def dropped_frames(info: CaptureInfo, _: Case) -> Iterator[Finding]:
    """The capture itself lost frames."""
    if not info.dropped:
        return
    yield _finding(
        "dropped-frames",
        info,
        title=f"{info.name}: the capture lost {count(info.dropped, 'frame')}",
        explanation="The file's own statistics say so. An advert that seems lost may be one of them.",
        remedy="Capture with a filter (ip proto 112 or ip6 proto 112 or ip proto 51) and a larger buffer "
        "(tcpdump -B 32768).",
    )


def _finding(
    rule: str, info: CaptureInfo, *, title: str, explanation: str, remedy: str, frame: int | None = None
) -> Finding:
    """Make a finding about a capture as a whole."""
    return Finding(
        rule=rule,
        severity=Severity.WARNING,
        confidence=Confidence.CERTAIN,
        virtual_router=None,
        routers=(),
        start=info.first or 0,
        end=info.last,
        title=title,
        explanation=explanation,
        remedy=remedy,
        frames=(Frame(info.name, frame),) if frame else (),
        subject=info.name,
    )
