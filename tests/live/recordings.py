"""What a recording part is given, and what it left behind, for tests: frames at chosen times, and how things stand."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest

from tests.build import BILLION
from tests.frames import batch, ethernet, ipv4
from vrrpscope.capture.files import open_source
from vrrpscope.capture.frames import CaptureInfo, Frames
from vrrpscope.live.listener import Counters, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vrrpscope.outcome import VirtualRouter

NOON = 1_763_812_800 * BILLION
"""2025-11-22 12:00:00 UTC."""

needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def arriving(times: Sequence[int], *, first: int = 1, size: int = 60, interface: Sequence[int] = ()) -> Frames:
    """Frames that came at these times, numbered from `first`; each holds its number."""
    made = batch([ethernet(ipv4(number.to_bytes(8, "big"))).ljust(size, b"\0") for number in numbers(times, first)])
    return made._replace(
        t=np.array(times, np.int64),
        number=np.array(numbers(times, first), np.int64),
        interface=np.array(interface or [0] * len(times), np.uint16),
    )


def numbers(times: Sequence[int], first: int) -> range:
    return range(first, first + len(times))


def state(now: int, *, dropped: int = 0, virtual_routers: tuple[VirtualRouter, ...] = ()) -> State:
    return State(
        now=now,
        info=CaptureInfo("eth0", "eth0"),
        counters=Counters(0, 0, dropped),
        virtual_routers=virtual_routers,
        findings=(),
        interfaces=(("eth0", True),),
    )


class Read(NamedTuple):
    """A file as our own reader sees it."""

    numbers: list[int]  # as `arriving` gave them
    times: list[int]
    info: CaptureInfo


def read(path: object) -> Read:
    """Read a recording back."""
    found: list[int] = []
    times: list[int] = []
    with open_source(str(path)) as source:
        for frames in source:
            found += [int.from_bytes(frames.data[at + 34 : at + 42].tobytes(), "big") for at in frames.start.tolist()]
            times += frames.t.tolist()
        return Read(found, times, source.info)


def tshark(path: object, *fields: str) -> list[str]:
    """What tshark says of each packet."""
    wanted = [word for field in fields for word in ("-e", field)]
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "separator=|", *wanted]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
