"""Who asked for the multicast group, and who went deaf when a switch had forgotten it."""

from __future__ import annotations

import pytest

from tests.rules.judging import INFO, LIKELY, POSSIBLE, WARNING, Story, Told, check, findings

_JOINS = "0.1 B igmp-join\n 1.0 B igmp-join\n"


def _deaf(after: float, *, join: str = _JOINS, more: str = "") -> str:
    """B hears A until that time, takes over by its timers, and A answers each of its adverts."""
    took = after + 3.609
    return f"""
        A is p150
        {join}
        every 1s from 0 to {after:g}: A
        every 1s from {after + 1:g} to {after + 3:g}: A
        every 1s from {took:g} to {took + 9:g}: B
        every 1s from {took + 0.004:g} to {took + 9.004:g}: A
        {more}
        start -1
    """


_TWICE = """
    A is p150
    0.1 B igmp-join
    every 1s from 0 to 80: A
    every 1s from 81 to 83: A
    every 1s from 83.609 to 90.609: B
    every 1s from 83.613 to 90.613: A
    every 1s from 91.613 to 180.613: A
    100.7 B igmp-join
    every 1s from 184.222 to 190.222: B
    every 1s from 181.613 to 183.613: A
    every 1s from 184.226 to 190.226: A
    start -1
"""

STORIES = [
    Story(
        "igmp-snooping",
        "positive",
        "deaf 260 s after the last report",
        _deaf(260),
        (Told(WARNING, LIKELY, "B", 263.609, None, (2, 263), "went deaf 4 min 21 s after it last asked"),),
    ),
    Story(
        "igmp-snooping",
        "positive",
        "deaf 125 s after the last report, which may be chance",
        _deaf(125),
        (Told(WARNING, POSSIBLE, "B", 128.609, None, (2, 128), "went deaf 2 min 6 s after"),),
    ),
    Story(
        "igmp-snooping",
        "positive",
        "queries that stopped long before",
        _deaf(262, join="0.5 C igmp-query\n 1.7 B igmp-report"),
        (Told(WARNING, LIKELY, "B", 265.609, None, (4, 265), "went deaf 4 min 21 s after"),),
    ),
    Story(
        "igmp-snooping",
        "positive",
        "twice at one age, which is none of the usual",
        _TWICE,
        (Told(WARNING, LIKELY, "B", 184.222, None, (112, 192), "went deaf 80.9 s after"),),
    ),
    Story("igmp-snooping", "near-miss", "deaf at an age that no switch uses", _deaf(170)),
    Story("igmp-snooping", "near-miss", "deaf soon after the start", _deaf(5)),
    Story("igmp-snooping", "near-miss", "no report in the capture", _deaf(260, join="")),
    Story(
        "igmp-snooping",
        "near-miss",
        "somebody asks, and is answered",
        _deaf(260, more="every 100s from 50 to 250: C igmp-query\n every 100s from 52 to 252: B igmp-report"),
    ),
    Story(
        "igmp-snooping",
        "near-miss",
        "somebody asks, and is not answered: not a matter of age",
        _deaf(260, more="every 100s from 50 to 250: C igmp-query"),
    ),
    Story("igmp-snooping", "near-miss", "another host's report", _deaf(260, join="0.1 C igmp-join")),
    Story("igmp-snooping", "clean", "a healthy pair", f"A is p150\n{_JOINS}every 1s from 0 to 300: A\n"),
    Story(
        "no-igmp-querier",
        "positive",
        "reports, and no query for long",
        f"A is p150\n{_JOINS}0.2 A igmp-join\n every 1s from 0 to 300: A",
        (Told(INFO, LIKELY, "A", 0.1, None, (2,), "nobody queries IGMP"),),
    ),
    Story(
        "no-igmp-querier",
        "positive",
        "MLD",
        "A is p150 v6\n B is v6\n 0.1 B igmp-join\n every 1s from 0 to 300: A",
        (Told(INFO, LIKELY, "", 0.1, None, (2,), "nobody queries MLD", "ipv6/51"),),
    ),
    Story(
        "no-igmp-querier",
        "near-miss",
        "somebody asks",
        f"A is p150\n{_JOINS}every 1s from 0 to 300: A\n 100 C igmp-query",
    ),
    Story("no-igmp-querier", "near-miss", "too short to tell", f"A is p150\n{_JOINS}every 1s from 0 to 200: A"),
    Story(
        "no-igmp-querier",
        "near-miss",
        "unicast needs no group",
        f"A is p150 uni=10.0.0.6\n{_JOINS}every 1s from 0 to 300: A",
    ),
    Story("no-igmp-querier", "clean", "no IGMP in the capture", "A is p150\n every 1s from 0 to 300: A"),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_rule_tells_the_story(story: Story) -> None:
    check(story)


def test_a_network_without_a_querier_is_told_once_however_many_virtual_routers_it_has() -> None:
    found = findings("A is p150\n 0.1 B igmp-join\n every 1s from 0 to 300: A\n every 1s from 0.5 to 300: B vrid=52")
    assert [f.virtual_router for f in found if f.rule == "no-igmp-querier"] == ["ipv4/51"]
