"""`vrrpscope check`: keepalived configurations in, what will go wrong out; no capture is needed."""

from __future__ import annotations

import os
from collections import Counter

import click

from vrrpscope.cli.common import fail_option, fails, output_option, secrets_option, width_of
from vrrpscope.cli.output import output
from vrrpscope.errors import UsageError
from vrrpscope.evidence.keepalived_conf import read
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
@click.argument("configurations", nargs=-1, required=True, metavar="[NAME=]FILE...")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to report.")
@output_option
@fail_option
@secrets_option
def command(*, configurations: tuple[str, ...], form: str, path: str | None, fail_on: str, show_secrets: bool) -> int:
    """Parse, check, render."""
    specs = _specs(configurations)
    result = check([read(file, host, named=named) for host, file, named in specs], show_secrets=show_secrets)
    with output(path, inputs=[file for _, file, _ in specs]) as stream:
        if form == "json":
            as_json(result, stream)
        else:
            width = width_of(stream)
            as_text(result, stream, width=width)
    return fails(result.verdict, fail_on)


def _specs(arguments: tuple[str, ...]) -> list[tuple[str, str, bool]]:
    """Return host, file, and whether the host was named; a file is else called after itself or its directory.

    Raises:
        UsageError: two would have one name.
    """
    said = [_split(argument) for argument in arguments]
    stems = [os.path.basename(file).partition(".")[0] or file for _, file in said]
    directories = [os.path.basename(os.path.dirname(os.path.abspath(file))) for _, file in said]
    unclear = Counter(stems)
    specs = [
        (name or (directory if unclear[stem] > 1 and directory else stem), file, bool(name))
        for (name, file), stem, directory in zip(said, stems, directories, strict=True)
    ]
    for host, number in Counter(host for host, _, _ in specs).items():
        if number > 1:
            raise UsageError(f"{host}: two configurations of one name; give each host's: NAME=FILE")
    return specs


def _split(argument: str) -> tuple[str, str]:
    name, equals, file = argument.partition("=")
    if not equals or os.path.exists(argument) or "/" in name:
        return "", argument
    if not name or not file:
        raise UsageError(f"{argument}: [NAME=]FILE is wanted, for instance lb01=keepalived.conf")
    return name, file
