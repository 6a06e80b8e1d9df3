"""A fixed cadence until somebody says stop, for the small programs that run inside a lab host.

The grid is laid on the monotonic clock, so that neither a stepped clock nor the work between two ticks shifts it.
Ticks that a stopped process missed are left out: a burst of them would be traffic that nobody meant to send.

Stopping is waited for, not handled: SIGTERM and SIGINT are blocked and `sigtimedwait` is what sleeps between ticks. A
handler would interrupt whatever runs, and one that sets an event can deadlock with a wait for that same event.
"""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

SECOND: Final = 1_000_000_000
ENDS: Final = {signal.SIGTERM, signal.SIGINT}


def ticks(every: int) -> Iterator[None]:
    """Yield at once and then every `every` nanoseconds, until SIGTERM or SIGINT comes.

    The two signals stay blocked afterwards, so that what is still under way can be finished. Threads started by the
    caller between ticks inherit that; ones started before would be ended by the signal.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    due = time.monotonic_ns()
    while True:
        yield
        now = time.monotonic_ns()
        due += every
        if due < now:
            due += -((due - now) // every) * every
        if signal.sigtimedwait(ENDS, (due - now) / SECOND) is not None:
            return


def stamp(t: int) -> str:
    """Nanoseconds since the epoch as seconds with six decimals."""
    return f"{t // SECOND}.{t % SECOND // 1000:06d}"
