"""tshark, asked what speaks beside VRRP: of real frames, and of one of each kind behind a VLAN tag."""

from __future__ import annotations

import shutil
import subprocess
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest

from tests import build as container
from tests import frames as build
from tests.wire import messages as msg
from tests.wire.oracle import GROUPS, Said
from tests.wire.sighting import as_said, real_frames
from vrrpscope.capture.files import open_source
from vrrpscope.wire import NO_MAC, Advert, Decoder, Kind

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")

FIELDS = ["frame.number", "eth.src", "sll.src.eth", "ip.src", "ip.dst", "ip.proto", "ipv6.src", "ipv6.dst", "ipv6.nxt"]
FIELDS += [f"arp.{name}" for name in ("opcode", "src.hw_mac", "dst.hw_mac", "src.proto_ipv4", "dst.proto_ipv4")]
FIELDS += [f"igmp.{name}" for name in ("type", "version", "maddr", "record_type", "max_resp", "num_src")]
FIELDS += ["icmp.type", "icmp.code", "icmpv6.type", "icmpv6.code", "icmpv6.opt.linkaddr", "vrrp.virt_rtr_id"]
FIELDS += [f"icmpv6.nd.{name}" for name in ("ns.target_address", "na.target_address")]
FIELDS += [f"icmpv6.nd.na.flag.{flag}" for flag in "rso"]
FIELDS += ["icmpv6.mld.multicast_address"]
FIELDS += [f"icmpv6.mldr.mar.{name}" for name in ("multicast_address", "record_type", "nb_sources")]

LEAVING = {1, 3}
Row = dict[str, list[str]]


def asked(path: Path) -> dict[int, Row]:
    """All values of each field of each frame."""
    fields = [argument for field in FIELDS for argument in ("-e", field)]
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "aggregator=;", *fields]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [dict(zip(FIELDS, line.split("\t"), strict=True)) for line in said.splitlines()]
    return {
        int(row["frame.number"]): {name: text.split(";") if text else [] for name, text in row.items()} for row in rows
    }


def mac(row: Row, *names: str) -> int:
    return next((int(row[name][0].replace(":", ""), 16) for name in names if row[name]), NO_MAC)


def address(row: Row, name: str, at: int = 0) -> int:
    return int(ip_address(row[name][at]))


def number(row: Row, name: str, at: int = 0) -> int:
    return int(row[name][at], 0)


def theirs(row: Row) -> Said | None:
    """What tshark's fields come to; the segment is left out."""
    said = _theirs(row)
    return said and said._replace(sender=mac(row, "eth.src", "sll.src.eth"))


def _theirs(row: Row) -> Said | None:
    if row["arp.opcode"]:
        return arp(row)
    if row["icmpv6.type"]:
        return icmpv6(row)
    if row["igmp.type"]:
        return igmp(row)
    quotes = row["icmp.type"] and len(row["ip.src"]) > 1 and "112" in row["ip.proto"]
    return complaint(row, 4, "icmp", "ip") if quotes else None


def igmp(row: Row) -> Said | None:
    kind, ends = number(row, "igmp.type"), (address(row, "ip.src"), address(row, "ip.dst"))
    if kind == 0x22:
        return listed(row, 4, "igmp", ("maddr", "record_type", "num_src"), ends)
    meant = {0x11: Kind.QUERY, 0x17: Kind.LEAVE}.get(kind, Kind.REPORT)
    # Of a version 1 query tshark shows no response code: it is 0.
    code = number(row, "igmp.max_resp") if kind == 0x11 and row["igmp.max_resp"] else 0
    version = number(row, "igmp.version")
    return of_group(Said(meant, 4, kind, address(row, "igmp.maddr"), *ends, code=code, version=version))


def icmpv6(row: Row) -> Said | None:
    kind, ends = number(row, "icmpv6.type"), (address(row, "ipv6.src"), address(row, "ipv6.dst"))
    if kind in {135, 136}:
        return neighbour(row, kind, ends)
    if kind == 143:
        return listed(row, 6, "icmpv6.mldr.mar", ("multicast_address", "record_type", "nb_sources"), ends)
    meant = {130: Kind.QUERY, 131: Kind.REPORT, 132: Kind.LEAVE}.get(kind)
    if meant:
        return of_group(Said(meant, 6, kind, address(row, "icmpv6.mld.multicast_address"), *ends, version=1))
    quotes = kind < 5 and len(row["ipv6.src"]) > 1 and "112" in row["ipv6.nxt"]
    return complaint(row, 6, "icmpv6", "ipv6") if quotes else None


def arp(row: Row) -> Said:
    operation = number(row, "arp.opcode")
    source, target = address(row, "arp.src.proto_ipv4"), address(row, "arp.dst.proto_ipv4")
    about = source if operation == 2 else target
    kind = {1: Kind.QUESTION, 2: Kind.ANSWER}.get(operation, Kind.RARP)
    if kind is not Kind.RARP and source == target:
        kind = Kind.ANNOUNCEMENT
    elif kind is Kind.QUESTION and source == 0:
        kind = Kind.PROBE
    named = mac(row, "arp.dst.hw_mac" if kind is Kind.RARP else "arp.src.hw_mac")
    return Said(kind, 4, operation, about, source, target, mac=named)


def neighbour(row: Row, kind: int, ends: tuple[int, int]) -> Said:
    named = mac(row, "icmpv6.opt.linkaddr")
    if kind == 135:
        meant = Kind.QUESTION if ends[0] else Kind.PROBE
        return Said(meant, 6, 135, address(row, "icmpv6.nd.ns.target_address"), *ends, mac=named)
    bits = {"r": 0x80, "s": 0x40, "o": 0x20}
    flags = sum(bit for name, bit in bits.items() if row[f"icmpv6.nd.na.flag.{name}"] in (["1"], ["True"]))
    meant = Kind.ANSWER if flags & 0x40 else Kind.ANNOUNCEMENT
    return Said(meant, 6, 136, address(row, "icmpv6.nd.na.target_address"), *ends, code=flags, mac=named)


def listed(row: Row, family: int, prefix: str, names: tuple[str, str, str], ends: tuple[int, int]) -> Said | None:
    groups, records, sources = (row[f"{prefix}.{name}"] for name in names)
    kind, version = (0x22, 3) if family == 4 else (143, 2)
    for group, record, count in zip(groups, records, sources, strict=True):
        if int(ip_address(group)) == GROUPS[family]:
            leaves = int(record, 0) in LEAVING and int(count, 0) == 0
            meant = Kind.LEAVE if leaves else Kind.REPORT
            return Said(meant, family, kind, GROUPS[family], *ends, code=int(record, 0), version=version)
    return None


def of_group(said: Said) -> Said | None:
    general = said.kind is Kind.QUERY and said.address == 0
    return said if general or said.address == GROUPS[said.family] else None


def complaint(row: Row, family: int, outer: str, inner: str) -> Said:
    ends = address(row, f"{inner}.src", 1), address(row, f"{inner}.src"), address(row, f"{inner}.dst", 1)
    numbers = number(row, f"{outer}.type"), number(row, f"{outer}.code"), number(row, "vrrp.virt_rtr_id")
    return Said(Kind.ERROR, family, numbers[0], *ends, code=numbers[1], vrid=numbers[2])


def check(path: Path) -> set[Kind]:
    """Compare all frames of a capture; the kinds it holds."""
    decoder = Decoder(sightings=True)
    rows = [row for frames in open_source(str(path)) for row in decoder.decode(frames).sightings.copy()]
    mine = {int(row["number"]): as_said(row, decoder.tables)._replace(segment="") for row in rows}
    said = {frame: theirs(row) for frame, row in asked(path).items()}
    assert mine == {frame: one for frame, one in said.items() if one}
    return {one.kind for one in mine.values()}


def test_tshark_says_the_same_of_real_frames(tmp_path: Path) -> None:
    frames = real_frames("lb0*.pcap*")  # those that no tunnel is around
    for link in {link for _, link in frames}:
        path = tmp_path / f"link-{link}.pcap"
        alike = [frame for frame, of_it in frames if of_it == link]
        path.write_bytes(container.pcap([(container.T0 + n, frame) for n, frame in enumerate(alike)], link=link))
        assert check(path)


def test_tshark_says_the_same_of_each_kind(tmp_path: Path) -> None:
    message = Advert(version=3, vrid=50, addresses=("10.0.0.3",)).build(source=bytes(4), destination=bytes(4))
    quoted = build.ipv4(message, source="10.0.0.5", destination="10.0.0.6")
    message6 = Advert(version=3, family=6, vrid=51, addresses=("fd00::3",)).build(
        source=bytes(16), destination=bytes(16)
    )
    quoted6 = build.ipv6(message6, source="fd00::5", destination="fd00::6")
    packets = [
        msg.arp(1, "10.0.0.3", "10.0.0.3"),
        msg.arp(2, "10.0.0.3", "10.0.0.3"),
        msg.arp(1, "10.0.0.50", "10.0.0.3"),
        msg.arp(2, "10.0.0.3", "10.0.0.50", target_mac=msg.OTHER),
        msg.arp(1, "0.0.0.0", "10.0.0.3"),
        msg.arp(3, "0.0.0.0", "0.0.0.0", target_mac=msg.HOST, ethertype=0x8035),
        msg.advertisement("fd00::3"),
        msg.advertisement("fd00::3", flags=0xC0, destination="fe80::50", options=b""),
        msg.solicitation("fd00::3"),
        msg.solicitation("fd00::3", source="::", options=b""),
        msg.igmp(0x11, "0.0.0.0", code=100, destination="224.0.0.1"),
        msg.igmp(0x11, "224.0.0.18", code=10, more=bytes(4)),
        msg.igmp(0x11, "224.0.0.18"),
        msg.igmp(0x12, "224.0.0.18"),
        msg.igmp(0x16, "224.0.0.18"),
        msg.igmp(0x16, "224.0.0.251"),
        msg.igmp(0x17, "224.0.0.18", destination="224.0.0.2"),
        msg.igmp_list(msg.record(5, "239.1.1.1", "10.1.1.1"), msg.record(2, "224.0.0.18")),
        msg.igmp_list(msg.record(3, "224.0.0.18")),
        msg.igmp_list(msg.record(4, "224.0.0.251")),
        msg.mld(130, "::", destination="ff02::1"),
        msg.mld(131, "ff02::12"),
        msg.mld(132, "ff02::12", destination="ff02::2"),
        msg.mld_list(msg.record(2, "ff02::1:ff00:3"), msg.record(4, "ff02::12")),
        msg.complaint(quoted, 3, 2, source="10.0.0.6", destination="10.0.0.5"),
        msg.complaint(quoted6, 1, 1, source="fd00::6", destination="fd00::5"),
        msg.complaint(build.ipv4(bytes(20), protocol=6), 3, 2, source="10.0.0.6", destination="10.0.0.5"),
    ]
    path = tmp_path / "kinds.pcap"
    frames = [build.ethernet(build.vlan(packet, 100), source=msg.OTHER) for packet in packets]
    path.write_bytes(container.pcap([(container.T0 + n, frame) for n, frame in enumerate(frames)]))
    assert check(path) == set(Kind) - {Kind.ALIVE}
