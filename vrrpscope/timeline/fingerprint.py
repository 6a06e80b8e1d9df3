"""Which implementation sends the adverts of a router, as far as they tell.

What a sender does to the IP header gives it away: keepalived builds it itself and counts its adverts in the
identification field, without DF; FRR leaves it to the kernel (DF, identifications that count nothing) and always
sends from the virtual MAC. Authentication that only one vendor has says it outright. This is an inference from
fields that an attacker can copy; `because` is for a reader to judge it by. Where nothing tells, it is None.

    field                 keepalived 1.2 to 2.4        FRR 8 to 10              elsewhere
    IPv4 identification   1, 2, 3 … its own counter    the kernel's             the system's
    DF                    not set                      set
    source MAC            the interface's, unless      the virtual one          the virtual one (Cisco, Juniper …)
                          `use_vmac`
    authentication        HMAC trailer (2.4), AH       none                     MD5, type 254 (Cisco)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.wire.columns import Auth

if TYPE_CHECKING:
    from vrrpscope.timeline.profile import Profile
    from vrrpscope.timeline.speaker import Speaker

ENOUGH: Final = 3  # steps of the IP ID by one: a kernel's counter does that now and then, not three times and no other
_INTERNETWORK_CONTROL: Final = 0xC0  # TOS; both set it
_VIRTUAL: Final = "00:00:5e:00:01:"  # RFC 9568 7.3, for IPv4; the last byte is the VRID


class Fingerprint(NamedTuple):
    """An implementation, by the report's name for it, and what it was recognised by."""

    implementation: str
    because: str


def fingerprint(speaker: Speaker) -> Fingerprint | None:
    """Return who sends a router's adverts; None where they do not tell."""
    profile = speaker.terms
    if profile.auth is Auth.HMAC:
        return Fingerprint("keepalived", "its adverts end with keepalived's HMAC trailer (2.4 and later)")
    if profile.auth is Auth.MD5:
        return Fingerprint("cisco", "authentication type 254 is Cisco's MD5")
    if profile.tos != _INTERNETWORK_CONTROL or profile.key.family != 4:
        return None
    if not profile.df and speaker.numbers and speaker.steps >= ENOUGH:
        return Fingerprint("keepalived", "its IP IDs count its adverts one by one, and DF is not set")
    if profile.df and not speaker.numbers and _is_virtual(profile) and profile.auth is Auth.NONE:
        return Fingerprint("frr", "DF is set, IP IDs are the kernel's, and it sends from the virtual MAC")
    return None


def _is_virtual(profile: Profile) -> bool:
    return profile.mac == f"{_VIRTUAL}{profile.key.vrid:02x}"
