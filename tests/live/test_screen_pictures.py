"""The screen, looked at: what it shows is kept in `__snapshots__`; `pytest --snapshot-update` renews the pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live.driving import LARGE, MANY, SMALL, app, tick
from tests.live.staged import told
from tests.live.test_screen_model import HEALTHY, SPLIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taking a picture sets the size of the terminal for all that comes later; here it is put back."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")


PICTURES = {
    "split-brain": (SPLIT, 15.2, SMALL, ()),
    "split-brain-large": (SPLIT, 25.5, LARGE, ("3",)),
    "many": (MANY, 22.2, SMALL, ("j", "j")),
    "details": (SPLIT, 25.5, SMALL, ("enter",)),
    "help": (HEALTHY, 12.4, SMALL, ("question_mark",)),
    "filter": (MANY, 20.2, SMALL, ("slash", *"10.0.7")),
}


@pytest.mark.parametrize("name", PICTURES)
def test_it_looks_as_it_did(name: str, snap_compare: Callable[..., bool]) -> None:
    story, now, size, keys = PICTURES[name]
    state = told(story, now, dropped=12 if name == "many" else 0)

    async def act(pilot: Pilot[None]) -> None:
        await pilot.press(*keys)
        await tick(pilot, state)

    assert snap_compare(app(state), terminal_size=size, run_before=act)


def test_without_colour_it_looks_as_it_did(snap_compare: Callable[..., bool]) -> None:
    assert snap_compare(app(told(SPLIT, 15.2), color=False), terminal_size=SMALL)
