"""Log lines are stamped when they arrive, whoever writes them and however often the writer starts anew."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest

from vrrpscope.errors import StagingError

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    pytest.skip("no FIFOs here", allow_module_level=True)

from vrrpscope.lab.logs import Log


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "keepalived.out", "lb01's keepalived")


def test_lines_of_one_writer_after_another_are_one_log(log: Log) -> None:
    before = time.time_ns()
    for text in ("first\n", "second\nthird\n"):
        with open(log.path, "w", encoding="utf-8") as daemon:
            daemon.write(text)
    log.close()
    assert log.text() == "first\nsecond\nthird\n"
    stamps = [line.t for line in log.lines]
    assert before <= stamps[0] <= stamps[1] <= stamps[2] <= time.time_ns()


def test_a_line_that_comes_is_waited_for(log: Log) -> None:
    with open(log.path, "w", encoding="utf-8") as daemon:
        daemon.write("(VI_50) Entering MASTER STATE\n")
    log.wait("MASTER", 0, 10)
    log.close()


def test_a_line_from_before_does_not_count(log: Log) -> None:
    with open(log.path, "w", encoding="utf-8") as daemon:
        daemon.write("(VI_50) Entering MASTER STATE\n")
    log.wait("MASTER", 0, 10)
    with pytest.raises(StagingError, match=r"lb01's keepalived: no log line with 'MASTER' .* '\(VI_50\) Entering"):
        log.wait("MASTER", time.time_ns(), 0.01)
    log.close()


def test_bytes_that_are_no_text_and_a_last_line_without_an_end_are_kept(log: Log) -> None:
    with open(log.path, "wb") as daemon:
        daemon.write(b"\xff\xfe\nhalf")
    log.close()
    assert log.text() == "\ufffd\ufffd\nhalf"
