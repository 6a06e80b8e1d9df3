"""Two configurations beside a split brain: in which settings the two masters differ, and so why neither yields.

What both send is known from the wire, and the wire is right where a file says otherwise. A file adds what no advert
shows: the key behind an authentication header, and whom a router would send to if only it were told.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.findings import Confidence
from vrrpscope.timeline.acceptance import disagreements
from vrrpscope.wire.columns import Auth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.evidence.meant import Meant
    from vrrpscope.evidence.testimony import Testimony
    from vrrpscope.timeline.events import SplitBrain
    from vrrpscope.timeline.router import Router

_REFUSALS: Final = frozenset({
    *("password-mismatch", "auth-type-mismatch", "interval-mismatch", "version-mismatch"),
    *("vip-list-mismatch", "unicast-mismatch"),
})  # fmt: skip
_DEAF: Final = ("one-node-deaf", "both-deaf")
_OPEN: Final = frozenset({*_DEAF, "unknown"})


class Difference(NamedTuple):
    """A setting in which two configurations differ so that adverts are refused or do not arrive."""

    cause: str
    """Of a split brain, as the report names it."""
    deaf: tuple[str, ...] = ()
    """Whom the other's adverts do not reach, if not both."""


def differences(one: Meant, other: Meant, router: Router) -> list[Difference]:
    """Return in what two instances differ that keeps them from accepting each other; what the wire refutes is none."""
    told = list(_written(one, other))
    speakers = [router.speakers.get(meant.router or "") for meant in (one, other)]
    a, b = speakers
    if a is None or b is None:
        return told
    sent = {verdict.reason for verdict in disagreements(a.terms, b.terms)}
    judged = bool(a.terms.signed_with and b.terms.signed_with)
    return [each for each in told if each.cause in sent or each.deaf or _unseen(one, other, each.cause, judged=judged)]


def _unseen(one: Meant, other: Meant, cause: str, *, judged: bool) -> bool:
    """Tell whether no advert shows such a difference; `judged`: whether the keys of both were found out."""
    if cause == "password-mismatch":
        return not judged and one.instance.auth is other.instance.auth is Auth.AH
    return cause == "unicast-mismatch" and one.instance.unicast and other.instance.unicast


def _written(one: Meant, other: Meant) -> Iterator[Difference]:
    a, b = one.instance, other.instance
    if a.version != b.version:
        yield Difference("version-mismatch")
    elif a.auth is not b.auth:
        yield Difference("auth-type-mismatch")
    elif a.secret != b.secret:
        yield Difference("password-mismatch")
    if a.version == b.version == 2 and a.advert_int != b.advert_int:
        yield Difference("interval-mismatch")
    if set(a.addresses) != set(b.addresses):
        yield Difference("vip-list-mismatch")
    if a.unicast != b.unicast:
        yield Difference("unicast-mismatch")
    elif a.unicast:
        deaf = tuple(to.router or to.host for by, to in ((one, other), (other, one)) if _is_left_out(by, to))
        if deaf:
            yield Difference("unicast-mismatch", deaf if len(deaf) == 1 else ())


def _is_left_out(by: Meant, to: Meant) -> bool:
    """Tell whether one router does not send to another; by the address that this one was seen to use, if it was."""
    address = to.router or to.instance.source
    return bool(address) and address not in by.instance.peers


def by_configuration(split: SplitBrain, router: Router, testimony: Testimony) -> SplitBrain:
    """Return a split brain with what two configurations say about its cause."""
    pair = _both(split, testimony)
    if pair is None or split.cause not in _OPEN | _REFUSALS:
        return split
    found = differences(*pair, router)
    if not found:
        return _without_refusal(split, *pair)
    if len(found) > 1:
        return _among(split, found)
    only = found[0]
    if not _explains(only, split):
        return split
    deaf = only.deaf or split.deaf
    return replace(split, cause=only.cause, confidence=Confidence.CERTAIN, deaf=deaf, also_possible=())


def _explains(only: Difference, split: SplitBrain) -> bool:
    """Tell whether the one difference is why a split brain does not end, as far as the packets leave that open."""
    if split.cause in _REFUSALS:
        return only.cause == split.cause and split.confidence is Confidence.LIKELY
    if split.cause != "one-node-deaf":
        return True
    if only.deaf:
        return not split.deaf or only.deaf == split.deaf
    return split.confidence is not Confidence.CERTAIN  # one hears, so nothing is refused on both sides


def _both(split: SplitBrain, testimony: Testimony) -> tuple[Meant, Meant] | None:
    """Return the configurations of the two masters; which is whose does not matter."""
    if len(split.routers) != 2:
        return None
    here = [meant for meant in testimony.meant if meant.key == split.key]
    own = [meant for meant in here if meant.router in split.routers]
    chosen = own if len(own) == 2 else here
    if len(chosen) != 2 or chosen[0].host == chosen[1].host:
        return None
    if any(meant.router is not None and meant.router not in split.routers for meant in chosen):
        return None
    return chosen[0], chosen[1]


def _among(split: SplitBrain, found: list[Difference]) -> SplitBrain:
    """Return an open split brain with the first of several differences as its likely cause; any of them suffices."""
    if split.cause not in _OPEN or split.confidence is Confidence.CERTAIN:
        return split
    causes = list(dict.fromkeys(each.cause for each in found))
    return replace(split, cause=causes[0], confidence=Confidence.LIKELY, also_possible=tuple(causes[1:]))


def _without_refusal(split: SplitBrain, one: Meant, other: Meant) -> SplitBrain:
    """Return a split brain of routers that agree in all: what no advert shows is no longer possible."""
    possible = tuple(cause for cause in split.also_possible if cause not in _REFUSALS)
    keys = split.cause == "password-mismatch" and one.instance.auth is other.instance.auth is Auth.AH
    if not keys or split.confidence is Confidence.CERTAIN:
        return replace(split, also_possible=possible)
    echoes, replies = split.echoes
    if split.silent:  # only who rejects what he reads keeps quiet: a daemon uses another key than its file says
        return replace(split, confidence=Confidence.POSSIBLE, also_possible=_DEAF)
    if replies and echoes * 10 >= replies * 8:
        return replace(split, cause="one-node-deaf", confidence=Confidence.LIKELY, also_possible=())
    if replies >= 2 and echoes * 10 <= replies * 2:
        return replace(split, cause="both-deaf", confidence=Confidence.LIKELY, also_possible=("one-node-deaf",))
    return replace(split, cause="unknown", confidence=Confidence.POSSIBLE, also_possible=_DEAF)
