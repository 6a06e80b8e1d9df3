"""The magics of a notebook, for `%load_ext vrrpscope`.

    %%vrrpscope a
    lb01=lb01.pcap lb02=lb02.pcap
    --vrid 50

analyses what the cell names, keeps it as `a` and shows it. What may stand in a cell is what stands behind `vrrpscope
analyze`, over as many lines as you like; `#` begins a remark, and a path with blanks is quoted. In one line:

    a = %vrrpscope lb01.pcap

Nothing here waits for an event loop, so that the one which a notebook runs is not in the way.
"""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING, Final, NoReturn, Protocol

from vrrpscope.analysis import analyze
from vrrpscope.errors import UsageError
from vrrpscope.questions.again import remembered
from vrrpscope.questions.moment import instant
from vrrpscope.questions.slices import between

if TYPE_CHECKING:
    from collections.abc import Callable

    from vrrpscope.analysis import Analysis

NAME: Final = "vrrpscope"


class Shell(Protocol):
    """What is needed of IPython's shell."""

    user_ns: dict[str, object]

    def register_magic_function(self, func: Callable[..., object], magic_kind: str, magic_name: str) -> None:
        """Make a function a magic."""
        ...


class _Parser(argparse.ArgumentParser):
    """Arguments whose mistakes are exceptions: a cell must not end the kernel."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%%{NAME}: {message}")


def load(shell: Shell) -> None:
    """Register the magics."""

    def magic(line: str, cell: str | None = None) -> Analysis:
        if cell is None:
            return run(line)
        analysis = run(cell)
        name = line.strip()
        if name:
            if not name.isidentifier():
                raise UsageError(f"%%{NAME} {name}: the name of a variable is wanted; captures stand in the cell")
            shell.user_ns[name] = analysis
        return analysis

    magic.__doc__ = __doc__
    shell.register_magic_function(magic, "line_cell", NAME)


def run(text: str) -> Analysis:
    """Analyse what a cell names.

    Raises:
        UsageError: it is not written as it should be.
        CaptureError: a capture cannot be read.
    """
    parser = _Parser(prog=f"%%{NAME}", add_help=False, allow_abbrev=False)
    parser.add_argument("captures", nargs="+")
    parser.add_argument("--vrid", type=int, action="append", default=[])
    parser.add_argument("--vip", action="append", default=[])
    parser.add_argument("--router", action="append", default=[])
    parser.add_argument("--segment", action="append", default=[])
    parser.add_argument("--clock-offset", action="append", default=[], metavar="NAME=SECONDS")
    parser.add_argument("--start")
    parser.add_argument("--end")
    parser.add_argument("--show-secrets", action="store_true")
    try:
        asked = parser.parse_args(shlex.split(text, comments=True))
    except ValueError as error:
        raise UsageError(f"%%{NAME}: {error}") from error
    analysis = analyze(
        *asked.captures, show_secrets=asked.show_secrets, clock_offsets=dict(map(_offset, asked.clock_offset))
    )
    if asked.start or asked.end:
        captures = remembered(analysis)
        low, high = (None if t is None else instant(t, analysis, captures) for t in (asked.start, asked.end))
        analysis = between(analysis, low, high)
    return analysis.only(vrids=asked.vrid, addresses=asked.vip, routers=asked.router, segments=asked.segment)


def _offset(text: str) -> tuple[str, float]:
    name, _, seconds = text.rpartition("=")
    try:
        return name, float(seconds)
    except ValueError:
        raise UsageError(f"--clock-offset {text}: NAME=SECONDS is wanted") from None
