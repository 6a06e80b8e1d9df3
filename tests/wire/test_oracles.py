"""Other people's decoders, asked the same questions. What they get wrong is kept out of the questions."""

from __future__ import annotations

import shutil
import subprocess
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest

from tests import build as container
from tests import frames as build
from vrrpscope.wire import Advert, Checksum, Decoder

if TYPE_CHECKING:
    from pathlib import Path

ENDS = {4: ("10.0.0.1", "224.0.0.18"), 6: ("fe80::1", "ff02::12")}
ADDRESSES = {4: tuple(f"10.0.0.{n}" for n in range(100, 120)), 6: tuple(f"fe80::{n:x}" for n in range(1, 9))}


def payload(version: int, family: int, count: int, form: Checksum) -> bytes:
    source, destination = (ip_address(end).packed for end in ENDS[family])
    advert = Advert(
        version=version,
        family=family,
        vrid=51,
        priority=150,
        interval=2_000_000_000,
        addresses=ADDRESSES[family][:count],
    )
    return advert.build(source=source, destination=destination, form=form)


@pytest.mark.parametrize("count", [0, 1, 2, 8])
@pytest.mark.filterwarnings("ignore")  # scapy's own, on import
@pytest.mark.parametrize(("version", "family"), [(2, 4), (3, 4), (3, 6)])
def test_scapy_builds_the_same_bytes(version: int, family: int, count: int) -> None:
    from scapy.config import conf

    conf.route_autoload = conf.route6_autoload = False
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6
    from scapy.layers.vrrp import VRRP, VRRPv3

    source, destination = ENDS[family]
    ip = IP if family == 4 else IPv6
    addresses = list(ADDRESSES[family][:count])
    layer, interval = (VRRP, 2) if version == 2 else (VRRPv3, 200)
    theirs = layer(vrid=51, priority=150, adv=interval, addrlist=addresses)
    form = Checksum.PLAIN if version == 2 else Checksum.PSEUDO
    built = bytes(ip(src=source, dst=destination) / theirs)
    assert built[-len(payload(version, family, count, form)) :] == payload(version, family, count, form)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_reads_the_same_fields(tmp_path: Path) -> None:
    shapes = [(2, 4, Checksum.PLAIN), (3, 4, Checksum.PSEUDO), (3, 6, Checksum.PSEUDO)]
    frames = []
    for index, (kind, family, form) in enumerate(shapes * 3):
        message = payload(kind, family, 1 + index, form) if family == 4 else payload(3, 6, 2, form)
        wrap = build.ipv4 if family == 4 else build.ipv6
        packet = wrap(message, ttl=255 - index)
        packet = build.vlan(packet, 10 + index) if index > 5 else packet
        frames.append(build.ethernet(packet, pad=60))
    path = tmp_path / "adverts.pcap"
    path.write_bytes(container.pcap([(container.T0 + n, frame) for n, frame in enumerate(frames)]))

    fields = ["frame.number", "vrrp.version", "vrrp.virt_rtr_id", "vrrp.prio", "vlan.id", "ip.ttl", "ipv6.hlim"]
    fields += ["vrrp.ip_addr", "vrrp.ipv6_addr", "eth.src"]
    arguments = [argument for field in fields for argument in ("-e", field)]
    command = ["tshark", "-r", str(path), "-T", "fields", *arguments]
    asked = subprocess.run(command, capture_output=True, text=True, check=True)
    theirs = [line.split("\t") for line in asked.stdout.splitlines()]

    decoder = Decoder()
    rows = decoder.decode(build.batch(frames)).adverts
    tables = decoder.tables
    for row, their in zip(rows, theirs, strict=True):
        number, version, vrid, priority, vlan, ttl, hops, ipv4, ipv6, mac = their
        assert [row[name] for name in ("number", "version", "vrid", "priority")] == [
            int(number),
            int(version),
            int(vrid),
            int(priority),
        ]
        assert row["ttl"] == int(ttl or hops)
        assert ",".join(tables.addresses[row["addresses"]]) == ipv4 + ipv6
        assert tables.segments[row["segment"]] == (f"vlan{vlan}" if vlan else "")
        assert int(row["mac"]).to_bytes(6, "big").hex(":") == mac
