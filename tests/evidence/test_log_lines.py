"""One event, however its line reached us: the same time, program and message."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrrpscope.errors import UsageError
from vrrpscope.evidence.log_lines import LONGEST, LONGEST_TEXT, Line, LineReader, lines_of
from vrrpscope.evidence.log_stamps import SECOND, Calendar

if TYPE_CHECKING:
    from pathlib import Path

TEXT: Final = "(VI_50) Entering MASTER STATE"
AT: Final = int(datetime(2026, 11, 22, 21, 18, 45, tzinfo=UTC).timestamp()) * SECOND
FINE: Final = AT + 424_517_000
JOURNAL: Final = {
    "__REALTIME_TIMESTAMP": str((FINE + 999_000) // 1000),
    "_SOURCE_REALTIME_TIMESTAMP": str(FINE // 1000),
    "SYSLOG_IDENTIFIER": "Keepalived_vrrp",
    "_HOSTNAME": "lb01",
    "MESSAGE": TEXT,
}
MICRO: Final = 1_000
HEADER: Final = "lb01 Keepalived_vrrp[417]: "
FROM: Final = ("lb01", "Keepalived_vrrp")
CONSOLE: Final = ("", "")


def read(*lines: str, near: int | None = AT, zone: str = "UTC") -> list[Line | None]:
    reader = LineReader(Calendar(ZoneInfo(zone), near))
    return [reader.read(line) for line in lines]


@pytest.mark.parametrize(
    ("raw", "t", "width", "names"),
    [
        (f"Nov 22 21:18:45 {HEADER}{TEXT}", AT, SECOND, FROM),
        (f"<30>Nov 22 21:18:45 {HEADER}{TEXT}", AT, SECOND, FROM),
        (f"Nov 22 21:18:45.424517 {HEADER}{TEXT}", FINE, MICRO, FROM),
        (f"Nov 22 21:18:45 lb01 daemon.info Keepalived_vrrp[417]: {TEXT}", AT, SECOND, FROM),
        (f"Nov 22 21:18:45 lb01 Keepalived_vrrp: {TEXT}", AT, SECOND, FROM),
        (f"Nov 22 21:18:45 Keepalived_vrrp[417]: {TEXT}", AT, SECOND, ("", "Keepalived_vrrp")),
        (f"2026-11-22T21:18:45+0000 {HEADER}{TEXT}", AT, SECOND, FROM),
        (f"2026-11-22T22:18:45+01:00 {HEADER}{TEXT}", AT, SECOND, FROM),
        (f"2026-11-22T21:18:45.424517+0000 {HEADER}{TEXT}", FINE, MICRO, FROM),
        (f"2026-11-22T15:48:45.424517-05:30 {HEADER}{TEXT}", FINE, MICRO, FROM),
        (f"Sun 2026-11-22 21:18:45 UTC {HEADER}{TEXT}", AT, SECOND, FROM),
        (f"1795382325.424517 {HEADER}{TEXT}", FINE, MICRO, FROM),
        (json.dumps(JOURNAL), FINE, MICRO, FROM),
        ("\x1e" + json.dumps(JOURNAL), FINE, MICRO, FROM),
        (json.dumps({**JOURNAL, "MESSAGE": list(TEXT.encode())}), FINE, MICRO, FROM),
        (json.dumps({**JOURNAL, "MESSAGE": [TEXT, "again"]}), FINE, MICRO, FROM),
        (f"<30>1 2026-11-22T21:18:45.424517Z lb01 Keepalived_vrrp 417 - - {TEXT}", FINE, MICRO, FROM),
        (
            f'<30>1 2026-11-22T21:18:45.424Z lb01 Keepalived_vrrp 417 - [a@1 b="\\"\\]"][c] \ufeff{TEXT}',
            AT + 424_000_000,
            1_000_000,
            FROM,
        ),
        (f"Sun Nov 22 21:18:45 2026: {TEXT}", AT, SECOND, CONSOLE),
        (f"Sun Nov 22 21:18:45.424517123 2026: {TEXT}", FINE + 123, 1, CONSOLE),
        (f"1795382325.424517 Sun Nov 22 21:18:45 2026: {TEXT}", FINE, MICRO, CONSOLE),
        (f"1795382326.4 Sun Nov 22 21:18:45.424517123 2026: {TEXT}", FINE + 123, 1, CONSOLE),
        (f"2026-11-22T21:18:45.424517Z stderr F Sun Nov 22 21:18:45 2026: {TEXT}", FINE, MICRO, CONSOLE),
        (
            json.dumps({"log": f"Sun Nov 22 21:18:45 2026: {TEXT}\n", "time": "2026-11-22T21:18:45.424517123Z"}),
            FINE + 123,
            1,
            CONSOLE,
        ),
        (f"Nov 22 21:18:46 lb01 keepalived[417]: Sun Nov 22 21:18:45 2026: {TEXT}", AT, SECOND, ("lb01", "keepalived")),
        (f"2026/11/22 21:18:45 VRRP: {TEXT}", AT, SECOND, ("", "VRRP")),
        (f"2026/11/22 21:18:45.424517 informational: VRRP: {TEXT}", FINE, MICRO, ("", "VRRP")),
        (f"1795382325.424517 2026/11/22 21:18:45 VRRP: {TEXT}", FINE, MICRO, ("", "VRRP")),
        (f"1795382325.424517 {TEXT}", FINE, MICRO, CONSOLE),
    ],
)
def test_every_format_of_one_event_says_the_same(raw: str, t: int, width: int, names: tuple[str, str]) -> None:
    assert read(raw) == [Line(t, t + width, *names, TEXT)]


@pytest.mark.parametrize(
    "raw",
    [
        "",
        TEXT,
        "-- Boot 41f0 --",
        "[ 1234.567890] lb01 Keepalived_vrrp[417]: x",
        f"Foo 22 21:18:45 {HEADER}{TEXT}",
        f"Nov 31 21:18:45 {HEADER}{TEXT}",
        f"Nov 22 25:18:45 {HEADER}{TEXT}",
        f"Nov 22 21:18:61 {HEADER}{TEXT}",
        f"1669-11-22T21:18:45Z {HEADER}{TEXT}",
        "{",
        "{" * 3000,
        '{"a":' * 3000,
        '{"MESSAGE": "x"}',
        '{"MESSAGE": "x", "__REALTIME_TIMESTAMP": "99999999999999999999"}',
        '{"MESSAGE": "x", "__REALTIME_TIMESTAMP": 1e999}',
        '{"log": "x", "time": 7}',
        "{}",
    ],
)
def test_a_line_without_a_time_is_none(raw: str) -> None:
    assert read(raw) == [None]


def test_a_stamp_that_tells_its_zone_is_not_contradicted_by_one_that_does_not() -> None:
    local = "Sun Nov 22 22:18:45.424517123 2026"
    (line,) = read(f"1795382325.4 {local}: {TEXT}")
    assert line is not None
    assert (line.t, line.text) == (AT + 400_000_000, TEXT)
    (line,) = read(f"1795382325.4 {local}: {TEXT}", zone="Europe/Vienna")
    assert line is not None
    assert line.t == FINE + 123


def test_years_go_on_at_new_year() -> None:
    lines = [f"{day} 23:59:58 {HEADER}x" for day in ("Dec 30", "Dec 31", "Jan  1", "Jan 2")]
    at = [
        line.t
        for line in read(*lines, near=int(datetime(2027, 1, 1, 0, 0, 30, tzinfo=UTC).timestamp()) * SECOND)
        if line
    ]
    assert [datetime.fromtimestamp(t // SECOND, UTC).isoformat() for t in at] == [
        "2026-12-30T23:59:58+00:00",
        "2026-12-31T23:59:58+00:00",
        "2027-01-01T23:59:58+00:00",
        "2027-01-02T23:59:58+00:00",
    ]


@pytest.mark.parametrize(
    ("stamp", "year"),
    [("Jan 10", 2026), ("Nov 22", 2026), ("Dec 10", 2026), ("Dec 31", 2025), ("Feb 29", 2024)],
)
def test_a_log_begins_in_the_last_year_that_fits_the_capture(stamp: str, year: int) -> None:
    (line,) = read(f"{stamp} 12:00:00 {HEADER}x")
    assert line is not None
    assert datetime.fromtimestamp(line.t // SECOND, UTC).year == year


def test_a_log_of_a_whole_year_keeps_its_order() -> None:
    lines = [f"{month} 15 12:00:00 {HEADER}x" for month in ("Jan", "Apr", "Aug", "Dec", "Mar")]
    at = [line.t for line in read(*lines) if line]
    assert at == sorted(at)


def test_without_a_year_and_without_a_capture_nothing_can_be_placed() -> None:
    calendar = Calendar()
    reader = LineReader(calendar)
    assert reader.read(f"Nov 22 21:18:45 {HEADER}{TEXT}") is None
    assert calendar.yearless == 1
    assert reader.read(f"2026-11-22T21:18:45Z {HEADER}{TEXT}") is not None
    assert reader.read(f"Nov 22 21:18:46 {HEADER}{TEXT}") is not None


def test_the_hour_that_comes_twice_is_told_by_the_order_of_the_lines() -> None:
    clocks = ("01:59:59", "02:30:00", "02:59:59", "02:00:00", "02:30:00", "03:00:00")
    lines = read(*(f"Sun Oct 25 {clock} 2026: x" for clock in clocks), zone="Europe/Vienna")
    first = int(datetime(2026, 10, 24, 23, 59, 59, tzinfo=UTC).timestamp()) * SECOND
    assert [(line.t - first) // SECOND for line in lines if line] == [0, 1801, 3600, 3601, 5401, 7201]


def test_a_file_is_read_as_it_is_compressed_and_its_endings_and_long_lines_are_cut(tmp_path: Path) -> None:
    path = tmp_path / "lb01.log.2.gz"
    path.write_bytes(gzip.compress(b"one\r\n" + b"x" * 3 * LONGEST + b"\n\xff\xfe\nlast"))
    damage: list[str] = []
    lines = list(lines_of(str(path), damage.append))
    assert lines == ["one\r", "x" * LONGEST, "\ufffd\ufffd", "last"]
    assert damage == []


def test_a_file_that_breaks_off_is_read_to_there(tmp_path: Path) -> None:
    path = tmp_path / "lb01.log.2.gz"
    path.write_bytes(gzip.compress(b"".join(b"line %d\n" % n for n in range(20_000)))[:-2000])
    damage: list[str] = []
    assert "line 5" in list(lines_of(str(path), damage.append))
    assert len(damage) == 1
    assert "cut short" in damage[0]


def test_a_log_that_cannot_be_opened_is_the_users_to_mend(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be opened"):
        list(lines_of(str(tmp_path / "none.log"), lambda _: None))


def test_a_message_is_kept_to_its_bound_with_its_control_characters() -> None:
    (line,) = read(f"Sun Nov 22 21:18:45 2026: \x1b[31m{'x' * 9000}")
    assert line is not None
    assert len(line.text) == LONGEST_TEXT
    assert line.text.startswith("\x1b[31mx")


@given(st.text(max_size=200), st.sampled_from(["", "Nov 22 21:18:45 ", "1795382325 ", "2026-11-22T21:18:45Z ", '{"']))
def test_any_line_is_read_or_left(text: str, head: str) -> None:
    (line,) = read(head + text)
    assert line is None or 0 <= line.t < line.until < 2**63


@given(
    st.dictionaries(
        st.sampled_from(["MESSAGE", "__REALTIME_TIMESTAMP", "SYSLOG_IDENTIFIER", "_HOSTNAME", "time", "log"]),
        st.recursive(st.none() | st.integers() | st.text(max_size=9), lambda each: st.lists(each, max_size=3)),
    )
)
def test_any_object_is_read_or_left(found: dict[str, object]) -> None:
    (line,) = read(json.dumps(found))
    assert line is None or 0 <= line.t < line.until < 2**63
