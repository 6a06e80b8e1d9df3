"""vrrpscope: who was VRRP master when, where two routers were, and why, from a packet capture."""

from __future__ import annotations

__version__ = "0.1.0"
