"""Configurations laid over what captures show: which instance is which router."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from tests.rules.configuring import password, unicast
from tests.rules.laying import configurations, routers, vi
from vrrpscope.evidence.meant import keys, match

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vrrpscope.evidence.meant import Meant
    from vrrpscope.timeline.profile import RouterKey

_BOTH = """
    every 1s from 0 to 4: A p150
    4.5 A p0
    every 1s from 5.11 to 9: B p100
"""
_EQUAL = _BOTH.replace("p150", "p100")
_A, _B = "10.0.0.5", "10.0.0.6"


def laid(
    trace: str,
    hosts: Mapping[str, str],
    logged: Mapping[str, str] | None = None,
    home: Callable[[RouterKey, str], str | None] | None = None,
) -> dict[str, Meant]:
    """Return who each host is; the last instance of one host counts."""
    overlays = [SimpleNamespace(host=host, router=router) for host, router in (logged or {}).items()]
    return {m.host: m for m in match(configurations(hosts), routers(trace), overlays, home)}  # type: ignore[arg-type]


def test_two_hosts_are_told_by_their_priorities_which_leaves_a_doubt() -> None:
    found = laid(_BOTH, {"lb01": vi(), "lb02": vi(priority=100)})
    assert [m.router for m in found.values()] == [_A, _B]
    assert {m.doubt for m in found.values()} == {"only its priority tells who it is"}
    assert {str(m.key) for m in found.values()} == {"ipv4/51"}


def test_the_order_of_the_files_does_not_matter() -> None:
    found = laid(_BOTH, {"lb02": vi(priority=100), "lb01": vi()})
    assert found["lb01"].router == _A
    assert found["lb02"].router == _B


def test_equal_priorities_tell_nobody() -> None:
    found = laid(_EQUAL, {"lb01": vi(priority=100), "lb02": vi(priority=100)})
    assert [m.router for m in found.values()] == [None, None]
    assert found["lb01"].doubt == f"{_A} and {_B} fit it equally well"
    assert str(found["lb01"].key) == "ipv4/51"


def test_a_source_address_tells_without_a_doubt_and_the_other_host_is_the_other() -> None:
    found = laid(_EQUAL, {"lb01": vi(f"mcast_src_ip {_A}", priority=100), "lb02": vi(priority=100)})
    assert (found["lb01"].router, found["lb01"].doubt) == (_A, "")
    assert found["lb02"].router == _B


def test_a_source_address_that_was_not_seen_is_nobody() -> None:
    found = laid(_BOTH, {"lb01": vi("mcast_src_ip 10.0.0.99", priority=150), "lb02": vi(priority=100)})
    assert found["lb01"].router is None
    assert found["lb02"].router == _B


def test_the_log_of_a_host_tells_who_it_is() -> None:
    hosts = {"lb01": vi(priority=100), "lb02": vi(priority=100)}
    found = laid(_EQUAL, hosts, logged={"lb01": _B})
    assert (found["lb01"].router, found["lb01"].doubt) == (_B, "")
    assert found["lb02"].router == _A


def test_a_log_outweighs_a_priority() -> None:
    found = laid(_BOTH, {"lb01": vi(priority=120)}, logged={"lb01": _A})
    assert (found["lb01"].router, found["lb01"].doubt) == (_A, "")


def test_a_capture_of_the_hosts_name_tells_who_it_is() -> None:
    homes = {_A: "lb01", _B: "lb02"}
    hosts = {"lb01": vi(priority=100), "lb02": vi(priority=100)}
    found = laid(_EQUAL, hosts, home=lambda _, address: homes[address])
    assert [(m.router, m.doubt) for m in found.values()] == [(_A, ""), (_B, "")]


def test_a_stranger_that_claims_the_address_is_no_host_whatever_a_capture_says() -> None:
    trace = "every 1s from 0 to 4: A p150\nevery 1s from 4.5 to 9: C p255"
    homes = {_A: "lb01", "10.0.0.7": "lb02"}
    found = laid(trace, {"lb01": vi(), "lb02": vi(priority=100)}, home=lambda _, address: homes[address])
    assert found["lb01"].router == _A
    assert found["lb02"].router is None


def test_a_priority_lowered_by_a_check_is_still_the_same_router() -> None:
    script = 'vrrp_script chk {\n script "/bin/true"\n weight -60\n}\n'
    trace = "every 1s from 0 to 4: A p90\nevery 1s from 7.61 to 12: B p100"
    found = laid(trace, {"lb01": script + vi("track_script {", "chk", "}"), "lb02": vi(priority=100)})
    assert [m.router for m in found.values()] == [_A, _B]


def test_a_backup_that_never_advertised_belongs_to_the_virtual_router_and_is_no_router() -> None:
    found = laid("every 1s from 0 to 9: A p150", {"lb01": vi(), "lb02": vi(priority=100)})
    assert found["lb02"].router is None
    assert str(found["lb02"].key) == "ipv4/51"
    assert found["lb02"].doubt == "nobody was seen to announce its priority"


def test_a_virtual_router_that_was_not_seen_has_no_key() -> None:
    found = laid(_BOTH, {"lb01": vi(vrid=52)})
    assert (found["lb01"].key, found["lb01"].router) == (None, None)
    assert found["lb01"].doubt == "its VRID was not seen"


def test_another_cluster_with_the_same_vrid_and_priority_is_not_taken_for_this_one() -> None:
    trace = "every 1s from 0 to 9: A p150\nevery 1s from 4.2 to 9: C p150 vips=10.0.9.9"
    found = laid(trace, {"lb01": vi(), "app01": vi(addresses="10.0.9.9/24")})
    assert found["lb01"].router == _A
    assert found["app01"].router == "10.0.0.7"


def test_nobody_is_his_own_peer() -> None:
    trace = "A is p100 uni=10.0.0.6\nB is p100 uni=10.0.0.5\n" + "every 1s from 0 to 4: A\n8 B"
    own, other = (line for line in (unicast("", _B)[1:], unicast("", _A)[1:]))
    found = laid(trace, {"lb01": vi(*own, priority=100), "lb02": vi(*other, priority=100)})
    assert [m.router for m in found.values()] == [_A, _B]


def test_two_segments_show_one_router_twice() -> None:
    trace = "every 1s from 0 to 9: A p150\nevery 1s from 0.00001 to 9: A p150 vlan=100"
    found = match(configurations({"lb01": vi()}), routers(trace), ())
    assert [(str(m.key), m.router) for m in found] == [("ipv4/51", _A), ("vlan100/ipv4/51", _A)]


def test_two_segments_with_two_clusters_stay_open_where_nothing_tells() -> None:
    trace = "every 1s from 0 to 9: A p150\nevery 1s from 0.3 to 9: C p150 vlan=100"
    (found,) = match(configurations({"lb01": vi()}), routers(trace), ())
    assert (found.key, found.router) == (None, None)
    assert found.doubt == f"{_A} and 10.0.0.7 fit it equally well"


def test_a_host_with_two_instances_of_one_vrid_is_told_by_the_addresses() -> None:
    trace = "every 1s from 0 to 9: A p150\nevery 1s from 0.3 to 9: C p150 vlan=100 vips=10.9.0.3"
    text = vi() + vi(name="VI_B", addresses="10.9.0.3/24", interface="eth1")
    found = match(configurations({"lb01": text}), routers(trace), ())
    assert [(m.instance.name, m.router) for m in found] == [("VI_50", _A), ("VI_B", "10.0.0.7")]


def test_every_word_of_an_hmac_block_may_be_a_key() -> None:
    hosts = {"lb01": vi("auth_hmac {", "key 7 {", 'secret "of many words"', "}", "enforce", "}")}
    assert keys(configurations(hosts))["ipv4/51"] == (b"key", b"7", b"secret", b"of many words", b"enforce")


def test_keys_are_the_passwords_by_virtual_router_and_hosts_that_differ_give_several() -> None:
    hosts = {
        "lb01": vi(password("secret", "AH")) + vi(password("other123x"), name="VI_52", vrid=52),
        "lb02": vi(password("Secret", "AH")) + vi(name="VI_53", vrid=53),
    }
    assert keys(configurations(hosts)) == {
        "ipv4/51": (b"secret\0\0", b"Secret\0\0"),
        "ipv4/52": (b"other123",),
    }
