r"""The commands as they describe themselves: names, help in parts, options.

Everything that is told about commands outside the program (manual pages, the site's reference) is made from this, so
that it cannot say anything else than `--help`. A paragraph of help is text that may be filled, or, behind `\b`, stands
as it is; among the latter the examples and the exit codes are told apart by how they begin.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from vrrpscope.cli import COMMANDS, cli

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXAMPLE: Final = re.compile(r"(sudo |ssh \S+ sudo .*\| *)?vrrpscope ")


class Help(NamedTuple):
    """The help of a command, taken apart."""

    text: tuple[tuple[bool, str], ...]
    """Paragraphs; with each whether its lines stand as they are."""
    examples: tuple[str, ...]
    exits: tuple[str, ...]
    """Lines, without the heading."""


class Option(NamedTuple):
    """An option as its help shows it."""

    names: tuple[str, ...]
    value: str
    """What follows the name, "" for a switch."""
    text: str


class Command(NamedTuple):
    """One command, `vrrpscope` itself among them."""

    path: tuple[str, ...]
    summary: str
    usage: str
    help: Help
    options: tuple[Option, ...]
    children: tuple[tuple[str, str], ...]
    """Commands below it: name and summary."""

    @property
    def name(self) -> str:
        """As it is typed: `vrrpscope lab run`."""
        return " ".join(self.path)


def commands() -> Iterator[Command]:
    """Yield every command, the program itself first, each before those below it."""
    context = click.Context(cli, info_name="vrrpscope", **cli.context_settings)
    yield from _below(cli, context, ("vrrpscope",), "who was VRRP master, where two were, and why")


def _below(command: click.Command, context: click.Context, path: tuple[str, ...], summary: str) -> Iterator[Command]:
    below: dict[str, click.Command] = {}
    if isinstance(command, click.Group):
        below = {
            name: found for name in command.list_commands(context) if (found := command.get_command(context, name))
        }
    own = COMMANDS if len(path) == 1 else {}
    children = {name: own.get(name) or child.get_short_help_str(200) for name, child in below.items()}
    yield Command(
        path,
        summary,
        " ".join(command.collect_usage_pieces(context)),
        _help(command.help or ""),
        tuple(_option(each, context) for each in command.get_params(context) if isinstance(each, click.Option)),
        tuple(children.items()),
    )
    for name, child in below.items():
        inner = click.Context(child, info_name=name, parent=context)
        yield from _below(child, inner, (*path, name), children[name])


def _help(text: str) -> Help:
    """Take a help text apart."""
    paragraphs: list[tuple[bool, str]] = []
    examples: list[str] = []
    exits: list[str] = []
    for part in re.split(r"\n\s*\n", text.strip()):
        verbatim = part.startswith("\b")
        body = part.removeprefix("\b").strip("\n")
        lines = body.splitlines()
        if lines[0].startswith("Exit codes:"):
            first = lines[0].removeprefix("Exit codes:").strip()
            exits += [each for each in (first, *(line.strip() for line in lines[1:])) if each]
        elif verbatim and all(_EXAMPLE.match(line) for line in lines):
            examples += lines
        else:
            paragraphs.append((verbatim, body if verbatim else " ".join(body.split())))
    return Help(tuple(paragraphs), tuple(examples), tuple(exits))


def _option(option: click.Option, context: click.Context) -> Option:
    value = "" if option.is_flag else option.make_metavar(context)
    text = option.help or ""
    if option.show_default is True:
        text += f" Default: {option.default}."
    return Option(tuple(sorted((*option.opts, *option.secondary_opts), key=len)), value, text)
