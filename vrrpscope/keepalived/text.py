"""keepalived's configuration language, read so that every character is known by its place in the file.

    physical lines ─► comments off ─► @id ─► $X=… ─► ~SEQ, ~LST ─► ${X} ─► cut at { and } ─► fragments
    `Source.lines`                    └───────────────────── `Reader` ──────────────┘

keepalived's own parser works in these steps (`read_line` in lib/parser.c, version 2.2.7). A statement is a line; an
unquoted brace ends one too, so `track_interface { eth1 }` is the four fragments `track_interface`, `{`, `eth1`, `}`,
while `auth_type PASS auth_pass x` is one statement, and its `auth_pass` is lost.

Whoever changes such a text in place must know where a word is written: at the statement, or in the definition of
a variable. So a `Traced` carries both for each of its characters. `inner` is the character's own offset, -1 for one
that is written nowhere (a number of `~SEQ`); `site` is the range that stands for it on the statement's line, such as
`${IF}`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Trouble = Callable[["Place", str], None]
    """Told what cannot be read, and where; it may raise, or let reading go on without."""

MAX_EXPANDED: Final = 4 << 20
"""Characters that variables and sequences may come to; keepalived itself has no limit."""
STEP: Final = 64
"""Characters that a line counts for beyond its own: short ones take their time too."""
MAX_LINE: Final = 8192
"""Characters of a line; keepalived 2.2.7 cuts lines after 1023."""
MAX_NESTING: Final = 32
"""Blocks in blocks, and variables in variables."""

_CODE: Final = re.compile(r'(?:[^"\\!#]|\\.|"(?:[^"\\]|\\.)*")*')
_CONDITION: Final = re.compile(r"@(\^?)(\S*)\s+")
_DEFINITION: Final = re.compile(r"\$([A-Za-z_]\w*)=[ \t]*")
_REPEAT: Final = re.compile(r"~(SEQx?|LST)[ \t]*\(([^()]*)\)[ \t]*")
_VALUES: Final = re.compile(r"\{[^{}]*\}|[^,{}\s]+")
_VALUE: Final = re.compile(r"[^,{}\s]+")
_REFERENCE: Final = re.compile(r"\$(?:\{([A-Za-z_]\w*)((?: +\d+)*)\}|([A-Za-z_]\w*)(?=[ \t,)]|$))")
_BRACE: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}]')
_WORD: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|\'([^\']*)\'|([^\s"]+)')


class Place(NamedTuple):
    """A physical line; `file` is relative to the configuration's directory, and empty for the configuration itself."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file} line {self.line}" if self.file else f"line {self.line}"


def refuse(place: Place, message: str) -> None:
    """Take trouble as an error.

    Raises:
        UsageError: always; the message begins with the line.
    """
    raise UsageError(f"{place}: {message}")


@dataclass(frozen=True, slots=True)
class Traced:
    """A piece of text that knows where it comes from; `inner` and `site` have one item for each character."""

    text: str
    inner: list[int]
    site: list[tuple[int, int]]

    @classmethod
    def written(cls, text: str, offset: int) -> Traced:
        """Return a text that stands in the source at `offset`."""
        places = range(offset, offset + len(text))
        return cls(text, list(places), [(i, i + 1) for i in places])

    def cut(self, start: int, end: int | None = None) -> Traced:
        """Return a part, as a slice does."""
        return Traced(self.text[start:end], self.inner[start:end], self.site[start:end])

    def join(self, other: Traced) -> Traced:
        """Return both, one after the other."""
        return Traced(self.text + other.text, self.inner + other.inner, self.site + other.site)

    def stands_for(self, reference: Traced) -> Traced:
        """Return the same text as the value of a reference."""
        return Traced(self.text, self.inner, [_around(reference.site)] * len(self.text))

    @property
    def span(self) -> tuple[int, int]:
        """Where to write something else instead: where the text is written, if that is one place, else its site."""
        first = self.inner[0]
        if first >= 0 and self.inner == list(range(first, first + len(self.inner))):
            return first, first + len(self.inner)
        return _around(self.site)


def _around(sites: list[tuple[int, int]]) -> tuple[int, int]:
    return min(start for start, _ in sites), max(end for _, end in sites)


class Source(NamedTuple):
    """A whole configuration in one text, with the place of each physical line in the user's files."""

    text: str
    starts: tuple[int, ...]  # offsets of the lines, ascending
    places: tuple[Place, ...]

    def place(self, offset: int) -> Place:
        """Return the line at an offset."""
        return self.places[bisect_right(self.starts, offset) - 1] if self.places else Place("", 1)

    def lines(self, trouble: Trouble = refuse) -> Iterator[Traced]:
        """Yield each line without comment and surrounding blanks; of those without code only the empty ones.

        A line that is too long, and what follows a quotation that does not end, is trouble and left out.
        """
        for start, end in pairwise((*self.starts, len(self.text))):
            body = self.text[start:end].rstrip("\r\n")
            code, continued = code_of(body, self.place(start), trouble)
            if len(code) > MAX_LINE:
                trouble(self.place(start), f"the line is longer than {MAX_LINE} characters")
                continue
            line = Traced.written(code, start + len(body) - len(body.lstrip()))
            if continued:
                line = line.join(Traced.written("\\", start + len(body) - 1))
            if line.text or not body:
                yield line


def code_of(body: str, place: Place, trouble: Trouble = refuse) -> tuple[str, bool]:
    """Return what of a physical line is no comment, stripped, and whether a backslash continues it on the next.

    A quotation that does not end on the line is trouble.
    """
    match = _CODE.match(body)
    stop = match.end() if match else 0
    if body[stop : stop + 1] == '"':
        trouble(place, "a quotation that begins here does not end on this line")
    return body[:stop].strip(), body[stop:].endswith("\\")


def words(fragment: Traced) -> list[Traced]:
    """Cut a fragment into its words, without the quotes around them; empty ones are left out."""
    return [fragment.cut(*m.span(m.lastindex or 0)) for m in _WORD.finditer(fragment.text) if any(m.groups())]


class Reader:
    """Reads a source as keepalived with one configuration id does.

    Attributes:
        conditional: the first line that depends on the configuration id, if there is one.
    """

    def __init__(self, source: Source, config_id: str | None, trouble: Trouble = refuse) -> None:
        """Get ready; with `config_id` None every conditional line counts."""
        self._source = source
        self._trouble = trouble
        self._id = config_id
        self._left = MAX_EXPANDED + len(source.text) + STEP * len(source.starts)
        self._definitions = {
            "_HASH": [Traced("#", [-1], [(0, 0)])],
            "_BANG": [Traced("!", [-1], [(0, 0)])],
            "_INSTANCE": [_unwritten(config_id or "host")],
        }
        self.conditional: Traced | None = None

    def fragments(self) -> Iterator[Traced]:
        """Yield the statements, `{` and `}` in their order.

        A variable that is not defined and a sequence that cannot be read are trouble.

        Raises:
            UsageError: variables and sequences have no end.
        """
        lines = self._source.lines(self._trouble)
        for line in lines:
            yield from self._read(line, lines, 0)

    def _read(self, line: Traced, following: Iterator[Traced], depth: int) -> Iterator[Traced]:
        held = self._held(line)
        if held is None or not held.text:
            return
        line = held
        self._spend(line, depth)
        if match := _DEFINITION.match(line.text):
            self._definitions[match[1]] = list(_value(line.cut(match.end()), following))
        elif match := _REPEAT.match(line.text):
            for names, values in self._repeats(match, line):
                self._spend(line, depth)
                self._definitions |= {name: [value] for name, value in zip(names, values, strict=False)}
                yield from self._read(line.cut(match.end()), following, depth + 1)
        else:
            line, rest, changed = self._expand(line, depth)
            if changed and line.text.startswith(("@", "$", "~")):
                yield from self._read(line, following, depth + 1)
            else:
                yield from self._split(line)
            for each in rest:
                yield from self._read(each, iter(()), depth + 1)

    def _held(self, line: Traced) -> Traced | None:
        """Take the conditions off the front of a line; None if one does not hold."""
        while line.text.startswith("@"):
            if self.conditional is None:
                self.conditional = line
            match = _CONDITION.match(line.text)
            if not match or (self._id is not None and (match[2] == self._id) == bool(match[1])):
                return None
            line = line.cut(match.end())
        return line

    def _split(self, line: Traced) -> Iterator[Traced]:
        start = 0
        ends = [(m.start(), m[0]) for m in _BRACE.finditer(line.text) if m[0] in "{}"]
        for end, brace in (*ends, (len(line.text), "")):
            part = line.text[start:end]
            blank = len(part) - len(part.lstrip())
            held = self._held(line.cut(start + blank, start + len(part.rstrip()))) if part.strip() else None
            if part.strip() and held is None:
                return  # the rest of the line goes with the condition, its braces too
            if brace == "{" and part.endswith("$"):
                undefined = line.text[end - 1 :].partition("}")[0] + "}"
                self._trouble(self._source.place(line.site[end][0]), f"{undefined} is not defined")
                return
            if held and held.text:
                yield held
            if brace:
                yield line.cut(end, end + 1)
            start = end + 1

    def _expand(self, line: Traced, depth: int) -> tuple[Traced, list[Traced], bool]:
        """Put values for references; the further lines of a value of several follow this one."""
        rest: list[Traced] = []
        at, changed = 0, False
        while match := _REFERENCE.search(line.text, at):
            value = self._lookup(match)
            if value is None or (len(value) > 1 and match.end() != len(line.text)):
                at = match.start() + 1
                continue
            self._spend(line, depth)
            reference = line.cut(*match.span())
            # The first of several lines is a line of its own right, which may be changed where it is written.
            first = value[0] if len(value) > 1 else value[0].stands_for(reference)
            line = line.cut(0, match.start()).join(first).join(line.cut(match.end()))
            rest = [*value[1:], *rest]
            at, changed = match.start(), True
        return line, rest, changed

    def _lookup(self, match: re.Match[str]) -> list[Traced] | None:
        if match[1] == "_RANDOM":
            return [_unwritten((match[2].split() or ["1"])[0])]
        return None if match[2] else self._definitions.get(match[1] or match[3])

    def _repeats(self, match: re.Match[str], line: Traced) -> Iterator[tuple[list[str], list[Traced]]]:
        """Yield the names and values of each turn of a `~SEQ` or `~LST`."""
        begin = match.start(2)
        groups = [
            [line.cut(begin + v.start(), begin + v.end()) for v in _VALUE.finditer(match[2], *group.span())]
            for group in _VALUES.finditer(match[2])
        ]
        names = [name.text for name in groups[0]] if groups else []
        if match[1] == "LST":
            yield from ((names, values) for values in groups[1:])
            return
        try:
            numbers = [int(group[0].text, 0) for group in groups[1:]]
            end = numbers[-1]
            start = numbers[0] if len(numbers) > 1 else (1 if end > 0 else -1)
            step = numbers[1] if len(numbers) > 2 else (1 if end >= start else -1)
            turns = range(start, end + (1 if step > 0 else -1), step)
        except (ValueError, IndexError):
            self._trouble(self._source.place(line.site[0][0]), f"{match[0].strip()} cannot be read")
            return
        yield from ((names, [_unwritten(f"{i:x}" if match[1] == "SEQx" else f"{i}")]) for i in turns)

    def _spend(self, line: Traced, depth: int) -> None:
        self._left -= len(line.text) + STEP
        if self._left < 0 or depth > MAX_NESTING:
            raise UsageError(f"{self._source.place(line.site[0][0])}: its variables and sequences have no end")


def _unwritten(text: str) -> Traced:
    return Traced(text, [-1] * len(text), [(0, 0)] * len(text))


def _value(first: Traced, following: Iterable[Traced]) -> Iterator[Traced]:
    """Yield the lines of a definition's value: at least one, and more while lines end with a backslash."""
    lines = [first]
    if first.text.endswith("\\"):
        for line in following:
            lines.append(line)
            if not line.text.endswith("\\"):
                break
    bare = [line.cut(0, len(line.text.rstrip("\\").rstrip())) for line in lines]
    yield from [line for line in bare if line.text] or bare[:1]
