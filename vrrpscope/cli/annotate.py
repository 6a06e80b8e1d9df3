"""`vrrpscope annotate`: the capture once more, with comments at the frames that matter."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

import click

from vrrpscope import __version__
from vrrpscope.analysis import analyze
from vrrpscope.capture.files import expand
from vrrpscope.capture.rewrite import rewrite
from vrrpscope.capture.stream import STDIN
from vrrpscope.cli.common import FILE, Choice, choosing, say, warn
from vrrpscope.cli.progress import Progress
from vrrpscope.errors import UsageError
from vrrpscope.report.annotate import comments, title
from vrrpscope.rules.text import count

if TYPE_CHECKING:
    from collections.abc import Iterator

_HELP = """Copy a capture to pcapng with comments for Wireshark.

Commented are elections, resignations, split brains, lost and late adverts, and the frames that findings rest on; the
verdict is the comment on the whole. All else stays as it was: frames, times, interfaces, comments that are there. In
Wireshark the display filter frame.comment finds them.

FILE is one capture, pcap or pcapng, compressed or not. It is read twice, so it cannot be standard input.

\b
Exit codes: 0, 2 usage, 3 a capture that cannot be read.
"""


@click.command("annotate", help=_HELP)
@click.argument("capture", type=FILE, metavar="FILE")
@click.option(
    "-o", "--output", "path", type=click.Path(dir_okay=False), required=True, help="The pcapng file to write."
)
@click.option("--force", is_flag=True, help="Write over a file that is there already; never over the capture.")
@choosing
def command(
    *,
    capture: str,
    path: str,
    force: bool,
    vrids: tuple[int, ...],
    vips: tuple[str, ...],
    routers: tuple[str, ...],
    segments: tuple[str, ...],
) -> None:
    """Analyze, then copy."""
    if capture == STDIN:
        raise UsageError("-: the capture is read twice, which standard input cannot be; save it to a file")
    specs = expand([capture])
    if len(specs) > 1:
        raise UsageError(f"{capture}: holds {len(specs)} captures; annotate one at a time")
    spec = specs[0]
    if not os.path.isfile(spec.path):
        raise UsageError(f"{spec.path}: is no regular file, and the capture is read twice; save it to a file")
    with _new_file(path, spec.path, force=force) as out:
        with Progress() as progress:
            analysis = analyze(capture, progress=progress.update)
        chosen = Choice(vrids, vips, routers, segments).of(analysis)
        remarks = comments(chosen).get(spec.name, {})
        copied = rewrite(spec.path, out, remarks, title=title(chosen), application=f"vrrpscope {__version__}")
    warn(copied.info)
    if copied.unusable:
        say(f"warning: {path}: {count(copied.unusable, 'packet')} left out; frame numbers behind are lower by that")
    if copied.refused:
        say(f"warning: {path}: {count(copied.refused, 'comment')} left out: a Simple Packet Block holds none")
    say(f"{path}: {count(copied.info.frames, 'frame')}, {copied.commented} with comments")


@contextmanager
def _new_file(path: str, capture: str, *, force: bool) -> Iterator[BinaryIO]:
    """Give a file to write that takes its name only when it is whole.

    Raises:
        UsageError: it cannot be written, exists, or is the capture.
    """
    if os.path.exists(path) and os.path.samefile(path, capture):
        raise UsageError(f"{path}: is the capture itself; give the copy another name")
    if os.path.lexists(path) and not force:
        raise UsageError(f"{path}: exists; --force writes over it")
    try:
        number, part = tempfile.mkstemp(prefix=".vrrpscope-", suffix=".part", dir=os.path.dirname(path) or os.curdir)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(number, "wb") as out:
            yield out
        os.chmod(part, 0o666 & ~_umask())
        os.replace(part, path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            os.unlink(part)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
