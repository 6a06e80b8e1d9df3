"""Adverts to events: who was master when, who took over and why, and where there were two. Pure; no clock."""

from __future__ import annotations

from vrrpscope.timeline.engine import Engine
from vrrpscope.timeline.events import Event
from vrrpscope.timeline.order import Merger
from vrrpscope.timeline.profile import RouterKey
from vrrpscope.timeline.router import Router

__all__ = ["Engine", "Event", "Merger", "Router", "RouterKey"]
