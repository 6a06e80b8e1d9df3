"""Which rules are imported when: those of captures at once, the others when they are asked for."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import vrrpscope.rules
from vrrpscope.rules import RULES, rules_for

FOLDER: Final = Path(vrrpscope.rules.__file__).parent


def enters_rules(module: Path) -> bool:
    """Whether a module has functions that are entered into the catalogue."""
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "rule"
        for node in ast.walk(ast.parse(module.read_text()))
    )


@pytest.mark.parametrize("module", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_every_topic_is_listed(module: Path) -> None:
    listed = (FOLDER / "__init__.py").read_text()
    if module.stem != "catalogue" and enters_rules(module):
        assert f"import {module.stem}  #" in listed or f'"{module.stem}",' in listed


def test_rules_of_captures_are_some_of_all_in_the_same_order() -> None:
    everything, captures = [rule.name for rule in rules_for(beside=True)], [r.name for r in rules_for(beside=False)]
    assert everything == list(RULES)
    assert 0 < len(captures) < len(everything)
    assert [name for name in everything if name in captures] == captures


def test_the_order_does_not_depend_on_who_was_imported_first() -> None:
    script = "import vrrpscope.rules.config_files, vrrpscope.rules as r; print(*r.RULES)"
    found = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()
    assert found == list(RULES)


def test_another_name_is_not_made_up() -> None:
    with pytest.raises(AttributeError, match="no attribute 'NOTHING'"):
        vrrpscope.rules.NOTHING  # noqa: B018
