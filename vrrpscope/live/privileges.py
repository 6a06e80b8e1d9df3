"""The right to capture: how to get it, and how to be rid of what is not needed any more.

A socket that is open stays open. So whoever starts as root can go on as an ordinary user as soon as the capture has
begun (`-Z`), and whoever is none needs no more than CAP_NET_RAW. File capabilities do nothing for a Python script,
whose file is not what runs; ambient ones do (capabilities(7)).
"""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import suppress
from importlib import import_module
from pkgutil import walk_packages
from typing import TYPE_CHECKING, Final

from vrrpscope.errors import PrivilegeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_PARTS: Final = ("capture", "wire", "timeline", "evidence", "rules", "report", "live")
_HEAVY: Final = ("report.tables", "report.parquet", "report.adverts")  # no live capture comes to them
_FILTER: Final = "ip proto 112 or ip proto 51 or ip6 proto 112 or arp or icmp6 or vlan"


def advice(arguments: Sequence[str], interface: str) -> str:
    """Return commands that have the privilege, to be typed as they are.

    Args:
        arguments: `sys.argv`.
        interface: one that was to be captured on.
    """
    again = _command(arguments)
    number = os.getuid()
    user = shlex.quote(_name(number) or f"{number}")
    groups = "--init-groups" if _name(number) else "--clear-groups"
    caps = "--inh-caps=+net_raw --ambient-caps=+net_raw"
    ways = (
        f"sudo {again}",
        f"sudo setpriv --reuid={user} --regid={os.getgid()} {groups} {caps} {again}",
        f"sudo tcpdump -U -i {shlex.quote(interface)} -w - '{_FILTER}' | {_command(arguments[:1])} live -r -",
    )
    return "any of: " + "  ##  ".join(ways)


def drop(user: str) -> None:
    """Go on as another user, for good.

    Raises:
        UsageError: there is no such user.
        PrivilegeError: this process may not change its user.
    """
    import pwd  # noqa: PLC0415 - not on every system

    try:
        entry = pwd.getpwnam(user)
    except KeyError as error:
        raise UsageError(f"-Z {user}: there is no such user") from error
    _load()
    try:
        os.initgroups(user, entry.pw_gid)
        os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
        os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
    except PermissionError as error:
        raise PrivilegeError(f"-Z {user}: only root can go on as another user") from error


def _load() -> None:
    """Load what is otherwise loaded when it is needed: the other user may not be able to read it."""
    for part in _PARTS:
        package = import_module(f"vrrpscope.{part}")
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(_HEAVY):
                with suppress(ImportError):  # what an extra brings
                    import_module(module.name)


def _command(arguments: Sequence[str]) -> str:
    """Return the command line as it can be typed, the program by its full path: root's PATH may not have it."""
    program = os.path.abspath(arguments[0])
    words = [sys.executable, "-m", "vrrpscope"] if program.endswith("__main__.py") else [program]
    return shlex.join([*words, *arguments[1:]])


def _name(number: int) -> str | None:
    import pwd  # noqa: PLC0415 - not on every system

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return None
