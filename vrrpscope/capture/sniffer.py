"""Frames of running interfaces where there are no packet sockets of Linux: macOS, the BSDs, Windows, through scapy.

scapy sniffs in a thread of its own, through libpcap where it has it; it does not tell how many frames were dropped. A
frame's bytes go the way of all frames: what scapy makes of them is not looked at.
"""

from __future__ import annotations

import time
from collections import deque
from threading import Condition, Event
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from vrrpscope.capture.frames import PADDING, CaptureInfo, Frames
from vrrpscope.capture.interfaces import ANY, interfaces
from vrrpscope.capture.linktypes import link_name
from vrrpscope.capture.window import note_batch
from vrrpscope.errors import CaptureError, PrivilegeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_WANTED: Final = "(proto 112 or proto 51 or proto 47 or arp or rarp or icmp or icmp6 or igmp or udp port 4789 or ip6)"
_MOST: Final = 20_000  # frames that may wait
_SLACK: Final = 20_000_000  # nanoseconds between a frame's stamp and its being here
_START: Final = 10.0  # seconds


class SniffSource:
    """Frames of running interfaces, by scapy.

    Args:
        names: the interfaces, or `any`: all there are.
        narrow: a filter expression in tcpdump's language that frames must satisfy as well.
        promiscuous: take also what is meant for other hosts.

    Raises:
        UsageError: scapy is not installed, or there is no such interface.
        PrivilegeError: this process may not capture.
        CaptureError: the system cannot capture like this.
    """

    window: int = 50_000_000
    ended: bool = False

    def __init__(self, names: Sequence[str], *, narrow: str | None = None, promiscuous: bool = False) -> None:
        there = [each.name for each in interfaces()]
        unknown = [name for name in names if name not in (*there, ANY)]
        if unknown:
            raise UsageError(f"{unknown[0]}: no such interface; there are {', '.join(there)} (and any)")
        self.names = tuple(there if ANY in names else dict.fromkeys(names))
        name = "+".join(names)
        self.info = CaptureInfo(name=name, path=name, format="live", dropped=None)
        self.reached = time.time_ns()
        self._waiting: deque[tuple[bytes, int, str, int]] = deque()
        self._arrived = Condition()
        self._lost = self._seen = 0
        expression = f"({_WANTED} or (vlan and {_WANTED}))"
        if narrow is not None:
            expression = f"({narrow}) and {expression}"
        self._sniffer = self._start(expression, promiscuous=promiscuous)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _start(self, expression: str, *, promiscuous: bool) -> Any:
        try:
            from scapy.config import conf  # noqa: PLC0415 - a second to load, and not needed on Linux
        except ImportError as error:
            raise UsageError("capturing on this system needs scapy: pip install 'vrrpscope[live]'") from error
        conf.route_autoload = conf.route6_autoload = False  # a full routing table takes minutes
        from scapy.layers import l2  # noqa: F401, PLC0415 - Ethernet, so that link types are known
        from scapy.sendrecv import AsyncSniffer  # noqa: PLC0415

        numbers = conf.l2types.layer2num
        started = Event()

        def take(packet: Any) -> None:
            number = numbers.get(type(packet), 1)
            self._take(packet.original, int(packet.time * 1_000_000_000), str(packet.sniffed_on), number)

        sniffer = AsyncSniffer(
            iface=list(self.names),
            filter=expression,
            prn=take,
            store=False,
            promisc=promiscuous,
            started_callback=started.set,
        )
        sniffer.start()
        until = time.monotonic() + _START
        while not started.wait(0.05) and sniffer.exception is None and time.monotonic() < until:
            pass
        if not started.is_set():
            failure = sniffer.exception
            if isinstance(failure, PermissionError) or "ermission" in str(failure):
                raise PrivilegeError(f"{self.info.path}: capturing needs the rights of an administrator") from failure
            raise CaptureError(f"{self.info.path}: cannot be captured on: {failure}") from failure
        return sniffer

    def _take(self, frame: bytes, t: int, interface: str, link: int) -> None:
        """Take a frame, in scapy's thread."""
        with self._arrived:
            self._seen += 1
            if len(self._waiting) < _MOST:
                self._waiting.append((frame, t, interface, link))
            else:
                self._lost += 1
            self._arrived.notify()

    def read(self, timeout: float) -> Frames:
        """Return what has arrived, at the latest after so many seconds."""
        before = time.time_ns()
        with self._arrived:
            if not self._waiting:
                self._arrived.wait(timeout)
                before = time.time_ns()
            taken = list(self._waiting)
            self._waiting.clear()
        self.reached = max(self.reached, before - _SLACK)
        return self._frames(taken)

    def _frames(self, taken: list[tuple[bytes, int, str, int]]) -> Frames:
        block = np.frombuffer(b"".join(frame for frame, _, _, _ in taken) + bytes(PADDING), np.uint8)
        caplen = np.array([len(frame) for frame, _, _, _ in taken], np.int64)
        t = np.array([t for _, t, _, _ in taken], np.int64)
        place = {name: number for number, name in enumerate(self.names)}
        link = np.array([link for _, _, _, link in taken], np.uint16)
        for number in np.unique(link).tolist():
            if link_name(number) not in self.info.link_types:
                self.info.link_types.append(link_name(number))
        number = np.arange(self.info.frames + 1, self.info.frames + len(taken) + 1)
        note_batch(self.info, len(taken), t)
        interface = np.array([place.get(name, 0) for _, _, name, _ in taken], np.uint16)
        return Frames(block, np.cumsum(caplen) - caplen, caplen, caplen, t, link, interface, number)

    def look(self) -> list[str]:
        """Nothing is seen of the interfaces here."""
        return []

    @property
    def interfaces(self) -> tuple[tuple[str, bool], ...]:
        """The interfaces' names; each counts as up."""
        return tuple((name, True) for name in self.names)

    def counters(self) -> tuple[int, int]:
        """Return how many frames came, and how many had no room here; what the system dropped it does not tell."""
        if self._lost:
            self.info.dropped = self._lost
        return self._seen, self._lost

    def close(self) -> None:
        """Stop capturing. May be called again."""
        if self._sniffer.running:
            self._sniffer.stop()
