"""`vrrpscope lab`: rehearse a failure with real daemons, and record it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from vrrpscope.cli.common import DIRECTORY, FILE
from vrrpscope.cli.output import output
from vrrpscope.errors import UsageError
from vrrpscope.lab.stories import STORIES
from vrrpscope.report.escape import printable

if TYPE_CHECKING:
    from types import FrameType

    from vrrpscope.lab.rehearsal import Adapted

_RUN = """Tell one story; captures, logs, configurations and truth.json go to DIR when it has ended.

\b
sudo vrrpscope lab run firewall-split-brain -o out
vrrpscope analyze lb01=out/lb01.pcap lb02=out/lb02.pcap
"""


@click.group("lab")
def command() -> None:
    """Tell stories with real daemons in network namespaces, and record them (Linux, root)."""


@command.command("list")
def list_stories() -> None:
    """List the stories."""
    width = max(map(len, STORIES))
    with output() as stream:
        stream.writelines(f"{name:<{width}}  {story.summary}\n" for name, story in STORIES.items())


@command.command("run", help=_RUN)
@click.argument("story", shell_complete=lambda _, __, begun: [name for name in STORIES if name.startswith(begun)])
@click.option(
    "-o", "--output", "directory", type=DIRECTORY, metavar="DIR", help="Where the recordings go; default: ./STORY."
)
@click.option(
    "--config",
    "configurations",
    type=FILE,
    metavar="HOST=FILE",
    multiple=True,
    help="Use your own keepalived.conf on that host; what the lab changes in it is said.",
)
@click.option("--force", is_flag=True, help="Write over recordings that are there already.")
def run(story: str, directory: str | None, configurations: tuple[str, ...], force: bool) -> None:
    """Tell one story, and write what came of it."""
    from vrrpscope.lab import cell  # noqa: PLC0415 - `lab list` needs none of it
    from vrrpscope.lab.recast import recast  # noqa: PLC0415 - nor of this

    if story not in STORIES:
        raise UsageError(f"{story}: no such story; 'vrrpscope lab list' lists them")
    told, remarks = recast(STORIES[story], _adapted(configurations))
    directory = directory or story
    _check_directory(directory, force=force)
    cell.check_machine(told)
    for remark in remarks:
        click.echo(printable(remark), err=True)
    signal.signal(signal.SIGTERM, _interrupt)
    files = cell.tell(told)
    try:
        os.makedirs(directory, exist_ok=True)
        for name, content in files.items():
            with open(os.path.join(directory, name), "wb") as file:
                file.write(content)
    except OSError as error:
        raise UsageError(f"{error.filename}: cannot be written: {error.strerror}") from error
    with output() as stream:
        stream.writelines(f"{os.path.join(directory, name)}\n" for name in files)
    captures = [os.path.join(directory, capture.name) for capture in told.captures if not capture.wrap]
    views = " ".join(f"{os.path.basename(path).partition('.')[0]}={path}" for path in captures)
    click.echo(f"vrrpscope analyze {views}", err=True)


def _adapted(configurations: tuple[str, ...]) -> dict[str, Adapted]:
    """Read the configurations that were given, by host."""
    from vrrpscope.lab.rehearsal import adapt  # noqa: PLC0415 - only for --config

    adapted = {}
    for configuration in configurations:
        host, equals, path = configuration.partition("=")
        if not equals or not path:
            raise UsageError(f"--config {configuration}: HOST=FILE is wanted, for instance lb01=keepalived.conf")
        try:
            text = Path(path).read_text(encoding="utf-8", errors="surrogateescape")
        except OSError as error:
            raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
        try:
            adapted[host] = adapt(text, Path(path).parent, host)
        except UsageError as error:
            raise UsageError(f"{path}: {error}") from error
    return adapted


def _check_directory(directory: str, *, force: bool) -> None:
    """See that no recording is written over unasked: it may be somebody's evidence."""
    if os.path.exists(directory) and not os.path.isdir(directory):
        raise UsageError(f"{directory}: is not a directory")
    if not force and os.path.isdir(directory) and os.listdir(directory):
        raise UsageError(f"{directory}: is not empty; --force writes over what is there")


def _interrupt(number: int, _: FrameType | None) -> NoReturn:
    """Leave by the way of an exception, so that the cell is ended; the code is a shell's."""
    raise SystemExit(128 + number)
