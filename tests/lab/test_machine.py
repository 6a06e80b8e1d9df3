"""What a story needs is named before it begins."""

from __future__ import annotations

import sys

import pytest

from vrrpscope.errors import UsageError
from vrrpscope.lab import cell
from vrrpscope.lab.stories import STORIES


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere that is what is said first")
@pytest.mark.parametrize(
    ("story", "missing", "package"),
    [("failover", "keepalived", "keepalived"), ("nginx-weight", "killall", "psmisc"), ("nginx-check", "ps", "procps")],
)
def test_a_missing_program_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, story: str, missing: str, package: str
) -> None:
    monkeypatch.setattr("shutil.which", lambda name, path: None if name == missing else f"{path}/{name}")
    with pytest.raises(UsageError, match=f"^{story} needs {missing}; on Debian or Ubuntu: apt-get install {package}$"):
        cell.check_machine(STORIES[story])
