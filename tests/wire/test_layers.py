"""Each way a packet can be wrapped: is the advert found, on which segment, from which MAC."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from tests import frames as build
from vrrpscope.wire import NO_MAC, Advert, Checksum, Decoder
from vrrpscope.wire.layers import MAX_LAYERS

SOURCE, GROUP = ip_address("10.0.0.1").packed, ip_address("224.0.0.18").packed
ADVERT = Advert(vrid=5, addresses=("10.0.0.100",), checksum=Checksum.PLAIN).build(source=SOURCE, destination=GROUP)
PACKET = build.ipv4(ADVERT)
PACKET6 = build.ipv6(ADVERT)
FRAME = build.ethernet(PACKET)
OTHER = bytes.fromhex("020000000001")


def inside(payload: bytes, protocol: int) -> bytes:
    """A tunnel's payload on its way through another network."""
    return build.ethernet(build.ipv4(payload, protocol=protocol, destination="192.0.2.1"), source=OTHER)


def inside6(payload: bytes, protocol: int) -> bytes:
    return build.ethernet(build.ipv6(payload, protocol=protocol, destination="2001:db8::1"), source=OTHER)


@pytest.mark.parametrize(
    ("frame", "segment"),
    [
        (FRAME, ""),
        (build.ethernet(PACKET6), ""),
        (build.ethernet(PACKET, pad=60), ""),
        (build.ethernet(build.vlan(PACKET, 100)), "vlan100"),
        (build.ethernet(build.vlan(PACKET, 0)), ""),
        (build.ethernet(build.vlan(build.vlan(PACKET, 100), 30, tpid=0x88A8)), "vlan30.100"),
        (build.ethernet(build.vlan(build.vlan(build.vlan(PACKET6, 3), 2), 1)), "vlan1.2.3"),
        (build.ethernet(build.vlan(build.vlan(build.vlan(build.vlan(PACKET, 4), 3), 2), 1)), "vlan1.2.3.4"),
        (build.ethernet(build.itag(FRAME, 5), source=OTHER), "isid5"),
        (build.ethernet(build.itag(build.ethernet(build.vlan(PACKET, 7)), 5), source=OTHER), "isid5+vlan7"),
        (build.ethernet(build.pppoe(PACKET)), ""),
        (build.ethernet(build.pppoe(PACKET6)), ""),
        (inside(build.vxlan(FRAME, 77), 17), "vni77"),
        (inside(build.vxlan(FRAME, 77, port=8472), 17), "vni77"),
        (inside6(build.vxlan(FRAME, 77), 17), "vni77"),
        (inside(build.vxlan(build.ethernet(build.vlan(PACKET, 100)), 77), 17), "vni77+vlan100"),
        (build.ethernet(build.vlan(build.ipv4(build.vxlan(FRAME, 77), protocol=17), 5)), "vlan5+vni77"),
        (inside(build.gre(FRAME, 0x6558), 47), "gre"),
        (inside(build.gre(FRAME, 0x6558, key=42), 47), "gre42"),
        (inside(build.gre(FRAME, 0x6558, key=0, sequence=1, summed=True), 47), "gre0"),
        (inside6(build.gre(FRAME, 0x6558), 47), "gre"),
        (inside(build.erspan1(FRAME), 47), "erspan"),
        (inside(build.erspan2(FRAME, 3), 47), "erspan3"),
        (inside(build.erspan2(FRAME, 3, number=100), 47), "erspan3+vlan100"),
        (inside(build.erspan2(build.ethernet(build.vlan(PACKET, 7)), 3, number=100), 47), "erspan3+vlan7"),
        (inside(build.erspan3(FRAME, 1023), 47), "erspan1023"),
        (inside(build.erspan3(FRAME, 3, subheader=True, number=9), 47), "erspan3+vlan9"),
    ],
)
def test_an_advert_is_found_through_ethernet_and_tunnels(frame: bytes, segment: str) -> None:
    decoder = Decoder()
    (row,) = decoder.decode(build.batch([frame])).adverts
    assert row["vrid"] == 5
    assert decoder.tables.segments[row["segment"]] == segment
    assert row["mac"] == int.from_bytes(build.MAC, "big")


def test_a_routed_tunnel_shows_the_mac_of_the_outer_frame() -> None:
    frames = [inside(build.gre(PACKET.data, 0x0800), 47), inside(build.erspan3(PACKET.data, 3, kind=2), 47)]
    rows = Decoder().decode(build.batch(frames)).adverts
    assert rows["mac"].tolist() == [int.from_bytes(OTHER, "big")] * 2
    assert rows["src_lo"].tolist() == [0x0A000001] * 2


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (build.RAW, PACKET.data),
        (12, PACKET.data),
        (14, PACKET6.data),
        (build.IPV4, PACKET.data),
        (build.IPV6, PACKET6.data),
        (build.NULL, b"\2\0\0\0" + PACKET.data),
        (build.NULL, b"\0\0\0\2" + PACKET.data),
        (build.NULL, b"\x1e\0\0\0" + PACKET6.data),
        (build.LOOP, b"\0\0\0\x18" + PACKET6.data),
        (build.PPP, build.ppp(PACKET)),
        (build.PPP, build.ppp(PACKET6, framed=False)),
        (build.PPP, build.ppp(PACKET, short=True)),
        (build.PPP_HDLC, build.ppp(PACKET)),
        (build.PPP_HDLC, b"\x8f\0\x08\0" + PACKET.data),
        (build.SLL, build.sll(PACKET, source=b"")),
        (build.SLL2, build.sll2(PACKET6, source=b"")),
    ],
)
def test_an_advert_without_a_mac_is_found_on_other_links(link: int, frame: bytes) -> None:
    (row,) = Decoder().decode(build.batch([frame], link=link)).adverts
    assert row["vrid"] == 5
    assert row["mac"] == NO_MAC


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (build.SLL, build.sll(PACKET)),
        (build.SLL, build.sll(build.vlan(PACKET6, 9))),
        (build.SLL2, build.sll2(PACKET)),
    ],
)
def test_linux_cooked_captures_show_the_senders_mac(link: int, frame: bytes) -> None:
    (row,) = Decoder().decode(build.batch([frame], link=link)).adverts
    assert row["mac"] == int.from_bytes(build.MAC, "big")


@pytest.mark.parametrize(
    "packet",
    [
        build.ipv6(build.extension(ADVERT, 112), protocol=0),
        build.ipv6(build.extension(build.extension(ADVERT, 112, words=2), 60), protocol=43),
        build.ipv6(build.fragment_header(ADVERT, 112, more=False), protocol=44),
        build.ipv4(ADVERT, options=b"\x94\4\0\0"),
        build.ipv4(ADVERT, options=b"\1" * 40),
    ],
)
def test_options_and_extension_headers_are_stepped_over(packet: build.Packet) -> None:
    (row,) = Decoder().decode(build.batch([build.ethernet(packet)])).adverts
    assert (row["vrid"], row["priority"], row["flags"] & 0x1000) == (5, 100, 0)


@pytest.mark.parametrize(
    "frame",
    [
        inside(build.gre(FRAME, 0x6558)[:2] + b"\x12\x34" + FRAME, 47),
        inside(b"\x40\0" + build.gre(FRAME, 0x6558)[2:], 47),
        inside(b"\0\1" + build.gre(FRAME, 0x6558)[2:], 47),
        inside(build.vxlan(FRAME, 7, port=4790), 17),
        inside(build.vxlan(FRAME, 7)[:8] + b"\0" + build.vxlan(FRAME, 7)[9:], 17),
        build.ethernet(build.Packet(b"\x55" + PACKET.data[1:], 0x0800)),
        build.ethernet(build.Packet(b"\x44" + PACKET.data[1:], 0x0800)),
        build.ethernet(build.ipv4(ADVERT, length=19)),
        FRAME[:33],
        FRAME[:13],
        b"",
    ],
)
def test_what_is_no_such_header_leads_nowhere(frame: bytes) -> None:
    assert len(Decoder().decode(build.batch([frame])).adverts) == 0


def test_nesting_is_followed_to_a_bounded_depth() -> None:
    packet = PACKET
    for _ in range(MAX_LAYERS):
        packet = build.vlan(packet, 1)
    assert len(Decoder().decode(build.batch([build.ethernet(packet)])).adverts) == 0


def test_rows_keep_the_order_of_frames_whatever_way_they_took() -> None:
    frames = [inside(build.vxlan(FRAME, 77), 17), FRAME, build.ethernet(build.vlan(PACKET6, 3)), FRAME] * 3
    rows = Decoder().decode(build.batch(frames)).adverts
    assert rows["number"].tolist() == list(range(1, 13))
