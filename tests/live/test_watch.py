"""The loop of a live capture: what it does with time, with listeners that fail, and at its end."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from tests.build import BILLION, T0
from tests.frames import batch
from tests.report.captures import Say, frame
from vrrpscope.capture.frames import CaptureInfo, Frames
from vrrpscope.live.stream import nothing
from vrrpscope.live.watch import Watch
from vrrpscope.session import Session
from vrrpscope.timeline.events import NoMaster

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vrrpscope.findings import Finding
    from vrrpscope.live.listener import Listener, State
    from vrrpscope.outcome import Analysis
    from vrrpscope.timeline.events import Event

UP: Final = (("eth0", True),)
DOWN: Final = (("eth0", False),)


class Script:
    """A source that does at each read what a list says: frames of a second, or how far time has got."""

    window = 20_000_000
    names = ("eth0",)

    def __init__(self, steps: Sequence[Say | int | Callable[[], None]]) -> None:
        self.info = CaptureInfo("eth0", "eth0", format="live")
        self.ended = False
        self.reached = T0
        self.interfaces: tuple[tuple[str, bool], ...] = UP
        self.closed = False
        self.steps = list(steps)

    def read(self, _: float) -> Frames:
        if not self.steps:
            self.ended = True
            return nothing()
        step = self.steps.pop(0)
        if isinstance(step, Say):
            t, packet = frame(step)
            self.info.frames += 1
            self.info.last = self.reached = t
            self.info.first = self.info.first or t
            return batch([packet])._replace(t=np.array([t]), number=np.array([self.info.frames]))
        if isinstance(step, int):
            self.reached = T0 + step * BILLION
        else:
            step()
        return nothing()

    def look(self) -> list[str]:
        return []

    def counters(self) -> tuple[int, int]:
        return self.info.frames, 0

    def close(self) -> None:
        self.closed = True


class Notes:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.findings: list[Finding] = []
        self.numbers: list[int] = []
        self.states: list[State] = []
        self.ends: list[Analysis | None] = []

    def frames(self, frames: Frames) -> None:
        self.numbers += frames.number.tolist()

    def event(self, event: Event) -> None:
        self.events.append(event)

    def found(self, findings: Sequence[Finding]) -> None:
        self.findings += findings

    def tick(self, state: State) -> None:
        self.states.append(state)

    def close(self, analysis: Analysis | None) -> None:
        self.ends.append(analysis)


class Broken(Notes):
    """A listener that fails."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def event(self, _: Event) -> None:
        raise self.error


RHYTHM: Final = [Say(float(n), ip_id=n + 1) for n in range(4)]


def watch(source: Script, *listeners: Listener, most: int | None = None) -> tuple[Watch, list[str]]:
    events: list[Event] = []
    said: list[str] = []
    session = Session(window=source.window, told=events.append)
    return Watch(source, session, listeners, events=events, most=most, complain=said.append), said


def test_silence_is_noticed_by_the_clock_alone() -> None:
    notes = Notes()
    source = Script([*RHYTHM, 6, 9])
    analysis = watch(source, notes)[0].run()
    assert [type(e) for e in notes.events if isinstance(e, NoMaster)] == [NoMaster]
    assert {f.rule for f in notes.findings} >= {"no-master"}
    assert notes.numbers == [1, 2, 3, 4]
    assert analysis.end == T0 + 9 * BILLION
    assert notes.ends == [analysis]
    assert source.closed
    assert notes.states[-1].counters == (4, 4, 0)


def test_while_every_interface_is_down_silence_proves_nothing() -> None:
    notes = Notes()
    source = Script([*RHYTHM, lambda: setattr(source, "interfaces", DOWN), 6, 9, 30])
    source_watch, _ = watch(source, notes)
    source_watch.run()
    during = [event for event in notes.events if isinstance(event, NoMaster) and event.at < T0 + 9 * BILLION]
    assert during == []


def test_a_listener_that_fails_is_reported_once_and_left_out() -> None:
    notes, broken = Notes(), Broken(RuntimeError("no disk"))
    running, said = watch(Script([*RHYTHM, 9]), broken, notes)
    analysis = running.run()
    assert said == ["warning: Broken failed and is left out: RuntimeError: no disk"]
    assert broken.ends == []
    assert notes.ends == [analysis]
    assert len(notes.numbers) == 4


def test_a_reader_that_has_gone_ends_it_quietly() -> None:
    notes = Notes()
    running, said = watch(Script([*RHYTHM, 9, 10, 11]), Broken(BrokenPipeError()), notes)
    running.run()
    assert said == []
    assert len(notes.ends) == 1


def test_it_takes_as_many_frames_as_are_wanted() -> None:
    notes = Notes()
    analysis = watch(Script(RHYTHM), notes, most=2)[0].run()
    assert notes.numbers == [1, 2]
    assert analysis.captures[0].adverts == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_the_whole_story(number: signal.Signals) -> None:
    notes = Notes()
    before = signal.getsignal(number)
    source = Script([*RHYTHM, lambda: signal.raise_signal(number)])
    analysis = watch(source, notes)[0].run()
    assert notes.ends == [analysis]
    assert not source.steps
    assert signal.getsignal(number) is before


def test_a_second_interrupt_ends_it_at_once() -> None:
    notes = Notes()

    def twice() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    source = Script([*RHYTHM, twice])
    with pytest.raises(KeyboardInterrupt):
        watch(source, notes)[0].run()
    assert notes.ends == [None]
    assert source.closed


def test_findings_stand_in_the_state_in_their_latest_words() -> None:
    notes = Notes()
    resumed = [Say(9.0, ip_id=10), Say(10.0, ip_id=11)]
    watch(Script([*RHYTHM, 8, *resumed, 11]), notes)[0].run()
    state = notes.states[-1]
    assert len({finding.key for finding in state.findings}) == len(state.findings)
    assert [f.start for f in state.findings] == sorted(f.start for f in state.findings)
