"""One `vrrp_instance` as keepalived 2.2.7 takes it (vrrp_parser.c; vrrp.c: vrrp_complete_instance).

repeated settings   the last one counts
version             its own, else 3 for IPv6, else vrrp_version of global_defs, else 2
family              that of the first virtual address; those of the other are ignored
password            8 bytes; ignored with version 3, in strict mode, and without auth_pass
advert_int          whole seconds in version 2, hundredths in version 3, at most 40.95 s there
state MASTER        undoes nopreempt and preempt_delay
strict mode         no authentication, no preempt_delay, three adverts to the down timer, MASTER for owners only
no unicast_peer     multicast, even with unicast_src_ip
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from vrrpscope.evidence.configuration import OWNER, SECOND, Instance, Tracker
from vrrpscope.evidence.keepalived_settings import address, flag, nanoseconds, number
from vrrpscope.findings import Line
from vrrpscope.wire.columns import Auth

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from ipaddress import IPv4Interface, IPv6Interface

    from vrrpscope.evidence.configuration import Globals
    from vrrpscope.evidence.keepalived_settings import Notes
    from vrrpscope.keepalived.blocks import Statement

    Weights = Mapping[tuple[str, str], tuple[int, bool]]
    """What scripts, processes and files weigh where nothing else is said, and whether in reverse."""

    Address = IPv4Interface | IPv6Interface

_DEFINED: Final = {"script": "vrrp_script", "process": "vrrp_track_process"}
"""What must be defined to be tracked."""
_NOWHERE: Final = Line("", "", 0)
MAX_ADDRESSES: Final = 2000
MAX_TRACKERS: Final = 50
MAX_HMAC_KEYS: Final = 32
_PASSWORD: Final = 8
_CENTISECOND: Final = SECOND // 100
_LONGEST_INTERVAL: Final = {2: 255 * SECOND, 3: 4095 * _CENTISECOND}
_FIELDS: Final = {
    *("state", "interface", "virtual_router_id", "version", "priority", "advert_int", "auth_type", "auth_pass"),
    *("nopreempt", "preempt_delay", "down_timer_adverts", "use_vmac", "strict_mode", "accept", "no_accept"),
    *("native_ipv6", "unicast_src_ip", "mcast_src_ip"),
}
"""Settings that `Instance` has fields for."""
_KINDS: Final[dict[str, Literal["script", "interface", "process", "file", "bfd"]]] = {
    "track_script": "script",
    "track_interface": "interface",
    "track_process": "process",
    "track_file": "file",
    "track_bfd": "bfd",
}


def read_instance(block: Statement, settings: Globals, weights: Weights, notes: Notes) -> Instance | None:
    """Return an instance; None, and a remark, if it has not what it must have."""
    said = _Said(block.value(), notes)
    for statement in block:
        notes.known("vrrp_instance", statement)
        said.take(statement, weights)
    vrid = said.number("virtual_router_id", 1, 255)
    if not said.name or vrid is None:
        notes.ignored(block, f"vrrp_instance {said.name}, for it has no name or virtual_router_id", harm=True)
        return None
    family = said.family()
    addresses = said.of_family("virtual_ipaddress", family)
    version = said.number("version", 2, 3) or (3 if family == 6 else settings.version)
    strict = flag(said.one["strict_mode"]) if "strict_mode" in said.one else settings.strict
    priority = said.number("priority", 1, OWNER) or 100
    auth, secret = said.password(version, strict=strict)
    state = said.state(priority, strict=strict)
    preempt_delay = said.preempt_delay(state, strict=strict)
    return Instance(
        name=said.name,
        line=notes.line(block.place),
        state=state,
        interface=said.text("interface") or settings.default_interface,
        vrid=vrid,
        family=family,
        version=version,
        priority=priority,
        advert_int=said.advert_int(version),
        auth=auth,
        secret=secret,
        hmac_keys=tuple(dict.fromkeys(_words(said.lists.get("auth_hmac", ()))))[:MAX_HMAC_KEYS],
        addresses=tuple(dict.fromkeys(str(each.ip) for each in addresses)),
        networks=tuple(dict.fromkeys(str(each.network) for each in addresses)),
        excluded=tuple(str(each.ip) for each in said.found("virtual_ipaddress_excluded")),
        source=said.source(),
        peers=tuple(dict.fromkeys(str(each.ip) for each in said.of_family("unicast_peer", family))),
        nopreempt=said.nopreempt(priority, state),
        preempt_delay=preempt_delay,
        down_timer_adverts=3
        if strict
        else said.number("down_timer_adverts", 1, 100) or settings.numbers.get("vrrp_down_timer_adverts", 3),
        vmac="use_vmac" in said.one,
        strict=strict,
        accept="no_accept" not in said.one and (not strict or "accept" in said.one),
        native_ipv6="native_ipv6" in said.one,
        group="",
        trackers=tuple(notes.first(said.trackers, MAX_TRACKERS, notes.line(block.place), f"trackers of {said.name}")),
        numbers=dict(said.plain_numbers()),
        flags=frozenset(said.plain_flags()),
        lines=said.lines,
    )


def read_trackers(statement: Statement, weights: Weights, notes: Notes, owner: str) -> Iterator[Tracker]:
    """Yield what a `track_…` block watches; what is not defined or weighs too much is ignored."""
    if statement.keyword not in _KINDS:
        return
    kind = _KINDS[statement.keyword]
    line = notes.line(statement.place)
    for each in notes.first(list(statement), MAX_ADDRESSES, line, f"lines of {statement.keyword}"):
        name = each.keyword
        weight, reverse = weights.get((kind, name), (0, False))
        if kind in _DEFINED and (kind, name) not in weights:
            message = f"{statement.keyword} {name}, for there is no {_DEFINED[kind]} of that name"
            notes.ignored(each, message, harm=True, instance=owner)
            continue
        if "weight" in each.words:
            said = _weight(each)
            if said is None:
                message = f"{statement.keyword} {name}: its weight must be from -253 to 253"
                notes.ignored(each, message, harm=True, instance=owner)
                continue
            weight, reverse = said, "reverse" in each.words
        yield Tracker(kind, name, weight, reverse, notes.line(each.place))


def _weight(statement: Statement) -> int | None:
    """Return what follows `weight`; None if that is no weight."""
    text = next(iter(statement.words[statement.words.index("weight") + 1 :]), "")
    return int(text) if re.fullmatch(r"[-+]?\d{1,3}", text, re.ASCII) and abs(int(text)) <= 253 else None


def _words(statements: Iterable[Statement]) -> Iterator[bytes]:
    """Yield every word of a block, its own blocks included."""
    for each in statements:
        yield from (word.encode(errors="surrogateescape") for word in each.words)
        yield from _words(each)


@dataclass(slots=True)
class _Said:
    """What stands in one instance's block."""

    name: str
    notes: Notes
    one: dict[str, Statement] = field(default_factory=dict)
    lists: dict[str, list[Statement]] = field(default_factory=dict)
    trackers: list[Tracker] = field(default_factory=list)
    lines: dict[str, Line] = field(default_factory=dict)

    def take(self, statement: Statement, weights: Weights) -> None:
        word = statement.keyword
        self.one[word] = statement
        self.lines[word] = self.notes.line(statement.place)
        if word in _KINDS:
            self.trackers += read_trackers(statement, weights, self.notes, self.name)
        elif word == "authentication":
            for each in statement:
                self.notes.known("authentication", each)
                self.one[each.keyword] = each
                self.lines[each.keyword] = self.notes.line(each.place)
        elif statement.body is not None:
            self.lists.setdefault(word, []).extend(statement.body)

    def text(self, keyword: str) -> str:
        return self.one[keyword].value() if keyword in self.one else ""

    def number(self, keyword: str, low: int, high: int) -> int | None:
        if keyword not in self.one:
            return None
        return number(self.one[keyword], self.notes, low, high, self.name)

    def ignored(self, keyword: str, message: str, *, harm: bool) -> None:
        self.notes.ignored(self.one[keyword], message, harm=harm, instance=self.name)

    def found(self, keyword: str) -> list[Address]:
        """Return the addresses of a list; what is none is ignored."""
        found = []
        lines = self.lists.get(keyword, [])
        for each in self.notes.first(lines, MAX_ADDRESSES, self.lines.get(keyword, _NOWHERE), f"lines of {keyword}"):
            value = address(each.keyword)
            if value is None:
                message = f"{each.keyword[:45]} in {keyword}, for it is no address"
                self.notes.ignored(each, message, harm=True, instance=self.name)
            else:
                found.append(value)
        return found

    def family(self) -> Literal[4, 6]:
        """Return the family of the first address that is written, whichever list it is in."""
        for word, statement in self.one.items():
            if word in {"virtual_ipaddress", "unicast_peer"}:
                first = next(iter(self.lists.get(word, ())), None)
                found = address(first.keyword) if first else None
            elif word in {"unicast_src_ip", "mcast_src_ip"}:
                found = address(statement.value())
            else:
                continue
            if found:
                return 6 if found.version == 6 else 4
        return 6 if "native_ipv6" in self.one else 4

    def of_family(self, keyword: str, family: int) -> list[Address]:
        """Return the addresses of a list that have this family; the others are ignored."""
        found = self.found(keyword)
        for each in found:
            if each.version != family:
                self.ignored(keyword, f"{each.ip} in {keyword}, for the instance is IPv{family}", harm=True)
        return [each for each in found if each.version == family]

    def state(self, priority: int, *, strict: bool) -> Literal["MASTER", "BACKUP"]:
        if self.text("state") != "MASTER":
            return "BACKUP"
        if strict and priority != OWNER:
            self.ignored("state", "state MASTER, which vrrp_strict leaves to the owner of the address", harm=False)
            return "BACKUP"
        return "MASTER"

    def password(self, version: int, *, strict: bool) -> tuple[Auth, bytes]:
        kind = {"PASS": Auth.SIMPLE, "AH": Auth.AH}.get(self.text("auth_type"), Auth.NONE)
        if kind is Auth.NONE:
            return Auth.NONE, b""
        if version == 3 or strict:
            why = "VRRPv3" if version == 3 else "vrrp_strict"
            self.ignored("auth_type", f"the authentication block, for {why} knows no passwords", harm=False)
            return Auth.NONE, b""
        secret = self.text("auth_pass").encode(errors="surrogateescape")
        if not secret:
            self.ignored("auth_type", "the authentication block, for it has no auth_pass", harm=True)
            return Auth.NONE, b""
        if len(secret) > _PASSWORD:
            message = f"all but the first {_PASSWORD} characters of a password of {len(secret)}"
            self.ignored("auth_pass", message, harm=False)
        return kind, secret[:_PASSWORD].ljust(_PASSWORD, b"\0")

    def advert_int(self, version: int) -> int:
        text = self.text("advert_int") or "1"
        value = nanoseconds(text)
        if not value:
            self.ignored("advert_int", f"advert_int {text[:20]}, for it is no number of seconds", harm=True)
            return SECOND
        unit = SECOND if version == 2 else _CENTISECOND
        rounded = min(max((value + unit // 2) // unit * unit, unit), _LONGEST_INTERVAL[version])
        if rounded != value:
            taken = rounded / SECOND
            self.ignored("advert_int", f"advert_int {text[:20]}: VRRPv{version} makes it {taken:g} s", harm=True)
        return rounded

    def source(self) -> str:
        word = "unicast_src_ip" if "unicast_src_ip" in self.one else "mcast_src_ip"
        value = address(self.text(word)) if word in self.one else None
        return str(value.ip) if value else ""

    def nopreempt(self, priority: int, state: str) -> bool:
        if "nopreempt" not in self.one:
            return False
        why = "the initial state is MASTER" if state == "MASTER" else "priority 255 always preempts"
        if state == "MASTER" or priority == OWNER:
            self.ignored("nopreempt", f"nopreempt, for {why}", harm=True)
            return False
        return True

    def preempt_delay(self, state: str, *, strict: bool) -> int:
        if "preempt_delay" not in self.one:
            return 0
        if state == "MASTER" or strict:
            why = "vrrp_strict knows none" if strict else "the initial state is MASTER"
            self.ignored("preempt_delay", f"preempt_delay, for {why}", harm=True)
            return 0
        return nanoseconds(self.text("preempt_delay")) or 0

    def plain_numbers(self) -> Iterator[tuple[str, int]]:
        """Yield the settings that are numbers and have no field of their own."""
        for word, statement in self.one.items():
            text = statement.value()
            if statement.body is None and text.isascii() and text.isdecimal() and word not in _FIELDS:
                yield word, int(text[:18])

    def plain_flags(self) -> Iterator[str]:
        """Yield the settings that are on and have no field of their own."""
        for word, statement in self.one.items():
            if statement.body is None and len(statement.words) == 1 and word not in _FIELDS:
                yield word
