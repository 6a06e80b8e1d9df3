"""A daemon that began anew: its IP ID counter, which keepalived starts at 1, tells so.

Nothing is wrong with that, but it says why a router was silent, and when somebody changed something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.timeline.events import Restarted

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule("restart", Restarted)
def restart(restarted: Restarted, case: Case) -> Iterator[Finding]:
    """A daemon was started anew, or reloaded its configuration."""
    router, where = restarted.router, case.where(restarted.seen)
    if restarted.reload:
        title = f"the daemon of {router} read its configuration anew"
        why = f"Its IP IDs begin again at 1 ({where}) without a gap between its adverts: it was reloaded."
    else:
        title = f"the daemon of {router} was started anew"
        why = f"Its IP IDs begin again at 1 ({where}) after it was silent or no master: it was stopped, or had died."
    yield case.finding(
        "restart",
        Severity.INFO,
        Confidence.CERTAIN,
        start=restarted.seen.t,
        end=restarted.seen.t,
        title=title,
        explanation=why,
        remedy="",
        routers=(router,),
        frames=(restarted.seen,),
        subject=router,
        cause="reloaded" if restarted.reload else "restarted",
    )
