"""What `vrrpscope lab` says before anything runs; no root needed."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import call, one_line
from tests.cli.test_start_up import CODECS, NEVER, loaded
from vrrpscope.lab.stories import STORIES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def able(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which the lab could run."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(shutil, "which", lambda name, **_: f"/usr/sbin/{name}")


def test_every_story_is_listed_with_what_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    lines = call(capsys, "lab", "list").out.splitlines()
    assert [line.split()[0] for line in lines] == list(STORIES)
    assert all(len(line.split()) > 5 for line in lines)


def test_listing_loads_nothing_heavy() -> None:
    assert loaded("lab", "list") & (NEVER | CODECS | {"numpy"}) == set()


@pytest.mark.usefixtures("able")
def test_an_unknown_story_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    result = call(capsys, "lab", "run", "fail-over")
    assert result.code == 2
    assert "fail-over: no such story" in one_line(result)


@pytest.mark.usefixtures("able")
def test_recordings_are_not_written_over_unasked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    evidence = tmp_path / "lb01.pcap"
    evidence.write_bytes(b"evidence")
    result = call(capsys, "lab", "run", "failover", "-o", tmp_path)
    assert result.code == 2
    assert "--force" in one_line(result)
    assert evidence.read_bytes() == b"evidence"


@pytest.mark.usefixtures("able")
def test_a_file_is_no_place_for_recordings(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    result = call(capsys, "lab", "run", "failover", "-o", tmp_path / "out")
    assert (result.code, "not a directory" in one_line(result)) == (2, True)


@pytest.mark.usefixtures("able")
def test_without_root_the_command_that_works_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(sys, "argv", ["/opt/venv/bin/vrrpscope"])
    result = call(capsys, "lab", "run", "failover", "-o", tmp_path / "out")
    assert result.code == 4
    assert "sudo /opt/venv/bin/vrrpscope lab run failover" in one_line(result)


@pytest.mark.usefixtures("able")
def test_a_missing_daemon_is_named_with_its_package(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    missing = {"keepalived", "nft"}
    monkeypatch.setattr(shutil, "which", lambda name, **_: None if name in missing else f"/bin/{name}")
    result = call(capsys, "lab", "run", "failover", "-o", tmp_path / "out")
    assert result.code == 2
    line = one_line(result)
    assert "keepalived" in line
    assert line.endswith("apt-get install keepalived nftables\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("able")
def test_elsewhere_than_on_linux_it_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    result = call(capsys, "lab", "run", "failover", "-o", tmp_path / "out")
    assert (result.code, "needs Linux" in one_line(result)) == (2, True)
