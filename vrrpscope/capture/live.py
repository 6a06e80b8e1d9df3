"""Frames of running interfaces as a source of `Frames`: one AF_PACKET socket, its filter in the kernel.

**One socket** for all interfaces, bound to none; the filter knows those that are wanted. So there is one queue in the
order of time and one count of drops, and an interface that goes down, comes back or is made anew costs a new filter
and nothing else. Membership of the groups' MACs makes an interface's hardware take what is meant for VRRP routers,
without promiscuous mode.

**Time** is the kernel's, in nanoseconds, from when it took the frame. It is the wall clock, which can be set: a jump
between two looks is taken off from then on and noted, because silence is measured by it. `reached` says up to which
time nothing more will come; the kernel's stamps run ahead of our reading by far less than `_SLACK`.

**Frames** are as tcpdump would write them. Where all interfaces are Ethernet: as on the wire, and the VLAN tag that the
kernel has taken out is put back. For `any`, and for tunnels: LINUX_SLL2, which says which interface it was and whether
this host sent the frame itself. Frames that wait are read some at a time (`_PAUSE`), because a batch costs the
analysis more than a frame does; whoever is busy does not pause.
"""

from __future__ import annotations

import ctypes
import errno
import select
import socket
import struct
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from vrrpscope.capture import bpf
from vrrpscope.capture.frames import PADDING, CaptureInfo, Frames
from vrrpscope.capture.interfaces import ETHERNET, LOOPBACK, Watched
from vrrpscope.capture.linktypes import link_name
from vrrpscope.capture.window import note_batch
from vrrpscope.errors import CaptureError, PrivilegeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BUFFER: Final = 1 << 25
"""Bytes for frames that wait to be read: the kernel counts about 800 for each, so 40,000 adverts."""

_MOST: Final = 8_192  # frames in a batch
_BLOCK: Final = 1 << 22
_HEADROOM: Final = 24  # before each frame: a tag, or the cooked header and a tag
_BUSY: Final = 64  # frames at once; whoever gets fewer may wait for more
_PAUSE: Final = 0.1  # seconds
_SLACK: Final = 5_000_000  # nanoseconds between a frame's stamp and its being there to read, at worst
_SETTLING: Final = 0.02  # seconds: the kernel stamps frames on their arrival only soon after it was asked to
_STEP: Final = 100_000_000  # nanoseconds by which a clock must jump to have been set

_ALL: Final = 0x0003  # ETH_P_ALL
_SOL_PACKET, _ADD_MEMBERSHIP, _STATISTICS, _AUXDATA = 263, 1, 6, 8
_ATTACH_FILTER, _BUFFER_FORCE, _TIMESTAMPS = 26, 33, 35  # SO_
_MULTICAST, _PROMISCUOUS = 0, 1  # PACKET_MR_
_GROUPS: Final = (
    "01005e000012",  # VRRP over IPv4
    "333300000012",  # and over IPv6
    "01005e000001",  # IGMP: queries
    "01005e000016",  # and reports of version 3
    "333300000001",  # neighbour advertisements, MLD queries
    "333300000016",  # MLD reports
)
_TAG_VALID, _TPID_VALID = 0x10, 0x40  # TP_STATUS_VLAN_
_ETHERNET, _COOKED = 1, 276  # LINKTYPE_
_COOKED_HEADER: Final = struct.Struct("!HHIHBB8s")
_AUX: Final = np.dtype([("status", "u4"), ("length", "u4"), ("skip", "u4,u4"), ("tci", "u2"), ("tpid", "u2")])
_STAMP: Final = np.dtype([("seconds", "l"), ("nanoseconds", "l")])


class LiveSource:
    """Frames of running interfaces, Linux.

    Args:
        interfaces: names, or `any`.
        narrow: a filter expression in tcpdump's language that frames must satisfy as well.
        promiscuous: take also what is meant for other hosts.
        buffer: bytes for frames that wait; less where the system allows less.

    Raises:
        PrivilegeError: this process may not capture.
        UsageError: there is no such interface, or the expression is none.
        CaptureError: the system cannot capture like this.
    """

    window: int = 20_000_000
    """How far behind their time frames may come, nanoseconds."""
    ended: bool = False
    names: tuple[str, ...]
    """The interfaces, as `Frames.interface` counts them."""

    def __init__(
        self,
        interfaces: Sequence[str],
        *,
        narrow: str | None = None,
        promiscuous: bool = False,
        buffer: int = BUFFER,
    ) -> None:
        self._watched = Watched(interfaces)
        self._promiscuous = promiscuous
        self._cooked = self._watched.is_any or any(
            each.kind not in (ETHERNET, LOOPBACK) for each in self._watched.known
        )
        name = "+".join(dict.fromkeys(interfaces))
        self._link = _COOKED if self._cooked else _ETHERNET
        self._narrow = None if narrow is None else bpf.compiled(narrow, link_name(self._link))
        self.info = CaptureInfo(name=name, path=name, format="live", link_types=[link_name(self._link)], dropped=0)
        self._seen = self._dropped = 0
        self._socket = self._open(buffer)
        try:
            self._joined: set[int] = set()
            self._clear()
            self._attach()
            self._socket.getsockopt(_SOL_PACKET, _STATISTICS, 8)  # counts from here
        except BaseException:
            self.close()
            raise
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._buffer = bytearray(_BLOCK)
        self._view = memoryview(self._buffer)
        self._data = np.frombuffer(self._buffer, np.uint8)
        self.names = ("any",) if self._watched.is_any else tuple(each.name for each in self._watched.known)
        self._places = self._place()
        self._indexes: dict[str, int] = {}
        self._lead = _wall_clock() - _uptime()
        self._correction = 0  # nanoseconds that the clock was set forward since the beginning
        self._remarks: list[str] = []  # not yet told
        self._drained = True
        self.reached = _wall_clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # --- opening ------------------------------------------------------------------------------------------------

    def _open(self, buffer: int) -> socket.socket:
        try:
            kind = socket.SOCK_DGRAM if self._cooked else socket.SOCK_RAW
            made = socket.socket(socket.AF_PACKET, kind, socket.htons(_ALL))
        except PermissionError as error:
            raise PrivilegeError(f"{self.info.path}: capturing needs the privilege CAP_NET_RAW") from error
        except OSError as error:
            raise CaptureError(f"{self.info.path}: cannot be captured on: {error.strerror}") from error
        try:
            made.setsockopt(socket.SOL_SOCKET, _BUFFER_FORCE, buffer)
        except OSError:  # needs CAP_NET_ADMIN; without, net.core.rmem_max is the limit
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        made.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
        made.setsockopt(_SOL_PACKET, _AUXDATA, 1)
        made.setblocking(False)
        return made

    def _clear(self) -> None:
        """Throw away what came in before there was a filter."""
        self._filter([bpf.Instruction(bpf.RET, 0, 0, 0)])
        time.sleep(_SETTLING)
        with suppress(BlockingIOError):
            while True:
                self._socket.recv(1)

    def _filter(self, program: bpf.Program) -> None:
        code = ctypes.create_string_buffer(bpf.packed(program))
        option = struct.pack("HP", len(program), ctypes.addressof(code))
        self._socket.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, option)

    def _attach(self) -> None:
        """Set the filter, and take part in the groups, for the interfaces that are there now."""
        watched = self._watched
        program = bpf.live_filter(
            None if watched.is_any else watched.indexes,
            cooked=self._cooked,
            loopback=watched.loopback,
            narrow=self._narrow,
        )
        self._filter(program)
        for each in watched.known:
            if each.number and each.kind == ETHERNET and each.number not in self._joined:
                self._join(each.number)

    def _join(self, index: int) -> None:
        """Have an interface take the groups' frames; what it cannot, it must be sent anyway."""
        wishes = [(_PROMISCUOUS, bytes(6))] if self._promiscuous else [(_MULTICAST, bytes.fromhex(g)) for g in _GROUPS]
        for kind, mac in wishes:
            try:
                self._socket.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, struct.pack("iHH8s", index, kind, len(mac), mac))
            except OSError as error:
                if error.errno not in (errno.ENODEV, errno.EINVAL, errno.EOPNOTSUPP):
                    raise
        self._joined.add(index)

    # --- reading ------------------------------------------------------------------------------------------------

    def read(self, timeout: float) -> Frames:
        """Return what has arrived, at the latest after so many seconds; valid until the next call."""
        if self._drained and self._poll.poll(round(timeout * 1000)):
            time.sleep(min(_PAUSE, timeout))
        before = _wall_clock() - self._correction
        drained = self._drain()
        self._watch_clock()
        frames = self._frames(*drained)
        if self._drained:
            self.reached = max(self.reached, before - _SLACK)
        elif len(frames.t):
            self.reached = max(self.reached, int(frames.t.max()) - _SLACK)
        if len(frames.t) > _BUSY:
            self._drained = False  # there will be more: do not pause
        return frames

    def _drain(self) -> tuple[list[int], list[int], list[bytes], list[bytes], list[tuple[str, int, int, int, bytes]]]:
        """Read frames behind each other into the buffer: where each begins, its length, stamp, tag and sender."""
        starts: list[int] = []
        lengths: list[int] = []
        stamps: list[bytes] = []
        tags: list[bytes] = []
        senders: list[tuple[str, int, int, int, bytes]] = []
        receive, view = self._socket.recvmsg_into, self._view
        at, last = _HEADROOM, _BLOCK - bpf.SNAPLEN - PADDING
        self._drained = False
        while len(starts) < _MOST and at < last:
            try:
                length, beside, _, sender = receive([view[at : at + bpf.SNAPLEN]], 128)
            except BlockingIOError:
                self._drained = True
                break
            except OSError as error:  # an interface went down: `look` says so
                if error.errno not in (errno.ENETDOWN, errno.ENOBUFS, errno.EINTR):
                    raise
                continue
            if len(beside) != 2:
                continue
            starts.append(at)
            lengths.append(length)
            stamps.append(beside[0][2])
            tags.append(beside[1][2])
            senders.append(sender)
            at += length + _HEADROOM
        return starts, lengths, stamps, tags, senders

    def _frames(
        self,
        starts: list[int],
        lengths: list[int],
        stamps: list[bytes],
        tags: list[bytes],
        senders: list[tuple[str, int, int, int, bytes]],
    ) -> Frames:
        count = len(starts)
        stamp, aux = np.frombuffer(b"".join(stamps), _STAMP), np.frombuffer(b"".join(tags), _AUX)
        start, caplen = np.array(starts, np.int64), np.array(lengths, np.int64)
        wirelen = np.maximum(aux["length"].astype(np.int64), caplen)
        t = stamp["seconds"].astype(np.int64) * 1_000_000_000 + stamp["nanoseconds"] - self._correction
        t = np.minimum(t, _wall_clock() - self._correction)  # what was stamped before the clock was set back
        places = np.array([self._places.get(sender[0], 0) for sender in senders], np.uint16)
        header = self._put_header(start, aux, senders)
        start, caplen, wirelen = start - header, caplen + header, wirelen + header
        wanted = self._judge_changed(start, caplen, header)
        if not wanted.all():
            start, caplen, wirelen, t = (column[wanted] for column in (start, caplen, wirelen, t))
            places, count = places[wanted], len(start)
        number = np.arange(self.info.frames + 1, self.info.frames + count + 1)
        note_batch(self.info, count, t)
        link = np.full(count, self._link, np.uint16)
        return Frames(self._data, start, caplen, wirelen, t, link, places, number)

    def _put_header(
        self, start: NDArray[np.int64], aux: NDArray[np.void], senders: list[tuple[str, int, int, int, bytes]]
    ) -> NDArray[np.int64]:
        """Write before each frame what belongs there; return how many bytes. Shape (n,)."""
        tagged = (aux["status"] & _TAG_VALID) > 0
        tpid = np.where(aux["status"] & _TPID_VALID, aux["tpid"], 0x8100)
        buffer = self._buffer
        for row in np.flatnonzero(tagged).tolist():
            at, tag = int(start[row]), struct.pack("!HH", int(tpid[row]), int(aux["tci"][row]))
            if self._cooked:  # the type of what is tagged stands behind the tag
                buffer[at - 4 : at] = tag[2:] + struct.pack("!H", senders[row][1])
            else:
                buffer[at - 4 : at + 12] = buffer[at : at + 12] + tag
        if not self._cooked:
            return 4 * tagged
        for row, (name, protocol, packet_type, hardware, mac) in enumerate(senders):
            end = int(start[row]) - 4 * bool(tagged[row])
            kind = int(tpid[row]) if tagged[row] else protocol
            packed = _COOKED_HEADER.pack(kind, 0, self._index(name), hardware, packet_type, len(mac), mac[:8])
            buffer[end - 20 : end] = packed
        return 20 + 4 * tagged

    def _place(self) -> dict[str, int]:
        """Return which of `names` an interface is, by what it is called now; of `any` there is only one."""
        return {} if self._watched.is_any else {each.name: place for place, each in enumerate(self._watched.known)}

    def _index(self, name: str) -> int:
        if name not in self._indexes:
            try:
                self._indexes[name] = socket.if_nametoindex(name)
            except OSError:  # it has gone already
                return 0
        return self._indexes[name]

    def _judge_changed(
        self, start: NDArray[np.int64], caplen: NDArray[np.int64], header: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Which frames the narrower filter takes; the kernel has asked it about those that are as on the wire."""
        wanted = np.ones(len(start), np.bool_)
        if self._narrow is not None:
            for row in np.flatnonzero(header).tolist():
                at = int(start[row])
                wanted[row] = bpf.run(self._narrow, self._buffer[at : at + int(caplen[row])]) > 0
        return wanted

    # --- beside the frames --------------------------------------------------------------------------------------

    def look(self) -> list[str]:
        """Look at the interfaces again; return in words what has changed. Often enough: twice a second."""
        changes = list(self._watched.look())
        if changes:
            self._indexes.clear()
            self._places = self._place()
            self._attach()
        changes += self._remarks
        self._remarks = []
        for change in changes:
            self.info.note(change, frame=self.info.frames + 1)
        return changes

    def counters(self) -> tuple[int, int]:
        """Return how many frames the filter let through, and how many of them the kernel dropped for want of room."""
        packets, drops = struct.unpack("II", self._socket.getsockopt(_SOL_PACKET, _STATISTICS, 8))
        self._seen += packets
        self._dropped += drops
        self.info.dropped = self._dropped
        return self._seen, self._dropped

    @property
    def interfaces(self) -> tuple[tuple[str, bool], ...]:
        """The interfaces' names, and whether each is up, as `look` saw them last."""
        return tuple((each.name, each.up) for each in self._watched.known)

    def close(self) -> None:
        """Stop capturing. May be called again."""
        self._socket.close()

    def _watch_clock(self) -> None:
        """See whether the clock was set since the last look at it."""
        lead = _wall_clock() - _uptime()
        step, self._lead = lead - self._lead, lead
        if abs(step) > _STEP:
            self._correction += step
            words = f"the clock was set {'forward' if step > 0 else 'back'} by {abs(step) / 1e9:.3f} s"
            self._remarks.append(f"{words}; times here go on as before")


def _wall_clock() -> int:
    return time.time_ns()


def _uptime() -> int:
    """Nanoseconds since the system started, sleep included: a clock that nobody sets."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
