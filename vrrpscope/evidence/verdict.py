"""What logs and configurations change about the story that captures tell.

A capture shows that two masters did not hear each other; the log of one says what it heard and why it refused it, and
two configurations say in which setting they differ. Where such a word explains a split brain for which the packets
leave more than one cause, its cause is set here, before rules find words for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrpscope.evidence import heard_of
from vrrpscope.evidence.agreement import by_configuration

if TYPE_CHECKING:
    from vrrpscope.evidence.testimony import Testimony
    from vrrpscope.timeline.router import Router


def settle(router: Router, testimony: Testimony) -> None:
    """Correct the history of a virtual router by what its routers' configurations, then their logs say."""
    splits = router.history.splits
    for start in splits:
        if testimony.meant:
            splits[start] = by_configuration(splits[start], router, testimony)
        if testimony.overlays:
            splits[start] = heard_of.settled(splits[start], router, testimony)
