"""Configurations laid over what captures show: which instance is which router.

A configuration knows no addresses but those it was told to use, and a capture no names. What they have in common tells:

    the source address, if it is written        who it is
    the log of the same host                    who that is
    a capture of the same name                  whose home it is, where several captures tell
    a priority that the weights can make up     who it may be
    version, password, interval, addresses      who of several is likelier, or that it is of another cluster

An instance is a router if it fits that one better than any other, and that one fits no other instance better. Settings
that agree make nobody known, for they are equal on both sides of a cluster; where only those are left, it stays open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from vrrpscope.evidence.configuration import OWNER
from vrrpscope.evidence.weights import reachable
from vrrpscope.timeline.fingerprint import fingerprint
from vrrpscope.wire.columns import Auth, Destination

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vrrpscope.evidence.configuration import Configuration, Instance
    from vrrpscope.evidence.overlay import Overlay
    from vrrpscope.evidence.quotes import Home
    from vrrpscope.timeline.profile import Profile, RouterKey
    from vrrpscope.timeline.router import Router
    from vrrpscope.timeline.speaker import Speaker


_SOURCE: Final = 64
_LOGGED: Final = 48
_WITNESS: Final = 32  # a capture of the host's name
_PRIORITY: Final = 8
_SETTING: Final = 2
_MAX_COMPARED: Final = 20_000  # instances with routers


class Meant(NamedTuple):
    """One instance of a configuration, and the virtual router of the captures that it is."""

    configuration: Configuration
    instance: Instance
    key: RouterKey | None
    """None where no virtual router of the captures is this one."""
    router: str | None
    """The address that it advertises from; None where it was not seen to advertise."""
    doubt: str = ""
    """Why it is not certain that it is this router, or why it is none."""

    @property
    def host(self) -> str:
        """The host's name."""
        return self.configuration.host


class _Fit(NamedTuple):
    """How well an instance and a router go together."""

    score: int
    instance: int
    router: str
    known: bool  # by something that is not equal on all sides of a cluster
    doubt: str


def match(
    configurations: Sequence[Configuration],
    routers: Mapping[RouterKey, Router],
    overlays: Sequence[Overlay],
    home: Home | None = None,
) -> tuple[Meant, ...]:
    """Find for each instance of each configuration who it is among the routers seen.

    An instance may be seen in several segments, as by a capture of an access port and one of a trunk; then it is there
    several times. One that nobody was seen to speak for is there once, without a router.

    Args:
        configurations: each of another host.
        routers: the virtual routers, when the captures have ended.
        overlays: logs, as they were laid over the captures.
        home: tells which capture was taken at a router's host.
    """
    instances = [(each, instance) for each in configurations for instance in each.instances]
    witness = _Witness({o.host: o.router for o in overlays if o.router is not None}, home)
    found: dict[int, list[tuple[RouterKey, _Fit]]] = {}
    doubts: dict[int, str] = {}
    left = _MAX_COMPARED
    for key, router in routers.items():
        here = [n for n, (_, i) in enumerate(instances) if (i.family, i.vrid) == (key.family, key.vrid)]
        left -= len(here) * len(router.speakers)
        if left < 0:
            break
        fits = [
            witness.fit(n, *instances[n], key, speaker)
            for n in here
            for speaker in router.speakers.values()
            if speaker.terms.priority
        ]
        doubts.update((n, _why_open(n, fits)) for n in here)
        for fit in _paired(fits):
            found.setdefault(fit.instance, []).append((key, fit))
    return tuple(
        meant
        for n, (configuration, instance) in enumerate(instances)
        for meant in _meant(configuration, instance, found.get(n, ()), routers, doubts.get(n, "its VRID was not seen"))
    )


def keys(configurations: Iterable[Configuration]) -> dict[str, tuple[bytes, ...]]:
    """Return the passwords that are configured for each virtual router, and what may be keys of its HMAC.

    By the virtual router's key without its segment: `ipv4/50`. Passwords are eight bytes, as an advert or AH uses them;
    hosts that differ give several.
    """
    found: dict[str, dict[bytes, None]] = {}
    for configuration in configurations:
        for instance in configuration.instances:
            for key in (*([instance.secret] if instance.secret else ()), *instance.hmac_keys):
                found.setdefault(instance.key, {})[key] = None
    return {key: tuple(secrets) for key, secrets in found.items()}


class _Witness(NamedTuple):
    """What tells a host's router beside its adverts."""

    logged: Mapping[str, str]
    home: Home | None

    def fit(
        self, number: int, configuration: Configuration, instance: Instance, key: RouterKey, speaker: Speaker
    ) -> _Fit:
        """Hold an instance against a router."""
        sender, alike, fits = fingerprint(speaker), _alike(instance, speaker.terms), _priority(instance, speaker)
        if sender is not None and sender.implementation != "keepalived":
            return _Fit(-_WITNESS, number, speaker.address, known=False, doubt="")
        own, near = instance.source == speaker.address, not _are_strangers(instance, speaker)
        score = fits + sum(_SETTING if each else -1 for each in alike) - (0 if near else _WITNESS // 2)
        known, doubt = own or (fits > 0 and near and not instance.source), "only its priority tells who it is"
        for said, weight in self._testimony(configuration.host, key, speaker.address):
            score += weight if said else -weight
            # A capture of the host's name is a guess; where the priority is another, all else must speak for it.
            sure = weight == _LOGGED or (near and fits > 0)
            known |= said and (sure or (near and all(alike) and not _is_owner(speaker)))
            doubt = doubt if not said else "" if sure else "its priority is another"
        if instance.source:
            score += _SOURCE if own else -_WITNESS // 2
            doubt = "" if own else doubt
        if speaker.address in instance.peers:
            score -= _WITNESS // 2  # nobody is his own peer
        return _Fit(score, number, speaker.address, known and score > 0, doubt)

    def _testimony(self, host: str, key: RouterKey, router: str) -> Iterable[tuple[bool, int]]:
        if host in self.logged:
            yield self.logged[host] == router, _LOGGED
        home = None if self.home is None else self.home(key, router)
        if home is not None:
            yield home == host, _WITNESS if home == host else _SETTING


def _is_owner(speaker: Speaker) -> bool:
    """Tell whether it claims to own the address; where no configuration says so it is most likely a stranger."""
    return any(profile.priority == OWNER for profile in speaker.profiles)


def _priority(instance: Instance, speaker: Speaker) -> int:
    """Return how well the priorities announced are those configured."""
    announced = {profile.priority for profile in speaker.profiles if profile.priority}
    possible = reachable(instance)
    own = {instance.priority, instance.effective()} & announced
    if possible is None:
        return _PRIORITY if own else 0
    if not announced & possible:
        return -_PRIORITY
    return _PRIORITY // 2 + _PRIORITY // 2 * (announced <= possible) + _SETTING * bool(own)


def _alike(instance: Instance, said: Profile) -> tuple[bool, ...]:
    """Tell which of the other settings go together."""
    unicast = said.destination is Destination.UNICAST
    return (
        said.version == instance.version,
        said.auth is instance.auth,
        said.auth is not Auth.SIMPLE or said.secret == instance.secret,
        said.interval == instance.advert_int,
        set(said.addresses) == set(instance.addresses),
        unicast == instance.unicast,
    )


def _are_strangers(instance: Instance, speaker: Speaker) -> bool:
    """Tell whether they have no virtual address in common: then it is another cluster with the same VRID."""
    theirs = speaker.terms.addresses
    return bool(theirs) and bool(instance.addresses) and set(theirs).isdisjoint(instance.addresses)


def _paired(fits: list[_Fit]) -> Iterable[_Fit]:
    """Yield those who fit each other better than anybody else does; then of the rest likewise."""
    left = [fit for fit in fits if fit.known]
    while True:
        instances, routers = _best(left, "instance"), _best(left, "router")
        both = [fit for fit in left if instances[fit.instance] is fit and routers[fit.router] is fit]
        if not both:
            return
        yield from both
        gone = {fit.instance for fit in both}, {fit.router for fit in both}
        left = [fit for fit in left if fit.instance not in gone[0] and fit.router not in gone[1]]


def _best(fits: Iterable[_Fit], side: Literal["instance", "router"]) -> dict[int | str, _Fit | None]:
    """Return the best fit of each instance, or of each router; None where two are equally good."""
    found: dict[int | str, _Fit | None] = {}
    scores: dict[int | str, int] = {}
    for fit in fits:
        who = fit.instance if side == "instance" else fit.router
        if who not in scores or fit.score > scores[who]:
            found[who], scores[who] = fit, fit.score
        elif fit.score == scores[who]:
            found[who] = None
    return found


def _why_open(instance: int, fits: Iterable[_Fit]) -> str:
    """Say why an instance would be no router, if it comes to that."""
    own = [fit for fit in fits if fit.instance == instance and fit.known]
    if not own:
        return "nobody was seen to announce its priority"
    best = max(fit.score for fit in own)
    alike = [fit.router for fit in own if fit.score == best]
    return f"{' and '.join(alike)} fit it equally well" if len(alike) > 1 else f"{alike[0]} fits another as well"


def _meant(
    configuration: Configuration,
    instance: Instance,
    found: Sequence[tuple[RouterKey, _Fit]],
    routers: Mapping[RouterKey, Router],
    doubt: str,
) -> Iterable[Meant]:
    best = max((fit.score for _, fit in found), default=0)
    addresses = {fit.router for _, fit in found if fit.score == best}
    if len(addresses) == 1:
        for key, fit in found:
            if fit.router in addresses:
                yield Meant(configuration, instance, key, fit.router, fit.doubt)
        return
    doubt = f"{' and '.join(sorted(addresses))} fit it equally well" if addresses else doubt
    own = [key for key, router in routers.items() if _is_of(instance, key, router.addresses)]
    yield Meant(configuration, instance, own[0] if len(own) == 1 else None, None, doubt)


def _is_of(instance: Instance, key: RouterKey, addresses: Mapping[str, None]) -> bool:
    """Tell whether an instance takes part in a virtual router, whoever speaks for it."""
    strangers = instance.addresses and addresses and addresses.keys().isdisjoint(instance.addresses)
    return (key.family, key.vrid) == (instance.family, instance.vrid) and not strangers
