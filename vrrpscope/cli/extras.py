"""`analyze --plot FILE` and `analyze --export DIR`: pictures and tables beside the report.

Whether they can be written is seen before any work is done; what takes long is imported only when it is asked for.
"""

from __future__ import annotations

import io
import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from vrrpscope.cli.common import say
from vrrpscope.cli.output import refuse_inputs
from vrrpscope.errors import UsageError
from vrrpscope.questions.again import again
from vrrpscope.rules.text import count, listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vrrpscope.analysis import Analysis

PLOT_ENDINGS: Final = ("png", "svg", "pdf")


def check_plot(path: str) -> None:
    """See that a picture can be written there.

    Raises:
        UsageError: it cannot.
    """
    if _ending(path) not in PLOT_ENDINGS:
        raise UsageError(f"{path}: a plot is a .png, .svg or .pdf file")
    if os.path.isdir(path):
        raise UsageError(f"{path}: is a directory")
    directory = os.path.dirname(path) or os.curdir
    if not os.path.isdir(directory):
        raise UsageError(f"{path}: cannot be written: {directory} is no directory")
    if not os.access(path if os.path.exists(path) else directory, os.W_OK):
        raise UsageError(f"{path}: cannot be written: Permission denied")


def check_export(directory: str) -> None:
    """See that tables can be written there, and over nothing.

    Raises:
        UsageError: they cannot.
    """
    if os.path.lexists(directory) and not os.path.isdir(directory):
        raise UsageError(f"{directory}: is not a directory")
    try:
        if os.path.isdir(directory) and os.listdir(directory):
            raise UsageError(f"{directory}: is not empty; tables are written over nothing")
        os.makedirs(directory, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{directory}: cannot be written: {error.strerror}") from error


def plot(analysis: Analysis, path: str) -> None:
    """Write the picture.

    Raises:
        UsageError: it cannot be written, or is one of the captures.
    """
    from vrrpscope.plots import save  # noqa: PLC0415 - matplotlib, only for those who ask

    refuse_inputs(path, [capture.info.path for capture in analysis.captures])
    picture = io.BytesIO()
    save(analysis, picture, _ending(path))
    try:
        with open(path, "wb") as file:
            file.write(picture.getvalue())
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error


def export(analysis: Analysis, captures: Sequence[str], directory: str) -> None:
    """Write the tables and say what was left out.

    Raises:
        UsageError: one cannot be written.
    """
    from vrrpscope.report import tables  # noqa: PLC0415 - pandas, only for those who ask

    has_parquet = find_spec("pyarrow") is not None
    files = again(analysis, captures)
    try:
        written = tables.export(analysis, files, directory, parquet=has_parquet)
    except OSError as error:
        raise UsageError(f"{error.filename or directory}: cannot be written: {error.strerror or error}") from error
    said = [f"{directory}: {count(len(written), 'table')}"]
    gone = [file.name for file in files if file.is_gone]
    said += [f"adverts left out: {listing(gone)} can be read only once"] if gone else []
    said += [] if has_parquet else ["CSV only; Parquet needs pip install 'vrrpscope[parquet]'"]
    say("; ".join(said))


def _ending(path: str) -> str:
    return os.path.splitext(path)[1].removeprefix(".").lower()
