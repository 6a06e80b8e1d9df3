"""A time as people write it: what it means, and what is said where it means nothing or too much."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.build import T0
from tests.report.captures import Say, rhythm, write
from vrrpscope.analysis import Analysis, analyze
from vrrpscope.capture.files import CaptureSpec, expand
from vrrpscope.errors import UsageError
from vrrpscope.evidence.vantage import Clock
from vrrpscope.questions.again import Again
from vrrpscope.questions.moment import DAY, SECOND, moment
from vrrpscope.report.times import clock, date, rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NOWHERE: Final = Analysis(captures=(), virtual_routers=(), findings=(), start=T0, end=T0 + 60 * SECOND)
EMPTY: Final = Analysis(captures=(), virtual_routers=(), findings=(), start=None, end=None)
TODAY: Final = T0 - T0 % DAY  # T0 is 2023-11-14T22:13:20Z


def over(start: int, end: int) -> Analysis:
    return Analysis(captures=(), virtual_routers=(), findings=(), start=start, end=end)


@pytest.mark.parametrize(
    ("text", "t"),
    [
        ("2023-11-14T22:13:20Z", T0),
        ("2023-11-14 22:13:20", T0),
        ("2023-11-14T22:13:20.5Z", T0 + SECOND // 2),
        ("2023-11-14T22:13:20,123456789 UTC", T0 + 123_456_789),
        ("2023-11-14T22:13:20.1234567891234", T0 + 123_456_789),
        ("2023-11-14T23:13:20+01:00", T0),
        ("2023-11-14T23:13:20+01", T0),
        ("2023-11-15T03:43:20+0530", T0),
        ("2023-11-14T17:13:20-05:00", T0),
        ("2023-11-14T22:13", T0 - 20 * SECOND),
        ("0001-01-01T00:00:00Z", -62_135_596_800 * SECOND),
        ("1700000000", T0),
        ("1700000000.000000001", T0 + 1),
        ("+12.5", T0 + 12_500_000_000),
        ("+0", T0),
        ("+3s", T0 + 3 * SECOND),
        ("0", 0),
        (" 22:13:21 ", T0 + SECOND),
        ("22:14Z", T0 + 40 * SECOND),
        ("23:13:21+01:00", T0 + SECOND),
        ("03:00:00", TODAY + 3 * 3600 * SECOND),  # at no time of the capture: then of its first day
    ],
)
def test_each_form_is_understood(text: str, t: int) -> None:
    assert moment(text, NOWHERE, []) == t


@given(st.integers(0, 4_000_000_000 * SECOND))
def test_what_a_report_writes_is_read_as_that_time(t: int) -> None:
    assert moment(rfc3339(t), NOWHERE, []) == t
    assert moment(f"{date(t)} {clock(t, 9)}", NOWHERE, []) == t
    assert moment(f"{t // SECOND}.{t % SECOND:09d}", NOWHERE, []) == t
    assert moment(clock(t, 9), over(t, t), []) == t
    assert moment(clock(t, 9), over(t - DAY // 2, t + DAY // 3), []) == t


@given(st.integers(0, 10**18), st.integers(0, 3 * DAY), st.integers(0, DAY - 1))
def test_a_time_of_day_is_on_the_only_day_that_has_it_or_refused(start: int, length: int, of_day: int) -> None:
    text = clock(of_day, 9)
    days = [d for d in range(start // DAY, (start + length) // DAY + 1) if start <= d * DAY + of_day <= start + length]
    if len(days) > 1:
        with pytest.raises(UsageError, match="more than one day"):
            moment(text, over(start, start + length), [])
    else:
        assert moment(text, over(start, start + length), []) == (days or [start // DAY])[0] * DAY + of_day


def test_where_a_time_of_day_is_ambiguous_the_way_to_say_it_is_shown() -> None:
    with pytest.raises(UsageError, match="2023-11-15T03:00:00 or 2023-11-16T03:00:00"):
        moment("03:00:00", over(T0, T0 + 2 * DAY), [])


@pytest.mark.parametrize(
    "text",
    [
        *("", "noon", "yesterday", "2023-02-30T00:00:00Z", "25:00", "12:60", "12:00:61", "2023-11-14", "-5", "1e9"),
        *("+", "9" * 30, "#", "#x", "#-1", "12:00:00+1", "\x1b[2J"),
    ],
)
def test_what_is_no_time_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        moment(text, NOWHERE, [])


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_a_usage_error(text: str) -> None:
    with suppress(UsageError):
        assert isinstance(moment(text, NOWHERE, []), int)


@pytest.mark.parametrize("text", ["+5", "12:00"])
def test_nothing_can_be_counted_from_a_capture_without_frames(text: str) -> None:
    with pytest.raises(UsageError, match="no frame"):
        moment(text, EMPTY, [])


@pytest.fixture
def two(tmp_path: Path) -> Sequence[Again]:
    write(tmp_path / "a.pcap", rhythm(5))
    write(tmp_path / "b.pcap", [Say(100.0), Say(101.0)])
    return [Again(spec) for spec in expand([f"lb01={tmp_path}/a.pcap", f"lb02={tmp_path}/b.pcap"])]


def test_a_frame_is_named_by_its_number_and_its_capture(two: Sequence[Again]) -> None:
    assert moment("#3", NOWHERE, two[:1]) == T0 + 2 * SECOND
    assert moment("lb02#2", NOWHERE, two) == T0 + 101 * SECOND
    assert moment("lb02#2", NOWHERE, [Again(c.spec, Clock(offset=-5)) for c in two]) == T0 + 101 * SECOND + 5


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("#3", "several captures; say of which, as in lb01#3"),
        ("lb03#1", "no capture is called lb03; there is lb01, lb02"),
        ("lb02#3", "has no such frame; it has 2"),
        ("lb02#0", "has no such frame"),
    ],
)
def test_a_frame_that_cannot_be_meant_is_a_usage_error(text: str, why: str, two: Sequence[Again]) -> None:
    with pytest.raises(UsageError, match=why):
        moment(text, NOWHERE, two)


def test_a_frame_of_standard_input_cannot_be_looked_up() -> None:
    with pytest.raises(UsageError, match="standard input"):
        moment("#1", NOWHERE, [Again(CaptureSpec("stdin", "-", ""))])


def test_times_are_those_of_an_analysis(tmp_path: Path) -> None:
    analysis = analyze(str(write(tmp_path / "a", rhythm(5))))
    assert moment("+4", analysis, []) == analysis.end
