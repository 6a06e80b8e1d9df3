"""Who was heard last up to a time, and in which frame: captures looked at again, for that alone.

The captures are decoded once more up to the time in question, and of each router the last advert is kept.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from vrrpscope.capture.files import open_source
from vrrpscope.errors import UsageError
from vrrpscope.timeline.profile import RouterKey
from vrrpscope.wire.columns import Flag
from vrrpscope.wire.decoder import Decoder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from vrrpscope.questions.again import Again

_DISORDER: Final = 2_000_000_000
"""Nanoseconds by which a frame may be behind its time and still count: somewhat more than an analysis allows."""

_SENDER: Final = ("segment", "family", "vrid", "src_hi", "src_lo")


class Heard(NamedTuple):
    """One advert as it was captured."""

    t: int
    capture: str
    number: int
    priority: int


def last_heard(captures: Iterable[Again], t: int) -> dict[tuple[RouterKey, str], Heard]:
    """Return the last advert up to a time, of each router of each virtual router.

    Args:
        captures: where to look; standard input is passed over.
        t: the time, nanoseconds since the epoch.
    """
    found: dict[tuple[RouterKey, str], Heard] = {}
    decoder = Decoder()
    for capture in captures:
        if capture.is_gone:
            continue
        with open_source(capture.spec.path) as source:
            for frames in source:
                if len(frames.t) and int(capture.correct(frames.t).min()) > t + _DISORDER:
                    break
                rows = decoder.decode(frames).adverts
                rows["t"] = capture.correct(rows["t"])
                rows = rows[(rows["t"] <= t) & (rows["flags"] & Flag.MALFORMED == 0)]
                for row in _last_of_each(rows):
                    key = RouterKey(decoder.tables.segments[int(row["segment"])], int(row["family"]), int(row["vrid"]))
                    sender = (key, _address(row))
                    heard = Heard(int(row["t"]), capture.name, int(row["number"]), int(row["priority"]))
                    if sender not in found or heard.t >= found[sender].t:
                        found[sender] = heard
    return found


def time_of(capture: Again, number: int) -> int:
    """Return when a frame was captured, nanoseconds since the epoch.

    Raises:
        UsageError: there is no such frame, or nothing to look into again.
    """
    if capture.is_gone:
        raise UsageError(f"#{number}: standard input is read once; ask by time, or save it to a file")
    count = 0
    with open_source(capture.spec.path) as source:
        for frames in source:
            at = np.flatnonzero(frames.number == number)
            if len(at):
                return capture.correct_one(int(frames.t[at[0]]))
            count = source.info.frames
    raise UsageError(f"#{number}: {capture.spec.path} has no such frame; it has {count}")


def _last_of_each(rows: NDArray[np.void]) -> NDArray[np.void]:
    """Return the latest row of each sender."""
    if not len(rows):
        return rows
    order = np.lexsort((rows["t"], *(rows[name] for name in _SENDER)))
    rows = rows[order]
    last = np.ones(len(rows), np.bool_)
    last[:-1] = False
    for name in _SENDER:
        last[:-1] |= rows[name][1:] != rows[name][:-1]
    return rows[last]


def _address(row: np.void) -> str:
    number = int(row["src_hi"]) << 64 | int(row["src_lo"])
    return str(IPv4Address(number & 0xFFFFFFFF) if row["family"] == 4 else IPv6Address(number))
