"""What a router sends against what its configuration says.

A configuration in a file is not yet one in force: keepalived reads it when it is started or told to reload. What the
adverts carry is in force. So a difference that lasts to the end says that a file and a daemon have parted; one that
ends says when the file was read.
"""

from __future__ import annotations

from ipaddress import ip_address
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from vrrpscope.evidence.meant import Meant
from vrrpscope.evidence.weights import reachable
from vrrpscope.findings import Confidence, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.configured import see
from vrrpscope.rules.text import listing, some, span
from vrrpscope.wire.columns import NO_KEY, Auth, Destination, Flag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from vrrpscope.evidence.configuration import Instance
    from vrrpscope.findings import Finding
    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.profile import Profile
    from vrrpscope.timeline.speaker import Speaker

_LOW = (1 << 64) - 1
_MAX_PROFILES = 1_000  # different adverts of one router that are compared
_CUT = Flag.TRUNCATED | Flag.SHORT | Flag.FRAGMENT
_READ = (Auth.NONE, Auth.SIMPLE, Auth.AH)  # what auth_type can stand for
_AUTH = {Auth.NONE: "none", Auth.SIMPLE: "PASS", Auth.AH: "AH"}
_VIRTUAL_MAC = {4: "00:00:5e:00:01:", 6: "00:00:5e:00:02:"}

_NEWER = "The daemon has read another configuration there: {file} is from before, or of another place."
_MEANING = (
    "{file} is not what the daemon runs with: it was changed and not read since, the daemon reads another file, or an "
    "older process is still running."
)
_REMEDY = (
    "On {host} see which file the daemon reads and since when it runs, check the file, and have it read:\n"
    "  ps -o lstart,args -C keepalived\n"
    "  keepalived -t && systemctl reload keepalived"
)


class _Setting(NamedTuple):
    """Something that stands in a configuration and in an advert."""

    noun: str
    written: tuple[str, ...]  # the keywords: the first that stands there is its line
    meant: Callable[[Instance, Case], str]
    sent: Callable[[Profile, Case], str]
    differs: Callable[[Instance, Profile], bool]


def _other_priority(instance: Instance, profile: Profile) -> bool:
    possible = reachable(instance)
    return possible is not None and profile.priority not in possible


def _other_auth(instance: Instance, profile: Profile) -> bool:
    return profile.version == instance.version == 2 and profile.auth in _READ and profile.auth is not instance.auth


def _other_password(instance: Instance, profile: Profile) -> bool:
    """Tell whether it has another password, or signs with another key: its own is among those that were tried."""
    if instance.auth is profile.auth is Auth.AH:
        return profile.signed_with == NO_KEY
    return instance.auth is profile.auth is Auth.SIMPLE and profile.secret != instance.secret and not _is_cut(profile)


def _other_addresses(instance: Instance, profile: Profile) -> bool:
    return not _is_cut(profile) and set(profile.addresses) != set(instance.addresses)


def _other_way(instance: Instance, profile: Profile) -> bool:
    return profile.destination is not Destination.OTHER and (
        (profile.destination is Destination.UNICAST) != instance.unicast
    )


def _other_mac(instance: Instance, profile: Profile) -> bool:
    """Tell whether it sends from another kind of MAC; behind a gateway and with vmac_xmit_base nothing can be said."""
    if profile.mac is None or instance.unicast or "vmac_xmit_base" in instance.flags:
        return False
    return (profile.mac == f"{_VIRTUAL_MAC[instance.family]}{instance.vrid:02x}") != instance.vmac


def _is_cut(profile: Profile) -> bool:
    return bool(profile.flags & _CUT)


_SETTINGS = (
    _Setting("version", ("version",), lambda i, _: str(i.version), lambda p, _: str(p.version),
             lambda i, p: i.version != p.version),
    _Setting("priority", ("priority",), lambda i, _: _priorities(i), lambda p, _: str(p.priority), _other_priority),
    _Setting("authentication", ("auth_type", "authentication"), lambda i, _: _AUTH[i.auth],
             lambda p, _: p.auth.name.lower() if p.auth is Auth.NONE else _AUTH[p.auth], _other_auth),
    _Setting("password", ("auth_pass",), lambda i, case: case.secret(i.secret),
             lambda p, case: "(none of the keys known)" if p.auth is Auth.AH else case.secret(p.secret),
             _other_password),
    _Setting("advertisement interval", ("advert_int",), lambda i, _: span(i.advert_int), lambda p, _: span(p.interval),
             lambda i, p: i.version == p.version and i.advert_int != p.interval),
    _Setting("virtual addresses", ("virtual_ipaddress",), lambda i, _: some(i.addresses, 6) if i.addresses else "none",
             lambda p, _: some(p.addresses, 6) if p.addresses else "none", _other_addresses),
    _Setting("destination", ("unicast_peer",), lambda i, _: "unicast" if i.unicast else "multicast",
             lambda p, _: p.destination.name.lower(), _other_way),
    _Setting("source MAC", ("use_vmac",), lambda i, _: "the virtual one" if i.vmac else "the interface's own",
             lambda p, _: p.mac or "none", _other_mac),
)  # fmt: skip


class _Part(NamedTuple):
    """One setting in which a router and its configuration part, or parted for a time."""

    setting: str
    words: str
    seen: Seen  # the first advert that differs
    agreed: Seen | None  # the first that agrees
    lasts: bool


@rule("config-drift", Meant)
def config_drift(meant: Meant, case: Case) -> Iterator[Finding]:
    """What a router sends is not what its configuration says."""
    if meant.router is None:
        return
    instance, speaker = meant.instance, case.speaker(meant.router)
    sent = {p: seen for p, seen in islice(speaker.profiles.items(), _MAX_PROFILES) if p.priority}
    parts = [part for s in _SETTINGS if (part := _parted(s, instance, sent, speaker, case)) is not None]
    parts += _peers(instance, speaker)
    if instance.source and instance.source != meant.router:
        words = f"source address {meant.router} where it says {instance.source}"
        parts.append(_Part("unicast_src_ip", words, speaker.first, None, lasts=True))
    lasting = [part for part in parts if part.lasts]
    if lasting:
        yield _drift(meant, case, lasting)
    read = [part for part in parts if not part.lasts]
    if read:
        yield _reloaded(meant, case, read)


def _parted(
    setting: _Setting, instance: Instance, sent: Mapping[Profile, Seen], speaker: Speaker, case: Case
) -> _Part | None:
    differing = {p: seen for p, seen in sent.items() if setting.differs(instance, p)}
    if not differing:
        return None
    lasts = setting.differs(instance, speaker.terms)
    shown = speaker.terms if lasts else next(iter(differing))
    words = f"{setting.noun} {setting.sent(shown, case)} where it says {setting.meant(instance, case)}"
    agreed = next((seen for p, seen in sent.items() if p not in differing), None)
    first = min(differing.values(), key=lambda seen: seen.t)
    return _Part(setting.written[0], words, first, agreed, lasts)


def _peers(instance: Instance, speaker: Speaker) -> Iterable[_Part]:
    """Yield a peer that it sends to and has not; what it does not send may go where no capture is."""
    if not instance.unicast:
        return
    peers = {int(ip_address(peer)) & _LOW for peer in instance.peers}
    for seen, profile in speaker.recent:
        if profile.destination is Destination.UNICAST and seen.destination not in peers:
            to = str(ip_address(seen.destination)) if instance.family == 4 else "another address"
            words = f"unicast peer {to} where it says {some(instance.peers, 6)}"
            yield _Part("unicast_peer", words, seen, None, lasts=True)
            return


def _drift(meant: Meant, case: Case, parts: list[_Part]) -> Finding:
    file, instance = meant.configuration.path, meant.instance
    lines = [instance.at(part.setting) for part in parts]
    since = [part for part in parts if part.agreed is not None and part.agreed.t < part.seen.t]
    why = f"{meant.router} is {meant.host} ({instance.name}). It sends {listing(part.words for part in parts)}. "
    if since:
        why += f"Before {case.where(since[0].seen)} it sent what the file says. "
    meaning = (_NEWER if len(since) == len(parts) else _MEANING).format(file=file)
    return case.finding(
        "config-drift",
        Severity.WARNING,
        Confidence.LIKELY if meant.doubt else Confidence.CERTAIN,
        start=min(part.seen.t for part in parts),
        title=f"{meant.router} ({meant.host}) does not send what its configuration says: "
        f"{listing(part.words.partition(' where ')[0] for part in parts)}",
        explanation=why + meaning + _doubt(meant),
        remedy=_REMEDY.format(host=meant.host) + f"\n{see(lines)}",
        routers=(meant.router or "",),
        frames=[part.seen for part in parts],
        lines=lines,
        subject=meant.host,
    )


def _reloaded(meant: Meant, case: Case, parts: list[_Part]) -> Finding:
    instance = meant.instance
    lines = [instance.at(part.setting) for part in parts]
    agreed = max((part.agreed for part in parts if part.agreed is not None), key=lambda seen: seen.t)
    how = "started or reloaded" if agreed.ip_id == 1 else "changed"
    return case.finding(
        "config-drift",
        Severity.INFO,
        Confidence.LIKELY,
        start=min(part.seen.t for part in parts),
        end=agreed.t,
        title=f"{meant.router} ({meant.host}) sends what its configuration says since {case.where(agreed)} only",
        explanation=f"Before it sent {listing(part.words for part in parts)}. There the daemon was {how}: the file "
        f"that was given is the one in force since.{_doubt(meant)}",
        remedy="",
        routers=(meant.router or "",),
        frames=[*(part.seen for part in parts), agreed],
        lines=lines,
        subject=f"{meant.host} before",
        cause="reloaded",
    )


def _doubt(meant: Meant) -> str:
    return f" That it is {meant.host} is not certain: {meant.doubt}." if meant.doubt else ""


def _priorities(instance: Instance) -> str:
    possible = sorted(reachable(instance) or (), reverse=True)
    others = [str(each) for each in possible if each != instance.priority]
    return str(instance.priority) + (f" (with weights also {some(others, 4)})" if others else "")
