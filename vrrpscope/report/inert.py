r"""Captured text as Markdown that stays text, on GitHub, GitLab, in Slack and Mattermost alike.

They do not agree on escapes: Slack shows a backslash, GitHub links `\@name` and `\#12` all the same, GitLab takes a
line that begins with `/close` as an order. What all leave alone is a code span. So a word (between white space) is
written as it is if it consists of what means nothing anywhere, and as a code span if it does not: `#45` is no issue
then, `lb02.pcap` no address, `@all` nobody. A code span can hold anything but a backtick, and in a table a pipe: these
two are written as their escapes (`\x60`, `\x7c`), as are, before all, characters that hide or reorder text.
"""

from __future__ import annotations

import re
from typing import Final

from vrrpscope.report.escape import printable

_PARTS: Final = re.compile(r"([(\"']*)(.*?)([)\"'.,;:!?…]*)", re.DOTALL)
_MARKS: Final = frozenset("./:,;'\"()=+±–…·→-?%")  # harmless between letters; for what they spell, see below
_SPELT: Final = re.compile(
    r":(?!\d\d?:)[\w+-]+:"  # an emoji: fd00:100::3 holds one, a time does not
    r"|//|--|==|^/|%[\w\"]"  # an address, a dash, a highlight, an order to GitLab, a milestone of GitLab's
    r"|\.[^\W\d]{2,}"  # a domain
    r"|(?i:\bgh-\d)|\b[0-9a-f]{7,}\b"  # an issue, a commit
)
_OPENING: Final = re.compile(r"\d{1,9}[.)]|[-+=]+")  # of a line: a list, a rule
_TABLE: Final = str.maketrans({"`": "\\x60", "|": "\\x7c"})
_MAX: Final = 2_000  # characters of one piece


def inert(text: str, limit: int = _MAX) -> str:
    """Return text as Markdown that shows it, in one line; what is longer than `limit` characters is cut."""
    words = printable(clipped(text, limit)).split()
    return " ".join(_word(word, opens=place == 0) for place, word in enumerate(words))


def code(text: str, limit: int = _MAX) -> str:
    """Return text as one code span; nothing if there is nothing to show."""
    shown = " ".join(printable(clipped(text, limit)).split()).translate(_TABLE)
    return f"`{shown}`" if shown else ""


def fenced(lines: list[str]) -> list[str]:
    """Return the lines of a block of commands, to be copied as they are; none of them can end it."""
    return ["```sh", *(printable(line).replace("```", "\\x60" * 3) for line in lines), "```"]


def clipped(text: str, limit: int) -> str:
    """Return text, cut if it is longer than `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _word(word: str, *, opens: bool) -> str:
    if opens and _OPENING.fullmatch(word):
        return code(word)
    found = _PARTS.fullmatch(word)
    if found is None:  # cannot be; the pattern takes any text
        return code(word)
    before, core, after = found.groups()
    if not core or (all(c.isalnum() or c in _MARKS for c in core) and not _SPELT.search(word)):
        return word
    return before + code(core) + after
