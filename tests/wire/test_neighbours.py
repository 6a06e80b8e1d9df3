"""ARP and neighbour discovery, and all sightings against the readable parser over random and damaged frames."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import frames as build
from tests.wire import messages as msg
from tests.wire.messages import HOST, OTHER, number
from tests.wire.oracle import Said, UnknownError, sight
from tests.wire.sighting import of, real_frames, sightings
from vrrpscope.wire import NO_MAC, SIGHTING, Advert, Decoder, Kind
from vrrpscope.wire.neighbours import MAX_OPTIONS

T = TypeVar("T")

VIP, ROUTER, CLIENT = "10.0.0.3", "10.0.0.5", "10.0.0.50"
HOST_MAC, OTHER_MAC = int.from_bytes(HOST, "big"), int.from_bytes(OTHER, "big")
SENDER = int.from_bytes(build.MAC, "big")
ADVERT = build.ipv4(Advert(vrid=7).build(source=b"\x0a\0\0\5", destination=b"\xe0\0\0\x12"), source=ROUTER)
ADVERT6 = build.ipv6(Advert(version=3, family=6, vrid=7).build(source=bytes(16), destination=bytes(16)))

PACKETS = [
    msg.arp(1, VIP, VIP),
    msg.arp(2, VIP, VIP, target_mac=HOST),
    msg.arp(1, CLIENT, VIP, mac=OTHER),
    msg.arp(2, VIP, CLIENT, target_mac=OTHER),
    msg.arp(1, "0.0.0.0", VIP),
    msg.arp(3, "0.0.0.0", "0.0.0.0", target_mac=HOST, ethertype=0x8035),
    msg.arp(4, CLIENT, VIP, target_mac=HOST, ethertype=0x8035),
    msg.advertisement("fd00::3"),
    msg.advertisement("fd00::3", flags=0x60, destination="fe80::50", options=b""),
    msg.advertisement("fd00::3", flags=0xE0, options=msg.option(14, b"nonce!") + msg.option(2, HOST)),
    msg.solicitation("fd00::3"),
    msg.solicitation("fd00::3", source="::", options=msg.option(14, b"nonce!")),
    msg.igmp(0x11, "0.0.0.0", code=100, destination="224.0.0.1"),
    msg.igmp(0x11, "224.0.0.18", code=10, more=bytes(4)),
    msg.igmp(0x12, "224.0.0.18"),
    msg.igmp(0x16, "224.0.0.18"),
    msg.igmp(0x17, "224.0.0.18", destination="224.0.0.2"),
    msg.igmp_list(msg.record(4, "239.1.1.1", "10.1.1.1"), msg.record(4, "224.0.0.18")),
    msg.igmp_list(msg.record(3, "224.0.0.18")),
    msg.mld(130, "::", destination="ff02::1"),
    msg.mld(130, "ff02::12", more=bytes(4)),
    msg.mld(131, "ff02::12"),
    msg.mld(132, "ff02::12", destination="ff02::2"),
    msg.mld_list(msg.record(2, "ff02::1:ff00:3"), msg.record(4, "ff02::12", "fd00::1", auxiliary=bytes(4))),
    msg.complaint(ADVERT, 3, 2, source="10.0.0.6", destination=ROUTER),
    msg.complaint(ADVERT, 3, 10, source="10.0.0.6", destination=ROUTER, kept=28),
    msg.complaint(ADVERT6, 4, 1, source="fe80::6", destination="fe80::1"),
    ADVERT,
]
"""One of each kind that there is, and an advert."""


def inside(frame: bytes, how: str) -> tuple[bytes, int]:
    """A frame (plain Ethernet) inside something else; what its link type is then."""
    packet = build.Packet(frame[14:], int.from_bytes(frame[12:14], "big"))
    tunnels = {
        "gre": lambda: build.ipv4(build.gre(frame, 0x6558, key=9), protocol=47),
        "erspan": lambda: build.ipv4(build.erspan1(frame), protocol=47),
        "erspan2": lambda: build.ipv4(build.erspan2(frame, 7, number=100), protocol=47),
        "erspan3": lambda: build.ipv4(build.erspan3(frame, 7, subheader=True), protocol=47),
        "vxlan": lambda: build.ipv4(build.vxlan(frame, 77), protocol=17),
    }
    if how in tunnels:
        return build.ethernet(tunnels[how](), source=OTHER), build.ETHERNET
    cooked = {
        "plain": (frame, build.ETHERNET),
        "vlan": (build.ethernet(build.vlan(packet, 100)), build.ETHERNET),
        "qinq": (build.ethernet(build.vlan(build.vlan(packet, 100), 30, tpid=0x88A8)), build.ETHERNET),
        "sll": (build.sll(packet), build.SLL),
        "sll2": (build.sll2(packet), build.SLL2),
        "nobody": (build.sll2(packet, source=b""), build.SLL2),
    }
    return cooked[how]


SEGMENTS = {
    "plain": "",
    "vlan": "vlan100",
    "qinq": "vlan30.100",
    "sll": "",
    "sll2": "",
    "nobody": "",
    "gre": "gre9",
    "erspan": "erspan",
    "erspan2": "erspan7+vlan100",
    "erspan3": "erspan7",
    "vxlan": "vni77",
}
WAYS = list(SEGMENTS)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[bytes, int, int]:
    """A frame, real or built, some way or other, perhaps with changed bytes or cut: frame, link type, bytes sent."""
    if draw(st.booleans()):
        frame, link = draw(st.sampled_from(real_frames()))
    else:
        frame, link = inside(build.ethernet(draw(st.sampled_from(PACKETS))), draw(st.sampled_from(WAYS)))
    changed = bytearray(frame)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, min(len(changed), 120) - 1))
        changed[at] = draw(st.one_of(st.integers(0, 255), st.sampled_from([0, 1, 2, 18, 112, 135, 136, 143])))
    cut = draw(st.sampled_from([0, 0, 0, 1, 8, 20, 60]))
    kept = bytes(changed[: max(len(changed) - cut, 0)])
    return kept, link, len(kept) + draw(st.sampled_from([0, cut, 4]))


@settings(deadline=None, max_examples=300)
@given(st.lists(damaged(), max_size=12), st.integers(0, 255))
def test_columns_say_what_the_readable_parser_says(cases: list[tuple[bytes, int, int]], filler: int) -> None:
    frames, links, wire = zip(*cases, strict=True) if cases else ((), (), ())
    said = sightings(frames, link=links, wire=wire, filler=filler)
    for frame, link, size, mine in zip(frames, links, wire, said, strict=True):
        try:
            expected = sight(frame, link, size)
        except UnknownError:
            continue
        assert mine == expected


def test_real_frames_say_what_the_readable_parser_says() -> None:
    frames, links = zip(*real_frames(), strict=True)
    expected = [sight(frame, link) for frame, link in real_frames()]
    assert sightings(frames, link=links) == expected
    assert {Kind.ANNOUNCEMENT, Kind.ANSWER, Kind.QUESTION, Kind.REPORT} <= {said.kind for said in expected if said}


@pytest.mark.parametrize("way", WAYS)
def test_each_kind_is_found_whatever_is_around_it(way: str) -> None:
    wrapped = [inside(build.ethernet(packet), way) for packet in PACKETS]
    found = sightings([frame for frame, _ in wrapped], link=wrapped[0][1])
    plain = [of(packet) for packet in PACKETS]
    around = next(said for said in found if said is not None)
    assert around.segment == SEGMENTS[way]
    assert around.sender == (NO_MAC if way == "nobody" else SENDER)
    assert found == [said and said._replace(segment=around.segment, sender=around.sender) for said in plain]
    assert [said is None for said in plain] == [False] * (len(PACKETS) - 1) + [True]


@pytest.mark.parametrize("packet", PACKETS)
def test_a_message_cut_anywhere_never_raises_and_says_what_is_left(packet: build.Packet) -> None:
    frame = build.ethernet(build.vlan(packet, 5))
    cut = [frame[:size] for size in range(len(frame))]
    wire = [len(frame)] * len(cut)
    assert sightings(cut, wire=wire) == [sight(part, wire=len(frame)) for part in cut]
    assert sightings(cut) == [sight(part) for part in cut]


@settings(deadline=None, max_examples=40)
@given(st.lists(damaged(), max_size=12), st.integers(1, 11))
def test_any_split_into_batches_gives_the_same_rows_and_ids(cases: list[tuple[bytes, int, int]], at: int) -> None:
    links, wire = [link for _, link, _ in cases], [size for _, _, size in cases]
    frames = build.batch([frame for frame, _, _ in cases], link=links, wire=wire)
    whole, parts = Decoder(sightings=True), Decoder(sightings=True)
    together = whole.decode(frames)
    apart = [parts.decode(build.part(frames, slice(start, start + at))) for start in range(0, len(cases), at)]
    if apart:
        assert together.sightings.tobytes() == np.concatenate([part.sightings for part in apart]).tobytes()
        assert together.adverts.tobytes() == np.concatenate([part.adverts for part in apart]).tobytes()
    assert whole.tables == parts.tables


@settings(deadline=None, max_examples=40)
@given(st.lists(damaged(), max_size=12))
def test_adverts_are_the_same_whether_sightings_are_wanted_or_not(cases: list[tuple[bytes, int, int]]) -> None:
    links, wire = [link for _, link, _ in cases], [size for _, _, size in cases]
    frames = build.batch([frame for frame, _, _ in cases], link=links, wire=wire)
    alone, both = Decoder(), Decoder(sightings=True)
    without, with_them = alone.decode(frames), both.decode(frames)
    assert without.sightings.dtype == SIGHTING
    assert len(without.sightings) == 0
    assert without.adverts["number"].tolist() == with_them.adverts["number"].tolist()
    names = [name for name in without.adverts.dtype.names or () if name != "segment"]
    assert without.adverts[names].tolist() == with_them.adverts[names].tolist()
    assert [alone.tables.segments[row["segment"]] for row in without.adverts] == [
        both.tables.segments[row["segment"]] for row in with_them.adverts
    ]
    assert alone.later_fragments == both.later_fragments


def test_a_gratuitous_arp_announces_in_either_form() -> None:
    said = Said(Kind.ANNOUNCEMENT, 4, 1, number(VIP), number(VIP), number(VIP), mac=HOST_MAC, sender=SENDER)
    assert of(msg.arp(1, VIP, VIP)) == said
    assert of(msg.arp(2, VIP, VIP)) == said._replace(type=2)


def test_an_arp_request_asks_for_an_address_and_shows_who_asks() -> None:
    asked = Said(Kind.QUESTION, 4, 1, number(VIP), number(CLIENT), number(VIP), mac=OTHER_MAC, sender=SENDER)
    assert of(msg.arp(1, CLIENT, VIP, mac=OTHER)) == asked
    assert of(msg.arp(1, "0.0.0.0", VIP, mac=OTHER)) == asked._replace(kind=Kind.PROBE, src=0)


def test_an_arp_reply_claims_its_senders_address() -> None:
    said = Said(Kind.ANSWER, 4, 2, number(VIP), number(VIP), number(CLIENT), mac=HOST_MAC, sender=SENDER)
    assert of(msg.arp(2, VIP, CLIENT, target_mac=OTHER)) == said


def test_a_reverse_arp_is_about_the_mac_that_moved() -> None:
    moved = msg.arp(3, "0.0.0.0", "0.0.0.0", mac=OTHER, target_mac=HOST, ethertype=0x8035)
    assert of(moved) == Said(Kind.RARP, 4, 3, 0, 0, 0, mac=HOST_MAC, sender=SENDER)


@pytest.mark.parametrize(
    "packet",
    [
        msg.arp(0, VIP, VIP),
        msg.arp(5, VIP, VIP),
        msg.arp(0x0101, VIP, VIP),
        msg.arp(8, VIP, CLIENT),
        msg.arp(1, VIP, VIP, head=bytes.fromhex("0006 0800 0604")),
        msg.arp(1, VIP, VIP, head=bytes.fromhex("0001 86dd 0604")),
        msg.arp(1, VIP, VIP, head=bytes.fromhex("0001 0800 0804")),
        msg.advertisement("fd00::3", hops=254),
        msg.advertisement("fd00::3", code=1),
        build.ipv6(bytes([134]) + bytes(40), protocol=58),
        build.ipv4(bytes([8]) + bytes(40), protocol=1),
        build.ipv4(bytes([11]) + bytes(40), protocol=1, fragment=5),
        build.Packet(bytes(46), 0x88CC),
    ],
)
def test_what_no_host_heeds_is_no_sighting(packet: build.Packet) -> None:
    assert of(packet) is None
    assert sightings([packet.data], link=build.RAW) == [None]


def test_neighbour_advertisements_are_told_apart_by_their_flags() -> None:
    target = number("fd00::3")
    said = Said(Kind.ANNOUNCEMENT, 6, 136, target, target, number("ff02::1"), 0xA0, mac=HOST_MAC, sender=SENDER)
    assert of(msg.advertisement("fd00::3", flags=0xBF)) == said
    answer = msg.advertisement("fd00::3", flags=0x60, destination="fe80::50", source="fe80::5")
    src, other = number("fe80::5"), number("fe80::50")
    assert of(answer) == said._replace(kind=Kind.ANSWER, code=0x60, src=src, other=other)


def test_an_advertisement_without_its_option_names_no_mac() -> None:
    for options in (b"", msg.option(1, HOST), bytes([2, 0]) + HOST, bytes([2, 2]) + HOST + bytes(8), b"\2\1\1"):
        said = of(msg.advertisement("fd00::3", options=options))
        assert said is not None
        assert (said.mac, said.sender) == (NO_MAC, SENDER)


def test_only_so_many_options_are_looked_at() -> None:
    def mac(others: int) -> int:
        said = of(msg.advertisement("fd00::3", options=msg.option(14, b"nonce!") * others + msg.option(2, HOST)))
        assert said is not None
        return said.mac

    assert mac(MAX_OPTIONS - 1) == HOST_MAC
    assert mac(MAX_OPTIONS) == NO_MAC


def test_a_solicitation_asks_and_one_from_nobody_probes() -> None:
    group, target = number("ff02::1:ff00:3"), number("fd00::3")
    asked = Said(Kind.QUESTION, 6, 135, target, number("fe80::50"), group, mac=OTHER_MAC, sender=SENDER)
    assert of(msg.solicitation("fd00::3")) == asked
    probe = asked._replace(kind=Kind.PROBE, src=0, mac=NO_MAC)
    assert of(msg.solicitation("fd00::3", source="::", options=b"")) == probe


def test_rows_know_their_frames_and_keep_their_order() -> None:
    frames = build.batch([build.ethernet(packet) for packet in PACKETS * 3])
    decoded = Decoder(sightings=True).decode(frames)
    rows = np.sort(np.concatenate([decoded.sightings["number"], decoded.adverts["number"]]))
    assert rows.tolist() == frames.number.tolist()
    assert (np.diff(decoded.sightings["number"]) > 0).all()
    assert decoded.sightings["t"].tolist() == ((decoded.sightings["number"] - 1) * 1_000_000).tolist()


def test_a_scan_of_addresses_leaves_the_tables_as_they_are() -> None:
    decoder = Decoder(sightings=True)
    scan = [build.ethernet(msg.arp(1, CLIENT, f"10.{n >> 8}.{n & 255}.1")) for n in range(2000)]
    assert len(decoder.decode(build.batch(scan)).sightings) == 2000
    assert decoder.tables == Decoder().tables


def test_what_says_nothing_of_use_names_no_segment() -> None:
    ping = build.ipv4(bytes([8]) + bytes(40), protocol=1)
    frames = [inside(build.ethernet(build.vlan(packet, 9)), "vxlan")[0] for packet in (ping, PACKETS[0], ADVERT)]
    decoder = Decoder(sightings=True)
    decoder.decode(build.batch(frames[:1]))
    assert decoder.tables.segments == [""]
    decoder.decode(build.batch(frames))
    assert decoder.tables.segments == ["", "vni77+vlan9"]
