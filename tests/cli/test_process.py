"""The process among others: pipes that close, terminals, signals, full disks. Never a traceback."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.build import pcap
from tests.cli.running import COMMAND, CRITICAL, HEALTHY, PATIENCE, call, environment, one_line, run
from tests.report.captures import frame, rhythm

FULL: Final = Path("/dev/full")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="speaks of POSIX processes")


def into(stdout: int, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    """Run with a file descriptor as standard output."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=PATIENCE,
        check=False,
        env=environment(),
    )


@pytest.mark.parametrize("arguments", [["analyze", HEALTHY], ["analyze", HEALTHY, "--format", "json"], ["rules"]])
def test_a_reader_that_has_gone_is_no_reason_to_complain(arguments: list[str | Path]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = into(writing, *arguments)
    finally:
        os.close(writing)
    assert done.stderr == b""


def test_a_reader_that_has_gone_is_no_finding() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert into(writing, "analyze", HEALTHY).returncode == 0
    finally:
        os.close(writing)


@pytest.mark.parametrize("arguments", [f"analyze {CRITICAL}", f"analyze {CRITICAL} --format json", "--help"])
def test_head_gets_its_line_and_nobody_a_traceback(arguments: str) -> None:
    shell = f"'{sys.executable}' -m vrrpscope {arguments} | head -1"
    done = run(command=("sh", "-c", shell))
    assert done.code == 0
    assert done.out.count("\n") == 1
    assert done.err == ""


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_full_disk_is_one_line(form: str) -> None:
    with FULL.open("wb") as full:
        done = into(full.fileno(), "analyze", HEALTHY, "--format", form)
    assert done.stderr == b"vrrpscope: standard output: cannot be written: No space left on device\n"
    assert done.returncode == 2


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_a_full_disk_behind_an_output_file_is_one_line() -> None:
    result = run("analyze", HEALTHY, "-o", FULL)
    assert result.code == 2
    assert "/dev/full: cannot be written: No space left" in one_line(result)


@pytest.mark.parametrize("shell", ["analyze - <&-", f"analyze {HEALTHY} >&-"])
def test_a_closed_standard_stream_is_one_line(shell: str) -> None:
    result = run(command=("sh", "-c", f"'{sys.executable}' -m vrrpscope {shell}"))
    assert (result.code, result.out) == (3 if "<" in shell else 2, "")
    assert "is closed" in one_line(result)


READY: Final = """
import re
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from vrrpscope.cli import main
main(sys.argv[1:])
"""


def start(*arguments: str | Path) -> subprocess.Popen[bytes]:
    """Start in the background, ready for Ctrl-C even where the tests themselves run without one."""
    return subprocess.Popen(
        [sys.executable, "-c", READY, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )


@pytest.mark.parametrize("size", [0, 600])
def test_ctrl_c_ends_it_with_130_and_without_a_traceback(size: int, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with start("analyze", fifo) as process:
        try:
            with fifo.open("wb", buffering=0) as writing:  # opens when the other side does
                writing.write(HEALTHY.read_bytes()[:size])
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert process.returncode == 130
    assert out == b""
    assert err.strip() == b""


# --- a terminal ---------------------------------------------------------------------------------------


def on_terminal(*arguments: str | Path, columns: int = 80, **env: str) -> str:
    """Return what a run writes to a terminal that is its standard output and error."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(
        [*map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env=environment(**env),
    ) as process:
        os.close(theirs)
        read = bytearray()
        try:
            while block := os.read(ours, 65536):
                read += block
        except OSError:  # Linux says so when the other side has closed
            pass
        finally:
            os.close(ours)
    assert process.returncode in {0, 1}
    return read.decode().replace("\r\n", "\n")


def test_a_terminal_gets_colour_and_its_width() -> None:
    shown = on_terminal(*COMMAND, "analyze", CRITICAL, columns=60, TERM="xterm")
    assert shown.startswith("\x1b[1;91mSPLIT BRAIN")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert [line for line in plain.splitlines() if len(line) > 60 and not line.startswith(" " * 6)] == []


def test_a_wide_terminal_gets_lines_that_can_be_read() -> None:
    shown = on_terminal(*COMMAND, "analyze", HEALTHY, columns=300, TERM="dumb")
    assert "\x1b" not in shown
    assert 80 < max(map(len, shown.splitlines())) <= 100


BAR: Final = """
import sys
import vrrpscope.cli.progress as progress
from vrrpscope.cli import main
progress._PATIENCE = 0.0
main(sys.argv[1:])
"""


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Return a capture of several blocks, each read on its own."""
    start, advert = frame(rhythm(1)[0])
    filler = [(start + n * 1_000_000, bytes(1500)) for n in range(4000)]
    path = tmp_path / "large.pcap"
    path.write_bytes(pcap([(start, advert), *filler]))
    return path


def test_a_progress_bar_is_for_a_terminal_only(large: Path) -> None:
    shown = on_terminal(sys.executable, "-c", BAR, "analyze", large, TERM="xterm")
    assert "reading" in shown
    assert "%" in shown
    assert shown.index("reading") < shown.index("VRID 50")
    piped = run("analyze", large, command=(sys.executable, "-c", BAR))
    assert piped.err == ""


def test_a_progress_bar_ends_at_a_hundred_percent(large: Path) -> None:
    assert "100%" in on_terminal(sys.executable, "-c", BAR, "analyze", large, TERM="xterm")


def test_quick_work_shows_no_bar() -> None:
    assert "reading" not in on_terminal(*COMMAND, "analyze", HEALTHY, TERM="xterm")


@pytest.mark.parametrize(
    ("arguments", "env", "coloured"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        (["--color", "auto"], {"NO_COLOR": ""}, False),
    ],
)
def test_in_a_pipe_colour_must_be_asked_for(
    arguments: list[str],
    env: dict[str, str],
    coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b" in call(capsys, "analyze", CRITICAL, *arguments).out) is coloured


def test_a_terminal_is_asked_not_to_colour() -> None:
    assert "\x1b" not in on_terminal(*COMMAND, "analyze", CRITICAL, TERM="xterm", NO_COLOR="1")


def test_json_is_never_coloured(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\x1b" not in call(capsys, "analyze", CRITICAL, "--format", "json", "--color", "always").out


def test_a_pipe_that_carries_only_ascii_gets_ascii() -> None:
    result = run("analyze", CRITICAL, env=environment(PYTHONIOENCODING="ascii", PYTHONUTF8="0"))
    assert result.code == 1
    assert result.out.isascii()
    assert "#####" in result.out
