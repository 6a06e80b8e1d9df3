"""The command line as a user runs it: as a process, or (faster) in this one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from vrrpscope.cli import main

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).parents[2]
SAMPLES: Final = ROOT / "samples"
HEALTHY: Final = SAMPLES / "failover" / "lb01.pcap"
WARNING: Final = SAMPLES / "lossy" / "lb02.pcap"
CRITICAL: Final = SAMPLES / "both-deaf" / "lb01.pcap"
COMMAND: Final = (sys.executable, "-m", "vrrpscope")
PATIENCE: Final = 60  # seconds after which a hanging process is a failure


class Result(NamedTuple):
    """What came back."""

    code: int
    out: str
    err: str


def environment(**changes: str) -> dict[str, str]:
    """Return this environment without what steers colours and widths, and with changes."""
    unset = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TERM", "PYTHONIOENCODING", "LC_ALL", "PYTHONWARNINGS"}
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **changes}


def run(
    *arguments: str | Path,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    command: tuple[str, ...] = COMMAND,
    cwd: Path | None = None,
) -> Result:
    """Run `vrrpscope` as a process."""
    done = subprocess.run(
        [*command, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        env=dict(env or environment()),
        cwd=cwd,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def call(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Result:
    """Run `vrrpscope` in this process."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return Result(ended.value.code, said.out, said.err)


def one_line(result: Result) -> str:
    """Return the error of a run that said nothing else."""
    assert result.out == ""
    assert result.err.count("\n") == 1
    assert result.err.startswith("vrrpscope: ")
    assert result.err.rstrip("\n").isprintable()
    return result.err
