"""The driver: captures in, one `Analysis` out.

`analyze` is a loop around a `Session` that always reads on in the capture that holds the others up, so that any number
of files costs one batch each.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vrrpscope.capture.files import CaptureSpec, expand, first_time, open_source
from vrrpscope.outcome import Analysis, Capture, VirtualRouter
from vrrpscope.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from vrrpscope.capture.frames import Frames, Source
    from vrrpscope.evidence.survey import Survey
    from vrrpscope.evidence.testimony import Beside
    from vrrpscope.rules.catalogue import Rule

PATIENCE = 4096
"""Adverts and sightings that gather before the story goes on: it costs as much to go on for few as for many."""

__all__ = ["Analysis", "Capture", "Session", "VirtualRouter", "analyze"]


def analyze(
    *specs: str,
    rules: Iterable[Rule] | None = None,
    show_secrets: bool = False,
    clock_offsets: Mapping[str, float] | None = None,
    beside: Beside | None = None,
    keys: Sequence[bytes | str] = (),
    progress: Callable[[int, int | None], None] | None = None,
) -> Analysis:
    """Analyse captures: `[NAME=]FILE`, directories, globs, or `-` for standard input.

    Captures of several NAMEs are read twice: first for their clocks and for what arrived where.

    Args:
        specs: what to read, as on the command line.
        rules: the rules to run; all by default.
        show_secrets: whether findings may quote passwords in clear.
        clock_offsets: by NAME, how many seconds the clock there is ahead; others are estimated.
        beside: logs and configurations of the routers, to be laid over what the captures show.
        keys: passwords and keys with which the digests of AH, HMAC trailers and Cisco's MD5 are verified.
        progress: called after each batch with the bytes read so far and in all (None if unknown).

    Raises:
        CaptureError: a capture is missing, unreadable, or no capture.
        UsageError: a specification that does not fit, or the offset of a NAME that is not there.
    """
    captures = expand(specs)
    total, done = _total_size(captures), 0
    several = len({c.vantage for c in captures}) > 1
    if several and total is not None:
        done, total = total, 2 * total

    def report(read: int) -> None:
        if progress is not None:
            progress(read, total)

    survey: Survey | None = None
    if several or clock_offsets:
        from vrrpscope.evidence.survey import Survey  # noqa: PLC0415 - one capture alone needs none of it

        survey = Survey(captures, clock_offsets, report)
    starts: list[int | None] = [None] * len(captures)
    if len(captures) > 1:
        starts = [first_time(c.path) if survey is None else survey.start(n) for n, c in enumerate(captures)]
    vantages = [0] * len(captures) if survey is None else survey.vantages
    session = Session(
        starts,
        rules,
        vantages=vantages,
        survey=survey,
        beside=beside,
        keys=keys,
        show_secrets=show_secrets,
        patience=PATIENCE,
    )
    for read in _read(session, captures):
        report(done + read)
    return session.close()


def _read(session: Session, captures: list[CaptureSpec]) -> Iterator[int]:
    """Feed the session from its captures until all have ended; yield the bytes read so far."""
    sources: dict[int, tuple[Source, Iterator[Frames]]] = {}
    read, counted = 0, [0] * len(captures)
    while (capture := session.slowest()) is not None:
        if capture not in sources:
            opened = open_source(captures[capture].path, name=captures[capture].name)
            session.open(capture, opened.info)
            sources[capture] = (opened, iter(opened))
        source, frames = sources[capture]
        batch = next(frames, None)
        read += source.position - counted[capture]
        counted[capture] = source.position
        if batch is None:
            session.finish(capture)
        else:
            session.feed(capture, batch)
        yield read


def _total_size(captures: list[CaptureSpec]) -> int | None:
    try:
        return sum(Path(c.path).stat().st_size for c in captures if c.path != "-") or None
    except OSError:
        return None
