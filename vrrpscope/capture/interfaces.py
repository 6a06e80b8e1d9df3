"""Network interfaces of this host: what there is to capture on, and what becomes of it.

Asked by ioctl (netdevice(7)), in the network namespace of the process. `Watched` follows the interfaces that were asked
for: one that is removed and made again under its name is the same one, and so is one that is renamed.
"""

from __future__ import annotations

import socket
import struct
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ANY: Final = "any"
ETHERNET, LOOPBACK = 1, 772  # ARPHRD_: frames of both begin with an Ethernet header

_GET_FLAGS, _GET_HARDWARE = 0x8913, 0x8927  # SIOCGIFFLAGS, SIOCGIFHWADDR of Linux
_UP, _IS_LOOPBACK, _RUNNING = 0x1, 0x8, 0x40
_KINDS: Final = {1: "ethernet", 32: "infiniband", 512: "ppp", 768: "tunnel", 769: "tunnel", 772: "loopback"}
_KINDS_TOO: Final = {776: "tunnel", 778: "gre", 823: "gre", 65534: "raw ip"}


class Interface(NamedTuple):
    """One network interface."""

    number: int  # the system's index of it
    name: str
    up: bool  # and with a carrier
    kind: int  # ARPHRD_ number; 0 where the system does not tell
    mac: str = ""

    @property
    def kind_name(self) -> str:
        """What it is, in a word."""
        return (_KINDS | _KINDS_TOO).get(self.kind, f"type {self.kind}" if self.kind else "")


def interfaces() -> list[Interface]:
    """Return all interfaces, by index."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for index, name in socket.if_nameindex():
            with suppress(OSError):  # it has gone meanwhile
                found.append(_interface(asked, index, name))
    return found


def _interface(asked: socket.socket, index: int, name: str) -> Interface:
    if not sys.platform.startswith("linux"):
        return Interface(index, name, up=True, kind=0)
    from fcntl import ioctl  # noqa: PLC0415 - not on every system

    request = struct.pack("16s240x", name.encode())
    flags: int = struct.unpack_from("H", ioctl(asked, _GET_FLAGS, request), 16)[0]
    kind, address = struct.unpack_from("H6s", ioctl(asked, _GET_HARDWARE, request), 16)
    needed = _UP | _RUNNING
    return Interface(index, name, flags & needed == needed, kind, address.hex(":") if kind == ETHERNET else "")


class Watched:
    """The interfaces that were asked for, as they come and go.

    Args:
        names: theirs, or only `any`.

    Raises:
        UsageError: there is none of that name.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.is_any = ANY in names
        there = {each.name: each for each in interfaces()}
        for name in names:
            if name != ANY and name not in there:
                known = ", ".join(there)
                raise UsageError(f"{name}: no such interface; there are {known} (and any)")
        wanted = dict.fromkeys(names)
        self.known: list[Interface] = list(there.values()) if self.is_any else [there[name] for name in wanted]

    @property
    def indexes(self) -> list[int]:
        """The indexes of those that are there."""
        return [each.number for each in self.known if each.number]

    @property
    def loopback(self) -> int | None:
        """The index of the loopback interface, if it is among them."""
        return next((each.number for each in self.known if each.kind == LOOPBACK), None)

    def look(self) -> Iterator[str]:
        """Look again; yield in words what has changed."""
        there = interfaces()
        if self.is_any:
            yield from self._look_at_all(there)
            return
        by_index, by_name = {each.number: each for each in there}, {each.name: each for each in there}
        for place, before in enumerate(self.known):
            # The name counts for one that has gone; while it is there, its index does.
            now = by_index.get(before.number) or by_name.get(before.name)
            if now is None:
                now = before._replace(number=0, up=False)
            if now != before:
                self.known[place] = now
                yield from _changes(before, now)

    def _look_at_all(self, there: list[Interface]) -> Iterator[str]:
        known = {each.number: each for each in self.known}
        for now in there:
            before = known.pop(now.number, None)
            if before is None:
                yield f"{now.name} is new"
            elif before != now:
                yield from _changes(before, now)
        yield from (f"{gone.name} has gone" for gone in known.values())
        self.known = there


def _changes(before: Interface, now: Interface) -> Iterator[str]:
    if before.name != now.name:
        yield f"{before.name} is now called {now.name}"
    if not now.number:
        yield f"{now.name} has gone"
    elif before.number != now.number:
        yield f"{now.name} is there again, {'up' if now.up else 'down'}"
    elif before.up != now.up:
        yield f"{now.name} is {'up again' if now.up else 'down'}"
