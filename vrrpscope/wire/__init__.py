"""Frames to columns: what is on the wire, as rows of `ADVERT`, `CARP` and `SIGHTING`. Pure, total, vectorised."""

from __future__ import annotations

from vrrpscope.wire.columns import (
    ADVERT,
    CARP,
    NO_MAC,
    SIGHTING,
    Auth,
    Checksum,
    Decoded,
    Destination,
    Flag,
    Kind,
    Tables,
)
from vrrpscope.wire.decoder import Decoder
from vrrpscope.wire.presence import Presence
from vrrpscope.wire.vrrp import Advert

__all__ = [
    "ADVERT",
    "CARP",
    "NO_MAC",
    "SIGHTING",
    "Advert",
    "Auth",
    "Checksum",
    "Decoded",
    "Decoder",
    "Destination",
    "Flag",
    "Kind",
    "Presence",
    "Tables",
]
