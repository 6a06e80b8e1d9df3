"""Commands that are told: what they see, how they end, and that they are not waited for."""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import TYPE_CHECKING, Final

import pytest

from tests.live.telling import NEW, told
from tests.live.watched import finding
from vrrpscope.errors import UsageError
from vrrpscope.live.command import Command
from vrrpscope.live.notify import Notifier
from vrrpscope.live.outbox import Notice
from vrrpscope.live.webhook import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

TAKES: Final = "import sys, os; open(sys.argv[1], 'a').write(sys.stdin.read())"


def command(code: str, *arguments: str) -> str:
    return " ".join(f"'{word}'" for word in (sys.executable, "-c", code.replace("'", '"'), *arguments))


def test_a_command_reads_the_finding_from_its_standard_input(tmp_path: Path) -> None:
    out = tmp_path / "it's here; $HOME"
    said = told(Command(command(TAKES, str(out).replace("'", "'\"'\"'"))), NEW, Notice("ended", finding(end=7)))
    assert not said
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["what"] for line in lines] == ["new", "ended"]
    first = lines[0]
    assert first["schema"] == "vrrpscope.notice/1"
    assert first["host"] == socket.gethostname()
    assert first["finding"]["rule"] == "split-brain"
    assert first["finding"]["virtual_router"] == "vlan100/ipv4/50"
    assert first["finding"]["end"] is None
    assert lines[1]["finding"]["end"].startswith("1970-01-01T00:00:00.000000007")


def test_no_shell_sees_what_was_captured(tmp_path: Path) -> None:
    out, evil = tmp_path / "out", tmp_path / "evil"
    title = f'$(touch {evil}); `touch {evil}` "\n\x1b[2J'
    assert not told(Command(command(TAKES, str(out))), Notice("new", finding(title=title)))
    assert json.loads(out.read_text())["finding"]["title"] == title
    assert out.read_text().isascii()
    assert not evil.exists()


def test_a_command_does_not_see_our_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "sesame")
    monkeypatch.setenv("PAGER_KEY", "sesame")
    monkeypatch.setenv("KEPT", "yes")
    code = "import sys, os, json; json.dump(dict(os.environ), open(sys.argv[1], 'w'))"
    assert not told(Command(command(code, str(tmp_path / "out")), hidden=["PAGER_KEY"]), NEW)
    seen = (tmp_path / "out").read_text()
    assert "sesame" not in seen
    assert json.loads(seen)["KEPT"] == "yes"


def test_a_command_that_hangs_is_killed_with_what_it_started() -> None:
    said = told(Command("sh -c 'sleep 600 & sleep 600'", limit=0.2), NEW)
    assert said == ["--on-finding sh: killed: it took longer than 0.2 s"]


def test_a_command_still_running_at_the_end_is_killed(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    box = Command(command("import sys, time; open(sys.argv[1], 'w').write('x'); time.sleep(600)", str(fifo)), limit=600)
    said: list[str] = []
    notifier = Notifier([box], say=said.append, patience=0)
    notifier.found([finding()])
    assert fifo.read_text() == "x"  # it runs
    notifier.close(None)
    assert said == [f"{box.name}: ended by signal 9"]


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        ("raise SystemExit(3)", "ended with exit code 3"),
        ("import os; os.kill(os.getpid(), 15)", "ended by signal 15"),
        ("import os; os.close(0)", None),
    ],
)
def test_how_a_command_ends_is_said(code: str, trouble: str | None) -> None:
    box = Command(command(code))
    assert told(box, NEW) == ([f"{box.name}: {trouble}"] if trouble else [])


def test_a_command_that_is_gone_is_said(tmp_path: Path) -> None:
    script = tmp_path / "page"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    box = Command(str(script))
    script.unlink()
    assert told(box, NEW) == ["--on-finding page: cannot be started: No such file or directory"]


@pytest.mark.parametrize(
    ("text", "why"), [("", "no such"), ("/nowhere/page", "no such"), ("sh 'x", "no closing"), ("  ", "no such")]
)
def test_a_command_that_cannot_be_is_refused_at_once(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=f"--on-finding .*{why}"):
        Command(text)
