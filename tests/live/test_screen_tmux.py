"""The screen once for real: under tmux, in a terminal of its own, driven by keys and read back as a user reads it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TRIES = 600
PAUSE = 0.05  # seconds between two looks

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")


class Terminal:
    """A terminal in tmux, on a server of its own."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def tmux(self, *words: str) -> str:
        command = ["tmux", "-S", str(self._socket), "-f", "/dev/null", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def start(self, *environment: str, width: int = 80, height: int = 24) -> None:
        play = f"{sys.executable} -m tests.live.staged firewall-split-brain/lb02.pcap 14"
        # The shell stays, so that what the screen leaves behind can be read.
        shell = (
            f"cd {ROOT} && env -u COLUMNS -u LINES {' '.join(environment)} {play}; echo left with $?; exec sleep 600"
        )
        self.tmux("new-session", "-d", "-x", str(width), "-y", str(height), "sh", "-c", shell)

    def text(self, *, styles: bool = False) -> str:
        return self.tmux("capture-pane", "-p", *(["-e"] if styles else []))

    def wait_for(self, words: str) -> str:
        """Look until words are there."""
        for _ in range(TRIES):
            if words in (text := self.text()):
                return text
            threading.Event().wait(PAUSE)
        pytest.fail(f"{words!r} never came:\n{self.text()}")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    shown = Terminal(tmp_path / "tmux")
    yield shown
    shown.tmux("kill-server")


def test_it_shows_a_split_brain_follows_the_window_and_leaves_a_clean_terminal(terminal: Terminal) -> None:
    terminal.start("COLORTERM=truecolor")
    lines = terminal.wait_for("split-brain").splitlines()
    assert "nothing dropped" in lines[1]
    assert "10.0.0.5 +1" in lines[4]
    assert any(line.strip().startswith("10.0.0.6 100") and "▞▞▞" in line for line in lines)
    assert "q quit" in lines[23]
    terminal.tmux("send-keys", "/", "nowhere", "Enter")
    terminal.wait_for("VIRTUAL ROUTERS 0 of 1")
    terminal.tmux("send-keys", "Escape")
    terminal.wait_for("VIRTUAL ROUTERS 1 ")
    terminal.tmux("resize-window", "-x", "120", "-y", "40")
    terminal.wait_for("frame.number in")
    terminal.tmux("send-keys", "q")
    left = terminal.wait_for("left with 0")
    assert "the watch has ended in good order" in left
    assert terminal.tmux("display-message", "-p", "#{alternate_on}").strip() == "0"


def test_ctrl_c_ends_it_as_q_does_and_no_color_is_heeded(terminal: Terminal) -> None:
    terminal.start("NO_COLOR=1")
    terminal.wait_for("split-brain")
    styled = terminal.text(styles=True)
    assert "\x1b[38;" not in styled
    assert "\x1b[48;" not in styled
    terminal.tmux("send-keys", "C-c")
    assert "the watch has ended in good order" in terminal.wait_for("left with 0")
