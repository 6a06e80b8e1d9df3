"""Words for findings: spans, lists and passwords as people read them. No rule formats these itself."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from vrrpscope.timeline.timers import SECOND
from vrrpscope.wire.columns import NO_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_KEY = secrets.token_bytes(16)


def span(nanoseconds: int) -> str:
    """Return a span in the unit people would use: `3.610 s`, `12 ms`, `4 min 10 s`, `2 h 5 min`."""
    seconds = nanoseconds / SECOND
    if abs(seconds) < 0.1:
        return f"{seconds * 1000:.0f} ms"
    if abs(seconds) < 120:
        return f"{seconds:.3f} s" if abs(seconds) < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 120:
        return f"{minutes} min {rest} s"
    hours = minutes // 60
    return f"{hours} h {minutes % 60} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def listing(words: Iterable[str], last: str = "and") -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    items = list(words)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else "none"


def some(words: Sequence[str], shown: int = 3) -> str:
    """Return a listing of the first few: `a, b, c and 117 more`."""
    return listing(words if len(words) <= shown else [*words[:shown], f"{len(words) - shown} more"])


def count(number: int, noun: str) -> str:
    """Return `1 advert`, `2 adverts`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def digest(secret: bytes) -> str:
    """Return a short digest by which two passwords of one report can be compared and none be found.

    The key is new for every process, so a digest cannot be looked up in a table of likely passwords.
    """
    return "#" + hashlib.blake2s(secret, key=_KEY, digest_size=4).hexdigest()


def in_clear(secret: bytes) -> str:
    """Return a password as typed, its padding left out."""
    return repr(secret.rstrip(b"\0").decode("utf-8", "backslashreplace"))


def key_name(number: int) -> str:
    """Return which of the given keys a digest fits, without telling the key: `key 2`."""
    return "none of the keys given" if number == NO_KEY else f"key {number}" if number else "an unknown key"
