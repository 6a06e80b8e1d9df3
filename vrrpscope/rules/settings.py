"""Settings that do not go together, or should not be what they are.

Two routers of one virtual router that disagree need not be in trouble yet: the disagreement is reported as
soon as both have announced themselves, and becomes a split brain when both hold the addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.catalogue import RULES, Case, rule
from vrrpscope.rules.split_brain import ADVICE
from vrrpscope.rules.text import key_name, listing, span
from vrrpscope.timeline.events import Mismatch, NewProfile
from vrrpscope.wire.columns import Auth, Checksum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vrrpscope.timeline.profile import Profile

_CHECKSUMS = {
    Checksum.PLAIN: "without a pseudo-header",
    Checksum.PSEUDO: "with a pseudo-header",
    Checksum.MULTICAST_PSEUDO: "with a multicast pseudo-header",
}


def _password(profile: Profile, case: Case) -> str:
    """Say what tells a password from another: itself, or the number of the key that a digest fits."""
    if profile.auth is Auth.SIMPLE:
        return case.secret(profile.secret)
    return f"its digests fit {key_name(profile.signed_with)}"


_SAID: dict[str, tuple[str, Callable[[Profile, Case], str]]] = {
    "password-mismatch": ("passwords", _password),
    "auth-type-mismatch": ("authentication", lambda p, _: p.auth.name.lower()),
    "interval-mismatch": ("advertisement intervals", lambda p, _: span(p.interval)),
    "version-mismatch": ("VRRP versions", lambda p, _: str(p.version)),
    "vip-list-mismatch": ("virtual addresses", lambda p, _: listing(p.addresses)),
    "checksum-mismatch": ("VRRPv3 checksum forms", lambda p, _: _CHECKSUMS.get(p.checksum, "unknown")),
    "unicast-mismatch": ("destinations", lambda p, _: p.destination.name.lower()),
    "vrid-collision": ("virtual addresses", lambda p, _: listing(p.addresses)),
}


_WHY = {
    "vip-list-mismatch": "keepalived up to 2.3.2 refuses such adverts, and both become master; later versions accept "
    "them, and an address that only one of them has is lost on a failover.",
    "checksum-mismatch": "A router that knows only its own way discards the other's adverts, and both become master.",
}


def _mismatch(name: str) -> Callable[[Mismatch, Case], Iterator[Finding]]:
    field, said = _SAID[name]

    def check(mismatch: Mismatch, case: Case) -> Iterator[Finding]:
        if mismatch.kind != name:
            return
        one, other = mismatch.one, mismatch.other
        if name != "vrid-collision" and are_strangers(one, other):
            return  # two clusters; nothing of theirs has to agree, but the VRID must not
        advice = ADVICE[name]
        yield case.finding(
            name,
            Severity.WARNING,
            Confidence.LIKELY if name == "vrid-collision" else Confidence.CERTAIN,
            start=mismatch.at,
            title=f"{one.address} and {other.address} share VRID {mismatch.key.vrid} but no virtual address"
            if name == "vrid-collision"
            else f"{one.address} and {other.address} announce different {field}",
            explanation=f"{one.address}: {said(one, case)}; {other.address}: {said(other, case)}. "
            + _WHY.get(name, advice.why),
            remedy=advice.fix,
            routers=(one.address, other.address),
            frames=mismatch.frames,
            cause=name,
            subject=f"{one.address} {other.address}",
        )

    check.__doc__ = f"Two routers of one virtual router announce different {field}."
    return check


def are_strangers(one: Profile, other: Profile) -> bool:
    """Whether two routers of one VRID announce addresses, and none in common."""
    return bool(one.addresses and other.addresses) and set(one.addresses).isdisjoint(other.addresses)


for _name in _SAID:
    rule(_name, Mismatch)(_mismatch(_name))
RULES["vrid-collision"].function.__doc__ = "Two unrelated clusters use one VRID on one segment."


@rule("equal-priority", Mismatch)
def equal_priority(same: Mismatch, case: Case) -> Iterator[Finding]:
    """Two routers of one virtual router have the same priority."""
    if same.kind != "equal-priority":
        return
    one, other = same.one.address, same.other.address
    owners = same.other.priority == 255
    yield case.finding(
        "equal-priority",
        Severity.WARNING if owners else Severity.INFO,
        Confidence.CERTAIN,
        start=same.at,
        title=f"{one} and {other} both have priority {same.other.priority}",
        explanation="Both claim to own the address (priority 255); only one can."
        if owners
        else "The higher address decides between them, and both may start at once when a master is lost.",
        remedy="Give each router of a virtual router a priority of its own.",
        routers=(one, other),
        frames=same.frames,
        cause="equal-priority",
        subject=f"{one} {other}",
    )


@rule("clear-text-password", NewProfile)
def clear_text_password(new: NewProfile, case: Case) -> Iterator[Finding]:
    """A password crosses the segment in clear."""
    known = new.previous is not None and new.previous.auth is Auth.SIMPLE
    if new.profile.auth is not Auth.SIMPLE or known or case.router is None:
        return
    senders = {s.address: s.first for s in case.router.speakers.values() if s.profile.auth is Auth.SIMPLE}
    first = min(senders.values(), default=new.seen)
    passwords = {s.profile.secret for s in case.router.speakers.values() if s.profile.auth is Auth.SIMPLE}
    secrets = [case.secret(password) for password in sorted(passwords)]
    yield case.finding(
        "clear-text-password",
        Severity.INFO,
        Confidence.CERTAIN,
        start=first.t,
        title=f"the password of VRID {new.key.vrid} ({listing(secrets)}) crosses the segment in clear"
        if len(secrets) == 1
        else f"the passwords of VRID {new.key.vrid} ({listing(secrets)}) cross the segment in clear",
        explanation="VRRPv2's simple password is readable in every advert. It keeps out mistakes, not attackers.",
        remedy="Do not use it anywhere else. Filter protocol 112 to the routers' addresses, or use keepalived's "
        "auth_hmac (2.4).",
        routers=sorted(senders),
        frames=senders.values(),
    )
