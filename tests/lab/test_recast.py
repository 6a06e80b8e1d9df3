"""A story with an engineer's own configurations: the same steps, and what they speak of replaced."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.running import COMMAND, call, environment, one_line
from vrrpscope.errors import UsageError
from vrrpscope.lab.recast import recast
from vrrpscope.lab.rehearsal import adapt
from vrrpscope.lab.stories import STORIES

CONFIGURATION = """! production
vrrp_instance EXT {{
    state {state}
    interface ens192
    virtual_router_id 77
    priority {priority}
    unicast_src_ip 192.168.7.{own}
    unicast_peer {{
        192.168.7.{peer}
    }}
    virtual_ipaddress {{
        192.168.7.100/24
        192.168.7.101/24 dev ens224
    }}
}}
"""
FIRST = CONFIGURATION.format(state="MASTER", priority=120, own=11, peer=12)
SECOND = CONFIGURATION.format(state="BACKUP", priority=110, own=12, peer=11)
PAIR = {"lb01": adapt(FIRST, Path("/")), "lb02": adapt(SECOND, Path("/"))}


def test_without_configurations_the_story_is_the_story() -> None:
    assert recast(STORIES["failover"], {}) == (STORIES["failover"], ())


def test_the_hosts_get_what_the_configurations_need() -> None:
    story, _ = recast(STORIES["failover"], PAIR)
    lb01 = next(host for host in story.hosts if host.name == "lb01")
    assert lb01.units[0].config == FIRST.replace("ens192", "eth0").replace("ens224", "eth1")
    assert [link.segment for link in lb01.links] == [0, 1]
    assert "192.168.7.11/24" in lb01.links[0].addresses
    assert [(i.key, i.priority, i.addresses) for i in lb01.units[0].instances] == [
        ("ipv4/77", 120, ("192.168.7.100", "192.168.7.101"))
    ]


def test_steps_speak_of_the_configured_address_and_the_client_finds_it() -> None:
    story, _ = recast(STORIES["failover"], PAIR)
    said = [step.arg for step in story.steps]
    assert not [text for text in said if "10.0.0.3" in text]
    assert "ip route replace 192.168.7.100 dev eth0" in said
    assert [text for text in said if text.startswith("ping ") and text.endswith("192.168.7.100")]


def test_nobody_knows_beforehand_what_a_rehearsal_shows() -> None:
    story, _ = recast(STORIES["failover"], PAIR)
    assert (story.told, story.told_at, story.lenient) == (None, {}, True)


def test_what_was_changed_and_what_was_not_is_said() -> None:
    _, remarks = recast(STORIES["failover"], {"lb01": PAIR["lb01"]})
    assert "lb01: line 4: interface ens192 → eth0" in remarks
    assert "lb02 keeps the configuration of failover" in remarks
    assert [text for text in remarks if "192.168.7.12 is no host of the lab" in text]


def test_a_rogue_claims_what_is_there_now() -> None:
    story, _ = recast(STORIES["rogue-master"], PAIR)
    (unit,) = next(host for host in story.hosts if host.name == "rogue").units
    assert "--vrid 77 " in unit.config
    assert "--address 192.168.7.100\n" in unit.config
    assert [(i.key, i.priority, i.addresses) for i in unit.instances] == [("ipv4/77", 255, ("192.168.7.100",))]


def test_instances_are_awaited_by_their_own_names() -> None:
    two = FIRST + FIRST.replace("EXT", "INT").replace("77", "78").replace(".100", ".110").replace(".101", ".111")
    story, _ = recast(STORIES["two-instances"], {"lb01": adapt(two, Path("/")), "lb02": adapt(two, Path("/"))})
    awaited = " ".join(step.arg for step in story.steps if step.verb == "await")
    assert "(EXT)" in awaited
    assert "(INT)" in awaited
    assert "(VI_" not in awaited


def test_a_host_that_is_not_in_the_story_is_named() -> None:
    with pytest.raises(UsageError, match="lb07: no host of failover that runs keepalived; those are lb01, lb02"):
        recast(STORIES["failover"], {"lb07": PAIR["lb01"]})


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("lb01", "HOST=FILE is wanted"),
        ("lb01=", "HOST=FILE is wanted"),
        ("lb01={}/missing.conf", "missing.conf: cannot be read: No such file"),
        ("lb01={}/broken.conf", "broken.conf: line 1: "),
    ],
)
def test_a_configuration_that_cannot_be_used_is_one_line(
    option: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.conf").write_text("vrrp_instance X {\n")
    result = call(capsys, "lab", "run", "failover", "--config", option.format(tmp_path))
    assert result.code == 2
    assert why in one_line(result)


@pytest.mark.lab
def test_a_rehearsal_runs_with_real_daemons(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text(FIRST)
    (tmp_path / "b.conf").write_text(SECOND)
    out = tmp_path / "out"
    options = ["--config", f"lb01={tmp_path / 'a.conf'}", "--config", f"lb02={tmp_path / 'b.conf'}", "-o", str(out)]
    done = subprocess.run(
        [*COMMAND, "lab", "run", "failover", *options],
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "lb01: line 4: interface ens192 → eth0" in done.stderr
    truth = json.loads((out / "truth.json").read_text())
    assert [(m["virtual_router"], m["host"]) for m in truth["mastership"]] == [
        ("ipv4/77", "lb01"),
        ("ipv4/77", "lb02"),
        ("ipv4/77", "lb01"),
    ]
    assert truth["clients"][0]["answered"] > 100
    assert truth["not_seen"] == []
