"""A live capture as a whole, on a cable of its own: it tells what analysing a recording tells, and notices silence."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from io import StringIO
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.cli.running import COMMAND, ROOT, environment
from tests.frames import ethernet, ipv4, vlan
from tests.live.network import cable, send
from vrrpscope.analysis import analyze
from vrrpscope.capture.live import LiveSource
from vrrpscope.live.lines import Lines
from vrrpscope.live.stream import StreamSource
from vrrpscope.live.watch import Watch
from vrrpscope.session import Session
from vrrpscope.timeline.events import NoMaster
from vrrpscope.wire.columns import Auth, Checksum
from vrrpscope.wire.vrrp import Advert

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vrrpscope.live.listener import Listener
    from vrrpscope.live.watch import Source
    from vrrpscope.outcome import Analysis
    from vrrpscope.timeline.events import Event

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="packet sockets are Linux's")
GROUP: Final = bytes([224, 0, 0, 18])
INTERVAL: Final = 20_000_000  # nanoseconds
PATIENCE: Final = 20.0  # seconds after which something has gone wrong


@pytest.fixture(autouse=True)
def _wire() -> Iterator[None]:
    with cable():
        yield


def advert(host: int, priority: int, number: int, *, tag: int = 0) -> bytes:
    """Return a VRRPv3 advert of a fast virtual router."""
    source = bytes([10, 0, 0, host])
    made = Advert(
        version=3,
        packet_type=1,
        family=4,
        vrid=50,
        priority=priority,
        interval=INTERVAL,
        addresses=("10.0.0.3",),
        auth=Auth.NONE,
        auth_type=0,
        auth_data=b"",
        secret=b"",
        checksum=Checksum.PSEUDO,
    )
    payload = made.build(source=source, destination=GROUP)
    packet = ipv4(payload, source=f"10.0.0.{host}", identification=number)
    return ethernet(vlan(packet, tag) if tag else packet, source=bytes([2, 0, 0, 0, 0, host]))


class Play(Thread):
    """Two masters, in real time: one resigns, the other takes over, and falls silent."""

    def run(self) -> None:
        for number in range(1, 9):
            self._say(advert(5, 150, number))
        self._say(advert(5, 0, 9))
        for number in range(1, 9):
            self._say(advert(6, 100, number), advert(7, 100, number, tag=100))

    @staticmethod
    def _say(*frames: bytes) -> None:
        send(frames)
        time.sleep(INTERVAL / 1e9)  # the rhythm is what is told about


class UntilSilent:
    """Ends a watch when two virtual routers have no master any more."""

    def __init__(self) -> None:
        self.watch: Watch | None = None
        self.silent = 0

    def frames(self, _: object) -> None: ...
    def found(self, _: object) -> None: ...
    def tick(self, _: object) -> None: ...
    def close(self, _: object) -> None: ...

    def event(self, event: Event) -> None:
        self.silent += isinstance(event, NoMaster)
        if self.silent == 2 and self.watch is not None:
            self.watch.stop()


def watched(source: Source, *others: Listener) -> tuple[Analysis, str]:
    """Watch the play; return the story, and the lines."""
    stream, until = StringIO(), UntilSilent()
    events: list[Event] = []
    session = Session(window=source.window, told=events.append)
    listeners: list[Listener] = [Lines(stream, "text"), until, *others]
    watch = until.watch = Watch(source, session, listeners, events=events, duration=PATIENCE)
    play = Play()
    play.start()
    analysis = watch.run()
    play.join()
    assert until.silent == 2, "silence was noticed without another frame"
    return analysis, stream.getvalue()


def story(analysis: Analysis) -> list[Any]:
    """Return what two captures of the same must agree in."""
    return [
        [(e.router, e.previous, e.cause, e.seen.ip_id, e.expected) for e in v.router.history.elections]
        + [(r.router, r.adverts, r.ended_by) for r in v.router.history.reigns[:-1]]
        for v in analysis.virtual_routers
    ]


def test_it_tells_what_the_analysis_of_a_recording_tells(tmp_path: Path) -> None:
    if shutil.which("tcpdump") is None:
        pytest.skip("tcpdump is not installed")
    path = tmp_path / "tcpdump.pcap"
    command = ["tcpdump", "-i", "v0", "-U", "--immediate-mode", "-Z", "root", "-w", str(path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as tcpdump:
        assert tcpdump.stderr is not None
        tcpdump.stderr.readline()  # it listens
        analysis, lines = watched(LiveSource(["v0"]))
        tcpdump.send_signal(signal.SIGINT)
        tcpdump.communicate()
    recorded = analyze(str(path))
    assert story(analysis) == story(recorded)
    assert analysis.captures[0].adverts == recorded.captures[0].adverts == 25
    assert {f.rule for f in recorded.findings} <= {f.rule for f in analysis.findings}
    assert "10.0.0.6 becomes master after 10.0.0.5 resigned" in lines
    assert "vlan100/ipv4/50  10.0.0.7 is not heard any more: nobody is master" in lines


def test_any_tells_the_same_and_counts_second_sightings() -> None:
    analysis, lines = watched(LiveSource(["any"]))
    assert analysis.captures[0].adverts == 2 * 25  # each leaves v1 and comes in by v0
    assert analysis.captures[0].duplicates == 25
    assert "10.0.0.6 becomes master after 10.0.0.5 resigned" in lines


def test_a_pipe_tells_the_same() -> None:
    if shutil.which("tcpdump") is None:
        pytest.skip("tcpdump is not installed")
    command = ["tcpdump", "-i", "v0", "-U", "--immediate-mode", "-Z", "root", "-w", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tcpdump:
        assert tcpdump.stdout is not None
        analysis, lines = watched(StreamSource(f"/dev/fd/{tcpdump.stdout.fileno()}"))
        tcpdump.terminate()
        tcpdump.communicate()
    assert analysis.captures[0].adverts == 25
    assert "10.0.0.6 becomes master after 10.0.0.5 resigned" in lines


def started(*arguments: str, command: tuple[str, ...] = COMMAND) -> subprocess.Popen[str]:
    """Start `vrrpscope live`; return it when it captures."""
    process = subprocess.Popen(
        [*command, "live", "--format", "ndjson", "--fail-on", "never", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["type"] == "start"
    return process


def test_an_interrupt_ends_it_with_the_report_and_the_counters(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    with started("-i", "v0", "-o", str(report)) as process:
        send([advert(5, 150, 1)])
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert first["event"] == "profile"
    assert json.loads(out.splitlines()[-1])["type"] == "end"
    assert "1 frames seen, 1 adverts decoded, 0 frames dropped" in err
    assert process.returncode == 0
    document = json.loads(report.read_text(encoding="utf-8"))
    assert [v["key"] for v in document["virtual_routers"]] == ["ipv4/50"]
    assert document["captures"][0]["format"] == "live"


def test_it_ends_after_so_many_frames() -> None:
    with started("-i", "v0", "-c", "3") as process:
        send([advert(5, 150, number) for number in range(1, 6)])
        out, err = process.communicate(timeout=PATIENCE)
    assert "3 adverts decoded" in err
    assert json.loads(out.splitlines()[-1])["decoded"] == 3


def test_a_reader_that_goes_away_ends_it_without_a_word() -> None:
    with started("-i", "v0") as process:
        assert process.stdout is not None
        process.stdout.close()
        send([advert(5, 150, 1)])
        process.wait(PATIENCE)
        assert process.stderr is not None
        assert "Error" not in process.stderr.read()


def can_be_run_by_anybody() -> bool:
    done = subprocess.run(["setpriv", *NOBODY, *COMMAND, "--version"], capture_output=True, check=False, cwd="/")
    return done.returncode == 0


NOBODY: Final = ("--reuid=65534", "--regid=65534", "--clear-groups")
READY: Final = shutil.which("setpriv") is not None and os.geteuid() == 0
AMBIENT: Final = ("--inh-caps=+net_raw", "--ambient-caps=+net_raw")


@pytest.mark.skipif(not READY, reason="needs root and setpriv")
@pytest.mark.parametrize("less", [("--bounding-set=-net_raw",), NOBODY], ids=["without-net-raw", "nobody"])
def test_without_privilege_one_line_says_what_to_type(less: tuple[str, ...]) -> None:
    if less == NOBODY and not can_be_run_by_anybody():
        pytest.skip("this Python is not everybody's")
    command = ["setpriv", *less, *COMMAND, "live", "-i", "v0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(), cwd="/")
    assert done.returncode == 4
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "CAP_NET_RAW" in done.stderr
    assert "sudo setpriv --reuid=" in done.stderr
    assert f"sudo {sys.executable} -m vrrpscope live -i v0" in done.stderr


@pytest.mark.skipif(not READY, reason="needs root and setpriv")
def test_one_ambient_capability_is_enough() -> None:
    if not can_be_run_by_anybody():
        pytest.skip("this Python is not everybody's")
    with started("-i", "v0", command=("setpriv", *NOBODY, *AMBIENT, *COMMAND)) as process:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_it_goes_on_as_another_user() -> None:
    with started("-i", "v0", "-Z", "nobody") as process:
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        send([advert(5, 150, 1)])
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "profile"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert set(status["Uid"].split()) == {"65534"}
    assert int(status["CapEff"], 16) == 0
