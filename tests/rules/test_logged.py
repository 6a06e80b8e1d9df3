"""What logs add: contradictions, logs that could not be placed, clocks, and the words that explain a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import pytest

from tests.evidence.logs import BACKUP, FAILOVER, INIT, MASTER, OF_A, OF_B, STARTED, Lines, heard, own
from vrrpscope.findings import Confidence, Severity
from vrrpscope.rules.causes import CAUSES

if TYPE_CHECKING:
    from vrrpscope.findings import Finding


class Heard(NamedTuple):
    """What happens, what the logs say by host, how far each log's clock is ahead, and the rule's title if any."""

    rule: str
    kind: Literal["positive", "near-miss", "clean"]
    name: str
    trace: str
    logs: dict[str, Lines]
    told: tuple[tuple[Severity, Confidence, str], ...] = ()
    ahead: float = 0

    def __str__(self) -> str:
        return f"{self.rule}: {self.name}"


UNSEEN: Lines = ((-9.0, own("C")), (-8.5, INIT), (8.0, MASTER), (14.0, BACKUP))
INFO, WARNING = Severity.INFO, Severity.WARNING
CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE

STORIES = [
    Heard(
        "log-contradicts-capture",
        "positive",
        "a master that no capture shows",
        FAILOVER,
        {"lb03": UNSEEN},
        ((WARNING, POSSIBLE, "by its log lb03 was master for about 6.000 s, and the captures show nothing of that"),),
    ),
    Heard(
        "log-contradicts-capture",
        "positive",
        "a master that was seen once, and of which nothing came later",
        FAILOVER.replace("every 1s from 13 to 20: A", "every 1s from 13.61 to 20.61: B"),
        {"lb01": (*OF_A, (20.0, "VRRP_Script(x) succeeded"))},
        ((WARNING, LIKELY, "the captures show no master 10.0.0.5 then"),),
    ),
    Heard(
        "log-contradicts-capture",
        "positive",
        "a master of which its log says that it was none",
        FAILOVER,
        {"lb01": (*OF_A[:-1], (20.0, "VRRP_Script(x) succeeded"))},
        ((WARNING, LIKELY, "10.0.0.5 advertised as master for about 6.000 s, and the log of lb01 says that it was"),),
    ),
    Heard(
        "log-contradicts-capture",
        "near-miss",
        "it knew of its defeat an interval after its last advert",
        FAILOVER,
        {"lb02": (*OF_B[:3], (14.9, BACKUP))},
    ),
    Heard(
        "log-contradicts-capture", "near-miss", "all of it was before", FAILOVER, {"lb03": ((-9, MASTER), (-2, BACKUP))}
    ),
    Heard("log-contradicts-capture", "clean", "both agree", FAILOVER, {"lb01": OF_A, "lb02": OF_B}),
    Heard(
        "log-not-placed",
        "positive",
        "nothing tells whose it is",
        FAILOVER,
        {"lb03": ((-9.0, INIT),)},
        ((INFO, CERTAIN, "the log of lb03 could not be laid beside the packets"),),
    ),
    Heard(
        "log-not-placed",
        "positive",
        "it is of another day",
        FAILOVER,
        {"lb01": OF_A},
        ((INFO, CERTAIN, "the log of lb01 could not"),),
        ahead=300_000,
    ),
    Heard(
        "log-not-placed",
        "positive",
        "no daemon of ours speaks in it",
        FAILOVER,
        {"lb01": ()},
        ((INFO, CERTAIN, "the log of lb01 could not"),),
    ),
    Heard("log-not-placed", "near-miss", "a backup that has nothing to say", FAILOVER, {"lb03": UNSEEN[:2]}),
    Heard("log-not-placed", "clean", "both are placed", FAILOVER, {"lb01": OF_A, "lb02": OF_B}),
    Heard(
        "log-clock",
        "positive",
        "a clock that is behind",
        FAILOVER,
        {"lb01": OF_A},
        ((INFO, CERTAIN, "the clock of the log of lb01 is 9.500 s behind"),),
        ahead=-9.5,
    ),
    Heard(
        "log-clock",
        "positive",
        "local time",
        FAILOVER,
        {"lb02": OF_B[:3]},
        ((INFO, LIKELY, "the clock of the log of lb02 is 60 min"),),
        ahead=3600,
    ),
    Heard("log-clock", "near-miss", "half a second", FAILOVER, {"lb01": OF_A}, ahead=0.5),
    Heard("log-clock", "clean", "the captures' clock", FAILOVER, {"lb01": OF_A, "lb02": OF_B}),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_a_rule_tells_what_logs_say(story: Heard) -> None:
    findings = heard(story.trace, story.logs, story.rule, ahead=story.ahead)
    assert [(f.severity, f.confidence) for f in findings] == [told[:2] for told in story.told], findings
    for finding, (_, _, title) in zip(findings, story.told, strict=True):
        assert title in finding.title
        assert finding.explanation.endswith(".")
        assert finding.remedy
    assert bool(findings) == (story.kind == "positive")


def one(findings: list[Finding], rule: str) -> Finding:
    """Return the first finding of a rule."""
    return min((f for f in findings if f.rule == rule), key=lambda f: f.start)


SILENT = """
    A is p150
    0 A id=500
    every 1s from 1 to 4: A
    every 1s from 7.61 to 20.61: B
"""
BEGIN: Lines = ((-9.0, own("A")), (-8.5, INIT), (-5.0, MASTER))


@pytest.mark.parametrize(
    ("said", "cause", "quoted"),
    [
        (((4.3, "Netlink reports eth0 down"), (4.3, "(VI_51) Entering FAULT STATE")), "link-down", "eth0 down"),
        (((4.3, "(VI_51) Entering FAULT STATE"),), "fault", "FAULT"),
        (((4.2, "VRRP_Script(x) failed (exited with status 1)"), (4.3, "(VI_51) Entering FAULT STATE")), "fault", "x"),
        (((4.5, "Stopping"), (4.6, "Stopped Keepalived v2.2.7")), "stopped", "Stopping"),
        (((4.5, "Stopping"), (5.6, STARTED)), "restarted", "Starting"),
        (((12.0, STARTED), (12.1, INIT)), "crashed", "Starting"),
        (((4.6, "VRRP child process(24) died: Respawning"),), "crashed", "died"),
        (((9.0, "A thread timer expired 4.100000 seconds ago"),), "starvation", "timer"),
        (((5.0, "(VI_51) send advert error 1 (Operation not permitted)"),), "send-failure", "not permitted"),
    ],
)
def test_the_log_of_the_old_master_says_why_it_fell_silent(said: Lines, cause: str, quoted: str) -> None:
    finding = one(heard(SILENT, {"lb01": (*BEGIN, *said)}, "failover"), "failover")
    assert cause in CAUSES
    assert (finding.cause, finding.confidence) == (cause, CERTAIN)
    assert set(finding.also_possible) <= {"host-pause"}
    assert "The log of lb01 says: " in finding.explanation
    assert quoted in finding.explanation
    assert all(line.file == "lb01.log" for line in finding.lines)


def test_a_log_that_says_nothing_changes_nothing() -> None:
    without = one(heard(SILENT, {}, "failover"), "failover")
    assert one(heard(SILENT, {"lb01": BEGIN}, "failover"), "failover") == without


def test_a_log_says_what_lowered_the_priority() -> None:
    trace = (
        "A is p150\n 0 A id=500\n every 1s from 1 to 4: A\n every 1s from 5 to 8: A p90\n every 1s from 8.5 to 20: B"
    )
    said = (
        (4.2, "VRRP_Script(x) failed (exited with status 1)"),
        (4.3, "(VI_51) Changing effective priority from 150 to 90"),
    )
    finding = one(heard(trace, {"lb01": (*BEGIN, *said)}, "failover"), "failover")
    assert finding.cause == "priority-weight"


SPLIT = """
    A is p150
    0 A id=500
    every 1s from 1 to 20: A
    every 1s from 8.3 to 19.3: B
"""


def both(*said: str, other: tuple[str, ...] = (), mine: float = 9.0) -> dict[str, Lines]:
    """Logs of both hosts of a split brain that begins at 8.3."""
    return {
        "lb01": (*BEGIN, *((mine + n, text) for n, text in enumerate(other)), (20.5, "VRRP_Script(x) succeeded")),
        "lb02": ((-9.0, own("B")), (-8.5, INIT), (8.3, MASTER), *((mine + n, text) for n, text in enumerate(said))),
    }


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("(VI_51) received an invalid passwd!", "password-mismatch"),
        ("(VI_51) advertisement interval mismatch mine=2 sec rcv'd=1 sec", "interval-mismatch"),
        ("(VI_51) wrong version. Received 3 and expect 2", "version-mismatch"),
        ("(VI_51) received an invalid ip number count 1, expected 2!", "vip-list-mismatch"),
        ("(VI_51) unicast source address 10.0.0.5 not a unicast peer", "unicast-mismatch"),
        ("(VI_51) invalid TTL/HL. Received 254 and expect 255", "ttl"),
    ],
)
def test_a_refusal_settles_why_two_are_master(words: str, cause: str) -> None:
    finding = one(heard(SPLIT, both(*[words] * 5), "split-brain", "silent-split-brain"), "split-brain")
    assert (finding.cause, finding.confidence, finding.also_possible) == (cause, CERTAIN, ())
    assert f'"{words}" (lb02.log:4, 5 times).' in finding.explanation


def test_one_refusal_alone_settles_nothing() -> None:
    findings = heard(SPLIT, both("(VI_51) received an invalid passwd!"), "split-brain")
    assert one(findings, "split-brain").cause != "password-mismatch"


def test_a_refusal_of_a_strangers_adverts_settles_nothing() -> None:
    words = "(VI_51) received an invalid passwd from 10.0.0.99!"
    assert one(heard(SPLIT, both(*[words] * 5), "split-brain"), "split-brain").cause != "password-mismatch"


def test_who_says_that_it_hears_is_not_deaf() -> None:
    words = "(VI_51) Received advert from 10.0.0.6 with lower priority 100, ours 150, forcing new election"
    finding = one(heard(SPLIT, both(other=(words,) * 5), "split-brain"), "split-brain")
    assert finding.confidence is CERTAIN
    assert words in finding.explanation
    assert "10.0.0.6 stopped hearing" in finding.explanation


def test_an_advert_that_could_not_be_sent_is_the_senders_own_filter() -> None:
    words = "(VI_51): send advert error 1 (Operation not permitted)"
    finding = one(heard(SPLIT, both(other=(words,) * 5, mine=5.2), "split-brain"), "split-brain")
    assert (finding.cause, finding.also_possible) == ("send-failure", ())
