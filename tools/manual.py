"""Manual pages of all commands, in man(7), as `man/*.1`; `python -m tools.manual` writes them.

The pages hold no date of their making: they change when a command does, and with nothing else, so that a test can
hold them against the commands.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.commands import Command, commands
from vrrpscope import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

MAN: Final = Path(__file__).parents[1] / "man"
_DATE: Final = "2026-11-23"  # of this release's manual


def pages() -> dict[str, str]:
    """Return each page's text by its file name."""
    every = list(commands())
    return {_file(each): "\n".join(_page(each, every)) + "\n" for each in every}


def _file(command: Command) -> str:
    return "-".join(command.path) + ".1"


def _page(command: Command, every: list[Command]) -> Iterator[str]:
    title = "-".join(command.path)
    yield f'.TH {title.upper()} 1 "{_DATE}" "vrrpscope {__version__}" "vrrpscope"'
    summary = command.summary[0].lower() + command.summary[1:].rstrip(".")
    yield from (".SH NAME", rf"{_escape(title)} \-", *_filled(summary))
    yield from (".SH SYNOPSIS", rf"\fB{_escape(command.name)}\fP {_escape(command.usage)}")
    yield ".SH DESCRIPTION"
    for number, (verbatim, text) in enumerate(command.help.text):
        if number:
            yield ".PP"
        yield from _verbatim(text.splitlines()) if verbatim else _filled(text)
    if command.children:
        yield ".SH COMMANDS"
        for name, said in command.children:
            yield from (".TP", rf"\fB{_escape(name)}\fP", *_filled(said))
    if command.options:
        yield ".SH OPTIONS"
        for option in command.options:
            names = ", ".join(rf"\fB{_escape(name)}\fP" for name in option.names)
            yield from (".TP", f"{names} {_escape(option.value)}".rstrip(), *_filled(option.text))
    if command.help.exits:
        yield ".SH EXIT STATUS"
        yield from _exits(command.help.exits)
    if len(command.path) == 1:
        yield from _ENVIRONMENT
    if command.help.examples:
        yield ".SH EXAMPLES"
        yield from _verbatim(command.help.examples)
    yield ".SH SEE ALSO"
    near = [
        each for each in every if each.path in (command.path[:-1], ("vrrpscope",)) or each.path[:-1] == command.path
    ]
    refs = [rf"\fB{_escape('-'.join(each.path))}\fP(1)" for each in near if each.path != command.path]
    refs += [rf"\fB{name[:-3]}\fP{name[-3:]}" for name in ("keepalived.conf(5)", "tcpdump(8)")]
    yield ",\n".join(refs)


_ENVIRONMENT: Final = (
    ".SH ENVIRONMENT",
    ".TP",
    r"\fBNO_COLOR\fP, \fBFORCE_COLOR\fP",
    "No colours, or colours also where the report goes into a pipe.",
    ".TP",
    r"\fBVRRPSCOPE_DEBUG\fP",
    "Show where an internal error happened.",
)


def _exits(lines: tuple[str, ...]) -> Iterator[str]:
    """Yield exit codes, one a paragraph; some helps put two into a line, or all into one sentence."""
    text = "   ".join(lines)
    for code, meaning in sorted(re.findall(r"(?:^|(?<=\s))(\d)(,| +\S.*?)(?=\s+\d\s|\s+\d,|,\s+\d\s|\.?$)", text)):
        said = meaning.strip(" ,") or "done"
        yield from (".TP", rf"\fB{code}\fP", *_filled(said))


def _verbatim(lines: tuple[str, ...] | list[str]) -> Iterator[str]:
    yield from (".nf", *(_line(line) for line in lines), ".fi")


def _filled(text: str) -> list[str]:
    """Break text into lines short enough for every tool that reads manual pages; the reader's terminal fills them."""
    return [_line(line) for line in textwrap.wrap(text, 66, break_long_words=False, break_on_hyphens=False)]


def _line(text: str) -> str:
    """Escape a whole line: one that begins with a dot or a quote would be a request."""
    escaped = _escape(text)
    return rf"\&{escaped}" if escaped[:1] in ".'" else escaped


def _escape(text: str) -> str:
    return text.replace("\\", r"\e").replace("-", r"\-")


def write() -> None:
    """Write all pages, and take away those of commands that are no more."""
    MAN.mkdir(exist_ok=True)
    found = pages()
    for path in MAN.glob("*.1"):
        if path.name not in found:
            path.unlink()
    for name, text in found.items():
        (MAN / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
