"""What several commands share: which virtual routers are meant, whose clock is how far off, what is said of damage."""

from __future__ import annotations

import math
import shutil
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, NamedTuple, TextIO, TypeVar

import click
from click.shell_completion import CompletionItem

from vrrpscope.report.escape import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from vrrpscope.analysis import Analysis
    from vrrpscope.capture.frames import CaptureInfo

_MAX_WIDTH = 100  # longer lines are harder to read, however wide the terminal
_FAIL_ON = {"critical": {"critical"}, "warning": {"critical", "warning"}, "never": set[str]()}
_WARNINGS = 5  # of one capture
_MAX_OFFSET = 1e9  # seconds: some thirty years

_F = TypeVar("_F", bound="Callable[..., object]")


class Choice(NamedTuple):
    """The virtual routers that were asked for; nothing of a kind leaves none out."""

    vrids: tuple[int, ...]
    vips: tuple[str, ...]
    routers: tuple[str, ...]
    segments: tuple[str, ...]

    def of(self, analysis: Analysis) -> Analysis:
        """Return the part of an analysis that is about them."""
        return analysis.only(vrids=self.vrids, addresses=self.vips, routers=self.routers, segments=self.segments)


class _Path(click.types.StringParamType):
    """Any text, which a shell completes as the name of a file or directory: who reads it says what is wrong with it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Ask the shell for names; bash has cut a word at its `=` already."""
        del ctx, param
        return [CompletionItem(incomplete, type=self.name)]


FILE: Final = _Path("file")
DIRECTORY: Final = _Path("dir")


def address(value: str) -> str:
    """Return the canonical text of an IPv4 or IPv6 address."""
    try:
        return str(ip_address(value))
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not an IPv4 or IPv6 address") from error


def clock_offset(value: str) -> tuple[str, float]:
    """Return the parts of NAME=SECONDS."""
    name, _, seconds = value.rpartition("=")
    try:
        offset = float(seconds)
    except ValueError:
        offset = math.nan
    if not name or not abs(offset) < _MAX_OFFSET:
        raise click.BadParameter(f"{value!r} is not NAME=SECONDS, such as lb02=-3600.5")
    return name, offset


clock_option = click.option(
    "--clock-offset",
    "clock_offsets",
    type=clock_offset,
    multiple=True,
    metavar="NAME=SECONDS",
    help="How far the clock of NAME's capture is ahead (repeatable). Estimated if not given.",
)
"""For commands that take several captures: `clock_offsets`."""


output_option = click.option(
    "-o", "--output", "path", type=click.Path(dir_okay=False), help="Write the report here instead of to stdout."
)
fail_option = click.option(
    "--fail-on",
    type=click.Choice(list(_FAIL_ON)),
    default="critical",
    show_default=True,
    help="Exit with 1 if there is a finding this bad.",
)
secrets_option = click.option("--show-secrets", is_flag=True, help="Show passwords in clear instead of as digests.")


def fails(verdict: str, fail_on: str) -> int:
    """Return the exit code of a report with this verdict, as `--fail-on` asks."""
    return int(verdict in _FAIL_ON[fail_on])


def width_of(stream: TextIO) -> int:
    """Return the width of a text report: the terminal's, or 80 columns in a pipe or a file."""
    return min(shutil.get_terminal_size((80, 24)).columns, _MAX_WIDTH) if stream.isatty() else 80


def choosing(function: _F) -> _F:
    """Give a command the options that choose virtual routers: `vrids`, `vips`, `routers`, `segments`."""
    for option in reversed(
        (
            click.option(
                "--vrid", "vrids", type=click.IntRange(0, 255), multiple=True, help="Only this VRID (repeatable)."
            ),
            click.option("--vip", "vips", type=address, multiple=True, help="Only who announces this virtual address."),
            click.option("--router", "routers", type=address, multiple=True, help="Only where this router takes part."),
            click.option(
                "--segment", "segments", multiple=True, help='Only this segment: vlan100, vni77, "" for untagged.'
            ),
        )
    ):
        function = option(function)
    return function


def warn(info: CaptureInfo) -> None:
    """Say on standard error what was wrong with a capture, whatever goes to standard output."""
    for problem in info.problems[:_WARNINGS]:
        place = "" if problem.offset is None else f" at byte {problem.offset}"
        frame = "" if problem.frame is None else f" (frame {problem.frame})"
        say(f"warning: {info.path}{place}{frame}: {problem.message}")
    more = len(info.problems) - _WARNINGS + info.problems_omitted
    if more > 0:
        say(f"warning: {info.path}: {more} more problems; the JSON report lists them")


def say(what: str) -> None:
    """Write one line to standard error."""
    click.echo(f"vrrpscope: {printable(what)}", err=True)
