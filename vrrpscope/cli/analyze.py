"""`vrrpscope analyze`: captures in, the story out."""

from __future__ import annotations

import gc
import os
import shutil
from ipaddress import ip_address
from typing import TYPE_CHECKING, TextIO

import click

from vrrpscope.analysis import analyze
from vrrpscope.cli.output import output
from vrrpscope.cli.progress import Progress
from vrrpscope.report import RENDERERS, Options, render
from vrrpscope.report.escape import printable

if TYPE_CHECKING:
    from vrrpscope.analysis import Analysis

_FAIL_ON = {"critical": {"critical"}, "warning": {"critical", "warning"}, "never": set[str]()}
_WARNINGS = 5  # of one capture
_MAX_WIDTH = 100  # longer lines are harder to read, however wide the terminal


def address(value: str) -> str:
    """Return the canonical text of an IPv4 or IPv6 address."""
    try:
        return str(ip_address(value))
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not an IPv4 or IPv6 address") from error


_HELP = """Tell from captures who was VRRP master when, and what went wrong.

FILE is a pcap or pcapng file, plain or compressed, a glob, a directory of rotated files, or - for standard
input. Give captures of the same time, taken at several places, a NAME each.

\b
Exit codes:
  0  nothing as bad as --fail-on    2  usage
  1  findings                       3  a capture that cannot be read
                                    4  no privilege
"""


@click.command("analyze", help=_HELP)
@click.argument("captures", nargs=-1, required=True, metavar="[NAME=]FILE...")
@click.option("--vrid", "vrids", type=click.IntRange(0, 255), multiple=True, help="Only this VRID (repeatable).")
@click.option("--vip", "vips", type=address, multiple=True, help="Only who announces this virtual address.")
@click.option("--router", "routers", type=address, multiple=True, help="Only where this router takes part.")
@click.option("--segment", "segments", multiple=True, help='Only this segment: vlan100, vni77, "" for untagged.')
@click.option("--format", "form", type=click.Choice(list(RENDERERS)), default="text", help="How to report.")
@click.option(
    "-o", "--output", "path", type=click.Path(dir_okay=False), help="Write the report here instead of to stdout."
)
@click.option(
    "--fail-on",
    type=click.Choice(list(_FAIL_ON)),
    default="critical",
    show_default=True,
    help="Exit with 1 if there is a finding this bad.",
)
@click.option("--show-secrets", is_flag=True, help="Show passwords in clear instead of as digests.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour the text report.")
def command(
    *,
    captures: tuple[str, ...],
    vrids: tuple[int, ...],
    vips: tuple[str, ...],
    routers: tuple[str, ...],
    segments: tuple[str, ...],
    form: str,
    path: str | None,
    fail_on: str,
    show_secrets: bool,
    color: str,
) -> int:
    """Parse, analyze, render."""
    # What is made is kept until the report is written, and nothing of it goes in circles: looking for garbage as
    # often as Python does cost a quarter of the time of a capture in which every advert is an event.
    gc.set_threshold(200_000, 20, 20)
    with Progress() as progress:
        analysis = analyze(*captures, show_secrets=show_secrets, progress=progress.update)
    analysis = analysis.only(vrids=vrids, addresses=vips, routers=routers, segments=segments)
    _warn(analysis)
    with output(path, inputs=[c.info.path for c in analysis.captures]) as stream:
        width = min(shutil.get_terminal_size((80, 24)).columns, _MAX_WIDTH) if stream.isatty() else 80
        render(analysis, form, stream, Options(width=width, color=_wants_color(color, stream)))
    return int(analysis.verdict in _FAIL_ON[fail_on])


def _warn(analysis: Analysis) -> None:
    """Say on standard error what was wrong with the captures, whatever the format of the report."""
    for capture in analysis.captures:
        problems = capture.info.problems
        for problem in problems[:_WARNINGS]:
            place = "" if problem.offset is None else f" at byte {problem.offset}"
            frame = "" if problem.frame is None else f" (frame {problem.frame})"
            _say(f"{capture.info.path}{place}{frame}: {problem.message}")
        more = len(problems) - _WARNINGS + capture.info.problems_omitted
        if more > 0:
            _say(f"{capture.info.path}: {more} more problems; the JSON report lists them")


def _say(warning: str) -> None:
    click.echo(f"vrrpscope: warning: {printable(warning)}", err=True)


def _wants_color(choice: str, stream: TextIO) -> bool:
    """The user's word, then NO_COLOR and FORCE_COLOR, then whether a terminal reads it."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")
