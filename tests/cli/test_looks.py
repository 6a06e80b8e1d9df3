"""How `analyze` looks on a terminal and in a pipe: width, colour, times, and which time it tells."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import time
from io import StringIO
from typing import TYPE_CHECKING, Final

import pytest

from tests.cli.running import COMMAND, PATIENCE, SAMPLES, call, environment, one_line, run
from vrrpscope.analysis import analyze
from vrrpscope.report import Options, render
from vrrpscope.report.palette import CRITICAL, router_styles
from vrrpscope.report.times import Times

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SPLIT: Final = SAMPLES / "firewall-split-brain" / "lb02.pcap"
SUMMER: Final = 1_719_835_200_000_000_000  # 2024-07-01 12:00 UTC
_ESCAPE: Final = re.compile(r"\x1b\[[0-9;]*m")


def terminal(*arguments: str, columns: int = 120, env: Mapping[str, str] | None = None) -> str:
    """Return what a terminal of so many columns is sent."""
    leader, follower = pty.openpty()
    os.set_blocking(leader, True)
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=subprocess.DEVNULL,
        env=environment(COLUMNS=str(columns), **{"TERM": "xterm-256color", **(env or {})}),
    ) as process:
        os.close(follower)
        said = bytearray()
        while True:
            try:
                part = os.read(leader, 65_536)
            except OSError:  # Linux says so when the other end is closed
                break
            if not part:
                break
            said += part
        process.wait(PATIENCE)
    os.close(leader)
    return said.decode().replace("\r\n", "\n")


def widest(report: str) -> int:
    return max(len(line) for line in _ESCAPE.sub("", report).splitlines() if not line.startswith("      "))


def color(text: str, number: str) -> str:
    """Return the escape of a colour `#rrggbb` in 24 bits."""
    return f"{text}38;2;{int(number[1:3], 16)};{int(number[3:5], 16)};{int(number[5:], 16)}m"


def test_a_terminal_gets_the_same_words_in_colour() -> None:
    painted = terminal("analyze", str(SPLIT), columns=80, env={"COLORTERM": "truecolor"})
    assert _ESCAPE.sub("", painted).splitlines()[:20] == run("analyze", SPLIT).out.splitlines()[:20]
    assert color("\x1b[1;", CRITICAL.color_dark) + "SPLIT BRAIN" in painted
    looks = router_styles(analyze(str(SPLIT)))
    for address, look in looks.items():
        assert color("\x1b[", look.color_dark) + address in painted
        assert color("\x1b[", look.color_dark) + "█" in painted
    assert "\x1b[2m  22:13:25.130  #1       \x1b[0m" in painted


@pytest.mark.parametrize(
    ("env", "pattern"),
    [
        ({"COLORTERM": "truecolor"}, r"\x1b\[1;38;2;"),
        ({}, r"\x1b\[1;38;5;"),
        ({"TERM": "xterm"}, r"\x1b\[1;[39]\dm"),
        ({"COLORTERM": "truecolor", "COLORFGBG": "0;15"}, re.escape(color("\x1b[1;", CRITICAL.color_light))),
    ],
)
def test_colours_are_those_that_the_terminal_has(env: dict[str, str], pattern: str) -> None:
    assert re.match(pattern, terminal("analyze", str(SPLIT), env=env))


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_who_wants_no_colour_gets_none(env: dict[str, str]) -> None:
    assert "\x1b" not in terminal("analyze", str(SPLIT), env=env)


def test_a_terminal_is_used_up_to_a_hundred_columns_and_wholly_if_asked_to() -> None:
    narrow, wide = (terminal("analyze", str(SPLIT), *more, columns=180) for more in ((), ("--wide",)))
    assert 90 < widest(narrow) <= 100
    assert 170 < widest(wide) <= 180
    assert wide.count("█") > 1.5 * narrow.count("█")


def test_wide_in_a_pipe_is_as_wide_as_it_is_told_to_be() -> None:
    assert widest(run("analyze", SPLIT, "--wide").out) in range(150, 161)
    assert widest(run("analyze", SPLIT, "--wide", env=environment(COLUMNS="120")).out) in range(110, 121)
    assert widest(run("analyze", SPLIT, "--wide", env=environment(COLUMNS="3")).out) < 80


def test_a_pipe_gets_no_escape_even_where_colour_would_be_possible() -> None:
    assert "\x1b" not in run("analyze", SPLIT, env=environment(TERM="xterm-256color", COLORTERM="truecolor")).out


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_colour_always_adds_nothing_but_colour(encoding: str) -> None:
    env = environment(PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    painted, plain = (run("analyze", SPLIT, "--color", word, env=env).out for word in ("always", "never"))
    digest = re.compile(r"#[0-9a-f]{8}")
    assert painted != plain
    assert digest.sub("#", _ESCAPE.sub("", painted)) == digest.sub("#", plain)


# --- times --------------------------------------------------------------------------------------------


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_local_times_say_how_far_they_are_ahead() -> None:
    winter = SUMMER - 182 * 86_400_000_000_000
    assert Times(local=True).period(SUMMER, SUMMER + 10**9) == "2024-07-01 14:00:00.00 to 14:00:01.00 +02:00"
    assert Times(local=True).period(winter, SUMMER) == (
        "2024-01-01 13:00:00.00 +01:00 to 2024-07-01 14:00:00.00 +02:00"
    )
    assert Times(local=True, dated=True).at(SUMMER) == "2024-07-01 14:00:00.000"


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_report_in_local_time_crosses_midnight_where_one_in_utc_does_not(form: str) -> None:
    stream = StringIO()
    render(analyze(str(SPLIT)), form, stream, Options(local=True))
    assert "2026-11-22 23:13:25.13 to 23:13:45.74 +01:00" in " ".join(stream.getvalue().split())
    assert "23:13:32.740" in stream.getvalue()
    assert "22:13" not in stream.getvalue()


@pytest.mark.parametrize("t", [-(2**62), 2**62, 0, -1, 253_402_300_800 * 10**9 - 1])
def test_no_time_is_too_odd_to_be_written(t: int) -> None:
    for times in (Times(), Times(local=True), Times(origin=0), Times(local=True, dated=True)):
        assert times.at(t)
        assert times.period(t, t)


def test_relative_times_count_from_the_first_frame_and_can_be_given_back(capsys: pytest.CaptureFixture[str]) -> None:
    out = call(capsys, "analyze", SPLIT, "--time", "relative").out
    found = re.search(r"^ +(\+7\.6\d\d)  #9 +10\.0\.0\.6 becomes master", out, re.MULTILINE)
    assert found
    part = call(capsys, "analyze", SPLIT, "--time", "relative", "--start", found[1]).out
    assert f"{found[1]}  #9" in part
    assert "Only this time is told: +7.60 s to +20.61 s, from 2026-11-22 22:13:32.73 UTC." in " ".join(part.split())


def test_relative_times_stand_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    out = call(capsys, "analyze", SPLIT, "--time", "relative").out
    steps = re.findall(r"^( +\+\d+\.\d{3})  #\d+", out, re.MULTILINE)
    assert len(steps) > 2
    assert len(set(map(len, steps))) == 1


# --- a part of the time -------------------------------------------------------------------------------


def test_only_the_time_asked_for_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    result = call(capsys, "analyze", SPLIT, "--start", "22:13:41", "--end", "+20", "--format", "json")
    document = json.loads(result.out)
    assert result.code == 0
    assert [finding["rule"] for finding in document["findings"]] == ["clear-text-password"]
    during = call(capsys, "analyze", SPLIT, "--start", "#9", "--end", "#10")
    assert during.code == 1
    assert "Only this time is told: 2026-11-22 22:13:32.74" in during.out
    assert "split-brain  certain" in during.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--start", "soon"), "is no time"),
        (("--start", "+9", "--end", "+3"), "ends before it begins"),
        (("--start", "+900"), "nothing was captured in that time"),
        (("--format", "json", "--tz", "local"), "are for text and markdown"),
        (("--format", "html", "--time", "relative"), "are for text and markdown"),
    ],
)
def test_mistakes_are_one_line(arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = call(capsys, "analyze", SPLIT, *arguments)
    assert result.code == 2
    assert words in one_line(result)
