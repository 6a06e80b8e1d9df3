"""What clients went through, read from real output: ping of iputils 20221126 between two network namespaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrrpscope.lab.traffic import Outage, Traffic, from_ping, from_requests

if TYPE_CHECKING:
    from random import Random

MICROSECOND, MILLISECOND, SECOND = 1_000, 1_000_000, 1_000_000_000

DROPPED: Final = """\
PING 10.77.0.2 (10.77.0.2) 56(84) bytes of data.
[1795382048.024787] 64 bytes from 10.77.0.2: icmp_seq=1 ttl=64 time=0.031 ms
[1795382048.128476] 64 bytes from 10.77.0.2: icmp_seq=2 ttl=64 time=0.062 ms
[1795382048.232453] 64 bytes from 10.77.0.2: icmp_seq=3 ttl=64 time=0.048 ms
[1795382048.336490] 64 bytes from 10.77.0.2: icmp_seq=4 ttl=64 time=0.059 ms
[1795382048.440420] 64 bytes from 10.77.0.2: icmp_seq=5 ttl=64 time=0.050 ms
[1795382048.544428] 64 bytes from 10.77.0.2: icmp_seq=6 ttl=64 time=0.053 ms
[1795382048.752408] no answer yet for icmp_seq=7
[1795382048.856314] no answer yet for icmp_seq=8
[1795382048.960341] no answer yet for icmp_seq=9
[1795382049.064320] no answer yet for icmp_seq=10
[1795382049.168325] no answer yet for icmp_seq=11
[1795382049.168414] 64 bytes from 10.77.0.2: icmp_seq=12 ttl=64 time=0.050 ms
[1795382049.272423] 64 bytes from 10.77.0.2: icmp_seq=13 ttl=64 time=0.047 ms
[1795382049.376430] 64 bytes from 10.77.0.2: icmp_seq=14 ttl=64 time=0.052 ms
[1795382049.480425] 64 bytes from 10.77.0.2: icmp_seq=15 ttl=64 time=0.057 ms
[1795382049.688349] no answer yet for icmp_seq=16
"""
"""The answering host drops requests, twice; the second time until the end."""

STATISTICS: Final = """\

--- 10.77.0.2 ping statistics ---
17 packets transmitted, 10 received, 41.1765% packet loss, time 1664ms
rtt min/avg/max/mdev = 0.031/0.050/0.062/0.008 ms
"""

UNRESOLVED: Final = """\
[1795381784.392456] 64 bytes from 10.77.0.2: icmp_seq=20 ttl=64 time=0.047 ms
[1795381784.600329] no answer yet for icmp_seq=21
[1795381784.704330] no answer yet for icmp_seq=22
[1795381784.808355] no answer yet for icmp_seq=23
[1795381785.640373] no answer yet for icmp_seq=31
[1795381785.744377] no answer yet for icmp_seq=32
[1795381785.844779] no answer yet for icmp_seq=32
[1795381785.945119] no answer yet for icmp_seq=32
[1795381787.551103] no answer yet for icmp_seq=32
[1795381787.568604] From 10.77.0.1 icmp_seq=21 Destination Host Unreachable
[1795381787.568639] From 10.77.0.1 icmp_seq=22 Destination Host Unreachable
[1795381787.568643] From 10.77.0.1 icmp_seq=23 Destination Host Unreachable
[1795381787.568670] From 10.77.0.1 icmp_seq=31 Destination Host Unreachable
[1795381787.568673] From 10.77.0.1 icmp_seq=32 Destination Host Unreachable
[1795381787.651895] no answer yet for icmp_seq=32
[1795381787.752361] no answer yet for icmp_seq=33
[1795381787.856411] no answer yet for icmp_seq=34
[1795381787.960409] no answer yet for icmp_seq=35
[1795381788.688401] no answer yet for icmp_seq=42
[1795381788.792368] no answer yet for icmp_seq=43
[1795381788.896389] no answer yet for icmp_seq=44
[1795381788.996805] no answer yet for icmp_seq=44
[1795381789.598689] no answer yet for icmp_seq=44
[1795381789.680496] 64 bytes from 10.77.0.2: icmp_seq=33 ttl=64 time=2028 ms
[1795381789.680524] 64 bytes from 10.77.0.2: icmp_seq=34 ttl=64 time=1928 ms
[1795381789.680528] 64 bytes from 10.77.0.2: icmp_seq=35 ttl=64 time=1824 ms
[1795381789.680532] 64 bytes from 10.77.0.2: icmp_seq=36 ttl=64 time=1720 ms
[1795381789.680536] 64 bytes from 10.77.0.2: icmp_seq=37 ttl=64 time=1616 ms
[1795381789.680540] 64 bytes from 10.77.0.2: icmp_seq=38 ttl=64 time=1512 ms
[1795381789.680543] 64 bytes from 10.77.0.2: icmp_seq=39 ttl=64 time=1407 ms
[1795381789.680547] 64 bytes from 10.77.0.2: icmp_seq=40 ttl=64 time=1304 ms
[1795381789.680551] 64 bytes from 10.77.0.2: icmp_seq=41 ttl=64 time=1200 ms
[1795381789.680554] 64 bytes from 10.77.0.2: icmp_seq=42 ttl=64 time=1096 ms
[1795381789.680558] 64 bytes from 10.77.0.2: icmp_seq=43 ttl=64 time=992 ms
[1795381789.680562] 64 bytes from 10.77.0.2: icmp_seq=44 ttl=64 time=888 ms
[1795381789.699790] 64 bytes from 10.77.0.2: icmp_seq=45 ttl=64 time=0.049 ms
[1795381789.800444] 64 bytes from 10.77.0.2: icmp_seq=46 ttl=64 time=0.055 ms
[1795381789.904586] 64 bytes from 10.77.0.2: icmp_seq=47 ttl=64 time=0.053 ms
"""
"""The address moves away for five seconds, and with it the MAC address. The kernel keeps what it cannot send, until its
queue is full and ping is held back; it gives up once after three seconds and delivers what it keeps in the end.
Shortened: of lines that repeat, or say the same of one request after the other, some from the middle are left out."""

DUPLICATED: Final = """\
PING 10.77.0.2 (10.77.0.2) 56(84) bytes of data.
[1795382049.780521] 64 bytes from 10.77.0.2: icmp_seq=1 ttl=64 time=0.045 ms
[1795382049.780535] 64 bytes from 10.77.0.2: icmp_seq=1 ttl=64 time=0.063 ms (DUP!)
[1795382049.780539] 64 bytes from 10.77.0.2: icmp_seq=1 ttl=64 time=0.068 ms (DUP!)
[1795382049.888399] 64 bytes from 10.77.0.2: icmp_seq=2 ttl=64 time=0.054 ms
[1795382049.888419] 64 bytes from 10.77.0.2: icmp_seq=2 ttl=64 time=0.057 ms (DUP!)
[1795382049.992440] 64 bytes from 10.77.0.2: icmp_seq=3 ttl=64 time=0.054 ms

--- 10.77.0.2 ping statistics ---
3 packets transmitted, 3 received, +6 duplicates, 0% packet loss, time 212ms
rtt min/avg/max/mdev = 0.045/0.059/0.071/0.007 ms
"""

FILTERED: Final = """\
PING 10.77.0.2 (10.77.0.2) 56(84) bytes of data.
[1795382050.020315] From 10.77.0.2 icmp_seq=1 Packet filtered
[1795382050.124356] no answer yet for icmp_seq=1
[1795382050.124450] From 10.77.0.2 icmp_seq=2 Packet filtered
[1795382050.228312] no answer yet for icmp_seq=2
[1795382050.228408] From 10.77.0.2 icmp_seq=3 Packet filtered
[1795382050.332293] no answer yet for icmp_seq=3
[1795382050.332387] From 10.77.0.2 icmp_seq=4 Packet filtered

--- 10.77.0.2 ping statistics ---
4 packets transmitted, 0 received, +4 errors, 100% packet loss, time 312ms
"""

LINK_DOWN: Final = """\
[1795382002.292400] 64 bytes from 10.77.0.2: icmp_seq=4 ttl=64 time=0.045 ms
[1795382002.500311] no answer yet for icmp_seq=5
[1795382002.604358] no answer yet for icmp_seq=6
[1795382002.712327] no answer yet for icmp_seq=7
[1795382002.712437] 64 bytes from 10.77.0.2: icmp_seq=8 ttl=64 time=0.066 ms
"""
"""The client's own interface goes down; ended by SIGTERM, so without statistics."""

IPV6: Final = """\
PING fd77::3(fd77::3) 56 data bytes
[1795382006.704371] no answer yet for icmp_seq=5
[1795382007.216325] no answer yet for icmp_seq=6
[1795382007.220425] From fd77::1 icmp_seq=1 Destination unreachable: Address unreachable
[1795382007.220493] From fd77::1 icmp_seq=7 Destination unreachable: Address unreachable
[1795382007.717056] no answer yet for icmp_seq=7
"""


def ping(text: str, every_s: float = 0.1) -> Traffic:
    return from_ping(text.splitlines(keepends=True), every_s)


def at(seconds: int, fraction: str) -> int:
    """Seconds of 1795380000 and a fraction of a second, as nanoseconds since the epoch."""
    return (1_795_380_000 + seconds) * SECOND + int(fraction.ljust(9, "0"))


def test_an_outage_is_told_in_sending_times() -> None:
    # 6 was sent at .544375 and 8 at .752408, so 7 in the middle; 12 was answered after 50 us.
    outage = Outage(at(2048, "6483915"), at(2049, "168364"), 5)
    assert ping(DROPPED).outages[0] == outage


def test_without_statistics_the_recording_ends_with_the_last_request_that_has_a_line() -> None:
    traffic = ping(DROPPED)
    # 16 lies between 15 at .480368 and 17, which was about to be sent at .688349.
    sent = at(2049, "5843585")
    assert traffic == Traffic(16, 10, (traffic.outages[0], Outage(sent, sent, 1)), {})


def test_statistics_tell_of_requests_that_have_no_line() -> None:
    traffic = ping(DROPPED + STATISTICS)
    assert (traffic.sent, traffic.answered) == (17, 10)
    assert traffic.outages[1] == Outage(at(2049, "5843585"), at(2049, "688349"), 2)


def test_a_late_answer_is_an_answer() -> None:
    traffic = ping(UNRESOLVED)
    assert (traffic.sent, traffic.answered) == (28, 16)
    # 33 was sent 2028 ms before its answer, when the last line about 32 was printed (.651895).
    assert traffic.outages == (Outage(at(1784, "496369"), at(1787, "652496"), 12),)


def test_a_duplicate_counts_once() -> None:
    assert ping(DUPLICATED) == Traffic(3, 3, (), {})


def test_if_nothing_was_answered_the_outage_is_all_there_is() -> None:
    # "No answer yet" for 1 and 3 are the sending times of 2 and 4.
    assert ping(FILTERED) == Traffic(4, 0, (Outage(at(2050, "024356"), at(2050, "332293"), 4),), {})


def test_silence_of_the_client_s_own_interface_is_an_outage_too() -> None:
    assert ping(LINK_DOWN) == Traffic(5, 2, (Outage(at(2002, "396333"), at(2002, "712371"), 3),), {})


def test_ipv6_differs_in_nothing_that_matters() -> None:
    # 6 was sent at 06.704371 and 1 five cadences before it.
    assert ping(IPV6, 0.5) == Traffic(7, 0, (Outage(at(2004, "204371"), at(2007, "216325"), 7),), {})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ping: connect: Network is unreachable\n",
        "0 packets transmitted, 0 received\n",
        "[1.5] icmp_seq=1 time=1 ms\n",
    ],
)
def test_nothing_comes_of_lines_that_say_nothing(text: str) -> None:
    assert ping(text) == from_requests(text.splitlines()) == Traffic(0, 0, (), {})


def test_a_request_at_an_unknown_time_is_counted_but_is_no_outage() -> None:
    assert ping("1 packets transmitted, 0 received, 100% packet loss, time 0ms\n") == Traffic(1, 0, (), {})


def test_a_redirected_request_did_not_fail() -> None:
    first, rest = DUPLICATED.split("\n", 1)
    redirect = "\n[1795382049.780500] From 10.77.0.9: icmp_seq=1 Redirect Host(New nexthop: 10.77.0.2)\n"
    assert ping(first + redirect + rest) == ping(DUPLICATED)


START: Final = 1_700_000_000 * SECOND
FATES: Final = st.lists(st.booleans(), min_size=1, max_size=60)


def told(fates: list[bool], first: int, *, late: int) -> list[str]:
    """What ping would print of requests sent every 100 ms, of which the answers take `late` times that and 1 ms."""
    lines = []
    for index, answered in enumerate(fates):
        due = START + index * 100 * MILLISECOND
        number = (first + index) % 0x10000
        if late or not answered:
            lines.append((due + 100 * MILLISECOND, f"no answer yet for icmp_seq={number}"))
        if answered:
            rtt = late * 100 + 1
            reply = f"64 bytes from 10.0.0.3: icmp_seq={number} ttl=64 time={rtt} ms"
            lines.append((due + rtt * MILLISECOND, reply))
    return [f"[{t // SECOND}.{t % SECOND // MICROSECOND:06d}] {line}" for t, line in sorted(lines)]


def expected(fates: list[bool]) -> tuple[Outage, ...]:
    """The outages of requests sent every 100 ms, found another way: by cutting a string."""
    text, outages = "".join(".x"[not fate] for fate in fates), []
    for run in {at for at in range(len(text)) if text[: at + 1].endswith("x") and not text[:at].endswith("x")}:
        end = text.find(".", run)
        lost = (end if end >= 0 else len(text)) - run
        last = end if end >= 0 else len(text) - 1
        outages.append(Outage(START + run * 100 * MILLISECOND, START + last * 100 * MILLISECOND, lost))
    return tuple(sorted(outages))


@given(FATES, st.sampled_from([1, 500, 65_500, 65_535]), st.integers(0, 3))
def test_whatever_ping_prints_of_a_steady_run_is_found_again(fates: list[bool], first: int, late: int) -> None:
    traffic = from_ping(told(fates, first, late=late), 0.1)
    assert traffic == Traffic(len(fates), sum(fates), expected(fates), {})


@given(FATES, st.randoms(use_true_random=False))
def test_requests_are_put_in_the_order_of_their_start(fates: list[bool], random: Random) -> None:
    lines = [
        f"{START // SECOND + index // 10}.{index % 10}00000 {'ok 0.812 web1' if fate else 'fail 500.101 timed out'}\n"
        for index, fate in enumerate(fates)
    ]
    random.shuffle(lines)
    served = {"web1": sum(fates)} if any(fates) else {}
    assert from_requests(lines) == Traffic(len(fates), sum(fates), expected(fates), served)


def test_who_served_is_counted_by_what_was_answered() -> None:
    lines = [
        "1700000000.000042 ok 0.812 web1 on lb01",
        "1700000000.100042 fail 0.200 HTTP 502",
        "1700000000.200042 ok 0.700 web2",
        "1700000000.300042 ok 0.812 web1 on lb01",
        "1700000000.4 ok 0.812 cut",
        "Traceback (most recent call last):",
    ]
    outage = Outage(START + 100_042 * MICROSECOND, START + 200_042 * MICROSECOND, 1)
    assert from_requests(lines) == Traffic(4, 3, (outage,), {"web1 on lb01": 2, "web2": 1})
