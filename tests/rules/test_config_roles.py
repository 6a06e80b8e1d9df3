"""Who is to be master, by configuration."""

from __future__ import annotations

import pytest

from tests.rules.configuring import INFO, WARNING, Written, judged, pair, tell, vi


def group(*members: str, name: str = "G") -> str:
    return f"vrrp_sync_group {name} {{\n group {{\n" + "".join(f"  {m}\n" for m in members) + " }\n}\n"


def two(first: int, second: int) -> str:
    return vi(priority=first) + vi(name="VI_51", vrid=51, priority=second, addresses="10.0.0.4/24")


_BOTH = group("VI_50", "VI_51")

STORIES = [
    Written(
        "equal-priority",
        "positive",
        "nothing written is 100",
        {"lb01": vi("priority 100"), "lb02": vi("priority 100")},
        ((INFO, "both have priority 100 for VRID 50"),),
    ),
    Written(
        "equal-priority",
        "positive",
        "an address has one owner",
        {"lb01": vi(priority=255), "lb02": vi(priority=255)},
        ((WARNING, "both have priority 255"),),
    ),
    Written(
        "equal-priority", "near-miss", "two virtual routers", {"lb01": vi(), "lb02": vi(vrid=51, addresses="10.0.0.9")}
    ),
    Written("equal-priority", "clean", "150 and 100", pair()),
    Written(
        "both-state-master",
        "positive",
        "both",
        pair(("state MASTER",), ("state MASTER",)),
        ((INFO, "lb01 and lb02 both have state MASTER"),),
    ),
    Written("both-state-master", "near-miss", "one", pair(("state MASTER",), ("state BACKUP",))),
    Written("both-state-master", "clean", "none", pair()),
    Written(
        "nopreempt-one-sided",
        "positive",
        "on the higher",
        pair(("nopreempt",), ()),
        ((INFO, "lb01 has nopreempt, lb02 has not"),),
    ),
    Written(
        "nopreempt-one-sided",
        "positive",
        "on the lower",
        pair((), ("nopreempt",)),
        ((INFO, "lb02 has nopreempt, lb01 has not"),),
    ),
    Written("nopreempt-one-sided", "near-miss", "on both", pair(("nopreempt",), ("nopreempt",))),
    Written("nopreempt-one-sided", "clean", "on none", pair()),
    Written(
        "no-backup",
        "positive",
        "forgotten on the other",
        {"lb01": two(150, 150), "lb02": vi()},
        ((INFO, "VRID 51 (10.0.0.4) is on lb01 only"),),
    ),
    Written("no-backup", "near-miss", "one configuration is judged for itself", {"lb01": two(150, 150)}),
    Written("no-backup", "clean", "a pair", pair()),
    Written(
        "duplicate-router-id",
        "positive",
        "copied",
        pair(before="global_defs {\n router_id lb01\n}\n"),
        ((INFO, "lb01 and lb02 have the same router_id lb01"),),
    ),
    Written(
        "duplicate-router-id",
        "near-miss",
        "one each",
        {host: f"global_defs {{\n router_id {host}\n}}\n{vi()}" for host in ("lb01", "lb02")},
    ),
    Written("duplicate-router-id", "clean", "none", pair()),
    Written(
        "sync-group-mismatch",
        "positive",
        "one member less",
        {"lb01": _BOTH + two(150, 150), "lb02": group("VI_50") + two(100, 100)},
        ((WARNING, "sync group G of lb01 holds other virtual routers than that of lb02"),),
    ),
    Written(
        "sync-group-mismatch",
        "positive",
        "no group on the other",
        {"lb01": two(150, 150), "lb02": _BOTH + two(100, 100)},
        ((WARNING, "sync group G of lb02 holds other virtual routers than that of lb01"),),
    ),
    Written(
        "sync-group-mismatch",
        "positive",
        "each host pulls",
        {"lb01": _BOTH + two(150, 100), "lb02": _BOTH + two(100, 150)},
        (
            (WARNING, "in sync group G lb01 is to be master of VI_50, lb02 of VI_51"),
            (INFO, "different priorities on lb01"),
            (INFO, "different priorities on lb02"),
        ),
    ),
    Written(
        "sync-group-mismatch",
        "near-miss",
        "crossed priorities without a group share the load",
        {"lb01": two(150, 100), "lb02": two(100, 150)},
    ),
    Written(
        "sync-group-mismatch",
        "near-miss",
        "other names for the same",
        {
            "lb01": _BOTH + two(150, 150),
            "lb02": group("VI_51", "X", name="H") + two(100, 100).replace("VI_50", "X"),
        },
    ),
    Written("sync-group-mismatch", "clean", "alike", {"lb01": _BOTH + two(150, 150), "lb02": _BOTH + two(100, 100)}),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_rule_tells_of_roles(story: Written) -> None:
    tell(story)


def test_of_nopreempt_it_is_said_what_it_does() -> None:
    (higher,) = judged(pair(("nopreempt",), ()), "nopreempt-one-sided").findings
    (lower,) = judged(pair((), ("nopreempt",)), "nopreempt-one-sided").findings
    assert "stay on lb02" in higher.explanation
    assert "nobody for it to preempt" in lower.explanation
