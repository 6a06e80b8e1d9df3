"""What the logs of two masters say of each other: why adverts were refused, who heard whom, who stood still.

A daemon says why it refuses an advert, and a master that hears a weaker one says so each time; one that says neither,
while the other advertised, did not hear it. keepalived says all of this whatever its settings; FRR's vrrpd only while
it debugs, so its silence proves nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from vrrpscope.evidence.quotes import Span
from vrrpscope.evidence.said import Kind
from vrrpscope.findings import Confidence
from vrrpscope.timeline.timers import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.evidence.quotes import Quote
    from vrrpscope.evidence.testimony import Testimony
    from vrrpscope.timeline.events import SplitBrain
    from vrrpscope.timeline.router import Router

REFUSALS: Final = {
    "password": "password-mismatch",
    "ah": "password-mismatch",
    "hmac": "password-mismatch",
    "auth-type": "auth-type-mismatch",
    "version": "version-mismatch",
    "interval": "interval-mismatch",
    "address-list": "vip-list-mismatch",
    "checksum": "checksum-mismatch",
    "unicast": "unicast-mismatch",
    "ttl": "ttl",
}
"""Why a daemon says that it refuses an advert (`said.REASONS`), and what that makes of a split brain."""
_OPEN: Final = {"one-node-deaf", "both-deaf", "unknown"}
_FOUND_ELSEWHERE: Final = {"ttl"}
"""Faults of single adverts, which are no cause of a split brain's own but findings."""
_HEARD: Final = (Kind.LOWER_ADVERT, Kind.HIGHER_ADVERT)
_OFTEN: Final = 2  # one refused advert may be anybody's


def settled(split: SplitBrain, router: Router, testimony: Testimony) -> SplitBrain:
    """Return a split brain with the cause that logs name, or what they say of who heard whom."""
    refused = Counter[str]()
    refusing: dict[str, None] = {}
    for address, quote in refusals(split, router, testimony):
        refused[REFUSALS[quote.said.reason]] += quote.said.times
        refusing[address] = None
    if split.cause in refused:
        return replace(split, confidence=Confidence.CERTAIN, also_possible=())
    doubted = split.cause in _OPEN or (split.confidence is not Confidence.CERTAIN and split.cause.endswith("mismatch"))
    if refused and doubted:
        cause, times = refused.most_common(1)[0]
        if times >= _OFTEN:
            deaf = tuple(refusing) if len(refusing) < len(split.routers) else ()
            cause = "unknown" if cause in _FOUND_ELSEWHERE else cause
            return replace(split, cause=cause, confidence=Confidence.CERTAIN, also_possible=(), deaf=deaf)
    if split.cause == "paused-node" and any(pauses(split, router, testimony)):
        return replace(split, confidence=Confidence.CERTAIN, also_possible=())
    return _heard(split, router, testimony) if split.cause in _OPEN else split


def refusals(split: SplitBrain, router: Router, testimony: Testimony) -> Iterator[tuple[str, Quote]]:
    """Yield who of the masters refused adverts of another of them, and how it says so."""
    span = Span(split.start - waited(split, router), split.end)
    for address in split.routers:
        for quote in testimony.said(router.key, address, span, (Kind.REJECTED,)):
            if quote.said.reason in REFUSALS and (quote.said.peer is None or quote.said.peer in split.routers):
                yield address, quote


def pauses(split: SplitBrain, router: Router, testimony: Testimony) -> Iterator[tuple[str, Quote]]:
    """Yield who of the masters stood still when it began, by its own late timers."""
    for address in split.routers:
        for quote in testimony.said(router.key, address, Span(split.start, split.end), (Kind.LATE,)):
            if quote.said.numbers and quote.said.t - quote.said.numbers[0] <= split.start:
                yield address, quote


def hearing(split: SplitBrain, router: Router, testimony: Testimony) -> Iterator[tuple[str, Quote]]:
    """Yield who of the masters heard another of them while it lasted, not just with its last advert."""
    interval = max((s.profile.interval for s in router.speakers.values()), default=SECOND)
    span = Span(split.start, None if split.end is None else split.end - interval // 2)
    for address in split.routers:
        for quote in testimony.said(router.key, address, span, _HEARD):
            said = quote.said
            if said.t > split.start and said.peer in split.routers and (span.end is None or said.until < span.end):
                yield address, quote


def waited(split: SplitBrain, router: Router) -> int:
    """Return for how long before it a backup may have heard nothing acceptable, nanoseconds."""
    longest = max((router.speakers[a].profile.down_limit for a in split.routers if a in router.speakers), default=0)
    return longest if split.last_heard is None else min(longest, split.start - split.last_heard.t)


def _heard(split: SplitBrain, router: Router, testimony: Testimony) -> SplitBrain:
    """Say who is deaf by who says that it hears."""
    if split.silent or len(split.routers) != 2:
        return split
    hears = {address for address, _ in hearing(split, router, testimony)}
    deaf = tuple(address for address in split.routers if address not in hears)
    if len(hears) == 1:
        sure = Confidence.CERTAIN if split.deaf == deaf or _talks(deaf[0], router, testimony) else Confidence.LIKELY
        return replace(split, cause="one-node-deaf", deaf=deaf, confidence=sure, also_possible=())
    lasting = (split.at if split.end is None else split.end) - split.start > waited(split, router)
    if not hears and lasting and all(_talks(address, router, testimony) for address in split.routers):
        sure = Confidence.LIKELY if split.confidence is Confidence.POSSIBLE else split.confidence
        if split.cause != "one-node-deaf":
            return replace(split, cause="both-deaf", deaf=split.routers, confidence=sure, also_possible=())
    return split


def _talks(address: str, router: Router, testimony: Testimony) -> bool:
    """Whether a router's log is there, and is one whose silence tells."""
    return any(
        address in overlay.routers and overlay.is_placed and router.key in overlay.instances.values()
        for overlay in testimony.overlays
        if not any(version.startswith("frr") for version in overlay.log.versions)
        and not any(said.process.lower() in {"vrrp", "vrrpd"} for said in overlay.log.said[:1])
    )
