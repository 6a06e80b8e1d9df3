"""Which instances of several hosts are one virtual router."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rules.configuring import judged, pair, unicast, vi

if TYPE_CHECKING:
    from vrrpscope.rules.checking import Check


def clusters(check: Check) -> list[str]:
    return [" ".join(f"{m.host}/{m.instance.name}" for m in cluster.members) for cluster in check.setup.clusters]


def test_one_vrid_and_one_address_is_one_virtual_router() -> None:
    assert clusters(judged(pair())) == ["lb01/VI_50 lb02/VI_50"]


@pytest.mark.parametrize(
    ("other", "together"),
    [
        (vi(vrid=51), True),  # by its address
        (vi(addresses="10.0.0.9/24"), True),  # by VRID and network: a collision
        (vi(addresses="10.0.9.9/24", name="X"), False),  # another network
        (vi(addresses="10.0.9.9/24", interface="eth7"), False),
        (vi(vrid=51, addresses="10.0.0.9/24"), False),  # nothing but the name
        (vi(addresses="fd00::3"), False),
    ],
)
def test_something_must_speak_for_it(other: str, together: bool) -> None:
    assert len(clusters(judged({"lb01": vi(), "lb02": other}))) == (1 if together else 2)


def test_peers_that_name_each_other_belong_together_whatever_their_networks() -> None:
    hosts = {
        "lb01": vi(*unicast("10.1.0.5", "10.2.0.5"), addresses="10.1.0.3/24", interface="a"),
        "lb02": vi(*unicast("10.2.0.5", "10.1.0.5"), addresses="10.2.0.3/24", interface="b"),
    }
    assert clusters(judged(hosts)) == ["lb01/VI_50 lb02/VI_50"]


def test_a_host_takes_part_once() -> None:
    twice = vi(name="A", interface="eth1") + vi(name="B", interface="eth0")
    assert clusters(judged({"lb01": twice, "lb02": vi(name="B")})) == ["lb01/A", "lb01/B lb02/B"]


def test_clusters_that_only_collide_are_parts() -> None:
    hosts = {"lb01": vi(), "app01": vi(addresses="10.0.0.23/24"), "lb02": vi(), "app02": vi(addresses="10.0.0.23/24")}
    (cluster,) = judged(hosts).setup.clusters
    assert [[m.host for m in part] for part in cluster.parts] == [["lb01", "lb02"], ["app01", "app02"]]
