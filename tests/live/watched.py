"""A sample fed to listeners batch by batch, as a watch would, and findings to tell others of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from vrrpscope.capture.files import open_source
from vrrpscope.capture.frames import CaptureInfo
from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.live.listener import Counters, State
from vrrpscope.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.capture.frames import Frames
    from vrrpscope.live.listener import Listener

SAMPLES: Final = Path(__file__).parents[2] / "samples"
SECOND: Final = 1_000_000_000
ETH0: Final = (("eth0", True),)


def watch(
    sample: str, listener: Listener, interfaces: tuple[tuple[str, bool], ...] = ETH0, *, after: float = 0, step: int = 5
) -> list[Finding]:
    """Let a listener see a sample, and some seconds of silence after it; return what was found."""
    session = Session(told=listener.event)
    found: list[Finding] = []
    now = seen = 0

    def tell(findings: list[Finding]) -> None:
        listener.found(findings)
        found.extend(findings)
        counters = Counters(seen=seen, decoded=seen - 1, dropped=2)
        listener.tick(State(now, info, counters, session.virtual_routers(now), tuple(found), interfaces))

    with open_source(str(SAMPLES / sample)) as source:
        info = source.info
        session.open(0, info)
        for frames in source:
            for part in _cut(frames, step):
                now, seen = int(part.t.max()), seen + len(part.t)
                listener.frames(part)
                tell(session.feed(0, part))
        now += int(after * SECOND)
        tell(session.advance(0, now))
    return found


def _cut(frames: Frames, step: int) -> Iterator[Frames]:
    for first in range(0, len(frames.t), step):
        part = slice(first, first + step)
        yield frames._replace(**{name: getattr(frames, name)[part] for name in frames._fields if name != "data"})


def idle() -> State:
    """Return a state in which nothing was seen."""
    return State(SECOND, CaptureInfo("eth0", ""), Counters(0, 0, 0), (), (), ETH0)


def finding(
    number: int = 1, *, severity: Severity = Severity.CRITICAL, end: int | None = None, title: str = "Two masters"
) -> Finding:
    """Return a finding; one of another number is another finding."""
    return Finding(
        rule="split-brain",
        severity=severity,
        confidence=Confidence.LIKELY,
        virtual_router="vlan100/ipv4/50",
        routers=("10.0.0.5", "10.0.0.6"),
        start=1_700_000_000 * SECOND + number,
        end=end,
        title=title,
        explanation="They do not hear each other.",
        remedy="Let IP protocol 112 through.",
        frames=(),
        cause="firewall",
    )
