"""The words for causes: explained, used, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.rules.judging import findings
from vrrpscope.rules.causes import CAUSES

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted(path.name for path in (ROOT / "tests" / "scenarios").iterdir() if (path / "trace.txt").exists())


def test_every_word_is_explained_in_the_reference() -> None:
    page = (ROOT / "docs" / "causes.md").read_text(encoding="utf-8")
    said = [
        word for cell in re.findall(r"^\| ([^|]*`) \|", page, re.MULTILINE) for word in re.findall(r"`(.*?)`", cell)
    ]
    assert said == list(CAUSES)


@pytest.mark.parametrize("word", CAUSES)
def test_some_rule_names_each_cause(word: str) -> None:
    sources = [p for p in (ROOT / "vrrpscope" / "rules").glob("*.py") if p.name != "causes.py"]
    assert any(f'"{word}"' in path.read_text(encoding="utf-8") for path in sources)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_findings_name_causes_by_these_words_alone(scenario: str) -> None:
    for finding in findings((ROOT / "tests" / "scenarios" / scenario / "trace.txt").read_text(encoding="utf-8")):
        assert finding.cause in {"", *CAUSES}
        assert set(finding.also_possible) <= CAUSES.keys() - {finding.cause}
        assert finding.cause or not finding.also_possible
