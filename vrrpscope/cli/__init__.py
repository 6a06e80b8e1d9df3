"""The command line: parse, call, render. One command a module, imported when it is used.

`main` is the only place where an exception becomes an exit code and an error one line.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

from vrrpscope import __version__
from vrrpscope.errors import VrrpscopeError
from vrrpscope.report.escape import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "analyze": "Tell from captures who was master when, and what went wrong.",
    "live": "Watch running interfaces, and tell what happens as it does.",
    "who": "Tell who was master at a time, of every virtual router.",
    "inventory": "List virtual routers, settings, passwords in clear, free VRIDs.",
    "decode": "Write one line for each advert: text, CSV, NDJSON, Parquet.",
    "annotate": "Copy a capture with comments at the frames that matter.",
    "check": "Compare keepalived configurations: what splits, before it does.",
    "interfaces": "List what can be captured on.",
    "lab": "Rehearse a failure with real daemons (Linux, root).",
    "rules": "List the rules, or explain one.",
}


class _Lazy(click.Group):
    """Knows the commands by name; importing one costs what that command needs."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"vrrpscope.cli.{cmd_name}").command
        if not isinstance(command, click.Command):
            raise TypeError(cmd_name)
        return command

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


_HELP = """VRRP forensics: who was master when, where two routers were, and why.

\b
vrrpscope analyze cap.pcap
vrrpscope analyze lb01=lb01.pcap lb02=lb02.pcap --format json -o report.json
vrrpscope rules split-brain
"""


@click.command(cls=_Lazy, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="vrrpscope")
def cli() -> None:
    """Do nothing: the commands do it all."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    try:
        code = cli.main(arguments, prog_name="vrrpscope", standalone_mode=False)
    except click.exceptions.Abort:
        code = 130  # Ctrl-C
    except click.ClickException as error:
        error.show()
        code = 2
    except VrrpscopeError as error:
        click.echo(f"vrrpscope: {printable(str(error))}", err=True)
        code = error.exit_code
    except Exception as error:
        if os.environ.get("VRRPSCOPE_DEBUG"):
            raise
        what = printable(f"{type(error).__name__}: {error}")
        click.echo(f"vrrpscope: internal error: {what}; VRRPSCOPE_DEBUG=1 shows where; please report it", err=True)
        code = 2
    sys.exit(code if isinstance(code, int) else 0)
