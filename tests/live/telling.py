"""An outbox that delivers notices, until all are delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.live.watched import finding
from vrrpscope.live.notify import Notifier
from vrrpscope.live.outbox import Notice

if TYPE_CHECKING:
    from vrrpscope.live.outbox import Outbox

PATIENCE: Final = 60.0
"""Seconds that nothing here takes, unless it hangs."""


NEW: Final = Notice("new", finding())


def told(outbox: Outbox, *notices: Notice) -> list[str]:
    """Let an outbox deliver notices; return what it says."""
    said: list[str] = []
    notifier = Notifier([outbox], say=said.append, patience=PATIENCE)
    for notice in notices:
        outbox.put(notice)
    notifier.close(None)
    return said
