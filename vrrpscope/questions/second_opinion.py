"""Adverts as we read them, held against how tshark reads them, frame by frame.

Where the two are known to differ the reason is named, with who is right (`REASONS`). Nothing else is excused: a
difference without a reason is a mistake in one of the two. What tshark does not judge (a checksum of which a part was
not captured) it does not contradict.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.capture.files import open_source
from vrrpscope.timeline.profile import address_text
from vrrpscope.wire.columns import Auth, Checksum, Flag
from vrrpscope.wire.decoder import Decoder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    import numpy as np

    from vrrpscope.capture.frames import CaptureInfo
    from vrrpscope.capture.tshark import Dissected
    from vrrpscope.questions.again import Again
    from vrrpscope.wire.columns import Tables


class Reason(NamedTuple):
    """Why the two are known to differ."""

    right: str  # vrrpscope, both, neither
    text: str


REASONS: Final = {
    "v3-checksum": Reason(
        "vrrpscope",
        "a VRRPv3 checksum over IPv4 is computed with a pseudo-header (RFC 5798 as keepalived and FRR read it) or "
        "without (Cisco, Juniper, RFC 9568). tshark accepts one of them, by default with (preference "
        "vrrp.v3_checksum_as_in_v2); vrrpscope accepts both and names which",
    ),
    "multicast-pseudo": Reason(
        "vrrpscope",
        "sent to a unicast address, its checksum is computed with the pseudo-header of 224.0.0.18, as some "
        "implementations do; tshark computes with the address in the packet only",
    ),
    "carp": Reason(
        "vrrpscope",
        "CARP has VRRP's protocol number and first byte; its authentication length of 7 is read as seven addresses by "
        "tshark, which are its counter and HMAC",
    ),
    "hmac": Reason("vrrpscope", "tshark does not know the HMAC trailer that keepalived puts behind a VRRPv3 advert"),
    "cut": Reason("both", "the capture has not the whole frame; each tells what it can of the rest"),
    "fragment": Reason(
        "both",
        "the packet is in fragments: vrrpscope reads the first, tshark the whole at the last, if it has them all",
    ),
    "malformed": Reason(
        "both",
        "this is no advert that could be accepted: vrrpscope keeps it out of the story and reads no further, tshark "
        "shows what stands where the fields would be",
    ),
}
"""By the word that a difference names."""

_AUTH: Final = {0: "none", 1: "simple", 2: "ah", 254: "md5"}
_VERDICTS: Final = {0: "bad", 1: "good"}
_SOUND: Final = {"plain", "pseudo", "multicast-pseudo"}
_DAMAGE: Final = {Flag.FRAGMENT: "fragment", Flag.TRUNCATED: "cut", Flag.MALFORMED: "malformed"}
_CUT: Final = {"interval", "auth", "checksum", "addresses", "priority", "vrid", "version"}  # what damage can explain


class View(NamedTuple):
    """A frame as one of the two reads it; None is what it does not tell."""

    number: int
    time: int  # nanoseconds since the epoch
    protocol: str  # vrrp or carp
    router: str | None = None
    ttl: int | None = None
    version: int | None = None
    vrid: int | None = None
    priority: int | None = None
    interval: int | None = None  # nanoseconds
    auth: str | None = None
    checksum: str | None = None
    addresses: tuple[str, ...] | None = None
    segment: str | None = None
    family: int | None = None
    flags: Flag = Flag(0)


FIELDS: Final = View._fields[1:12]
"""What is compared."""

Value = str | int | tuple[str, ...] | None


class Difference(NamedTuple):
    """One thing that the two tell differently of one frame."""

    field: str
    ours: Value
    theirs: Value
    reason: str  # a word of REASONS; empty if there is none


class Compared(NamedTuple):
    """One frame; None is who did not see VRRP or CARP in it."""

    capture: str
    ours: View | None
    theirs: View | None
    differences: list[Difference]

    @property
    def view(self) -> View:
        """Whichever there is, ours first."""
        view = self.ours or self.theirs
        assert view is not None  # noqa: S101 - one of the two has seen it
        return view


class Wanted(NamedTuple):
    """Which frames are compared; what is empty or None leaves none out. Addresses are canonical text."""

    vrids: Collection[int] = ()
    addresses: Collection[str] = ()
    routers: Collection[str] = ()
    segments: Collection[str] = ()
    start: int | None = None
    end: int | None = None

    def wants(self, view: View) -> bool:
        """Whether this frame is wanted."""
        return (
            (not self.vrids or view.vrid in self.vrids)
            and (not self.addresses or not set(view.addresses or ()).isdisjoint(self.addresses))
            and (not self.routers or view.router in self.routers)
            and (not self.segments or view.segment in self.segments)
            and (self.start is None or view.time >= self.start)
            and (self.end is None or view.time <= self.end)
        )


def compare(
    capture: Again,
    dissected: Iterable[Dissected],
    wanted: Wanted | None = None,
    done: Callable[[CaptureInfo], None] | None = None,
) -> Iterator[Compared]:
    """Yield every frame in which one of the two sees VRRP or CARP.

    Args:
        capture: a file.
        dissected: what tshark says of it, in the order of its frames.
        wanted: which frames; all by default.
        done: called with what is known of the capture when it has been read.

    Raises:
        CaptureError: it cannot be read.
    """
    wanted = wanted or Wanted()
    others = map(_theirs, dissected)
    other = next(others, None)
    for own in _ours(capture, done):
        while other is not None and other.number < own.number:
            if wanted.wants(other):
                yield Compared(capture.name, None, other, _between(None, other))
            other = next(others, None)
        beside = other if other is not None and other.number == own.number else None
        if wanted.wants(own):
            yield Compared(capture.name, own, beside, _between(own, beside))
        if beside is not None:
            other = next(others, None)
    while other is not None:
        if wanted.wants(other):
            yield Compared(capture.name, None, other, _between(None, other))
        other = next(others, None)


def _between(ours: View | None, theirs: View | None) -> list[Difference]:
    """Return what differs; where they see two protocols, that alone."""
    if ours is None or theirs is None or ours.protocol != theirs.protocol:
        mine, its = (None if view is None else view.protocol for view in (ours, theirs))
        return [Difference("protocol", mine, its, _why("protocol", ours, theirs))]
    names = ("time", "router", "vrid") if ours.protocol == "carp" else FIELDS
    return [
        Difference(name, mine, its, _why(name, ours, theirs))
        for name in names
        for mine, its in [(getattr(ours, name), getattr(theirs, name))]
        if mine != its and not (name == "checksum" and _agree(mine, its))
    ]


def _agree(ours: str | None, theirs: str | None) -> bool:
    return theirs == "unknown" or (theirs == "good" and ours in _SOUND)


def _why(name: str, ours: View | None, theirs: View | None) -> str:
    """Return the word of the reason why they differ in this."""
    if ours is None:
        return ""
    if ours.protocol == "carp":
        return "carp"
    if theirs is None or name in _CUT:
        for flag, word in _DAMAGE.items():
            if flag in ours.flags:
                return word
    if name == "auth" and ours.auth == "hmac" and ours.version == 3:
        return "hmac"
    return _checksum(ours, theirs) if name == "checksum" and theirs is not None else ""


def _checksum(ours: View, theirs: View) -> str:
    """Return why tshark holds a checksum for bad."""
    if theirs.checksum != "bad" or ours.checksum not in _SOUND:
        return ""
    if ours.checksum == "multicast-pseudo":
        return "multicast-pseudo"
    return "v3-checksum" if (ours.version, ours.family) == (3, 4) else ""


def _ours(capture: Again, done: Callable[[CaptureInfo], None] | None) -> Iterator[View]:
    decoder = Decoder()
    with open_source(capture.spec.path, name=capture.name) as source:
        for frames in source:
            found = decoder.decode(frames)
            views = [_advert(row, decoder.tables) for row in found.adverts]
            views += [_carp(row, decoder.tables) for row in found.carps]
            yield from sorted(views)
        if done is not None:
            done(source.info)


def _advert(row: np.void, tables: Tables) -> View:
    family, flags = int(row["family"]), Flag(int(row["flags"]))
    readable = Flag.MALFORMED not in flags
    return View(
        number=int(row["number"]),
        time=int(row["t"]),
        protocol="vrrp",
        router=address_text(family, int(row["src_hi"]), int(row["src_lo"])),
        ttl=int(row["ttl"]),
        version=int(row["version"]),
        vrid=int(row["vrid"]),
        priority=int(row["priority"]),
        interval=int(row["interval"]) if readable else None,
        auth=Auth(int(row["auth"])).name.lower() if readable else None,
        checksum=Checksum(int(row["checksum"])).name.lower().replace("_", "-") if readable else None,
        addresses=tables.addresses[int(row["addresses"])] if readable else None,
        segment=tables.segments[int(row["segment"])],
        family=family,
        flags=flags,
    )


def _carp(row: np.void, tables: Tables) -> View:
    return View(
        number=int(row["number"]),
        time=int(row["t"]),
        protocol="carp",
        router=address_text(int(row["family"]), int(row["src_hi"]), int(row["src_lo"])),
        vrid=int(row["vhid"]),
        segment=tables.segments[int(row["segment"])],
        family=int(row["family"]),
    )


def _theirs(frame: Dissected) -> View:
    auth = "none" if frame.version == 3 and frame.auth_type is None else None
    return View(
        number=frame.number,
        time=frame.t,
        protocol=frame.protocol,
        router=None if frame.source is None else _canonical(frame.source),
        ttl=frame.ttl,
        version=frame.version,
        vrid=frame.vrid,
        priority=frame.priority,
        interval=frame.interval,
        auth=auth if frame.auth_type is None else _AUTH.get(frame.auth_type, "unknown"),
        checksum=None if frame.checksum is None else _VERDICTS.get(frame.checksum, "unknown"),
        addresses=tuple(map(_canonical, frame.addresses)),
    )


def _canonical(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        return text
