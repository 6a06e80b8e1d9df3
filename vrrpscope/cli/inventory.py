"""`vrrpscope inventory`: what is there."""

from __future__ import annotations

import click

from vrrpscope.analysis import analyze
from vrrpscope.cli.common import FILE, Choice, choosing, secrets_option, warn
from vrrpscope.cli.output import output
from vrrpscope.cli.progress import Progress
from vrrpscope.questions.inventory import inventory
from vrrpscope.report.inventory import as_json, as_text

_HELP = """List what is there: per segment the VRIDs, routers, priorities, addresses, and the free VRIDs.

FILE is what analyze takes: captures, globs, directories, - for standard input. A VRID is free if nobody was seen to use
it on that segment. Passwords that cross it in clear are flagged, and so are VRIDs that two clusters use.

\b
Exit codes: 0, 2 usage, 3 a capture that cannot be read.
"""


@click.command("inventory", help=_HELP)
@click.argument("captures", nargs=-1, required=True, type=FILE, metavar="[NAME=]FILE...")
@choosing
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to list.")
@secrets_option
def command(
    *,
    captures: tuple[str, ...],
    vrids: tuple[int, ...],
    vips: tuple[str, ...],
    routers: tuple[str, ...],
    segments: tuple[str, ...],
    form: str,
    show_secrets: bool,
) -> None:
    """Analyze, list."""
    with Progress() as progress:
        analysis = analyze(*captures, progress=progress.update)
    for capture in analysis.captures:
        warn(capture.info)
    chosen = Choice(vrids, vips, routers, segments).of(analysis)
    listed = inventory(analysis, chosen, show_secrets=show_secrets)
    with output() as stream:
        (as_json if form == "json" else as_text)(listed, stream)
