"""What accompanies a story: changes of priority, and of what clients are told; bounded apart from the story itself."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import vrrpscope
from tests.report.captures import Say, write
from vrrpscope.timeline.events import Claim, Seen
from vrrpscope.timeline.history import MAX_NOTES, Budget, History

if TYPE_CHECKING:
    from pathlib import Path

SEEN = Seen(0, 0, 1, 100, -1, -1, 0, 0)


def history(path: Path, story: list[Say]) -> History:
    (virtual,) = vrrpscope.analyze(str(write(path / "cap.pcap", story))).virtual_routers
    return virtual.router.history


def test_every_change_of_priority_is_kept_and_nothing_else(tmp_path: Path) -> None:
    values = [150, 150, 90, 90, 150, 0]
    found = history(tmp_path, [Say(float(n), priority=value, ip_id=n + 1) for n, value in enumerate(values)])
    assert [(router, seen.number, seen.priority) for router, seen in found.priorities] == [
        ("10.0.0.5", 1, 150),
        ("10.0.0.5", 3, 90),
        ("10.0.0.5", 5, 150),
        ("10.0.0.5", 6, 0),
    ]


def test_a_claim_is_kept_when_clients_are_told_of_another_mac() -> None:
    (virtual,) = vrrpscope.analyze("samples/script-weight/lb01.pcap").virtual_routers
    claims = virtual.router.history.claims
    assert [claim.router for claim in claims] == ["10.0.0.5", "10.0.0.6", "10.0.0.5"]
    assert all(before.mac != after.mac for before, after in pairwise(claims))


def test_notes_are_bounded_and_cost_the_story_nothing() -> None:
    (virtual,) = vrrpscope.analyze("samples/script-weight/lb01.pcap").virtual_routers
    speaker = virtual.router.speakers["10.0.0.5"]
    found = History(Budget(left=5, notes=MAX_NOTES + 10))
    for _ in range(2 * MAX_NOTES):
        found.note_priority(speaker, SEEN)
    for _ in range(2 * MAX_NOTES):
        found.note_claim(Claim(SEEN, "10.0.0.3", "02:00:00:00:00:05", None, announced=True))
    assert len(found.priorities) == MAX_NOTES
    assert len(found.claims) == 10
    assert found.budget.left == 5
