"""What a client of the virtual address went through, from the lines its program printed.

An outage is told in *sending* times: from the first request that failed to the first one after it that was answered.
Both are moments at which the client wanted something, so the length of an outage does not depend on how long a client
is willing to wait, and is known to one request's distance at either end.

`from_requests` reads `vrrpscope.lab.client`, which says when each request was started.

`from_ping` reads `ping -D -O -n` of iputils (20221126), which says it less directly:

    [1795382048.544428] 64 bytes from 10.77.0.2: icmp_seq=6 ttl=64 time=0.053 ms       stamp: arrival
    [1795382048.752408] no answer yet for icmp_seq=7                                   stamp: about to send 8
    [1795381787.568604] From 10.77.0.1 icmp_seq=21 Destination Host Unreachable        stamp: arrival of the error
    [1795381789.680496] 64 bytes from 10.77.0.2: icmp_seq=33 ttl=64 time=2028 ms       late: lines for 33 came before
    [1795382049.780535] 64 bytes from 10.77.0.2: icmp_seq=1 ttl=64 time=0.063 ms (DUP!)
    17 packets transmitted, 10 received, 41.1765% packet loss, time 1664ms             only if ended by SIGINT

* An answered request was sent its round-trip time before the answer.
* "No answer yet" for n is printed at each attempt to send n + 1. While the socket's buffer is full (the kernel keeps
  what it cannot resolve a MAC address for) attempts fail and the line repeats; the last one is the attempt that went.
* Any other request was sent evenly between those known before and after it, or a cadence from the nearest one.
* An error says nothing of its own: a request that was not answered failed, and one that was redirected did not.
* A late answer is an answer. Requests that wait in the kernel for a MAC address are answered when it is known, so an
  outage that the client's own kernel bridged ends with the first of those.
* `icmp_seq` has 16 bits and wraps.
* Requests that no line speaks of are known from the statistics only; without them the recording ends with the last
  request that has a line.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SECOND: Final = 1_000_000_000

_REQUEST: Final = re.compile(r"(?P<s>\d{1,10})\.(?P<us>\d{6}) (?P<how>ok|fail) [\d.]+ (?P<text>.*)")
_PING: Final = re.compile(r"\[(?P<s>\d{1,10})\.(?P<us>\d{6})\] (?P<what>.*)\bicmp_seq=(?P<seq>\d{1,5})\b(?P<rest>.*)")
_RTT: Final = re.compile(r"\btime=(\d{1,9})(?:\.(\d{1,3}))? ms")
_TRANSMITTED: Final = re.compile(r"(\d{1,7}) packets transmitted, ")


class Outage(NamedTuple):
    """A run of requests that failed; nanoseconds since the epoch."""

    start: int  # when the first request that failed was sent
    end: int  # when the first one after it that was answered was sent; the last request at all if none was
    lost: int  # requests that failed


class Traffic(NamedTuple):
    """All that one client asked for."""

    sent: int
    answered: int
    outages: tuple[Outage, ...]
    served_by: dict[str, int]  # how often each text was answered; empty for ping


def from_requests(lines: Iterable[str]) -> Traffic:
    """Read what `vrrpscope.lab.client` printed, in whatever order; other lines are ignored."""
    matches = [match for line in lines if (match := _REQUEST.match(line))]
    requests = sorted((_nanoseconds(match), match["how"] == "ok") for match in matches)
    served = Counter(match["text"].strip() for match in matches if match["how"] == "ok")
    return _traffic(requests, dict(served))


def from_ping(lines: Iterable[str], every_s: float) -> Traffic:
    """Read what `ping -D -O -n` printed; other lines are ignored.

    Args:
        lines: in the order printed.
        every_s: ping's `-i`; used only beyond the first and last request whose sending time a line tells.
    """
    sent_at: dict[int, int] = {}
    announced: dict[int, int] = {}  # sending times as "no answer yet" tells them
    seen: set[int] = set()
    last = 0
    for line in lines:
        if match := _PING.match(line):
            number, t = int(match["seq"]), _nanoseconds(match)
            # The number nearest to the last one that has these 16 bits.
            last = number = last + (number - last + 0x8000) % 0x10000 - 0x8000 if seen else number
            seen.add(number)
            if "no answer yet" in match["what"]:
                announced[number + 1] = t
            elif "bytes from" in match["what"] and (rtt := _RTT.search(match["rest"])):
                sent_at.setdefault(number, t - int(rtt[1]) * 1_000_000 - int((rtt[2] or "").ljust(3, "0")) * 1000)
        elif match := _TRANSMITTED.match(line):
            seen.update({1, int(match[1])} if int(match[1]) else ())
    first, last = min(seen, default=1), max(seen, default=0)
    if not sent_at and not announced:
        return Traffic(last - first + 1, 0, (), {})  # at a time that nothing tells
    times = _times(first, last, announced | sent_at, round(every_s * SECOND))
    return _traffic([(t, first + index in sent_at) for index, t in enumerate(times)], {})


def _nanoseconds(match: re.Match[str]) -> int:
    return int(match["s"]) * SECOND + int(match["us"]) * 1000


def _times(first: int, last: int, known: Mapping[int, int], every: int) -> list[int]:
    """Return when each of the requests `first` to `last` was sent, from those of which it is known (at least one)."""
    anchors = sorted(known)
    times = []
    for number in range(first, last + 1):
        at = bisect(anchors, number)
        before = anchors[max(at - 1, 0)]  # number itself, if known
        after = anchors[min(at, len(anchors) - 1)]
        distance = (known[after] - known[before]) // (after - before) if before < number < after else every
        times.append(known[before] + (number - before) * distance)
    return times


def _traffic(requests: Sequence[tuple[int, bool]], served_by: dict[str, int]) -> Traffic:
    """Find the outages in requests, given as sending time and whether answered, in the order sent."""
    outages: list[Outage] = []
    lost = start = 0
    for t, answered in requests:
        if not answered:
            start, lost = start if lost else t, lost + 1
        elif lost:
            outages.append(Outage(start, t, lost))
            lost = 0
    if lost:
        outages.append(Outage(start, requests[-1][0], lost))
    return Traffic(len(requests), sum(answered for _, answered in requests), tuple(outages), served_by)
