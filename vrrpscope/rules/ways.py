"""What captures at both hosts prove about a split brain: lost on the way, or arrived and without effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

from vrrpscope.evidence.delivery import Delivery, deaf_since
from vrrpscope.rules.text import count, listing

if TYPE_CHECKING:
    from vrrpscope.rules.catalogue import Case
    from vrrpscope.timeline.events import SplitBrain

_ENOUGH = 2
_PROOF = 3


class Ways(NamedTuple):
    """The ways to those that are deaf, as far as captures were taken at both ends."""

    deliveries: tuple[Delivery, ...]

    @classmethod
    def of(cls, split: SplitBrain, case: Case) -> Self:
        """Find what was sent to each deaf router since it heard its last advert."""
        pairs = [(s, d) for d in split.deaf for s in split.routers if s != d and (s not in split.deaf or _both(split))]
        found = (case.delivery(s, d, deaf_since(split), split.end) for s, d in pairs)
        return cls(tuple(delivery for delivery in found if delivery is not None and delivery.sent >= _ENOUGH))

    @property
    def tell(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.deliveries)

    @property
    def ignoring(self) -> tuple[str, ...]:
        """The routers that adverts arrived at, without effect."""
        return tuple(dict.fromkeys(d.receiver for d in self.deliveries if d.arrived and d.receiver is not None))

    @property
    def losing(self) -> bool:
        """Whether adverts were lost on the way."""
        return any(d.arrived < d.sent for d in self.deliveries)

    def prove(self, split: SplitBrain) -> bool:
        """Whether they leave no doubt: enough adverts, all lost, or all arrived at the one that is deaf."""
        if not self.tell or any(d.sent < _PROOF or 0 < d.arrived < d.sent for d in self.deliveries):
            return False
        return len(split.deaf) == 1 or (len(self.deliveries) > 1 and not self.ignoring)

    def words(self, then: str) -> str:
        """Return a clause for each way."""
        return "; ".join(_words(d, then) for d in self.deliveries)

    def paths(self) -> str:
        """Return the ways on which adverts were lost."""
        return listing(f"from {d.at} to {d.to}" for d in self.deliveries if d.arrived < d.sent)


def _both(split: SplitBrain) -> bool:
    return split.cause == "both-deaf"


def _words(delivery: Delivery, then: str) -> str:
    adverts = f"adverts of {delivery.sender} {then}"
    if delivery.arrived == delivery.sent:
        return (
            f"all {delivery.sent} {adverts} arrived at {delivery.to} and had no effect, so the firewall or the daemon "
            f"of {delivery.receiver} drops them, not the network"
        )
    if not delivery.arrived:
        return (
            f"none of the {delivery.sent} {adverts} arrived at {delivery.to}; they were lost on the way from "
            f"{delivery.at} to {delivery.to}"
        )
    lost = delivery.sent - delivery.arrived
    return (
        f"of {delivery.sent} {adverts}, {delivery.arrived} arrived at {delivery.to} and had no effect, and "
        f"{count(lost, 'advert')} got lost on the way from {delivery.at}"
    )
