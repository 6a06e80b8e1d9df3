"""Questions that an `Analysis` answers: who was master then, what is there. Pure; how it is told is `report`'s."""

from __future__ import annotations
