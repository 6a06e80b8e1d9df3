"""The decoder against its readable specification, `Advert.parse`, over random adverts, stacks and damage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import TypeVar

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import frames as build
from vrrpscope.wire import NO_MAC, Advert, Auth, Checksum, Decoded, Decoder, Destination, Flag, Tables
from vrrpscope.wire.authentication import AuthenticationHeader, CiscoDigest, HmacTrailer
from vrrpscope.wire.carp import is_carp
from vrrpscope.wire.links import LINK_TYPES
from vrrpscope.wire.vrrp import CENTISECOND, SECOND, destination_kind

T = TypeVar("T")

SOURCES = {4: ["10.0.0.1", "192.0.2.7"], 6: ["fe80::1", "2001:db8::7"]}
DESTINATIONS = {
    4: ["224.0.0.18", "10.0.0.2", "224.0.0.1", "255.255.255.255", "239.1.1.1"],
    6: ["ff02::12", "fe80::2", "ff02::1", "2001:db8::8"],
}
POOL = {
    4: [f"10.{n // 250}.{n % 250}.100" for n in range(300)],
    6: [f"2001:db8::{n:x}:1" for n in range(1, 300)],
}


@dataclass(frozen=True)
class Sent:
    """A frame and what it is known to hold."""

    frame: bytes
    wirelen: int
    link: int
    segment: str
    has_mac: bool
    expected: Advert | None  # None: no VRRP header is there, or it is CARP
    destination: Destination
    ttl: int


def mostly(usual: T, others: st.SearchStrategy[T]) -> st.SearchStrategy[T]:
    """One thing nine times out of ten: many rare things at once would hide each other."""
    return st.integers(0, 9).flatmap(lambda n: others if n == 9 else st.just(usual))


@st.composite
def adverts(draw: st.DrawFn, family: int) -> Advert:
    """Adverts with anything odd in them that the format can hold."""
    version = draw(st.sampled_from([2, 3] * 6 + [1, 4]))
    number = draw(st.sampled_from([0, 1, 1, 2, 3, 7, 12, 13, 15, 31, 70, 200]))
    auth_data = draw(st.sampled_from([b"\0" * 8, b"secret99", b"another1", None]))
    tail = draw(st.sampled_from(["", "", "", "md5", "hmac", "trailing"]))
    interval = draw(st.integers(0, 255)) * SECOND if version != 3 else draw(st.integers(0, 4095)) * CENTISECOND
    first = draw(st.integers(0, len(POOL[family]) - 1))
    return Advert(
        version=version,
        family=family,
        packet_type=draw(mostly(1, st.integers(0, 15))),
        vrid=draw(st.integers(0, 255)),
        priority=draw(st.integers(0, 255)),
        count=draw(st.sampled_from([number, number, number, 0, 7, 255])),
        interval=interval,
        addresses=tuple((POOL[family] * 2)[first : first + number]),
        auth_type=254 if tail == "md5" else draw(st.sampled_from([0, 1, 2, 3, 254])),
        auth_data=auth_data,
        reserved=draw(st.sampled_from([0, 0, 9])),
        checksum_value=draw(st.integers(0, 0xFFFF)),
        checksum=draw(st.sampled_from([*Checksum, Checksum.PLAIN, Checksum.PSEUDO, Checksum.PSEUDO])),
        md5=CiscoDigest(b"\x0a\0\0\1", b"\0\0\0\5", b"d" * 16) if tail == "md5" else None,
        hmac=HmacTrailer(3, 1_700_000_000, 9, 77, b"d" * 16) if tail == "hmac" else None,
        trailing=draw(st.binary(min_size=1, max_size=300)) if tail == "trailing" else b"",
    )


@st.composite
def sent(draw: st.DrawFn) -> Sent:
    """An advert in a random stack of headers, perhaps cut short, padded or fragmented."""
    family = draw(st.sampled_from([4, 6]))
    source, destination = draw(st.sampled_from(SOURCES[family])), draw(st.sampled_from(DESTINATIONS[family]))
    packed = ip_address(source).packed, ip_address(destination).packed
    payload = draw(adverts(family)).build(source=packed[0], destination=packed[1])
    payload = payload[: draw(mostly(len(payload), st.sampled_from([4, 8, 12, 21, 36])))]
    secured = AuthenticationHeader(b"\x0a\0\0\1", draw(st.integers(0, 2**32 - 1)), b"i" * 12)
    ah = draw(st.sampled_from([None, None, secured]))
    fragmented = draw(mostly(False, st.just(True)))
    ttl = draw(st.sampled_from([255, 255, 64]))

    inner, protocol = (payload, 112) if ah is None else (ah.build() + payload, 51)
    if family == 4:
        options = draw(st.sampled_from([b"", b"", b"\x94\4\0\0", b"\1" * 40]))
        flags = draw(st.sampled_from([0, 0x4000])) | 0x2000 * fragmented
        packet = build.ipv4(
            inner,
            source=source,
            destination=destination,
            protocol=protocol,
            ttl=ttl,
            fragment=flags,
            options=options,
        )
    else:
        if fragmented:
            inner, protocol = build.fragment_header(inner, protocol), 44
        if draw(st.booleans()):
            inner, protocol = build.extension(inner, protocol, words=draw(st.integers(0, 3))), 0
        packet = build.ipv6(inner, source=source, destination=destination, protocol=protocol, ttl=ttl)

    frame, link, segment, has_mac = draw(stacks(packet))
    behind = draw(st.sampled_from([0, 0, 18]))
    cut = min(draw(mostly(0, st.integers(1, 40))), len(frame))
    captured = max(len(payload) - cut, 0)
    frame = frame[: len(frame) - cut] if cut else frame + bytes(behind)
    expected = None
    announcement = is_carp(payload[:captured], len(payload))
    if (captured or cut == len(payload)) and not announcement:
        expected = Advert.parse(
            payload[:captured],
            source=packed[0],
            destination=packed[1],
            length=len(payload),
            ah=ah,
            fragment=fragmented,
        )
    return Sent(frame, len(frame) + cut, link, segment, has_mac, expected, destination_kind(packed[1]), ttl)


@st.composite
def stacks(draw: st.DrawFn, packet: build.Packet, depth: int = 0) -> tuple[bytes, int, str, bool]:
    """A packet in a random stack of lower layers: frame, link type, segment, whether it shows a MAC."""
    kind = draw(st.sampled_from(["ethernet", "ethernet", "tagged", "tunnel", "other"]))
    if kind == "other" and depth == 0:
        return draw(other_links(packet))
    names: list[str] = []
    if kind == "tagged":
        tags = draw(st.lists(st.sampled_from([0, 1, 100, 4095]), min_size=1, max_size=3))
        for number in reversed(tags):
            packet = build.vlan(packet, number, tpid=draw(st.sampled_from([0x8100, 0x88A8, 0x9100])))
        if any(tags):
            names.append("vlan" + ".".join(str(number) for number in tags if number))
    frame = build.ethernet(packet)
    if kind == "tunnel" and depth < 2:
        number = draw(st.integers(1, 1000))
        tunnel, protocol, name = draw(
            st.sampled_from(
                [
                    (build.vxlan(frame, number), 17, f"vni{number}"),
                    (build.gre(frame, 0x6558), 47, "gre"),
                    (build.gre(frame, 0x6558, key=number, summed=True, sequence=4), 47, f"gre{number}"),
                    (build.erspan1(frame), 47, "erspan"),
                    (build.erspan2(frame, number), 47, f"erspan{number}"),
                    (build.erspan3(frame, number, subheader=True), 47, f"erspan{number}"),
                ]
            )
        )
        outer = build.ipv4(tunnel, protocol=protocol, destination="10.9.9.9")
        below, link, outer_name, _ = draw(stacks(outer, depth=depth + 1))
        return below, link, "+".join(filter(None, [outer_name, name])), True
    return frame, build.ETHERNET, "+".join(names), True


def other_links(packet: build.Packet) -> st.SearchStrategy[tuple[bytes, int, str, bool]]:
    """The packet right behind a link header other than Ethernet."""
    family = 2 if packet.type == 0x0800 else 10
    alone = build.IPV4 if packet.type == 0x0800 else build.IPV6
    return st.sampled_from(
        [
            (build.sll(packet), build.SLL, "", True),
            (build.sll2(build.vlan(packet, 9)), build.SLL2, "vlan9", True),
            (build.sll(packet, source=b""), build.SLL, "", False),
            (packet.data, build.RAW, "", False),
            (packet.data, alone, "", False),
            (family.to_bytes(4, "little") + packet.data, build.NULL, "", False),
            (family.to_bytes(4, "big") + packet.data, build.NULL, "", False),
            (family.to_bytes(4, "big") + packet.data, build.LOOP, "", False),
            (build.ppp(packet), build.PPP, "", False),
            (build.ppp(packet, framed=False, short=True), build.PPP_HDLC, "", False),
            (b"\x0f\0" + packet.type.to_bytes(2, "big") + packet.data, build.PPP_HDLC, "", False),
            (build.ethernet(build.pppoe(packet)), build.ETHERNET, "", True),
            (build.ethernet(build.vlan(build.itag(build.ethernet(packet), 77), 5)), 1, "vlan5+isid77", True),
        ]
    )


def decode(cases: list[Sent], decoder: Decoder | None = None, filler: int = 0xAA) -> Decoded:
    frames = build.batch(
        [case.frame for case in cases],
        link=[case.link for case in cases],
        wire=[case.wirelen for case in cases],
        filler=filler,
    )
    return (decoder or Decoder()).decode(frames)


def check(row: np.void, case: Sent, tables: Tables) -> None:
    """A row says of a frame what the specification says."""
    expected = case.expected
    assert expected is not None
    flags = expected.flags | (Flag.TTL if case.ttl != 255 else Flag(0))
    columns = ("version", "vrid", "priority", "interval", "auth", "checksum", "ah_seq")
    assert {name: row[name] for name in columns} == {name: getattr(expected, name) for name in columns}
    assert Flag(int(row["flags"])) == flags
    assert tables.addresses[row["addresses"]] == expected.addresses
    assert tables.secrets[row["secret"]] == expected.secret
    assert tables.segments[row["segment"]] == case.segment
    assert row["destination"] == case.destination
    assert row["family"] == expected.family
    assert row["mac"] == (int.from_bytes(build.MAC, "big") if case.has_mac else NO_MAC)


@settings(deadline=None)
@given(st.lists(sent(), max_size=12), st.integers(0, 255))
def test_columns_say_what_the_specification_says(cases: list[Sent], filler: int) -> None:
    decoder = Decoder()
    rows = {int(row["number"]): row for row in decode(cases, decoder, filler).adverts}
    for number, case in enumerate(cases, start=1):
        if case.expected is not None:
            check(rows.pop(number), case, decoder.tables)
    assert not rows


@settings(deadline=None, max_examples=40)
@given(st.lists(sent(), max_size=12), st.integers(1, 11))
def test_any_split_into_batches_gives_the_same_rows_and_ids(cases: list[Sent], at: int) -> None:
    frames = build.batch(
        [case.frame for case in cases],
        link=[case.link for case in cases],
        wire=[case.wirelen for case in cases],
    )
    whole, parts = Decoder(), Decoder()
    together = whole.decode(frames)
    apart = [parts.decode(build.part(frames, slice(start, start + at))) for start in range(0, len(cases), at)]
    adverts = [part.adverts for part in apart] or [together.adverts]
    assert together.adverts.tobytes() == np.concatenate(adverts).tobytes()
    assert whole.tables == parts.tables
    assert whole.later_fragments == parts.later_fragments


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*LINK_TYPES, 107, 65535]),
            st.binary(max_size=120),
            st.integers(0, 200),
        ),
        max_size=20,
    )
)
def test_arbitrary_bytes_never_raise(cases: list[tuple[int, bytes, int]]) -> None:
    links, contents, more = zip(*cases, strict=True) if cases else ((), (), ())
    wire = [len(content) + extra for content, extra in zip(contents, more, strict=True)]
    frames = build.batch(contents, link=links, wire=wire)
    assert len(Decoder().decode(frames).adverts) <= len(cases)


@settings(deadline=None)
@given(sent(), st.data())
def test_no_single_changed_byte_raises(case: Sent, data: st.DataObject) -> None:
    if not case.frame:
        return
    at = data.draw(st.integers(0, len(case.frame) - 1))
    frame = bytearray(case.frame)
    frame[at] = data.draw(st.integers(0, 255))
    decoded = decode([replace(case, frame=bytes(frame))])
    assert len(decoded.adverts) + len(decoded.carps) <= 1


def test_no_frames_make_no_rows() -> None:
    decoded = Decoder().decode(build.batch([]))
    assert len(decoded.adverts) == len(decoded.carps) == 0


def test_other_traffic_makes_no_rows() -> None:
    udp = bytes.fromhex("0035003500080000") + bytes(40)
    frames = [
        build.ethernet(build.ipv4(bytes(40), protocol=6)),
        build.ethernet(build.ipv4(udp, protocol=17)),
        build.ethernet(build.vlan(build.ipv4(udp, protocol=17), 7)),
        build.ethernet(build.ipv6(bytes(40), protocol=58)),
        build.ethernet(build.Packet(bytes(46), 0x0806)),
    ]
    assert len(Decoder().decode(build.batch(frames)).adverts) == 0


def test_an_icmp_error_that_quotes_an_advert_is_no_advert() -> None:
    quoted = build.ipv4(Advert().build(source=b"\x0a\0\0\1", destination=b"\x0a\0\0\2")).data
    frame = build.ethernet(build.ipv4(b"\3\2\0\0\0\0\0\0" + quoted, protocol=1))
    assert len(Decoder().decode(build.batch([frame])).adverts) == 0


def test_header_fields_of_ipv4_reach_their_columns() -> None:
    payload = Advert(vrid=5, checksum=Checksum.PLAIN).build(source=b"\x0a\0\0\1", destination=b"\xe0\0\0\x12")
    packet = build.ipv4(payload, ttl=7, tos=0x20, identification=40_000, fragment=0x4000)
    (row,) = Decoder().decode(build.batch([build.ethernet(packet, pad=60)])).adverts
    assert (row["src_hi"], row["src_lo"]) == (0, 0x0A000001)
    assert (row["dst_hi"], row["dst_lo"]) == (0, 0xE0000012)
    assert (row["ttl"], row["tos"], row["df"], row["ip_id"]) == (7, 0x20, 1, 40_000)
    assert row["flags"] == Flag.TTL | Flag.NO_ADDRESSES
    assert (row["t"], row["number"], row["interface"], row["capture"]) == (0, 1, 0, 0)


def test_header_fields_of_ipv6_reach_their_columns() -> None:
    source, group = ip_address("fe80::1:2").packed, ip_address("ff02::12").packed
    payload = Advert(version=3, family=6).build(source=source, destination=group, form=Checksum.PSEUDO)
    packet = build.ipv6(payload, source="fe80::1:2", tos=0xC0)
    (row,) = Decoder().decode(build.batch([build.ethernet(packet)])).adverts
    assert (row["src_hi"], row["src_lo"]) == (0xFE80 << 48, 0x10002)
    assert (row["dst_hi"], row["dst_lo"]) == (0xFF02 << 48, 0x12)
    assert (row["ttl"], row["tos"], row["df"], row["ip_id"]) == (255, 0xC0, 0, -1)


def test_a_damaged_ip_header_is_flagged_and_an_offloaded_one_is_not() -> None:
    data = bytearray(build.ethernet(build.ipv4(bytes.fromhex("2101640100010000") + bytes(12))))
    data[24:26] = b"\x12\x34"
    offloaded = data[:24] + b"\0\0" + data[26:]
    rows = Decoder().decode(build.batch([bytes(data), bytes(offloaded)])).adverts
    assert ((rows["flags"] & Flag.BAD_IP_CHECKSUM) > 0).tolist() == [True, False]


def test_later_fragments_are_counted_and_left_out() -> None:
    payload = Advert().build(source=b"\x0a\0\0\1", destination=b"\xe0\0\0\x12")
    frames = [
        build.ethernet(build.ipv4(payload, fragment=0x2000)),
        build.ethernet(build.ipv4(payload, fragment=5)),
        build.ethernet(build.ipv6(build.fragment_header(payload, 112, offset=5), protocol=44)),
        build.ethernet(build.ipv4(payload, fragment=5, protocol=6)),
    ]
    decoder = Decoder()
    (row,) = decoder.decode(build.batch(frames)).adverts
    assert Flag.FRAGMENT in Flag(int(row["flags"]))
    assert row["checksum"] == Checksum.UNKNOWN
    assert decoder.later_fragments == 2


def test_a_length_of_zero_is_bounded_by_the_frame() -> None:
    payload = Advert(checksum=Checksum.PLAIN, addresses=("10.0.0.9",)).build(
        source=b"\x0a\0\0\1", destination=b"\xe0\0\0\x12"
    )
    (row,) = Decoder().decode(build.batch([build.ethernet(build.ipv4(payload, length=0))])).adverts
    assert row["checksum"] == Checksum.PLAIN
    assert row["auth"] == Auth.NONE


def test_a_frame_that_ends_before_its_ip_length_is_cut_not_short() -> None:
    payload = Advert(addresses=("10.0.0.9",)).build(source=b"\x0a\0\0\1", destination=b"\xe0\0\0\x12")
    (row,) = Decoder().decode(build.batch([build.ethernet(build.ipv4(payload))[:-8]])).adverts
    assert Flag(int(row["flags"])) == Flag.TRUNCATED
