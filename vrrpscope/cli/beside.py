"""What is given beside captures: `[NAME=]FILE`, read before they are."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from vrrpscope.cli.common import FILE, say
from vrrpscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vrrpscope.evidence.configuration import Configuration
    from vrrpscope.evidence.said import Log
    from vrrpscope.evidence.testimony import Beside

_WARNINGS: Final = 5  # of one log
_UNDATED: Final = 10  # more than one line in so many


class Spec(NamedTuple):
    """A file of one host."""

    host: str
    file: str
    named: bool
    """Whether the host was named; else it is called after the file or its directory."""


config_option = click.option(
    "--config",
    "configurations",
    multiple=True,
    type=FILE,
    metavar="[NAME=]FILE",
    help="keepalived.conf of the host NAME (repeatable): what was meant, beside what was sent.",
)
"""For commands that take configurations beside captures: `configurations`."""


log_option = click.option(
    "--log",
    "logs",
    multiple=True,
    type=FILE,
    metavar="[NAME=]FILE",
    help="keepalived's or FRR's log of the host NAME (repeatable): what the daemons said, beside what was sent.",
)
"""For commands that take logs beside captures: `logs`."""


def specs(arguments: Iterable[str], what: str) -> list[Spec]:
    """Return each `[NAME=]FILE` as host and file; a host without a name is called after its file or directory.

    Args:
        arguments: as they were given.
        what: what the files are, for the message: "configurations".

    Raises:
        UsageError: two would have one name.
    """
    said = [_split(argument) for argument in arguments]
    stems = [os.path.basename(file).partition(".")[0] or file for _, file in said]
    directories = [os.path.basename(os.path.dirname(os.path.abspath(file))) for _, file in said]
    unclear = Counter(stems)
    found = [
        Spec(name or (directory if unclear[stem] > 1 and directory else stem), file, bool(name))
        for (name, file), stem, directory in zip(said, stems, directories, strict=True)
    ]
    for host, number in Counter(spec.host for spec in found).items():
        if number > 1:
            raise UsageError(f"{host}: two {what} of one name; give each host's: NAME=FILE")
    return found


def read_configurations(arguments: Iterable[str]) -> tuple[Configuration, ...]:
    """Read each `[NAME=]FILE` as a keepalived configuration.

    Raises:
        UsageError: a file cannot be read, or two would have one name.
    """
    arguments = list(arguments)
    if not arguments:
        return ()
    from vrrpscope.evidence.keepalived_conf import read  # noqa: PLC0415 - only where one is given

    found = tuple(read(file, host, named=named) for host, file, named in specs(arguments, "configurations"))
    for configuration in found:
        if not configuration.instances:
            say(f"warning: {configuration.path}: the configuration of {configuration.host} has no vrrp_instance")
    return found


def read_logs(arguments: Sequence[str], captures: Sequence[str]) -> tuple[Log, ...]:
    """Read each `[NAME=]FILE` as a log, and say on standard error what is wrong with it.

    One host may have several: logs are rotated. The captures tell the year of stamps without one.

    Args:
        arguments: as they were given; one of them may be `-`, standard input, under a name.
        captures: as they were given.

    Raises:
        UsageError: a file cannot be read, or standard input is wanted twice.
    """
    if not arguments:
        return ()
    from vrrpscope.capture.files import expand, first_time  # noqa: PLC0415 - only where a log is given
    from vrrpscope.evidence.keepalived_log import read  # noqa: PLC0415

    said = [_split(argument, "lb01=lb01.log") for argument in arguments]
    if [file for _, file in said].count("-") + any(c.rpartition("=")[2] == "-" for c in captures) > 1:
        raise UsageError("--log: standard input (-) can be read only once")
    if ("", "-") in said:
        raise UsageError("--log -: whose log is it? NAME=- is wanted, for instance lb01=-")
    paths = [capture.path for capture in expand(captures)]
    near = next((t for path in paths if path != "-" and (t := first_time(path)) is not None), None)
    logs = tuple(read(file, name or os.path.basename(file).partition(".")[0] or file, near=near) for name, file in said)
    for log in logs:
        _warn(log)
    return logs


def read_beside(configurations: Iterable[str], logs: Sequence[str] = (), captures: Sequence[str] = ()) -> Beside | None:
    """Read what was given beside captures; None if nothing was."""
    from vrrpscope.evidence.testimony import Beside  # noqa: PLC0415 - only where something is given

    found = Beside(read_configurations(configurations), read_logs(logs, captures))
    return found if any(found) else None


def _warn(log: Log) -> None:
    """Say on standard error what was wrong with a log."""
    for problem in log.problems[:_WARNINGS]:
        say(f"warning: {log.path}: {problem.message}")
    if len(log.problems) > _WARNINGS:
        say(f"warning: {log.path}: {len(log.problems) - _WARNINGS} more problems")
    if log.undated * _UNDATED > log.lines:
        say(f"warning: {log.path}: {log.undated:,} of {log.lines:,} lines have no time stamp that is known")
    if log.dropped:
        say(f"warning: {log.path}: {log.dropped:,} lines are beyond what is kept of a log")


def paths_of(beside: Beside) -> list[str]:
    """Return the files that were read, which no output may overwrite."""
    return [*(each.path for each in beside.configurations), *(each.path for each in beside.logs)]


def _split(argument: str, example: str = "lb01=keepalived.conf") -> tuple[str, str]:
    name, equals, file = argument.partition("=")
    if not equals or os.path.exists(argument) or "/" in name:
        return "", argument
    if not name or not file:
        raise UsageError(f"{argument}: [NAME=]FILE is wanted, for instance {example}")
    return name, file
