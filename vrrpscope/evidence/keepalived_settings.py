"""Words of a configuration as values, and what must be remarked about them."""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from ipaddress import ip_interface
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from vrrpscope.evidence.configuration import SECOND, Remark
from vrrpscope.findings import Line
from vrrpscope.keepalived.keywords import KNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Interface, IPv6Interface

    from vrrpscope.keepalived.blocks import Statement
    from vrrpscope.keepalived.text import Place

_T = TypeVar("_T")

MAX_REMARKS: Final = 500
_SECONDS: Final = re.compile(r"(\d{0,9})(?:\.(\d{0,9})\d*)?", re.ASCII)
_LIKELIHOOD: Final = 0.8
_LONGEST: Final = 40  # characters of a word that is looked up


class Notes:
    """The remarks of one file, bounded."""

    def __init__(self, host: str, path: str) -> None:
        """Begin with none."""
        self.host = host
        self.path = path
        self._remarks: dict[tuple[str, Line, str], Remark] = {}
        self._omitted = 0

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """All of them, in the order in which they were made; what is beyond the bound is counted."""
        more = f"and {self._omitted} more remarks on this file, which are left out"
        end = (Remark("damage", Line(self.host, self.path, 1), more, harm=False),) if self._omitted else ()
        return (*self._remarks.values(), *end)

    def line(self, place: Place) -> Line:
        """Return a place as evidence."""
        file = os.path.join(os.path.dirname(self.path), place.file) if place.file else self.path
        return Line(self.host, file, place.line)

    def add(
        self,
        kind: Literal["damage", "unknown", "ignored"],
        line: Line,
        message: str,
        *,
        harm: bool = True,
        instance: str = "",
    ) -> None:
        """Remark something, once."""
        if len(self._remarks) < MAX_REMARKS:
            self._remarks.setdefault((kind, line, message), Remark(kind, line, message, harm, instance))
        else:
            self._omitted += 1

    def trouble(self, place: Place, message: str) -> None:
        """Remark what the language's reader could not read."""
        self.add("damage", self.line(place), message)

    def ignored(self, statement: Statement, message: str, *, harm: bool, instance: str = "") -> None:
        """Remark what keepalived passes over."""
        self.add("ignored", self.line(statement.place), message, harm=harm, instance=instance)

    def first(self, items: Sequence[_T], most: int, line: Line, what: str) -> Sequence[_T]:
        """Return as many as are looked at, and remark it if there are more."""
        if len(items) > most:
            self.add("damage", line, f"only the first {most} of {len(items)} {what} are looked at")
        return items[:most]

    def known(self, block: str, statement: Statement) -> None:
        """Remark a keyword that keepalived has not got in this block; its values may be secrets and are not told."""
        word = statement.keyword
        if word in KNOWN[block] or word.startswith("include"):
            return
        if len(self._remarks) >= MAX_REMARKS:
            self._omitted += 1
            return
        alike = get_close_matches(word[:_LONGEST], sorted(KNOWN[block]), 1, _LIKELIHOOD)
        meant = f", which may be meant for {alike[0]}" if alike else ""
        where = f" in {block}" if block else ""
        self.add("unknown", self.line(statement.place), f"{word[:_LONGEST]}{where}{meant}", harm=bool(alike))


def number(statement: Statement, notes: Notes, low: int, high: int, instance: str = "") -> int | None:
    """Return the second word as a number from `low` to `high`; None, and a remark, if it is none."""
    text = statement.value()
    if re.fullmatch(r"[-+]?\d{1,10}", text, re.ASCII) and low <= int(text) <= high:
        return int(text)
    shown = text[:_LONGEST] or "nothing"
    notes.ignored(
        statement, f"{statement.keyword} {shown}: a number from {low} to {high} is wanted", harm=True, instance=instance
    )
    return None


def nanoseconds(text: str) -> int | None:
    """Return a number of seconds, such as `0.5`, as nanoseconds; None if it is none."""
    match = _SECONDS.fullmatch(text)
    if not match or not (match[1] or match[2]):
        return None
    return int(match[1] or 0) * SECOND + int((match[2] or "").ljust(9, "0"))


def flag(statement: Statement) -> bool:
    """Tell whether a setting is on: a keyword alone is."""
    return statement.value("on").lower() not in {"off", "false", "no"}


def address(text: str) -> IPv4Interface | IPv6Interface | None:
    """Return an address, with its network if it has a prefix length."""
    try:
        return ip_interface(text)
    except ValueError:
        return None
