"""Lines of text for a terminal or a pipe: wrapped between words, and written in what the stream can carry."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, TextIO

from vrrpscope.report.escape import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNITS = re.compile(r"(\d) (s|ms|min|h|d)\b")  # a number and its unit stay on one line


def wrapped(text: str, width: int, *, hang: int = 0) -> list[str]:
    """Return text in lines of a width; all but the first begin with `hang` spaces. Words are never cut."""
    bound = _UNITS.sub("\\1\N{NO-BREAK SPACE}\\2", text)
    lines = textwrap.wrap(bound, width, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]


def write(lines: Iterable[str], stream: TextIO) -> None:
    """Write lines; nothing in them moves a cursor, and what the stream has no letter for becomes an escape."""
    encoding = stream.encoding or "utf-8"
    stream.writelines(printable(line).encode(encoding, "backslashreplace").decode(encoding) + "\n" for line in lines)
