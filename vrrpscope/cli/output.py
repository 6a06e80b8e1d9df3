"""Where a report goes: standard output or a file, and what happens when it cannot go there."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from vrrpscope.errors import CaptureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@contextmanager
def output(path: str | None = None, *, inputs: Iterable[str] = ()) -> Iterator[TextIO]:
    """Give a stream to write to.

    Args:
        path: a file, or None for standard output.
        inputs: files that were read and must not be written over: they are the evidence.

    Raises:
        UsageError: it cannot be written, or is one of the inputs.
    """
    try:
        if path is None:
            with _standard_output() as stream:
                yield stream
            return
        refuse_inputs(path, inputs)
        with open(path, "w", encoding="utf-8") as stream:
            yield stream
    except BrokenPipeError:
        # The reader has gone (`| head`): nothing is left to say, and nobody to say it to.
        _discard_standard_output()
    except OSError as error:
        if path is None:
            _discard_standard_output()
        raise UsageError(f"{path or 'standard output'}: cannot be written: {error.strerror}") from error


def refuse_inputs(path: str, inputs: Iterable[str]) -> None:
    """See that nothing that was read is written over, nor any other capture: they are the evidence.

    Raises:
        UsageError: it would be.
    """
    if any(_is_same(path, file) for file in inputs):
        raise UsageError(f"{path}: is one of the files to be read; give the report another name")
    if _is_capture(path):
        raise UsageError(f"{path}: is a capture; give the report another name, or remove that first")


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    stdout: TextIO | None = sys.stdout  # None where the caller has closed it
    if stdout is None:
        raise UsageError("standard output is closed")
    yield stdout
    stdout.flush()


def _discard_standard_output() -> None:
    """Let what is still buffered go nowhere, so that the interpreter's last flush cannot fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_capture(path: str) -> bool:
    if not os.path.isfile(path):
        return False
    from vrrpscope.capture.files import open_source  # noqa: PLC0415 - only where something may be written over

    try:
        open_source(path, name="").close()
    except CaptureError:
        return False
    return True


def _is_same(path: str, other: str) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False
