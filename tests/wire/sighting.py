"""What tests of sightings share: frames in, rows out as the oracle would write them, and real frames."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests import frames as build
from tests.wire.oracle import Said
from vrrpscope.capture.files import open_source
from vrrpscope.wire import Decoder, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from vrrpscope.wire import Tables

SAMPLES = Path(__file__).parents[2] / "samples"


def sightings(
    frames: Sequence[bytes],
    *,
    link: int | Sequence[int] = build.ETHERNET,
    wire: Sequence[int] | None = None,
    filler: int = 0xAA,
) -> list[Said | None]:
    """What the decoder says of each frame; None where it says nothing."""
    decoder = Decoder(sightings=True)
    rows = decoder.decode(build.batch(frames, link=link, wire=wire, filler=filler)).sightings
    said: list[Said | None] = [None] * len(frames)
    for row in rows:
        assert said[row["number"] - 1] is None
        said[row["number"] - 1] = as_said(row, decoder.tables)
    return said


def as_said(row: np.void, tables: Tables) -> Said:
    whole = {name: int(row[f"{name}_hi"]) << 64 | int(row[f"{name}_lo"]) for name in ("address", "src", "other")}
    plain = {name: int(row[name]) for name in ("family", "type", "code", "version", "mac", "vrid", "sender")}
    return Said(kind=Kind(int(row["kind"])), segment=tables.segments[row["segment"]], **whole, **plain)


def of(packet: build.Packet) -> Said | None:
    """What the decoder says of one packet in a plain frame."""
    return sightings([build.ethernet(packet)])[0]


@cache
def real_frames(names: str = "*.pcap*") -> list[tuple[bytes, int]]:
    """Different frames of the samples' captures, with their link types; a few of each length and type."""
    found: dict[tuple[int, bytes], list[tuple[bytes, int]]] = {}
    for path in sorted(SAMPLES.glob(f"*/{names}")):
        for frames in open_source(str(path)):
            columns = (frames.start.tolist(), frames.caplen.tolist(), frames.link.tolist())
            for start, size, link in zip(*columns, strict=True):
                frame = frames.data[start : start + size].tobytes()
                alike = found.setdefault((size, frame[14:24]), [])
                if len(alike) < 3:
                    alike.append((frame, link))
    return [one for alike in found.values() for one in alike]
