"""What a rule says: one finding, with its evidence and how sure it is.

Severity says how bad it is if true, confidence how sure we are that it is true; the two never mix.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How bad a finding is, if true."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 is worst: the order in which findings are read."""
        return list(Severity).index(self)


class Confidence(StrEnum):
    """How sure a finding is, judged from what this capture can show."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Frame(NamedTuple):
    """One captured frame: the evidence. `number` is Wireshark's `frame.number` in that capture."""

    capture: str
    number: int


class Line(NamedTuple):
    """One line of a configuration or a log: the evidence. `file` is the path as the user can open it."""

    host: str
    file: str
    number: int

    def __str__(self) -> str:
        return f"{self.file}:{self.number}"


class Key(NamedTuple):
    """The identity of a finding."""

    rule: str
    virtual_router: str | None
    start: int
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth knowing about a capture, or about configurations.

    `start` and `end` are nanoseconds since the epoch; `end` is None while it lasts. `virtual_router` is the
    report's key (`vlan100/ipv4/50`) or None for a finding about the capture itself. Title, explanation and
    remedy may quote captured text; renderers escape it.
    """

    rule: str
    severity: Severity
    confidence: Confidence
    virtual_router: str | None
    routers: tuple[str, ...]
    start: int
    end: int | None
    title: str
    explanation: str
    remedy: str
    frames: tuple[Frame, ...]
    subject: str = ""
    """What tells it from others of its rule that begin at the same time: a pair of routers, a capture."""
    supersedes: str | None = None
    """Another rule whose finding with the same virtual router and start this one replaces."""
    lines: tuple[Line, ...] = ()
    """Evidence from logs and configurations. A finding from configurations alone has no time: `start` is 0, `routers`
    are hosts."""
    cause: str = ""
    """What made it happen, a word of `rules.causes.CAUSES`; empty where a finding is no trouble's cause or effect."""
    also_possible: tuple[str, ...] = ()
    """What else it could be, the likeliest first; in the same words."""

    @property
    def key(self) -> Key:
        """What makes it one finding from its first alert to its completion."""
        return Key(self.rule, self.virtual_router, self.start, self.subject)
