"""`vrrpscope who`: who was master then."""

from __future__ import annotations

import click

from vrrpscope.analysis import analyze
from vrrpscope.cli.common import FILE, Choice, choosing, clock_option, warn
from vrrpscope.cli.output import output
from vrrpscope.cli.progress import Progress
from vrrpscope.questions.again import again
from vrrpscope.questions.heard import last_heard
from vrrpscope.questions.moment import moment
from vrrpscope.questions.who import State, who
from vrrpscope.report.who import as_json, as_text

_HELP = """Tell who was master at a time, of every virtual router.

FILE is what analyze takes: captures, globs, directories, - for standard input (of which the last adverts cannot be
looked up again). All that was captured is used, also what came after TIME.

\b
TIME is one of
  2026-11-22T16:55:17.63Z   ISO 8601, UTC unless it has a zone
  16:55:17.63               that time of day, if one day only has it
  1795366517.63             seconds since the epoch
  +12.5                     seconds after the first frame
  '#123', 'lb02#123'        a frame

\b
Exit codes:
  0  it is known of one virtual router at least
  1  it is not known of any: the captures do not reach there
  2  usage      3  a capture that cannot be read
"""


@click.command("who", help=_HELP)
@click.argument("captures", nargs=-1, required=True, type=FILE, metavar="[NAME=]FILE...")
@click.option("--at", "time", required=True, metavar="TIME", help="The time asked for.")
@choosing
@clock_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to answer.")
def command(
    *,
    captures: tuple[str, ...],
    time: str,
    vrids: tuple[int, ...],
    vips: tuple[str, ...],
    routers: tuple[str, ...],
    segments: tuple[str, ...],
    clock_offsets: tuple[tuple[str, float], ...],
    form: str,
) -> int:
    """Analyze, look the last adverts up, answer."""
    with Progress() as progress:
        analysis = analyze(*captures, clock_offsets=dict(clock_offsets), progress=progress.update)
    for capture in analysis.captures:
        warn(capture.info)
    files = again(analysis, captures)
    t = moment(time, analysis, files)
    answers = who(Choice(vrids, vips, routers, segments).of(analysis), t, last_heard(files, t))
    with output() as stream:
        if form == "json":
            as_json(answers, t, stream)
        else:
            as_text(answers, t, stream, several=len(files) > 1)
    return int(all(answer.state is State.UNKNOWN for answer in answers))
