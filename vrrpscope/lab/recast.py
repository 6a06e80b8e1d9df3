"""Puts an engineer's own configurations into a story: the same steps, other actors.

The hosts get the interfaces and addresses that the configurations need, the client a route to their virtual
address, and steps (and a rogue) that name the story's virtual address, VRID or instance get theirs instead. What
the story waits for may then never come, because these configurations do otherwise: that is what a rehearsal is
for, and it goes on (`Story.lenient`). Nobody knows beforehand what a report must say, so it expects nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.errors import UsageError
from vrrpscope.lab.story import Host, Instance, Link, Step, Story, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vrrpscope.lab.rehearsal import Adapted

KIND = "keepalived"
ROGUE = "rogue"


def recast(story: Story, adapted: Mapping[str, Adapted]) -> tuple[Story, tuple[str, ...]]:
    """Return the story with these configurations, by host, and what of it should be said aloud.

    Raises:
        UsageError: a host is not in the story, or runs no keepalived there.
    """
    if not adapted:
        return story, ()
    members = {host.name: host for host in story.hosts if any(unit.kind == KIND for unit in host.units)}
    for name in adapted:
        if name not in members:
            raise UsageError(f"{name}: no host of {story.name} that runs keepalived; those are {', '.join(members)}")
    renamed = dict(_renamings(members, adapted))
    hosts = tuple(
        _host(host, adapted[host.name]) if host.name in adapted else _bystander(host, renamed) for host in story.hosts
    )
    routes = tuple(
        Step("run", "client", f"ip route replace {address} dev eth0", note=f"the client looks for {address} on eth0")
        for address in _addresses(adapted)
        if ":" not in address and any(host.name == "client" for host in hosts)
    )
    steps = tuple(step._replace(arg=_rename(step.arg, renamed)) for step in story.steps)
    recast_story = story._replace(hosts=hosts, steps=(*routes, *steps), told=None, told_at={}, lenient=True)
    return recast_story, tuple(_remarks(story, recast_story, members, adapted))


def _bystander(host: Host, renamed: Mapping[str, str]) -> Host:
    """Return the host with a rogue that claims what is there now; what the VRID is called tells its number."""
    units = []
    for unit in host.units:
        if unit.kind == ROGUE:
            claims = (
                claim._replace(
                    vrid=int(_rename(f"--vrid {claim.vrid} ", renamed).split()[1]),
                    addresses=tuple(renamed.get(address, address) for address in claim.addresses),
                )
                for claim in unit.instances
            )
            units.append(Unit(unit.kind, _rename(unit.config, renamed), tuple(claims)))
        else:
            units.append(unit)
    return host._replace(units=tuple(units))


def _host(host: Host, adapted: Adapted) -> Host:
    """Return the host with its own configuration, and all that this needs."""
    links = list(host.links)
    number = int(links[0].mac.rpartition(":")[2], 16)
    links += [
        Link(f"02:00:0a:00:{index:02x}:{number:02x}", (f"10.0.{index}.{number}/24",), index)
        for index in range(len(links), len(adapted.interfaces))
    ]
    for index, address in adapted.addresses:
        links[index] = links[index]._replace(addresses=(*links[index].addresses, address))
    instances = tuple(
        Instance(each.name, each.vrid, each.priority, each.addresses, each.version, float(each.advert_int))
        for each in adapted.instances
    )
    units = tuple(Unit(KIND, adapted.text, instances) if unit.kind == KIND else unit for unit in host.units)
    return host._replace(links=tuple(links), units=units)


def _renamings(members: Mapping[str, Host], adapted: Mapping[str, Adapted]) -> Iterator[tuple[str, str]]:
    """What steps call the story's virtual routers, and what these configurations call the one in its place."""
    for name, mine in adapted.items():
        own = next(unit.instances for unit in members[name].units if unit.kind == KIND)
        for old, new in zip(own, mine.instances, strict=False):
            yield f"({old.name})", f"({new.name})"
            yield f"--vrid {old.vrid} ", f"--vrid {new.vrid} "
            yield from zip(old.addresses, new.addresses, strict=False)


def _rename(text: str, renamed: Mapping[str, str]) -> str:
    for old, new in renamed.items():
        text = text.replace(old, new)
    return text


def _addresses(adapted: Mapping[str, Adapted]) -> list[str]:
    return list(dict.fromkeys(a for mine in adapted.values() for each in mine.instances for a in each.addresses))


def _remarks(story: Story, now: Story, members: Mapping[str, Host], adapted: Mapping[str, Adapted]) -> Iterator[str]:
    for name, mine in adapted.items():
        yield from (f"{name}: {change}" for change in mine.changes)
    for name in members.keys() - adapted.keys():
        yield f"{name} keeps the configuration of {story.name}"
    owned = {address.partition("/")[0] for host in now.hosts for link in host.links for address in link.addresses}
    for name, mine in adapted.items():
        for _, peer in mine.peers:
            if peer not in owned:
                yield f"{name}: its unicast peer {peer} is no host of the lab: --config for the other side has it"
