"""A configuration as a tree of statements, whatever state it is in.

A brace too few or too many is trouble, and repaired where it shows: a word that stands outside all blocks closes
those that are open (`vrrp_instance` behind a forgotten brace), a block that opens within a list closes the list.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vrrpscope.errors import UsageError
from vrrpscope.keepalived.includes import inline
from vrrpscope.keepalived.keywords import LISTS, TOP
from vrrpscope.keepalived.text import MAX_NESTING, Place, Reader, refuse, words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vrrpscope.keepalived.text import Source, Traced, Trouble


@dataclass(slots=True)
class Statement:
    """One statement, and the block that it opens.

    Attributes:
        words: without quotes; the first is the keyword.
        place: the line in which the keyword is written.
        body: the statements of its block; None if it opens none.
    """

    words: tuple[str, ...]
    place: Place
    body: list[Statement] | None = field(default=None)

    @property
    def keyword(self) -> str:
        """The first word, "" for a block without a name."""
        return self.words[0] if self.words else ""

    def value(self, default: str = "") -> str:
        """Return the second word."""
        return self.words[1] if len(self.words) > 1 else default

    def __iter__(self) -> Iterator[Statement]:
        """Go through the statements of the block."""
        return iter(self.body or ())


def read_blocks(
    text: str, directory: Path, config_id: str | None, trouble: Trouble = refuse
) -> tuple[list[Statement], bool]:
    """Read a configuration.

    Args:
        text: the configuration; `directory` is where its file lies, for relative includes.
        directory: see there.
        config_id: the daemon's configuration id; with None every conditional line counts.
        trouble: told of all that cannot be read; if it returns, reading goes on.

    Returns:
        The statements outside all blocks, and whether lines depend on the configuration id.
    """
    source, _ = inline(text, directory, trouble)
    reader = Reader(source, config_id, trouble)
    tree = _Tree(source, trouble)
    try:
        for fragment in reader.fragments():
            tree.add(fragment)
    except UsageError as error:  # variables without end; what came before them stays
        trouble(tree.place, f"reading ends here: {error}")
    tree.close()
    return tree.statements, reader.conditional is not None


class _Tree:
    def __init__(self, source: Source, trouble: Trouble) -> None:
        self._source = source
        self._trouble = trouble
        self._open: list[Statement] = []
        self._last: Statement | None = None  # the statement just before, whose block a brace opens
        self._skipped = 0  # blocks too deep to be kept
        self.statements: list[Statement] = []
        self.place = Place("", 1)

    def add(self, fragment: Traced) -> None:
        self.place = self._source.place(fragment.span[0])
        if fragment.text == "{":
            self._begin()
        elif fragment.text == "}":
            self._end()
        elif not self._skipped:
            self._state(Statement(tuple(word.text for word in words(fragment)), self.place))

    def close(self) -> None:
        for statement in self._open:
            self._trouble(statement.place, f"the block {statement.keyword} that opens here is not closed")
        self._open = []

    def _state(self, statement: Statement) -> None:
        if statement.words:
            self._siblings.append(statement)
            self._last = statement

    def _begin(self) -> None:
        if self._skipped or len(self._open) == MAX_NESTING:
            if not self._skipped:
                self._trouble(self.place, f"blocks are nested deeper than {MAX_NESTING}")
            self._skipped += 1
            return
        header = self._last
        if header is None:
            header = Statement((), self.place)
            self._siblings.append(header)
        elif self._open and header.keyword in TOP:
            self._siblings.pop()
            self.close()
            self.statements.append(header)
        elif self._open and self._open[-1].keyword in LISTS:
            self._siblings.pop()
            unclosed = self._open.pop()
            self._trouble(unclosed.place, f"the block {unclosed.keyword} that opens here is not closed")
            self._siblings.append(header)
        header.body = []
        self._open.append(header)
        self._last = None

    def _end(self) -> None:
        self._last = None
        if self._skipped:
            self._skipped -= 1
        elif self._open:
            self._open.pop()
        else:
            self._trouble(self.place, "this } closes no block")

    @property
    def _siblings(self) -> list[Statement]:
        block = self._open[-1].body if self._open else self.statements
        return self.statements if block is None else block
