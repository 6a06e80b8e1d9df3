"""The JSON report, version 1: a contract. Fields are only ever added; `report-v1.schema.json` is its schema.

Kept apart from the internals on purpose: every field is named here and nowhere else, so that renaming a class
cannot change what scripts read.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from vrrpscope import __version__
from vrrpscope.report import logs
from vrrpscope.report.times import rfc3339, seconds
from vrrpscope.timeline.events import MissedKind
from vrrpscope.timeline.fingerprint import fingerprint
from vrrpscope.wire.columns import Auth, Checksum, Destination

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vrrpscope.analysis import Analysis, Capture, VirtualRouter
    from vrrpscope.evidence.delivery import Delivery
    from vrrpscope.evidence.meant import Meant
    from vrrpscope.findings import Finding, Frame
    from vrrpscope.report import Options
    from vrrpscope.timeline.events import Election, Missed, Reign, Seen, SplitBrain
    from vrrpscope.timeline.speaker import Speaker

_T = TypeVar("_T")

SCHEMA = "vrrpscope.report/1"

Document = dict[str, Any]

_CHECKSUMS = {
    Checksum.PLAIN: "plain",
    Checksum.PSEUDO: "pseudo",
    Checksum.MULTICAST_PSEUDO: "multicast-pseudo",
}


def render(analysis: Analysis, stream: TextIO, _: Options) -> None:
    """Write the report as one JSON document."""
    json.dump(document(analysis), stream, indent=2)
    stream.write("\n")


def document(analysis: Analysis) -> Document:
    """Return the report as plain dictionaries and lists."""
    names = [c.info.name for c in analysis.captures]
    return {
        "schema": SCHEMA,
        "vrrpscope": __version__,
        "verdict": analysis.verdict,
        "captures": [_capture(c) for c in analysis.captures],
        "virtual_routers": [_virtual_router(v, names) for v in analysis.virtual_routers],
        "configurations": _configurations(analysis.testimony.meant),
        "findings": [_finding(f) for f in analysis.findings],
        "logs": [logs.document(overlay) for overlay in analysis.testimony.overlays],
    }


def _capture(capture: Capture) -> Document:
    info = capture.info
    return {
        "name": info.name,
        "path": info.path,
        "format": info.format,
        "compression": info.compression,
        "link_types": info.link_types,
        "frames": info.frames,
        "adverts": capture.adverts,
        "first": _time(info.first),
        "last": _time(info.last),
        "dropped": info.dropped,
        "duplicates": capture.duplicates,
        "clock_offset_s": seconds(capture.clock.offset) if capture.clock.is_aligned else None,
        "problems": [{"offset": p.offset, "frame": p.frame, "message": p.message} for p in info.problems],
    }


def _virtual_router(virtual: VirtualRouter, names: Sequence[str]) -> Document:
    key, history = virtual.router.key, virtual.router.history
    return {
        "key": virtual.key,
        "segment": key.segment,
        "family": f"ipv{key.family}",
        "vrid": key.vrid,
        "virtual_addresses": list(virtual.addresses),
        "routers": [_router(s) for s in virtual.router.speakers.values()],
        "masters": [_reign(r) for r in history.reigns],
        "elections": [_election(e, names) for e in history.elections],
        "split_brains": [_split_brain(s, names) for s in history.splits.values()],
        "missed": [_missed(m) for m in history.missed],
        "deliveries": [_delivery(d, names) for d in virtual.deliveries],
        "availability": {f"{name}_s": seconds(value) for name, value in virtual.availability._asdict().items()},
    }


def _router(speaker: Speaker) -> Document:
    profiles, last, sender = list(speaker.profiles), speaker.profile, fingerprint(speaker)
    p50, p99 = speaker.gaps.quantile(0.5), speaker.gaps.quantile(0.99)
    return {
        "address": speaker.address,
        "macs": _unique(p.mac for p in profiles if p.mac is not None),
        "version": _unique(p.version for p in profiles),
        "priorities": _unique(p.priority for p in profiles),
        "interval_s": seconds(last.interval),
        "auth": None if last.auth is Auth.UNKNOWN else last.auth.name.lower(),
        "implementation": sender.implementation if sender else None,
        "virtual_addresses": _unique(a for p in profiles for a in p.addresses),
        "destination": _destination({p.destination for p in profiles}),
        "checksum": _CHECKSUMS.get(last.checksum),
        "digest": _digest(speaker),
        "clock_offset_s": None if speaker.clock is None else seconds(speaker.clock.offset),
        "adverts": speaker.adverts,
        "first": rfc3339(speaker.first.t),
        "last": rfc3339(speaker.last.t),
        "lost": _missed_adverts(speaker, MissedKind.LOST),
        "late": _missed_adverts(speaker, MissedKind.LATE),
        "interval_observed_s": {"p50": _span(p50), "p99": _span(p99), "max": _span(speaker.gaps.longest or None)},
    }


def _digest(speaker: Speaker) -> str | None:
    """Return whether its digests fit the keys given; None where none was verified."""
    if speaker.has_bad_digests:
        return "mixed" if speaker.keys else "invalid"
    return "valid" if speaker.keys else None


def _missed_adverts(speaker: Speaker, kind: MissedKind) -> int:
    tally = speaker.missed.get(kind)
    return 0 if tally is None else tally.adverts


def _destination(kinds: set[Destination]) -> str | None:
    if len(kinds) > 1:
        return "mixed"
    return None if Destination.OTHER in kinds else next(iter(kinds)).name.lower()


def _reign(reign: Reign) -> Document:
    return {
        "router": reign.router,
        "start": rfc3339(reign.start),
        "end": _time(reign.end),
        "adverts": reign.adverts,
        "mute_s": seconds(reign.mute),
        "ended_by": reign.ended_by,
    }


def _election(election: Election, names: Sequence[str]) -> Document:
    return {
        "time": rfc3339(election.time),
        "frame": _seen(election.seen, names),
        "from": election.previous,
        "to": election.router,
        "cause": election.cause,
        "takeover_s": _span(election.takeover),
        "expected_s": _span(election.expected),
        "masterless_s": seconds(election.masterless),
        "last_heard": _seen(election.last_heard, names),
    }


def _split_brain(split: SplitBrain, names: Sequence[str]) -> Document:
    return {
        "start": rfc3339(split.start),
        "end": _time(split.end),
        "duration_s": seconds((split.at if split.end is None else split.end) - split.start),
        "routers": list(split.routers),
        "kind": "silent" if split.silent else "visible",
        "cause": split.cause,
        "confidence": split.confidence,
        "deaf": list(split.deaf),
        "also_possible": list(split.also_possible),
        "last_heard": _seen(split.last_heard, names),
        "frames": [_seen(f, names) for f in split.frames],
    }


def _missed(missed: Missed) -> Document:
    return {
        "router": missed.router,
        "start": rfc3339(missed.start),
        "end": rfc3339(missed.end),
        "adverts": missed.adverts,
        "kind": missed.kind,
        "margin_s": _span(missed.margin),
    }


def _delivery(delivery: Delivery, names: Sequence[str]) -> Document:
    return {
        "from": delivery.sender,
        "to": delivery.receiver,
        "sent_at": delivery.at,
        "looked_for_at": delivery.to,
        "sent": delivery.sent,
        "arrived": delivery.arrived,
        "unheeded": delivery.unheeded,
        "rejected": delivery.rejected,
        "lost": [
            {
                "start": rfc3339(run.start),
                "end": rfc3339(run.end),
                "adverts": run.adverts,
                "frame": _seen(run.seen, names),
            }
            for run in delivery.lost
        ],
    }


def _configurations(meant: Iterable[Meant]) -> list[Document]:
    """Return each configuration with its instances, and who they were among those seen."""
    found: dict[str, Document] = {}
    for each in meant:
        document = found.setdefault(each.host, {"host": each.host, "path": each.configuration.path, "instances": []})
        key = None if each.key is None else str(each.key)
        instance = {"name": each.instance.name, "virtual_router": key, "router": each.router}
        document["instances"].append(instance | {"doubt": each.doubt or None})
    return list(found.values())


def _finding(finding: Finding) -> Document:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "virtual_router": finding.virtual_router,
        "routers": list(finding.routers),
        "start": rfc3339(finding.start),
        "end": _time(finding.end),
        "title": finding.title,
        "explanation": finding.explanation,
        "remedy": finding.remedy,
        "cause": finding.cause or None,
        "also_possible": list(finding.also_possible),
        "frames": [_frame(f) for f in finding.frames],
        "lines": [{"host": line.host, "file": line.file, "number": line.number} for line in finding.lines],
    }


def _frame(frame: Frame) -> Document:
    return {"capture": frame.capture, "number": frame.number}


def _seen(seen: Seen | None, names: Sequence[str]) -> Document | None:
    return None if seen is None else {"capture": names[seen.capture], "number": seen.number}


def _time(t: int | None) -> str | None:
    return None if t is None else rfc3339(t)


def _span(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else seconds(nanoseconds)


def _unique(values: Iterable[_T]) -> list[_T]:
    return list(dict.fromkeys(values))
