"""Addresses that a user gives for servers: `127.0.0.1:9112`, `[::1]:9112`. Names are never resolved."""

from __future__ import annotations

from ipaddress import ip_address
from typing import NamedTuple

from vrrpscope.errors import UsageError


class Endpoint(NamedTuple):
    """An address and a port."""

    host: str  # canonical text
    port: int

    @property
    def is_ipv6(self) -> bool:
        """Whether the address is of IPv6."""
        return ":" in self.host

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if self.is_ipv6 else f"{self.host}:{self.port}"


def endpoint(text: str, option: str) -> Endpoint:
    """Return what ADDRESS:PORT means.

    Args:
        text: as the user wrote it.
        option: where, for the error: `--metrics`.

    Raises:
        UsageError: it is none.
    """
    host, _, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    try:
        address = ip_address(host[1:-1] if bracketed else host)
    except ValueError:
        address = None
    number = int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else -1
    if address is None or bracketed is not (address.version == 6) or not 0 <= number <= 0xFFFF:
        raise UsageError(f"{option} {text}: is not ADDRESS:PORT, such as 127.0.0.1:9112 or [::1]:9112")
    return Endpoint(str(address), number)
