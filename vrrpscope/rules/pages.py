"""The page of each rule. They live in `docs/rules/`; a wheel carries them beside this module."""

from __future__ import annotations

from pathlib import Path

_PLACES = (Path(__file__).with_name("docs"), Path(__file__).parents[2] / "docs" / "rules")


def page(rule: str) -> str:
    """Return a rule's page, Markdown.

    Raises:
        LookupError: the rule has none.
    """
    for place in _PLACES:
        path = place / f"{rule}.md"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise LookupError(rule)
