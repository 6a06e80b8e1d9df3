"""Parts of a report's document, as it may be written."""

from __future__ import annotations

from typing import Final, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MINIMAL: Final[dict[str, Json]] = {
    "schema": "vrrpscope.report/1",
    "vrrpscope": "0.1.0",
    "verdict": "healthy",
    "captures": [],
    "virtual_routers": [],
    "configurations": [],
    "findings": [],
    "logs": [],
}
"""A report that says nothing."""

LOG: Final[dict[str, Json]] = {
    "host": "lb02",
    "path": "lb02.log",
    "router": "10.0.0.6",
    "routers": ["10.0.0.6"],
    "placed": True,
    "clock_offset_s": -0.25,
    "clock_spread_s": 0.5,
    "lines": 80,
    "first": "2026-11-22T16:55:12.302000000Z",
    "last": "2026-11-22T16:55:42.830000000Z",
    "versions": ["keepalived 2.2.7"],
    "instances": [{"instance": "VI_50", "virtual_router": "ipv4/50"}],
    "contradictions": [
        {
            "virtual_router": "ipv4/50",
            "instance": "VI_50",
            "start": "2026-11-22T16:55:12.302000000Z",
            "end": "2026-11-22T16:55:42.830000000Z",
            "kind": "unseen",
            "line": 9,
        }
    ],
    "problems": ["line 7: the clock of lb02 goes back by 1.500 s"],
}
"""One log, laid over the captures."""
