"""The stories, by name, in the order in which they are listed."""

from __future__ import annotations

from vrrpscope.lab.stories import (
    addresses,
    deafness,
    failures,
    frr,
    mirrored,
    mismatches,
    strangers,
    tutorial,
    variants,
)

_MODULES = (tutorial, failures, deafness, mismatches, variants, frr, strangers, addresses, mirrored)
STORIES = {story.name: story for module in _MODULES for story in module.STORIES}
