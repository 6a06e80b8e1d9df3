"""A server's link with some VRRP in it: 1 % adverts, the rest TLS over TCP, bare ACKs, DNS, UDP and ARP.

Sequence and acknowledgement numbers of each TCP connection add up and every segment holds one whole TLS
record, so a dissector goes all the way and has nothing to put together. As in any capture taken on the
sending host, TCP checksums are left to the network card; UDP goes without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tests.bench import adverts
from tests.bench.packets import ipv4, put16, put32, rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.packets import Bytes, Numbers

FLOWS: Final = 2000
VRIDS: Final = 10
SHARES: Final = {
    "ack": 0.40,
    "full": 0.20,
    "part": 0.18,
    "question": 0.05,
    "answer": 0.05,
    "udp": 0.09,
    "arp": 0.03,
}
KINDS: Final = ("vrrp", *SHARES)

ETHERNET: Final = bytes.fromhex("020000000b01 020000000c01 0800")
TCP_IP: Final = bytes.fromhex("4500 0000 0000 4000 4006 0000") + bytes(8)
UDP_IP: Final = bytes.fromhex("4500 0000 0000 4000 4011 0000") + bytes(8)
DNS_NAME: Final = b"\3www\7example\3com\0" + bytes.fromhex("0001 0001")
QUESTION: Final = bytes.fromhex("0000 0100 0001 0000 0000 0000") + DNS_NAME
ANSWER: Final = (
    bytes.fromhex("0000 8180 0001 0001 0000 0000") + DNS_NAME + bytes.fromhex("c00c 0001 0001 0000012c 0004 5db8d822")
)
WIREGUARD: Final = bytes.fromhex("04000000 00000000 0000000000000000")
ARP: Final = bytes.fromhex("ffffffffffff 020000000c01 0806 0001 0800 06 04 0001 020000000c01 c0a80001") + bytes(28)


class Mixed:
    """The plan of the whole capture: times, kinds, lengths, and the connection of each packet."""

    def __init__(self, packets: int) -> None:
        rng = np.random.default_rng(5)
        self.plan = adverts.day(packets // 100, VRIDS)
        others = packets - len(self.plan)
        first, last = int(self.plan["t"][0]), int(self.plan["t"][-1])
        t = np.concatenate([self.plan["t"], rng.integers(first, last, others)])
        shares = np.cumsum(list(SHARES.values()))
        kind = np.concatenate([np.zeros(len(self.plan), int), 1 + np.searchsorted(shares, rng.random(others))])
        order = np.argsort(t, kind="stable")
        self.t, self.kind = t[order], np.minimum(kind[order], len(SHARES))
        self.advert = np.cumsum(self.kind == 0) - 1  # which advert of the plan, where it is one
        self.flow = rng.integers(0, FLOWS, packets)
        # The server (odd direction) sends most of the data, the client most of the bare ACKs.
        toward_client = rng.random(packets) < np.where(self.kind == KINDS.index("ack"), 0.2, 0.8)
        self.side = self.flow * 2 + toward_client
        self.lengths = self._lengths(rng)
        self.payload = np.where(self._is("full", "part"), self.lengths - 54, 0)
        self.seq, self.ack = self._numbers(rng.integers(0, 1 << 31, 2 * FLOWS))
        # The nth answer belongs to the nth question: same client, same identity.
        questions, answers = np.flatnonzero(self._is("question")), np.flatnonzero(self._is("answer"))
        self.identity = np.zeros(packets, int)
        self.identity[questions], self.identity[answers] = np.arange(len(questions)), np.arange(len(answers))
        self.flow[answers] = self.flow[questions[np.arange(len(answers)) % max(len(questions), 1)]]

    def _is(self, *kinds: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return np.isin(self.kind, [KINDS.index(kind) for kind in kinds])

    def _lengths(self, rng: np.random.Generator) -> Numbers:
        n = len(self.kind)
        lengths = np.full(n, 60)
        lengths[self._is("vrrp")] = adverts.lengths(self.plan)
        lengths[self._is("full")] = 1514
        lengths = np.where(self._is("part"), rng.integers(60, 1514, n), lengths)
        lengths[self._is("question")] = 42 + len(QUESTION)
        lengths[self._is("answer")] = 42 + len(ANSWER)
        return np.where(self._is("udp"), rng.integers(90, 1400, n), lengths)

    def _numbers(self, isn: Numbers) -> tuple[Numbers, Numbers]:
        """Return sequence and acknowledgement numbers: what either side has sent before this packet."""
        n = len(self.side)
        place = self.side * n + np.arange(n)  # by side, then by time
        order = np.argsort(place)
        sent = np.concatenate([[0], np.cumsum(self.payload[order])])
        began = sent[np.searchsorted(place[order], np.arange(2 * FLOWS) * n)]

        def before(side: Numbers) -> Numbers:
            so_far = sent[np.searchsorted(place[order], side * n + np.arange(n))] - began[side]
            numbers: Numbers = (isn[side] + so_far) & 0xFFFFFFFF
            return numbers

        return before(self.side), before(self.side ^ 1)

    def fill(self, part: slice) -> list[tuple[Numbers, Bytes]]:
        """Return the headers of a slice, as `packets.write` wants them."""
        kinds = self.kind[part]
        vrrp = np.flatnonzero(kinds == 0)
        groups = [(vrrp[which], row) for which, row in adverts.frames(self.plan[self.advert[part][vrrp]])]
        makers: dict[str, Callable[[Numbers], Bytes]] = {
            "ack": self._tcp,
            "full": self._tcp,
            "part": self._tcp,
            "question": lambda at: self._udp(at, QUESTION, 53, toward_server=True),
            "answer": lambda at: self._udp(at, ANSWER, 53, toward_server=False),
            "udp": lambda at: self._udp(at, WIREGUARD, 51820, toward_server=True),
            "arp": self._arp,
        }
        for name, make in makers.items():
            which = np.flatnonzero(kinds == KINDS.index(name))
            groups.append((which, make(which + part.start)))
        return groups

    def _addresses(self, at: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Return client address, server address and client port of packets."""
        flow = self.flow[at]
        return 0xC0A80000 + 2 + flow % 250, 0xCB007100 + 1 + flow % 20, 40000 + flow

    def _tcp(self, at: Numbers) -> Bytes:
        """Ethernet, IPv4, TCP and either the head of a TLS record or Ethernet's padding."""
        client, server, port = self._addresses(at)
        down = self.side[at] % 2 == 1
        payload = self.payload[at]
        frame = rows(ETHERNET + TCP_IP + bytes(12) + bytes.fromhex("5010 01f6 0000 0000") + bytes(6), len(at))
        put16(frame, 18, self.seq[at] & 0xFFFF)  # an IP ID that differs
        ipv4(frame, 14, 40 + payload, np.where(down, server, client), np.where(down, client, server))
        put16(frame, 34, np.where(down, 443, port))
        put16(frame, 36, np.where(down, port, 443))
        put32(frame, 38, self.seq[at])
        put32(frame, 42, self.ack[at])
        data = payload > 0
        frame[data, 47] = 0x18  # PSH, ACK
        frame[data, 54:57] = (0x17, 0x03, 0x03)
        put16(frame, 57, np.where(data, payload - 5, 0))
        return frame

    def _udp(self, at: Numbers, head: bytes, service: int, *, toward_server: bool) -> Bytes:
        """Ethernet, IPv4, UDP and the head of its payload, which names the question or the tunnel."""
        client, server, port = self._addresses(at)
        frame = rows(ETHERNET + UDP_IP + bytes(8) + head, len(at))
        size = self.lengths[at] - 34
        ends = (client, server) if toward_server else (server, client)
        ipv4(frame, 14, 20 + size, *ends)
        put16(frame, 34, port if toward_server else service)
        put16(frame, 36, service if toward_server else port)
        put16(frame, 38, size)
        put16(frame, *((42, self.identity[at]) if service == 53 else (46, self.flow[at])))
        return frame

    def _arp(self, at: Numbers) -> Bytes:
        frame = rows(ARP, len(at))
        put32(frame, 38, 0xC0A80000 + 2 + self.flow[at] % 250)
        return frame
