"""`analyze --evidence DIR`: a small capture for each finding, beside the report."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vrrpscope.capture.stream import STDIN
from vrrpscope.cli.common import say
from vrrpscope.errors import UsageError
from vrrpscope.questions.again import again
from vrrpscope.report.excerpts import MAX_EXCERPTS, worth_keeping, write_excerpts
from vrrpscope.rules.text import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vrrpscope.analysis import Analysis


def check_directory(directory: str, captures: Sequence[str]) -> None:
    """See before any work that excerpts can be written there, and over nothing.

    Raises:
        UsageError: they cannot.
    """
    if any(spec == STDIN or spec.endswith(f"={STDIN}") for spec in captures):
        raise UsageError("--evidence reads the captures again, which standard input cannot be; save it to a file")
    if os.path.lexists(directory) and not os.path.isdir(directory):
        raise UsageError(f"{directory}: is not a directory")
    try:
        if os.path.isdir(directory) and os.listdir(directory):
            raise UsageError(f"{directory}: is not empty; evidence is written over nothing")
        os.makedirs(directory, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{directory}: cannot be written: {error.strerror}") from error


def keep(analysis: Analysis, captures: Sequence[str], directory: str) -> None:
    """Write the excerpts and say how many there are.

    Raises:
        UsageError: one cannot be written.
    """
    try:
        written = write_excerpts(analysis, again(analysis, captures), directory)
    except OSError as error:
        raise UsageError(f"{error.filename or directory}: cannot be written: {error.strerror}") from error
    more = len(worth_keeping(analysis)) - MAX_EXCERPTS
    further = f"; {count(more, 'finding')} more have none" if more > 0 else ""
    say(f"{directory}: evidence of {count(len(written), 'finding')}{further}")
