"""A production configuration is adapted to the lab in place, and keepalived itself takes what comes of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.production import CONFIGURATIONS, Production
from vrrpscope.errors import UsageError
from vrrpscope.keepalived.includes import MAX_DEPTH
from vrrpscope.lab.rehearsal import Instance, adapt

NOWHERE: Final = Path("/nonexistent/etc")
INSTANCE: Final = "vrrp_instance A {\n  interface %s\n  virtual_router_id 50\n%s}\n"


def one(body: str = "", interface: str = "eth0") -> str:
    return INSTANCE % (interface, body)


def lay(production: Production, directory: Path) -> str:
    """Write the files that a configuration includes or runs; return the configuration."""
    for name, text in production.files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755 if text.startswith("#!") else 0o644)
    return production.text


@pytest.mark.parametrize("production", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_each_change_is_told_and_the_rest_stays_byte_for_byte(production: Production, tmp_path: Path) -> None:
    adapted = adapt(lay(production, tmp_path), tmp_path, production.host)
    assert adapted.changes == tuple(line.format(here=tmp_path) for line in production.changes)
    assert adapted.interfaces == production.interfaces
    # What is told is what differs: one line of the file for each line that has an arrow or was taken out.
    if not production.files:
        before, after = production.text.splitlines(), adapted.text.splitlines()
        different = {i for i, pair in enumerate(zip(before, after, strict=True), start=1) if pair[0] != pair[1]}
        told = {int(c.split()[1].rstrip(":")) for c in adapted.changes if " → " in c or "taken out" in c}
        assert told <= different
        assert all(f"  # {before[i - 1].strip()}" in f" {after[i - 1]}" for i in different - told)


@pytest.mark.parametrize("production", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_adapting_twice_changes_nothing_more(production: Production, tmp_path: Path) -> None:
    first = adapt(lay(production, tmp_path), tmp_path, production.host)
    second = adapt(first.text, tmp_path, production.host)
    assert second.text == first.text
    assert not [change for change in second.changes if " → " in change or "taken out" in change]
    assert second.instances == first.instances
    assert second.addresses == first.addresses
    assert second.interfaces == tuple(f"eth{i}" for i in range(len(first.interfaces)))


def test_instances_are_read_with_their_variables_and_conditions() -> None:
    production = CONFIGURATIONS["variables"]
    lb01, lb02 = (adapt(production.text, NOWHERE, host) for host in ("lb01", "lb02"))
    assert lb01.instances == (Instance("VI_10", 10, 150, 3, "0.5", ("10.0.10.1", "10.0.10.2"), "eth0"),)
    assert lb02.instances == (Instance("VI_10", 10, 100, 3, "0.5", ("10.0.10.1", "10.0.10.2"), "eth0"),)
    assert (lb01.interfaces, lb02.interfaces) == (("ens192",), ("ens224",))


def test_an_ipv6_instance_is_version_3_unless_it_says_otherwise() -> None:
    text = one("virtual_ipaddress { fe80::1/64 }\n") + one("version 2\nvirtual_ipaddress {\n 2001:db8::1\n}\n")
    assert [(i.version, i.addresses) for i in adapt(text, NOWHERE).instances] == [
        (3, ("fe80::1",)),
        (2, ("2001:db8::1",)),
    ]
    text = "global_defs {\n vrrp_version 3\n}\n" + one("virtual_ipaddress { 10.0.0.3 }\n")
    assert [i.version for i in adapt(text, NOWHERE).instances] == [3]


def test_a_source_address_comes_with_a_network_that_its_peers_are_in() -> None:
    adapted = adapt(CONFIGURATIONS["cloud"].text, NOWHERE)
    assert adapted.addresses == ((0, "10.1.0.5/21"),)
    assert adapted.peers == ((0, "10.1.4.6"),)
    far = one("unicast_src_ip 10.0.0.5\nunicast_peer {\n 192.0.2.1\n}\n")
    assert adapt(far, NOWHERE).addresses == ((0, "10.0.0.5/0"),)


def test_the_first_instance_has_eth0_whatever_is_mentioned_before_it() -> None:
    text = "static_ipaddress {\n 10.9.0.1/24 dev eth1\n}\n" + one(interface="eth0.100") + one(interface="eth0")
    adapted = adapt(text, NOWHERE)
    assert adapted.interfaces == ("eth0.100", "eth1", "eth0")
    assert [i.interface for i in adapted.instances] == ["eth0", "eth2"]


def test_an_interface_made_of_several_variables_is_written_out_where_it_is_used() -> None:
    text = "$IF=bond0\n$VLAN=7\n" + one("virtual_ipaddress {\n 10.0.0.3 dev ${IF}.${VLAN}\n}\n", "$IF")
    adapted = adapt(text, NOWHERE)
    assert "$IF=eth0\n$VLAN=7\n" in adapted.text
    assert "10.0.0.3 dev eth1\n" in adapted.text
    with pytest.raises(UsageError, match="line 1: interface p2 stands for several things"):
        adapt("~SEQ(I, 2) static_ipaddress { 10.0.0.${I} dev p${I} }\n" + one(), NOWHERE)


def test_a_condition_of_another_host_hides_its_line_and_the_braces_on_it() -> None:
    text = "@other vrrp_instance B {\n" + one("@lb01 priority 90\n@^lb01 unicast_src_ip 10.0.0.9\n", "ens1")
    adapted = adapt(text, NOWHERE, "lb01")
    assert [i.priority for i in adapted.instances] == [90]
    assert not adapted.addresses
    assert "line 1: lines that begin with @ hold by --config-id, in the lab the host's name" in adapted.changes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: there is no vrrp_instance in this configuration"),
        ("global_defs {\n}\n}\n", "line 3: this } closes no block"),
        (one() + "vrrp_instance B {\n interface eth0\n", "line 5: the block that opens here is not closed"),
        (one("track_interface {\n eth1\n authentication {\n }\n"), "line 6: a block within track_interface"),
        (one("virtual_router_id x\n"), "line 4: x is no number from 1 to 255"),
        (one("priority 256\n"), "line 4: 256 is no number from 1 to 255"),
        ("vrrp_instance A {\n}\n", "line 1: this vrrp_instance lacks a name or a virtual_router_id"),
        (one("advert_int 1s\n"), "line 4: 1s is no number of seconds"),
        (one("unicast_src_ip lb01\n"), "line 4: lb01 is no address"),
        (one("priority ${PRIORITY}\n"), r"line 4: \${PRIORITY} is not defined"),
        (one('notify "/bin/x\n'), "line 4: a quotation that begins here does not end on this line"),
        ("include gone.conf\n", "line 1: included file /nonexistent/etc/gone.conf does not exist"),
        ("@lb01 include x.conf\n", "line 1: an include that depends on the configuration id cannot be followed"),
        ("x { include x.conf\n", "line 1: an include must have a line of its own to be followed"),
        ("$A=${A}\n" + one("${A}\n"), "line 5: its variables and sequences have no end"),
        ("$A= \\\n x \\\n $A\n\n" + one("$A\n"), "line 3: its variables and sequences have no end"),
        ("~SEQ(I, 1, 1, 99999999999) x ${I}\n", "line 1: its variables and sequences have no end"),
        ("~SEQ(I, ten) x\n", r"line 1: ~SEQ\(I, ten\) cannot be read"),
        ("{" * 2000, "line 1: blocks are nested deeper than"),
        ("x" * 9000, "line 1: the line is longer than"),
        ("#" * (1 << 20) + "\n" + one(), "line 1: the configuration is larger than 1 MiB"),
        ("include {a,b}" + "{c,d}" * 12 + "*", "line 1: the braces in .* stand for more than"),
    ],
)
def test_what_cannot_be_adapted_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message}"):
        adapt(text, NOWHERE)


def test_includes_that_include_themselves_come_to_an_end(tmp_path: Path) -> None:
    (tmp_path / "loop.conf").write_text("# again\ninclude loop.conf\n")
    with pytest.raises(UsageError, match=f"loop.conf line 2: includes are nested deeper than {MAX_DEPTH}"):
        adapt("include loop.conf\n", tmp_path)
    (tmp_path / "bush.conf").write_text("include bush.con[f]\n" * 9)
    with pytest.raises(UsageError, match=r"bush\.conf line 1: (includes are nested deeper|more than 1000 files)"):
        adapt("include bush.conf\n", tmp_path)
    (tmp_path / "big.conf").write_text("#" * 600_000 + "\n")
    with pytest.raises(UsageError, match=r"big\.conf line 1: the configuration is larger than 1 MiB"):
        adapt("include big.conf\ninclude big.conf\n", tmp_path)


def test_what_keepalived_does_not_include_is_told_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "run.conf").write_text("vrrp_instance {")
    (tmp_path / "run.conf").chmod(0o755)
    (tmp_path / "d.conf").mkdir()
    adapted = adapt("include *.conf\ninclude none*\n" + one(), tmp_path)
    assert adapted.text == "# include *.conf\n# include none*\n" + one()
    assert adapted.changes == (
        "line 1: include *.conf → no such file here",
        "line 1: d.conf, run.conf: keepalived passes over directories and executable files",
        "line 2: include none* → no such file here",
    )


def test_a_script_beside_the_configuration_is_found_even_with_a_space_in_its_path(tmp_path: Path) -> None:
    here = tmp_path / "of lb01"
    here.mkdir()
    (here / "check.sh").write_text("#!/bin/sh\n")
    (here / "check.sh").chmod(0o755)
    adapted = adapt(one('notify "./check.sh -v" root root\nnotify_master check.txt\n'), here)
    assert f"""notify "'{here}/check.sh' -v" root root\nnotify_master /bin/true\n""" in adapted.text


def test_script_security_goes_if_it_would_disable_a_script_that_lies_here(tmp_path: Path) -> None:
    script = tmp_path / "check.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o777)
    text = "global_defs {\n enable_script_security\n}\n"
    adapted = adapt(text + one(f"notify {script}\n"), tmp_path)
    assert adapted.changes == (
        "line 2: enable_script_security taken out: a script could be changed by others than root",
    )
    assert adapt(text + one("notify /bin/true\n"), tmp_path).changes == ()


# The pieces keepalived's language is made of; statements that begin with x_ mean nothing to anybody.
INERT: Final = st.from_regex(r"[ \t]{0,3}x_[a-z]{1,5}( [a-z0-9./:=-]{1,6}){0,3}[ \t]{0,2}", fullmatch=True)
COMMENT: Final = st.text(st.characters(exclude_characters="\n\r\\", exclude_categories=["Cs"])).map(
    lambda t: f"  # {t}"
)
ENDS: Final = st.sampled_from(["\n", "\r\n", "\n\n"])
LINES: Final = st.lists(st.tuples(st.one_of(INERT, COMMENT), ENDS).map("".join), max_size=6).map("".join)


@given(LINES, LINES, LINES)
def test_a_text_without_the_words_that_matter_comes_back_unchanged(before: str, inside: str, after: str) -> None:
    text = before + one(inside) + after
    adapted = adapt(text, NOWHERE)
    assert adapted.text == text
    assert adapted.changes == ()


GLOBALS: Final = [
    *("smtp_server 192.0.2.1", "notification_email { root@a }", "notification_email\n{\nroot@a # me\n}", "smtp_alert"),
    *("notify_fifo /tmp/f nosuch", "lvs_sync_daemon ens9 A", "enable_dbus } global_defs { router_id x"),
]
SETTINGS: Final = [
    *("track_interface { ens7 weight 3 }", "virtual_ipaddress {\n10.0.0.3/24 dev ens8 label ens8:1\n}", "smtp_alert"),
    *('notify "nosuch.sh x"', "virtual_routes { 10.9.0.0/16 via 10.0.0.1 dev $IF }", "use_vmac vr", "vrf blue"),
    *(
        "virtual_rules { from 10.9.0.0/16 iif ${IF}.${V} table 7 } smtp_alert",
        "~LST(N, ens3, ens4) x $N",
        "authentication {}",
    ),
]


@given(
    st.lists(st.sampled_from(GLOBALS)), st.lists(st.sampled_from(SETTINGS)), st.sampled_from(["ens1", "$IF", "eth3"])
)
def test_adapting_any_mixture_twice_is_adapting_it_once(globals_: list[str], settings: list[str], name: str) -> None:
    text = "$IF=ens5\n$V=7\nglobal_defs {{\n{}\n}}\n{}".format(
        "\n".join(globals_), one("\n".join([*settings, ""]), name)
    )
    first = adapt(text, NOWHERE)
    second = adapt(first.text, NOWHERE)
    assert (second.text, second.changes, second.instances) == (first.text, (), first.instances)
    assert first.text.count("\n") == text.count("\n")


TOKENS: Final = [
    *'{}"\\$@~!# \n\t\r',
    "'",
    "$A=",
    "${A}",
    "$A",
    "@^h ",
    "~SEQ(A,1,3)",
    "~LST({A,B},{1,2})",
    "interface ",
]
WORDS: Final = [
    "vrrp_instance ",
    "virtual_router_id 1",
    "include *",
    "dev e ",
    "notify ",
    "track_interface",
    "smtp_alert",
]


@given(st.lists(st.sampled_from(TOKENS + WORDS), max_size=40).map("".join))
def test_any_text_is_adapted_or_refused(text: str) -> None:
    for whole in (text, text + "\n" + one(text + "\n")):
        try:
            adapted = adapt(whole, NOWHERE, "h")
        except UsageError:
            continue
        assert adapted.text.count("\n") == whole.count("\n")


LAB = """
for i in $(seq 0 {last}); do
    ip link add eth$i type veth peer name far$i
    ip link set far$i up; ip link set eth$i up
    ip address add 10.77.$i.5/24 dev eth$i; ip address add fd77:$i::5/64 dev eth$i nodad
done
{addresses}
mount -t tmpfs tmpfs /run
mount -o remount,bind,ro /
{command}
"""


def in_namespaces(text: str, tmp_path: Path, production: Production, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command beside an adapted configuration, `$CONF`, on a host that has what the configuration needs."""
    if os.geteuid() != 0 or not shutil.which("keepalived"):
        pytest.skip("needs root and keepalived")
    adapted = adapt(text, tmp_path, production.host)
    config = tmp_path / "adapted.conf"
    config.write_text(adapted.text)
    script = LAB.format(
        last=len(adapted.interfaces) - 1,
        addresses="\n".join(f"ip address add {address} dev eth{i}" for i, address in adapted.addresses),
        command=command,
    )
    apart = ("unshare", "--mount", "--net", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc")
    environment = os.environ | {"CONF": str(config)}
    return subprocess.run(
        (*apart, "sh", "-ec", script), capture_output=True, text=True, timeout=60, check=False, env=environment
    )


@pytest.mark.lab
@pytest.mark.parametrize("production", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_keepalived_takes_what_was_adapted(production: Production, tmp_path: Path) -> None:
    test = f"keepalived --vrrp --config-test --use-file=$CONF --config-id {production.host or 'lb01'}"
    result = in_namespaces(lay(production, tmp_path), tmp_path, production, test)
    # 6: it would rather have enable_script_security, which is the user's own choice.
    fine = {0} if "enable_script_security" in production.text else {0, 6}
    assert result.returncode in fine, result.stdout + result.stderr


@pytest.mark.lab
@pytest.mark.parametrize("name", ["firewall", "cloud", "everything", "macros"])
def test_keepalived_runs_with_it_until_it_is_master(name: str, tmp_path: Path) -> None:
    production = CONFIGURATIONS[name]
    run = "keepalived --vrrp --dont-fork --log-console --log-detail --no-syslog --use-file=$CONF --config-id lb01"
    # The daemon ends with the namespace's first process, the shell.
    watch = "timeout 20 grep -m 1 -e 'Entering MASTER' -e 'died: Respawning' -e permanent </run/log"
    command = f"mkfifo /run/log\n{run} >/run/log 2>&1 & {watch}"
    result = in_namespaces(lay(production, tmp_path), tmp_path, production, command)
    assert "Entering MASTER STATE" in result.stdout, result.stdout + result.stderr
