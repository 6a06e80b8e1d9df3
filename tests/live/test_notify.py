"""Who is told of findings, when, and that nobody is waited for."""

from __future__ import annotations

from threading import Event

from tests.live.telling import PATIENCE, told
from tests.live.watched import finding, idle, watch
from vrrpscope.findings import Severity
from vrrpscope.live.notify import News, Notifier
from vrrpscope.live.outbox import Notice, Outbox, UndeliveredError


class Slow(Outbox):
    """Takes each notice only when it may."""

    def __init__(self, waiting: int = 100) -> None:
        super().__init__("slow", waiting)
        self.taken: list[str] = []
        self.untold: list[int] = []
        self.began, self.may_go_on = Event(), Event()

    def deliver(self, notice: Notice) -> None:
        self.began.set()
        self.may_go_on.wait(PATIENCE)
        self.taken.append(f"{notice.what} {notice.finding.start % 1000}")
        self.untold.append(self.as_json(notice)["untold"])

    def stop(self) -> None:
        super().stop()
        self.may_go_on.set()


class Failing(Outbox):
    """Fails as it is told to."""

    def __init__(self, *failures: Exception | None) -> None:
        super().__init__("failing")
        self._failures = list(failures)

    def deliver(self, notice: Notice) -> None:  # noqa: ARG002 - it fails whatever it is told
        failure = self._failures.pop(0)
        if failure is not None:
            raise failure


def test_a_finding_is_told_when_it_begins_gets_worse_and_ends() -> None:
    news = News()
    story = [
        finding(severity=Severity.WARNING),
        finding(severity=Severity.WARNING, title="better known"),
        finding(),
        finding(),
        finding(end=9),
        finding(end=10),
    ]
    assert [notice.what for notice in news.of(story)] == ["new", "worse", "ended"]


def test_one_that_is_over_when_it_is_found_is_told_once() -> None:
    assert [notice.what for notice in News().of([finding(end=9), finding(end=9), finding(end=12)])] == ["new"]


def test_what_is_not_severe_enough_is_told_when_it_has_become_so() -> None:
    slow = Slow()
    slow.may_go_on.set()
    notifier = Notifier([slow], say=print, at_least=Severity.WARNING, patience=PATIENCE)
    notifier.found([finding(1, severity=Severity.INFO), finding(2, severity=Severity.INFO)])
    notifier.found([finding(2)])
    notifier.close(None)
    assert slow.taken == ["new 2"]


def test_a_watch_tells_of_a_split_brain_and_its_end() -> None:
    slow = Slow()
    slow.may_go_on.set()
    notifier = Notifier([slow], say=print, patience=PATIENCE)
    found = watch("firewall-split-brain/lb01.pcap", notifier)
    notifier.close(None)
    assert len(slow.taken) >= len({each.key for each in found})
    assert [words for words in slow.taken if words.startswith("ended")]


def test_who_is_slow_is_not_waited_for_and_what_he_missed_is_counted() -> None:
    slow, said = Slow(waiting=3), list[str]()
    notifier = Notifier([slow], say=said.append, patience=PATIENCE)
    notifier.found([finding(0)])
    assert slow.began.wait(PATIENCE)
    notifier.found([finding(number) for number in range(1, 10)])
    notifier.tick(idle())  # still being dropped, perhaps
    assert not said
    notifier.tick(idle())
    assert said == ["slow: 6 findings not told: it takes too long"]
    slow.may_go_on.set()
    notifier.close(None)
    assert slow.taken == ["new 0", "new 1", "new 2", "new 3"]
    assert slow.untold[-1] == 6
    assert len(said) == 1


def test_the_end_is_not_held_up_for_ever() -> None:
    slow, said = Slow(), list[str]()
    notifier = Notifier([slow], say=said.append, patience=0)
    notifier.found([finding(number) for number in range(5)])
    assert slow.began.wait(PATIENCE)
    notifier.close(None)
    assert slow.taken == ["new 0"]
    assert said == ["slow: 4 findings not told: it takes too long"]


def test_the_same_trouble_is_said_once_until_it_goes_well_again() -> None:
    no = UndeliveredError("no")
    failing = Failing(no, no, None, no, KeyError("its own fault"))
    said = told(failing, *[Notice("new", finding(number)) for number in range(5)])
    assert said == ["failing: no", "failing: no", "failing: failed with KeyError"]
    assert failing.failed == 4


def test_without_news_no_thread_is_started() -> None:
    slow = Slow()
    notifier = Notifier([slow], say=print)
    notifier.tick(idle())
    notifier.close(None)
    assert not slow.taken
