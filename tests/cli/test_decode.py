"""`vrrpscope decode`: every advert, every field, in four forms; held against what the files and tshark say."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.build import T0
from tests.cli.running import CRITICAL, HEALTHY, SAMPLES, call, environment, one_line, run
from tests.report.captures import Say, rhythm, write
from tests.report.reading import without_digests
from vrrpscope.report.adverts import COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

ALL = sorted(SAMPLES.glob("*/lb01.pcap"))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def documents(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_csv_names_its_columns_and_has_a_line_for_each_advert(capsys: pytest.CaptureFixture[str]) -> None:
    out = call(capsys, "decode", HEALTHY, "--format", "csv").out
    assert out.splitlines()[0] == ",".join(COLUMNS)
    assert {row["router"] for row in rows(out)} == {"10.0.0.5", "10.0.0.6"}


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.parent.name)
def test_all_forms_say_the_same(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = rows(call(capsys, "decode", path, "--format", "csv").out)
    lines = documents(call(capsys, "decode", path, "--format", "ndjson").out)
    text = call(capsys, "decode", path).out.splitlines()
    assert len(table) == len(lines) == len(text) > 0
    for row, document, line in zip(table, lines, text, strict=True):
        assert list(document) == list(COLUMNS)
        assert row["time"] == document["time"] == line.split()[0]
        assert row["frame"] == str(document["frame"])
        assert row["virtual_addresses"].split() == document["virtual_addresses"]
        assert float(row["interval_s"]) == document["interval_s"]
        assert f"{row['router']} > {row['destination']}" in line


@pytest.mark.skipif(shutil.which("tshark") is None, reason="the oracle is not installed")
@pytest.mark.parametrize("story", ["failover", "ipv6", "vrrpv3-fast"])
def test_tshark_reads_the_same_fields(story: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = SAMPLES / story / "lb01.pcap"
    names = ("frame.number", "frame.time_epoch", "vrrp.virt_rtr_id", "vrrp.prio", "vrrp.version")
    fields = [word for name in names for word in ("-e", name)]
    command = ["tshark", "-r", str(path), "-Y", "vrrp", "-T", "fields", "-E", "occurrence=f", *fields]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    expected = [line.split("\t") for line in said.splitlines()]
    table = rows(call(capsys, "decode", path, "--format", "csv").out)
    assert [[r["frame"], r["vrid"], r["priority"], r["version"]] for r in table] == [
        [number, vrid, priority, version] for number, _, vrid, priority, version in expected
    ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--vrid", "51"), [2]),
        (("--router", "10.0.0.6"), [3]),
        (("--vip", "10.0.0.9"), [2]),
        (("--segment", "vlan7"), [4]),
        (("--start", "+3"), [3, 4]),
        (("--end", "2023-11-14T22:13:21Z"), [1]),
        (("--start", "22:13:21.5", "--end", "#3"), [2, 3]),
        (("--vrid", "50", "--router", "10.0.0.5"), [1, 4]),
        (("--vrid", "99"), []),
    ],
)
def test_filters_choose_adverts(
    options: tuple[str, ...], expected: list[int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(
        tmp_path / "four.pcap",
        [Say(0.0), Say(2.0, vrid=51, vips=("10.0.0.9",)), Say(3.0, host=6), Say(4.0, vlan=7)],
    )
    found = documents(call(capsys, "decode", path, "--format", "ndjson", *options).out)
    assert [document["frame"] for document in found] == expected


def test_passwords_are_digests_unless_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "secret.pcap", rhythm(2, secret=b"hunter2"))
    for form in ("text", "csv", "ndjson"):
        assert "hunter2" not in call(capsys, "decode", path, "--format", form).out
        assert "hunter2" in call(capsys, "decode", path, "--format", form, "--show-secrets").out


def test_a_password_cannot_break_out_of_its_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "hostile.pcap", rhythm(1, secret=b'",\r\n\x1b[2J'))
    result = call(capsys, "decode", path, "--format", "csv", "--show-secrets").out
    assert "\x1b" not in result
    assert len(rows(result)) == 1
    assert len(documents(call(capsys, "decode", path, "--format", "ndjson", "--show-secrets").out)) == 1
    assert len(call(capsys, "decode", path, "--show-secrets").out.splitlines()) == 1


def test_what_cannot_be_read_is_there_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = write(tmp_path / "whole.pcap", rhythm(1)).read_bytes()
    version = whole.index(b"\x21\x32")
    path = tmp_path / "odd.pcap"
    path.write_bytes(whole[:version] + b"\x91" + whole[version + 1 :])
    (document,) = documents(call(capsys, "decode", path, "--format", "ndjson").out)
    assert {"malformed", "unknown-version"} <= set(document["flags"])
    assert document["interval_s"] is None


def test_standard_input_is_decoded_as_it_comes() -> None:
    data = HEALTHY.read_bytes()
    from_file, piped = run("decode", HEALTHY), run("decode", "-", stdin=data)
    assert without_digests(piped.out) == without_digests(from_file.out)
    late = run("decode", "-", "--start", "2026-11-22T00:00:00Z", stdin=data)
    assert late.out.count("\n") == piped.out.count("\n")


def test_a_time_of_day_cannot_be_asked_of_standard_input() -> None:
    result = run("decode", "-", "--start", "16:55", stdin=HEALTHY.read_bytes())
    assert result.code == 2
    assert "write the day too" in one_line(result)


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    path = write(tmp_path / "long.pcap", rhythm(3_000))
    command = f"{sys.executable} -m vrrpscope decode {path} --format ndjson | head -n 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, env=environment(), check=True)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_parquet_keeps_types_and_nanoseconds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    path = write(tmp_path / "nano.pcap", [Say(0.000000007, vips=("10.0.0.3", "10.0.0.4"))])
    call(capsys, "decode", path, "--format", "parquet", "-o", tmp_path / "nano.parquet")
    table = pq.read_table(tmp_path / "nano.parquet")
    assert table.column_names == list(COLUMNS)
    assert str(table.schema.field("time").type) == "timestamp[ns, tz=UTC]"
    assert table.column("time").cast("int64").to_pylist() == [T0 + 7]
    assert table.column("virtual_addresses").to_pylist() == [["10.0.0.3", "10.0.0.4"]]


def test_an_empty_parquet_file_has_its_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    call(capsys, "decode", HEALTHY, "--vrid", "9", "--format", "parquet", "-o", tmp_path / "none.parquet")
    assert pq.read_table(tmp_path / "none.parquet").column_names == list(COLUMNS)


def test_parquet_needs_a_file_and_pyarrow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "say where it goes with -o FILE" in one_line(call(capsys, "decode", HEALTHY, "--format", "parquet"))
    spoiler = tmp_path / "pyarrow"
    spoiler.mkdir()
    (spoiler / "__init__.py").write_text("raise ImportError\n", encoding="utf-8")
    env = environment(PYTHONPATH=f"{tmp_path}:{environment()['PYTHONPATH']}")
    result = run("decode", HEALTHY, "--format", "parquet", "-o", tmp_path / "x.parquet", env=env)
    assert result.code == 2
    assert "pip install 'vrrpscope[parquet]'" in one_line(result)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_capture_is_never_written_over(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cap.pcap"
    shutil.copy(CRITICAL, path)
    result = call(capsys, "decode", path, "--format", form, "-o", path)
    assert result.code == 2
    assert "give the report another name" in one_line(result)
    assert path.read_bytes() == CRITICAL.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nowhere.pcap",), 3, "no such file"),
        ((str(HEALTHY), "--start", "soon"), 2, "is no time"),
        ((str(HEALTHY), "--start", "+9", "--end", "+3"), 2, "ends before it begins"),
        ((str(HEALTHY), "--format", "parquet", "-o", "/nowhere/x.parquet"), 2, "cannot be written"),
        ((str(HEALTHY), "-o", "/nowhere/x.csv"), 2, "cannot be written"),
    ],
)
def test_mistakes_are_one_line(
    arguments: tuple[str, ...], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result = call(capsys, "decode", *arguments)
    assert result.code == code
    assert words in one_line(result)
