from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from tests.build import BILLION, T0, pcap, pcapng
from vrrpscope.capture import CaptureSpec, expand, open_source
from vrrpscope.capture.files import first_time, stem
from vrrpscope.errors import CaptureError, NotACaptureError, UsageError


def at(second: int) -> bytes:
    return pcap([(T0 + second * BILLION, b"x" * 60)])


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(**files: bytes) -> None:
    for name, data in files.items():
        Path(name.replace("__", "/").replace("_", ".")).write_bytes(data)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.pcap", "a"),
        ("dir/a.pcapng.gz", "a"),
        ("a.PCAP.zst", "a"),
        ("lb01.example.cap.xz", "lb01.example"),
        ("trace.pcap3", "trace.pcap3"),
        ("noending", "noending"),
        (".pcap", ".pcap"),
        ("-", "stdin"),
    ],
)
def test_a_capture_is_named_after_its_file(path: str, name: str) -> None:
    assert stem(path) == name


def test_a_file_is_its_own_capture() -> None:
    write(a_pcap=at(1))
    assert expand(["a.pcap", "lb=a.pcap", "-"]) == [
        CaptureSpec("a", "a.pcap", ""),
        CaptureSpec("stdin", "-", ""),
        CaptureSpec("lb", "a.pcap", "lb"),
    ]


def test_a_path_with_an_equals_sign_is_a_path_where_it_exists() -> None:
    Path("lb=a.pcap").write_bytes(at(1))
    assert expand(["lb=a.pcap"]) == [CaptureSpec("lb=a", "lb=a.pcap", "")]


def test_a_directory_gives_its_captures_in_order_of_time_by_content() -> None:
    Path("rot").mkdir()
    Path("rot/sub").mkdir()
    write(rot__a_pcap=at(30), rot__b=at(10), rot__c_gz=gzip.compress(at(20)), rot__notes_txt=b"hello", rot__z=b"")
    write(rot__sub__d_pcap=at(1), rot__none_pcap=pcap([]))
    assert expand(["lb01=rot"]) == [
        CaptureSpec("lb01/b", "rot/b", "lb01"),
        CaptureSpec("lb01/c", "rot/c.gz", "lb01"),
        CaptureSpec("lb01/a", "rot/a.pcap", "lb01"),
        CaptureSpec("lb01/none", "rot/none.pcap", "lb01"),
    ]
    assert [spec.name for spec in expand(["rot"])] == ["b", "c", "a", "none"]


def test_a_glob_gives_its_captures_in_order_of_time() -> None:
    write(a1_pcap=at(3), a2_pcap=at(2), a3_txt=b"text", b_pcap=at(1))
    assert [spec.path for spec in expand(["a*"])] == ["a2.pcap", "a1.pcap"]
    assert [spec.path for spec in expand(["x=a?.pcap"])] == ["a2.pcap", "a1.pcap"]


def test_files_of_one_vantage_are_in_order_of_time_and_read_once() -> None:
    write(a_pcap=at(3), b_pcap=at(2))
    assert [spec.path for spec in expand(["a.pcap", "b.pcap", "./a.pcap", "*.pcap"])] == ["b.pcap", "a.pcap"]


def test_names_are_unique() -> None:
    Path("x").mkdir()
    Path("y").mkdir()
    write(x__a_pcap=at(1), y__a_pcap=at(2), a_pcapng=at(3))
    assert [spec.name for spec in expand(["x/a.pcap", "y/a.pcap", "a.pcapng"])] == ["a", "a-2", "a-3"]


@pytest.mark.parametrize("spec", ["=a.pcap", "name="])
def test_half_a_name_is_a_usage_error(spec: str) -> None:
    with pytest.raises(UsageError, match="NAME=FILE"):
        expand([spec])


def test_what_is_not_there_is_said_in_one_line() -> None:
    Path("empty").mkdir()
    for spec, message in {
        "missing.pcap": "missing.pcap: no such file",
        "lb=missing.pcap": "missing.pcap: no such file",
        "empty": "empty: holds no capture",
        "x*.pcap": r"x\*.pcap: matches no file",
    }.items():
        with pytest.raises(CaptureError, match=f"^{message}$") as caught:
            expand([spec])
        assert caught.value.exit_code == 3


def test_what_is_no_capture_is_said_in_one_line() -> None:
    write(empty_pcap=b"", notes_txt=b"Dear diary, " * 10, short=b"\n\r\r\n", gz_gz=gzip.compress(b""))
    for path, message in {
        "empty.pcap": r"empty.pcap: is empty, so it holds no capture",
        "notes.txt": r"notes.txt: is not a capture \(pcap, pcapng, or one of these compressed\)",
        "short": "short: is not a capture .*",
        "gz.gz": "gz.gz: holds no capture: it unpacks to nothing",
    }.items():
        with pytest.raises(NotACaptureError, match=f"^{message}$"):
            open_source(path)
        assert expand([path])[0].path == path  # said when it is opened


def test_what_cannot_be_opened_is_a_capture_error() -> None:
    Path("dir").mkdir()
    for path in ("missing", "dir", "nul\0"):
        with pytest.raises(CaptureError):
            open_source(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_we_may_not_read_is_a_capture_error() -> None:
    write(a_pcap=at(1))
    Path("a.pcap").chmod(0)
    with pytest.raises(CaptureError, match="Permission denied"):
        open_source("a.pcap")


def test_the_first_time_of_a_file_is_found_without_reading_on() -> None:
    write(a_pcap=at(7), b_pcapng=pcapng([(T0, b"x" * 60)]), c_pcap=pcap([]), d=b"text")
    assert [first_time(path) for path in ("a.pcap", "b.pcapng", "c.pcap", "d", "missing", "-")] == [
        T0 + 7 * BILLION,
        T0,
        None,
        None,
        None,
        None,
    ]


def test_a_source_has_the_name_it_is_given() -> None:
    write(a_pcap=at(7))
    with open_source("a.pcap") as source:
        assert source.info.name == "a"
    with open_source("a.pcap", name="lb01") as source:
        assert (source.info.name, source.info.path) == ("lb01", "a.pcap")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files in /proc")
def test_a_source_never_read_leaves_no_open_file() -> None:
    write(a_pcap=at(7))
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.glob("*")))
    for _ in range(10):
        open_source("a.pcap")
    assert len(list(descriptors.glob("*"))) == before
