"""From what stands on the command line to captures: `[NAME=]FILE|GLOB|DIR|-`.

NAME is a *vantage*: the place where a capture was taken. Several files of one vantage are one capture in
pieces (`tcpdump -C`, `dumpcap -b`), and are read in the order of their first frames. All files without a NAME
form one vantage, "". What a directory or a glob holds is recognised by content; what is no capture is passed
over there, while a file named outright must be one.
"""

from __future__ import annotations

import glob
import os
from typing import TYPE_CHECKING, NamedTuple

from vrrpscope.capture.source import FileSource
from vrrpscope.capture.stream import STDIN
from vrrpscope.errors import CaptureError, NotACaptureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ENDINGS = (".pcap", ".pcapng", ".cap", ".ntar", ".dmp", ".gz", ".zst", ".zstd", ".lz4", ".xz", ".bz2")

PEEK_BLOCK = 1 << 16  # the first frame is all that is wanted


class CaptureSpec(NamedTuple):
    """One file to read: its name, unique within the run, its path ("-" is standard input), and its vantage."""

    name: str
    path: str
    vantage: str


def open_source(path: str, *, name: str | None = None, block: int | None = None) -> FileSource:
    """Open one capture file, or standard input as "-".

    Args:
        path: pcap or pcapng, plain or compressed with gzip, zstd, lz4, xz or bz2; told by content.
        name: what the capture is called in reports; by default the file's name without its endings.
        block: bytes read at a time, where the default does not suit.

    Raises:
        CaptureError: the file cannot be read.
        NotACaptureError: it was read and is no capture.
    """
    return FileSource(path, stem(path) if name is None else name, block=block)


def expand(specs: Sequence[str]) -> list[CaptureSpec]:
    """Turn command-line arguments into captures, vantages in order of appearance, files in order of time.

    A path that exists is a path, even with "=" in it. A file given twice for one vantage is read once.

    Raises:
        CaptureError: nothing there, or a directory or glob without captures.
        UsageError: a NAME without a path, or a path without its NAME.
    """
    vantages: dict[str, dict[str, str]] = {}  # vantage → real path → path
    for spec in specs:
        vantage, pattern = _split(spec)
        files = vantages.setdefault(vantage, {})
        for path in _resolve(pattern):
            files.setdefault(STDIN if path == STDIN else os.path.realpath(path), path)
    used: set[str] = set()
    captures = []
    for vantage, files in vantages.items():
        for path in in_order_of_time(files.values()):
            name = stem(path)
            if vantage:
                name = vantage if len(files) == 1 else f"{vantage}/{name}"
            captures.append(CaptureSpec(_unique(name, used), path, vantage))
    return captures


def stem(path: str) -> str:
    """The file's name without the endings of captures and compression; "stdin" for "-"."""
    if path == STDIN:
        return "stdin"
    name = os.path.basename(path)
    while True:
        root, ending = os.path.splitext(name)
        if ending.lower() not in ENDINGS or not root:
            return name
        name = root


def first_time(path: str) -> int | None:
    """Time of the file's first frame, nanoseconds since the epoch; None if there is none to be had.

    None too for what cannot be read, and for what can be read only once, such as a pipe.
    """
    if path == STDIN or not os.path.isfile(path):
        return None
    try:
        with open_source(path, block=PEEK_BLOCK) as source:
            return next((int(frames.t[0]) for frames in source if len(frames.t)), None)
    except CaptureError:
        return None


def in_order_of_time(paths: Iterable[str]) -> list[str]:
    """Sort files by the time of their first frame; those without one come last, in the order given."""
    files = list(paths)
    if len(files) < 2:
        return files
    times = {path: first_time(path) for path in files}
    return sorted(files, key=lambda path: (times[path] is None, times[path] or 0))


def _split(spec: str) -> tuple[str, str]:
    """Vantage and pattern of one argument."""
    if spec == STDIN or "=" not in spec or os.path.lexists(spec):
        return "", spec
    vantage, _, pattern = spec.partition("=")
    if not vantage or not pattern:
        raise UsageError(f"{spec}: write NAME=FILE, with a name before and a file behind the equals sign")
    return vantage, pattern


def _resolve(pattern: str) -> list[str]:
    if pattern == STDIN or (os.path.lexists(pattern) and not os.path.isdir(pattern)):
        return [pattern]
    if os.path.isdir(pattern):
        try:
            names = sorted(os.listdir(pattern))
        except OSError as error:
            raise CaptureError(f"{pattern}: cannot be listed: {error.strerror}") from error
        return _captures(pattern, [os.path.join(pattern, name) for name in names])
    if glob.has_magic(pattern):
        return _captures(pattern, sorted(glob.glob(pattern)))
    raise CaptureError(f"{pattern}: no such file")


def _captures(pattern: str, paths: list[str]) -> list[str]:
    """Those of `paths` that are captures."""
    found = []
    unreadable = 0
    for path in paths:
        if not os.path.isfile(path):
            continue
        try:
            open_source(path, block=PEEK_BLOCK).close()
        except NotACaptureError:
            continue
        except CaptureError:
            unreadable += 1
            continue
        found.append(path)
    if found:
        return found
    if unreadable:
        raise CaptureError(f"{pattern}: holds no capture that can be read; {unreadable} files cannot be opened")
    raise CaptureError(
        f"{pattern}: {'holds no capture' if paths or not glob.has_magic(pattern) else 'matches no file'}"
    )


def _unique(name: str, used: set[str]) -> str:
    candidate, n = name, 1
    while candidate in used:
        n += 1
        candidate = f"{name}-{n}"
    used.add(candidate)
    return candidate
