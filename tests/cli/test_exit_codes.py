"""0 nothing as bad as `--fail-on`, 1 findings, 2 usage, 3 a capture that cannot be read: and one line says why.

4, no privilege, can only be met where packets are captured, not where files are read.
"""

from __future__ import annotations

import os
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import CRITICAL, HEALTHY, WARNING, call, one_line, run
from tests.report.captures import rhythm, write
from vrrpscope.cli import main

if TYPE_CHECKING:
    from tests.cli.running import Result

Capsys = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    ("path", "codes"),
    [
        (HEALTHY, {"critical": 0, "warning": 0, "never": 0}),
        (WARNING, {"critical": 0, "warning": 1, "never": 0}),
        (CRITICAL, {"critical": 1, "warning": 1, "never": 0}),
    ],
    ids=["healthy", "warning", "critical"],
)
def test_the_worst_finding_decides(path: Path, codes: dict[str, int], form: str, capsys: Capsys) -> None:
    assert call(capsys, "analyze", path, "--format", form).code == codes["critical"]
    for limit, code in codes.items():
        result = call(capsys, "analyze", path, "--fail-on", limit, "--format", form)
        assert result.code == code
        assert result.out
        assert result.err == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["analyze"],
        ["nonsense"],
        ["analyze", "--format", "docx", str(HEALTHY)],
        ["analyze", "--fail-on", "sometimes", str(HEALTHY)],
        ["analyze", "--color", "pink", str(HEALTHY)],
        ["analyze", "--no-such-option", str(HEALTHY)],
        ["analyze", str(HEALTHY), "-o"],
        ["analyze", str(HEALTHY), "-o", os.curdir],
        ["rules", "one", "two"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_a_usage_error(arguments: list[str], capsys: Capsys) -> None:
    result = call(capsys, *arguments)
    assert result.code == 2
    assert result.out == ""
    assert "Error: " in result.err or result.err.startswith("vrrpscope: ")
    assert "Traceback" not in result.err


@pytest.mark.parametrize("spec", ["NAME=", "=cap.pcap", "="])
def test_half_a_name_is_a_usage_error(spec: str, capsys: Capsys) -> None:
    result = call(capsys, "analyze", spec)
    assert result.code == 2
    assert "NAME=FILE" in one_line(result)


@pytest.mark.parametrize("output", ["missing/report.txt", "cap.pcap/report.txt"])
def test_an_output_that_cannot_be_written_is_a_usage_error(output: str, tmp_path: Path, capsys: Capsys) -> None:
    write(tmp_path / "cap.pcap", rhythm(2))
    result = call(capsys, "analyze", HEALTHY, "-o", output)
    assert result.code == 2
    assert f"{output}: cannot be written" in one_line(result)


def test_an_output_is_written_whole_and_stdout_stays_empty(tmp_path: Path, capsys: Capsys) -> None:
    shown = call(capsys, "analyze", HEALTHY, "--format", "json").out
    result = call(capsys, "analyze", HEALTHY, "--format", "json", "-o", "report.json")
    assert result == (0, "", "")
    assert (tmp_path / "report.json").read_text(encoding="utf-8").splitlines()[:3] == shown.splitlines()[:3]


def test_a_report_that_exists_survives_a_failing_run(tmp_path: Path, capsys: Capsys) -> None:
    (tmp_path / "report.txt").write_text("yesterday's", encoding="utf-8")
    assert call(capsys, "analyze", "missing.pcap", "-o", "report.txt").code == 3
    assert (tmp_path / "report.txt").read_text(encoding="utf-8") == "yesterday's"


@pytest.mark.parametrize("output", ["cap.pcap", "./cap.pcap"])
def test_the_capture_is_never_overwritten_by_its_report(output: str, tmp_path: Path, capsys: Capsys) -> None:
    before = write(tmp_path / "cap.pcap", rhythm(3)).read_bytes()
    assert call(capsys, "analyze", "cap.pcap", "-o", output).code == 2
    assert (tmp_path / "cap.pcap").read_bytes() == before


def test_an_error_of_its_own_is_one_line_unless_asked_for(monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a\x1b[2J\nb")

    command = import_module("vrrpscope.cli.analyze")
    monkeypatch.setattr(command, "analyze", fail)
    monkeypatch.delenv("VRRPSCOPE_DEBUG", raising=False)
    result = call(capsys, "analyze", HEALTHY)
    assert result.code == 2
    assert "internal error: RuntimeError: a\\x1b[2J\\nb; VRRPSCOPE_DEBUG=1 shows where" in one_line(result)
    monkeypatch.setenv("VRRPSCOPE_DEBUG", "1")
    with pytest.raises(RuntimeError):
        main(["analyze", str(HEALTHY)])


def cannot_be_read(result: Result) -> str:
    assert result.code == 3
    return one_line(result)


BAD_FILES = {
    "empty": (b"", "is empty"),
    "text": (b"Nov 22 lb01 Keepalived_vrrp[1]: (VI_50) Entering MASTER STATE\n" * 9, "is not a capture"),
    "short": (b"\xd4\xc3\xb2\xa1\x02\x00", "cut short"),
    "zeros": (bytes(4096), "is not a capture"),
    "ELF": (b"\x7fELF" + bytes(60), "is not a capture"),
    "gzip of nothing": (bytes.fromhex("1f8b08000000000000ff0300") + bytes(8), "holds no capture"),
    "gzip of noise": (bytes.fromhex("1f8b08000000000000ff") + b"\xff" * 90, "holds no capture"),
}


@pytest.mark.parametrize(("data", "why"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_file_that_is_no_capture_cannot_be_read(data: bytes, why: str, tmp_path: Path, capsys: Capsys) -> None:
    (tmp_path / "cap.pcap").write_bytes(data)
    message = cannot_be_read(call(capsys, "analyze", "cap.pcap"))
    assert message.startswith("vrrpscope: cap.pcap: ")
    assert why in message


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("missing.pcap", "missing.pcap: no such file"),
        ("lb01=missing.pcap", "missing.pcap: no such file"),
        ("empty", "empty: holds no capture"),
        ("logs", "logs: holds no capture"),
        ("x*.pcap", r"x*.pcap: matches no file"),
        ("logs/*", r"logs/*: holds no capture"),
        ("/dev/null", "/dev/null: is empty"),
        ("\x1b[31mred.pcap", r"\x1b[31mred.pcap"),
        ("-.pcap", "-.pcap: no such file"),
    ],
)
def test_what_holds_no_capture_cannot_be_read(spec: str, why: str, tmp_path: Path, capsys: Capsys) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "lb01.log").write_text("text", encoding="utf-8")
    assert why in cannot_be_read(call(capsys, "analyze", "--", spec))


def test_one_bad_file_among_good_ones_is_named(tmp_path: Path, capsys: Capsys) -> None:
    (tmp_path / "bad.pcap").write_text("text", encoding="utf-8")
    assert "bad.pcap: " in cannot_be_read(call(capsys, "analyze", HEALTHY, "bad.pcap"))


UNPRIVILEGED = """
import os, sys
import vrrpscope.cli.analyze
from vrrpscope.cli import main
if os.geteuid() == 0:  # everything is imported; the interpreter may be out of reach from now on
    os.setgid(65534)
    os.setuid(65534)
main(sys.argv[1:])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="files there have no mode")
def test_a_file_without_permission_cannot_be_read() -> None:
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        path = write(Path(directory) / "cap.pcap", rhythm(2))
        path.chmod(0)
        message = cannot_be_read(run("analyze", path, command=(sys.executable, "-c", UNPRIVILEGED)))
        assert f"{path}: " in message
        assert "Permission denied" in message
        assert "cannot be opened" in cannot_be_read(
            run("analyze", directory, command=(sys.executable, "-c", UNPRIVILEGED))
        )


def test_python_dash_m_is_the_same_command() -> None:
    result = run("analyze", CRITICAL, "--fail-on", "never")
    assert result.code == 0
    assert result.out.startswith("SPLIT BRAIN on VRID 50: ")
    assert result.err == ""


def test_the_version_is_told() -> None:
    result = run("--version")
    assert result.code == 0
    assert result.out.startswith("vrrpscope")


@pytest.mark.parametrize("ending", [".pcap", ".html"])
def test_a_capture_is_never_written_over_even_if_it_was_not_read(ending: str, tmp_path: Path) -> None:
    other, content = tmp_path / f"other{ending}", CRITICAL.read_bytes()
    other.write_bytes(content)
    for command in (("analyze", "-o"), ("decode", "-o")):
        result = run(command[0], str(HEALTHY), command[1], str(other))
        assert (result.code, other.read_bytes()) == (2, content)
        assert "is a capture" in result.err
    other.write_text("an older report", encoding="utf-8")
    assert run("analyze", str(HEALTHY), "-o", str(other)).code == 0
    assert other.read_text(encoding="utf-8").startswith("HEALTHY")
