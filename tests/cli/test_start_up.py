"""What a command loads is what it needs; nothing here measures time, the names of the modules say enough."""

from __future__ import annotations

import gzip
import json
import sys
from typing import TYPE_CHECKING, Final

import pytest

from tests.cli.running import HEALTHY, run

if TYPE_CHECKING:
    from pathlib import Path

SPY: Final = """
import json, sys
from vrrpscope.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)
"""
NEVER: Final = {
    "pyarrow",
    "rich",
    "pandas",
    "matplotlib",
    "scapy",
    "pyshark",
    "jinja2",
    "textual",
    "jsonschema",
    "IPython",
    "pytest",
}
CODECS: Final = {"zstandard", "lz4"}  # the rest is in the standard library, and click loads it


PARTS_SPY: Final = SPY.replace("name.partition('.')[0]", "name")
BESIDE: Final = {
    "vrrpscope.evidence.keepalived_conf",
    "vrrpscope.evidence.keepalived_log",
    "vrrpscope.evidence.survey",
    "vrrpscope.evidence.verdict",
    "vrrpscope.keepalived",
    "vrrpscope.rules.config_pairs",
    "vrrpscope.rules.logged",
    "vrrpscope.rules.meant",
}
"""What no capture that comes alone needs."""


def loaded(*arguments: str, spy: str = SPY) -> set[str]:
    result = run(*arguments, command=(sys.executable, "-c", spy))
    return set(json.loads(result.err.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["-h"]])
def test_help_and_version_load_nothing_heavy(arguments: list[str]) -> None:
    assert loaded(*arguments) & (NEVER | CODECS | {"numpy", "asyncio", "multiprocessing"}) == set()


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_analysing_a_plain_capture_loads_numpy_and_no_other_library(form: str) -> None:
    found = loaded("analyze", str(HEALTHY), "--format", form)
    assert "numpy" in found
    assert found & (NEVER | CODECS) == set()


def test_colour_loads_rich_and_no_other_library() -> None:
    found = loaded("analyze", str(HEALTHY), "--color", "always")
    assert "rich" in found
    assert found & (NEVER - {"rich"} | CODECS) == set()


def test_a_capture_alone_loads_nothing_that_reads_logs_or_configurations() -> None:
    found = loaded("analyze", str(HEALTHY), spy=PARTS_SPY)
    assert "vrrpscope.rules.split_brain" in found
    assert found & BESIDE == set()


def test_a_compressed_capture_loads_only_its_own_codec(tmp_path: Path) -> None:
    path = tmp_path / "lb01.pcap.gz"
    path.write_bytes(gzip.compress(HEALTHY.read_bytes()))
    found = loaded("analyze", str(path))
    assert found & (NEVER | CODECS) == set()


@pytest.mark.parametrize("form", ["text", "csv", "ndjson"])
def test_decoding_loads_numpy_and_no_other_library(form: str) -> None:
    found = loaded("decode", str(HEALTHY), "--format", form)
    assert "numpy" in found
    assert found & (NEVER | CODECS) == set()


def test_a_picture_loads_matplotlib_and_no_other_library(tmp_path: Path) -> None:
    found = loaded("analyze", str(HEALTHY), "--plot", str(tmp_path / "story.png"))
    assert "matplotlib" in found
    assert found & (NEVER - {"matplotlib"}) == set()


def test_a_mistyped_command_loads_nothing_heavy() -> None:
    assert loaded("analyse") & (NEVER | CODECS | {"numpy"}) == set()
