"""The catalogue of rules, and what a rule is given.

A rule is a pure function from one event and the history of its virtual router to findings:

    @rule("near-failover", Missed)
    def near_failover(missed: Missed, case: Case) -> Iterator[Finding]:
        '''A master was almost given up for dead.'''

It is called once for each event, live or offline. The first line of its docstring is its summary; the page
`docs/rules/NAME.md` explains it. Rules about a capture itself are given its `CaptureInfo` instead of an event, rules
about configurations what `vrrpscope.evidence.counterparts` makes of them. What can be seen in captures and foreseen
from configurations is one rule with two functions: the second is entered under the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from vrrpscope.evidence.quotes import Span
from vrrpscope.evidence.testimony import NOTHING, Testimony
from vrrpscope.findings import Confidence, Finding, Frame, Line, Severity
from vrrpscope.rules.text import digest, in_clear, listing
from vrrpscope.timeline.ageing import snooped

if TYPE_CHECKING:
    from vrrpscope.evidence.delivery import Deliveries, Delivery
    from vrrpscope.evidence.home import Homes
    from vrrpscope.evidence.meant import Meant
    from vrrpscope.evidence.quotes import Quote
    from vrrpscope.evidence.said import Kind
    from vrrpscope.timeline.ageing import Snooped
    from vrrpscope.timeline.events import Seen, SplitBrain
    from vrrpscope.timeline.router import Router
    from vrrpscope.timeline.speaker import Speaker

_SHOWN = 4  # virtual addresses named in a sentence

Function = Callable[[Any, "Case"], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of the catalogue."""

    name: str
    on: tuple[type, ...]
    function: Function
    also: tuple[tuple[tuple[type, ...], Function], ...] = ()
    """The same rule for other subjects."""

    @property
    def summary(self) -> str:
        """What it finds, in one line."""
        return (self.function.__doc__ or "").strip().splitlines()[0]


RULES: dict[str, Rule] = {}
"""All rules by name, in the order in which their modules are imported."""


def rule(name: str, *on: type) -> Callable[[Function], Function]:
    """Enter a function into the catalogue, to be called for each event or other subject of the given types."""

    def enter(function: Function) -> Function:
        known = RULES.get(name)
        if known is None:
            RULES[name] = Rule(name, on, function)
        else:
            RULES[name] = replace(known, also=(*known.also, (on, function)))
        return function

    return enter


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule may look at beside the event itself."""

    names: Sequence[str]  # of the captures
    router: Router | None  # None for a rule about a capture
    show_secrets: bool = False
    deliveries: Deliveries | None = None  # what arrived where, if there are several vantage points
    testimony: Testimony = NOTHING  # of logs and configurations, when the captures have ended
    homes: Homes | None = None  # of routers, told by single captures

    def delivery(self, sender: str, receiver: str, start: int, end: int | None) -> Delivery | None:
        """Return what became of one router's adverts on the way to another; None if no two captures tell."""
        if self.deliveries is None or self.router is None:
            return None
        return self.deliveries.between(self.router.key, sender, receiver, start, end)

    def all_deliveries(self) -> tuple[Delivery, ...]:
        """Return what became of all adverts of this case's virtual router between the captures."""
        if self.deliveries is None or self.router is None:
            return ()
        return self.deliveries.of(self.router.key)

    def home(self, sender: str) -> str | None:
        """Return the capture taken at a router's own host, if one was."""
        if self.router is None:
            return None
        if self.deliveries is not None:
            return self.deliveries.home(self.router.key, sender)
        capture = None if self.homes is None else self.homes.of(sender)
        return None if capture is None else self.names[capture]

    def said(self, router: str, start: int, end: int | None, *kinds: Kind) -> list[Quote]:
        """Return what the log of a router says in a time, if its log was given and the captures have ended."""
        if self.router is None:
            return []
        return list(self.testimony.said(self.router.key, router, Span(start, end), kinds))

    def configured(self, router: str) -> Meant | None:
        """Return how a router is configured, if its configuration was given and the captures have ended."""
        return None if self.router is None else self.testimony.configured(self.router.key, router)

    def alive(self, router: str, start: int, end: int) -> bool | None:
        """Whether a router's host went on speaking in a gap between two of its adverts; None if that is unknown."""
        around = None if self.router is None else self.router.around
        return None if around is None else around.went_on(router, start, end)

    def joined(self, router: str, start: int, end: int) -> Seen | None:
        """Return when a router asked anew for the multicast group in a time: daemon started, or link come up."""
        around = None if self.router is None else self.router.around
        return None if around is None else around.joined(router, start, end)

    def left(self, router: str, start: int, end: int) -> Seen | None:
        """Return when a router left the multicast group in a time: its daemon ended, however, and its host is up."""
        around = None if self.router is None else self.router.around
        return None if around is None else around.left(router, start, end)

    def moved(self, router: str, start: int, end: int) -> Seen | None:
        """Return when a hypervisor said in a time that a router's host has moved."""
        around = None if self.router is None else self.router.around
        return None if around is None else around.moved(router, start, end)

    def snooped(self, split: SplitBrain) -> Snooped | None:
        """Return who went deaf when a switch may have forgotten that it wants the group; None if nobody did so."""
        return None if self.router is None else snooped(split, self.router)

    def frame(self, seen: Seen) -> Frame:
        """Return an advert as evidence."""
        return Frame(self.names[seen.capture], seen.number)

    def where(self, seen: Seen) -> str:
        """Return a frame as words."""
        return f"frame {seen.number}" + (f" of {self.names[seen.capture]}" if len(self.names) > 1 else "")

    def vips(self) -> str:
        """Return the virtual addresses of this case's virtual router, as words."""
        addresses = {} if self.router is None else self.router.addresses
        shown = list(islice(addresses, _SHOWN))
        return listing(shown + ["more"] * (len(addresses) > _SHOWN)) if addresses else "no announced address"

    def speaker(self, address: str) -> Speaker:
        """Return one of this case's routers."""
        if self.router is None:
            raise LookupError(address)
        return self.router.speakers[address]

    def secret(self, secret: bytes) -> str:
        """Return a password as it may be printed."""
        return in_clear(secret) if self.show_secrets else digest(secret)

    def finding(
        self,
        rule: str,
        severity: Severity,
        confidence: Confidence,
        *,
        start: int,
        title: str,
        explanation: str,
        remedy: str,
        end: int | None = None,
        routers: Iterable[str] = (),
        frames: Iterable[Seen | None] = (),
        subject: str = "",
        supersedes: str | None = None,
        cause: str = "",
        also_possible: Iterable[str] = (),
        lines: Iterable[Line] = (),
    ) -> Finding:
        """Make a finding about this case's virtual router; missing frames are left out."""
        evidence = sorted({self.frame(seen) for seen in frames if seen is not None})
        key = None if self.router is None else str(self.router.key)
        return Finding(
            rule=rule,
            severity=severity,
            confidence=confidence,
            virtual_router=key,
            routers=tuple(routers),
            start=start,
            end=end,
            title=title,
            explanation=explanation,
            remedy=remedy,
            frames=tuple(evidence),
            subject=subject,
            supersedes=supersedes,
            lines=tuple(dict.fromkeys(lines)),
            cause=cause,
            also_possible=tuple(word for word in dict.fromkeys(also_possible) if word != cause),
        )


def judge(subject: object, case: Case, rules: Iterable[Rule]) -> Iterator[Finding]:
    """Run the rules that are meant for this kind of subject."""
    for entry in rules:
        if isinstance(subject, entry.on):
            yield from entry.function(subject, case)
        for on, function in entry.also:
            if isinstance(subject, on):
                yield from function(subject, case)
