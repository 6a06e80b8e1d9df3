"""Views written to files: named by the time that they show, in the current directory, never over another file."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from vrrpscope.errors import UsageError
from vrrpscope.report.escape import printable
from vrrpscope.report.times import rfc3339, seconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.text import Text

    from vrrpscope.findings import Finding
    from vrrpscope.live.screen.model import Row, View
    from vrrpscope.live.screen.past import Span, Track

_MAX_TRIES: Final = 1_000


def write(now: int, name: str, suffix: str, text: str) -> str:
    """Write a text to a new file and return its name: `vrrpscope-20261122T165512Z-findings.txt`.

    Raises:
        UsageError: it cannot be written.
    """
    stamp = rfc3339(now)[:19].replace("-", "").replace(":", "")
    for number in range(1, _MAX_TRIES):
        path = f"vrrpscope-{stamp}Z-{name}{'' if number == 1 else f'-{number}'}.{suffix}"
        try:
            with open(path, "x", encoding="utf-8") as stream:
                stream.write(text)
        except FileExistsError:
            continue
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
        return path
    raise UsageError(f"{_MAX_TRIES} files of that name are there already")


def as_text(lines: Iterable[Text]) -> str:
    """Return lines as plain text."""
    return "".join(line.plain.rstrip() + "\n" for line in lines)


def as_json(view: View, rows: Iterable[Row], tracks: Iterable[Track], findings: Iterable[Finding]) -> str:
    """Return a view as one JSON document; times as RFC 3339 in UTC, spans in seconds."""
    document = {
        "time": rfc3339(view.now),
        "begun": rfc3339(view.begun),
        "frames": {"seen": view.counters.seen, "adverts": view.counters.decoded, "dropped": view.counters.dropped},
        "interfaces": [{"name": printable(name), "up": up} for name, up in view.interfaces],
        "virtual_routers": [_row(row) for row in rows],
        "timeline": {"seconds": seconds(view.window), "virtual_routers": [_track(track) for track in tracks]},
        "findings": [asdict(f) | {"start": _time(f.start), "end": _time(f.end)} for f in findings],
    }
    return json.dumps(document, indent=2) + "\n"


def _row(row: Row) -> dict[str, object]:
    return {
        "key": row.key,
        "standing": row.standing,
        "masters": row.masters,
        "priority": row.priority,
        "since": _time(row.since),
        "since_is_a_bound": row.before,
        "last_advert_seconds": None if row.age is None else seconds(row.age),
        "master_down_seconds": None if row.limit is None else seconds(row.limit),
        "missed_adverts": row.missed,
        "elections": row.elections,
        "addresses": row.addresses,
        "routers": row.routers,
    }


def _track(track: Track) -> dict[str, object]:
    return {
        "key": track.key,
        "split_brain": [_span(span) for span in track.splits],
        "no_master": [_span(span) for span in track.vacant],
        "routers": [
            {
                "router": lane.router,
                "priority": lane.priority,
                "master": [_span(span) for span in lane.reigns],
                "missed": [{"time": _time(t), "kind": kind} for t, kind in lane.missed],
            }
            for lane in track.lanes
        ],
    }


def _span(span: Span) -> dict[str, str | None]:
    return {"start": _time(span.start), "end": _time(span.end)}


def _time(t: int | None) -> str | None:
    return rfc3339(t) if t else None
