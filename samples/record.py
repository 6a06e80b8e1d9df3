# ruff: noqa: INP001, S603, S607 - a script beside its recordings, whose work is to run the system's own tools
"""Record the sample captures from real keepalived daemons: one bridge, two load balancers, one story each.

    python samples/record.py list
    python samples/record.py run failover two-instances -o samples

Theory of operation. Every host is a network namespace with one interface, `eth0`, whose other end is a port
of a bridge; the bridge has a namespace of its own, so nothing of it touches the machine's network:

    lb01 10.0.0.5 ──┐
    lb02 10.0.0.6 ──┼── br0 (switch)
    client  .50   ──┘

A story (`stories.py`) is data: which virtual routers are configured, who captures, and a list of steps.
What can be waited for is waited for (a log line, a listening tcpdump); `hold` only says how long a state
shall last. The daemons log to a pipe and each line is stamped on arrival, because keepalived's own stamps
have one-second resolution: from those lines `truth.py` derives transitions and mastership. Nothing is left
behind, whether the story ends well, fails or is interrupted: an `ExitStack` undoes every process and
namespace this run has made, and a sample appears in the output directory only when it is complete.

Needs root, Linux, iproute2, nftables, keepalived, tcpdump, dumpcap and ping.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Literal, Self

from stories import DEEDS, HOSTS, PAIR, STORIES, Capture, Step, Story
from truth import Captured, Deed, Line, Staging, truth


class StagingError(Exception):
    """The story could not be told: a tool failed, or what it waits for did not come."""


class Log:
    """The lines of one host's processes, in order of arrival; survives restarts of the daemon."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._news = threading.Condition()
        self._readers: list[threading.Thread] = []

    def follow(self, stream: IO[str]) -> None:
        """Read a stream to its end in the background."""
        reader = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._readers.append(reader)
        reader.start()

    def wait(self, text: str, since: int, seconds: float) -> None:
        """Return when a line that arrived since then contains the text; StagingError after `seconds`."""

        def heard() -> bool:
            return any(line.t >= since and text in line.text for line in self.lines)

        with self._news:
            if not self._news.wait_for(heard, seconds):
                tail = "".join(line.text for line in self.lines[-5:])
                raise StagingError(f"no log line with {text!r} within {seconds} s; the last were:\n{tail}")

    def close(self) -> None:
        """Wait for the streams to end, so that no last line is missed."""
        for reader in self._readers:
            reader.join(timeout=5)

    def _read(self, stream: IO[str]) -> None:
        for text in stream:
            with self._news:
                self.lines.append(Line(time.time_ns(), text))
                self._news.notify_all()


class Lab:
    """The network of one story and everything that runs in it; a context manager that leaves nothing behind.

    Namespaces are named after this process (`vs<pid>-lb01`), so stories may be recorded side by side.
    """

    def __init__(self, story: Story, work: Path) -> None:
        self.story = story
        self.work = work
        self.logs = {host: Log() for host in HOSTS}
        self.deeds: list[Deed] = []
        self.captured: dict[str, Captured] = {}
        self._undo = ExitStack()
        self._daemons: dict[str, subprocess.Popen[str]] = {}
        self._captures: dict[Capture, tuple[subprocess.Popen[str], Log, int]] = {}

    def __enter__(self) -> Self:
        try:
            self._build()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def _leave(self) -> None:
        """Undo everything; a second Ctrl-C must not interrupt that."""
        before = [(number, signal.signal(number, signal.SIG_IGN)) for number in (signal.SIGINT, signal.SIGTERM)]
        self._undo.close()
        for log in self.logs.values():
            log.close()
        for number, handler in before:
            signal.signal(number, handler)

    def tell(self) -> None:
        """Run the story's steps, then end the captures while the daemons still run, as an operator would."""
        for step in self.story.steps:
            if step.verb in DEEDS:
                start = time.time_ns()
                self._do(step)
                self.deeds.append(Deed(start, time.time_ns(), step))
            else:
                self._let_pass(step)
        for capture in self.story.captures:
            self._end_capture(capture)

    def _do(self, step: Step) -> None:
        match step.verb:
            case "start":
                self._start(step.host)
            case "stop":
                self._daemons[step.host].terminate()
                self._daemons[step.host].wait(timeout=10)
            case "kill":  # the whole group at once: a child that sees its parent die resigns politely
                os.killpg(self._daemons[step.host].pid, signal.SIGKILL)
                self._daemons[step.host].wait(timeout=10)
            case "freeze" | "thaw":
                number = signal.SIGSTOP if step.verb == "freeze" else signal.SIGCONT
                os.kill(int((self.work / f"{step.host}.vrrp.pid").read_text()), number)
            case "run":
                _run("ip", "netns", "exec", _namespace(step.host), *shlex.split(step.arg))
            case "background":
                self._spawn(step.host, shlex.split(step.arg), subprocess.DEVNULL)

    def _let_pass(self, step: Step) -> None:
        match step.verb:
            case "capture":
                for capture in self.story.captures:
                    self._begin_capture(capture)
            case "await":  # what the last deed brought about, not what was logged before it
                self.logs[step.host].wait(step.arg, self.deeds[-1].start, step.seconds)
            case "hold":
                time.sleep(step.seconds)

    def _build(self) -> None:
        switch = _namespace("switch")
        for name in (*HOSTS, "switch"):
            self._undo.callback(subprocess.run, ("ip", "netns", "delete", _namespace(name)), check=False)
            _run("ip", "netns", "add", _namespace(name))
        # Without snooping the bridge floods 224.0.0.0/24, as RFC 4541 2.1.2 asks of every switch.
        _run("ip", "-n", switch, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        _run("ip", "-n", switch, "link", "set", "br0", "up")
        for name, host in HOSTS.items():
            inside = ("ip", "-n", _namespace(name))
            port = ("ip", "-n", switch, "link")
            _run(*port, "add", name, "type", "veth", "peer", "name", "eth0", "netns", _namespace(name))
            _run(*port, "set", name, "master", "br0", "up")
            _run(*inside, "link", "set", "lo", "up")
            _run(*inside, "link", "set", "eth0", "address", host.mac, "addrgenmode", "none", "up")
            for address in host.addresses:
                nodad = ("nodad",) if ":" in address else ()
                _run(*inside, "address", "add", address, "dev", "eth0", *nodad)
        for name, text in self.story.configurations().items():
            (self.work / f"{name}.conf").write_text(text)

    def _start(self, host: str) -> None:
        options = ("--vrrp", "--dont-fork", "--log-console", "--log-detail", "--no-syslog")
        files = (f"--use-file={host}.conf", f"--pid={self.work / host}.pid")
        vrrp = f"--vrrp_pid={self.work / host}.vrrp.pid"
        daemon = self._spawn(host, ("keepalived", *options, *files, vrrp), subprocess.PIPE)
        self._daemons[host] = daemon
        if daemon.stdout is not None:
            self.logs[host].follow(daemon.stdout)

    def _begin_capture(self, capture: Capture) -> None:
        target = str(self.work / capture.plain_name)
        if capture.plain_name.endswith(".pcapng"):
            command = ["dumpcap", "-q", "-i", capture.interface, "-w", target]
            command += ["-f", capture.filter] if capture.filter else []
            ready = "File: "
        else:  # -U and immediate: nothing missing at the end; -B: a burst of gratuitous ARPs fits the ring
            options = ("-n", "-Z", "root", "-U", "--immediate-mode", "-B", "32768")
            command = ["tcpdump", *options, "-i", capture.interface, "-w", target]
            command += shlex.split(capture.filter)
            ready = "listening on"
        log = Log()
        process = self._spawn(capture.host, command, subprocess.PIPE)
        if process.stdout is not None:
            log.follow(process.stdout)
        log.wait(ready, 0, 10)
        self._captures[capture] = (process, log, time.time_ns())

    def _end_capture(self, capture: Capture) -> None:
        process, log, start = self._captures[capture]
        end = time.time_ns()
        process.send_signal(signal.SIGINT)
        process.wait(timeout=10)
        log.close()
        dropped = next((line.text.strip() for line in log.lines if "dropped" in line.text), "")
        self.captured[capture.name] = Captured(start, end, dropped)
        if capture.name.endswith(".gz"):
            plain = self.work / capture.plain_name
            (self.work / capture.name).write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
            plain.unlink()

    def _spawn(self, host: str, command: list[str] | tuple[str, ...], output: int) -> subprocess.Popen[str]:
        """Start a process in a host; in a session of its own, so that Ctrl-C reaches only the recorder."""
        process = subprocess.Popen(
            ("ip", "netns", "exec", _namespace(host), *command),
            cwd=self.work,
            env={**os.environ, "TZ": "UTC", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._undo.callback(_end, process)
        return process


def record(story: Story, out: Path) -> Path:
    """Tell one story and write its sample to `out/<story>`; returns that directory."""
    with tempfile.TemporaryDirectory(prefix="vrrp-lab-") as scratch:
        work = Path(scratch)
        with Lab(story, work) as lab:
            lab.tell()
        for name in PAIR:
            (work / f"{name}.log").write_text("".join(line.text for line in lab.logs[name].lines))
        logs = {host: log.lines for host, log in lab.logs.items()}
        versions = {tool: _version(tool) for tool in ("keepalived", "tcpdump")}
        content = truth(Staging(story, versions, lab.deeds, lab.captured, logs))
        (work / "truth.json").write_text(json.dumps(content, indent=2) + "\n")
        (work / "README.md").write_text(_readme(story))
        target = out / story.name
        target.mkdir(parents=True, exist_ok=True)
        kept = [capture.name for capture in story.captures]
        kept += ["lb01.conf", "lb02.conf", "lb01.log", "lb02.log", "truth.json", "README.md"]
        for name in kept:
            shutil.copyfile(work / name, target / name)
    return target


def _readme(story: Story) -> str:
    command = f"python samples/record.py run {story.name} -o samples"
    return f"# {story.name}\n\n{story.summary}\n\nTo be seen: {story.to_see}\n\nRecorded by `{command}`.\n"


def _namespace(name: str) -> str:
    return f"vs{os.getpid()}-{name}"


def _version(tool: str) -> str:
    answer = subprocess.run((tool, "--version"), check=False, capture_output=True, text=True)
    return (answer.stdout + answer.stderr).partition("\n")[0]


def _run(*command: str) -> None:
    answer = subprocess.run(command, check=False, capture_output=True, text=True)
    if answer.returncode:
        raise StagingError(f"{shlex.join(command)}: {answer.stderr.strip()}")


def _end(process: subprocess.Popen[str]) -> None:
    """End one of our processes and its children, politely first; a frozen child is woken so that it can."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGCONT)
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _interrupt(number: int, _: object) -> None:
    """Unwind the stack, so that everything is undone, and end as a shell expects."""
    raise SystemExit(128 + number)


def main(arguments: list[str]) -> Literal[0, 1]:
    """List or record stories; 0 when all were recorded."""
    parser = argparse.ArgumentParser(description="Record sample captures from real keepalived daemons.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="what can be recorded")
    run = commands.add_parser("run", help="record stories")
    run.add_argument("stories", nargs="+", choices=sorted(STORIES), metavar="STORY")
    run.add_argument("-o", "--output", type=Path, default=Path(__file__).parent, metavar="DIR")
    options = parser.parse_args(arguments)
    if options.command == "list":
        for story in STORIES.values():
            sys.stdout.write(f"{story.name:22} {story.summary}\n")
        return 0
    if os.geteuid() != 0:
        parser.exit(4, "recording needs root: it builds network namespaces\n")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        for name in options.stories:
            sys.stdout.write(f"{record(STORIES[name], options.output)}\n")
    except (StagingError, OSError, subprocess.SubprocessError) as error:
        sys.stderr.write(f"record.py: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
