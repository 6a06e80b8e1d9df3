"""The classic BPF filter of a live capture: what VRRP is, and what explains it, in the kernel's own little language.

A program is a list of instructions `(code, jt, jf, k)` over an accumulator A, an index X and scratch memory
(https://docs.kernel.org/networking/filter.html). `Assembler` resolves names of places, so that a program reads from top
to bottom; conditional jumps reach 255 instructions only, so each skips or takes an unconditional one. The program is
made for two kinds of socket: one whose frames begin with an Ethernet header, and one ("cooked") whose frames begin
behind the link layer, where the kernel tells the protocol.

    interface? ─► type ─► VLAN (3 times) ─► PPPoE ─► IPv4, IPv6 ─► protocol ─► VXLAN ─► the same again, once
                   └► ARP, RARP                         └► VRRP, AH, IGMP, GRE, ICMP errors, MLD, neighbour discovery

Whatever is nested deeper passes: the decoder judges it. A second program, made by `tcpdump -ddd`, can be chained behind
it. It was made for tags that stand in the frame, while the kernel has taken the outermost one out; so tagged frames
pass here, and `run`, the interpreter, judges them when the tag is back in its place.
"""

from __future__ import annotations

import struct
import subprocess
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SNAPLEN: Final = 16_384
"""Bytes of a frame that are taken: an advert of 255 IPv6 addresses in a tunnel has 4,300."""

# Instructions: class, width and mode added up, as in linux/bpf_common.h.
LD, LDH, LDB = 0x20, 0x28, 0x30  # A := packet[k]
LDH_X, LDB_X = 0x48, 0x50  # A := packet[X + k]
LD_IMM, LDX, LD_M, ST = 0x00, 0x01, 0x60, 0x02  # A := k; X := k; A := M[k]; M[k] := A
ADD, ADD_X, AND, LSH = 0x04, 0x0C, 0x54, 0x64
TAX, TXA = 0x07, 0x87
JA, JEQ, JSET = 0x05, 0x15, 0x45
RET, RET_A = 0x06, 0x16

_ANCILLARY: Final = 0xFFFFF000  # SKF_AD_OFF
PROTOCOL, PACKET_TYPE, INTERFACE, TAGGED = (_ANCILLARY + n for n in (0, 4, 8, 48))
"""What the kernel knows of a frame beside its bytes; loaded like a word of it."""

_OUTGOING: Final = 4  # PACKET_OUTGOING
_LEVELS: Final = 3  # VLAN tags that are looked through
_VLANS: Final = (0x8100, 0x88A8, 0x9100)
_KEPT_TYPES: Final = (0x0806, 0x8035, 0x88E7)  # ARP, RARP; 802.1ah is rare and deep, the decoder knows it
_IPV4, _IPV6, _PPPOE = 0x0800, 0x86DD, 0x8864
_KEPT_IPV4: Final = (112, 51, 2, 47)  # VRRP and CARP, AH, IGMP, GRE
_KEPT_IPV6: Final = (112, 51, 47)
_EXTENSIONS: Final = (0, 43, 44, 60)  # hop-by-hop, routing, fragment, destination options
_ICMP, _UDP, _ICMPV6 = 1, 17, 58
_ICMP_ERRORS: Final = (3, 4, 5, 11, 12)
_ICMPV6_KEPT: Final = (1, 2, 3, 4, 130, 131, 132, 135, 136, 143)  # errors, MLD, neighbour discovery
_VXLAN_PORTS: Final = (4789, 8472)


class Instruction(NamedTuple):
    """One instruction; `jt` and `jf` are how many to skip if a condition holds and if not."""

    code: int
    jt: int
    jf: int
    k: int


Program = list[Instruction]


class Assembler:
    """A program in the making. Places are named by any text; jumps only lead forward."""

    def __init__(self) -> None:
        self._items: list[tuple[int, int, int, int | str]] = []
        self._places: dict[str, int] = {}

    def add(self, code: int, k: int = 0) -> None:
        """Add an instruction that is no jump."""
        self._items.append((code, 0, 0, k))

    def place(self, name: str) -> None:
        """Name the next instruction."""
        self._places[name] = len(self._items)

    def go(self, name: str) -> None:
        """Go on at a place."""
        self._items.append((JA, 0, 0, name))

    def when(self, values: Iterable[int], name: str, *, code: int = JEQ) -> None:
        """Go on at a place if A is (or, with JSET, has bits of) one of the values."""
        for value in values:
            self._items.append((code, 0, 1, value))
            self.go(name)

    def move(self, step: int) -> None:
        """Add to X; A is kept."""
        for code, k in ((ST, 0), (TXA, 0), (ADD, step), (TAX, 0), (LD_M, 0)):
            self.add(code, k)

    def program(self) -> Program:
        """Return the instructions, every place resolved."""
        return [
            Instruction(code, jt, jf, k if isinstance(k, int) else self._places[k] - at - 1)
            for at, (code, jt, jf, k) in enumerate(self._items)
        ]


def live_filter(
    interfaces: Sequence[int] | None = None,
    *,
    cooked: bool = False,
    loopback: int | None = None,
    narrow: Program | None = None,
) -> Program:
    """Return the filter of a live capture.

    Args:
        interfaces: the indexes of those wanted; None is all.
        cooked: frames begin behind the link layer.
        loopback: the index of the loopback interface, on which each frame is seen leaving and coming in: once will do.
        narrow: what must accept a frame as well; Ethernet only.
    """
    code = Assembler()
    if interfaces is not None:
        code.add(LD, INTERFACE)
        code.when(interfaces, "wanted")
        code.go("drop")
        code.place("wanted")
    if loopback is not None:
        code.add(LD, INTERFACE)
        code.when([loopback], "loopback")
        code.go("look")
        code.place("loopback")
        code.add(LD, PACKET_TYPE)
        code.when([_OUTGOING], "drop")
        code.place("look")
    code.add(LDX, 0)
    if cooked:
        _protocol(code)
        _types(code, "0")
    else:
        _ethernet(code, "0")
    _ethernet(code, "1")
    code.place("keep")
    if narrow is not None and not cooked:
        code.add(LD, TAGGED)
        code.when([1], "whole")
        code.add(LDX, 0)
        code.add(LD_IMM, 0)  # A and X as at the beginning
        code.go("narrow")
    code.place("whole")
    code.add(RET, SNAPLEN)
    code.place("drop")
    code.add(RET, 0)
    code.place("narrow")
    made = code.program()
    return made + (narrow if narrow is not None and not cooked else [])


def _protocol(code: Assembler) -> None:
    """What a frame without its link layer holds, into A. What leaves tagged may begin behind the tag already."""
    code.add(LD, PROTOCOL)
    code.when(_VLANS, "cooked tag")
    code.go("types")
    code.place("cooked tag")
    code.add(LD, PACKET_TYPE)
    code.when([_OUTGOING], "leaving")
    code.go("coming")
    code.place("leaving")
    code.add(LDB_X, 0)
    code.add(AND, 0xF0)
    code.when([0x40], "ipv4 0")
    code.when([0x60], "ipv6 0")
    code.add(LDH_X, 0)
    code.when([0x0001], "keep")  # ARP's kind of hardware
    code.place("coming")
    code.add(LD, PROTOCOL)
    code.place("types")


def _ethernet(code: Assembler, depth: str) -> None:
    """A frame whose Ethernet header is at X."""
    code.place(f"ethernet {depth}")
    code.add(LDH_X, 12)
    code.move(14)
    _types(code, depth)


def _types(code: Assembler, depth: str) -> None:
    """What a frame holds: its type is A, its content at X."""
    for level in range(_LEVELS + 1):
        code.when(_KEPT_TYPES, "keep")
        code.when([_IPV4], f"ipv4 {depth}")
        code.when([_IPV6], f"ipv6 {depth}")
        code.when([_PPPOE], f"pppoe {depth}")
        code.when(_VLANS, f"vlan {depth}.{level}" if level < _LEVELS else "keep")
        code.go("drop")
        if level < _LEVELS:
            code.place(f"vlan {depth}.{level}")
            code.add(LDH_X, 2)
            code.move(4)
    code.place(f"pppoe {depth}")
    code.add(LDH_X, 6)  # behind version, code, session and length: PPP's protocol
    code.move(8)
    code.when([0x0021], f"ipv4 {depth}")
    code.when([0x0057], f"ipv6 {depth}")
    code.go("drop")
    _ipv4(code, depth)
    _ipv6(code, depth)


def _ipv4(code: Assembler, depth: str) -> None:
    code.place(f"ipv4 {depth}")
    code.add(LDB_X, 9)
    code.when(_KEPT_IPV4, "keep")
    code.when([_ICMP, _UDP], f"first {depth}")
    code.go("drop")
    code.place(f"first {depth}")
    code.add(ST, 1)
    code.add(LDH_X, 6)
    code.when([0x1FFF], "drop", code=JSET)  # a later fragment has no header of what is inside
    code.add(LDB_X, 0)
    code.add(AND, 15)
    code.add(LSH, 2)
    code.add(ADD_X)
    code.add(TAX)
    code.add(LD_M, 1)
    code.when([_UDP], f"udp {depth}")
    code.add(LDB_X, 0)
    code.when(_ICMP_ERRORS, "keep")
    code.go("drop")


def _ipv6(code: Assembler, depth: str) -> None:
    code.place(f"ipv6 {depth}")
    code.add(LDB_X, 6)
    code.move(40)
    code.when(_KEPT_IPV6, "keep")
    code.when([_ICMPV6], f"icmpv6 {depth}")
    code.when([_UDP], f"udp {depth}")
    code.when(_EXTENSIONS, f"extension {depth}")
    code.go("drop")
    code.place(f"extension {depth}")
    code.add(LDB_X, 0)
    code.when([*_KEPT_IPV6, _ICMPV6, *_EXTENSIONS], "keep")
    code.go("drop")
    code.place(f"icmpv6 {depth}")
    code.add(LDB_X, 0)
    code.when(_ICMPV6_KEPT, "keep")
    code.go("drop")
    code.place(f"udp {depth}")
    code.add(LDH_X, 2)
    code.when(_VXLAN_PORTS, f"vxlan {depth}")
    code.go("drop")
    code.place(f"vxlan {depth}")
    if depth == "0":
        code.move(16)  # UDP's header and VXLAN's, each eight bytes
        code.go("ethernet 1")
    else:
        code.go("keep")


def packed(program: Program) -> bytes:
    """Return a program as an array of `struct sock_filter`."""
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def compiled(expression: str, link: str = "EN10MB") -> Program:
    """Return the program of a filter expression for a link type, as tcpdump compiles it.

    Raises:
        UsageError: tcpdump is not there, or does not understand it.
    """
    command = ["tcpdump", "-y", link, "-s", str(SNAPLEN), "-ddd", "--", expression]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)  # noqa: S603 - no shell
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError("-f: tcpdump compiles the expression, and it cannot be run here; install it") from error
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["tcpdump does not say why"]
        raise UsageError(f"-f {expression!r}: {said[-1].removeprefix('tcpdump: ')}")
    return [Instruction(*map(int, line.split())) for line in done.stdout.splitlines()[1:]]


def run(program: Program, frame: bytes | bytearray, ancillary: Mapping[int, int] | None = None) -> int:
    """Return how many bytes of a frame a program takes; 0 drops it.

    Args:
        program: as the kernel would run it.
        frame: its bytes.
        ancillary: what the kernel knows beside them: `PROTOCOL`, `INTERFACE` and the like.
    """
    known = ancillary or {}
    a = x = at = 0
    memory = [0] * 16
    while True:
        code, jt, jf, k = program[at]
        at += 1
        kind = code & 7
        if kind in (0, 1):
            value = _load(code, k, x, frame=frame, memory=memory, known=known)
            if value is None:
                return 0
            a, x = (value, x) if kind == 0 else (a, value)
        elif kind in (2, 3):
            memory[k] = a if kind == 2 else x
        elif kind == 4:
            a = _compute(code, a, x if code & 8 else k)
        elif kind == 5:
            at += k if code == JA else jt if _holds(code, a, x if code & 8 else k) else jf
        elif kind == 6:
            return a if code == RET_A else k
        elif code == TAX:
            x = a
        else:
            a = x


def _load(
    code: int, k: int, x: int, *, frame: bytes | bytearray, memory: list[int], known: Mapping[int, int]
) -> int | None:
    """Return what a load gives; None where the frame is too short."""
    mode, size = code & 0xE0, {0x00: 4, 0x08: 2, 0x10: 1}[code & 0x18]
    if mode == 0x00:
        return k
    if mode == 0x60:
        return memory[k]
    if mode == 0x80:
        return len(frame)
    if mode == 0x20 and k >= _ANCILLARY:
        return known.get(k, 0)
    place = k if mode != 0x40 else (x + k) & 0xFFFFFFFF
    if mode == 0xA0:  # four times the low half of a byte: the length of an IPv4 header
        return None if k >= len(frame) else (frame[k] & 15) * 4
    return int.from_bytes(frame[place : place + size], "big") if place + size <= len(frame) else None


def _compute(code: int, a: int, b: int) -> int:
    operations = {
        0x00: lambda: a + b,
        0x10: lambda: a - b,
        0x20: lambda: a * b,
        0x30: lambda: a // b if b else 0,
        0x40: lambda: a | b,
        0x50: lambda: a & b,
        0x60: lambda: a << (b & 31),
        0x70: lambda: a >> (b & 31),
        0x80: lambda: -a,
        0x90: lambda: a % b if b else 0,
        0xA0: lambda: a ^ b,
    }
    return operations[code & 0xF0]() & 0xFFFFFFFF


def _holds(code: int, a: int, b: int) -> bool:
    return {0x10: a == b, 0x20: a > b, 0x30: a >= b, 0x40: bool(a & b)}[code & 0x70]
