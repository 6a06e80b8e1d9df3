"""How a report looks: width, colour, times, by what was asked for and what the environment says of the terminal."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, TextIO, TypeVar

import click

from vrrpscope.cli.common import width_of
from vrrpscope.errors import UsageError
from vrrpscope.report import Options

if TYPE_CHECKING:
    from collections.abc import Callable

_F = TypeVar("_F", bound="Callable[..., object]")

_WIDE = 160  # columns where no terminal says how many it has
_LEAST = 40
_MOST = 500


def looking(function: _F) -> _F:
    """Give a command the options `wide`, `zone`, `times` and `color`."""
    for option in reversed(
        (
            click.option("--wide", is_flag=True, help="Use the terminal's whole width for the text report."),
            click.option(
                "--tz",
                "zone",
                type=click.Choice(["UTC", "local"]),
                default="UTC",
                show_default=True,
                help="Time zone of text and markdown reports.",
            ),
            click.option(
                "--time",
                "times",
                type=click.Choice(["absolute", "relative"]),
                default="absolute",
                show_default=True,
                help="Write times as they were, or in seconds after the first frame.",
            ),
            click.option(
                "--color",
                type=click.Choice(["auto", "always", "never"]),
                default="auto",
                help="Colour the text report.",
            ),
        )
    ):
        function = option(function)
    return function


def check_looks(form: str, zone: str, times: str) -> None:
    """See that what was asked for means something in this format.

    Raises:
        UsageError: it does not.
    """
    if form not in {"text", "markdown"} and (zone, times) != ("UTC", "absolute"):
        raise UsageError(f"--tz and --time are for text and markdown; times in {form} are always absolute, in UTC")


def looks(stream: TextIO, *, wide: bool, zone: str, times: str, color: str) -> Options:
    """Return how a report to a stream looks."""
    return Options(
        width=_whole_width() if wide else width_of(stream),
        color=_wants_color(color, stream),
        light=_is_light(),
        local=zone == "local",
        relative=times == "relative",
    )


def _whole_width() -> int:
    """Return the columns of the terminal, or what COLUMNS says; within reason."""
    return min(max(shutil.get_terminal_size((_WIDE, 24)).columns, _LEAST), _MOST)


def _wants_color(choice: str, stream: TextIO) -> bool:
    """The user's word, then NO_COLOR and FORCE_COLOR, then whether a terminal reads it."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def _is_light() -> bool:
    """Whether the terminal's ground is light, as far as it says (rxvt, Konsole: COLORFGBG); most are dark."""
    return os.environ.get("COLORFGBG", "").rpartition(";")[2] in {"7", "15"}
