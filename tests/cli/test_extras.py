"""`analyze --plot` and `--export`: what they leave behind, and what they refuse before any work is done."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import CRITICAL, HEALTHY, call, environment, one_line, run

if TYPE_CHECKING:
    from pathlib import Path

TABLES = ("adverts", "elections", "findings", "masters", "missed", "split_brains")
MAGIC = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.mark.parametrize("form", MAGIC)
def test_the_ending_says_what_picture_it_is(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"story.{form.upper()}"
    result = call(capsys, "analyze", CRITICAL, "--plot", path)
    assert result.code == 1
    assert "SPLIT BRAIN" in result.out
    assert path.read_bytes().startswith(MAGIC[form])


def test_tables_are_written_as_csv_and_parquet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pyarrow")
    result = call(capsys, "analyze", CRITICAL, "--export", tmp_path / "tables")
    assert "12 tables" in result.err
    found = sorted(path.name for path in (tmp_path / "tables").iterdir())
    assert found == sorted(f"{name}.{form}" for name in TABLES for form in ("csv", "parquet"))
    with (tmp_path / "tables" / "split_brains.csv").open(encoding="utf-8") as file:
        (split,) = csv.DictReader(file)
    assert split["routers"] == "10.0.0.5 10.0.0.6"
    assert split["start"].endswith("Z")
    assert len(split["start"]) == len("2026-11-22T22:13:58.762704000Z")


def test_only_the_chosen_virtual_routers_are_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, "analyze", HEALTHY, "--vrid", "9", "--export", tmp_path / "tables")
    assert (tmp_path / "tables" / "adverts.csv").read_text(encoding="utf-8").count("\n") == 1


def test_without_pyarrow_there_is_csv_and_a_word(tmp_path: Path) -> None:
    where = tmp_path / "tables"
    code = (
        "import importlib.util, sys; importlib.util.find_spec = lambda *_: None\n"
        "from vrrpscope.cli import main; main(sys.argv[1:])"
    )
    result = run("analyze", HEALTHY, "--export", where, command=(sys.executable, "-c", code))
    assert result.code == 0
    assert "CSV only; Parquet needs pip install 'vrrpscope[parquet]'" in result.err
    assert {path.suffix for path in where.iterdir()} == {".csv"}


def test_what_is_read_only_once_has_a_picture_and_no_adverts(tmp_path: Path) -> None:
    picture, tables = tmp_path / "story.png", tmp_path / "tables"
    data = CRITICAL.read_bytes()
    result = run("analyze", "-", "--plot", picture, "--export", tables, stdin=data, env=environment())
    assert result.code == 1
    assert "adverts left out: stdin can be read only once" in result.err
    assert picture.read_bytes().startswith(MAGIC["png"])
    assert not (tables / "adverts.csv").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--plot", "story.gif"), "is a .png, .svg or .pdf file"),
        (("--plot", "story"), "is a .png, .svg or .pdf file"),
        (("--plot", "/nowhere/story.png"), "cannot be written"),
        (("--export", "/proc/nowhere"), "cannot be written"),
        (("--export", str(HEALTHY)), "is not a directory"),
        (("--export", str(HEALTHY.parent)), "is not empty"),
    ],
)
def test_what_cannot_be_written_is_told_before_any_work(
    options: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result = call(capsys, "analyze", HEALTHY, *options)
    assert result.code == 2
    assert words in one_line(result)


def test_a_capture_with_the_name_of_a_picture_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "capture.png"
    path.write_bytes(HEALTHY.read_bytes())
    result = call(capsys, "analyze", path, "--plot", path)
    assert result.code == 2
    assert "give the report another name" in result.err
    assert path.read_bytes() == HEALTHY.read_bytes()
