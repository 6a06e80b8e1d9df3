"""A network of this test's own: a namespace with a cable between two interfaces, near (`v0`) and far (`v1`)."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NEW_NETWORK: Final = 0x40000000  # CLONE_NEWNET


def ip(*words: str) -> None:
    """Run `ip`."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def cable() -> Iterator[None]:
    """Be in a namespace of one's own, this thread and what it starts; skip where that is not allowed."""
    if not sys.platform.startswith("linux"):
        pytest.skip("network namespaces are Linux's")
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(_NEW_NETWORK):
            pytest.skip("needs root")
        try:
            ip("link", "set", "lo", "up")
            lay()
            yield
        finally:
            assert libc.setns(home, _NEW_NETWORK) == 0
    finally:
        os.close(home)


def lay() -> None:
    """Lay the cable."""
    # Without IPv6 the kernel says nothing of its own.
    ip("link", "add", "v0", "type", "veth", "peer", "name", "v1")
    for name in ("v0", "v1"):
        with open(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "w", encoding="ascii") as file:
            file.write("1")
        ip("link", "set", name, "up")


def send(frames: Iterable[bytes], interface: str = "v1") -> None:
    """Send frames as they are; when this returns, they have arrived."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as far:
        far.bind((interface, 0))
        for frame in frames:
            far.send(frame)
