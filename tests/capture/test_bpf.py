"""The filter of a live capture: what passes, by an interpreter of its language, beside what tcpdump compiles."""

from __future__ import annotations

import shutil
import struct

import pytest

from tests import frames as build
from tests.frames import ethernet, extension, ipv4, ipv6, vlan, vxlan
from vrrpscope.capture import bpf
from vrrpscope.errors import UsageError

ADVERT = ipv4(bytes(20))
OTHER = ipv4(bytes(20), protocol=6)
ARP = build.Packet(bytes(28), 0x0806)

KEPT = {
    "VRRP": ethernet(ADVERT),
    "VRRP with IP options": ethernet(ipv4(bytes(20), options=bytes(4))),
    "AH": ethernet(ipv4(bytes(40), protocol=51)),
    "IGMP": ethernet(ipv4(bytes(8), protocol=2)),
    "ARP": ethernet(ARP),
    "RARP": ethernet(build.Packet(bytes(28), 0x8035)),
    "ICMP error": ethernet(ipv4(b"\x03\x02" + bytes(40), protocol=1)),
    "VRRP over IPv6": ethernet(ipv6(bytes(24))),
    "AH over IPv6": ethernet(ipv6(bytes(40), protocol=51)),
    "VRRP behind hop-by-hop": ethernet(ipv6(extension(bytes(24), 112), protocol=0)),
    "MLD behind hop-by-hop": ethernet(ipv6(extension(b"\x8f" + bytes(23), 58), protocol=0)),
    "neighbour advertisement": ethernet(ipv6(b"\x88" + bytes(23), protocol=58)),
    "one tag": ethernet(vlan(ADVERT, 100)),
    "two tags": ethernet(vlan(vlan(ADVERT, 100), 7, tpid=0x88A8)),
    "three tags": ethernet(vlan(vlan(vlan(ADVERT, 1), 2), 3)),
    "a tagged ARP": ethernet(vlan(ARP, 100)),
    "PPPoE": ethernet(build.pppoe(ADVERT)),
    "802.1ah": ethernet(build.itag(ethernet(ADVERT), 5)),
    "GRE": ethernet(ipv4(build.gre(ADVERT.data, 0x0800), protocol=47)),
    "ERSPAN": ethernet(ipv4(build.erspan2(ethernet(ADVERT), 7), protocol=47)),
    "VXLAN": ethernet(ipv4(vxlan(ethernet(ADVERT), 77), protocol=17)),
    "VXLAN over IPv6": ethernet(ipv6(vxlan(ethernet(ADVERT), 77), protocol=17)),
    "VXLAN with a tag inside": ethernet(ipv4(vxlan(ethernet(vlan(ADVERT, 9)), 77, port=8472), protocol=17)),
    "VXLAN twice": ethernet(ipv4(vxlan(ethernet(ipv4(vxlan(ethernet(OTHER), 1), protocol=17)), 2), protocol=17)),
}
DROPPED = {
    "TCP": ethernet(OTHER),
    "a tagged TCP": ethernet(vlan(OTHER, 100)),
    "TCP over IPv6": ethernet(ipv6(bytes(24), protocol=6)),
    "echo": ethernet(ipv4(b"\x08\x00" + bytes(40), protocol=1)),
    "echo over IPv6": ethernet(ipv6(b"\x80" + bytes(23), protocol=58)),
    "DNS": ethernet(ipv4(struct.pack("!HHHH", 4000, 53, 8, 0), protocol=17)),
    "a later fragment of UDP": ethernet(ipv4(vxlan(ethernet(ADVERT), 77), protocol=17, fragment=0x2001)),
    "VXLAN with TCP inside": ethernet(ipv4(vxlan(ethernet(OTHER), 77), protocol=17)),
    "TCP behind hop-by-hop": ethernet(ipv6(extension(bytes(24), 6), protocol=0)),
    "IPX": ethernet(build.Packet(bytes(40), 0x8137)),
    "cut short": ethernet(ADVERT)[:20],
    "nothing": b"",
}
needs_tcpdump = pytest.mark.skipif(shutil.which("tcpdump") is None, reason="tcpdump is not installed")


@pytest.mark.parametrize("name", KEPT)
def test_whatever_may_matter_to_vrrp_passes(name: str) -> None:
    assert bpf.run(bpf.live_filter(), KEPT[name]) == bpf.SNAPLEN


@pytest.mark.parametrize("name", DROPPED)
def test_other_traffic_does_not(name: str) -> None:
    assert bpf.run(bpf.live_filter(), DROPPED[name]) == 0


@pytest.mark.parametrize("name", [name for name in KEPT if "tag" not in name])
def test_behind_the_link_layer_the_kernel_says_what_it_is(name: str) -> None:
    frame = KEPT[name]
    known = {bpf.PROTOCOL: int.from_bytes(frame[12:14], "big")}
    assert bpf.run(bpf.live_filter(cooked=True), frame[14:], known)


def test_only_the_interfaces_asked_for_are_listened_to() -> None:
    program = bpf.live_filter([3, 8])
    passed = [index for index in range(10) if bpf.run(program, KEPT["VRRP"], {bpf.INTERFACE: index})]
    assert passed == [3, 8]


def test_what_leaves_by_the_loopback_interface_is_seen_when_it_comes_in() -> None:
    program = bpf.live_filter(loopback=1)
    assert not bpf.run(program, KEPT["ARP"], {bpf.INTERFACE: 1, bpf.PACKET_TYPE: 4})
    assert bpf.run(program, KEPT["ARP"], {bpf.INTERFACE: 1, bpf.PACKET_TYPE: 0})
    assert bpf.run(program, KEPT["ARP"], {bpf.INTERFACE: 2, bpf.PACKET_TYPE: 4})


def test_a_program_fits_the_kernel() -> None:
    program = bpf.live_filter(range(1, 100), loopback=1)
    assert len(program) < 4096
    assert len(bpf.packed(program)) == 8 * len(program)
    targets = [at + 1 + i.k for at, i in enumerate(program) if i.code == bpf.JA]
    assert max(targets) < len(program)


@needs_tcpdump
def test_a_filter_of_tcpdump_narrows_it() -> None:
    program = bpf.live_filter(narrow=bpf.compiled("src host 10.0.0.9"))
    assert bpf.run(program, ethernet(ipv4(bytes(20), source="10.0.0.9")))
    assert not bpf.run(program, KEPT["VRRP"])
    assert not bpf.run(program, ethernet(ipv4(bytes(20), source="10.0.0.9", protocol=6)))
    assert bpf.run(program, KEPT["VRRP"], {bpf.TAGGED: 1}), "the tag has to be put back before it can be asked"


@needs_tcpdump
@pytest.mark.parametrize(
    "expression", ["vlan 100", "ip[8] = 255 and not arp", "ip6 proto 112", "ether[12:2] & 0xff = 6"]
)
def test_tcpdumps_programs_are_understood(expression: str) -> None:
    expected = {
        "vlan 100": {"one tag", "a tagged ARP", "a tagged TCP"},
        "ip6 proto 112": {"VRRP over IPv6"},
    }
    program = bpf.compiled(expression)
    everything = KEPT | DROPPED
    passed = {name for name in everything if bpf.run(program, everything[name])}
    if expression in expected:
        assert passed == expected[expression]
    else:
        assert passed
        assert passed != set(everything)


@needs_tcpdump
def test_an_expression_that_is_none_is_refused_in_tcpdumps_words() -> None:
    with pytest.raises(UsageError, match="syntax error"):
        bpf.compiled("host host host")


def test_without_tcpdump_an_expression_cannot_be_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UsageError, match="install it"):
        bpf.compiled("arp")
