"""Why a router fell silent, told by what came of it beside its adverts and by how it returned.

When a daemon ends, however it does, its kernel leaves the multicast group at once: a host that did is up. Whether the
host's other traffic went on tells a starved daemon from a host that stood still; hypervisors say when they have moved
one. And keepalived numbers its adverts from 1 and counts also those that could not leave:

    1            its daemon was started anew: it had been stopped without a farewell, or had died
    3 further    two went between that never left: the two priority 0 of FAULT, said into a dead link
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.timeline.events import Cause

if TYPE_CHECKING:
    from vrrpscope.rules.catalogue import Case
    from vrrpscope.timeline.events import Election, Seen

_FAULT_UNHEARD: Final = 3
_ENDED = (
    "Find what ended it (on {router}, journalctl -u keepalived -k: out of memory, killed, crash, reboot). A daemon "
    "that is killed leaves the address configured: ip address show."
)


class Why(NamedTuple):
    """What made a router silent."""

    causes: tuple[str, ...]  # the likeliest first; words of `rules.causes`
    words: str
    remedy: str
    seen: Seen | None = None


def lost_by_silence(back: Election, case: Case) -> Election | None:
    """Return the takeover from a router that fell silent, now that it is back as master."""
    if case.router is None:
        return None
    for election in reversed(case.router.history.elections):
        if election.previous == back.router and election.time < back.time:
            return election if election.cause is Cause.TIMEOUT else None
    return None


def fell_silent(lost: Election, old: str, case: Case) -> Why | None:
    """Tell why a master fell silent and another took over; None where nothing tells."""
    if lost.last_heard is None:
        return None
    start = lost.last_heard.t
    left = case.left(old, start, lost.time)
    if left is not None:
        words = f"Its kernel left the VRRP group ({case.where(left)}), as it does when a daemon ends: the host was up."
        return Why(("crashed", "stopped"), words, _ENDED.format(router=old), left)
    return _returned(lost, old, case) or _beside(old, start, lost.time, case)


def held_up(router: str, start: int, end: int, case: Case) -> Why:
    """Tell why a master did not send in time, between two of its adverts."""
    remedy = f"Look for CPU starvation, VM pauses or blocked I/O on {router} ('A thread timer expired' in its log)."
    if moved := _moved(router, start, end, case):
        return moved
    alive = case.alive(router, start, end)
    if alive is None:
        return Why(("starvation", "host-pause"), "", remedy)
    if alive:
        words = "Its host sent other frames meanwhile, so it was its daemon that did not get to run."
        return Why(("starvation",), words, remedy)
    return Why(("host-pause", "starvation"), "Nothing else came from its host meanwhile either.", remedy)


def _moved(router: str, start: int, end: int, case: Case) -> Why | None:
    """Tell it by what a hypervisor said."""
    moved = case.moved(router, start, end)
    if moved is None:
        return None
    words = f"Its hypervisor announced it anew ({case.where(moved)}): it was moved, and stood still for that."
    remedy = f"Move {router} while it is backup, or give the timers room for the pause: a longer advert_int."
    return Why(("host-pause",), words, remedy, moved)


def _returned(lost: Election, old: str, case: Case) -> Why | None:
    """Tell it by its next advert as master."""
    if case.router is None or lost.last_heard is None:
        return None
    if not case.speaker(old).numbers:
        return None
    since = takewhile(lambda e: e.time > lost.time, reversed(case.router.history.elections))
    back = min((e for e in since if e.router == old), key=lambda e: e.time, default=None)
    if back is None:
        return None
    last, first = lost.last_heard.ip_id, back.seen.ip_id
    where = case.where(back.seen)
    if first == 1 != last + 1:
        words = f"When {old} was back it counted from 1 ({where}): its daemon, or its host, had died in between."
        return Why(("crashed", "stopped"), words, _ENDED.format(router=old), back.seen)
    if first - last == _FAULT_UNHEARD:
        words = (
            f"When {old} was back it had counted two adverts that nobody saw ({where}), as keepalived does when its "
            "interface goes down: FAULT, with two farewells that cannot leave."
        )
        remedy = f"Look at the link of {old}: cable, switch port, driver."
        return Why(("link-down", "path"), words, remedy, back.seen)
    return None


def _beside(old: str, start: int, end: int, case: Case) -> Why | None:
    """Tell it by what else came from its host."""
    remedy = f"Look at {old} at that time: host, link and daemon."
    if moved := _moved(old, start, end, case):
        return moved
    alive = case.alive(old, start, end)
    if alive is None:
        return None
    if alive:
        words = "Its host sent other frames meanwhile: it was up and its link too."
        return Why(("crashed", "starvation", "send-failure"), words, remedy)
    words = "Nothing else came from its host meanwhile either: the host or its link was gone."
    return Why(("link-down", "crashed", "host-pause", "path"), words, remedy)
