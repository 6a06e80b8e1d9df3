"""What stands beside captures, laid over what they show: logs say what daemons did, configurations what was meant.

    logs ───────────► overlay ──┐
                                ├─► Testimony, which rules may ask about a router and a time
    configurations ─► meant ────┘

Both are read whole before the captures and laid over them when the captures have ended, for only then it is known whose
log it is, and which instance of a configuration is which router.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from vrrpscope.evidence.configuration import Configuration
    from vrrpscope.evidence.meant import Meant
    from vrrpscope.evidence.overlay import Overlay
    from vrrpscope.evidence.quotes import Home, Quote, Span
    from vrrpscope.evidence.said import Kind, Log
    from vrrpscope.timeline.profile import RouterKey
    from vrrpscope.timeline.router import Router


class Beside(NamedTuple):
    """What was given beside captures, as it was read."""

    configurations: tuple[Configuration, ...] = ()
    logs: tuple[Log, ...] = ()


class Testimony(NamedTuple):
    """What is known beside the captures."""

    overlays: tuple[Overlay, ...] = ()
    meant: tuple[Meant, ...] = ()

    def said(self, key: RouterKey, router: str, span: Span, kinds: Collection[Kind]) -> Iterator[Quote]:
        """Yield what the log of a router says about one virtual router, or the whole daemon, in a time."""
        for overlay in self.overlays:
            if router in overlay.routers:
                yield from (quote._replace(router=router) for quote in overlay.quotes(key, span, kinds))

    def configured(self, key: RouterKey, router: str) -> Meant | None:
        """Return how a router is configured for a virtual router."""
        return next((meant for meant in self.meant if meant.key == key and meant.router == router), None)

    def subjects(self) -> Iterator[tuple[RouterKey | None, Overlay | Meant]]:
        """Yield each that a rule may speak of, and the virtual router that it is about."""
        yield from ((None, overlay) for overlay in self.overlays)
        yield from ((meant.key, meant) for meant in self.meant)


NOTHING = Testimony()


def testify(
    beside: Beside,
    routers: Mapping[RouterKey, Router],
    observed: Span,
    home: Home | None = None,  # noqa: PT028 - this is no test
) -> Testimony:
    """Lay logs and configurations over what captures show.

    Args:
        beside: as they were read.
        routers: the virtual routers, when the captures have ended.
        observed: from the captures' first frame to their last.
        home: tells which capture was taken at a router's own host, where several captures tell.
    """
    from vrrpscope.evidence.meant import match  # noqa: PLC0415 - most captures have nothing beside them
    from vrrpscope.evidence.overlay import lay  # noqa: PLC0415

    overlays = lay(beside.logs, routers, observed, home)
    return Testimony(overlays, match(beside.configurations, routers, overlays, home))
