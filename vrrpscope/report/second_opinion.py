"""Where tshark reads an advert otherwise: a line for each difference, the reasons, and a summary line.

2026-11-22T22:14:07.746639000Z  #2  10.0.0.5 vrid 50  checksum: plain; tshark: bad  (v3-checksum)

v3-checksum: vrrpscope is right: ...
31 frames compared, 1 differs: 1 as explained.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, TextIO

from vrrpscope.questions.second_opinion import REASONS
from vrrpscope.report.escape import printable
from vrrpscope.report.lines import wrapped
from vrrpscope.report.times import rfc3339, seconds
from vrrpscope.rules.text import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.questions.second_opinion import Compared, Difference, Value

_RIGHT = {"vrrpscope": "vrrpscope is right", "both": "both are right"}
_WIDTH = 80


class Comparison:
    """Writes differences as they come, and counts them.

    Args:
        stream: where to.
        form: `text` or `ndjson`.
        named: whether a frame says of which capture it is.
    """

    def __init__(self, stream: TextIO, form: str, *, named: bool) -> None:
        self._stream, self._is_text, self._named = stream, form == "text", named
        self.frames = self.differing = self.unexplained = 0
        self._reasons: Counter[str] = Counter()

    def add(self, compared: Compared) -> None:
        """Write what differs in one frame."""
        self.frames += 1
        if not compared.differences:
            return
        self.differing += 1
        self.unexplained += any(not each.reason for each in compared.differences)
        self._reasons.update(each.reason for each in compared.differences if each.reason)
        lines = self._text(compared) if self._is_text else map(json.dumps, _documents(compared))
        self._stream.writelines(line + "\n" for line in lines)

    def end(self) -> None:
        """Write the reasons that were named, and the summary."""
        if not self._is_text:
            summary = {"frames": self.frames, "differing": self.differing, "unexplained": self.unexplained}
            self._stream.write(json.dumps({"summary": summary}) + "\n")
            return
        if self.differing:
            self._stream.write("\n")
        for word in self._reasons:
            reason = REASONS[word]
            text = f"{word}: {_RIGHT[reason.right]}: {reason.text}."
            self._stream.writelines(line + "\n" for line in wrapped(text, _WIDTH, hang=2))
        explained = self.differing - self.unexplained
        how = f": {explained} as explained, {self.unexplained} without a reason" if self.differing else ""
        differ = "differs" if self.differing == 1 else "differ"
        self._stream.write(f"{count(self.frames, 'frame')} compared with tshark, {self.differing} {differ}{how}.\n")

    def _text(self, compared: Compared) -> Iterator[str]:
        view = compared.view
        name = printable(compared.capture) if self._named else ""
        who = f"{view.router or '?'} vrid {'?' if view.vrid is None else view.vrid}"
        for each in compared.differences:
            ours, theirs = (_words(each.field, value) for value in (each.ours, each.theirs))
            reason = f"  ({each.reason})" if each.reason else ""
            yield printable(
                f"{rfc3339(view.time)}  {name}#{view.number}  {who}  {each.field}: {ours}; tshark: {theirs}{reason}"
            )


def _documents(compared: Compared) -> Iterator[dict[str, Any]]:
    view = compared.view
    for each in compared.differences:
        yield {
            "time": rfc3339(view.time),
            "capture": compared.capture,
            "frame": view.number,
            "router": view.router,
            "vrid": view.vrid,
            "field": _name(each),
            "vrrpscope": _plain(each.field, each.ours),
            "tshark": _plain(each.field, each.theirs),
            "reason": each.reason or None,
            "right": REASONS[each.reason].right if each.reason else None,
        }


def _name(difference: Difference) -> str:
    return "interval_s" if difference.field == "interval" else difference.field


def _plain(field: str, value: Value) -> str | float | list[str] | None:
    """Return a value as JSON has it: times as text, intervals in seconds."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, int):
        return rfc3339(value) if field == "time" else seconds(value) if field == "interval" else value
    return value


def _words(field: str, value: Value) -> str:
    plain = _plain(field, value)
    if plain is None:
        return "nothing"
    if isinstance(plain, list):
        return " ".join(plain) or "none"
    return f"{plain:g} s" if field == "interval" and not isinstance(plain, str) else str(plain)
