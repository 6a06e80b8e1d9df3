"""An event in one line: when, what, and the frames to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.report.story import election_step, missed_step
from vrrpscope.rules.text import count, some, span
from vrrpscope.timeline import events as told

if TYPE_CHECKING:
    from collections.abc import Callable

    from vrrpscope.timeline.events import Event, Seen


class Words(NamedTuple):
    """An event as people read it."""

    kind: str  # "election", "split-brain", ...
    text: str
    detail: str = ""
    start: int | None = None  # where that is not when it became known
    end: int | None = None
    routers: tuple[str, ...] = ()
    cause: str = ""
    frames: tuple[int, ...] = ()


def where(seen: Seen) -> str:
    """Return how a frame is named: `#14`."""
    return f"#{seen.number}"


def words(event: Event) -> Words | None:
    """Return what an event says; None for one that is only about the end of the captures."""
    teller = _TELLERS.get(type(event))
    return None if teller is None else teller(event)


def _election(e: told.Election) -> Words:
    step = election_step(e, where)
    routers = (e.router,) if e.previous is None else (e.router, e.previous)
    return Words("election", step.text, step.detail, e.time, None, routers, e.cause, _numbers(e.last_heard, e.seen))


def _split(e: told.SplitBrain) -> Words:
    who = some(e.routers)
    how = "silently, " if e.silent else ""
    text = f"SPLIT BRAIN ({how}{e.cause}): {who} are both master"
    if e.end is not None:
        text = f"split brain of {who} ends after {span(e.end - e.start)}"
    return Words("split-brain", text, "", e.start, e.end, e.routers, e.cause, _numbers(e.last_heard, *e.frames))


def _no_master(e: told.NoMaster) -> Words:
    text = f"{e.previous} is not heard any more: nobody is master"
    if e.resumed:
        text = f"{e.previous} was there all along, and not heard here"
    elif e.claim is not None or e.began is not None:
        text = f"{e.previous} is not heard any more; its successor advertises where it is not seen"
    elif e.end is not None:
        text = f"nobody was master for {span(e.end - e.start)}, after {e.previous}"
    return Words("no-master", text, "", e.start, e.end, (e.previous,), "", _numbers(e.last))


def _missed(e: told.Missed) -> Words:
    step = missed_step(e)
    return Words(
        "missed", step.text, step.detail, e.start, e.end, (e.router,), e.kind, (e.before.number, e.after.number)
    )


def _flapping(e: told.Flapping) -> Words:
    text = f"mastership moved {e.moves} times between {some(e.routers)}"
    return Words("flapping", text, "", e.start, None, e.routers, "", _numbers(*e.frames))


def _mismatch(e: told.Mismatch) -> Words:
    routers = (e.one.address, e.other.address)
    return Words("mismatch", f"{routers[0]} and {routers[1]} disagree: {e.kind}", "", None, None, routers, e.kind,
                 _numbers(*e.frames))  # fmt: skip


def _profile(e: told.NewProfile) -> Words:
    who, p = e.profile.address, e.profile
    text = f"{who} is heard for the first time: priority {p.priority}"
    if e.previous is not None:
        text = f"{who} announces something else"
        if e.previous.priority != p.priority:
            text = f"{who} announces priority {p.priority}; it was {e.previous.priority}"
    return Words("profile", text, "", None, None, (who,), "", _numbers(e.seen))


_TELLERS: Final[dict[type, Callable[..., Words]]] = {
    told.Election: _election,
    told.SplitBrain: _split,
    told.NoMaster: _no_master,
    told.Missed: _missed,
    told.Flapping: _flapping,
    told.Mismatch: _mismatch,
    told.NewProfile: _profile,
    told.Restarted: lambda e: Words(
        "restarted",
        f"the daemon of {e.router} was {'reloaded' if e.reload else 'started'} (its IP IDs begin anew)",
        routers=(e.router,),
        frames=_numbers(e.seen),
    ),
    told.CarpBeside: lambda e: Words("carp-beside", f"CARP group {e.vhid} shares the segment", frames=_numbers(e.seen)),
    told.StaleClients: lambda e: Words(
        "stale-clients",
        f"{e.router} is master, and the last that clients heard is {some(e.addresses)} at {e.last.mac}"
        if e.end is None
        else f"clients were told of {e.router} after {span(e.end - e.start)}",
        start=e.start,
        end=e.end,
        routers=(e.router,),
        frames=_numbers(e.last.seen),
    ),
    told.Unannounced: lambda e: Words(
        "unannounced", f"{e.router} took over and announced nothing", routers=(e.router,), frames=_numbers(e.seen)
    ),
    told.ClaimedByOther: lambda e: Words(
        "claimed-by-other",
        f"{e.claim.mac} says that it has {e.claim.address}, while {e.master} is master",
        routers=(e.master,),
        frames=_numbers(e.claim.seen),
    ),
    told.AddressUnanswered: lambda e: Words(
        "address-unanswered",
        f"nobody answers {e.asker}, who asks for {e.address}, while {e.master} is master"
        if e.end is None
        else f"{e.address} is answered for again",
        start=e.start,
        end=e.end,
        routers=(e.master,),
        frames=_numbers(e.first, e.last),
    ),
    told.Intruder: lambda e: Words(
        "intruder",
        f"somebody speaks in the name of {e.victim}"
        if e.forged
        else f"a stranger, {e.profile.address}, took the address from {e.victim}",
        start=e.seen.t,
        end=e.end,
        routers=(e.profile.address, e.victim),
        cause=", ".join(e.why),
        frames=_numbers(e.seen),
    ),
    told.SharedSource: lambda e: Words(
        "shared-source", f"two routers send from {e.address}", routers=(e.address,), frames=_numbers(*e.frames)
    ),
    told.SourceChanged: lambda e: Words(
        "source-changed",
        f"{e.former} now sends from {e.router}",
        routers=(e.former, e.router),
        frames=_numbers(e.before, e.seen),
    ),
    told.ClockStepped: lambda e: Words(
        "clock-stepped",
        f"the clock of this capture was set forward by {span(e.step)}",
        start=e.start,
        end=e.end,
        routers=e.routers,
        frames=_numbers(*e.frames),
    ),
    told.LossesTogether: lambda e: Words(
        "losses-together",
        f"{count(e.adverts, 'advert')} of {count(len(e.keys), 'virtual router')} were lost together",
        start=e.start,
        end=e.end,
        routers=e.routers,
        frames=_numbers(*e.frames),
    ),
    told.Refused: lambda e: Words(
        "refused",
        f"{e.refuser} refuses {count(e.count, 'advert')} of {e.sender} to {e.peer}",
        routers=(e.sender,),
        cause=e.refusal,
        frames=_numbers(e.first, e.last),
    ),
    told.Migrated: lambda e: Words(
        "migrated", f"the virtual machine {e.router} has moved", routers=(e.router,), frames=_numbers(e.seen)
    ),
    told.NoQuerier: lambda e: Words(
        "no-querier", "nobody asks who wants VRRP's multicast group", routers=e.members, frames=_numbers(e.first)
    ),
    told.Replayed: lambda e: Words(
        "replayed",
        f"{count(e.count, 'sequence number')} of {e.router} came again or went back",
        start=e.start,
        end=e.end,
        routers=(e.router,),
        frames=_numbers(e.first, e.last),
    ),
}


def _numbers(*seen: Seen | None) -> tuple[int, ...]:
    return tuple(sorted({each.number for each in seen if each is not None}))
