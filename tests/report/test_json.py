"""The JSON report from outside: whatever is captured, it is valid, exact and gives no password away."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import pytest
from jsonschema import Draft202012Validator

from tests.build import T0, pcap, pcapng
from tests.report.captures import Say, frame, rhythm, write
from tests.report.reading import document, raw_json

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA: Final = json.loads(resources.files("vrrpscope.report").joinpath("report-v1.schema.json").read_text())
VALIDATOR: Final = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
TIMES: Final = {"first", "last", "start", "end", "time"}


def refuse_constant(name: str) -> float:
    raise AssertionError(name)


def fields(value: object, name: str = "") -> list[tuple[str, object]]:
    """Return every field at any depth."""
    if isinstance(value, dict):
        return [pair for key, inner in value.items() for pair in [(key, inner), *fields(inner, key)]]
    if isinstance(value, list):
        return [pair for inner in value for pair in fields(inner, name)]
    return []


def checked(path: Path) -> dict[str, Any]:
    """Return the report of a capture that keeps the contract."""
    report: dict[str, Any] = json.loads(raw_json(path), parse_constant=refuse_constant)
    assert [error.message for error in VALIDATOR.iter_errors(report)] == []
    return report


ODD: Final = {
    "nothing": [],
    "one advert": [Say(0.0)],
    "two at one instant": [Say(0.0), Say(0.0, host=6)],
    "only priority 0": [Say(0.0, priority=0), Say(1.0, priority=0)],
    "no address": [say._replace(vips=()) for say in rhythm(5)],
    "interval 0": [say._replace(interval=0) for say in rhythm(5)],
    "interval 255": [say._replace(interval=255) for say in rhythm(5)],
    "VRID 0": rhythm(5, vrid=0),
    "before 1970": [say._replace(at=say.at - 1.7e9) for say in rhythm(5)],
    "years apart": [Say(0.0), Say(1e9)],
    "backwards": [Say(9.0), Say(1.0), Say(5.0)],
}


@pytest.mark.parametrize("story", ODD.values(), ids=ODD.keys())
def test_odd_captures_make_valid_reports(story: list[Say], tmp_path: Path) -> None:
    report = checked(write(tmp_path / "odd.pcap", story))
    for virtual in report["virtual_routers"]:
        parts = virtual["availability"]
        assert parts["observed_s"] == pytest.approx(sum(parts.values()) - parts["observed_s"], abs=1e-6)


def test_a_clock_that_steps_back_makes_a_valid_report(tmp_path: Path) -> None:
    path = tmp_path / "back.pcap"
    path.write_bytes(pcap([frame(Say(float(t))) for t in (0, 1, 2, 3, -3600, -3599, -3598, 4, 5)], nano=True))
    checked(path)


def test_times_have_nine_decimals_and_keep_every_nanosecond(tmp_path: Path) -> None:
    path = tmp_path / "exact.pcapng"
    _, advert = frame(Say(0.0))
    path.write_bytes(pcapng([(T0 + 123_456_789, advert), (T0 + 1_123_456_790, advert)]))
    report = checked(path)
    assert report["captures"][0]["first"] == "2023-11-14T22:13:20.123456789Z"
    assert report["captures"][0]["last"] == "2023-11-14T22:13:21.123456790Z"
    for name, value in fields(report):
        if name in TIMES and value is not None:
            assert TIME.fullmatch(str(value)), name


def test_spans_are_finite_numbers_of_seconds(tmp_path: Path) -> None:
    report = checked(write(tmp_path / "a.pcap", rhythm(8)))
    spans = [(name, value) for name, value in fields(report) if name.endswith("_s") and not isinstance(value, dict)]
    assert spans
    assert all(value is None or isinstance(value, int | float) for _, value in spans)


def test_the_report_ends_with_a_line_feed_and_is_pure_ascii(tmp_path: Path) -> None:
    path = write(tmp_path / "zürich\u202e\x1b[31m.pcap", rhythm(3))
    report = raw_json(path)
    assert report.endswith("}\n")
    assert report.isascii()
    assert "\x1b" not in report
    assert json.loads(report)["captures"][0]["name"] == "zürich\u202e\x1b[31m"


@pytest.mark.parametrize("secret", [b"hunter2", b"\x00\x01\xfe\xff\x80bin", b"\xde\xad\xbe\xef1234", b'"},"\\'])
def test_no_password_stands_in_clear_unless_asked_for(secret: bytes, tmp_path: Path) -> None:
    other = [s._replace(at=s.at + 0.3) for s in rhythm(8, host=6, priority=100, secret=b"another1")]
    path = write(tmp_path / "a.pcap", rhythm(8, secret=secret) + other)
    report = raw_json(path)
    assert secret.hex() not in report
    for name, value in fields(json.loads(report)):
        if isinstance(value, str):
            assert secret.decode("latin-1") not in value, name
            assert secret.decode("utf-8", "backslashreplace") not in value, name
            assert "another1" not in value, name
    shown = document(path, show_secrets=True)
    assert any("another1" in finding["explanation"] for finding in shown["findings"])
    assert [error.message for error in VALIDATOR.iter_errors(shown)] == []


def test_64_virtual_routers_are_all_in_the_report(tmp_path: Path) -> None:
    path = write(tmp_path / "many.pcap", [say for vrid in range(1, 65) for say in rhythm(5, vrid=vrid)])
    keys = [virtual["key"] for virtual in checked(path)["virtual_routers"]]
    assert keys == [f"ipv4/{vrid}" for vrid in range(1, 65)]


def test_one_vrid_in_two_segments_is_two_virtual_routers(tmp_path: Path) -> None:
    story = rhythm(5) + [say._replace(vlan=100) for say in rhythm(5)]
    virtuals = checked(write(tmp_path / "a.pcap", story))["virtual_routers"]
    assert sorted((v["key"], v["segment"]) for v in virtuals) == [("ipv4/50", ""), ("vlan100/ipv4/50", "vlan100")]


def test_captures_that_share_a_name_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    paths = [write(tmp_path / where / "cap.pcap", rhythm(5)) for where in ("a", "b")]
    names = [capture["name"] for capture in document(*paths)["captures"]]
    assert len(set(names)) == 2
