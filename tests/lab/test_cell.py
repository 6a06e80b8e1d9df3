"""Nothing is left behind and nothing outside is touched, however a story ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from tests.cli.running import COMMAND, environment
from vrrpscope.errors import StagingError
from vrrpscope.lab import cell
from vrrpscope.lab.stories.cast import SETTLED, both, hold
from vrrpscope.lab.story import Step, Story, Told

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(not sys.platform.startswith("linux") or os.geteuid() != 0, reason="needs Linux and root"),
]
PATIENCE: Final = 20  # seconds until what should have ended is taken to be left behind
NAMESPACES: Final = ("net", "pid", "mnt", "uts")
CELL: Final = 3  # namespaces of a cell: all but the host name's
HOST: Final = 4
SHORT: Final = Story("short", "One exchange.", "", both(), (*SETTLED, hold(1)), Told("healthy", {}))


class Outside(NamedTuple):
    """What a story could have touched outside its cell."""

    links: str
    addresses: str
    routes: str
    firewall: str
    mounts: str
    named: tuple[str, ...]
    settings: str


def outside() -> Outside:
    def ask(*command: str) -> str:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    named = Path("/run/netns")
    return Outside(
        ask("ip", "-o", "link"),
        ask("ip", "-o", "address"),
        ask("ip", "route", "show", "table", "all"),
        ask("nft", "list", "ruleset"),
        Path("/proc/self/mountinfo").read_text(encoding="utf-8"),
        tuple(sorted(path.name for path in named.iterdir())) if named.exists() else (),
        ask("sh", "-c", "cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/all/* 2>/dev/null; hostname"),
    )


def processes() -> Iterator[tuple[int, int]]:
    """Yield every process with its parent."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # ended meanwhile
        yield int(path.parent.name), int(fields[1])


def descendants(ancestor: int) -> set[int]:
    parents = dict(processes())
    found, before = {ancestor}, 0
    while len(found) != before:
        before = len(found)
        found |= {pid for pid, parent in parents.items() if parent in found}
    return found - {ancestor}


def namespaces(pids: set[int] | None = None) -> set[str]:
    """Return the namespaces of these processes, or of all."""
    found = set()
    for pid in pids if pids is not None else {pid for pid, _ in processes()}:
        for kind in NAMESPACES:
            try:
                found.add(os.readlink(f"/proc/{pid}/ns/{kind}"))
            except OSError:
                continue
    return found


def gone(inside: set[str]) -> bool:
    """Wait until no process is in any of these namespaces: then the kernel has taken them down."""
    deadline = time.monotonic() + PATIENCE
    while namespaces() & inside:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@contextmanager
def watched() -> Iterator[set[str]]:
    """Collect every namespace that a process of ours is in while the block runs, but for this one's own."""
    seen: set[str] = set()
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.05):
            seen.update(namespaces(descendants(os.getpid())) - namespaces({os.getpid()}))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


@pytest.fixture
def untouched() -> Iterator[None]:
    before = outside()
    yield
    assert outside() == before


@pytest.mark.usefixtures("untouched")
def test_a_story_leaves_only_its_files() -> None:
    with watched() as inside:
        files = cell.tell(SHORT)
    assert {"lb01.pcap", "lb01.log", "lb01.conf", "truth.json"} <= files.keys()
    assert b"Entering MASTER STATE" in files["lb01.log"]
    stamped = files["lb01.stamped.log"].decode().splitlines()
    assert [line.partition(" ")[2] for line in stamped] == files["lb01.log"].decode().splitlines()
    stamps = [datetime.fromisoformat(line.partition(" ")[0]) for line in stamped]
    assert stamps == sorted(stamps)
    begun = json.loads(files["truth.json"])["steps"][0]["at"]  # both daemons were started after that, on this clock
    assert datetime.fromisoformat(begun) <= stamps[0]
    assert len(inside) >= CELL + 2 * HOST
    assert gone(inside)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("step", "why"),
    [
        (Step("run", "lb01", "ip link set eth7 up"), "eth7"),
        (Step("await", "lb02", "never said", 0.1), "never said"),
        (Step("until", "lb02", "false", 0.1), "not so within"),
        (Step("run", "lb01", "echo x >/etc/x-vrrpscope"), "Read-only"),
        (Step("run", "switch", "echo x >/usr/x-vrrpscope"), "Read-only"),
        (Step("run", "lb01", "ls /run/systemd /run/dbus"), "No such file"),
    ],
)
def test_a_step_that_fails_is_told_and_nothing_is_left(step: Step, why: str) -> None:
    with watched() as inside, pytest.raises(StagingError, match=why):
        cell.tell(SHORT._replace(steps=(*SETTLED, step)))
    assert len(inside) >= CELL + 2 * HOST
    assert gone(inside)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_an_interrupted_story_leaves_nothing(number: signal.Signals, code: int, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with subprocess.Popen(
        [*COMMAND, "lab", "run", "failover", "-o", str(out)], env=environment(), stderr=subprocess.PIPE, text=True
    ) as lab:
        assert lab.stderr is not None
        assert "client" in lab.stderr.readline()  # both daemons, two captures and a ping are running
        inside = namespaces(descendants(lab.pid)) - namespaces({os.getpid()})
        assert len(inside) >= CELL + 3 * HOST
        os.kill(lab.pid, number)
        assert lab.wait(PATIENCE) == code
    assert gone(inside)
    assert not out.exists()
