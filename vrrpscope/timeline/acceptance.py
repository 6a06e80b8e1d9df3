"""Would this router have accepted that advert?

Two masters that reject each other's adverts look like one on the wire, so mastership cannot be told from
packets alone: it takes a prediction of what each router does with what it hears. The only thing known of a
router's configuration is what it sends itself, and all that matters for acceptance is announced in an advert.

The order is that of keepalived's `vrrp_check_packet` (2.x); the RFC sections are named where they demand the
same. Some checks differ between versions of one implementation; those come back as "depends", and what the
routers then do decides (see `router.py`).
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from vrrpscope.wire.columns import NO_KEY, Auth, Checksum, Destination, Flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.timeline.profile import Profile


class Accepts(IntEnum):
    """What a receiver does with an advert, from best to worst."""

    YES = 0
    DEPENDS = 1  # on the implementation or its version
    NO = 2


class Verdict(NamedTuple):
    """Whether an advert is accepted, and if that is not certain, which field is to blame."""

    accepts: Accepts
    reason: str | None = None  # a split brain's cause in the report: "password-mismatch", ...


YES = Verdict(Accepts.YES)


def judge(receiver: Profile, sender: Profile) -> Verdict:
    """Return what a router that itself sends `receiver` does on hearing `sender`.

    The worst objection decides whether it accepts; the reason is the one that explains most.
    """
    objections = [*disagreements(receiver, sender), *_defects(sender), *_unknowns(receiver, sender)]
    if not objections:
        return YES
    return Verdict(max(o.accepts for o in objections), objections[0].reason)


def disagreements(one: Profile, other: Profile) -> Iterator[Verdict]:
    """Yield each field in which two routers of one virtual router disagree, the most telling first."""
    if not shares_addresses(one, other):
        yield Verdict(Accepts.DEPENDS, "vrid-collision")  # nothing in common: two clusters, one number
    if one.version != other.version:
        yield Verdict(Accepts.NO, "version-mismatch")  # RFC 9568 7.1
    elif _auth_kind(one) != _auth_kind(other):
        yield Verdict(Accepts.NO, "auth-type-mismatch")  # RFC 2338 7.1; FRR wants type 0
    elif one.auth is Auth.SIMPLE and one.secret != other.secret:
        yield Verdict(Accepts.NO, "password-mismatch")
    elif _keys_differ(one, other) and NO_KEY not in {one.signed_with, other.signed_with}:
        yield Verdict(Accepts.NO, "password-mismatch")  # each digest fits a key, and not the same
    if one.version == other.version == 2 and one.interval != other.interval:
        yield Verdict(Accepts.NO, "interval-mismatch")  # RFC 3768 7.1; VRRPv3 adopts it instead
    if {one.destination, other.destination} == {Destination.MULTICAST, Destination.UNICAST}:
        yield Verdict(Accepts.NO, "unicast-mismatch")
    if _checksums_differ(one, other):
        yield Verdict(Accepts.DEPENDS, "checksum-mismatch")  # some receivers try more than one form
    if set(one.addresses) & set(other.addresses) and sorted(one.addresses) != sorted(other.addresses):
        yield Verdict(Accepts.DEPENDS, "vip-list-mismatch")  # keepalived rejects it up to 2.3.2


def shares_addresses(one: Profile, other: Profile) -> bool:
    """Whether two routers may be of one cluster; one that announces no address may be of any."""
    if one.addresses is other.addresses or not one.addresses or not other.addresses:
        return True
    return bool(set(one.addresses) & set(other.addresses))


def _auth_kind(profile: Profile) -> Auth:
    """The HMAC trailer and VRRPv3 have no authentication type of their own to disagree on."""
    return profile.auth if profile.version == 2 and profile.auth is not Auth.HMAC else Auth.NONE


def _checksums_differ(one: Profile, other: Profile) -> bool:
    """Whether two VRRPv3/IPv4 senders compute their checksums differently, as far as both are known."""
    unclear = (Checksum.UNKNOWN, Checksum.BAD)
    if one.version != other.version:
        return False
    return one.checksum != other.checksum and one.checksum not in unclear and other.checksum not in unclear


def _unknowns(receiver: Profile, sender: Profile) -> Iterator[Verdict]:
    """Yield what no advert shows: a key leaves only a check value behind, which those who know keys can verify."""
    differ = _keys_differ(receiver, sender)
    if differ:
        yield Verdict(Accepts.NO, "password-mismatch")
    elif differ is None and _auth_kind(receiver) is _auth_kind(sender) is Auth.AH:
        yield Verdict(Accepts.DEPENDS, "password-mismatch")


def _keys_differ(one: Profile, other: Profile) -> bool | None:
    """Whether what two routers signed with one key or key id was made with different keys; None where unknown.

    A digest that fits one of the given keys fits no other. Under different key ids receivers may know several keys.
    """
    named_alike = one.auth is Auth.AH or one.secret == other.secret
    if one.auth is not other.auth or not named_alike or 0 in {one.signed_with, other.signed_with}:
        return None
    if one.signed_with == other.signed_with == NO_KEY:
        return None
    return one.signed_with != other.signed_with


def _defects(sender: Profile) -> Iterator[Verdict]:
    """Yield what is wrong with an advert whoever receives it."""
    if sender.flags & Flag.TTL:
        yield Verdict(Accepts.NO)  # RFC 9568 7.1
    if sender.checksum is Checksum.BAD or sender.flags & (Flag.SHORT | Flag.BAD_IP_CHECKSUM):
        yield Verdict(Accepts.NO)
