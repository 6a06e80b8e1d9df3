"""Crafted adverts, read by Wireshark, by scapy and by our own decoder, and one run on a wire of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final

import pytest

from tests import build as container
from tests import frames as build
from vrrpscope.lab import rogue
from vrrpscope.lab.rogue import GROUP, advert
from vrrpscope.wire import Auth, Checksum, Decoder, Destination, Flag

ROGUE, VIP, PEER = IPv4Address("10.0.0.66"), IPv4Address("10.0.0.3"), IPv4Address("10.0.0.5")
SECOND: Final = 1_000_000_000
ADVERTS: Final[dict[str, dict[str, Any]]] = {
    "v2 with the password": {"password": "s3cr3t50", "ip_id": 7},
    "v2 with a short password": {"password": "abc", "interval": 3 * SECOND},
    "v2 without": {"destination": PEER, "priority": 0},
    "v3": {"version": 3, "interval": SECOND // 4},
    "v3 to one router, with several addresses": {
        "version": 3,
        "destination": PEER,
        "addresses": [VIP, IPv4Address("10.0.0.4")],
        "ttl": 64,
        "ip_id": 65535,
    },
}
every_advert = pytest.mark.parametrize("given", ADVERTS.values(), ids=ADVERTS)


def packet(given: dict[str, Any]) -> bytes:
    return advert(**{"vrid": 50, "priority": 255, "source": ROGUE, "addresses": [VIP], **given})


@every_advert
def test_our_decoder_reads_what_was_asked_for(given: dict[str, Any]) -> None:
    decoder = Decoder()
    (row,) = decoder.decode(build.batch([build.ethernet(build.Packet(packet(given), 0x0800))])).adverts
    unicast, version = given.get("destination", GROUP) != GROUP, given.get("version", 2)
    assert Flag(int(row["flags"])) == (Flag.TTL if "ttl" in given else Flag(0))
    assert row["checksum"] == (Checksum.PLAIN if version == 2 else Checksum.PSEUDO)
    assert row["destination"] == (Destination.UNICAST if unicast else Destination.MULTICAST)
    assert (row["vrid"], row["priority"], row["version"]) == (50, given.get("priority", 255), version)
    assert (row["ttl"], row["ip_id"], row["tos"]) == (given.get("ttl", 255), given.get("ip_id", 1), 0xC0)
    assert (row["src_lo"], row["dst_lo"]) == (int(ROGUE), int(given.get("destination", GROUP)))
    assert row["interval"] == given.get("interval", SECOND)
    assert row["auth"] == (Auth.SIMPLE if "password" in given else Auth.NONE)
    assert decoder.tables.secrets[row["secret"]] == given.get("password", "").encode().ljust(
        8 * bool(row["secret"]), b"\0"
    )
    assert decoder.tables.addresses[row["addresses"]] == tuple(map(str, given.get("addresses", [VIP])))


@every_advert
@pytest.mark.filterwarnings("ignore")  # scapy's own, on import
def test_scapy_builds_the_same_bytes(given: dict[str, Any]) -> None:
    from scapy.config import conf

    conf.route_autoload = conf.route6_autoload = False
    from scapy.layers.inet import IP
    from scapy.layers.vrrp import VRRP, VRRPv3

    outer = IP(
        src=str(ROGUE),
        dst=str(given.get("destination", GROUP)),
        tos=0xC0,
        id=given.get("ip_id", 1),
        ttl=given.get("ttl", 255),
        proto=112,
    )
    version, interval = given.get("version", 2), given.get("interval", SECOND)
    layer, fields = (VRRP, {"adv": interval // SECOND}) if version == 2 else (VRRPv3, {"adv": interval * 100 // SECOND})
    if version == 2:
        secret = given.get("password", "").encode().ljust(8, b"\0")
        fields |= {"authtype": int("password" in given)}
        fields |= {"auth1": int.from_bytes(secret[:4], "big"), "auth2": int.from_bytes(secret[4:], "big")}
    addresses = [str(address) for address in given.get("addresses", [VIP])]
    inner = layer(vrid=50, priority=given.get("priority", 255), addrlist=addresses, **fields)
    assert packet(given) == bytes(outer / inner)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_finds_nothing_wrong(tmp_path: Path) -> None:
    frames = [build.ethernet(build.Packet(packet(given), 0x0800), pad=60) for given in ADVERTS.values()]
    path = tmp_path / "rogue.pcap"
    path.write_bytes(container.pcap([(container.T0 + n, frame) for n, frame in enumerate(frames)]))
    fields = ["ip.checksum.status", "vrrp.checksum.status", "vrrp.version", "vrrp.prio", "vrrp.auth_string"]
    command = ["tshark", "-r", str(path), "-o", "ip.check_checksum:TRUE", "-T", "fields"]
    asked = subprocess.run(
        command + [argument for field in fields for argument in ("-e", field)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.split("\t") for line in asked.stdout.splitlines()] == [
        ["1", "1", str(given.get("version", 2)), str(given.get("priority", 255)), given.get("password", "")]
        for given in ADVERTS.values()
    ]


@pytest.mark.parametrize(
    ("version", "interval", "said"),
    [
        (2, SECOND // 10, SECOND),
        (2, 999 * SECOND, 255 * SECOND),
        (3, 1, SECOND // 100),
        (3, 99 * SECOND, 40_950_000_000),
    ],
)
def test_an_interval_that_the_field_cannot_say_is_the_nearest_it_can(version: int, interval: int, said: int) -> None:
    data = packet({"version": version, "interval": interval})
    (row,) = Decoder().decode(build.batch([build.ethernet(build.Packet(data, 0x0800))])).adverts
    assert row["interval"] == said


@pytest.mark.parametrize("given", [{"password": "nine byte"}, {"password": "ä" * 5}, {"password": "a", "version": 3}])
def test_a_password_without_a_place_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="at most eight bytes, and only VRRPv2"):
        packet(given)


NEEDED: Final = ["--vrid", "50", "--priority", "255", "--source", "10.0.0.66", "--address", "10.0.0.3"]


@pytest.mark.parametrize(
    "more",
    [["--version", "3", "--password", "a"], ["--ip-id", "0"], ["--every", "0"], ["--ttl", "256"], ["--count", "x"]],
    ids=" ".join,
)
def test_arguments_that_make_no_sense_are_a_usage_error(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        rogue.main(NEEDED + more)
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_without_privilege_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(_: str) -> None:
        raise PermissionError

    monkeypatch.setattr(rogue, "open_socket", refuse)
    with pytest.raises(SystemExit) as ended:
        rogue.main(NEEDED)
    assert ended.value.code == 4
    assert "needs root" in capsys.readouterr().err


WIRE: Final = """
import socket, subprocess, sys
from vrrpscope.lab import rogue

subprocess.run("ip link add eth0 type veth peer name tap && ip link set eth0 up && ip link set tap up",
               shell=True, check=True)
tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
tap.bind(("tap", 0x0800))
tap.settimeout(5)
code = rogue.main(sys.argv[1:])
for _ in range(3):
    print(tap.recv(2000).hex())
sys.exit(code)
"""


@pytest.mark.lab
def test_three_adverts_reach_the_wire_as_they_were_built() -> None:
    more = ["--password", "s3cr3t50", "--every", "0.002", "--count", "3", "--ip-id", "65534"]
    ran = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", WIRE, *NEEDED, *more],
        cwd=Path(__file__).parents[2],  # where the package is found if it is not installed
        capture_output=True,
        text=True,
        check=True,
    )
    lines = ran.stdout.splitlines()
    assert lines[3].endswith(" ended")
    for ip_id, line, frame in zip([65534, 65535, 1], lines[:3], lines[4:], strict=True):
        assert line.endswith(f" 10.0.0.66 > 224.0.0.18 VRRPv2 vrid 50 priority 255 ttl 255 id {ip_id}")
        assert bytes.fromhex(frame)[14:] == packet({"password": "s3cr3t50", "ip_id": ip_id})
        assert frame.startswith("01005e000012")
