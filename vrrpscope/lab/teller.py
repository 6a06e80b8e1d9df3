"""Tells a story inside its cell: runs the steps in order, and collects what came of it.

All clocks are one: log lines, deeds and captured frames carry the time of this machine. Captures end while the
daemons still run, as an operator's would.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from vrrpscope.errors import StagingError
from vrrpscope.lab import encapsulate
from vrrpscope.lab.daemons import KINDS
from vrrpscope.lab.hosts import SWITCH, Network
from vrrpscope.lab.stalls import Watch
from vrrpscope.lab.story import DEEDS, Capture, Step, Story
from vrrpscope.lab.truth import Captured, Deed, Staging, rfc3339, truth

if TYPE_CHECKING:
    import subprocess

    from vrrpscope.lab.logs import Log

PATIENCE = 0.05  # seconds between two looks of `until`
_SIGNALS = {"kill": "KILL", "freeze": "STOP", "thaw": "CONT"}


class _Running(NamedTuple):
    process: subprocess.Popen[bytes]
    log: Log
    start: int


def tell(story: Story) -> dict[str, bytes]:
    """Tell one story and return the files it leaves, by name: captures, logs, configurations, truth.json.

    Raises:
        StagingError: a step failed.
    """
    teller = _Teller(story)
    for step in story.steps:
        teller.step(step)
    return teller.finish()


class _Teller:
    def __init__(self, story: Story) -> None:
        self.story = story
        self.watch = Watch()
        self.network = Network(story.hosts)
        self.deeds: list[Deed] = []
        self.captures: dict[Capture, _Running] = {}
        self.watchers = {
            name: container.begin("kernel", "ip -o monitor address")[1]
            for name, container in self.network.hosts.items()
            if name != SWITCH
        }
        self.background: list[tuple[Step, Log]] = []
        self.not_seen: list[str] = []
        self._start = time.monotonic()

    def step(self, step: Step) -> None:
        if step.note:
            sys.stderr.write(f"{time.monotonic() - self._start:6.1f} s  {step.note}\n")
        start = time.time_ns()
        try:
            if step.verb in DEEDS:
                self._do(step)
            else:
                self._let_pass(step)
        except StagingError as error:
            if not self.story.lenient or step.verb == "capture":
                raise
            self.not_seen.append(str(error))
            sys.stderr.write(f"{time.monotonic() - self._start:6.1f} s  {error}\n")
        if step.verb in DEEDS:
            self.deeds.append(Deed(start, time.time_ns(), step))

    def finish(self) -> dict[str, bytes]:
        """End the captures, close the logs, and put everything together."""
        captured = {capture.name: self._end(capture, running) for capture, running in self.captures.items()}
        for capture in self.story.captures:
            if capture.wrap:
                captured[capture.name] = captured[self._wrap(capture).name]
        logs = [log for container in self.network.hosts.values() for log in container.logs.values()]
        for log in (*logs, *self.watchers.values(), *(log for _, log in self.background)):
            log.close()
        files = {name: self._read(name) for name in (capture.name for capture in self.story.captures)}
        said = {}
        for name, container in self.network.hosts.items():
            for unit in container.host.units:
                stem = name if KINDS[unit.kind].main else f"{name}.{unit.kind}"
                files[f"{stem}.conf"] = unit.config.encode(errors="surrogateescape")
                said[name, unit.kind] = container.logs[unit.kind].lines
                files[f"{stem}.log"] = container.logs[unit.kind].text().encode()
                stamped = (f"{rfc3339(line.t)} {line.text}" for line in said[name, unit.kind])
                files[f"{stem}.stamped.log"] = "".join(stamped).encode()
            files |= {f"{name}.{script}": text.encode() for script, text in container.host.files}
        staging = Staging(
            self.story,
            self.deeds,
            captured,
            said,
            {name: log.lines for name, log in self.watchers.items()},
            [(step, log.lines) for step, log in self.background],
            self.not_seen,
            self.watch.close(),
        )
        files["truth.json"] = (json.dumps(truth(staging), indent=2, ensure_ascii=False) + "\n").encode()
        files["README.md"] = _readme(self.story).encode()
        return files

    def _do(self, step: Step) -> None:
        container = self.network.hosts[step.host]
        match step.verb:
            case "start" | "stop" | "reload":
                container.run(f"bin/systemctl {step.verb} {self._unit(step)}")
            case "kill" | "freeze" | "thaw":
                container.run(f"bin/systemctl kill -s {_SIGNALS[step.verb]} {self._unit(step)}")
            case "run":
                container.run(step.arg)
            case "background":
                _, log = container.begin(f"background{len(self.background)}", step.arg)
                self.background.append((step, log))

    def _let_pass(self, step: Step) -> None:
        match step.verb:
            case "capture":
                for capture in self.story.captures:
                    if not capture.wrap:
                        self.captures[capture] = self._begin(capture)
            case "await":  # what the last deed brought about, not what was logged before it
                self.network.hosts[step.host].logs[self._unit(step._replace(arg=""))].wait(
                    step.arg, self.deeds[-1].start, step.seconds
                )
            case "until":
                self._until(step)
            case "hold":
                time.sleep(step.seconds)

    def _until(self, step: Step) -> None:
        deadline = time.monotonic() + step.seconds
        while self.network.hosts[step.host].ask(step.arg).returncode:
            if time.monotonic() > deadline:
                raise StagingError(f"{step.host}: {step.arg}: not so within {step.seconds:g} s")
            time.sleep(PATIENCE)

    def _unit(self, step: Step) -> str:
        """The unit a step names, or the host's main one."""
        units = [unit.kind for unit in self.network.hosts[step.host].host.units]
        return step.arg or next(kind for kind in units if KINDS[kind].main)

    def _begin(self, capture: Capture) -> _Running:
        # -U and immediate: nothing is missing at the end. -s and -B: a ring of some 2000 slots, enough for a burst of
        # gratuitous ARPs; setting up one of 32 MiB keeps a processor to itself for 0.13 s, and timers late.
        options = f"-n -Z root -U --immediate-mode -s 2048 -B 4096 -i {capture.interface} -w {capture.name}"
        container = self.network.hosts[capture.host]
        process, log = container.begin(capture.name, f"tcpdump {options} '{capture.filter}'")
        log.wait("listening on", 0, 10)
        return _Running(process, log, time.time_ns())

    def _end(self, capture: Capture, running: _Running) -> Captured:
        container = self.network.hosts[capture.host]
        end = time.time_ns()
        container.run(f"kill -INT $(cat {capture.name}.pid)")
        running.process.wait(timeout=10)
        running.log.close()
        dropped = next((line.text.strip() for line in running.log.lines if "dropped" in line.text), "")
        return Captured(running.start, end, dropped)

    def _wrap(self, capture: Capture) -> Capture:
        """Wrap the frames of the plain capture at the same place; return that."""
        place = (capture.host, capture.interface, capture.filter)
        source = next(c for c in self.captures if (c.host, c.interface, c.filter) == place)
        lab = self.network.hosts[capture.host].lab
        encapsulate.encapsulate(lab / source.name, lab / capture.name, capture.wrap)
        return source

    def _read(self, name: str) -> bytes:
        return next(path for path in (c.lab / name for c in self.network.hosts.values()) if path.exists()).read_bytes()


def _readme(story: Story) -> str:
    seen = f"To be seen: {story.to_see}\n\n" if story.told else "Told with configurations of its user's own.\n\n"
    return f"# {story.name}\n\n{story.summary}\n\n{seen}Recorded by `vrrpscope lab run {story.name}`.\n"
