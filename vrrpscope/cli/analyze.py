"""`vrrpscope analyze`: captures in, the story out."""

from __future__ import annotations

import gc

import click

from vrrpscope.analysis import analyze
from vrrpscope.cli.beside import config_option, log_option, paths_of, read_beside
from vrrpscope.cli.common import (
    DIRECTORY,
    FILE,
    Choice,
    choosing,
    clock_option,
    fail_option,
    fails,
    output_option,
    secrets_option,
    warn,
)
from vrrpscope.cli.keys import key_option
from vrrpscope.cli.looks import check_looks, looking, looks
from vrrpscope.cli.output import output
from vrrpscope.cli.progress import Progress
from vrrpscope.report import RENDERERS, render

_HELP = """Tell from captures who was VRRP master when, and what went wrong.

FILE is a pcap or pcapng file, plain or compressed, a glob, a directory of rotated files, or - for standard
input. Give captures of the same time, taken at several places, a NAME each; their clocks are compared.

--start and --end take a TIME as who does: 2026-11-22T16:55:17.63Z, 16:55:17.63 (UTC), +12.5 after the first frame,
'#123'. Everything is judged by the whole captures, and only what touches that time is told.

\b
Exit codes:
  0  nothing as bad as --fail-on    2  usage
  1  findings                       3  a capture that cannot be read
                                    4  no privilege
"""


@click.command("analyze", help=_HELP)
@click.argument("captures", nargs=-1, required=True, type=FILE, metavar="[NAME=]FILE...")
@choosing
@click.option("--start", metavar="TIME", help="Tell only what touches the time from here on.")
@click.option("--end", metavar="TIME", help="Tell only what touches the time up to here.")
@clock_option
@config_option
@log_option
@key_option
@click.option("--format", "form", type=click.Choice(list(RENDERERS)), default="text", help="How to report.")
@output_option
@fail_option
@click.option(
    "--evidence",
    type=DIRECTORY,
    metavar="DIR",
    help="Keep a small capture of each finding's frames in this new directory.",
)
@click.option("--plot", "picture", type=FILE, metavar="FILE", help="Draw the story: a .png, .svg or .pdf file.")
@click.option(
    "--export", "tables", type=DIRECTORY, metavar="DIR", help="Write tables (CSV, Parquet) into this new directory."
)
@secrets_option
@looking
def command(
    *,
    captures: tuple[str, ...],
    vrids: tuple[int, ...],
    vips: tuple[str, ...],
    routers: tuple[str, ...],
    segments: tuple[str, ...],
    start: str | None,
    end: str | None,
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
    wide: bool,
    zone: str,
    times: str,
    color: str,
) -> int:
    """Parse, analyze, render."""
    # What is made is kept until the report is written, and nothing of it goes in circles: looking for garbage as
    # often as Python does cost a quarter of the time of a capture in which every advert is an event.
    gc.set_threshold(200_000, 20, 20)
    check_looks(form, zone, times)
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
    if start is not None or end is not None:
        analysis = analysis.between(start, end)
    analysis = Choice(vrids, vips, routers, segments).of(analysis)
    for capture in analysis.captures:
        warn(capture.info)
    inputs = [c.info.path for c in analysis.captures] + ([] if beside is None else paths_of(beside))
    with output(path, inputs=inputs) as stream:
        render(analysis, form, stream, looks(stream, wide=wide, zone=zone, times=times, color=color))
    if evidence is not None:
        keep(analysis, captures, evidence)
    if picture is not None:
        extras.plot(analysis, picture)
    if tables is not None:
        extras.export(analysis, captures, tables)
    return fails(analysis.verdict, fail_on)
