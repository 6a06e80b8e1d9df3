"""How it is told who was master: as text within 80 columns, or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO

from vrrpscope import __version__
from vrrpscope.questions.who import State, Unknown
from vrrpscope.report.lines import wrapped, write
from vrrpscope.report.times import clock, date, rfc3339, seconds
from vrrpscope.rules.text import count, span
from vrrpscope.timeline.events import EndedBy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vrrpscope.questions.who import Answer, Master
    from vrrpscope.timeline.events import Reign

SCHEMA = "vrrpscope.who/1"

_ENDED = {
    EndedBy.RESIGNED: "resigned",
    EndedBy.FAULT: "resigned twice: FAULT",
    EndedBy.SILENT: "its last advert",
    EndedBy.YIELDED: "yielded",
    EndedBy.UNKNOWN: "last known then",
    None: "",
}


def as_text(answers: Sequence[Answer], t: int, stream: TextIO, *, several: bool = False, width: int = 80) -> None:
    """Write the answers for people; `several` captures have their names before frame numbers."""
    write(_lines(answers, t, several=several, width=width), stream)


def as_json(answers: Sequence[Answer], t: int, stream: TextIO) -> None:
    """Write the answers for programs: one document, spans in seconds, times in UTC."""
    document = {
        "schema": SCHEMA,
        "vrrpscope": __version__,
        "time": rfc3339(t),
        "virtual_routers": [_answer(a, t) for a in answers],
    }
    json.dump(document, stream, indent=2)
    stream.write("\n")


def _lines(answers: Sequence[Answer], t: int, *, several: bool, width: int) -> Iterator[str]:
    yield f"{date(t)} {clock(t, 6)} UTC"
    if not answers:
        yield "No virtual router was seen."
    for answer in answers:
        key = answer.virtual.router.key
        place = f"  {key.segment}" if key.segment else ""
        addresses = ", ".join(answer.virtual.addresses) or "no address announced"
        yield ""
        yield from wrapped(f"VRID {key.vrid}  IPv{key.family}{place}  {addresses}", width, hang=2)
        yield from wrapped(f"  {_sentence(answer, t)}", width, hang=2)
        for master in answer.masters:
            yield from _master_lines(master, t, several=several, width=width)


def _sentence(answer: Answer, t: int) -> str:
    names = [m.reign.router for m in answer.masters]
    together = f"{' and '.join(names)} were {'both' if len(names) == 2 else 'all'} master"
    if answer.state is State.NOBODY:
        return _nobody(answer.previous, t)
    silent = answer.split is not None and answer.split.silent
    return {
        State.ONE: f"{names[0] if names else ''} was master.",
        State.SPLIT: f"{'SILENT ' if silent else ''}SPLIT BRAIN: {together}.",
        State.SEVERAL: f"{together}, while one yields.",
        State.UNKNOWN: f"Not known: {_why_unknown(answer, t)}.",
    }[answer.state]


def _nobody(previous: Reign | None, t: int) -> str:
    if previous is None or previous.end is None:
        return "Nobody was master."
    ago = span(t - previous.end)
    if previous.ended_by is EndedBy.SILENT:
        return f"Nobody was seen to be master: {previous.router} had sent its last advert {ago} before."
    return f"Nobody was master: {previous.router} had {_ENDED[previous.ended_by]} {ago} before."


def _why_unknown(answer: Answer, t: int) -> str:
    why = str(answer.unknown)
    if answer.unknown is Unknown.UNSEEN and answer.known_from is not None:
        return f"{why}, {_stamp(answer.known_from, t)}"
    if answer.unknown is Unknown.BEFORE and answer.known_from is not None:
        return f"{why}; the first advert was captured {_stamp(answer.known_from, t)}"
    if answer.unknown is Unknown.AFTER and answer.known_until is not None:
        return f"{why}, {_stamp(answer.known_until, t)}"
    if answer.previous is not None and answer.previous.end is not None:
        return f"{why}: {answer.previous.router} was, until {_stamp(answer.previous.end, t)}"
    return why


def _master_lines(master: Master, t: int, *, several: bool, width: int) -> Iterator[str]:
    reign, election, heard = master.reign, master.election, master.heard
    how = "" if election is None else f" ({election.cause.value})"
    until = "the end of the capture" if reign.end is None else _stamp(reign.end, t)
    ended = f" ({_ENDED[reign.ended_by]})" if reign.end is not None and reign.ended_by else ""
    line = f"    {reign.router}  since {_stamp(reign.start, t)}{how}, until {until}{ended}"
    yield from wrapped(line, width, hang=6)
    if heard is not None:
        name = heard.capture if several else ""
        age = "at that very time" if heard.t == t else f"{span(t - heard.t)} before"
        yield from wrapped(f"      last advert: {name}#{heard.number}, {age}, priority {heard.priority}", width, hang=8)
    else:
        yield f"      {count(reign.adverts, 'advert')} in that time"


def _stamp(time: int, t: int) -> str:
    return clock(time) if date(time) == date(t) else f"{date(time)} {clock(time)}"


def _answer(answer: Answer, t: int) -> dict[str, Any]:
    key = answer.virtual.router.key
    return {
        "key": answer.virtual.key,
        "segment": key.segment,
        "family": f"ipv{key.family}",
        "vrid": key.vrid,
        "virtual_addresses": list(answer.virtual.addresses),
        "state": answer.state,
        "why_not_known": answer.unknown,
        "split_brain": None
        if answer.split is None
        else {"kind": "silent" if answer.split.silent else "visible", "cause": answer.split.cause},
        "masters": [_master(m, t) for m in answer.masters],
        "previous": None if answer.previous is None else answer.previous.router,
    }


def _master(master: Master, t: int) -> dict[str, Any]:
    reign, heard = master.reign, master.heard
    return {
        "router": reign.router,
        "priority": master.priority,
        "since": rfc3339(reign.start),
        "until": None if reign.end is None else rfc3339(reign.end),
        "cause": None if master.election is None else master.election.cause,
        "ended_by": reign.ended_by,
        "last_advert": None
        if heard is None
        else {
            "frame": {"capture": heard.capture, "number": heard.number},
            "time": rfc3339(heard.t),
            "age_s": seconds(t - heard.t),
        },
    }
