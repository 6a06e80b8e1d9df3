"""Who is master when the captures end, against who was meant to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.evidence.configuration import SECOND
from vrrpscope.evidence.meant import Meant
from vrrpscope.findings import Confidence, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.configured import see
from vrrpscope.rules.text import span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.findings import Finding
    from vrrpscope.timeline.speaker import Speaker

_ADVERTS: Final = 5
_GRACE: Final = 10 * SECOND
"""How long a host may take to come up, or hear the master, before its absence is worth a word."""


class _Reigning(NamedTuple):
    """The one router that is master when the captures end."""

    speaker: Speaker
    since: int
    lasted: int


@rule("preferred-not-master", Meant)
def preferred_not_master(meant: Meant, case: Case) -> Iterator[Finding]:
    """The router with the highest configured priority is not master when the captures end."""
    reigning = _reigning(case)
    if reigning is None or not _is_preferred(meant, case, reigning):
        return
    instance, now = meant.instance, reigning.speaker.terms.priority
    if reigning.lasted < instance.preempt_delay + _ADVERTS * reigning.speaker.profile.interval + _GRACE:
        return
    keeps = instance.nopreempt
    line = instance.at("nopreempt" if keeps else "priority")
    who, since = reigning.speaker.address, f"for {span(reigning.lasted)}"
    yield case.finding(
        "preferred-not-master",
        Severity.INFO,
        Confidence.POSSIBLE if keeps else Confidence.LIKELY,
        start=reigning.since,
        title=f"{who} has been master {since} with priority {now}, though {meant.host} has {instance.effective()}"
        + " (and nopreempt)" * keeps,
        explanation=f"{meant.host} has nopreempt: a running one would leave {who} alone, so nothing need be wrong, and "
        "whether it runs cannot be seen."
        if keeps
        else f"{meant.host} would have preempted if it ran with all checks good and heard {who}. So it is down, in "
        "FAULT, has a weighted check that fails, or is cut off.",
        remedy=f"On {meant.host}: systemctl status keepalived; journalctl -u keepalived. {see([line])}",
        routers=(who,),
        frames=(reigning.speaker.last,),
        lines=[line],
        subject=meant.host,
        cause="nopreempt" if keeps else "",
    )


def _reigning(case: Case) -> _Reigning | None:
    if case.router is None:
        return None
    reigns = [reign for reign in case.router.history.reigns if reign.end is None]
    if len(reigns) != 1:
        return None
    speaker = case.speaker(reigns[0].router)
    return _Reigning(speaker, reigns[0].start, speaker.last.t - reigns[0].start)


def _is_preferred(meant: Meant, case: Case, reigning: _Reigning) -> bool:
    """Tell whether it is another host than the master's, should be above it and all others, and was not heard since."""
    other = case.configured(reigning.speaker.address)
    mine = meant.instance.effective()
    if other is None or other.host == meant.host or mine <= reigning.speaker.terms.priority:
        return False
    if meant.router is not None and case.speaker(meant.router).last.t >= reigning.since:
        return False
    rivals = [m for m in case.testimony.meant if m.key == meant.key and m.host != meant.host]
    return all(rival.instance.effective() < mine for rival in rivals)
