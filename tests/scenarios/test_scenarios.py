"""Stories as data: each folder holds what happened, the adverts, and what must be told of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import trace as traces
from tests.scenarios import telling

if TYPE_CHECKING:
    from collections.abc import Callable

STORIES = sorted(path.parent for path in Path(__file__).parent.glob("*/trace.txt"))

story_of = pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)


@story_of
def test_the_engine_tells_the_story(story: Path, golden: Callable[[Path, str], None]) -> None:
    trace = traces.parse((story / "trace.txt").read_text(encoding="utf-8"))
    golden(story / "events.jsonl", telling.tell(trace, *telling.run(trace)))


@story_of
@pytest.mark.parametrize(("sizes", "masked"), [((1,), True), ((1,), False), ((2, 3, 5, 7), True)])
def test_the_story_is_the_same_in_other_batches(story: Path, sizes: tuple[int, ...], masked: bool) -> None:
    trace = traces.parse((story / "trace.txt").read_text(encoding="utf-8"))
    told = telling.tell(trace, *telling.run(trace))
    assert telling.tell(trace, *telling.run(trace, sizes, masked=masked)) == told


@story_of
def test_the_story_is_described(story: Path) -> None:
    lines = (story / "description.txt").read_text(encoding="utf-8").splitlines()
    assert 3 <= len(lines) <= 12
    assert max(map(len, lines)) <= 110
