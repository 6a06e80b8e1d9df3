"""Lines in colour, where a terminal is read: rich knows which colours it has.

A report yields painted lines: pieces of text with the name of a style. Taken together, the texts are the line as a
pipe gets it; a style never adds a character. rich is imported when there is something to paint, and only here.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Piece = tuple[str, str]  # text, style: a word of rich's ("bold", "#0072b2"); empty for none
Painted = list[Piece]

DIM: Final = "dim"
STRONG: Final = "bold"


def painted(text: str, style: str = "") -> Painted:
    """Return a line in one style."""
    return [(text, style)]


def plain(line: Painted) -> str:
    """Return a line's text."""
    return "".join(text for text, _ in line)


def headed(text: str, length: int, style: str, rest: str = "") -> Painted:
    """Return a line whose first characters have a style of their own."""
    return [(text[:length], style), (text[length:], rest)]


def named(text: str, names: Mapping[str, str], rest: str = "") -> Painted:
    """Return a line in which each of these names has its style; `10.0.0.5` is not in `10.0.0.50`."""
    if not names:
        return painted(text, rest)
    pattern = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    pieces = re.split(rf"(?<![\w.:])({pattern})(?![\w:]|\.\w)", text)
    return [(piece, names.get(piece, rest)) for piece in pieces if piece]


def runs(text: str, styles: Mapping[str, str]) -> Iterator[Piece]:
    """Yield a chart's cells, neighbours of one character together."""
    for found in re.finditer(r"(.)\1*", text):
        yield found[0], styles.get(found[1], "")


def write(lines: Iterable[Painted], stream: TextIO) -> None:
    """Write lines in as many colours as the terminal has, as far as its environment tells."""
    from rich.console import Console  # noqa: PLC0415 - only where there is colour
    from rich.text import Text  # noqa: PLC0415 - likewise

    console = Console(
        file=stream,
        force_terminal=True,
        force_jupyter=False,
        color_system="standard" if os.environ.get("TERM", "dumb") in {"dumb", "unknown"} else "auto",
        no_color=False,  # who asks for colour gets it; whether anybody has asked was settled before
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,  # lines are wrapped already
    )
    for line in lines:
        console.print(Text.assemble(*line))
