"""The adverts of the benchmark: who sends what when, then their bytes.

Two load balancers, lb-A (10.0.0.5, priority 150) and lb-B (10.0.0.6, priority 100), run keepalived. Odd VRIDs
speak VRRPv2 with a password, even ones VRRPv3; each holds one to four addresses. Intervals are one second and
up to 4 ms too long, never too short, as keepalived re-arms its timer from the moment it wakes; IP IDs count
the adverts of a process from 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from tests.bench.packets import internet_sum, ipv4, put16, put32, rows

if TYPE_CHECKING:
    from tests.bench.packets import Bytes, Numbers

START: Final = 1_700_000_000_000_000_000
SECOND: Final = 1_000_000_000
PRIORITIES: Final = (150, 100)
GROUP: Final = 0xE0000012  # 224.0.0.18
PASSWORD: Final = b"s3cret\0\0"
MIN_FRAME: Final = 60  # Ethernet pads to this

PLAN: Final = np.dtype([("t", "i8"), ("vrid", "u1"), ("speaker", "u1"), ("priority", "u1"), ("ip_id", "u2")])
"""One advert to be; `speaker` is 0 for lb-A, 1 for lb-B."""

Plan = NDArray[np.void]


def day(adverts: int, vrids: int = 64) -> Plan:
    """Plan the adverts of routers that hand over now and then.

    lb-A resigns (priority 0, then lb-B's skew time) or crashes (then lb-B's master down interval), starts
    again with its IP ID at 1 and preempts lb-B at any point of its interval.
    """
    span = int((adverts / vrids * 1.02 + 300) * SECOND)
    plans = [_failovers(vrid, span, np.random.default_rng([7, vrid])) for vrid in range(1, vrids + 1)]
    return _merged(plans, adverts)


def storm(adverts: int, vrids: int = 64) -> Plan:
    """Plan adverts of which none resembles the two before: two masters in turn, all else at random."""
    rng = np.random.default_rng(11)
    plans = []
    for vrid in range(1, vrids + 1):
        plan = np.zeros(-(-adverts // vrids) + 1, PLAN)
        plan["t"] = START + np.cumsum(rng.integers(SECOND // 1000, SECOND, len(plan)))
        plan["vrid"] = vrid
        plan["speaker"] = np.arange(len(plan)) % 2
        plan["priority"] = rng.integers(1, 255, len(plan))
        plan["ip_id"] = rng.integers(0, 1 << 16, len(plan))
        plans.append(plan)
    return _merged(plans, adverts)


def _merged(plans: list[Plan], adverts: int) -> Plan:
    plan = np.concatenate(plans)
    plan = plan[np.argsort(plan["t"], kind="stable")][:adverts]
    assert len(plan) == adverts, "the routers fell silent too early"
    return plan


def _failovers(vrid: int, span: int, rng: np.random.Generator) -> Plan:
    """Plan one virtual router's adverts over a span of nanoseconds, reign by reign."""
    reigns: list[Plan] = []
    now = START + int(rng.integers(0, SECOND))
    sent = [0, 0]
    speaker = 0
    skew = (256 - PRIORITIES[1]) * SECOND // 256
    while now < START + span:
        n = int(600 + rng.exponential(3000)) if speaker == 0 else int(rng.integers(30, 300))
        reign = np.zeros(n, PLAN)
        late = np.minimum(rng.exponential(SECOND / 10_000, n), 4 * SECOND / 1000).astype(np.int64)
        reign["t"] = now + np.cumsum(late + SECOND) - SECOND
        reign["vrid"], reign["speaker"], reign["priority"] = vrid, speaker, PRIORITIES[speaker]
        reign["ip_id"] = (sent[speaker] + np.arange(1, n + 1)) & 0xFFFF
        sent[speaker] += n
        last = int(reign["t"][-1])
        if speaker == 1:
            now = last + int(rng.integers(SECOND // 100, SECOND))
        elif rng.random() < 0.5:
            farewell = reign[-1:].copy()
            farewell["t"] = last = last + int(rng.integers(SECOND // 100, SECOND))
            farewell["priority"] = 0
            farewell["ip_id"] += 1
            reign = np.concatenate([reign, farewell])
            now = last + skew + int(rng.integers(1, 5)) * SECOND // 1000
        else:
            now = last + 3 * SECOND + skew + int(rng.integers(1, 5)) * SECOND // 1000
        if speaker == 0:
            sent[0] = 0
        speaker = 1 - speaker
        reigns.append(reign)
    return np.concatenate(reigns)


def version(vrid: Numbers) -> Numbers:
    """Return the VRRP version each VRID speaks."""
    return 3 - vrid % 2


def count(vrid: Numbers) -> Numbers:
    """Return how many addresses each VRID holds, 1 to 4."""
    return vrid // 2 % 4 + 1


def lengths(plan: Plan) -> Numbers:
    """Return the bytes of each advert's frame, with Ethernet's padding."""
    vrid = plan["vrid"].astype(np.int64)
    password = np.where(version(vrid) == 2, len(PASSWORD), 0)
    return np.maximum(14 + 20 + 8 + 4 * count(vrid) + password, MIN_FRAME)


def frames(plan: Plan) -> list[tuple[Numbers, Bytes]]:
    """Return the adverts' frames, grouped by layout: which of the plan, and a row for each."""
    vrid = plan["vrid"].astype(np.int64)
    layout = version(vrid) * 8 + count(vrid)
    groups = []
    for kind in np.unique(layout):
        which = np.flatnonzero(layout == kind)
        groups.append((which, _frames_of_one_layout(plan[which], *divmod(int(kind), 8))))
    return groups


def _frames_of_one_layout(plan: Plan, version: int, count: int) -> Bytes:
    """Build Ethernet, IPv4 and VRRP with correct checksums; VRRPv3's with the pseudo-header."""
    vrid, speaker = plan["vrid"].astype(np.int64), plan["speaker"].astype(np.int64)
    size = 8 + 4 * count + (len(PASSWORD) if version == 2 else 0)
    ethernet = bytes.fromhex("01005e000012 020000000a00 0800")
    ip = bytes.fromhex("45c0 0000 0000 0000 ff70 0000") + bytes(8)
    frame = rows((ethernet + ip).ljust(max(34 + size, MIN_FRAME), b"\0"), len(plan))
    frame[:, 11] = 5 + speaker
    put16(frame, 14 + 4, plan["ip_id"].astype(np.int64))
    ipv4(frame, 14, 20 + size, 0x0A000005 + speaker, GROUP)

    vrrp = frame[:, 34 : 34 + size]
    vrrp[:, 0] = version << 4 | 1
    vrrp[:, 1] = vrid
    vrrp[:, 2] = plan["priority"]
    vrrp[:, 3] = count
    put16(vrrp, 4, 1 << 8 | 1 if version == 2 else 100)  # password and 1 s, or 100 cs
    for i in range(count):
        put32(vrrp, 8 + 4 * i, 0x0A000000 + (vrid << 8) + 101 + i)
    covered = vrrp
    if version == 2:
        vrrp[:, 8 + 4 * count :] = np.frombuffer(PASSWORD, np.uint8)
    else:
        pseudo = np.zeros((len(plan), 12), np.uint8)
        pseudo[:, :8] = frame[:, 26:34]
        put16(pseudo, 8, 112)
        put16(pseudo, 10, size)
        covered = np.hstack([pseudo, vrrp])
    put16(vrrp, 6, internet_sum(covered) ^ 0xFFFF)
    return frame
