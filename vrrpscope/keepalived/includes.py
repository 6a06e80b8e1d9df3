"""A configuration and all that it includes, as one text.

keepalived reads `include PATTERN` relative to the directory of the file that the line is in, takes the matching
files in alphabetical order and passes over directories and executable files (lib/parser.c, 2.2.7). Here the text
of the files follows the line, which stays as a comment. `${_PWD}`, the directory of a file, becomes that directory,
since the text is going to lie elsewhere.
"""

from __future__ import annotations

import glob
import os
import re
import stat
from itertools import islice
from typing import TYPE_CHECKING, Final

from vrrpscope.keepalived.text import Place, Source, code_of, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vrrpscope.keepalived.text import Trouble

MAX_DEPTH: Final = 16
MAX_SIZE: Final = 1 << 20
MAX_LINES: Final = 100_000
MAX_FILES: Final = 1000
"""Files one configuration may include, and patterns the braces of one line may stand for."""

_INCLUDE: Final = re.compile(r"include[rmwba]?[ \t]+(.+)")
_CONDITIONAL_INCLUDE: Final = re.compile(r"@\S+[ \t]+include[rmwba]?[ \t]")
_PWD: Final = re.compile(r"\$(?:\{_PWD\}|_PWD(?=[ \t,)]|$))")
_ALTERNATIVES: Final = re.compile(r"\{([^{}]*,[^{}]*)\}")

Note = tuple[int, str]
"""What was changed, and at which offset of the text that came of it."""


def inline(text: str, directory: Path, trouble: Trouble = refuse) -> tuple[Source, list[Note]]:
    """Put the text of included files after their include lines.

    Files that cannot be read, are nested too deep or are too large together are trouble, and left out.
    """
    whole = _Whole(directory, trouble)
    whole.add(text, str(directory), "", 0)
    return whole.source(), whole.notes


class _Whole:
    def __init__(self, directory: Path, trouble: Trouble) -> None:
        self._root = directory
        self._trouble = trouble
        self._full = False
        self.notes: list[Note] = []
        self._lines: list[str] = []
        self._places: list[Place] = []
        self._size = 0
        self._files = 0

    def source(self) -> Source:
        starts, at = [], 0
        for line in self._lines:
            starts.append(at)
            at += len(line)
        return Source("".join(self._lines), tuple(starts), tuple(self._places))

    def add(self, text: str, directory: str, name: str, depth: int) -> None:
        for number, line in enumerate(re.findall(r"[^\n]*\n|[^\n]+", text), start=1):
            if self._full:
                return
            place = Place(name, number)
            # What a quotation without end leaves over is looked at, and told of, when the lines are read.
            code, _ = code_of(line.rstrip("\r\n"), place, _let)
            if _CONDITIONAL_INCLUDE.match(code):
                self._trouble(place, "an include that depends on the configuration id cannot be followed")
            if match := _INCLUDE.fullmatch(code):
                at = line.index(code)
                self._emit(f"{line[:at]}# {line[at:]}", place)
                self._follow(match[1], directory, place, depth + 1)
                continue
            where = line.index(code)
            here = _PWD.sub(lambda _: directory, code)
            self._emit(line[:where] + here + line[where + len(code) :], place)
            if here != code:
                self._note(f"${{_PWD}} → {directory}")

    def _emit(self, line: str, place: Place) -> None:
        if self._lines and not self._lines[-1].endswith("\n"):
            self._lines[-1] += "\n"
            self._size += 1
        if self._size + len(line) > MAX_SIZE:
            self._full = True
            self._trouble(place, f"the configuration is larger than {MAX_SIZE >> 20} MiB up to here")
            return
        if len(self._lines) == MAX_LINES:
            self._full = True
            self._trouble(place, f"the configuration has more than {MAX_LINES} lines up to here")
            return
        self._lines.append(line)
        self._places.append(place)
        self._size += len(line)

    def _follow(self, pattern: str, directory: str, place: Place, depth: int) -> None:
        if self._full:
            return
        if "\0" in pattern:
            self._trouble(place, "no file name has a NUL in it")
            return
        if depth > MAX_DEPTH:
            self._trouble(place, f"includes are nested deeper than {MAX_DEPTH}")
            return
        paths = self._found(pattern, directory, place)
        self._files += len(paths)
        names = {path: os.path.relpath(path, self._root) for path in paths}
        taken = [path for path in paths if self._taken(path, place)]
        told = ", ".join(names[path] for path in taken)
        self._note(f"include {pattern} → " + (f"the text of {told}" if told else "no such file here"))
        if passed := [names[path] for path in paths if path not in taken]:
            self._note(f"{', '.join(passed)}: keepalived passes over directories and executable files")
        for path in taken:
            self.add(self._read(path, place), os.path.dirname(path), names[path], depth)

    def _found(self, pattern: str, directory: str, place: Place) -> list[str]:
        paths: list[str] = []
        for made, each in enumerate(_alternatives(pattern)):
            if made == MAX_FILES:
                self._trouble(place, f"the braces in {pattern} stand for more than {MAX_FILES} patterns")
                return []
            if not each:
                continue
            # No order is promised by the file system; keepalived's glob(3) sorts.
            found = sorted(islice(glob.iglob(os.path.join(glob.escape(directory), each)), MAX_FILES + 1))
            if not found and not glob.has_magic(each):
                self._trouble(place, f"included file {os.path.join(directory, each)} does not exist")
            paths += found
            if self._files + len(paths) > MAX_FILES:
                self._trouble(place, f"more than {MAX_FILES} files are included")
                return []
        return paths

    def _taken(self, path: str, place: Place) -> bool:
        try:
            mode = os.stat(path).st_mode
        except OSError as error:
            self._trouble(place, f"included file {path} cannot be read: {error.strerror}")
            return False
        return stat.S_ISREG(mode) and not mode & 0o111

    def _read(self, path: str, place: Place) -> str:
        """Return the text of a file, one byte more than allowed at most."""
        try:
            with open(path, "rb") as file:
                # What is no UTF-8 can only be in a comment or a name, and goes out again as it came.
                return file.read(MAX_SIZE + 1).decode(errors="surrogateescape")
        except OSError as error:
            self._trouble(place, f"included file {path} cannot be read: {error.strerror}")
            return ""

    def _note(self, text: str) -> None:
        """Note something about the line that was written last."""
        self.notes.append((self._size - len(self._lines[-1]), text))


def _alternatives(pattern: str) -> Iterator[str]:
    """Yield what the braces of a pattern stand for, innermost first, as csh has it; "" for each step on the way."""
    queue = [pattern]
    while queue:
        each = queue.pop()
        if match := _ALTERNATIVES.search(each):
            options = reversed(match[1].split(","))
            queue += [each[: match.start()] + option + each[match.end() :] for option in options]
            yield ""
        else:
            yield each


def _let(_: Place, __: str) -> None:
    """Let it pass."""
