"""Who asked for VRRP's multicast group, and whether the network still knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.text import count, some, span
from vrrpscope.timeline.events import NoQuerier, SplitBrain
from vrrpscope.timeline.timers import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator

_TYPICAL: Final = tuple(seconds * SECOND for seconds in (255, 260, 300))

_MEND = (
    "Let somebody query on this network: a querier on the router or the switch (Linux bridge: ip link set br0 type "
    "bridge mcast_querier 1). Or let the switch flood what is sent to 224.0.0.0/24 and ff02::/16, as RFC 4541 2.1.2 "
    "demands, or switch snooping off for this VLAN."
)


@rule("igmp-snooping", SplitBrain)
def igmp_snooping(split: SplitBrain, case: Case) -> Iterator[Finding]:
    """A router went deaf at the age at which a switch forgets who wanted the multicast group."""
    snooped = case.snooped(split)
    if snooped is None:
        return
    why = (
        f"Its last report of the group is {case.where(snooped.report)}; the first advert it did not hear was sent "
        f"{span(snooped.age)} later, and nobody asked for the group in between. "
    )
    if snooped.usual is not None:
        why += f"Switches that snoop forget a port after {snooped.usual // SECOND} s without a report. "
    if snooped.times > 1:
        why += f"It went deaf at this age {count(snooped.times, 'time')} in this capture. "
    sure = snooped.times > 1 or snooped.usual in _TYPICAL
    yield case.finding(
        "igmp-snooping",
        Severity.WARNING,
        Confidence.LIKELY if sure else Confidence.POSSIBLE,
        start=split.start,
        end=split.end,
        title=f"{snooped.router} went deaf {span(snooped.age)} after it last asked for the multicast group",
        explanation=why.rstrip(),
        remedy=f"{_MEND}\nUntil then a restart of the daemon on {snooped.router} lets it join anew.",
        routers=(snooped.router,),
        frames=(snooped.report, split.last_heard),
        cause="igmp-snooping",
        also_possible=("packet-filter", "path"),
    )


@rule("no-igmp-querier", NoQuerier)
def no_igmp_querier(silent: NoQuerier, case: Case) -> Iterator[Finding]:
    """Hosts ask for VRRP's multicast group, and nobody on the network asks who wants it."""
    what = "MLD" if case.router is not None and case.router.key.family == 6 else "IGMP"
    yield case.finding(
        "no-igmp-querier",
        Severity.INFO,
        Confidence.LIKELY,
        start=silent.first.t,
        title=f"nobody queries {what} on this network: a switch that snoops may forget who wants VRRP",
        explanation=f"{some(silent.members)} asked for the group, first with {case.where(silent.first)}. In the "
        f"{span(silent.observed)} since no query was seen. A switch that snoops and does not flood what is local to "
        "the link forgets a port 260 s after its last report, or at another fixed time, and the router there goes "
        "deaf.",
        remedy=f"Harmless with switches that flood 224.0.0.0/24 and ff02::/16. Otherwise: {_MEND}",
        routers=[member for member in silent.members if case.router is not None and member in case.router.speakers],
        frames=(silent.first,),
    )
