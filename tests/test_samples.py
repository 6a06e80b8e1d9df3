"""Every recording in `samples/` is told as it happened; neither root nor a daemon is needed for that."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests import truths, views, wrapped
from vrrpscope.lab.daemons import KINDS
from vrrpscope.lab.stories import STORIES

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLES: Final = Path(__file__).parents[1] / "samples"
RECORDED: Final = sorted(path.parent for path in SAMPLES.glob("*/truth.json"))
VIEWS: Final = [view for directory in RECORDED for view in views.views(directory)]


def label(view: views.View) -> str:
    return f"{view.directory.name}-{view.name}"


@pytest.mark.parametrize("view", VIEWS, ids=label)
@pytest.mark.parametrize(
    "check", [*truths.CHECKS, wrapped.check_wrapping], ids=lambda check: check.__name__.removeprefix("check_")
)
def test_the_report_says_what_happened(check: Callable[[views.View], None], view: views.View) -> None:
    check(view)


def test_there_is_a_sample_for_everyone() -> None:
    assert len(RECORDED) >= 12
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) < 3_000_000


@pytest.mark.parametrize("directory", RECORDED, ids=lambda path: path.name)
def test_a_sample_is_a_story_of_the_lab_with_all_that_it_leaves(directory: Path) -> None:
    truth = views.truth(directory)
    story = STORIES[directory.name]
    assert (truth["story"], truth["summary"], truth["to_see"]) == (story.name, story.summary, story.to_see)
    assert [capture["file"] for capture in truth["captures"]] == [capture.name for capture in story.captures]
    names = {path.name for path in directory.iterdir()}
    assert {"README.md", "truth.json", *(capture.name for capture in story.captures)} <= names
    for host in story.hosts:
        for unit in host.units:
            stem = host.name if KINDS[unit.kind].main else f"{host.name}.{unit.kind}"
            assert {f"{stem}.conf", f"{stem}.log"} <= names


@pytest.mark.parametrize("directory", RECORDED, ids=lambda path: path.name)
def test_the_index_names_a_sample_and_the_command_that_recorded_it(directory: Path) -> None:
    index = (SAMPLES / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| \[{directory.name}\]\({directory.name}/\) \|", index, re.MULTILINE)
    command = f"vrrpscope lab run {directory.name}"
    assert command in (directory / "README.md").read_text(encoding="utf-8")


def test_what_a_sample_expects_is_what_its_story_expects() -> None:
    """A story that changed must be recorded again, or the sample is no longer what the lab makes."""
    for directory in RECORDED:
        story, expected = STORIES[directory.name], views.truth(directory)["expected"]
        assert story.told is not None
        assert expected["together"]["verdict"] == story.told.verdict
        assert set(expected["together"]["rules"]) == set(story.told.rules)
        assert expected.keys() == {views.TOGETHER, *story.told_at}
