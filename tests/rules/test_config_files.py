"""One configuration for itself."""

from __future__ import annotations

import pytest

from tests.rules.configuring import (
    CERTAIN,
    CRITICAL,
    INFO,
    LIKELY,
    WARNING,
    Written,
    judged,
    pair,
    password,
    tell,
    unicast,
    vi,
)

_GOOD = {"lb01": vi()}
_SCRIPT = 'vrrp_script chk {\n script "/bin/true"\n}\n'


def ignored(name: str, text: str, said: str, *, harm: bool = True) -> Written:
    return Written("ignored-setting", "positive", name, {"lb01": text}, ((WARNING if harm else INFO, said),))


STORIES = [
    Written(
        "damaged-configuration",
        "positive",
        "a brace is missing",
        {"lb01": vi().rstrip().removesuffix("}") + vi(name="B", vrid=51)},
        ((WARNING, "cannot be read whole"),),
    ),
    Written(
        "damaged-configuration",
        "positive",
        "an included file is missing",
        {"lb01": "include nosuch.conf\n" + vi()},
        ((WARNING, "cannot be read whole"),),
    ),
    Written(
        "damaged-configuration", "near-miss", "a pattern may match nothing", {"lb01": "include nosuch/*.conf\n" + vi()}
    ),
    Written("damaged-configuration", "near-miss", "conditions of a named host", {"lb01": "@lb02 track_group\n" + vi()}),
    Written("damaged-configuration", "clean", "whole", _GOOD),
    Written(
        "unknown-keyword",
        "positive",
        "misspelt",
        {"lb01": vi("virtual_ipadress { 10.0.0.4 }")},
        ((WARNING, "virtual_ipadress in vrrp_instance, which may be meant for virtual_ipaddress"),),
    ),
    Written("unknown-keyword", "positive", "newer", {"lb01": vi("quux secretive")}, ((INFO, "quux in vrrp_instance"),)),
    Written("unknown-keyword", "near-miss", "a comment", {"lb01": vi("! quux", "# quux")}),
    Written("unknown-keyword", "clean", "all known", _GOOD),
    ignored("nopreempt", vi("state MASTER", "nopreempt"), "ignores nopreempt, for the initial state is MASTER (VI_50)"),
    ignored("of an owner", vi("nopreempt", priority=255), "ignores nopreempt, for priority 255 always preempts"),
    ignored("preempt_delay", vi("state MASTER", "preempt_delay 5"), "ignores preempt_delay"),
    ignored("no such script", vi("track_script { chk }"), "track_script chk, for there is no vrrp_script"),
    ignored("no script", "vrrp_script chk {\n interval 1\n}\n", "ignores vrrp_script chk, for it runs no script"),
    ignored("a weight out of range", _SCRIPT + vi("track_script { chk weight 300 }"), "from -253 to 253"),
    ignored("a priority out of range", vi("priority 300"), "ignores priority 300: a number from 1 to 255 is wanted"),
    ignored("two families", vi(addresses="10.0.0.3 fd00::3"), "fd00::3 in virtual_ipaddress, for the instance is IPv4"),
    ignored("no address", vi(addresses="10.0.0.300"), "10.0.0.300 in virtual_ipaddress, for it is no address"),
    ignored("fractions", vi("advert_int 0.5"), "advert_int 0.5: VRRPv2 makes it 1 s"),
    ignored("no number", "vrrp_instance A {\n interface eth0\n}\n", "it has no name or virtual_router_id"),
    ignored("a password without text", vi("authentication { auth_type PASS }"), "it has no auth_pass"),
    ignored(
        "a group without members", "vrrp_sync_group G { group { A } }\n", "group G has A, which is no vrrp_instance"
    ),
    ignored("a long password", vi(password("123456789")), "all but the first 8 characters", harm=False),
    ignored("a password for version 3", vi("version 3", password("1234")), "VRRPv3 knows no passwords", harm=False),
    ignored("a password in strict mode", vi("strict_mode on", password("1234")), "vrrp_strict knows no", harm=False),
    Written("ignored-setting", "near-miss", "nopreempt of a backup", {"lb01": vi("state BACKUP", "nopreempt")}),
    Written("ignored-setting", "clean", "nothing", _GOOD),
    Written(
        "duplicate-vrid",
        "positive",
        "twice on one interface",
        {"lb01": vi() + vi(name="B", addresses="10.0.0.4")},
        ((CRITICAL, "VI_50 and B of lb01 both have VRID 50 on eth0"),),
    ),
    Written(
        "duplicate-vrid",
        "near-miss",
        "on two interfaces",
        {"lb01": vi() + vi(name="B", interface="eth1", addresses="fd00::3")},
    ),
    Written("duplicate-vrid", "near-miss", "IPv4 and IPv6", {"lb01": vi() + vi(name="B", addresses="fd00::3")}),
    Written("duplicate-vrid", "clean", "one", _GOOD),
    Written("owner-priority", "positive", "255", {"lb01": vi(priority=255)}, ((INFO, "priority 255 for VRID 50"),)),
    Written("owner-priority", "positive", "254", {"lb01": vi(priority=254)}, ((INFO, "priority 254"),)),
    Written("owner-priority", "near-miss", "253", {"lb01": vi(priority=253)}),
    Written("owner-priority", "clean", "150", _GOOD),
    Written(
        "short-interval",
        "positive",
        "a tenth of a second",
        pair(("version 3", "advert_int 0.1"), ("version 3", "advert_int 0.1")),
        ((INFO, "takes over after"),),
    ),
    Written(
        "short-interval",
        "near-miss",
        "more of them",
        {"lb01": vi("version 3", "advert_int 0.1", "down_timer_adverts 10")},
    ),
    Written("short-interval", "clean", "a second", _GOOD),
    Written(
        "clear-text-password",
        "positive",
        "PASS",
        pair((password("1234"),), (password("1234"),)),
        ((INFO, "the password of VRID 50 (#"),),
    ),
    Written("clear-text-password", "near-miss", "AH sends none", {"lb01": vi(password("1234", "AH"))}),
    Written("clear-text-password", "clean", "none", _GOOD),
    Written("script-security", "positive", "neither", {"lb01": _SCRIPT + vi()}, ((INFO, "lb01 runs chk without"),)),
    Written(
        "script-security",
        "near-miss",
        "a user of its own",
        {"lb01": "global_defs { enable_script_security }\n" + _SCRIPT.replace("}", "user nobody\n}")},
    ),
    Written("script-security", "clean", "no scripts", _GOOD),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_rule_tells_of_one_configuration(story: Written) -> None:
    tell(story)


def test_what_an_unknown_word_says_is_not_told() -> None:
    assert "hunter22" not in repr(judged({"lb01": vi("auth_passs hunter22", "authentication { auth_pas hunter22 }")}))


def test_two_unicast_instances_may_be_allowed_one_vrid() -> None:
    peers = unicast("10.0.0.5", "10.0.0.6")
    (sure,) = judged({"lb01": vi() + vi(name="B")}, "duplicate-vrid").findings
    (likely,) = judged({"lb01": vi(*peers) + vi(*peers, name="B")}, "duplicate-vrid").findings
    assert (sure.confidence, likely.confidence) == (CERTAIN, LIKELY)
    assert judged({"lb01": vi() + vi(*peers, name="B")}, "duplicate-vrid").findings == ()
