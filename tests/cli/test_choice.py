"""Only some of the virtual routers: what the report leaves out, and what it never does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import call

if TYPE_CHECKING:
    Capsys = pytest.CaptureFixture[str]

SAMPLE = Path(__file__).parents[2] / "samples" / "two-instances" / "lb01.pcap"


@pytest.mark.parametrize(
    ("choice", "left"),
    [
        ([], {"ipv4/50", "ipv4/51"}),
        (["--vrid", "51"], {"ipv4/51"}),
        (["--vrid", "50", "--vrid", "51"], {"ipv4/50", "ipv4/51"}),
        (["--vip", "10.0.0.4"], {"ipv4/51"}),
        (["--router", "10.0.0.6"], {"ipv4/51"}),  # on VRID 50 it never spoke
        (["--router", "10.0.0.5"], {"ipv4/50", "ipv4/51"}),
        (["--segment", ""], {"ipv4/50", "ipv4/51"}),
        (["--segment", "vlan7"], set()),
        (["--vrid", "50", "--vip", "10.0.0.4"], set()),
    ],
)
def test_only_what_is_asked_for_is_reported(choice: list[str], left: set[str], capsys: Capsys) -> None:
    result = call(capsys, "analyze", SAMPLE, "--format", "json", *choice)
    report = json.loads(result.out)
    assert {v["key"] for v in report["virtual_routers"]} == left
    assert {f["virtual_router"] for f in report["findings"]} <= left
    assert report["captures"][0]["adverts"] == 42


@pytest.mark.parametrize("choice", [["--vrid", "256"], ["--vip", "10.0.0"], ["--router", "lb01"]])
def test_what_cannot_be_is_one_line(choice: list[str], capsys: Capsys) -> None:
    result = call(capsys, "analyze", SAMPLE, *choice)
    assert result.code == 2
    assert choice[1] in result.err


def test_an_address_is_known_in_any_spelling(capsys: Capsys) -> None:
    sample = SAMPLE.parents[1] / "ipv6" / "lb01.pcap"
    result = call(capsys, "analyze", sample, "--format", "json", "--vip", "FD00:0::3")
    assert len(json.loads(result.out)["virtual_routers"]) == 1
