"""Write a month of adverts: two load balancers, and a backup job at night that leaves VRRP no room on one link.

lb01 (10.0.0.5, priority 150) is master of VRID 50 and never stops; lb02 (10.0.0.6, priority 100) listens behind a link
which a job fills from 02:10 UTC on, Monday to Friday, for twenty minutes. Then adverts are lost in runs, and now and
then a run is long enough for lb02 to take over. Twice in the month somebody restarts keepalived on lb01 for
maintenance. The capture is what lb02 sees. Adverts come every ten seconds, VRRPv2, and IP IDs count them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SECOND: Final = 1_000_000_000
DAY: Final = 86_400 * SECOND
START: Final = 1_798_761_600 * SECOND  # Friday, 2027-01-01T00:00:00Z
INTERVAL: Final = 10 * SECOND
DAYS: Final = 31
SKEW: Final = (256 - 100) * SECOND // 256  # of lb02

ROW: Final = np.dtype([("t", "i8"), ("host", "u1"), ("priority", "u1"), ("ip_id", "u2")])
RECORD: Final = 16 + 14 + 20 + 12  # pcap's header, Ethernet, IPv4, VRRPv2 with one address and no authentication


def write(path: str | Path, seed: int = 50) -> int:
    """Write the capture, pcap with nanoseconds; return how many adverts it holds."""
    rows = _story(np.random.default_rng(seed))
    Path(path).write_bytes(_pcap(rows))
    return len(rows)


def _story(rng: np.random.Generator) -> NDArray[np.void]:
    """Return the adverts that lb02 sees and sends, in the order of time."""
    maintenance = [START + 11 * DAY + 9 * 3600 * SECOND, START + 19 * DAY + 14 * 3600 * SECOND]
    sent: list[tuple[int, int, int, int]] = []
    backup: list[tuple[int, int, int, int]] = []
    now, ip_id, lost, own, last = START, 0, 0, 0, START
    while now < START + DAYS * DAY:
        if maintenance and now >= maintenance[0]:
            maintenance.pop(0)
            sent.append((now, 5, 0, (ip_id + 1) & 0xFFFF))
            start = now + SKEW + 2_000_000
            own = _speak(backup, start, now + 45 * SECOND, own)
            now, ip_id, last = now + 45 * SECOND, 0, now + 45 * SECOND
            continue
        ip_id += 1
        if lost == 0 and _is_busy(now) and rng.random() < 0.06:
            lost = int(rng.geometric(0.3))
        if lost:
            lost -= 1
        else:
            own = _speak(backup, last + 3 * INTERVAL + SKEW + 2_000_000, now, own)
            sent.append((now, 5, 150, ip_id & 0xFFFF))
            last = now
        now += INTERVAL + int(rng.integers(40_000, 400_000))
    return np.array(sorted(sent + backup), ROW)


def _speak(backup: list[tuple[int, int, int, int]], start: int, end: int, own: int) -> int:
    """Let lb02 be master from start to end; return how many adverts it has sent in its life."""
    for t in range(start, end, INTERVAL):
        own += 1
        backup.append((t, 6, 100, own & 0xFFFF))
    return own


def _is_busy(t: int) -> bool:
    """Whether the job runs: 02:10 to 02:30 UTC, Monday to Friday."""
    weekday = (t // DAY + 3) % 7  # 1970-01-01 was a Thursday
    return weekday < 5 and 130 * 60 * SECOND <= t % DAY < 150 * 60 * SECOND


def _pcap(rows: NDArray[np.void]) -> bytes:
    header = np.array([0xA1B23C4D, 2 | 4 << 16, 0, 0, 65535, 1], "<u4").tobytes()
    out = np.zeros((len(rows), RECORD), np.uint8)
    size = RECORD - 16
    stamps = np.stack([rows["t"] // SECOND, rows["t"] % SECOND, np.full(len(rows), size), np.full(len(rows), size)], 1)
    out[:, :16] = stamps.astype("<u4").view(np.uint8).reshape(len(rows), 16)
    frame = bytes.fromhex(
        "01005e000012 02000a000000 0800 45c00020 00000000 ff700000 0a000000 e0000012 2132 0001 000a 0000 0a000003"
    )
    out[:, 16:] = np.frombuffer(frame, np.uint8)
    out[:, 16 + 11] = out[:, 16 + 29] = rows["host"]
    _put(out, 16 + 18, rows["ip_id"].astype(np.int64))
    out[:, 16 + 36] = rows["priority"]
    _put(out, 16 + 24, _checksum(out[:, 30:50]))
    _put(out, 16 + 40, _checksum(out[:, 50:62]))
    return header + out.tobytes()


def _put(out: NDArray[np.uint8], at: int, values: NDArray[np.int64]) -> None:
    out[:, at], out[:, at + 1] = values >> 8, values & 0xFF


def _checksum(block: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the Internet checksum of each row, which holds 0 where it will stand."""
    words: NDArray[np.int64] = block.astype(np.int64).reshape(len(block), -1, 2) @ np.array([256, 1])
    total: NDArray[np.int64] = words.sum(axis=1)
    for _ in range(2):
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF
