"""`decode --with tshark`: what Wireshark's dissectors read otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.cli.common import say, warn
from vrrpscope.cli.output import output
from vrrpscope.errors import UsageError
from vrrpscope.questions.second_opinion import compare
from vrrpscope.report.second_opinion import Comparison

if TYPE_CHECKING:
    from vrrpscope.questions.again import Again
    from vrrpscope.questions.second_opinion import Wanted


def second_opinion(files: list[Again], wanted: Wanted, form: str, path: str | None) -> int:
    """Compare, write, and return the exit code: 1 if something differs without a reason.

    Raises:
        UsageError: pyshark or tshark is not installed, or a capture can be read only once.
        CaptureError: tshark cannot read one.
    """
    if form not in {"text", "ndjson"}:
        raise UsageError(f"--with tshark writes text or ndjson, not {form}")
    gone = next((file for file in files if file.is_gone), None)
    if gone is not None:
        raise UsageError(f"{gone.name}: can be read only once, and --with tshark reads twice; save it to a file first")
    from vrrpscope.capture.tshark import Tshark  # noqa: PLC0415 - an extra

    others = [Tshark(file.spec.path) for file in files]
    with output(path, inputs=[file.spec.path for file in files]) as stream:
        comparison = Comparison(stream, form, named=len(files) > 1)
        for file, other in zip(files, others, strict=True):
            for compared in compare(file, other, wanted, warn):
                comparison.add(compared)
            if other.problem:
                say(f"warning: {file.spec.path}: tshark: {other.problem}")
        comparison.end()
    return int(comparison.unexplained > 0)
