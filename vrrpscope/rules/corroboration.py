"""What the daemons' own words add to a finding: the lines that explain it, and the cause where they settle it.

    corroborate(event, finding, case)   after a rule has found something about an event

A packet shows that a master fell silent; its log says why. Where a log settles the cause, the finding becomes certain
and loses its alternatives; where it only tells more, the lines are quoted. Nothing is concluded from what a log does
not say, but for one thing: a daemon that starts without having stopped was killed.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.evidence import heard_of
from vrrpscope.evidence.frr_words import unmarked
from vrrpscope.evidence.quotes import Span
from vrrpscope.evidence.said import Kind, masked
from vrrpscope.findings import Confidence, Finding
from vrrpscope.rules.text import listing
from vrrpscope.timeline.events import Cause, Election, Missed, MissedKind, NoMaster, SplitBrain
from vrrpscope.timeline.timers import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vrrpscope.evidence.quotes import Quote
    from vrrpscope.rules.catalogue import Case
    from vrrpscope.timeline.events import Event

_QUOTED: Final = 3  # lines in a sentence
_FOLLOWED: Final = 200  # lines looked at behind an event
_LONGEST: Final = 160  # characters of one
_RESTART: Final = 3 * SECOND
"""A daemon that starts this soon after it stopped was restarted."""
_NEAR: Final = SECOND
_EXPLAINED: Final = {
    *("failover", "no-master", "late-adverts", "lost-adverts", "near-failover", "slow-failover"),
    *("split-brain", "silent-split-brain"),
}
"""Rules whose findings a log may explain."""
_LEFT: Final = {Cause.TIMEOUT, Cause.RESIGNED, Cause.FAULT, Cause.PRIORITY_DROP, Cause.UNKNOWN}
"""Elections that happened because the old master left, or sank."""


_ADVICE: Final = {
    "send-failure": (
        "{who} could not send its adverts: its own host refused them.",
        "On {who}, look at the packet filter's OUTPUT (nft list ruleset; iptables -S OUTPUT) and at its routes.",
    ),
    "crashed": (
        "The daemon of {who}, or its host, died.",
        "Find what ended it: on {who}, journalctl -u keepalived -k. A killed daemon leaves the address configured.",
    ),
    "starvation": (
        "The daemon of {who} did not get to run.",
        "Find what held it up: CPU starvation (vrrp_rt_priority, vrrp_no_swap), a snapshot, blocked disk.",
    ),
    "link-down": ("The link of {who} went down.", "Look at the link of {who}: cable, switch port, driver."),
    "fault": ("{who} went into FAULT.", "Mend what its log names: a tracked script, process, file or interface."),
    "stopped": ("The daemon of {who} was stopped.", "If nobody meant that: systemctl status keepalived, on {who}."),
    "restarted": ("The daemon of {who} was restarted.", "If nobody meant that: systemctl status keepalived, on {who}."),
    "reloaded": ("{who} read its configuration anew.", "Compare the configurations: vrrpscope check."),
}
"""What to say where logs settle another cause than packets made likely: why, and what to do."""


class _Word(NamedTuple):
    """What logs say of an event."""

    quotes: tuple[Quote, ...]
    cause: str = ""  # empty where they do not settle it
    also_possible: tuple[str, ...] = ()  # what would have been said in the same words


def corroborate(event: Event, finding: Finding, case: Case) -> Finding:
    """Return a finding with what the logs say of its event; as it was where they say nothing."""
    if not case.testimony.overlays or finding.rule not in _EXPLAINED:
        return finding
    word: _Word | None = None
    match event:
        case SplitBrain():
            word = _of_split(event, case)
        case Election() if finding.rule == "slow-failover":
            word = _of_waiting(event, case)
        case Election():
            word = _of_election(_meant(event, finding, case), case)
        case NoMaster():
            word = _of_outage(event, case)
        case Missed():
            word = _of_gap(event, case)
    return finding if word is None else _with(finding, word)


def corroborated(event: Event, findings: Iterable[Finding], case: Case) -> Iterator[Finding]:
    """Yield the findings about one event with what the logs say of it."""
    for finding in findings:
        yield corroborate(event, finding, case)


def _of_split(split: SplitBrain, case: Case) -> _Word | None:
    """Say why two masters refused each other, which of them heard the other, who stood still."""
    if case.router is None:
        return None
    refusals = [q for _, q in heard_of.refusals(split, case.router, case.testimony)]
    if refusals:
        refusals.sort(key=lambda quote: -quote.said.times)
        cause = heard_of.REFUSALS[refusals[0].said.reason]
        settled = split.confidence is Confidence.CERTAIN and split.cause in {cause, "unknown"}
        return _Word(_one_each(refusals), cause if settled else "")
    pauses = [quote for _, quote in heard_of.pauses(split, case.router, case.testimony)]
    if pauses and split.cause in {"paused-node", "one-node-deaf", "unknown"}:
        settled = split.cause == "paused-node"
        return _Word(_one_each(pauses), "starvation" if settled else "", ("host-pause",))
    errors = [
        quote
        for router in split.routers
        for quote in case.said(router, split.start - heard_of.waited(split, case.router), split.end, Kind.SEND_ERROR)
    ]
    if errors:
        return _Word(_one_each(errors), "send-failure")
    hearing = [quote for _, quote in heard_of.hearing(split, case.router, case.testimony)]
    timers = [
        quote for router in split.deaf for quote in case.said(router, split.start - _NEAR, split.start, Kind.DOWN_TIMER)
    ]
    found = _one_each([*timers, *hearing])
    return _Word(found) if found else None


def _meant(event: Election, finding: Finding, case: Case) -> Election:
    """Return the election that a finding is about: the return of a router says something of an earlier one."""
    if event.time == finding.start or case.router is None:
        return event
    return next((each for each in case.router.history.elections if each.time == finding.start), event)


def _of_election(election: Election, case: Case) -> _Word | None:
    """Say why the old master left, or sank."""
    if election.previous is None or election.cause not in _LEFT:
        return None
    return _of_leaving(election.previous, *_silence(election, case), case)


def _of_outage(outage: NoMaster, case: Case) -> _Word | None:
    """Say why the last master left; where another was master unseen, that explains only why it took over."""
    word = _of_leaving(outage.previous, outage.start, outage.at if outage.end is None else outage.end, case)
    unseen = outage.began is not None or outage.claim is not None
    return word._replace(cause="") if word is not None and unseen and word.cause != "link-down" else word


def _of_leaving(old: str, start: int, end: int, case: Case) -> _Word | None:
    """Say why a master stopped advertising, or sank, between two times; the surest word first."""
    words = chain(_of_states(old, start, end, case), _of_priority(old, start, end, case))
    return next(chain(words, _of_trouble(old, start, end, case)), None)


def _of_states(old: str, start: int, end: int, case: Case) -> Iterator[_Word]:
    """Yield what a daemon said it was about to do."""
    early, late = start - _NEAR, end + _NEAR
    if died := case.said(old, early, late, Kind.DIED):
        yield _Word(_first(died), "crashed")
    if faults := case.said(old, early, late, Kind.FAULT):
        failed = case.said(old, early, late, Kind.SCRIPT_FAILED)
        links = case.said(old, early, late, Kind.INTERFACE_DOWN)
        by_link = not failed and (any(q.said.reason == "interface" for q in faults) or bool(links))
        yield _Word((*_first(failed or links), *_first(faults)), "link-down" if by_link else "fault")
    if stopped := case.said(old, early, late, Kind.STOPPING, Kind.STOPPED):
        first = stopped[0].said
        began = case.said(old, first.t, first.t + _RESTART, Kind.STARTED)
        again = _first([quote for quote in began if quote.said.line > first.line])
        yield _Word((*_first(stopped), *again), "restarted" if again else "stopped")


def _of_priority(old: str, start: int, end: int, case: Case) -> Iterator[_Word]:
    """Yield what lowered a daemon's priority."""
    early, late = start - _NEAR, end + _NEAR
    changed = case.said(old, early, late, Kind.PRIORITY_CHANGED)
    if lowered := [q for q in changed if len(q.said.numbers) < 2 or q.said.numbers[1] < q.said.numbers[0]]:
        failed = case.said(old, early, late, Kind.SCRIPT_FAILED)
        reloads = case.said(old, early, late, Kind.RELOADED)
        cause = "priority-weight" if failed or not reloads else "reloaded"
        yield _Word((*_first(failed or reloads), *_first(lowered)), cause)


def _of_trouble(old: str, start: int, end: int, case: Case) -> Iterator[_Word]:
    """Yield what befell a daemon that did not mean to leave."""
    early, late = start - _NEAR, end + _NEAR
    if pauses := _late(old, start, end, case):
        yield _Word(_first(pauses), "starvation", ("host-pause",))
    if links := case.said(old, early, late, Kind.INTERFACE_DOWN):
        yield _Word(_first(links), "link-down")
    if killed := _killed(old, start, case):
        yield _Word(killed, "crashed")
    if errors := case.said(old, early, late, Kind.SEND_ERROR):
        yield _Word(_first(errors), "send-failure")
    if reloads := case.said(old, early, late, Kind.RELOADED):
        yield _Word(_first(reloads), "reloaded")


def _of_waiting(election: Election, case: Case) -> _Word | None:
    """Say why a router took over late."""
    start = election.time - (election.takeover or 0)
    found = case.said(election.router, start, election.time, Kind.PREEMPT_DELAY, Kind.DELAYED, Kind.LATE)
    return _Word(_first(found)) if found else None


def _of_gap(missed: Missed, case: Case) -> _Word | None:
    """Say why a master's adverts did not come."""
    if errors := case.said(missed.router, missed.start, missed.end, Kind.SEND_ERROR):
        return _Word(_first(errors), "send-failure")
    if missed.kind is MissedKind.LOST:
        return None
    if pauses := _late(missed.router, missed.start, missed.end, case):
        return _Word(_first(pauses), "starvation", ("host-pause",))
    stops = case.said(missed.router, missed.start - _NEAR, missed.end + _NEAR, Kind.STOPPING)
    starts = case.said(missed.router, missed.start - _NEAR, missed.end + _NEAR, Kind.STARTED)
    if stops and starts:
        return _Word((*_first(stops), *_first(starts)), "restarted")
    reloads = case.said(missed.router, missed.start - _NEAR, missed.end + _NEAR, Kind.RELOADED)
    return _Word(_first(reloads), "reloaded") if reloads else None


def _silence(election: Election, case: Case) -> tuple[int, int]:
    """Return when the old master was last heard, and when the new one took over."""
    if election.last_heard is not None:
        return election.last_heard.t, election.time
    previous = None if case.router is None else case.router.speakers.get(election.previous or "")
    return election.time - (SECOND if previous is None else previous.profile.down_limit), election.time


def _late(router: str, start: int, end: int, case: Case) -> list[Quote]:
    """Return what says that a daemon stood still in a time: it can say so only when it is over."""
    found = _since(router, start, Kind.LATE, case)
    return [
        q for q in found if q.said.numbers and q.said.t - q.said.numbers[0] <= end and q.said.numbers[0] > SECOND // 2
    ]


def _since(router: str, start: int, kind: Kind, case: Case) -> list[Quote]:
    """Return the first of what a log says from a time on; a storm of such lines would not tell more."""
    if case.router is None:
        return []
    return list(islice(case.testimony.said(case.router.key, router, Span(start, None), (kind,)), _FOLLOWED))


def _killed(router: str, start: int, case: Case) -> tuple[Quote, ...]:
    """Return the line with which a daemon starts that had not stopped."""
    starts = [quote for quote in _since(router, start, Kind.STARTED, case) if quote.said.reason != "child"]
    if not starts:
        return ()
    stops = case.said(router, start - _NEAR, starts[0].said.until, Kind.STOPPING, Kind.STOPPED)
    return () if stops else (starts[0],)


def _first(quotes: Sequence[Quote]) -> tuple[Quote, ...]:
    return tuple(quotes[:1])


def _one_each(quotes: Iterable[Quote]) -> tuple[Quote, ...]:
    """Return the first quote of each kind from each host."""
    return tuple({(q.line.host, q.said.kind): q for q in reversed(list(quotes))}.values())[::-1]


def _with(finding: Finding, word: _Word) -> Finding:
    """Put quotes, and the cause that they settle, into a finding."""
    quotes = word.quotes[:_QUOTED]
    lines = tuple(dict.fromkeys([*finding.lines, *(quote.line for quote in quotes)]))
    explained = replace(finding, explanation=f"{finding.explanation} {_sentences(quotes)}".strip(), lines=lines)
    if not word.cause:
        return explained
    if word.cause != finding.cause and word.cause in _ADVICE:
        who = listing(dict.fromkeys(_address(quote, finding) for quote in quotes))
        why, fix = _ADVICE[word.cause]
        explained = replace(
            explained, explanation=f"{why.format(who=who)} {_sentences(quotes)}", remedy=fix.format(who=who)
        )
    return replace(explained, cause=word.cause, also_possible=word.also_possible, confidence=Confidence.CERTAIN)


def _sentences(quotes: Sequence[Quote]) -> str:
    """Return what logs say, host by host: `The log of lb02 says: "..." (lb02.log:31, 12 times)`."""
    hosts: dict[str, list[str]] = {}
    for quote in quotes:
        times = f", {quote.said.times} times" if quote.said.times > 1 else ""
        hosts.setdefault(quote.line.host, []).append(f'"{_short(quote.said.text)}" ({quote.line}{times})')
    return " ".join(f"The log of {host} says: {listing(said)}." for host, said in hosts.items())


def _address(quote: Quote, finding: Finding) -> str:
    """Return whom a quote is about: a router of the finding, or else the host that says it."""
    return quote.router if quote.router in finding.routers else quote.line.host


def _short(text: str) -> str:
    text = masked(unmarked(text))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
