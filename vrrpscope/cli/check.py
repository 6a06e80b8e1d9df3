"""`vrrpscope check`: keepalived configurations in, what will go wrong out; no capture is needed."""

from __future__ import annotations

import os
import shutil
from collections import Counter

import click

from vrrpscope.cli.output import output
from vrrpscope.errors import UsageError
from vrrpscope.evidence.keepalived_conf import read
from vrrpscope.report.check import as_json, as_text
from vrrpscope.rules.checking import check

_FAIL_ON = {"critical": {"critical"}, "warning": {"critical", "warning"}, "never": set[str]()}
_MAX_WIDTH = 100

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
def command(*, configurations: tuple[str, ...], form: str, path: str | None, fail_on: str, show_secrets: bool) -> int:
    """Parse, check, render."""
    specs = _specs(configurations)
    result = check([read(file, host, named=named) for host, file, named in specs], show_secrets=show_secrets)
    with output(path, inputs=[file for _, file, _ in specs]) as stream:
        if form == "json":
            as_json(result, stream)
        else:
            width = min(shutil.get_terminal_size((80, 24)).columns, _MAX_WIDTH) if stream.isatty() else 80
            as_text(result, stream, width=width)
    return int(result.verdict in _FAIL_ON[fail_on])


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
