"""`vrrpscope analyze`: captures in, the story out."""

from __future__ import annotations

import gc
import os
from typing import TextIO

import click

from vrrpscope.analysis import analyze
from vrrpscope.cli.beside import config_option, log_option, paths_of, read_beside
from vrrpscope.cli.common import (
    Choice,
    choosing,
    clock_option,
    fail_option,
    fails,
    output_option,
    secrets_option,
    warn,
    width_of,
)
from vrrpscope.cli.keys import key_option
from vrrpscope.cli.output import output
from vrrpscope.cli.progress import Progress
from vrrpscope.report import RENDERERS, Options, render

_HELP = """Tell from captures who was VRRP master when, and what went wrong.

FILE is a pcap or pcapng file, plain or compressed, a glob, a directory of rotated files, or - for standard
input. Give captures of the same time, taken at several places, a NAME each; their clocks are compared.

\b
Exit codes:
  0  nothing as bad as --fail-on    2  usage
  1  findings                       3  a capture that cannot be read
                                    4  no privilege
"""


@click.command("analyze", help=_HELP)
@click.argument("captures", nargs=-1, required=True, metavar="[NAME=]FILE...")
@choosing
@clock_option
@config_option
@log_option
@key_option
@click.option("--format", "form", type=click.Choice(list(RENDERERS)), default="text", help="How to report.")
@output_option
@fail_option
@click.option("--evidence", metavar="DIR", help="Keep a small capture of each finding's frames in this new directory.")
@click.option("--plot", "picture", metavar="FILE", help="Draw the story: a .png, .svg or .pdf file.")
@click.option("--export", "tables", metavar="DIR", help="Write tables (CSV, Parquet) into this new directory.")
@secrets_option
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour the text report.")
def command(
    *,
    captures: tuple[str, ...],
    vrids: tuple[int, ...],
    vips: tuple[str, ...],
    routers: tuple[str, ...],
    segments: tuple[str, ...],
    clock_offsets: tuple[tuple[str, float], ...],
    configurations: tuple[str, ...],
    logs: tuple[str, ...],
    keys: tuple[bytes, ...],
    form: str,
    path: str | None,
    fail_on: str,
    evidence: str | None,
    picture: str | None,
    tables: str | None,
    show_secrets: bool,
    color: str,
) -> int:
    """Parse, analyze, render."""
    # What is made is kept until the report is written, and nothing of it goes in circles: looking for garbage as
    # often as Python does cost a quarter of the time of a capture in which every advert is an event.
    gc.set_threshold(200_000, 20, 20)
    if evidence is not None:
        from vrrpscope.cli.evidence import check_directory, keep  # noqa: PLC0415 - only where it is asked for

        check_directory(evidence, captures)
    if picture is not None or tables is not None:
        from vrrpscope.cli import extras  # noqa: PLC0415 - likewise

        if picture is not None:
            extras.check_plot(picture)
        if tables is not None:
            extras.check_export(tables)
    beside = read_beside(configurations, logs, captures)
    with Progress() as progress:
        analysis = analyze(
            *captures,
            show_secrets=show_secrets,
            clock_offsets=dict(clock_offsets),
            beside=beside,
            keys=keys,
            progress=progress.update,
        )
    analysis = Choice(vrids, vips, routers, segments).of(analysis)
    for capture in analysis.captures:
        warn(capture.info)
    inputs = [c.info.path for c in analysis.captures] + ([] if beside is None else paths_of(beside))
    with output(path, inputs=inputs) as stream:
        width = width_of(stream)
        render(analysis, form, stream, Options(width=width, color=_wants_color(color, stream)))
    if evidence is not None:
        keep(analysis, captures, evidence)
    if picture is not None:
        extras.plot(analysis, picture)
    if tables is not None:
        extras.export(analysis, captures, tables)
    return fails(analysis.verdict, fail_on)


def _wants_color(choice: str, stream: TextIO) -> bool:
    """The user's word, then NO_COLOR and FORCE_COLOR, then whether a terminal reads it."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")
