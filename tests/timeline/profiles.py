"""Profiles from the words of a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import trace as traces
from vrrpscope.timeline.profile import ProfileTable

if TYPE_CHECKING:
    from vrrpscope.timeline.profile import Profile


def profile(words: str) -> Profile:
    """What a router announces, e.g. `A p150 pass=aaaa`."""
    trace = traces.parse(f"0 {words}")
    table = ProfileTable(trace.tables)
    table.intern(trace.adverts)
    return table.profiles[0]
