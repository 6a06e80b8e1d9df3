"""An analysis as tables: one DataFrame for each kind of thing, for pandas, spreadsheets and databases.

    adverts       every advert that was seen (the captures are read again for it)
    elections     who took over from whom, why, how fast
    masters       every reign
    split_brains  two or more masters at once
    missed        adverts that should have been seen
    findings      what is worth telling
    routers       who advertises for which virtual router, with which settings
    availability  how long there was one master, none, several

Times are UTC with nanoseconds, spans are seconds and end in `_s`, as in the JSON report; what is not known is missing.
What is a list in JSON is text with spaces (addresses) or a semicolon (frames) between.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from vrrpscope.errors import UsageError
from vrrpscope.questions.adverts import Adverts
from vrrpscope.questions.again import remembered
from vrrpscope.report.adverts import COLUMNS, STEADY, Batch, Choice, Reading, header
from vrrpscope.report.times import rfc3339, seconds
from vrrpscope.timeline.events import MissedKind
from vrrpscope.timeline.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from vrrpscope.analysis import Analysis, VirtualRouter
    from vrrpscope.findings import Frame
    from vrrpscope.questions.again import Again
    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.speaker import Speaker

EXPORTED: Final = ("adverts", "elections", "masters", "split_brains", "missed", "findings")
"""What `export` writes."""

_TIMES: Final = ("time", "start", "end", "first", "last")
_NUMBERS: Final = {
    "vrid": np.uint8,
    "version": np.uint8,
    "priority": np.uint8,
    "ttl": np.uint8,
    "tos": np.uint8,
    "interval_s": np.float64,
    "dont_fragment": np.bool_,
}
_WHOLE: Final = ("frame", "last_heard_frame", "adverts", "lost", "late", "version", "priority")

Row = tuple[object, ...]


def table(analysis: Analysis, name: str, *, show_secrets: bool = False) -> pd.DataFrame:
    """Return one of the tables.

    Args:
        analysis: what is known.
        name: which, as above.
        show_secrets: whether `adverts` shows passwords in clear instead of as digests.

    Raises:
        UsageError: there is no such table.
        CaptureError: the captures cannot be read again.
    """
    if name == "adverts":
        return _adverts(analysis, show_secrets=show_secrets)
    if name not in _TABLES:
        raise UsageError(f"{name}: no such table; there is adverts, {', '.join(_TABLES)}")
    columns, rows = _TABLES[name]
    return _frame(columns.split(), rows(analysis))


def _frame(columns: list[str], rows: Iterable[Row]) -> pd.DataFrame:
    """Return rows as a table; times come as nanoseconds or None."""
    kept = list(rows)
    frame = {}
    for column, values in zip(columns, zip(*kept, strict=True) if kept else [()] * len(columns), strict=True):
        if column in _TIMES:
            frame[column] = pd.Series(_utc(values))
        elif column in _WHOLE:
            frame[column] = pd.Series(values, dtype="Int64")
        elif column.endswith("_s"):
            frame[column] = pd.Series(values, dtype="float64")
        elif column in ("numbered", "silent"):
            frame[column] = pd.Series(values, dtype="bool")
        else:
            frame[column] = pd.Series(values, dtype="str")
    return pd.DataFrame(frame, columns=columns)


def _utc(values: Sequence[object]) -> pd.DatetimeIndex:
    missing = np.iinfo(np.int64).min  # NaT
    return _utc_of(np.array([missing if v is None else v for v in values], np.int64))


def _adverts(analysis: Analysis, *, show_secrets: bool) -> pd.DataFrame:
    captures = remembered(analysis)
    gone = [capture.name for capture in captures if capture.is_gone]
    if gone:
        raise UsageError("adverts: standard input is read once; save it to a file for a table of its adverts")
    parts = [_part(batch) for batch in batches_of(analysis, captures, show_secrets=show_secrets) if len(batch.rows)]
    if not parts:
        return _frame(list(COLUMNS), []).assign(time=pd.Series(_utc(())))
    union = {
        name: pd.api.types.union_categoricals([part[name] for part in parts])
        for name in COLUMNS
        if isinstance(parts[0][name].dtype, pd.CategoricalDtype)
    }
    whole = {
        name: union[name] if name in union else pd.concat([part[name] for part in parts], ignore_index=True)
        for name in COLUMNS
    }
    return pd.DataFrame(whole, columns=list(COLUMNS))


def _part(batch: Batch) -> pd.DataFrame:
    """Return a batch as a table; words are categories, for they repeat."""
    rows = batch.rows
    names, which = batch.destinations()
    columns: dict[str, object] = {
        "time": _utc_of(rows["t"]),
        "capture": pd.Categorical.from_codes(np.zeros(len(rows), np.int8), [batch.capture]),
        "frame": rows["number"].copy(),
        "interface": rows["interface"].copy(),
        "destination": pd.Categorical.from_codes(which, names),
        "ip_id": pd.arrays.IntegerArray(rows["ip_id"].astype(np.int64), rows["ip_id"] < 0),
        "sequence": pd.arrays.IntegerArray(rows["ah_seq"].copy(), rows["ah_seq"] < 0),
    }
    for place, name in enumerate(STEADY):
        values = [kind.columns[place] for kind in batch.kinds]
        if name in _NUMBERS:
            columns[name] = np.array(values, _NUMBERS[name])[batch.kind]
        else:
            known = {v: n for n, v in enumerate(dict.fromkeys(v for v in values if v is not None))}
            codes = np.array([-1 if v is None else known[v] for v in values])
            columns[name] = pd.Categorical.from_codes(codes[batch.kind], pd.Index(list(known), dtype="str"))
    return pd.DataFrame(columns)


def _utc_of(t: NDArray[np.int64]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(t.copy().view("datetime64[ns]"), tz="UTC")


def batches_of(analysis: Analysis, captures: Sequence[Again], *, show_secrets: bool = False) -> Iterator[Batch]:
    """Yield the adverts of an analysis: of its virtual routers, in its time.

    Raises:
        CaptureError: a capture cannot be read again.
    """
    adverts = Adverts(captures)
    keys = {v.router.key for v in analysis.virtual_routers}
    choice = Choice(keys=keys, start=analysis.start, end=analysis.end)
    reading = Reading(adverts.tables, choice, show_secrets=show_secrets)
    for part in adverts:
        yield reading.batch(part.capture, part.rows)


def export(analysis: Analysis, captures: Sequence[Again], directory: str, *, parquet: bool) -> list[str]:
    """Write the tables into a directory as CSV, and as Parquet too where that is wanted.

    Args:
        analysis: what is known.
        captures: its captures, to be read again; where standard input is among them, `adverts` is left out.
        directory: where to; files of these names are written over.
        parquet: whether to write Parquet.

    Returns:
        The paths.

    Raises:
        CaptureError: a capture cannot be read again.
        OSError: a file cannot be written.
    """
    written = []
    if not any(capture.is_gone for capture in captures):
        written += _export_adverts(analysis, captures, os.path.join(directory, "adverts"), parquet=parquet)
    for name in EXPORTED[1:]:
        frame = table(analysis, name)
        path = os.path.join(directory, name)
        _to_csv(frame, f"{path}.csv")
        written.append(f"{path}.csv")
        if parquet:
            from vrrpscope.report.parquet import write_frame  # noqa: PLC0415 - an extra, and heavy

            write_frame(frame, f"{path}.parquet")
            written.append(f"{path}.parquet")
    return written


def _export_adverts(analysis: Analysis, captures: Sequence[Again], path: str, *, parquet: bool) -> list[str]:
    """Write the adverts as they are read; there may be more than memory holds."""
    written = [f"{path}.csv"]
    with ExitStack() as stack:
        stream = stack.enter_context(open(f"{path}.csv", "w", encoding="utf-8", newline=""))
        writer = None
        if parquet:
            from vrrpscope.report.parquet import AdvertWriter  # noqa: PLC0415 - an extra, and heavy

            writer = stack.enter_context(AdvertWriter(f"{path}.parquet"))
            written.append(f"{path}.parquet")
        stream.write(header())
        for batch in batches_of(analysis, captures):
            stream.writelines(batch.csv())
            if writer is not None:
                writer.write(batch)
    return written


def _to_csv(frame: pd.DataFrame, path: str) -> None:
    """Write a table; times with all nine decimals, which pandas' own way does not have."""
    text = frame.copy()
    for name in _TIMES:
        if name in frame:
            text[name] = [None if pd.isna(t) else rfc3339(t.value) for t in frame[name]]
    text.to_csv(path, index=False)


# --- what stands in the tables --------------------------------------------------------------------------------------


def _each(
    rows: Callable[[Analysis, VirtualRouter], Iterator[Row]],
) -> Callable[[Analysis], Iterator[Row]]:
    """Return the rows of all virtual routers, each after the virtual router it is of."""
    return lambda analysis: ((v.key, *row) for v in analysis.virtual_routers for row in rows(analysis, v))


def _election_rows(analysis: Analysis, virtual: VirtualRouter) -> Iterator[Row]:
    for e in virtual.router.history.elections:
        yield (
            e.time, *_where(analysis, e.seen), e.previous, e.router, str(e.cause), _span(e.takeover), _span(e.expected),
            seconds(e.masterless), *_where(analysis, e.last_heard),
        )  # fmt: skip


def _master_rows(_: Analysis, virtual: VirtualRouter) -> Iterator[Row]:
    for r in virtual.router.history.reigns:
        yield (
            r.router, r.start, r.end, None if r.end is None else seconds(r.end - r.start), r.adverts, seconds(r.mute),
            None if r.ended_by is None else str(r.ended_by),
        )  # fmt: skip


def _split_rows(analysis: Analysis, virtual: VirtualRouter) -> Iterator[Row]:
    for s in virtual.router.history.splits.values():
        yield (
            s.start, s.end, seconds((s.at if s.end is None else s.end) - s.start), " ".join(s.routers),
            "silent" if s.silent else "visible", s.cause, str(s.confidence), " ".join(s.deaf),
            " ".join(s.also_possible), *_where(analysis, s.last_heard),
        )  # fmt: skip


def _missed_rows(analysis: Analysis, virtual: VirtualRouter) -> Iterator[Row]:
    for m in virtual.router.history.missed:
        margin, span = _span(m.margin), seconds(m.end - m.start)
        yield (m.router, m.start, m.end, span, m.adverts, str(m.kind), margin, *_where(analysis, m.after))


def _finding_rows(analysis: Analysis) -> Iterator[Row]:
    for f in analysis.findings:
        start = f.start or None  # those of configurations have no time
        length = None if start is None or f.end is None else seconds(f.end - f.start)
        yield (
            f.virtual_router, f.rule, str(f.severity), str(f.confidence), start, f.end if start else None, length,
            " ".join(f.routers), f.cause or None, f.title, f.explanation, f.remedy, _frames(f.frames),
        )  # fmt: skip


def _router_rows(_: Analysis, virtual: VirtualRouter) -> Iterator[Row]:
    for s in virtual.router.speakers.values():
        sender, last = fingerprint(s), s.terms
        priorities = sorted({p.priority for p in s.profiles if p.priority}, reverse=True)
        yield (
            s.address, " ".join(dict.fromkeys(p.mac for p in s.profiles if p.mac)), last.version,
            last.priority, " ".join(map(str, priorities)), seconds(last.interval), last.auth.name.lower(),
            sender.implementation if sender else None, " ".join(last.addresses), s.adverts, s.first.t, s.last.t,
            _missed(s, MissedKind.LOST), _missed(s, MissedKind.LATE), _span(s.gaps.quantile(0.5)),
            _span(s.gaps.quantile(0.99)), _span(s.gaps.longest or None),
        )  # fmt: skip


def _availability_rows(_: Analysis, virtual: VirtualRouter) -> Iterator[Row]:
    yield tuple(map(seconds, virtual.availability))


def _missed(speaker: Speaker, kind: MissedKind) -> int:
    tally = speaker.missed.get(kind)
    return 0 if tally is None else tally.adverts


def _where(analysis: Analysis, seen: Seen | None) -> tuple[str | None, int | None]:
    return (None, None) if seen is None else (analysis.captures[seen.capture].info.name, seen.number)


def _frames(frames: Iterable[Frame]) -> str:
    return ";".join(f"{f.capture}#{f.number}" for f in frames)


def _span(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else seconds(nanoseconds)


_TABLES: Final[Mapping[str, tuple[str, Callable[[Analysis], Iterator[Row]]]]] = {
    "elections": (
        (
            "virtual_router time capture frame previous router cause takeover_s expected_s masterless_s "
            "last_heard_capture last_heard_frame"
        ),
        _each(_election_rows),
    ),
    "masters": ("virtual_router router start end duration_s adverts mute_s ended_by", _each(_master_rows)),
    "split_brains": (
        (
            "virtual_router start end duration_s routers kind cause confidence deaf also_possible last_heard_capture "
            "last_heard_frame"
        ),
        _each(_split_rows),
    ),
    "missed": ("virtual_router router start end gap_s adverts kind margin_s capture frame", _each(_missed_rows)),
    "findings": (
        "virtual_router rule severity confidence start end duration_s routers cause title explanation remedy frames",
        _finding_rows,
    ),
    "routers": (
        (
            "virtual_router router macs version priority priorities interval_s auth implementation virtual_addresses "
            "adverts first last lost late interval_p50_s interval_p99_s interval_max_s"
        ),
        _each(_router_rows),
    ),
    "availability": ("virtual_router observed_s mastered_s masterless_s contested_s", _each(_availability_rows)),
}
