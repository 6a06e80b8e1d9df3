# ruff: noqa: INP001 - a module of the script beside it
"""What really happened in a recording: `truth.json`, from the recorder's deeds and the daemons' own logs.

A daemon's log line is stamped when it reaches the recorder, a millisecond or so after it was written and,
for `Entering MASTER STATE`, after the first advert has left. `mastership` is therefore what each daemon
believed, which is more than a capture can show: a deaf, mute or frozen master is master all the same.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

from stories import HOSTS, PAIR, Step, Story

ENTERING = re.compile(r"\((?P<instance>\w+)\) Entering (?P<state>\w+) STATE")


class Line(NamedTuple):
    """One log line and the nanosecond at which it reached us."""

    t: int
    text: str


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
    """A daemon's change of state; STOPPED and KILLED hold for all instances of a host."""

    t: int
    host: str
    instance: str
    state: str


class Staging(NamedTuple):
    """All that is known when a story has been told; `captured` goes by file name, `logs` by host."""

    story: Story
    versions: dict[str, str]
    deeds: list[Deed]
    captured: dict[str, Captured]
    logs: dict[str, list[Line]]


def truth(staging: Staging) -> dict[str, Any]:
    """The content of `truth.json`; times in RFC 3339, UTC."""
    story = staging.story
    seen = transitions(staging)
    return {
        "story": story.name,
        "summary": story.summary,
        "versions": staging.versions,
        "hosts": {name: host._asdict() for name, host in HOSTS.items()},
        "virtual_routers": [
            {
                "instance": router.name,
                "vrid": router.vrid,
                "version": router.version,
                "advert_intervals_s": {host: float(router.advert_ints[i]) for i, host in enumerate(PAIR)},
                "addresses": [address.partition("/")[0] for address in router.addresses],
                "priorities": {host: router.priorities[i] for i, host in enumerate(PAIR)},
            }
            for router in story.routers
        ],
        "captures": [
            {
                "file": capture.name,
                "host": capture.host,
                "interface": capture.interface,
                "filter": capture.filter,
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
    }


def transitions(staging: Staging) -> list[Transition]:
    """Every change of state until the last capture ended, in order of time."""
    found = []
    instances = [router.name for router in staging.story.routers]
    end = max(captured.end for captured in staging.captured.values())
    for host, lines in staging.logs.items():
        for t, text in lines:
            if t > end:
                break
            if entering := ENTERING.search(text):
                found.append(Transition(t, host, entering["instance"], entering["state"]))
            elif text.rstrip().endswith(": Stopping"):
                found.extend(Transition(t, host, instance, "STOPPED") for instance in instances)
    for deed in staging.deeds:
        if deed.step.verb == "kill":
            found.extend(Transition(deed.start, deed.step.host, name, "KILLED") for name in instances)
    return sorted(found)


def mastership(changes: list[Transition]) -> list[dict[str, str | None]]:
    """Intervals in which a daemon held itself for master; `until` is None where the recording ended first."""
    intervals: list[dict[str, str | None]] = []
    current: dict[tuple[str, str], dict[str, str | None]] = {}
    for t, host, instance, state in changes:
        ended = current.pop((host, instance), None)
        if ended is not None:
            ended["until"], ended["ended_by"] = rfc3339(t), state
        if state == "MASTER":
            interval = {
                "instance": instance,
                "host": host,
                "from": rfc3339(t),
                "until": None,
                "ended_by": None,
            }
            current[host, instance] = interval
            intervals.append(interval)
    return intervals


def rfc3339(t: int) -> str:
    """Nanoseconds since the epoch as RFC 3339 in UTC; finer than microseconds would only pretend."""
    seconds, rest = divmod(t, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1000:06d}Z"
