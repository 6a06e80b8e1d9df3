"""Two configurations that do not go together, and those that only look so."""

from __future__ import annotations

import pytest

from tests.rules.configuring import (
    CRITICAL,
    LIKELY,
    POSSIBLE,
    WARNING,
    Written,
    judged,
    pair,
    password,
    tell,
    unicast,
    vi,
)

_PEERS = pair(unicast("10.0.0.5", "10.0.0.6"), unicast("10.0.0.6", "10.0.0.5"))
_GOOD = pair((password("s3cr3t50"),), (password("s3cr3t50"),))

STORIES = [
    Written(
        "password-mismatch",
        "positive",
        "another password",
        pair((password("s3cr3t50"),), (password("s3cr3t05"),)),
        ((CRITICAL, "lb01 and lb02 are configured with different passwords for VRID 50"),),
    ),
    Written(
        "password-mismatch",
        "near-miss",
        "eight characters count",
        pair((password("s3cr3t50-a"),), (password('"s3cr3t50-b"'),)),
    ),
    Written(
        "password-mismatch",
        "near-miss",
        "VRRPv3 knows none",
        pair(("version 3", password("a")), ("version 3", password("b"))),
    ),
    Written("password-mismatch", "clean", "one password", _GOOD),
    Written(
        "auth-type-mismatch",
        "positive",
        "AH against PASS",
        pair((password("s3cr3t50", "AH"),), (password("s3cr3t50"),)),
        ((CRITICAL, "different authentication"),),
    ),
    Written(
        "auth-type-mismatch",
        "positive",
        "strict mode drops the password of the one",
        pair((password("s3cr3t50"), "strict_mode on"), (password("s3cr3t50"),)),
        ((CRITICAL, "different authentication"),),
    ),
    Written(
        "auth-type-mismatch",
        "near-miss",
        "a type without a password is none",
        pair(("authentication {", "auth_type PASS", "}"), ()),
    ),
    Written("auth-type-mismatch", "clean", "one type", _GOOD),
    Written(
        "interval-mismatch",
        "positive",
        "VRRPv2 demands equal ones",
        pair((), ("advert_int 2",)),
        ((CRITICAL, "different advertisement intervals"),),
    ),
    Written(
        "interval-mismatch",
        "positive",
        "VRRPv3 is slow to fail over",
        pair(("version 3",), ("version 3", "advert_int 0.5")),
        ((WARNING, "different advertisement intervals"),),
    ),
    Written("interval-mismatch", "near-miss", "written otherwise", pair(("advert_int 1",), ("advert_int 1.0",))),
    Written("interval-mismatch", "clean", "one interval", _GOOD),
    Written(
        "version-mismatch",
        "positive",
        "version 3 on one side",
        pair(("version 3",), ()),
        ((CRITICAL, "different VRRP versions"),),
    ),
    Written(
        "version-mismatch",
        "near-miss",
        "set globally on one and in the instance on the other",
        {"lb01": "global_defs { vrrp_version 3 }\n" + vi(), "lb02": vi("version 3")},
    ),
    Written("version-mismatch", "clean", "one version", _GOOD),
    Written(
        "vip-list-mismatch",
        "positive",
        "one address more",
        {"lb01": vi(), "lb02": vi(addresses="10.0.0.3/24 10.0.0.4/24")},
        ((CRITICAL, "different virtual addresses"),),
    ),
    Written(
        "vip-list-mismatch",
        "near-miss",
        "order and prefix do no harm",
        {"lb01": vi(addresses="10.0.0.3/24 10.0.0.4"), "lb02": vi(addresses="10.0.0.4/32 10.0.0.3")},
    ),
    Written("vip-list-mismatch", "clean", "one list", _GOOD),
    Written(
        "unicast-mismatch",
        "positive",
        "peers on one side",
        pair(unicast("10.0.0.5", "10.0.0.6"), ()),
        ((CRITICAL, "different destinations"),),
    ),
    Written(
        "unicast-mismatch",
        "near-miss",
        "a source without peers is multicast",
        pair(("unicast_src_ip 10.0.0.5",), ()),
    ),
    Written("unicast-mismatch", "clean", "both unicast", _PEERS),
    Written(
        "vrid-mismatch",
        "positive",
        "one address, two numbers",
        {"lb01": vi(), "lb02": vi(vrid=51)},
        ((CRITICAL, "lb01 has 10.0.0.3 with VRID 50, lb02 with VRID 51"),),
    ),
    Written(
        "vrid-mismatch",
        "near-miss",
        "two virtual routers with an address each",
        {"lb01": vi(), "lb02": vi(vrid=51, addresses="10.0.0.4/24")},
    ),
    Written("vrid-mismatch", "clean", "one number", _GOOD),
    Written(
        "vrid-collision",
        "positive",
        "two clusters in one network",
        {
            "lb01": vi(),
            "lb02": vi(priority=100),
            "app01": vi(addresses="10.0.0.23/24"),
            "app02": vi(addresses="10.0.0.23/24"),
        },
        ((WARNING, "lb01 and lb02 and app01 and app02 share VRID 50 but no virtual address"),),
    ),
    Written(
        "vrid-collision",
        "near-miss",
        "two networks are two segments",
        {"lb01": vi(), "app01": vi(addresses="10.9.0.3/24", name="APP")},
    ),
    Written(
        "vrid-collision", "near-miss", "one VRID for IPv4 and IPv6", {"lb01": vi(), "lb02": vi(addresses="fd00::3")}
    ),
    Written("vrid-collision", "clean", "one cluster", _GOOD),
    Written(
        "unicast-peers",
        "positive",
        "the peer is mistyped",
        pair(unicast("10.0.0.5", "10.0.0.6"), unicast("10.0.0.6", "10.0.0.55")),
        ((CRITICAL, "lb02 does not send to lb01"),),
    ),
    Written(
        "unicast-peers",
        "positive",
        "the peer is itself",
        pair(unicast("10.0.0.5", "10.0.0.6"), unicast("10.0.0.6", "10.0.0.6")),
        ((CRITICAL, "lb02 does not send to lb01"),),
    ),
    Written(
        "unicast-peers",
        "positive",
        "a copied source",
        pair(unicast("10.0.0.5", "10.0.0.6"), unicast("10.0.0.5", "10.0.0.6")),
        ((CRITICAL, "lb01 and lb02 both send from 10.0.0.5"),),
    ),
    Written(
        "unicast-peers",
        "near-miss",
        "an unwritten source cannot be compared",
        pair(("unicast_peer {", "10.0.0.6", "}"), ("unicast_peer {", "10.0.0.5", "}")),
    ),
    Written("unicast-peers", "clean", "mutual", _PEERS),
    Written(
        "vmac-mismatch", "positive", "on one side", pair(("use_vmac vrrp50",), ()), ((WARNING, "lb01 has use_vmac"),)
    ),
    Written("vmac-mismatch", "near-miss", "another name", pair(("use_vmac vrrp50",), ("use_vmac",))),
    Written("vmac-mismatch", "clean", "on neither", _GOOD),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_rule_tells_of_two_configurations(story: Written) -> None:
    tell(story)


def test_of_several_disagreements_only_those_are_told_that_would_remain() -> None:
    hosts = pair(("version 3", "advert_int 0.5"), (password("s3cr3t50"), "advert_int 2"))
    assert [f.rule for f in judged(hosts).findings if f.severity is CRITICAL] == ["version-mismatch"]


def test_unrelated_clusters_are_not_told_to_share_a_password() -> None:
    hosts = {"lb01": vi(password("a")), "app01": vi(password("b"), addresses="10.0.0.23/24")}
    assert [f.rule for f in judged(hosts).findings if f.severity is not WARNING.INFO] == ["vrid-collision"]


@pytest.mark.parametrize(("addresses", "confidence"), [("10.0.0.23/24", LIKELY), ("10.0.0.23", POSSIBLE)])
def test_how_sure_a_collision_is_depends_on_the_networks(addresses: str, confidence: object) -> None:
    (finding,) = judged({"lb01": vi(), "app01": vi(addresses=addresses)}, "vrid-collision").findings
    assert finding.confidence is confidence


def test_passwords_are_digests_unless_asked_for() -> None:
    hosts = pair((password("s3cr3t50"),), (password("hunter22"),))
    assert "hunter22" not in repr(judged(hosts))
    assert "s3cr3t50" not in repr(judged(hosts))
    (finding,) = judged(hosts, "password-mismatch", show_secrets=True).findings
    assert "lb01: 's3cr3t50'; lb02: 'hunter22'" in finding.explanation


def test_the_remedy_names_both_lines() -> None:
    (finding,) = judged(pair(("advert_int 1",), ("", "advert_int 2")), "interval-mismatch").findings
    assert [(line.host, line.number) for line in finding.lines] == [("lb01", 8), ("lb02", 9)]
    assert finding.remedy.endswith("lb01.conf:8 and " + str(finding.lines[1]) + ".")


def test_crossed_numbers_are_matched_by_what_is_likest() -> None:
    hosts = {
        "lb01": vi(name="A", vrid=50, addresses="10.0.0.3") + vi(name="B", vrid=51, addresses="10.0.0.4"),
        "lb02": vi(name="B", vrid=50, addresses="10.0.0.4") + vi(name="A", vrid=51, addresses="10.0.0.3"),
    }
    assert [f.rule for f in judged(hosts).findings if f.severity is CRITICAL] == ["vrid-mismatch", "vrid-mismatch"]
