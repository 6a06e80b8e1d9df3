"""Changes to a configuration: collected word by word, made at the end, told in the order of the lines.

A word is replaced where it is written. What is taken out becomes a comment if nothing but it follows on its line,
so that it can still be read there; between other statements of one line it is deleted. Either way each line stays
a line, so that keepalived's own messages name the right one.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from vrrpscope.errors import UsageError
from vrrpscope.keepalived.text import code_of

if TYPE_CHECKING:
    from vrrpscope.keepalived.includes import Note
    from vrrpscope.keepalived.text import Source, Traced


class Edits:
    """What is to be changed in one source, and what is to be told of it."""

    def __init__(self, source: Source, notes: list[Note]) -> None:
        """Begin with what has been told already."""
        self._source = source
        self._notes = list(notes)
        self._texts: dict[tuple[int, int], str] = {}
        self._gone: set[int] = set()

    def place(self, word: Traced) -> str:
        """Return the user's name for the line in which a word is written."""
        return str(self._source.place(word.span[0]))

    def note(self, word: Traced, text: str) -> None:
        """Tell something about the line of a word."""
        self._notes.append((word.span[0], text))

    def replace(self, word: Traced, text: str, what: str) -> None:
        """Write `text` instead of a word.

        Raises:
            UsageError: it stands for different words at different times, so that no one text would do.
        """
        if self._texts.setdefault(word.span, text) != text:
            raise UsageError(f"{self.place(word)}: {what} stands for several things, write each of them out")
        if text != word.text:
            self.note(word, f"{what} → {text}")

    def remove(self, fragment: Traced) -> None:
        """Take a statement or a brace out, on the line where it is used."""
        for start, end in set(fragment.site):
            self._gone.update(range(start, end))

    def made(self) -> tuple[str, tuple[str, ...]]:
        """Return the new text, and a line for each change.

        Raises:
            UsageError: two changes get into each other's way.
        """
        text = self._source.text
        parts, at = [], 0
        for (start, end), new in sorted((self._texts | self._comments()).items()):
            if start < at:
                raise UsageError(f"{self._source.place(start)}: this line is too intricate to be adapted")
            parts += [text[at:start], new]
            at = end
        told = dict.fromkeys(
            f"{self._source.place(at)}: {note}" for at, note in sorted(self._notes, key=lambda n: n[0])
        )
        return "".join((*parts, text[at:])), tuple(told)

    def _comments(self) -> dict[tuple[int, int], str]:
        edits = {}
        source, gone = self._source, self._gone
        for start, end in pairwise((*source.starts, len(source.text))):
            here = [i for i in range(start, end) if i in gone]
            if not here:
                continue
            body = source.text[start:end].rstrip("\r\n")
            code, _ = code_of(body, source.place(start))
            last = start + body.index(code) + len(code)
            if all(i in gone or source.text[i].isspace() for i in range(here[0], last)):
                edits[here[0], here[0]] = "# "
            else:
                edits |= {(i, i + 1): "" for i in here}
        return edits
