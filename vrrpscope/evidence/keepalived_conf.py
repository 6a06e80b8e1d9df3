"""keepalived.conf, read into a `Configuration` as keepalived 2.2.7 takes it.

    file ─► keepalived.blocks ─► global_defs, scripts, sync groups  (here)
            the language        └► instances  (keepalived_instances)

Like a capture, a configuration may be damaged, come from a stranger, or lack the files it includes: what can be had
is used, all else is a `Remark`. Only a file that cannot be read at all is an error.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vrrpscope.errors import UsageError
from vrrpscope.evidence.configuration import SECOND, Configuration, Globals, Script, SyncGroup
from vrrpscope.evidence.keepalived_instances import MAX_TRACKERS, read_instance, read_trackers
from vrrpscope.evidence.keepalived_settings import Notes, flag, nanoseconds, number
from vrrpscope.keepalived.blocks import read_blocks
from vrrpscope.keepalived.includes import MAX_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vrrpscope.evidence.configuration import Instance, Tracker
    from vrrpscope.keepalived.blocks import Statement

MAX_BLOCKS: Final = {"vrrp_instance": 1000, "vrrp_sync_group": 200}
"""How many of one file are looked at."""
_MAX_OTHERS: Final = 1000
_MAX_MEMBERS: Final = 1000


def read(path: str, host: str | None = None, *, named: bool = True) -> Configuration:
    """Read a configuration.

    Args:
        path: the file; included files are looked for where it lies.
        host: the host's name. Without it the file gives the name.
        named: whether that is its real name, which is keepalived's configuration id: lines that begin with `@` and
            are another host's do not count. If not, all of them do.

    Raises:
        UsageError: the file cannot be read, or is no text.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_SIZE + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    if b"\0" in data:
        raise UsageError(f"{path}: is no keepalived configuration but a binary file")
    name = host or os.path.basename(path).partition(".")[0] or path
    notes = Notes(name, path)
    statements, conditional = read_blocks(
        data.decode(errors="surrogateescape"),
        Path(path).absolute().parent,
        host.partition(".")[0] if host and named else None,
        notes.trouble,
    )
    return _configuration(statements, notes, conditional=conditional, named=named and host is not None)


def _configuration(statements: list[Statement], notes: Notes, *, conditional: bool, named: bool) -> Configuration:
    for statement in statements:
        notes.known("", statement)
    settings = _globals(_blocks(statements, "global_defs", notes), notes)
    scripts = {script.name: script for script in _scripts(_blocks(statements, "vrrp_script", notes), notes)}
    processes = _processes(statements, notes)
    weights = {("script", name): (script.weight, script.reverse) for name, script in scripts.items()} | processes
    groups = _groups(_blocks(statements, "vrrp_sync_group", notes), weights, notes)
    membership = {member: group for group in groups.values() for member in group.members}
    instances: dict[str, Instance] = {}
    for block in _blocks(statements, "vrrp_instance", notes):
        instance = read_instance(block, settings, weights, notes)
        if instance is None:
            continue
        if instance.name in instances:
            notes.ignored(block, f"a second vrrp_instance {instance.name}", harm=True)
            continue
        instances[instance.name] = _join(instance, membership.get(instance.name), notes)
    for group in groups.values():
        for member in group.members:
            if member not in instances:
                notes.add("ignored", group.line, f"group {group.name} has {member}, which is no vrrp_instance")
    return Configuration(
        host=notes.host,
        path=notes.path,
        settings=settings,
        instances=tuple(instances.values()),
        groups=tuple(groups.values()),
        scripts=tuple(scripts.values()),
        remarks=notes.remarks,
        conditional=conditional,
        named=named,
    )


def _blocks(statements: list[Statement], keyword: str, notes: Notes) -> Sequence[Statement]:
    found = [statement for statement in statements if statement.keyword == keyword and statement.body is not None]
    most = MAX_BLOCKS.get(keyword, _MAX_OTHERS)
    return notes.first(found, most, notes.line(found[0].place), f"blocks {keyword}") if found else found


def _globals(blocks: Iterable[Statement], notes: Notes) -> Globals:
    said: dict[str, Statement] = {}
    for statement in (each for block in blocks for each in block):
        notes.known("global_defs", statement)
        said[statement.keyword] = statement
    text = {word: statement.value() for word, statement in said.items()}
    version = number(said["vrrp_version"], notes, 2, 3) if "vrrp_version" in said else None
    numbers = {word: int(value[:18]) for word, value in text.items() if value.isascii() and value.isdecimal()}
    return Globals(
        router_id=text.get("router_id", ""),
        version=version or 2,
        strict="vrrp_strict" in said and flag(said["vrrp_strict"]),
        default_interface=text.get("default_interface", "eth0"),
        numbers=numbers,
        flags=frozenset(word for word, each in said.items() if word not in numbers and flag(each)),
        startup_delay=nanoseconds(text.get("vrrp_startup_delay", "")) or 0,
        script_user=text.get("script_user", ""),
        script_security="enable_script_security" in said,
        lines={word: notes.line(statement.place) for word, statement in said.items()},
    )


def _scripts(blocks: Iterable[Statement], notes: Notes) -> Iterable[Script]:
    for block in blocks:
        said: dict[str, Statement] = {}
        for statement in block:
            notes.known("vrrp_script", statement)
            said[statement.keyword] = statement
        if not (command := " ".join(said["script"].words[1:]).strip() if "script" in said else ""):
            notes.ignored(block, f"vrrp_script {block.value()}, for it runs no script", harm=True)
            continue
        weight = said.get("weight")
        yield Script(
            name=block.value(),
            command=command,
            interval=_span(said.get("interval"), SECOND),
            timeout=_span(said.get("timeout"), 0),
            fall=_count(said.get("fall"), notes),
            rise=_count(said.get("rise"), notes),
            weight=(number(weight, notes, -253, 253) or 0) if weight else 0,
            reverse=bool(weight) and "reverse" in weight.words if weight else False,
            user=said["user"].value() if "user" in said else "",
            line=notes.line(block.place),
        )


def _span(statement: Statement | None, default: int) -> int:
    value = nanoseconds(statement.value()) if statement else None
    return default if value is None else value


def _count(statement: Statement | None, notes: Notes) -> int:
    return (number(statement, notes, 1, 1 << 31) if statement else None) or 1


def _processes(statements: list[Statement], notes: Notes) -> dict[tuple[str, str], tuple[int, bool]]:
    """Return the weights of tracked processes and files; a process counts 1 if nothing is said."""
    found = {}
    for keyword, kind, default in (("vrrp_track_process", "process", 1), ("vrrp_track_file", "file", 1)):
        for block in _blocks(statements, keyword, notes):
            weight = next((each for each in block if each.keyword == "weight"), None)
            text = weight.value() if weight else ""
            value = int(text) if text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 6 else default
            found[kind, block.value()] = value, bool(weight and "reverse" in weight.words)
    return found


def _groups(
    blocks: Iterable[Statement], weights: Mapping[tuple[str, str], tuple[int, bool]], notes: Notes
) -> dict[str, SyncGroup]:
    groups: dict[str, SyncGroup] = {}
    for block in blocks:
        name = block.value()
        if name in groups:
            notes.ignored(block, f"a second vrrp_sync_group {name}", harm=True)
            continue
        members: list[str] = []
        trackers: list[Tracker] = []
        weighted = False
        for statement in block:
            notes.known("vrrp_sync_group", statement)
            if statement.keyword == "group":
                members += [word for each in (statement, *statement) for word in each.words]
                members.remove("group")
            elif statement.keyword.startswith("track_"):
                trackers += read_trackers(statement, weights, notes, name)
            elif statement.keyword in {"sync_group_tracking_weight", "global_tracking"}:
                weighted |= flag(statement)
        line = notes.line(block.place)
        names = notes.first(list(dict.fromkeys(members)), _MAX_MEMBERS, line, f"members of {name}")
        watched = notes.first(trackers, MAX_TRACKERS, line, f"trackers of {name}")
        groups[name] = SyncGroup(name, tuple(names), tuple(watched), weighted, line)
    return groups


def _join(instance: Instance, group: SyncGroup | None, notes: Notes) -> Instance:
    """Return the instance as a member: it watches what its group does, and most often by fault only."""
    if group is None:
        return instance
    trackers = (*instance.trackers, *group.trackers)
    if not group.tracking_weight:
        for tracker in instance.trackers:
            if tracker.weight:
                message = f"the weight of {tracker.name}: in sync group {group.name} its failure is a fault"
                notes.add("ignored", tracker.line, message, harm=True, instance=instance.name)
        trackers = tuple(tracker._replace(weight=0, reverse=False) for tracker in trackers)
    return replace(instance, group=group.name, trackers=trackers)
