"""Tests that need root and real daemons: `pytest -m lab`. They are skipped where these cannot be had."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.lab.causes import summary
from tests.lab.telling import Tellers

if TYPE_CHECKING:
    from collections.abc import Iterator

TELLERS = pytest.StashKey[Tellers]()


@pytest.fixture(scope="session")
def tellers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tellers]:
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("real daemons need Linux and root")
    found = Tellers(tmp_path_factory.mktemp("lab"))
    request.config.stash[TELLERS] = found
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    found.begin(
        [str(i.callspec.params["story"]) for i in items if hasattr(i, "callspec") and "story" in i.callspec.params]
    )
    yield found
    found.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print how far reports and daemons agree, and which causes are named."""
    tellers = config.stash.get(TELLERS, None)
    if tellers is None or not tellers.agreement:
        return
    terminalreporter.section("agreement of reports with the daemons on who was master")
    for (story, view), share in sorted(tellers.agreement.items()):
        terminalreporter.write_line(f"{story:<24} {view:<10} {share:8.3%}")
    if tellers.found:
        terminalreporter.section("causes that were staged, and what reports name")
        for line in summary(tellers.found):
            terminalreporter.write_line(line)
