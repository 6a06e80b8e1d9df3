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

from vrrpscope.errors import UsageError
from vrrpscope.lab.keepalived_text import Source, code_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_DEPTH: Final = 16
MAX_SIZE: Final = 1 << 20
MAX_FILES: Final = 1000
"""Files one configuration may include, and patterns the braces of one line may stand for."""

_INCLUDE: Final = re.compile(r"include[rmwba]?[ \t]+(.+)")
_CONDITIONAL_INCLUDE: Final = re.compile(r"@\S+[ \t]+include[rmwba]?[ \t]")
_PWD: Final = re.compile(r"\$(?:\{_PWD\}|_PWD(?=[ \t,)]|$))")
_ALTERNATIVES: Final = re.compile(r"\{([^{}]*,[^{}]*)\}")

Note = tuple[int, str]
"""What was changed, and at which offset of the text that came of it."""


def inline(text: str, directory: Path) -> tuple[Source, list[Note]]:
    """Put the text of included files after their include lines.

    Raises:
        UsageError: a file cannot be read, or they are nested too deep or too large together.
    """
    whole = _Whole(directory)
    whole.add(text, str(directory), "", 0)
    return whole.source(), whole.notes


class _Whole:
    def __init__(self, directory: Path) -> None:
        self._root = directory
        self.notes: list[Note] = []
        self._lines: list[str] = []
        self._places: list[str] = []
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
            place = f"{name} line {number}" if name else f"line {number}"
            code, _ = code_of(line.rstrip("\r\n"), place)
            if _CONDITIONAL_INCLUDE.match(code):
                raise UsageError(f"{place}: an include that depends on the configuration id cannot be followed")
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

    def _emit(self, line: str, place: str) -> None:
        if self._lines and not self._lines[-1].endswith("\n"):
            self._lines[-1] += "\n"
            self._size += 1
        self._lines.append(line)
        self._places.append(place)
        self._size += len(line)
        if self._size > MAX_SIZE:
            raise UsageError(f"{place}: the configuration is larger than {MAX_SIZE >> 20} MiB up to here")

    def _follow(self, pattern: str, directory: str, place: str, depth: int) -> None:
        if "\0" in pattern:
            raise UsageError(f"{place}: no file name has a NUL in it")
        if depth > MAX_DEPTH:
            raise UsageError(f"{place}: includes are nested deeper than {MAX_DEPTH}")
        paths: list[str] = []
        for each in _alternatives(pattern, place):
            # No order is promised by the file system; keepalived's glob(3) sorts.
            found = sorted(islice(glob.iglob(os.path.join(glob.escape(directory), each)), MAX_FILES + 1))
            if not found and not glob.has_magic(each):
                raise UsageError(f"{place}: included file {os.path.join(directory, each)} does not exist")
            paths += found
            if self._files + len(paths) > MAX_FILES:
                raise UsageError(f"{place}: more than {MAX_FILES} files are included")
        self._files += len(paths)
        names = {path: os.path.relpath(path, self._root) for path in paths}
        taken = [path for path in paths if _taken(path, place)]
        told = ", ".join(names[path] for path in taken)
        self._note(f"include {pattern} → " + (f"the text of {told}" if told else "no such file here"))
        if passed := [names[path] for path in paths if path not in taken]:
            self._note(f"{', '.join(passed)}: keepalived passes over directories and executable files")
        for path in taken:
            self.add(_read(path, place), os.path.dirname(path), names[path], depth)

    def _note(self, text: str) -> None:
        """Note something about the line that was written last."""
        self.notes.append((self._size - len(self._lines[-1]), text))


def _alternatives(pattern: str, place: str) -> Iterator[str]:
    """Yield what the braces of a pattern stand for, innermost first, as csh has it."""
    queue, made = [pattern], 0
    while queue:
        each = queue.pop()
        made += 1
        if made > MAX_FILES:
            raise UsageError(f"{place}: the braces in {pattern} stand for more than {MAX_FILES} patterns")
        if match := _ALTERNATIVES.search(each):
            options = reversed(match[1].split(","))
            queue += [each[: match.start()] + option + each[match.end() :] for option in options]
        else:
            yield each


def _taken(path: str, place: str) -> bool:
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise UsageError(f"{place}: included file {path} cannot be read: {error.strerror}") from error
    return stat.S_ISREG(mode) and not mode & 0o111


def _read(path: str, place: str) -> str:
    """Return the text of a file, one byte more than allowed at most."""
    try:
        with open(path, "rb") as file:
            # What is no UTF-8 can only be in a comment or a name, and goes out again as it came.
            return file.read(MAX_SIZE + 1).decode(errors="surrogateescape")
    except OSError as error:
        raise UsageError(f"{place}: included file {path} cannot be read: {error.strerror}") from error
