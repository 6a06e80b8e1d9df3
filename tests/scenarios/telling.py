"""A story run through the engine and told in lines that people can read and diff.

Times are seconds since the trace's zero, spans are seconds, an advert is its frame number (`1:7` is frame 7 of
capture 1), a router's settings are one short text. After the events come the reigns and the availability: what
the engine believes in the end.
"""

from __future__ import annotations

import json
from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING

from tests.trace import ZERO
from vrrpscope.timeline.engine import Engine
from vrrpscope.timeline.events import Closing, NewProfile, Seen
from vrrpscope.timeline.metrics import availability
from vrrpscope.timeline.profile import Profile, RouterKey
from vrrpscope.wire.columns import Auth, Checksum, Destination

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.trace import Trace
    from vrrpscope.timeline.events import Event
    from vrrpscope.timeline.router import Router

_TIMES = {"at", "start", "end", "began"}
# Left out where there is none.
_RARE = {"claim", "began", "next", "unheard", "needless", "sent_unseen", "clusters", "eager", "forged"}
_SPANS = {"takeover", "expected", "masterless", "margin", "mute", "interval"}


def run(trace: Trace, sizes: Iterable[int] = (), *, masked: bool = True) -> tuple[Engine, list[Event]]:
    """Run a trace, cut into batches of these sizes (the last repeats; none: one batch)."""
    engine = Engine(trace.tables, masked=masked)
    engine.observe_from(trace.start)
    events: list[Event] = []
    carps, sightings = trace.carps, trace.sightings
    for batch, following in batches(trace, sizes):
        engine.note_carps(carps[carps["t"] <= following])
        carps = carps[carps["t"] > following]
        engine.note_sightings(sightings[sightings["t"] <= following])
        sightings = sightings[sightings["t"] > following]
        events += engine.feed(trace.adverts[batch], following)
    engine.note_sightings(sightings)
    return engine, events + engine.close(trace.end)


def batches(trace: Trace, sizes: Iterable[int]) -> Iterator[tuple[slice, int]]:
    """Cut a trace; yield each part and the time up to which nothing else can come any more."""
    todo, size = list(sizes), max(len(trace.adverts), 1)
    times = trace.adverts["t"]
    first = 0
    while first < len(times):
        size = todo.pop(0) if todo else size
        end = min(first + size, len(times))
        yield slice(first, end), int(times[end] if end < len(times) else times[-1])
        first = end


def tell(trace: Trace, engine: Engine, events: list[Event]) -> str:
    """Tell what happened, one JSON object a line."""
    lines = [_event(event) for event in events if not isinstance(event, Closing)]
    for key, router in sorted(engine.routers.items()):
        lines += _end(key, router, trace.end)
    return "".join(json.dumps(line) + "\n" for line in lines)


def describe(profile: Profile) -> str:
    """Return a router's settings in the words of a trace, what is usual left out."""
    words = [profile.address, f"p{profile.priority}", f"v{profile.version}", f"i{profile.interval / 1e9:g}s"]
    words += [f"vips={','.join(profile.addresses)}"] if profile.addresses else ["vips=-"]
    words += [f"pass={profile.secret.rstrip(bytes(1)).decode()}"] if profile.auth is Auth.SIMPLE else []
    words += ["unicast"] if profile.destination is Destination.UNICAST else []
    words += ["df"] * profile.df + ["bad"] * (profile.checksum is Checksum.BAD)
    words += [f"ttl={profile.ttl}"] if profile.ttl != 255 else []
    return " ".join(words)


def _event(event: Event) -> dict[str, object]:
    line: dict[str, object] = {"at": _seconds(event.at - ZERO), "event": type(event).__name__, "vr": str(event.key)}
    for entry in fields(event):
        value = getattr(event, entry.name)
        if entry.name in _RARE and not value:
            continue
        if entry.name not in ("at", "key") and not (isinstance(event, NewProfile) and entry.name == "previous"):
            line[entry.name] = _value(entry.name, value)
    return line


def _end(key: RouterKey, router: Router, end: int) -> Iterator[dict[str, object]]:
    for reign in router.history.reigns:
        line: dict[str, object] = {"reign": reign.router, "vr": str(key)}
        line.update((f.name, _value(f.name, getattr(reign, f.name))) for f in fields(reign) if f.name != "router")
        yield line
    start = min(s.first.t for s in router.speakers.values())
    spans = availability(router.history.mastership, start, max(start, end))
    yield {"availability": str(key), **{name: _seconds(span) for name, span in spans._asdict().items()}}


def _value(name: str, value: object) -> object:
    if isinstance(value, Seen):
        return f"{value.capture}:{value.number}" if value.capture else value.number
    if isinstance(value, Profile):
        return describe(value)
    if isinstance(value, Enum | RouterKey):
        return str(value)
    if isinstance(value, tuple):
        return [_value("", v) for v in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return _seconds(value - ZERO) if name in _TIMES else _seconds(value) if name in _SPANS else value
    return value


def _seconds(nanoseconds: int) -> float:
    return nanoseconds / 1_000_000_000
