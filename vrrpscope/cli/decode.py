"""`vrrpscope decode`: one line an advert, every field."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import click

from vrrpscope.capture.files import expand, first_time
from vrrpscope.capture.stream import STDIN
from vrrpscope.cli.common import FILE, choosing, secrets_option, warn
from vrrpscope.cli.output import output, refuse_inputs
from vrrpscope.errors import UsageError
from vrrpscope.questions.adverts import Adverts
from vrrpscope.questions.again import Again
from vrrpscope.questions.moment import moment
from vrrpscope.report.adverts import Choice, Reading, header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.report.adverts import Batch

_HELP = """Write one line for each advert, with every field.

FILE is what analyze takes: captures, globs, directories, - for standard input. Several are read one after the other,
each by its own clock. Adverts that cannot be read are there too, with the flag malformed. --router is who sent it.

\b
csv      the first line names the columns; units stand in the names
ndjson   one JSON object a line
parquet  needs -o and the extra 'parquet'; times are UTC to the nanosecond

\b
vrrpscope decode cap.pcap --vrid 50 --start 16:55:12
vrrpscope decode cap.pcap --format ndjson | jq .priority
ssh HOST sudo tcpdump -U -w - proto 112 | vrrpscope decode -

--with tshark writes instead what tshark reads otherwise, why, and a summary line (text, ndjson).

TIME is as for who: 2026-11-22T16:55:17.63Z, 16:55:17.63 (the first there is), seconds since the epoch, +12.5 after
the first frame, or '#123'.

\b
Exit codes: 0, 2 usage, 3 a capture that cannot be read,
            1 a difference from tshark without a reason.
"""


@click.command("decode", help=_HELP)
@click.argument("captures", nargs=-1, required=True, type=FILE, metavar="[NAME=]FILE...")
@choosing
@click.option("--start", metavar="TIME", help="Only from this time on.")
@click.option("--end", metavar="TIME", help="Only up to this time.")
@click.option(
    "--format", "form", type=click.Choice(["text", "csv", "ndjson", "parquet"]), default="text", help="How to write."
)
@click.option("-o", "--output", "path", type=click.Path(dir_okay=False), help="Write here instead of to stdout.")
@click.option(
    "--with", "other", type=click.Choice(["tshark"]), help="Compare each advert with how tshark reads it (an extra)."
)
@secrets_option
def command(
    *,
    captures: tuple[str, ...],
    vrids: tuple[int, ...],
    vips: tuple[str, ...],
    routers: tuple[str, ...],
    segments: tuple[str, ...],
    start: str | None,
    end: str | None,
    form: str,
    path: str | None,
    other: str | None,
    show_secrets: bool,
) -> int:
    """Read, decode, write."""
    files = [Again(spec) for spec in expand(captures)]
    low, high = _times(files, start, end)
    if other is not None:
        from vrrpscope.cli.second_opinion import second_opinion  # noqa: PLC0415 - only where it is asked for
        from vrrpscope.questions.second_opinion import Wanted  # noqa: PLC0415 - likewise

        return second_opinion(files, Wanted(vrids, vips, routers, segments, low, high), form, path)
    adverts = Adverts(files, warn)
    choice = Choice(vrids, vips, routers, segments, start=low, end=high)
    reading = Reading(adverts.tables, choice, show_secrets=show_secrets)
    batches = (reading.batch(part.capture, part.rows) for part in adverts)
    inputs = [file.spec.path for file in files]
    if form == "parquet":
        _parquet(batches, path, inputs)
        return 0
    with output(path, inputs=inputs) as stream:
        if form == "csv":
            stream.write(header())
        for batch in batches:
            stream.writelines(_lines(batch, form, named=len(files) > 1))
            stream.flush()  # whoever reads a pipe sees adverts as they come
    return 0


class _Extent(NamedTuple):
    start: int | None
    end: int | None = None  # known when all has been read


def _times(files: list[Again], start: str | None, end: str | None) -> tuple[int | None, int | None]:
    """Return the times meant, in nanoseconds since the epoch.

    Raises:
        UsageError: what is no time, or counts from a frame that only standard input has.
    """
    if start is None and end is None:
        return None, None
    times = [first_time(file.spec.path) for file in files]
    extent = _Extent(min((t for t in times if t is not None), default=None))
    try:
        low, high = (None if text is None else moment(text, extent, files) for text in (start, end))
    except UsageError as error:
        if any(file.spec.path == STDIN for file in files):
            asked = " ".join(filter(None, (start, end)))
            raise UsageError(
                f"{asked}: standard input is read once; write the day too: 2026-11-22T16:55:17Z"
            ) from error
        raise
    if low is not None and high is not None and low > high:
        raise UsageError(f"--start {start} --end {end}: ends before it begins")
    return low, high


def _lines(batch: Batch, form: str, *, named: bool) -> Iterator[str]:
    if form == "csv":
        return batch.csv()
    return batch.ndjson() if form == "ndjson" else batch.text(named=named)


def _parquet(batches: Iterator[Batch], path: str | None, inputs: list[str]) -> None:
    from vrrpscope.report.parquet import AdvertWriter  # noqa: PLC0415 - an extra, and heavy

    if path is None:
        raise UsageError("--format parquet is no text: say where it goes with -o FILE")
    refuse_inputs(path, inputs)
    if os.path.isdir(path):
        raise UsageError(f"{path}: is a directory")
    with AdvertWriter(path) as writer:
        for batch in batches:
            writer.write(batch)
