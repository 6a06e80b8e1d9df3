"""`--key`: where a key may come from, and that none is ever seen again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests import build
from tests import frames as wire
from tests.cli.running import call
from vrrpscope.wire import Advert, Checksum
from vrrpscope.wire.authentication import AuthenticationHeader
from vrrpscope.wire.digests import ah_icv
from vrrpscope.wire.vrrp import GROUPS

if TYPE_CHECKING:
    from pathlib import Path

Capsys = pytest.CaptureFixture[str]

_KEY, _OTHER = "tr0ub4do", "c0rr3ct5"


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """Two routers with different keys, the second from half way on."""
    path = tmp_path / "ah.pcap"
    told = [(t * 1_000, 5, 150, _KEY) for t in range(12)] + [(6_700 + t * 1_000, 6, 100, _OTHER) for t in range(5)]
    frames = [(t * 1_000_000, _frame(t // 1_000 + 1, host, prio, key)) for t, host, prio, key in sorted(told)]
    path.write_bytes(build.pcap(frames))
    return path


def _frame(number: int, host: int, priority: int, key: str) -> bytes:
    source = bytes([10, 0, 0, host])
    advert = Advert(vrid=50, priority=priority, addresses=("10.0.0.3",), auth_type=2, checksum=Checksum.PLAIN)
    header = AuthenticationHeader(source, number, bytes(12)).build()
    message = advert.build(source=source, destination=GROUPS[4])
    packet = wire.ipv4(header + message, source=f"10.0.0.{host}", protocol=51, identification=number).data
    packet = packet[:32] + ah_icv(packet, key.encode(), keep_ttl=True) + packet[44:]
    return wire.ethernet(wire.Packet(packet, 0x0800), source=bytes([2, 0, 0, 0, 0, host]))


def _digests(out: str) -> dict[str, str | None]:
    (router,) = json.loads(out)["virtual_routers"]
    return {speaker["address"]: speaker["digest"] for speaker in router["routers"]}


def test_keys_tell_who_signs_with_which(capture: Path, capsys: Capsys) -> None:
    result = call(capsys, "analyze", "--format", "json", "--key", _KEY, "--key", _OTHER, capture)
    assert _digests(result.out) == {"10.0.0.5": "valid", "10.0.0.6": "valid"}
    (split,) = json.loads(result.out)["virtual_routers"][0]["split_brains"]
    assert (split["cause"], split["confidence"]) == ("password-mismatch", "certain")


def test_a_router_whose_key_was_not_given_is_named(capture: Path, capsys: Capsys) -> None:
    result = call(capsys, "analyze", "--key", _KEY, capture)
    assert result.code == 1
    assert "bad-digest" in result.out
    assert _digests(call(capsys, "analyze", "--format", "json", "--key", _KEY, capture).out) == {
        "10.0.0.5": "valid",
        "10.0.0.6": "invalid",
    }


def test_without_a_key_nothing_is_said_of_digests(capture: Path, capsys: Capsys) -> None:
    assert set(_digests(call(capsys, "analyze", "--format", "json", capture).out).values()) == {None}


def test_a_key_may_stand_in_a_file_or_in_the_environment(
    capture: Path, tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text(f"{_KEY}\n", encoding="utf-8")
    monkeypatch.setenv("VRRP_KEY", _OTHER)
    result = call(capsys, "analyze", "--format", "json", "--key", f"@{tmp_path}/key", "--key", "env:VRRP_KEY", capture)
    assert set(_digests(result.out).values()) == {"valid"}


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_key_is_never_seen_again(capture: Path, form: str, capsys: Capsys) -> None:
    keys = ["--key", _KEY, "--key", _OTHER, "--key", "never-used"]
    result = call(capsys, "analyze", "--format", form, "--show-secrets", *keys, capture)
    for key in (_KEY, _OTHER, "never-used"):
        assert key not in result.out + result.err


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("@/nowhere/key", "/nowhere/key: No such file or directory"),
        ("env:NOT_SET_AT_ALL", "no variable NOT_SET_AT_ALL in the environment"),
        ("", "an empty key"),
        ("@/dev/null", "an empty key"),
    ],
)
def test_a_key_that_cannot_be_had_is_an_error(capture: Path, value: str, said: str, capsys: Capsys) -> None:
    result = call(capsys, "analyze", "--key", value, capture)
    assert result.code == 2
    assert said in result.err


def test_configurations_bring_their_keys(capture: Path, tmp_path: Path, capsys: Capsys) -> None:
    options: list[str | Path] = []
    for host, priority, key in ((5, 150, _KEY), (6, 100, _OTHER)):
        path = tmp_path / f"lb0{host}.conf"
        path.write_text(
            f"vrrp_instance web {{\n interface eth0\n virtual_router_id 50\n priority {priority}\n"
            f" authentication {{\n  auth_type AH\n  auth_pass {key}\n }}\n virtual_ipaddress {{\n  10.0.0.3\n }}\n}}\n",
            encoding="utf-8",
        )
        options += ["--config", f"lb0{host}={path}"]
    result = call(capsys, "analyze", "--format", "json", *options, capture)
    assert set(_digests(result.out).values()) == {"valid"}
    assert _KEY not in result.out + result.err
