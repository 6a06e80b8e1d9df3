"""keepalived.conf as frozen data: values as they take effect, with their lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lab.production import CONFIGURATIONS
from vrrpscope.errors import UsageError
from vrrpscope.evidence.configuration import SECOND
from vrrpscope.evidence.keepalived_conf import read
from vrrpscope.keepalived.includes import MAX_SIZE
from vrrpscope.rules.checking import check
from vrrpscope.wire.columns import Auth

if TYPE_CHECKING:
    from pathlib import Path

    from vrrpscope.evidence.configuration import Configuration, Instance

FULL = """! production
global_defs {
    router_id lb01
    vrrp_version 3
    vrrp_garp_master_repeat 3
    vrrp_lower_prio_no_advert
    vrrp_startup_delay 2.5
    vrrp_rt_priority 50
    max_auto_priority 80
    default_interface ens192
    script_user keepalived_script
    enable_script_security
}
vrrp_script chk {
    script "/usr/bin/pgrep -x nginx"
    interval 2
    timeout 1
    fall 3
    rise 2
    weight -60
    user nobody
}
vrrp_track_process nginx {
    process nginx
    weight 10
}
vrrp_instance VI_50 {
    state BACKUP
    virtual_router_id 50
    priority 150
    advert_int 0.25
    nopreempt
    preempt_delay 5
    down_timer_adverts 5
    use_vmac vrrp50
    garp_master_delay 7
    check_unicast_src
    unicast_src_ip 10.0.0.5
    unicast_peer {
        10.0.0.6
        10.0.0.7 min_ttl 250
    }
    virtual_ipaddress {
        10.0.0.3/24 dev ens192 label ens192:vip
        10.0.0.4
    }
    virtual_ipaddress_excluded {
        fd00::3/64
    }
    track_interface {
        ens224
        ens256 weight -10
    }
    track_script {
        chk
    }
    track_process {
        nginx
    }
}
"""


def conf(tmp_path: Path, text: str, host: str | None = "lb01") -> Configuration:
    path = tmp_path / "keepalived.conf"
    path.write_bytes(text.encode(errors="surrogateescape"))
    return read(str(path), host)


def instance(tmp_path: Path, body: str, before: str = "") -> Instance:
    text = before + "vrrp_instance A {\n virtual_router_id 7\n" + body + "\n}\n"
    (found,) = conf(tmp_path, text).instances
    return found


def test_everything_that_is_written_is_read(tmp_path: Path) -> None:
    found = conf(tmp_path, FULL)
    assert found.remarks == ()
    (one,) = found.instances
    assert (one.name, one.state, one.interface, one.vrid, one.family) == ("VI_50", "BACKUP", "ens192", 50, 4)
    assert (one.version, one.priority, one.advert_int, one.key) == (3, 150, SECOND // 4, "ipv4/50")
    assert (one.addresses, one.networks) == (("10.0.0.3", "10.0.0.4"), ("10.0.0.0/24", "10.0.0.4/32"))
    assert (one.excluded, one.source, one.peers) == (("fd00::3",), "10.0.0.5", ("10.0.0.6", "10.0.0.7"))
    assert (one.nopreempt, one.preempt_delay, one.down_timer_adverts, one.vmac) == (True, 5 * SECOND, 5, True)
    assert (one.numbers["garp_master_delay"], one.flags) == (7, frozenset({"check_unicast_src"}))
    assert [(t.kind, t.name, t.weight) for t in one.trackers] == [
        ("interface", "ens224", 0),
        ("interface", "ens256", -10),
        ("script", "chk", -60),
        ("process", "nginx", 10),
    ]
    assert one.effective() == 160
    assert one.effective(one.trackers[2:3]) == 100
    assert one.effective(one.trackers[:1]) == 0
    (script,) = found.scripts
    assert (script.interval, script.timeout, script.fall, script.rise) == (2 * SECOND, SECOND, 3, 2)
    assert (script.command, script.user, script.detection) == ("/usr/bin/pgrep -x nginx", "nobody", 7 * SECOND)
    glob = found.settings
    assert (glob.router_id, glob.version, glob.strict, glob.startup_delay) == ("lb01", 3, False, 5 * SECOND // 2)
    assert (glob.script_user, glob.script_security) == ("keepalived_script", True)
    assert glob.numbers["vrrp_garp_master_repeat"] == 3
    assert glob.numbers["max_auto_priority"] == 80
    assert "vrrp_lower_prio_no_advert" in glob.flags


def test_every_value_knows_its_line(tmp_path: Path) -> None:
    found = conf(tmp_path, FULL)
    (one,) = found.instances
    lines = FULL.splitlines()
    for setting in ("priority", "advert_int", "unicast_peer", "virtual_ipaddress", "use_vmac"):
        assert lines[one.at(setting).number - 1].split()[0] == setting
    assert one.at("auth_pass") == one.line
    assert lines[one.line.number - 1] == "vrrp_instance VI_50 {"
    assert str(found.settings.lines["router_id"]).endswith("keepalived.conf:3")


def test_lines_of_included_files_are_theirs(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "vi.conf").write_text("\nvrrp_instance A {\n virtual_router_id 7\n priority 9\n}\n")
    (one,) = conf(tmp_path, "include conf.d/*.conf\n").instances
    assert str(one.at("priority")) == f"{tmp_path}/conf.d/vi.conf:4"


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ("", "priority", 100),
        ("", "advert_int", SECOND),
        ("", "version", 2),
        ("", "state", "BACKUP"),
        ("", "interface", "eth0"),
        ("", "down_timer_adverts", 3),
        ("priority 1\npriority 2", "priority", 2),
        ("priority 300", "priority", 100),
        ("virtual_ipaddress { fd00::3 }", "version", 3),
        ("virtual_ipaddress { fd00::3 }", "key", "ipv6/7"),
        ("virtual_ipaddress { FD00:0::3/64 }", "addresses", ("fd00::3",)),
        ("unicast_peer { 10.0.0.6 }\nvirtual_ipaddress { fd00::3 }", "key", "ipv4/7"),
        ("native_ipv6", "key", "ipv6/7"),
        ("version 2\nvirtual_ipaddress { fd00::3 }", "version", 2),
        ("advert_int 1.6", "advert_int", 2 * SECOND),
        ("version 3\nadvert_int 0.256", "advert_int", 260_000_000),
        ("version 3\nadvert_int 99", "advert_int", 40_950_000_000),
        ("advert_int x", "advert_int", SECOND),
        ("unicast_src_ip 10.0.0.5", "unicast", False),
        ("mcast_src_ip 10.0.0.5", "source", "10.0.0.5"),
        ("state MASTER\nnopreempt", "nopreempt", False),
        ("state MASTER\npreempt_delay 5", "preempt_delay", 0),
        ("priority 255\nnopreempt", "nopreempt", False),
        ("strict_mode on\nstate MASTER", "state", "BACKUP"),
        ("strict_mode on\npriority 255\nstate MASTER", "state", "MASTER"),
        ("strict_mode on\npreempt_delay 5", "preempt_delay", 0),
        ("strict_mode on\ndown_timer_adverts 5", "down_timer_adverts", 3),
        ("strict_mode on", "accept", False),
        ("authentication {\nauth_type PASS\nauth_pass 123456789\n}", "secret", b"12345678"),
        ("authentication {\nauth_type PASS\nauth_pass abc\n}", "secret", b"abc\0\0\0\0\0"),
        ("authentication { auth_type PASS\nauth_pass abc }", "secret", b"abc\0\0\0\0\0"),
        ("authentication {\nauth_type AH\nauth_pass abc\n}", "auth", Auth.AH),
        ("authentication {\nauth_type PASS auth_pass abc\n}", "auth", Auth.NONE),
        ("version 3\nauthentication {\nauth_type PASS\nauth_pass abc\n}", "auth", Auth.NONE),
        ("strict_mode on\nauthentication {\nauth_type PASS\nauth_pass abc\n}", "auth", Auth.NONE),
        ("authentication {\nauth_type PASS\n}", "auth", Auth.NONE),
    ],
)
def test_keepaliveds_own_rules_are_applied(body: str, field: str, value: object, tmp_path: Path) -> None:
    assert getattr(instance(tmp_path, body), field) == value


def test_strict_mode_is_global_unless_the_instance_says_otherwise(tmp_path: Path) -> None:
    strict = "global_defs {\n vrrp_strict\n}\n"
    assert instance(tmp_path, "", strict).strict
    assert not instance(tmp_path, "strict_mode off", strict).strict


def test_conditions_hold_by_the_hosts_name(tmp_path: Path) -> None:
    text = "vrrp_instance A {\n virtual_router_id 7\n@lb01 priority 150\n@lb02 priority 100\n}\n"
    assert [conf(tmp_path, text, host).instances[0].priority for host in ("lb01.example", "lb02")] == [150, 100]
    unnamed = conf(tmp_path, text, None)
    assert (unnamed.host, unnamed.conditional, unnamed.named) == ("keepalived", True, False)


def test_members_of_a_sync_group_watch_what_it_does(tmp_path: Path) -> None:
    group = "vrrp_sync_group G {\n group {\n A\n }\n track_interface { eth9 }\n}\n"
    group += "vrrp_script c {\n script x\n weight 5\n}\n"
    one = instance(tmp_path, "track_script {\n c\n}", group)
    assert one.group == "G"
    assert [(t.name, t.weight) for t in one.trackers] == [("c", 0), ("eth9", 0)]


def test_a_password_is_in_no_representation(tmp_path: Path) -> None:
    text = (
        "vrrp_instance A {\n virtual_router_id 7\n authentication {\n auth_type PASS\n auth_pass hunter22extra\n }\n}\n"
    )
    assert "hunter" not in repr(conf(tmp_path, text))


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_production_configurations_are_whole(name: str, tmp_path: Path) -> None:
    production = CONFIGURATIONS[name]
    for file, text in production.files.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    found = conf(tmp_path, production.text, production.host)
    assert [r for r in found.remarks if r.kind != "ignored"] == []
    assert found.instances


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read(str(tmp_path / "nosuch.conf"))
    with pytest.raises(UsageError, match="Is a directory"):
        read(str(tmp_path))
    (tmp_path / "lb01.pcap").write_bytes(b"\xd4\xc3\xb2\xa1\x02\0\x04\0")
    with pytest.raises(UsageError, match="binary file"):
        read(str(tmp_path / "lb01.pcap"))


def test_much_of_anything_is_bounded(tmp_path: Path) -> None:
    many = "".join(f"vrrp_instance I{i} {{\n virtual_router_id {i % 255 + 1}\n bogus{i}\n}}\n" for i in range(5000))
    found = conf(tmp_path, many)
    assert len(found.instances) == 1000
    assert len(found.remarks) <= 501
    check([found])
    addresses = "".join(f"10.{i >> 8}.{i & 255}.1\n" for i in range(9000))
    assert len(instance(tmp_path, f"virtual_ipaddress {{\n{addresses}}}").addresses) == 2000
    assert conf(tmp_path, "# x\n" * MAX_SIZE).remarks[0].kind == "damage"


_PIECES = [
    *(
        "{",
        "}",
        "\n",
        "\n",
        "\n",
        " ",
        '"',
        "vrrp_instance A {\n",
        "vrrp_sync_group G {\n",
        "vrrp_script s {\n",
        "global_defs {\n",
    ),
    *(
        "virtual_router_id 5\n",
        "virtual_ipaddress {\n",
        "unicast_peer {\n",
        "10.0.0.3/24\n",
        "fd00::1\n",
        "track_script {\n",
    ),
    *(
        "s weight -9\n",
        "s weight 99999999999\n",
        "priority ",
        "advert_int ",
        "255",
        "0.5",
        "-1",
        "\u0663",
        "group {\n",
        "A\n",
    ),
    *(
        "authentication {\n",
        "auth_type PASS\n",
        "auth_pass \x1b[2Jx\udc80\n",
        "version 3\n",
        "strict_mode\n",
        "state MASTER\n",
    ),
    *("script x\n", "weight 9\n", "interval .\n", "fall 0\n", "vrrp_version x\n", "vrrp_strict\n", "10.0.0.3/99\n"),
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    st.lists(st.sampled_from(_PIECES), max_size=50).map("".join),
    st.lists(st.sampled_from(_PIECES), max_size=50).map("".join),
)
def test_no_text_is_an_error_and_every_text_can_be_judged(tmp_path: Path, first: str, second: str) -> None:
    check([conf(tmp_path, "vrrp_instance A {\n" + first, "lb01"), conf(tmp_path, second, "lb02")])
