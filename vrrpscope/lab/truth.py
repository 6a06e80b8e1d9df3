"""What really happened in a story: `truth.json`, from the deeds and the words of all who took part.

Who held itself for master comes from the daemons' logs (`mastership`). A line is stamped when it reaches us, a
millisecond or so after it was written and, for keepalived's `Entering MASTER STATE`, after the first advert
has left. It is what each daemon believed, which is more than a capture can show: a deaf, mute or frozen master
is master all the same. Who had a virtual address comes from the kernels (`holding`), and what that meant for a
client from the clients themselves (`clients`). `stalls` is when the machine itself stood still. `expected` is what
a report of the captures must say.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from vrrpscope.lab import traffic
from vrrpscope.lab.daemons import KINDS, PATH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vrrpscope.lab.logs import Line
    from vrrpscope.lab.stalls import Stall
    from vrrpscope.lab.story import Host, Step, Story, Told, Unit

Json = dict[str, Any]
_ADDRESS = re.compile(r"(?P<deleted>Deleted )?\d+: (?P<device>\S+)\s+inet6? (?P<address>[0-9a-f.:]+)")
_INTERVAL = re.compile(r"-i (?P<seconds>[0-9.]+)")


class Deed(NamedTuple):
    """One step that changed something: when it began and ended."""

    start: int
    end: int
    step: Step


class Captured(NamedTuple):
    """One finished capture: when it ran, and what the capturing tool says it dropped."""

    start: int
    end: int
    dropped: str


class Transition(NamedTuple):
    """A daemon's change of state; KILLED is a deed and nobody's word."""

    t: int
    virtual_router: str
    host: str
    state: str


class Staging(NamedTuple):
    """All that is known when a story has been told.

    `captured` goes by file name, `said` by host and unit, `kernels` by host.
    """

    story: Story
    deeds: list[Deed]
    captured: dict[str, Captured]
    said: dict[tuple[str, str], list[Line]]
    kernels: dict[str, list[Line]]
    background: list[tuple[Step, list[Line]]]
    not_seen: list[str]  # what a lenient story waited for in vain
    stalls: Sequence[Stall] = ()


def truth(staging: Staging) -> Json:
    """The content of `truth.json`; times in RFC 3339, UTC, spans in seconds."""
    story = staging.story
    seen = transitions(staging)
    return {
        "story": story.name,
        "summary": story.summary,
        "to_see": story.to_see,
        "versions": _versions(story),
        "hosts": {
            host.name: [
                {"mac": link.mac, "addresses": (*link.addresses, *link.more), "segment": link.segment}
                for link in host.links
            ]
            for host in story.hosts
        },
        "virtual_routers": _virtual_routers(story),
        "captures": [
            {
                "file": capture.name,
                "host": capture.host,
                "interface": capture.interface,
                "filter": capture.filter,
                "wrapped_in": capture.wrap or None,
                "from": rfc3339(staging.captured[capture.name].start),
                "until": rfc3339(staging.captured[capture.name].end),
                "dropped": staging.captured[capture.name].dropped,
            }
            for capture in story.captures
        ],
        "steps": [
            {
                "at": rfc3339(deed.start),
                "until": rfc3339(deed.end),
                "host": deed.step.host,
                "verb": deed.step.verb,
                "command": deed.step.arg,
                "note": deed.step.note,
            }
            for deed in staging.deeds
        ],
        "transitions": [{**change._asdict(), "t": rfc3339(change.t)} for change in seen],
        "mastership": mastership(seen),
        "holding": holding(staging),
        "clients": clients(staging),
        "not_seen": staging.not_seen,
        "stalls": [{"from": rfc3339(stall.start), "until": rfc3339(stall.end)} for stall in staging.stalls],
        "expected": story.told
        and {"together": _expected(story.told)} | {capture: _expected(told) for capture, told in story.told_at.items()},
    }


def transitions(staging: Staging) -> list[Transition]:
    """Every change of state of a VRRP daemon until the last capture ended, in order of time."""
    found = []
    end = max(captured.end for captured in staging.captured.values())
    for host, unit in _speakers(staging.story):
        hear = KINDS[unit.kind].hear
        keys = {instance.name: instance.key for instance in unit.instances}
        for t, text in staging.said[host.name, unit.kind]:
            if t <= end and (said := hear(text)):
                named = [key for name, key in keys.items() if said.instance in {"", name}]
                found += [Transition(t, key, host.name, said.state) for key in named]
        ended = {"kill": "KILLED"} if KINDS[unit.kind].last_word else {"kill": "KILLED", "stop": "STOPPED"}
        for deed in staging.deeds:
            if deed.step.verb in ended and deed.step.host == host.name and deed.step.arg in {"", unit.kind}:
                found += [Transition(deed.start, key, host.name, ended[deed.step.verb]) for key in keys.values()]
    return sorted(found)


def mastership(changes: list[Transition]) -> list[Json]:
    """Intervals in which a daemon held itself for master; `until` is None where the recording ended first."""
    intervals: list[Json] = []
    current: dict[tuple[str, str], Json] = {}
    for t, key, host, state in changes:
        if state == "MASTER" and (key, host) in current:
            continue  # a reload says so again
        ended = current.pop((key, host), None)
        if ended is not None:
            ended["until"], ended["ended_by"] = rfc3339(t), state
        if state == "MASTER":
            current[key, host] = {
                "virtual_router": key,
                "host": host,
                "from": rfc3339(t),
                "until": None,
                "ended_by": None,
            }
            intervals.append(current[key, host])
    return intervals


def holding(staging: Staging) -> list[Json]:
    """Intervals in which a host's kernel had a virtual address; known from its first change on."""
    virtual = {a for _, unit in _speakers(staging.story) for i in unit.instances for a in i.addresses}
    intervals: list[Json] = []
    for host, lines in staging.kernels.items():
        current: dict[tuple[str, str], Json] = {}
        for t, text in lines:
            match = _ADDRESS.match(text)
            if match is None or match["address"] not in virtual:
                continue
            place = (match["address"], match["device"])
            if match["deleted"] is None and place not in current:
                current[place] = {"host": host, "address": place[0], "from": rfc3339(t), "until": None}
                intervals.append(current[place])
            elif match["deleted"] is not None and place in current:
                current.pop(place)["until"] = rfc3339(t)
    return sorted(intervals, key=lambda interval: str(interval["from"]))


def clients(staging: Staging) -> list[Json]:
    """What the clients in the story asked, and when nobody answered."""
    found = []
    for step, lines in staging.background:
        texts = [line.text for line in lines]
        if step.arg.startswith("ping "):
            every = _INTERVAL.search(step.arg)
            heard = traffic.from_ping(texts, float(every["seconds"]) if every else 1.0)
        elif "vrrpscope.lab.client" in step.arg:
            heard = traffic.from_requests(texts)
        else:
            continue
        outages = [
            {"from": rfc3339(o.start), "until": rfc3339(o.end), "s": (o.end - o.start) / 1e9, "lost": o.lost}
            for o in heard.outages
        ]
        found.append(
            {
                "host": step.host,
                "command": step.arg,
                "sent": heard.sent,
                "answered": heard.answered,
                "served_by": heard.served_by,
                "outages": outages,
            }
        )
    return found


def rfc3339(t: int) -> str:
    """Nanoseconds since the epoch as RFC 3339 in UTC; finer than microseconds would only pretend."""
    seconds, rest = divmod(t, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1000:06d}Z"


def _speakers(story: Story) -> Iterator[tuple[Host, Unit]]:
    yield from ((host, unit) for host in story.hosts for unit in host.units if unit.instances)


def _virtual_routers(story: Story) -> list[Json]:
    """Each virtual router with its members, as configured.

    `unheard_s` is how long a new master of this kind cannot be heard: its first advert leaves so much later.
    """
    members: dict[str, dict[str, Json]] = {}
    for host, unit in _speakers(story):
        for instance in unit.instances:
            late = instance.key.partition("/")[0] == KINDS[unit.kind].unheard
            more = {"kind": unit.kind, "unheard_s": instance.advert_int if late else 0.0}
            members.setdefault(instance.key, {})[host.name] = {**instance._asdict(), **more}
    return [{"key": key, "members": configured} for key, configured in members.items()]


def _expected(told: Told) -> Json:
    return {
        "verdict": told.verdict,
        "elections": {key: [change._asdict() for change in changes] for key, changes in told.changes.items()},
        "split_brains": {key: [split._asdict() for split in splits] for key, splits in told.splits.items()},
        "rules": list(told.rules),
        "missed": None if told.missed is None else [missed._asdict() for missed in told.missed],
        "unseen": list(told.unseen),
        "outages": told.outages,
    }


def _versions(story: Story) -> dict[str, str]:
    """What was used, by the programs' own word."""
    programs = {"tcpdump"} | {name for host in story.hosts for unit in host.units for name in KINDS[unit.kind].needs}
    paths = {program: shutil.which(program, path=PATH) for program in sorted(programs)}
    return {program: _version(program, path) for program, path in paths.items() if path}


def _version(program: str, path: str) -> str:
    flag = {"nginx": "-v", "ucarp": "-h"}.get(program, "--version")
    answer = subprocess.run((path, flag), check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return (answer.stdout + answer.stderr).strip().partition("\n")[0]
