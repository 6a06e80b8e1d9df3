"""What Wireshark's dissectors say of a capture, through pyshark and the tshark that is installed.

A second opinion, never the first: some thousand frames a second. pyshark drives tshark by asyncio and would take over
the event loop of whoever calls it (in Jupyter one is running already), so it works in a thread with a loop of its own
and hands frames over through a short queue: memory does not grow with the capture. tshark is let end by itself, for
its exit code and its last word say whether it read everything.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vrrpscope.errors import CaptureError, UsageError

try:
    import pyshark
    from pyshark.capture.capture import StopCapture
    from pyshark.tshark.tshark import TSharkNotFoundException, get_process_path
except ImportError as error:
    raise UsageError("--with tshark needs pyshark, which is not installed: pip install 'vrrpscope[tshark]'") from error

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILTER: Final = "(vrrp or carp) and not icmp and not icmpv6"  # not what errors quote
_SECOND: Final = 1_000_000_000
_WAITING: Final = 256  # frames read ahead
_CUT_SHORT: Final = "cut short"  # tshark's words for a file that ends within a packet: read as far as it goes
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Dissected(NamedTuple):
    """One frame as tshark reads it; None is what it does not show."""

    number: int
    t: int  # nanoseconds since the epoch
    protocol: str  # vrrp or carp
    source: str | None
    ttl: int | None
    version: int | None
    vrid: int | None
    priority: int | None
    interval: int | None  # nanoseconds
    auth_type: int | None  # VRRPv2's field
    checksum: int | None  # 0 bad, 1 good, 2 not judged
    addresses: tuple[str, ...]


class Tshark:
    """The VRRP and CARP frames of one capture file, in its order.

    Args:
        path: a file that can be read again.

    Raises:
        UsageError: tshark is not installed.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._frames: queue.Queue[Dissected | Exception | None] = queue.Queue(_WAITING)
        self._stopped = threading.Event()
        self._seen = 0
        self.problem = ""
        """Why it did not read to the end; known when all frames have come."""
        try:
            get_process_path()
        except TSharkNotFoundException as error:
            raise UsageError(
                "--with tshark needs tshark, which is not installed (Debian: apt install tshark)"
            ) from error

    def __iter__(self) -> Iterator[Dissected]:
        """Yield the frames.

        Raises:
            CaptureError: tshark cannot read the file.
        """
        reader = threading.Thread(target=self._read, name="tshark", daemon=True)
        reader.start()
        try:
            while (frame := self._frames.get()) is not None:
                if isinstance(frame, Exception):
                    raise CaptureError(f"{self._path}: tshark cannot read it: {_last_word(str(frame))}") from frame
                yield frame
        finally:
            self._stopped.set()
            while reader.is_alive():
                try:
                    self._frames.get(timeout=0.05)
                except queue.Empty:
                    continue
            reader.join()

    def _read(self) -> None:
        """Let tshark read, in this thread's own loop."""
        try:
            with asyncio.Runner() as runner:
                runner.run(self._take_all(runner.get_loop()))
        except Exception as error:  # noqa: BLE001 - goes to the other thread, which raises it
            self._frames.put(error)
        self._frames.put(None)

    async def _take_all(self, loop: asyncio.AbstractEventLoop) -> None:
        capture = pyshark.FileCapture(self._path, display_filter=_FILTER, keep_packets=False, eventloop=loop)
        await capture.packets_from_tshark(self._take, close_tshark=False)
        # pyshark itself would kill tshark here, and never learn whether it has read everything.
        processes = capture._running_processes  # noqa: SLF001 - no other way to them
        for process in processes:
            if self._stopped.is_set():
                process.kill()
            await process.wait()
        failed = any(process.returncode for process in processes) and not self._stopped.is_set()
        processes.clear()
        await capture.close_async()
        if failed:
            self.problem = _last_word(capture._last_error_line or "")  # noqa: SLF001 - likewise
            if not self._seen and _CUT_SHORT not in self.problem:
                raise CaptureError(self.problem)

    def _take(self, packet: Any) -> None:
        if self._stopped.is_set():
            raise StopCapture
        self._seen += 1
        self._frames.put(_dissected(packet))


def _dissected(packet: Any) -> Dissected:
    layers = list(packet.layers)
    place = max(n for n, layer in enumerate(layers) if layer.layer_name in {"vrrp", "carp"})
    own = layers[place]
    ip = next((layer for layer in reversed(layers[:place]) if layer.layer_name in {"ip", "ipv6"}), None)
    is_six = ip is not None and ip.layer_name == "ipv6"
    seconds, centiseconds = _number(own, "adver_int"), _number(own, "short_adver_int")
    interval = None if seconds is None else seconds * _SECOND
    return Dissected(
        number=int(packet.number),
        t=_time(str(packet.frame_info.time_epoch)),
        protocol=own.layer_name,
        source=None if ip is None else next(iter(_texts(ip, "src")), None),
        ttl=None if ip is None else _number(ip, "hlim" if is_six else "ttl"),
        version=_number(own, "version"),
        vrid=_number(own, "vhid" if own.layer_name == "carp" else "virt_rtr_id"),
        priority=_number(own, "prio"),
        interval=interval if centiseconds is None else centiseconds * _SECOND // 100,
        auth_type=_number(own, "auth_type"),
        checksum=_number(own, "checksum_status"),
        addresses=(*_texts(own, "ip_addr"), *_texts(own, "ipv6_addr")),
    )


def _texts(layer: Any, name: str) -> list[str]:
    field = layer.get_field(name)
    return [] if field is None else [str(each.show) for each in field.all_fields]


def _number(layer: Any, name: str) -> int | None:
    for text in _texts(layer, name):
        try:
            return int(text, 0)
        except ValueError:
            return None
    return None


def _time(text: str) -> int:
    """Return a time of either form: seconds with nine decimals, and since Wireshark 4.2 also ISO 8601."""
    if "T" in text:
        head, _, fraction = text.rstrip("Z").partition(".")
        since = datetime.fromisoformat(head).replace(tzinfo=UTC) - _EPOCH
        return (since.days * 86_400 + since.seconds) * _SECOND + int(fraction[:9].ljust(9, "0"))
    whole, _, fraction = text.partition(".")
    part = int(fraction[:9].ljust(9, "0"))
    return int(whole) * _SECOND + (-part if whole.startswith("-") else part)


def _last_word(text: str) -> str:
    """Return what tshark said last, without its own name before it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("tshark:").strip() if lines else "no reason given"
