"""Whether the master has its virtual addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.rules.judging import LIKELY, POSSIBLE, WARNING, Story, Told, check
from tests.scenarios.telling import run
from tests.trace import parse
from vrrpscope.rules import Case
from vrrpscope.rules.addresses import address_unanswered
from vrrpscope.timeline import asked
from vrrpscope.timeline.events import AddressUnanswered

if TYPE_CHECKING:
    from vrrpscope.evidence.home import Homes

_ASKS = "A is p150\n 0 A id=500\n every 1s from 1 to 20: A\n every 1s from 7.5 to 14.5: Z who-has\n"
_ANSWERED = _ASKS + "3.1 Z who-has\n 3.1001 A arp-reply to=10.0.0.30\n"
_GONE = "10.0.0.5 is master, and nobody answers for 10.0.0.3"
_RETURNS = "A is p150\n every 1s from 0 to 5: A\n 5.2 A p0\n every 1s from 5.614 to 20: A\n"

STORIES = [
    Story(
        "address-unanswered",
        "positive",
        "a client that was answered before asks in vain",
        _ANSWERED,
        (Told(WARNING, LIKELY, "A", 7.5, None, (6, 11, 25), _GONE),),
    ),
    Story(
        "address-unanswered",
        "positive",
        "until the address is back",
        _ANSWERED + "14.6 A garp",
        (Told(WARNING, LIKELY, "A", 7.5, 14.6, (6, 11, 25), _GONE + " for 7.100 s"),),
    ),
    Story("address-unanswered", "near-miss", "answers to that client may not be seen here", _ASKS),
    Story(
        "address-unanswered",
        "near-miss",
        "another client was answered",
        _ASKS + "3.1 C who-has\n 3.1001 A arp-reply to=10.0.0.7",
    ),
    Story(
        "address-unanswered",
        "near-miss",
        "answered before, in another capture",
        _ANSWERED.replace("-reply", "-reply @1"),
    ),
    Story(
        "address-unanswered",
        "near-miss",
        "somebody else answers",
        _ANSWERED + "every 1s from 7.51 to 14.51: X arp-reply",
    ),
    Story(
        "address-unanswered",
        "near-miss",
        "the master died, and nobody is left to answer",
        _ANSWERED.replace("to 20: A", "to 7: A") + "end 30",
    ),
    Story(
        "address-unanswered",
        "near-miss",
        "another took over and answers",
        _ANSWERED.replace("to 20: A", "to 6: A") + "every 1s from 9.611 to 20: B\n 9.6112 B garp\n"
        "every 1s from 9.51 to 14.51: B arp-reply",
    ),
    Story(
        "address-unanswered",
        "near-miss",
        "three questions for one packet",
        "A is p150\n every 1s from 0 to 20: A\n 3.1 Z who-has\n 3.1001 A arp-reply to=10.0.0.30\n"
        "every 0.9s from 7.5 to 9.3: Z who-has",
    ),
    Story(
        "address-unanswered",
        "clean",
        "each question is answered",
        _ANSWERED + "every 1s from 7.5001 to 14.5001: A arp-reply to=10.0.0.30",
    ),
    Story(
        "resigned-and-returned",
        "positive",
        "as keepalived does when its address vanishes",
        _RETURNS,
        (Told(WARNING, LIKELY, "A", 5.2, 5.614, (7, 8), "10.0.0.5 resigned and 0.414 s later was master again"),),
    ),
    Story(
        "resigned-and-returned",
        "near-miss",
        "without IP IDs it may be another router of that address",
        "A is v6\n every 1s from 0 to 5: A\n 5.2 A p0\n every 1s from 5.809 to 20: A\n",
    ),
    Story(
        "resigned-and-returned", "near-miss", "it was started anew", _RETURNS.replace("A p0\n", "A p0\n 5.614 A id=1\n")
    ),
    Story(
        "resigned-and-returned",
        "near-miss",
        "it waited for a master down interval",
        "A is p150\n every 1s from 0 to 5: A\n 5.2 A p0\n every 1s from 8.6 to 20: A\n",
    ),
    Story(
        "resigned-and-returned",
        "near-miss",
        "another took over",
        "A is p150\n every 1s from 0 to 5: A\n 5.2 A p0\n every 1s from 5.809 to 20: B\n",
    ),
    Story("resigned-and-returned", "clean", "a healthy master", "A is p150\n every 1s from 0 to 20: A"),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_rule_tells_of_addresses(story: Story) -> None:
    check(story)


@dataclass
class AtHome:
    """What single captures tell of homes, for a test."""

    home: str

    def of(self, sender: str) -> int | None:
        return 0 if sender == self.home else None


def test_at_the_masters_own_host_its_answers_would_be_seen() -> None:
    engine, events = run(parse(_ASKS))
    event = next(e for e in events if isinstance(e, AddressUnanswered))
    homes: Homes = AtHome("10.0.0.5")  # type: ignore[assignment] # a stand-in
    (finding,) = address_unanswered(event, Case(["lb01"], engine.routers[event.key], homes=homes))
    assert finding.confidence is POSSIBLE
    assert "lb01 was captured at 10.0.0.5" in finding.explanation


def test_many_askers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "MAX_PAIRS", 1)
    _, events = run(parse(_ANSWERED + "every 1s from 6.5 to 14.5: C who-has"))
    assert {e.asker for e in events if isinstance(e, AddressUnanswered)} == {"10.0.0.7"}
