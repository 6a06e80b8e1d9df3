"""When the hosts of VRRP speakers were heard at all, adverts aside: did only the daemon stop, or everything?

`vrrpscope.wire.presence` gives at most one frame of each host in a tenth of a second. Here those tenths are kept as
runs, by vantage point, from the first on: what is kept never depends on how a capture was cut. A host that has
filled its share is no longer followed, and what is asked of it later has no answer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

from vrrpscope.timeline.profile import format_mac
from vrrpscope.wire.presence import GRAIN

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_HOSTS: Final = 256
MAX_RUNS: Final = 16_384
"""Runs of tenths kept of one host at one vantage point; a host heard every second fills them in four hours."""

_OFTEN = 3  # a host heard in so many tenths of as long a time before a gap should be heard in the gap too
_ALIVE = 2  # one might be sent in its name: by the hypervisor that moves it


class _Runs:
    """Tenths of a second in which one host was heard, as runs without a hole."""

    def __init__(self) -> None:
        self.first: list[int] = []
        self.last: list[int] = []
        self.until: int | None = None  # what is later is not known

    def add(self, tenth: int) -> None:
        if self.until is not None:
            return
        if self.last and tenth - self.last[-1] <= 1:
            self.last[-1] = max(tenth, self.last[-1])  # also where a clock was set back
        elif len(self.first) < MAX_RUNS:
            self.first.append(tenth)
            self.last.append(tenth)
        else:
            self.until = tenth

    def count(self, start: int, end: int) -> int | None:
        """Return how many tenths from `start` to before `end` it was heard in."""
        if self.until is not None and end > self.until:
            return None
        low, high = bisect_left(self.last, start), bisect_right(self.first, end - 1)
        pairs = zip(self.first[low:high], self.last[low:high], strict=True)
        return sum(min(last, end - 1) - max(first, start) + 1 for first, last in pairs)


class Hosts:
    """The hosts of all speakers."""

    def __init__(self) -> None:
        self._runs: dict[str, dict[int, _Runs]] = {}  # by MAC and vantage point
        self._count = 0

    def note(self, alive: NDArray[np.void], vantages: NDArray[np.int64]) -> None:
        """Take SIGHTING rows of kind ALIVE, each capture's in order, and where each was seen. Shape (n,)."""
        columns = (alive["sender"].tolist(), vantages.tolist(), (alive["t"] // GRAIN).tolist())
        last: tuple[int, int] | None = None
        runs: _Runs | None = None
        for mac, vantage, tenth in zip(*columns, strict=True):
            if (mac, vantage) != last:
                last, runs = (mac, vantage), self._runs_of(format_mac(mac), vantage)
            if runs is not None:
                runs.add(tenth)

    def heard(self, mac: str, start: int, end: int) -> int | None:
        """Return in how many whole tenths of a second of a time a host was heard, where it was heard best.

        None if it was never heard at all, or is no longer followed. Times are nanoseconds.
        """
        first, last = -(-start // GRAIN), end // GRAIN
        counts = [runs.count(first, last) for runs in self._runs.get(mac, {}).values()]
        return max((number for number in counts if number is not None), default=None)

    def went_on(self, mac: str, start: int, due: int, end: int) -> bool | None:
        """Whether a host went on speaking in a gap of its adverts; None where that cannot be told.

        Args:
            mac: the host's own MAC.
            start: the last advert before the gap, nanoseconds.
            due: when the next one should have come.
            end: when one came; it may have woken up a little before.
        """
        end -= 2 * GRAIN
        inner, before = self.heard(mac, due, end), self.heard(mac, start - (end - due), start)
        if inner is None or before is None or end - due < GRAIN:
            return None
        if inner >= _ALIVE:
            return True
        return False if inner == 0 and before >= _OFTEN else None

    def _runs_of(self, mac: str, vantage: int) -> _Runs | None:
        places = self._runs.setdefault(mac, {})
        if vantage not in places:
            if self._count >= MAX_HOSTS:
                return None
            self._count += 1
            places[vantage] = _Runs()
        return places[vantage]
