"""Would the other host win?"""

from __future__ import annotations

import pytest

from tests.rules.configuring import INFO, WARNING, Written, judged, pair, tell, vi


def script(weight: int | None = None, *more: str, name: str = "chk") -> str:
    weighs = "" if weight is None else f" weight {weight}\n"
    return f'vrrp_script {name} {{\n script "/bin/true"\n{weighs}' + "".join(f" {line}\n" for line in more) + "}\n"


_TRACKS = ("track_script {", "chk", "}")


def tracked(
    weight: int | None, *more: str, first: tuple[str, ...] = (), second: tuple[str, ...] = ()
) -> dict[str, str]:
    return pair((*_TRACKS, *first), (*_TRACKS, *second), script(weight, *more))


STORIES = [
    Written(
        "weight-never-crosses",
        "positive",
        "130 is above 100",
        tracked(-20),
        ((WARNING, "if chk fails on lb01, no other host takes over"),),
    ),
    Written(
        "weight-never-crosses",
        "positive",
        "100 is not below 100",
        tracked(-50),
        ((WARNING, "if chk fails on lb01"),),
    ),
    Written(
        "weight-never-crosses",
        "positive",
        "a positive weight that is missed on one and had on the other",
        tracked(20),
        ((WARNING, "if chk fails on lb01"),),
    ),
    Written(
        "weight-never-crosses",
        "positive",
        "nopreempt on the backup leaves the master alone",
        tracked(-60, second=("nopreempt",)),
        ((WARNING, "no other host takes over"),),
    ),
    Written(
        "weight-never-crosses",
        "positive",
        "both are cut off at 254, and the address never comes back",
        tracked(200),
        ((WARNING, "with all checks good, lb01 does not get its addresses back from lb02"),),
    ),
    Written(
        "weight-never-crosses",
        "positive",
        "no weight lowers an owner",
        {"lb01": script(-60) + vi(*_TRACKS, priority=255), "lb02": vi(priority=100)},
        ((WARNING, "if chk fails on lb01"),),
    ),
    Written("weight-never-crosses", "near-miss", "99 is below 100", tracked(-51)),
    Written("weight-never-crosses", "near-miss", "a third host wins", {**tracked(-20), "lb03": vi(priority=140)}),
    Written("weight-never-crosses", "near-miss", "nobody else is known", {"lb01": script(-20) + vi(*_TRACKS)}),
    Written(
        "weight-never-crosses",
        "near-miss",
        "only the backup's check is weak",
        {"lb01": vi(), "lb02": script(-1) + vi(*_TRACKS, priority=100)},
    ),
    Written("weight-never-crosses", "clean", "no checks", pair()),
    Written(
        "track-fault",
        "positive",
        "without a weight",
        tracked(None),
        ((INFO, "chk: where it fails, lb01 and lb02 goes into FAULT"),),
    ),
    Written(
        "track-fault",
        "positive",
        "in a sync group weights do not count",
        {"lb01": "vrrp_sync_group G { group { VI_50 } }\n" + script(-60) + vi(*_TRACKS)},
        ((INFO, "chk"),),
    ),
    Written(
        "track-fault",
        "near-miss",
        "unless the group says so",
        {
            "lb01": "vrrp_sync_group G {\n sync_group_tracking_weight\n group { VI_50 }\n}\n"
            + script(-60)
            + vi(*_TRACKS)
        },
    ),
    Written("track-fault", "near-miss", "an interface is no check", pair(("track_interface { eth1 }",))),
    Written("track-fault", "clean", "no checks", pair()),
    Written(
        "slow-check",
        "positive",
        "half a minute",
        {"lb01": script(-60, "interval 10", "fall 3", "timeout 2") + vi(*_TRACKS)},
        ((WARNING, "chk on lb01 can take 32.0 s"),),
    ),
    Written(
        "slow-check",
        "positive",
        "ten seconds",
        {"lb01": script(-60, "interval 5") + vi(*_TRACKS)},
        ((INFO, "can take 10.0 s"),),
    ),
    Written("slow-check", "near-miss", "nobody tracks it", {"lb01": script(-60, "interval 60") + vi()}),
    Written("slow-check", "clean", "two seconds", tracked(-60)),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_rule_tells_of_checks(story: Written) -> None:
    tell(story)


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        (-20, "its priority is 150 - 20 = 130, still above the 100 of lb02"),
        (-50, "its priority is 150 - 50 = 100, the same as the 100 of lb02"),
        (20, "its priority is 170 - 20 = 150, still above the 120 of lb02"),
    ],
)
def test_the_sum_is_shown(weight: int, said: str) -> None:
    (finding,) = judged(tracked(weight), "weight-never-crosses").findings
    assert said in finding.explanation


def test_a_weight_that_would_do_is_named() -> None:
    (finding,) = judged(tracked(-20), "weight-never-crosses").findings
    assert "a weight of at least 51 in size" in finding.remedy


def test_checks_that_only_cross_together_are_said_to() -> None:
    tracks = ("track_script {", "chk", "two", "}")
    text = script(-30) + script(-30, name="two")
    found = judged(pair(tracks, tracks, text), "weight-never-crosses").findings
    assert len(found) == 2
    assert all("Only if more of its checks fail together" in f.explanation for f in found)


def test_the_line_in_the_instance_outweighs_that_of_the_script() -> None:
    tracks = ("track_script {", "chk weight -60", "}")
    assert judged(pair(tracks, tracks, script(-20)), "weight-never-crosses").findings == ()


def test_reverse_turns_the_sign() -> None:
    tracks = ("track_script {", "chk weight 60 reverse", "}")
    check = judged(pair(tracks, (), script()))
    (first, *_) = check.setup.clusters[0].members
    assert first.instance.effective() == 90
    assert first.instance.effective(first.instance.trackers) == 150
