"""Frames to columns: what is on the wire, as rows of `ADVERT` and `CARP`. Pure, total, vectorised."""

from __future__ import annotations

from vrrpscope.wire.columns import (
    ADVERT,
    CARP,
    NO_MAC,
    Auth,
    Checksum,
    Decoded,
    Destination,
    Flag,
    Tables,
)
from vrrpscope.wire.decoder import Decoder
from vrrpscope.wire.vrrp import Advert

__all__ = [
    "ADVERT",
    "CARP",
    "NO_MAC",
    "Advert",
    "Auth",
    "Checksum",
    "Decoded",
    "Decoder",
    "Destination",
    "Flag",
    "Tables",
]
