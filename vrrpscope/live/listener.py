"""What the parts of a live capture are told, and how: the one interface between the watch and all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vrrpscope.capture.frames import CaptureInfo, Frames
    from vrrpscope.findings import Finding
    from vrrpscope.outcome import Analysis, VirtualRouter
    from vrrpscope.timeline.events import Event


class Counters(NamedTuple):
    """Frames since the capture began."""

    seen: int  # that the filter let through, dropped ones included
    decoded: int  # adverts among those that came here
    dropped: int  # by the kernel: there was no room for them


class State(NamedTuple):
    """How things stand at a time."""

    now: int  # nanoseconds since the epoch
    info: CaptureInfo
    counters: Counters
    virtual_routers: tuple[VirtualRouter, ...]  # their routers go on changing: read them now
    findings: tuple[Finding, ...]  # all so far, in their latest words, by start
    interfaces: tuple[tuple[str, bool], ...]  # names, and whether each is up


class Listener(Protocol):
    """A part that is told what happens, always from the one thread that reads; it must return soon."""

    def frames(self, frames: Frames) -> None:
        """Take a batch of frames as they came in, before anything is made of them; not valid afterwards."""

    def event(self, event: Event) -> None:
        """Take an event as it becomes known."""

    def found(self, findings: Sequence[Finding]) -> None:
        """Take findings that began, or were told again: ended, or better known. `Finding.key` says which is which."""

    def tick(self, state: State) -> None:
        """Look at how things stand; called at most twice a second, also when nothing comes."""

    def close(self, analysis: Analysis | None) -> None:
        """End; the analysis is the whole story, or None where the watch broke off."""
