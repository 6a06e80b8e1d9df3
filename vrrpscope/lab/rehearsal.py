"""An engineer's own keepalived configuration, made to run in the lab.

    keepalived.conf ─► `inline` ─► `Reader` ─► what each statement needs ─► `Edits` ─► text and changes
                       includes    statements   interfaces, scripts, …      in place

A production file names interfaces, scripts, users, mail servers and addresses that the lab has not got. What must
change is changed where it is written, in the definition of a variable if that is where; everything else stays byte
for byte. What is taken out stays as a comment. Each change is told in a line; a line without an arrow and without
"taken out" is a remark on something that stays and will behave differently in the lab.

What keepalived 2.2.7 does under `--vrrp`, in namespaces with a read-only root, decides what must change:

    changed    unknown interfaces end it at once; of scripts, users and files that are not there it ignores the line
    taken out  namespaces; `lvs_sync_daemon` (where the kernel has no IPVS it dies of SIGSEGV, again and again);
               mail, D-Bus, SNMP; directories to write to; processor numbers, iptables, VRFs
    left       virtual servers (not started under `--vrrp`), BFD, gateways that cannot be reached (an error in the
               log), priorities and real-time scheduling, everything this version does not know
"""

from __future__ import annotations

import os
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.errors import UsageError
from vrrpscope.keepalived.includes import inline
from vrrpscope.keepalived.text import MAX_NESTING, Reader, Traced, words
from vrrpscope.lab.keepalived_edits import Edits
from vrrpscope.lab.keepalived_instance import Instance, Statements
from vrrpscope.lab.keepalived_keywords import (
    DEVICE_LISTS,
    FIFOS,
    FILES,
    INCLUDES,
    INTERFACE_LISTS,
    INTERFACES,
    LISTS,
    NAME_LISTS,
    NOT_RUN,
    REMARKS,
    SCRIPTS,
    TAKEN_OUT,
    USERS,
)
from vrrpscope.lab.keepalived_machine import group_here, insecure, runnable, user_here, visible

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Adapted", "Instance", "adapt"]

TRUE: Final = "/bin/true"
ROOT: Final = "root"
DEFAULT_INTERFACE: Final = "eth0"
_OWN_INTERFACE: Final = re.compile(r"lo|vrrp[46]?\.\d+")
"""Names that exist in the lab too: the loopback, and what keepalived calls a virtual MAC's interface by itself."""
_EXECUTABLE: Final = re.compile(r"\s*(?:'([^']+)'|(\S+))")


class Adapted(NamedTuple):
    """A configuration for one host of the lab, and what the host must have for it."""

    text: str
    changes: tuple[str, ...]  # one line each, in the order of the file
    interfaces: tuple[str, ...]  # the user's names; number i is eth<i>, number 0 that of the first instance
    addresses: tuple[tuple[int, str], ...]  # (i, address/length): eth<i> must own the address, to send from it
    instances: tuple[Instance, ...]
    peers: tuple[tuple[int, str], ...]  # (i, address): adverts leave eth<i> for these, so another host must own them


def adapt(text: str, directory: Path, host: str | None = None) -> Adapted:
    """Adapt a configuration to the lab; adapting it again changes nothing more.

    Args:
        text: the configuration.
        directory: where its file lies, for relative paths of included files and scripts.
        host: the configuration id it will run with. Lines that begin with `@` and do not hold for it are left
            alone and tell nothing about interfaces, addresses and instances. With None every such line counts.

    Raises:
        UsageError: it cannot be adapted; the message begins with the line.
    """
    directory = directory.absolute()
    source, notes = inline(text, directory)
    reader = Reader(source, host)
    rehearsal = _Rehearsal(Edits(source, notes), str(directory))
    rehearsal.walk(reader)
    return rehearsal.adapted()


class _Block(NamedTuple):
    keyword: str
    brace: Traced
    removed: bool


class _Rehearsal:
    def __init__(self, edits: Edits, directory: str) -> None:
        self._edits = edits
        self._directory = directory
        self._globals: dict[str, Traced] = {}
        self._routers: list[Statements] = []
        self._mentions: list[Traced] = []  # interfaces; which become which is known at the end
        self._labels: list[Traced] = []
        self._security: list[Traced] = []  # statements that disable insecure scripts
        self._insecure = False

    def walk(self, reader: Reader) -> None:
        """Look at every statement, in the block it stands in."""
        stack: list[_Block] = []
        header: Traced | None = None  # the statement just before, whose block a brace opens
        doomed = False
        for fragment in reader.fragments():
            gone = bool(stack) and stack[-1].removed
            if fragment.text == "{":
                gone |= doomed
                if stack and stack[-1].keyword in LISTS and not gone:
                    # Most often the closing brace before is missing, and the header here no line of the list.
                    raise UsageError(f"{self._edits.place(fragment)}: a block within {stack[-1].keyword}")
                if len(stack) == MAX_NESTING:
                    raise UsageError(f"{self._edits.place(fragment)}: blocks are nested deeper than {MAX_NESTING}")
                stack.append(_Block(next((word.text for word in words(header)), "") if header else "", fragment, gone))
                header, doomed = None, False
            elif fragment.text == "}":
                if not stack:
                    raise UsageError(f"{self._edits.place(fragment)}: this }} closes no block")
                gone = stack.pop().removed
                header, doomed = None, False
            else:
                blocks = [block.keyword for block in stack]
                gone = gone or (not NOT_RUN & set(blocks) and self._statement(blocks, fragment))
                header, doomed = fragment, gone
            if gone:
                self._edits.remove(fragment)
        if stack:
            raise UsageError(f"{self._edits.place(stack[-1].brace)}: the block that opens here is not closed")
        if reader.conditional is not None:
            self._edits.note(
                reader.conditional, "lines that begin with @ hold by --config-id, in the lab the host's name"
            )

    def _statement(self, blocks: list[str], fragment: Traced) -> bool:
        """Do what a statement needs; tell whether it must go, and its block with it."""
        line = words(fragment)
        if not line:
            return False
        block, keyword = blocks[-1] if blocks else "", line[0].text
        key = (block, keyword)
        if keyword in INCLUDES:
            raise UsageError(f"{self._edits.place(fragment)}: an include must have a line of its own to be followed")
        if why := TAKEN_OUT.get(key):
            self._edits.note(line[0], f"{keyword} taken out: {why}")
            return True
        if key in REMARKS:
            self._edits.note(line[0], f"{fragment.text} {REMARKS[key]}")
        elif key == ("", "vrrp_instance"):
            self._routers.append(Statements(line))
        elif block == "global_defs":
            self._globals |= {keyword: line[-1]}
            self._security += [fragment] * (keyword == "enable_script_security")
        elif blocks and blocks[0] == "vrrp_instance":
            self._routers[-1].take(block, line)
        self._interfaces(key, line)
        if key in SCRIPTS and len(line) > 1:
            self._script(line[1], keyword, check=block == "vrrp_script")
        elif (key in FIFOS or key in FILES) and len(line) > 1:
            self._file(line[1], keyword, keep=key in FILES)
        self._users(line[1:3] if key in USERS else line[2:4] if key in SCRIPTS | FIFOS else [])
        return False

    def _interfaces(self, key: tuple[str, str], line: list[Traced]) -> None:
        block, _ = key
        if key in INTERFACES:
            self._mentions += line[1:2]
        elif block in INTERFACE_LISTS:
            self._mentions += line[:1]
        elif block in NAME_LISTS:
            self._mentions += line
        elif block in DEVICE_LISTS:
            pairs = list(pairwise(line))
            self._mentions += [name for option, name in pairs if option.text in {"dev", "iif", "oif"}]
            self._labels += [name for option, name in pairs if option.text == "label"]

    def _script(self, command: Traced, keyword: str, *, check: bool) -> None:
        match = _EXECUTABLE.match(command.text)
        if not match:
            return
        executable = command.cut(*match.span(match.lastindex or 0))
        found = runnable(executable.text, self._directory)
        if found is None:
            self._edits.replace(executable, TRUE, f'{keyword} "{executable.text}" is not on this machine')
            return
        self._insecure |= insecure(found)
        if found != executable.text:
            name = f"'{found}'" if " " in found and match.lastindex != 1 else found
            self._edits.replace(executable, name, f'{keyword} "{executable.text}"')
        if check and executable.text != TRUE:
            self._edits.note(command, f'script "{command.text}" stays; it finds only what runs in its host of the lab')

    def _file(self, path: Traced, keyword: str, *, keep: bool) -> None:
        if os.path.dirname(path.text) not in {"/run", "/var/run"} and not (keep and visible(path.text)):
            self._edits.replace(path, f"/run/{os.path.basename(path.text)}", f"{keyword} {path.text}")

    def _users(self, names: list[Traced]) -> None:
        for name, kind, known in zip(names, ("user", "group"), (user_here, group_here), strict=False):
            if not known(name.text):
                self._edits.replace(name, ROOT, f"{kind} {name.text} is not on this machine")

    def adapted(self) -> Adapted:
        """Decide what needs the whole file, and make the changes."""
        if not self._routers:
            raise UsageError("line 1: there is no vrrp_instance in this configuration")
        names = self._rename()
        routers = [(router, names.get(self._interface(router), 0)) for router in self._routers]
        if self._insecure:
            for fragment in self._security:
                self._edits.note(fragment, f"{fragment.text} taken out: a script could be changed by others than root")
                self._edits.remove(fragment)
        version = self._globals.get("vrrp_version")
        instances = tuple(router.instance(f"eth{index}", version, self._edits) for router, index in routers)
        sources = [(index, address) for router, index in routers for address in router.senders(self._edits)]
        peers = [(index, peer.text) for router, index in routers for peer in router.peers]
        text, changes = self._edits.made()
        return Adapted(
            text, changes, tuple(names), tuple(dict.fromkeys(sources)), instances, tuple(dict.fromkeys(peers))
        )

    def _interface(self, router: Statements) -> str:
        default = self._globals.get("default_interface")
        named = router.settings.get("interface", default)
        return named.text if named else DEFAULT_INTERFACE

    def _rename(self) -> dict[str, int]:
        """Number the interfaces, and rename them everywhere."""
        own = {name for router in self._routers for name in router.own_interfaces}
        mentions = [m for m in self._mentions if m.text not in own and not _OWN_INTERFACE.fullmatch(m.text)]
        order = dict.fromkeys([self._interface(self._routers[0]), *(mention.text for mention in mentions)])
        names = {name: index for index, name in enumerate(order)}
        for mention in mentions:
            self._edits.replace(mention, f"eth{names[mention.text]}", f"interface {mention.text}")
        for label in self._labels:
            name = label.text.partition(":")[0]
            if name in names and name != label.text:
                self._edits.replace(label.cut(0, len(name)), f"eth{names[name]}", f"label {name}")
        return names
