"""`vrrpscope check`: keepalived configurations in, what will go wrong out; no capture is needed."""

from __future__ import annotations

import click

from vrrpscope.cli.beside import read_configurations
from vrrpscope.cli.common import FILE, fail_option, fails, output_option, secrets_option, width_of
from vrrpscope.cli.output import output
from vrrpscope.report.check import as_json, as_text
from vrrpscope.rules.checking import check

_HELP = """Compare keepalived configurations: what will split, before it does.

FILE is a keepalived.conf of one host, NAME that host's name; lines that begin with @ are taken for it. Included
files are looked for where FILE lies. One file is checked for itself, several also beside each other.

\b
vrrpscope check lb01=lb01/keepalived.conf lb02=lb02/keepalived.conf

\b
Exit codes:
  0  nothing as bad as --fail-on
  1  findings
  2  usage, or a configuration that cannot be read
"""


@click.command("check", help=_HELP)
@click.argument("configurations", nargs=-1, required=True, type=FILE, metavar="[NAME=]FILE...")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to report.")
@output_option
@fail_option
@secrets_option
def command(*, configurations: tuple[str, ...], form: str, path: str | None, fail_on: str, show_secrets: bool) -> int:
    """Parse, check, render."""
    read = read_configurations(configurations)
    result = check(read, show_secrets=show_secrets)
    with output(path, inputs=[each.path for each in read]) as stream:
        if form == "json":
            as_json(result, stream)
        else:
            width = width_of(stream)
            as_text(result, stream, width=width)
    return fails(result.verdict, fail_on)
