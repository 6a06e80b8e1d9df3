"""What is to be said at which frame of a capture: an analysis as comments for Wireshark.

Said are the steps of each virtual router's story at the frames that show them, and what a finding rests on at the
frames of its evidence. Whatever a packet made us say is escaped, and bounded: a frame gets a few remarks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vrrpscope.report.escape import printable
from vrrpscope.report.story import tell
from vrrpscope.report.verdict import reason, sentence, verdict
from vrrpscope.rules.text import span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.analysis import Analysis, VirtualRouter
    from vrrpscope.timeline.events import Seen

MAX_REMARKS: Final = 8  # at one frame
MAX_LENGTH: Final = 600  # characters of one remark

_SIGN: Final = "vrrpscope: "

Remarks = dict[str, dict[int, str]]
"""By the capture's name and the frame's number."""


def comments(analysis: Analysis) -> Remarks:
    """Return the comments for all captures of an analysis."""
    found: dict[str, dict[int, list[str]]] = {}
    for (capture, number), text in _remarks(analysis):
        of_frame = found.setdefault(capture, {}).setdefault(number, [])
        if text not in of_frame and len(of_frame) < MAX_REMARKS:
            of_frame.append(text)
    return {
        capture: {number: "\n".join(_SIGN + _short(text) for text in texts) for number, texts in frames.items()}
        for capture, frames in found.items()
    }


def title(analysis: Analysis) -> str:
    """Return the comment on a whole capture: the verdict, and why."""
    return "\n".join(_SIGN + printable(text) for text in (verdict(analysis), reason(analysis)) if text)


def _remarks(analysis: Analysis) -> Iterator[tuple[tuple[str, int], str]]:
    names = [c.info.name for c in analysis.captures]
    for virtual in analysis.virtual_routers:
        yield from _story(virtual, names)
    for finding in analysis.findings:
        sure = f"{finding.severity.value}, {finding.confidence.value}"
        text = f"evidence of {finding.rule} ({sure}): {sentence(finding.title)}"
        for frame in finding.frames:
            yield frame, text


def _story(virtual: VirtualRouter, names: list[str]) -> Iterator[tuple[tuple[str, int], str]]:
    history = virtual.router.history
    begins = {start: split.frames[0] for start, split in history.splits.items() if split.frames}

    def where(seen: Seen) -> str:
        return f"frame {seen.number}" + (f" of {names[seen.capture]}" if len(names) > 1 else "")

    for election in history.elections:
        last = election.last_heard
        if last is not None and last.priority and election.takeover is not None:
            text = f"the last advert that {election.router} accepted; {span(election.takeover)} later it takes over"
            yield (names[last.capture], last.number), f"{virtual.key}: {text} ({where(election.seen)})"
    for step in tell(history, where):
        seen = step.seen or begins.get(step.t)
        if seen is not None:
            text = f"{step.text}; {step.detail}" if step.detail else step.text
            yield (names[seen.capture], seen.number), f"{virtual.key}: {text}"


def _short(text: str) -> str:
    text = printable(text)
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 1] + "…"
