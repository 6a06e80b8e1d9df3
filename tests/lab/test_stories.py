"""Every story, told now by real daemons, is read as it happened: the truth tests.

Each story runs as a user would run it, `vrrpscope lab run STORY -o DIR`, several beside each other: they only
wait most of the time. The table of agreement is printed at the end (see `conftest.py`).

A machine that itself stands still (`stalls` in `truth.json`) can turn a story into another one: a daemon's timer
fires late, a backup takes over from a healthy master. A story that fails on such a machine is told again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests import truths, views, wrapped
from tests.lab import causes
from vrrpscope.lab.stories import STORIES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.telling import Tellers

pytestmark = pytest.mark.lab

RETOLD: Final = 2  # times


@pytest.mark.parametrize("story", STORIES)
def test_the_story_is_read_as_it_happened(story: str, tellers: Tellers) -> None:
    directory = tellers.recorded(story)
    problems = read(story, directory, tellers)
    for _ in range(RETOLD):
        if not problems or not views.truth(directory)["stalls"]:
            break
        directory = tellers.again(story)
        problems = read(story, directory, tellers)
    assert not problems, f"{directory}\n" + "\n".join(problems)


@pytest.mark.parametrize("story", STORIES)
def test_what_was_staged_is_named(story: str, tellers: Tellers) -> None:
    directory = tellers.recorded(story)
    results = list(causes.found(story, directory))
    for _ in range(RETOLD):
        if all(each.said != "missed" for each in results) or not views.truth(directory)["stalls"]:
            break
        directory = tellers.again(story)
        results = list(causes.found(story, directory))
    tellers.found += results
    assert [each for each in results if each.said == "missed"] == []


@pytest.mark.parametrize("story", STORIES)
def test_logs_are_laid_over_the_right_routers_and_agree(story: str, tellers: Tellers) -> None:
    assert list(causes.laid(tellers.recorded(story))) == []


def read(story: str, directory: Path, tellers: Tellers) -> list[str]:
    """Return in which views a report says something else than what happened."""
    problems = []
    for view in views.views(directory):
        tellers.agreement[story, view.name] = truths.agreement(view)
        for check in (*truths.CHECKS, wrapped.check_wrapping):
            try:
                check(view)
            except AssertionError as error:
                problems.append(f"{view.name}: {check.__name__}: {error}")
    return problems
