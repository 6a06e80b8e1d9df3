"""Captured text is hostile until escaped: file names, passwords and addresses may hold terminal commands."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """Return text with every character that could move a cursor, hide or reorder text made visible.

    Control characters (C0, C1, DEL), format characters (bidirectional overrides, zero-width), line separators,
    and the surrogates that undecodable file names bring become their backslash escapes.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if _is_harmless(c) else _escape(c) for c in text)


def _is_harmless(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _escape(char: str) -> str:
    return char.encode("unicode_escape", "backslashreplace").decode("ascii")
