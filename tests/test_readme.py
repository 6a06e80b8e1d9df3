"""What the README shows is what its command prints."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.running import run

ROOT = Path(__file__).parents[1]


def test_the_report_shown_is_the_one_that_is_printed() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    command, shown = re.search(r"vrrpscope (analyze \S+)\n```.*?```text\n(.*?)```", text, re.DOTALL).groups()  # type: ignore[union-attr]
    printed = iter(run(*command.split()).out.splitlines())
    assert all(line in printed for line in shown.splitlines())  # each behind the one before
