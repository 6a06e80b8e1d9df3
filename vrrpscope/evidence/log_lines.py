"""The lines of a log, whoever kept it: who wrote a line, when, and what it says.

A line has a stamp (`log_stamps`), then mostly a host and a program with its process id, then the message:

    Nov 22 21:18:45 lb01 Keepalived_vrrp[417]: (VI_50) Entering MASTER STATE      syslog, journalctl
    <30>1 2026-11-22T21:18:45Z lb01 Keepalived_vrrp 417 - - (VI_50) Entering …    RFC 5424
    {"__REALTIME_TIMESTAMP":"1795…","MESSAGE":"(VI_50) Entering …", …}            journalctl -o json
    Sun Nov 22 21:18:45 2026: (VI_50) Entering MASTER STATE                       keepalived's console or file
    2026/11/22 21:18:45 VRRP: [W23ZH-NY264] [CORE] [VRID 50] …                    FRR's file

These nest: a container's console ends up in the journal with keepalived's own stamp still in the message. Then the
finer stamp counts, and of two alike the inner one, which is nearer to the event; but one that tells its zone is not
contradicted by one that does not.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.capture.stream import CHUNK, open_stream
from vrrpscope.errors import CaptureError, UsageError
from vrrpscope.evidence.log_stamps import SECOND, Calendar, Stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vrrpscope.capture.stream import Inflated, Stream

LONGEST: Final = 1 << 16
"""Bytes of the longest line that is read; a journal's JSON may need several thousand."""
LONGEST_TEXT: Final = 4096
"""Characters of the longest message that is kept."""
_LONGEST_NAME: Final = 255
_DEEPEST: Final = 4
"""Stamps and headers within one line: a collector's, the journal's and the daemon's own."""
_TOLERANCE: Final = 10 * SECOND
_PRIORITY: Final = re.compile(r"<\d{1,3}>(?P<modern>1 )?", re.ASCII)
_MODERN: Final = re.compile(
    r"(?P<host>\S+) (?P<process>\S+) \S+ \S+ (?:-|(?:\[(?:[^\]\\]|\\.)*\])+)(?: (?:\ufeff)?(?P<text>.*))?", re.DOTALL
)
_CONTAINER: Final = re.compile(r"(?:stdout|stderr) [FP] ")
_FRR: Final = re.compile(r"(?:[a-z]{5,15}: )?(?P<process>[A-Z]{3,8}): (?P<text>.*)", re.ASCII | re.DOTALL)
_HEADER: Final = re.compile(
    r"(?:(?P<host>[^\s:(]\S*) (?:[a-z0-9]{2,8}\.[a-z]{2,7} )?)?"  # busybox puts facility and level between
    r"(?P<process>(?!VRRP_)[^\s\[\]:(][^\s\[\]:]*)(?:\[\d{1,10}\])?: ?(?P<text>.*)",
    re.ASCII | re.DOTALL,
)
_MICROSECONDS: Final = re.compile(r"\d{1,16}", re.ASCII)


class Line(NamedTuple):
    """One dated line: written at or after `t` and before `until`. `host` and `process` are empty if it names none."""

    t: int
    until: int
    host: str
    process: str
    text: str


class LineReader:
    """Takes lines apart, in the order of their log."""

    def __init__(self, calendar: Calendar) -> None:
        """`calendar` reads the stamps."""
        self._calendar = calendar

    def read(self, raw: str) -> Line | None:
        """Take a line apart; None if it has no stamp that can be placed."""
        raw = raw.strip("\x1e\r\n")  # a JSON sequence (RFC 7464) begins each record so
        line = self._from_json(raw) if raw.startswith("{") else self._from_text(raw)
        if line is not None:
            self._calendar.remember(line.t)
        return line

    def _from_text(self, raw: str) -> Line | None:
        priority = _PRIORITY.match(raw)
        stamp = self._calendar.read(raw, priority.end() if priority else 0)
        if stamp is None:
            return None
        rest = raw[stamp.end :]
        if priority and priority["modern"] and (header := _MODERN.fullmatch(rest)):
            return self._unwrapped(stamp, header["host"], header["process"], header["text"] or "")
        return self._unwrapped(stamp, "", "", rest)

    def _from_json(self, raw: str) -> Line | None:
        """One object of `journalctl -o json` or of Docker's log driver."""
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):
            return None
        if "MESSAGE" not in found:
            stamp = self._calendar.read(f"{found.get('time')} ")
            return stamp and self._unwrapped(stamp, "", "", str(found.get("log", "")).rstrip("\n"))
        for name in ("_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"):  # when it was sent, when it arrived
            if _MICROSECONDS.fullmatch(value := str(found.get(name))):
                stamp = Stamp(int(value) * 1000, int(value) * 1000 + 1000, zoned=True, colon=True, end=0)
                process = found.get("SYSLOG_IDENTIFIER") or found.get("_COMM") or ""
                return self._unwrapped(stamp, str(found.get("_HOSTNAME", "")), str(process), _text(found["MESSAGE"]))
        return None

    def _unwrapped(self, stamp: Stamp, host: str, process: str, text: str) -> Line:
        """The line behind all stamps and headers."""
        bare = stamp.colon or bool(process)
        for _ in range(_DEEPEST):
            if container := _CONTAINER.match(text):
                text = text[container.end() :]
            inner = self._calendar.read(text)
            if inner is not None:
                stamp, text, bare = _better(stamp, inner), text[inner.end :], inner.colon
                continue
            header = None if bare else _FRR.fullmatch(text) or _HEADER.fullmatch(text)
            if header is None:
                break
            host = header.groupdict().get("host") or host
            process, text, bare = header["process"], header["text"], True
        return Line(stamp.t, stamp.until, host[:_LONGEST_NAME], process[:_LONGEST_NAME], text[:LONGEST_TEXT])


def lines_of(path: str, note: Callable[[str], None]) -> Iterator[str]:
    """Yield the lines of a file, plain or compressed; "-" is standard input. What ends it early is noted.

    Raises:
        UsageError: the file cannot be opened.
    """
    try:
        stream = open_stream(path)
    except CaptureError as error:
        raise UsageError(str(error)) from error
    try:
        for line in _split(stream):
            yield line.decode("utf-8", errors="replace")
        if stream.problem is not None:
            note(stream.problem.message)
    finally:
        stream.close()


def _split(stream: Stream | Inflated) -> Iterator[bytes]:
    """The lines of a stream, the longest cut off: however long a line, little of it is held."""
    block = bytearray(CHUNK)
    line = bytearray()
    while got := stream.readinto(memoryview(block)):
        *whole, begun = bytes(memoryview(block)[:got]).split(b"\n")
        for piece in whole:
            line += piece[: max(0, LONGEST - len(line))]
            yield bytes(line)
            line.clear()
        line += begun[: max(0, LONGEST - len(line))]
    if line:
        yield bytes(line)


def _better(outer: Stamp, inner: Stamp) -> Stamp:
    """Which of two stamps of one line to believe."""
    coarser = inner.until - inner.t > outer.until - outer.t
    elsewhere = outer.zoned and not inner.zoned and abs(inner.t - outer.t) > _TOLERANCE
    return outer if coarser or elsewhere else inner


def _text(message: object) -> str:
    """A journal's MESSAGE: a string, the bytes of one that is no UTF-8, or several, of which the first counts."""
    if isinstance(message, list):
        if all(isinstance(byte, int) and 0 <= byte < 256 for byte in message):
            return bytes(message).decode("utf-8", errors="replace")
        message = next((each for each in message if isinstance(each, str)), "")
    return message if isinstance(message, str) else ""
