"""A progress bar on standard error: only on a terminal, and only when the work takes longer than a second."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Self

import click

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

_PATIENCE = 1.0  # seconds


class Progress:
    """Counts bytes. Use as a context; call `update` with the bytes read and in all."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._bar: ProgressBar[Any] | None = None
        self._shown = 0
        self._wanted = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()

    def update(self, read: int, total: int | None) -> None:
        """Show how far the work is, if it is worth showing."""
        if not self._wanted or not total:
            return
        if self._bar is None:
            if time.monotonic() - self._begun < _PATIENCE:
                return
            self._bar = click.progressbar(length=total, label="reading", file=sys.stderr, show_eta=True)
        self._bar.update(read - self._shown)
        self._shown = read
