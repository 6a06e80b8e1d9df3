"""What all that looks at logs and configurations beside captures has in common: times, quoted lines, and homes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from vrrpscope.evidence.said import Said
    from vrrpscope.findings import Line
    from vrrpscope.timeline.profile import RouterKey

Home = Callable[["RouterKey", str], str | None]
"""Which capture was taken at a router's own host, if one was; by virtual router and address."""


class Span(NamedTuple):
    """A time, nanoseconds since the epoch; `end` is None where it was not over when the captures ended."""

    start: int
    end: int | None


class Quote(NamedTuple):
    """A line of a log, and where it stands."""

    said: Said  # its times are on the captures' clock
    line: Line
    router: str = ""  # whose log was asked
