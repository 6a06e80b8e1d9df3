"""Completions for bash, zsh and fish, as click makes them; `python -m tools.completions` writes `completions/`.

The scripts ask the program itself what may follow, so they know every command and option without naming one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from click.shell_completion import get_completion_class

from vrrpscope.cli import cli

COMPLETIONS: Final = Path(__file__).parents[1] / "completions"
FILES: Final = {"bash": "vrrpscope.bash", "zsh": "_vrrpscope", "fish": "vrrpscope.fish"}
"""Where each shell's goes; zsh's is found by this name."""


CLICK: Final = "8.5.1"
"""The version of click whose scripts these are."""


def script(shell: str) -> str:
    """Return the completion script of a shell.

    Raises:
        LookupError: click knows no such shell.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise LookupError(shell)
    return kind(cli, {}, "vrrpscope", "_VRRPSCOPE_COMPLETE").source().strip() + "\n"


def write() -> None:
    """Write all scripts."""
    COMPLETIONS.mkdir(exist_ok=True)
    for shell, name in FILES.items():
        (COMPLETIONS / name).write_text(script(shell), encoding="utf-8")


if __name__ == "__main__":
    write()
