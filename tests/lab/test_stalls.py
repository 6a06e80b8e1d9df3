"""The watch on the machine's clock, with a clock of our own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from vrrpscope.lab import stalls

if TYPE_CHECKING:
    import pytest

MILLISECOND = 1_000_000
T0 = 1_700_000_000_000_000_000


class Clock:
    """Time passes only in naps; each takes as long as the story says, and the last one never ends by itself."""

    def __init__(self, *naps: int) -> None:
        self.now = 0
        self.told = threading.Event()
        self._naps = list(naps)

    def monotonic_ns(self) -> int:
        return self.now

    def time_ns(self) -> int:
        return T0 + self.now

    def sleep(self, seconds: float) -> None:
        self.now += (self._naps.pop(0) if self._naps else round(seconds * 1000)) * MILLISECOND
        if not self._naps:
            self.told.set()


def test_only_naps_that_took_much_too_long_are_stalls(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(5, 6, 155, 5, 10, 16, 5, 5)
    monkeypatch.setattr(stalls, "time", clock)
    watch = stalls.Watch()
    assert clock.told.wait(10)
    assert [((a - T0) // MILLISECOND, (b - T0) // MILLISECOND) for a, b in watch.close()] == [(16, 166), (186, 197)]
