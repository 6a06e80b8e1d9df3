"""When the next file begins, what it is called, and how that is written on the command line."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.build import BILLION
from tests.live.recordings import NOON
from vrrpscope.errors import UsageError
from vrrpscope.live.rotation import Rotation, numbered, parse_rotation, second


@pytest.mark.parametrize(
    ("texts", "rotation"),
    [
        ([], Rotation()),
        (["duration:60"], Rotation(duration=60 * BILLION)),
        (["duration:1.5"], Rotation(duration=1_500_000_000)),
        (["filesize:1000", "files:10"], Rotation(size=1_000_000, files=10)),
        (["duration:60, files:10,packets:5"], Rotation(duration=60 * BILLION, files=10, packets=5)),
    ],
)
def test_rotation_is_written_as_for_dumpcap(texts: list[str], rotation: Rotation) -> None:
    assert parse_rotation(texts) == rotation
    assert rotation.turns is bool(texts)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("files:10", "what ends a file"),
        ("duration:60,duration:70", "given before"),
        ("duration:0.5", "a second at least"),
        ("interval:60", "duration:SECONDS"),
        ("duration", "nothing is no number"),
        ("filesize:-1", "-1 is no number"),
        ("filesize:nan", "nan is no number"),
        ("duration:inf", "inf is no number"),
        ("packets:1.5", "1.5 is no number"),
        ("files:1e99", "1e99 is no number"),
        ("", "duration:SECONDS"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_hint(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_rotation([text])


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(UsageError):
        parse_rotation([text])


def test_names_are_those_of_dumpcap() -> None:
    assert numbered("/var/cap.pcapng", 1, NOON) == "/var/cap_00001_20251122120000.pcapng"
    assert numbered("cap.pcapng.zst", 123_456, NOON + 59 * BILLION) == "cap_123456_20251122120059.pcapng.zst"


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_any_time_makes_a_name(t: int) -> None:
    assert len(second(t)) == 14


@given(st.sampled_from([60, 300, 3600, 86_400]), st.integers(NOON, NOON + 10**15))
def test_a_duration_that_divides_a_day_begins_on_the_clock(duration: int, t: int) -> None:
    start = Rotation(duration * BILLION).stretch(t, NOON + 1)
    assert start % (duration * BILLION) == 0
    assert start <= t < start + duration * BILLION


@given(st.integers(1, 100_000), st.integers(0, 10**15), st.integers(NOON, NOON + 10**15))
def test_stretches_have_the_length_asked_for_whatever_it_is(duration: int, offset: int, t: int) -> None:
    rotation = Rotation(duration * BILLION)
    start = rotation.stretch(t, t - offset)
    assert start <= t < start + duration * BILLION
    assert rotation.stretch(start, start) == start
