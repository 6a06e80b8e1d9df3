"""What is known when all captures have been read: the values that questions and renderers see, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vrrpscope.evidence.testimony import NOTHING
from vrrpscope.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd
    from matplotlib.figure import Figure

    from vrrpscope.capture.frames import CaptureInfo
    from vrrpscope.evidence.delivery import Delivery
    from vrrpscope.evidence.testimony import Testimony
    from vrrpscope.evidence.vantage import Clock
    from vrrpscope.findings import Finding
    from vrrpscope.questions.moment import Time
    from vrrpscope.questions.who import Answers
    from vrrpscope.timeline.metrics import Availability
    from vrrpscope.timeline.router import Router


@dataclass(frozen=True, slots=True)
class Capture:
    """One capture as it was read."""

    info: CaptureInfo
    adverts: int
    duplicates: int  # second sightings of an advert, left out of the timeline
    clock: Clock  # against the first capture's; all times of the analysis are set by it
    compared_with: str = ""  # the vantage point that its clock is compared with: the first one, if that can be done
    steps: int = 0  # how often its clock was set back, and the times behind that corrected


@dataclass(frozen=True, slots=True)
class VirtualRouter:
    """One virtual router's story."""

    router: Router
    availability: Availability
    deliveries: tuple[Delivery, ...] = ()  # between the vantage points

    @property
    def key(self) -> str:
        """The report's key: `vlan100/ipv4/50`."""
        return str(self.router.key)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every virtual address announced for it, in order of appearance."""
        return tuple(self.router.addresses)


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything known of a set of captures. Times are nanoseconds since the epoch."""

    captures: tuple[Capture, ...]
    virtual_routers: tuple[VirtualRouter, ...]
    findings: tuple[Finding, ...]  # worst first, then by time
    start: int | None  # of all captures together; None if they hold no frame
    end: int | None
    testimony: Testimony = NOTHING  # logs and configurations, laid over the story

    @property
    def verdict(self) -> str:
        """`critical`, `warning` or `healthy`: the worst severity; information alone is healthy."""
        worst = min((f.severity.rank for f in self.findings), default=Severity.INFO.rank)
        return "healthy" if worst == Severity.INFO.rank else list(Severity)[worst].value

    def only(
        self,
        *,
        vrids: Collection[int] = (),
        addresses: Collection[str] = (),
        routers: Collection[str] = (),
        segments: Collection[str] = (),
    ) -> Analysis:
        """Return the part that is about these virtual routers; an empty choice leaves nothing out.

        Args:
            vrids: their numbers.
            addresses: virtual addresses, any of which they announce; canonical text.
            routers: addresses of routers, any of which advertises for them; canonical text.
            segments: where they are: "" (untagged), "vlan100", ...
        """
        chosen = tuple(
            v
            for v in self.virtual_routers
            if (not vrids or v.router.key.vrid in vrids)
            and (not addresses or not v.router.addresses.keys().isdisjoint(addresses))
            and (not routers or not v.router.speakers.keys().isdisjoint(routers))
            and (not segments or v.router.key.segment in segments)
        )
        keys = {None, *(v.key for v in chosen)}
        findings = tuple(f for f in self.findings if f.virtual_router in keys)
        return replace(self, virtual_routers=chosen, findings=findings)

    # --- what a notebook asks: each opens a door to the right, by name, when it is asked ----------------------------

    def between(self, start: Time | None = None, end: Time | None = None) -> Analysis:
        """Return the part of the story that touches a time; see `vrrpscope.questions.slices`.

        Args:
            start: text ("16:55:12", "2026-11-22T16:55:12Z", "+12.5", "lb01#45"), a datetime, a pandas Timestamp, or
                nanoseconds since the epoch; None is from the beginning.
            end: likewise; None is to the end.

        Raises:
            UsageError: no time, or one that was not captured.
        """
        from vrrpscope.questions.again import remembered  # noqa: PLC0415
        from vrrpscope.questions.moment import instant  # noqa: PLC0415
        from vrrpscope.questions.slices import between  # noqa: PLC0415

        captures = remembered(self)
        return between(self, *(None if t is None else instant(t, self, captures) for t in (start, end)))

    def who(self, time: Time) -> Answers:
        """Return for each virtual router who was master at a time; how `time` may be written: see `between`."""
        from vrrpscope.questions.again import remembered  # noqa: PLC0415
        from vrrpscope.questions.heard import last_heard  # noqa: PLC0415
        from vrrpscope.questions.moment import instant  # noqa: PLC0415
        from vrrpscope.questions.who import Answers, who  # noqa: PLC0415

        captures = remembered(self)
        t = instant(time, self, captures)
        return Answers(who(self, t, last_heard(captures, t)), t)

    def table(self, name: str) -> pd.DataFrame:
        """Return adverts, elections, masters, split_brains, missed, findings, routers or availability as a table."""
        from vrrpscope.report.tables import table  # noqa: PLC0415

        return table(self, name)

    def plot(self, name: str | None = None, **options: object) -> Figure:
        """Return a figure: the whole story, or a timeline, raster, intervals, priority, takeovers, availability.

        Args:
            name: which; all of them by default.
            options: of that plot, `ax` for instance.

        Raises:
            UsageError: there is no such plot.
        """
        from vrrpscope.plots import draw  # noqa: PLC0415

        return draw(self, name, **options)

    def __repr__(self) -> str:
        from vrrpscope.report.card import as_text  # noqa: PLC0415

        return as_text(self)

    def _repr_html_(self) -> str:
        from vrrpscope.report.card import as_html  # noqa: PLC0415

        return as_html(self)
