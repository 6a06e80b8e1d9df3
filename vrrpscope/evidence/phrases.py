"""Log messages as templates, so that a table of them reads like the daemons' sources.

A template is the message itself with holes:

    <n>       an integer                           → numbers
    <s>       seconds, perhaps with a fraction     → numbers, in nanoseconds
    <ms> <cs> milliseconds, centiseconds           → numbers, in nanoseconds
    <peer>    an address                           → peer
    <name>    an interface, a script, a group      → subject
    <reason>  a word or a clause                   → reason
    <*>       anything
    [...]     may be missing
    {a|b}     one of these

The whole message must match. Tables are tried in order, so what is frequent stands first.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.evidence.said import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

_HOLES: Final = {
    "n": r"(-?\d{1,18})",
    "s": r"(\d{1,9}(?:\.\d{1,9})?)",
    "ms": r"(\d{1,12})",
    "cs": r"(\d{1,12})",
    "peer": r"([0-9a-fA-F:.]{2,45}(?:%\S{1,15})?)",
    "name": r"(.{1,128}?)",
    "reason": r"(.{1,128}?)",
    "*": r"(?:.*)",
}
_UNIT: Final = {"n": 1, "ms": 1_000_000, "cs": 10_000_000}
_MARKS: Final = {"[": "(?:", "]": ")?", "{": "(?:", "|": "|", "}": ")"}
_LONGEST: Final = 512
"""Characters of the longest message that is looked at: no phrase is longer, and a hostile one shall not cost much."""
_TOKEN: Final = re.compile(r"<(\S{1,6}?)>|([\[\]{|}])|([^<\[\]{|}]+|<)")


class Phrase(NamedTuple):
    """One message of a daemon; `reason` is for those that do not name it themselves."""

    kind: Kind
    template: str
    reason: str = ""


class Heard(NamedTuple):
    """What a message means; see `vrrpscope.evidence.said.Said`."""

    kind: Kind
    instance: str = ""
    reason: str = ""
    peer: str | None = None
    subject: str = ""
    numbers: tuple[int, ...] = ()


OTHER: Final = Heard(Kind.OTHER)


class Phrasebook:
    """A table of phrases, compiled when it is first asked."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._phrases = tuple(phrases)

    @cached_property
    def _entries(self) -> list[tuple[Phrase, re.Pattern[str], tuple[str, ...]]]:
        return [(phrase, *_compiled(phrase.template)) for phrase in self._phrases]

    def find(self, text: str, instance: str = "") -> Heard:
        """What `text` means, or kind OTHER."""
        for phrase, pattern, holes in self._entries if len(text) <= _LONGEST else ():
            match = pattern.fullmatch(text)
            if match is not None:
                return _heard(phrase, instance, zip(holes, match.groups(), strict=True))
        return OTHER._replace(instance=instance)


@lru_cache(maxsize=1024)
def canonical(address: str) -> str | None:
    """Write an address as reports do (RFC 5952), without its zone; None if it is none."""
    try:
        return str(ip_address(address.partition("%")[0]))
    except ValueError:
        return None


def nanoseconds(seconds: str) -> int:
    """Decimal seconds, exactly."""
    whole, _, fraction = seconds.partition(".")
    return int(whole) * 1_000_000_000 + int(fraction[:9].ljust(9, "0"))


def _compiled(template: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    pattern = ""
    holes = []
    for hole, mark, literal in _TOKEN.findall(template):
        pattern += _HOLES[hole] if hole else _MARKS[mark] if mark else re.escape(literal)
        if hole and hole != "*":
            holes.append(hole)
    return re.compile(pattern, re.ASCII | re.DOTALL), tuple(holes)


def _heard(phrase: Phrase, instance: str, found: Iterable[tuple[str, str | None]]) -> Heard:
    reason, peer, subject = phrase.reason, None, ""
    numbers = []
    for hole, value in found:
        if value is None:
            continue
        if hole == "peer":
            peer = canonical(value)
        elif hole == "name":
            subject = value
        elif hole == "reason":
            reason = value.lower() if value.isupper() else value
        elif hole == "s":
            numbers.append(nanoseconds(value))
        else:
            numbers.append(int(value) * _UNIT[hole])
    return Heard(phrase.kind, instance, reason, peer, subject, tuple(numbers))
