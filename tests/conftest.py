"""What the whole test suite shares."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.truths")

# In CI the same examples every time, so that a change is not judged by luck; at the desk new ones every time. No
# example is judged by the time it takes: a busy machine is no bug.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("desk", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        nargs="?",
        const="",
        metavar="NAME",
        help="rewrite the expected outputs kept in files (only those whose name begins with NAME) instead of "
        "comparing with them; read the diff before you commit it",
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with a file, or write it there if asked to on the command line."""
    update: str | None = request.config.getoption("--update-golden")

    def check(path: Path, text: str) -> None:
        if update is not None and path.name.startswith(update):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{path} differs; --update-golden accepts the change"

    return check
