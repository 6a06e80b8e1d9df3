"""Adverts as rows: one name for each field, the same in text, CSV, NDJSON, Parquet and a DataFrame.

A batch of decoded rows has two kinds of columns. What changes from each advert of a sender to the next (time, frame,
destination, numbers) is taken as it is. What stays (sender, VRID, priority, addresses, ...) is worked out once for each
combination, so that a million adverts cost a few hundred conversions of addresses. Units stand in the names.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from vrrpscope.report.escape import printable
from vrrpscope.report.times import rfc3339
from vrrpscope.rules.text import digest, in_clear
from vrrpscope.timeline.profile import RouterKey, address_text, format_mac
from vrrpscope.wire.columns import NO_MAC, STEADY_OFFSET, STEADY_WORDS, Auth, Checksum, Destination, Flag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

    from vrrpscope.wire.columns import Tables

Value = str | int | float | None

VARYING: Final = ("time", "capture", "frame", "interface", "destination", "ip_id", "sequence")
STEADY: Final = (
    "virtual_router",
    "segment",
    "family",
    "vrid",
    "router",
    "mac",
    "version",
    "priority",
    "interval_s",
    "virtual_addresses",
    "auth",
    "password",
    "checksum",
    "destination_kind",
    "ttl",
    "tos",
    "dont_fragment",
    "flags",
)
COLUMNS: Final = VARYING + STEADY
"""The fields of an advert, in order. `virtual_addresses` and `flags` hold words with spaces between."""

_DESTINATION: Final = ("family", "dst_hi", "dst_lo")
_SECOND: Final = 1_000_000_000
_MAX_KNOWN: Final = 1 << 16  # combinations remembered from batch to batch


class Choice(NamedTuple):
    """Which adverts are wanted; what is empty or None leaves none out. Addresses are canonical text."""

    vrids: Collection[int] = ()
    addresses: Collection[str] = ()  # virtual addresses, any of which is announced
    routers: Collection[str] = ()  # who sends
    segments: Collection[str] = ()
    keys: Collection[RouterKey] | None = None
    start: int | None = None  # nanoseconds since the epoch, both included
    end: int | None = None

    def wants(self, steady: Steady) -> bool:
        """Whether adverts of this kind are wanted, whenever they were sent."""
        return (
            (not self.vrids or steady.key.vrid in self.vrids)
            and (not self.addresses or not set(steady.addresses).isdisjoint(self.addresses))
            and (not self.routers or steady.router in self.routers)
            and (not self.segments or steady.key.segment in self.segments)
            and (self.keys is None or steady.key in self.keys)
        )


@dataclass(frozen=True, eq=False)
class Steady:
    """What stays the same from one advert of a sender to the next."""

    key: RouterKey
    router: str
    addresses: tuple[str, ...]
    columns: tuple[Value, ...]  # as STEADY names them
    version: int
    priority: int
    is_malformed: bool

    @cached_property
    def csv(self) -> str:
        """The values as the end of a line of CSV."""
        return ",".join(map(_csv, self.columns))

    @cached_property
    def json(self) -> str:
        """The values as the end of a JSON object."""
        pairs = dict(zip(STEADY, self.columns, strict=True)) | {
            "virtual_addresses": list(self.addresses),
            "dont_fragment": bool(self.columns[STEADY.index("dont_fragment")]),
            "flags": str(self.columns[-1]).split(),
        }
        return json.dumps(pairs)[1:]

    @cached_property
    def text(self) -> str:
        """The values as the end of a line for people."""
        values = dict(zip(STEADY, self.columns, strict=True))
        place = f"{self.key.segment} " if self.key.segment else ""
        every = "" if values["interval_s"] is None else f" every {values['interval_s']:g} s"
        words = [f"{place}VRRPv{self.version} vrid {self.key.vrid} prio {self.priority}{every}"]
        words += [" ".join(self.addresses)] if self.addresses else []
        if values["auth"] not in ("none", None):
            words.append(f"{values['auth']} {values['password'] or ''}".rstrip())
        words += [f"ttl {values['ttl']}"] if values["ttl"] != 255 else []
        words += [f"[{values['flags']}]"] if values["flags"] else []
        return printable("  ".join(words))


@dataclass(frozen=True)
class Batch:
    """Adverts of one capture, in the order of its frames."""

    capture: str
    rows: NDArray[np.void]  # dtype ADVERT; `t` on the clock that is wanted
    kinds: list[Steady]
    kind: NDArray[np.int64]  # of each row

    def csv(self) -> Iterator[str]:
        """Yield a line of CSV for each advert."""
        name = _csv(self.capture)
        for time, frame, interface, destination, ip_id, sequence, kind in self._each():
            yield (
                f"{time},{name},{frame},{interface},{destination},{'' if ip_id < 0 else ip_id},"
                f"{'' if sequence < 0 else sequence},{self.kinds[kind].csv}\n"
            )

    def ndjson(self) -> Iterator[str]:
        """Yield a line with a JSON object for each advert."""
        name = json.dumps(self.capture)
        for time, frame, interface, destination, ip_id, sequence, kind in self._each():
            yield (
                f'{{"time": "{time}", "capture": {name}, "frame": {frame}, "interface": {interface}, '
                f'"destination": "{destination}", "ip_id": {"null" if ip_id < 0 else ip_id}, '
                f'"sequence": {"null" if sequence < 0 else sequence}, {self.kinds[kind].json}\n'
            )

    def text(self, *, named: bool) -> Iterator[str]:
        """Yield a line for people for each advert; `named` says of which capture a frame is."""
        name = printable(self.capture) if named else ""
        for time, frame, _, destination, _, _, kind in self._each():
            steady = self.kinds[kind]
            yield f"{time}  {name}#{frame}  {steady.router} > {destination}  {steady.text}\n"

    def destinations(self) -> tuple[list[str], NDArray[np.int64]]:
        """Return the different destinations, and which each row has."""
        rows = self.rows
        first = rows[:1]
        if all((rows[name] == first[name]).all() for name in _DESTINATION):  # as nearly always
            return [address_text(*(int(first[name][0]) for name in _DESTINATION))], np.zeros(len(rows), np.int64)
        pairs, which = np.unique(
            np.stack([rows[name].astype(np.uint64) for name in _DESTINATION], 1), axis=0, return_inverse=True
        )
        return [address_text(*map(int, pair)) for pair in pairs], which.reshape(-1)

    def _each(self) -> Iterator[tuple[str, int, int, str, int, int, int]]:
        if not len(self.rows):
            return
        texts, which = self.destinations()
        rows = self.rows
        columns = (rows[name].tolist() for name in ("number", "interface"))
        numbers = (rows[name].tolist() for name in ("ip_id", "ah_seq"))
        targets = [texts[n] for n in which.tolist()]
        yield from zip(self._times(), *columns, targets, *numbers, self.kind.tolist(), strict=True)

    def _times(self) -> Iterator[str]:
        """Yield each time as RFC 3339; the whole second is written once for all adverts in it."""
        whole, head = None, ""
        for t in self.rows["t"].tolist():
            second, nanoseconds = divmod(t, _SECOND)
            if second != whole:
                whole, head = second, rfc3339(second * _SECOND)[:-10]
            yield f"{head}{nanoseconds:09d}Z"


class Reading:
    """Turns rows of ADVERT into batches, and leaves out what is not wanted.

    Args:
        tables: what the rows' ids stand for.
        choice: which adverts are wanted.
        show_secrets: whether passwords are shown in clear instead of as digests.
    """

    def __init__(self, tables: Tables, choice: Choice | None = None, *, show_secrets: bool = False) -> None:
        self._tables, self._choice, self._show_secrets = tables, choice or Choice(), show_secrets
        self._weights = np.frombuffer(secrets.token_bytes(8 * STEADY_WORDS), np.uint64) | np.uint64(1)
        self._known: dict[int, tuple[Steady, bool]] = {}

    def batch(self, capture: str, rows: NDArray[np.void]) -> Batch:
        """Return the adverts that are wanted; `rows` has the times that are wanted too."""
        wanted = self._choice
        if wanted.start is not None or wanted.end is not None:
            rows = rows[self._in_time(rows["t"])]
        if not len(rows):
            return Batch(capture, rows, [], np.empty(0, np.int64))
        hashes = self._hash(rows)
        distinct, first, kind = np.unique(hashes, return_index=True, return_inverse=True)
        found = [self._steady(int(h), rows[n]) for h, n in zip(distinct, first, strict=True)]
        keep = np.array([ok for _, ok in found])[kind]
        return Batch(capture, rows[keep], [steady for steady, _ in found], kind[keep])

    def _in_time(self, t: NDArray[np.int64]) -> NDArray[np.bool_]:
        low, high = self._choice.start, self._choice.end
        inside = np.ones(len(t), np.bool_)
        if low is not None:
            inside &= t >= low
        if high is not None:
            inside &= t <= high
        return inside

    def _hash(self, rows: NDArray[np.void]) -> NDArray[np.uint64]:
        """Return a number for the steady part of each row; keyed, so that no capture can make two alike."""
        rows = np.ascontiguousarray(rows)
        words = np.ndarray((len(rows), STEADY_WORDS), np.uint64, rows, STEADY_OFFSET, (rows.itemsize, 8))
        total = np.zeros(len(rows), np.uint64)
        for column, weight in enumerate(self._weights):
            total ^= words[:, column]
            total *= weight
            total ^= total >> np.uint64(29)
        return total

    def _steady(self, key: int, row: np.void) -> tuple[Steady, bool]:
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            steady = self._make(row)
            known = self._known[key] = steady, self._choice.wants(steady)
        return known

    def _make(self, row: np.void) -> Steady:
        tables, family = self._tables, int(row["family"])
        key = RouterKey(tables.segments[int(row["segment"])], family, int(row["vrid"]))
        router = address_text(family, int(row["src_hi"]), int(row["src_lo"]))
        addresses = tables.addresses[int(row["addresses"])]
        secret, auth, flags = tables.secrets[int(row["secret"])], Auth(int(row["auth"])), Flag(int(row["flags"]))
        is_malformed = Flag.MALFORMED in flags
        shown = in_clear(secret) if self._show_secrets else digest(secret)
        values: tuple[Value, ...] = (
            str(key),
            key.segment,
            f"ipv{family}",
            key.vrid,
            router,
            None if row["mac"] == NO_MAC else format_mac(int(row["mac"])),
            int(row["version"]),
            int(row["priority"]),
            None if is_malformed else int(row["interval"]) / _SECOND,
            " ".join(addresses),
            auth.name.lower(),
            shown if auth is Auth.SIMPLE and secret else None,
            Checksum(int(row["checksum"])).name.lower().replace("_", "-"),
            Destination(int(row["destination"])).name.lower(),
            int(row["ttl"]),
            int(row["tos"]),
            int(row["df"]),
            " ".join(str(f.name).lower().replace("_", "-") for f in flags),
        )
        return Steady(key, router, addresses, values, int(row["version"]), int(row["priority"]), is_malformed)


def header() -> str:
    """Return the first line of the CSV."""
    return ",".join(COLUMNS) + "\n"


def _csv(value: Value) -> str:
    """Return one value as CSV has it (RFC 4180)."""
    if value is None:
        return ""
    text = f"{value:.9g}" if isinstance(value, float) else str(value)
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\r\n') else text
