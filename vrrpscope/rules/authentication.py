"""Digests that fit no key, sequence numbers that come again, and the clocks that keepalived's trailers tell.

What digests say of passwords (two routers sign with different keys, or with the same) is known to the engine as it
goes: see `timeline.acceptance`. Keys are named by their numbers, in the order in which they were given.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.text import count, key_name, listing, span
from vrrpscope.timeline.events import ClocksRead, Closing, NewProfile, Replayed
from vrrpscope.timeline.timers import SECOND
from vrrpscope.wire.columns import Auth, Flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.timeline.sender_clocks import SenderClock
    from vrrpscope.timeline.speaker import Speaker

WINDOW: Final = 5 * SECOND
"""keepalived's smallest default time_window: max(3 x advert_int, 5 s)."""

_APART = SECOND
"""Clocks that differ by less are told of by nobody."""


@rule("bad-digest", NewProfile, Closing)
def bad_digest(event: NewProfile | Closing, case: Case) -> Iterator[Finding]:
    """Adverts arrive with a digest that fits none of the keys given."""
    if case.router is None:
        return
    if isinstance(event, Closing):
        speakers = list(case.router.speakers.values())
    else:
        speakers = [case.speaker(event.profile.address)]
    for speaker in speakers:
        tally = speaker.flags.get(Flag.BAD_DIGEST)
        if tally is None:
            continue
        others = [s for s in case.router.speakers.values() if s is not speaker and s.keys]
        why, fix = _why_bad(speaker, others)
        yield case.finding(
            "bad-digest",
            Severity.WARNING if others or speaker.keys else Severity.INFO,
            Confidence.CERTAIN,
            start=tally.first.t,
            end=tally.last.t,
            title=f"the {'digest' if tally.count == 1 else 'digests'} of {count(tally.count, 'advert')} of "
            f"{speaker.address} {'fits' if tally.count == 1 else 'fit'} none of the keys given",
            explanation=why,
            remedy=fix,
            routers=(speaker.address,),
            frames=(tally.first, tally.last),
            cause="password-mismatch" if others and not speaker.keys else "",
        )


def _why_bad(speaker: Speaker, others: list[Speaker]) -> tuple[str, str]:
    if speaker.keys:
        why = (
            f"Others of its adverts fit {_names(speaker)}. So these were changed on their way, or somebody else sent "
            "them in its name, or it was given another key meanwhile."
        )
        return why, "Compare their MAC address, TTL and IP ID with those of its other adverts."
    if others:
        signs = listing(f"{other.address} signs with {_names(other)}" for other in others)
        why = f"{signs[0].upper()}{signs[1:]}. Whoever has only that key discards these adverts."
        return why, "Set the same auth_pass (AH: its first 8 characters count) or auth_hmac key on all, and reload all."
    why = "No router of this VRID signs with a key given, so the keys given are most likely not theirs."
    return why, "Give the right key: --key TEXT, --key @FILE or --key env:NAME. auth_hmac keys may be written hex:..."


def _names(speaker: Speaker) -> str:
    return listing(key_name(key) for key in sorted(speaker.keys))


@rule("replayed-adverts", Replayed)
def replayed_adverts(replayed: Replayed, case: Case) -> Iterator[Finding]:
    """Adverts that were sent before are sent again."""
    if not replayed.exact:
        return
    yield case.finding(
        "replayed-adverts",
        Severity.WARNING,
        Confidence.LIKELY,
        start=replayed.start,
        end=replayed.end,
        title=f"{count(replayed.count, 'advert')} of {replayed.router} came a second time, long after the first",
        explanation="Each carries the sequence number"
        + (" and the IP ID" if replayed.auth is not Auth.HMAC else "")
        + " of an advert seen before. The daemon itself numbers on; this is what a recording looks like that somebody "
        "plays. Receivers that check the number discard them, but a keepalived master restarts its advert timer on "
        "each, and its own adverts come late.",
        remedy="Find the sender: its source MAC, or the switch port that such frames come from. Let only the routers' "
        "own addresses and ports send IP protocols 51 and 112.",
        routers=(replayed.router,),
        frames=(replayed.first, replayed.last),
        cause="replay",
        also_possible=("reflection", "rogue"),
    )


@rule("sequence-backwards", Replayed)
def sequence_backwards(replayed: Replayed, case: Case) -> Iterator[Finding]:
    """The sequence numbers of a router's adverts go back though it was not started again."""
    if replayed.exact:
        return
    if replayed.auth is Auth.HMAC:
        why = (
            "keepalived's trailer numbers adverts by the sender's clock: it was set back, or somebody else speaks in "
            "its name. Receivers discard such adverts as replayed until the number exceeds the highest they know."
        )
        cause, others = "clock", ["rogue", "replay"]
    else:
        why = (
            "The number of an authentication header only grows, unless the daemon begins anew, and then its IP ID is "
            "1. Two daemons may use one address, or somebody speaks in its name. Receivers discard such adverts "
            "('already processed') until the number exceeds the highest they know."
        )
        cause, others = "source-address", ["rogue", "replay", "restarted"]
    yield case.finding(
        "sequence-backwards",
        Severity.WARNING,
        Confidence.LIKELY,
        start=replayed.start,
        end=replayed.end,
        title=f"the sequence number of {replayed.router} went back"
        + (f" {replayed.count} times" if replayed.count > 1 else ""),
        explanation=why,
        remedy="Look whether two hosts or two daemons send from this address (source MACs), and in its log for clock "
        "steps and starts.",
        routers=(replayed.router,),
        frames=(replayed.first, replayed.last),
        cause=cause,
        also_possible=others,
    )


@rule("hmac-clock", ClocksRead)
def hmac_clock(_: ClocksRead, case: Case) -> Iterator[Finding]:
    """The clocks of routers that sign with auth_hmac differ, from each other or from the capture's."""
    speakers = [] if case.router is None else list(case.router.speakers.values())
    clocks = {s.address: s.clock for s in speakers if s.clock is not None}
    if not clocks:
        return
    window = max(WINDOW, 3 * max(s.profile.interval for s in speakers if s.clock is not None))
    pairs = combinations(sorted(clocks, key=lambda address: clocks[address].offset), 2)
    behind, ahead = max(pairs, key=lambda p: clocks[p[1]].offset - clocks[p[0]].offset, default=(None, None))
    if behind is not None and ahead is not None:
        apart = clocks[ahead].offset - clocks[behind].offset
        if apart > _APART:
            yield _apart(case, clocks, behind, ahead, window)
            return
    off = max((clock.offset for clock in clocks.values()), key=abs)
    if abs(off) <= _APART:
        return
    direction = "ahead of" if off > 0 else "behind"
    if len(clocks) > 1:
        title = f"the clocks of all {len(clocks)} routers are {span(abs(off))} {direction} the capture's"
        why = "They agree with each other, so it is the capture's clock that is wrong."
        fix = "Set the clock of the host that captures (NTP), or mind the difference when comparing with logs."
    else:
        title = f"the clock of {next(iter(clocks))} is {span(abs(off))} {direction} the capture's"
        why = "Only one router was heard to tell its clock, so which of the two is wrong cannot be seen."
        fix = "Check the time of both (chronyc tracking, timedatectl)."
    yield _clocks(case, clocks, Severity.INFO, title, why=f"{_readings(clocks)} {why}", fix=fix)


def _apart(case: Case, clocks: dict[str, SenderClock], behind: str, ahead: str, window: int) -> Finding:
    apart = clocks[ahead].offset - clocks[behind].offset
    beyond = apart > window
    why = f"{_readings(clocks)} By default keepalived discards an advert whose trailer is more than {span(window)} off "
    why += "its own clock (max(3 x advert_int, 5 s); time_window sets it): "
    why += (
        "these two discard each other's adverts as stale, and both become master, unless they have 'anti_replay "
        "monotonic' or a wider window."
        if beyond
        else "they are still within that."
    )
    return _clocks(
        case,
        {behind: clocks[behind], ahead: clocks[ahead]},
        Severity.WARNING if beyond else Severity.INFO,
        f"the clocks of {behind} and {ahead} are {span(apart)} apart",
        why=why,
        fix="Keep the clocks of all routers in step (NTP: chronyc tracking, timedatectl).",
    )


def _clocks(
    case: Case, clocks: dict[str, SenderClock], severity: Severity, title: str, *, why: str, fix: str
) -> Finding:
    return case.finding(
        "hmac-clock",
        severity,
        Confidence.CERTAIN,
        start=min(clock.first.t for clock in clocks.values()),
        end=max(clock.last.t for clock in clocks.values()),
        title=title,
        explanation=why,
        remedy=fix,
        routers=clocks,
        frames=[clock.last for clock in clocks.values()],
        cause="clock" if severity is Severity.WARNING else "",
    )


def _readings(clocks: dict[str, SenderClock]) -> str:
    """Say how each clock is against the capture's: half of what was measured lies below, half above."""
    said = (
        f"{address} {span(abs(clock.offset))} {'ahead' if clock.offset >= 0 else 'behind'}"
        f" (within {span(clock.spread)}, {count(clock.adverts, 'advert')})"
        for address, clock in clocks.items()
    )
    return f"Against the capture's clock: {listing(said)}."
