"""One palette for everything that is drawn: a router has one colour and one pattern wherever it is shown.

Colours come from Okabe and Ito's set ("Color Universal Design", 2008), which people with any form of colour blindness
can tell apart, darkened on white and lightened on black until each stands out from the ground by 3:1 (WCAG 2.2,
1.4.11). Vermilion is kept for trouble. Colour is never alone: the pattern differs wherever the colour does, and each
mark has a symbol and a word of its own.

The order is that of the reports: virtual routers by key, and in each the routers by priority. So a router's style
depends on who else is there, and never on who spoke first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from vrrpscope.analysis import Analysis, VirtualRouter
    from vrrpscope.timeline.speaker import Speaker


@dataclass(frozen=True, slots=True)
class Pattern:
    """What lies over a colour: drawn anew for a page, named for matplotlib, one character on a screen."""

    name: str
    hatch: str  # matplotlib's `hatch`
    glyph: str


@dataclass(frozen=True, slots=True)
class Style:
    """How one router looks; `pattern` is an index into `PATTERNS`."""

    color_light: str  # on `GROUND_LIGHT`, #rrggbb
    color_dark: str  # on `GROUND_DARK`
    pattern: int


@dataclass(frozen=True, slots=True)
class Mark:
    """How one kind of event or state looks."""

    name: str
    color_light: str
    color_dark: str
    symbol: str


GROUND_LIGHT: Final = "#ffffff"
GROUND_DARK: Final = "#15181c"

PATTERNS: Final = (
    Pattern("solid", "", "█"),
    Pattern("rising", "//", "▞"),
    Pattern("dotted", "..", "▒"),
    Pattern("upright", "||", "▌"),
    Pattern("falling", "\\\\", "▚"),
    Pattern("level", "--", "▀"),
    Pattern("crossed", "xx", "▓"),
    Pattern("squared", "++", "░"),
)

_COLORS: Final = (
    ("#0072b2", "#4aa8e0"),  # blue
    ("#b37a00", "#e69f00"),  # orange
    ("#00805d", "#1fb890"),  # bluish green
    ("#a8578a", "#d98bb8"),  # reddish purple
    ("#3d8cb8", "#8accf0"),  # sky blue
    ("#857600", "#e0d43a"),  # yellow
    ("#5b5b66", "#b9bcc6"),  # black, and what stands for it on black
    ("#7a5230", "#c79a6b"),  # none of theirs: brown, apart from the rest by its lightness
)

SPLIT_BRAIN: Final = Mark("split brain", "#c03a00", "#ff8650", "▲")
MASTERLESS: Final = Mark("nobody is master", "#5b5b66", "#b9bcc6", "○")
MUTE: Final = Mark("master, but silent", "#5b5b66", "#b9bcc6", "▒")
LOST: Final = Mark("adverts lost", "#8a4a6f", "#e0a0c5", "▽")
LATE: Final = Mark("adverts late", "#a05f00", "#f0b840", "◇")
MISSING: Final = Mark("adverts missing", "#5b5b66", "#b9bcc6", "□")
ELECTION: Final = Mark("election", "#1c2126", "#e8eaed", "◆")
CLAIM: Final = Mark("ARP or ND claim", "#00664a", "#43cfa8", "⌂")
PRIORITY: Final = Mark("priority", "#43494f", "#c4c9cf", "↕")

CRITICAL: Final = Mark("critical", "#b42318", "#ff8a7a", "✖")
WARNING: Final = Mark("warning", "#8f5600", "#f0b840", "▲")
INFO: Final = Mark("info", "#4a5159", "#aab1b9", "·")
UNCLEAR: Final = Mark("unclear", "#4a5159", "#aab1b9", "?")
HEALTHY: Final = Mark("healthy", "#00704f", "#3ccfa0", "✔")


def style(number: int) -> Style:
    """Return the style of the router with this number, from 0; 64 of them are all different."""
    light, dark = _COLORS[number % len(_COLORS)]
    return Style(light, dark, (number + number // len(_COLORS)) % len(PATTERNS))


def router_styles(analysis: Analysis) -> dict[str, Style]:
    """Return the style of every router of an analysis, by address."""
    addresses = (s.address for virtual in analysis.virtual_routers for s in by_priority(virtual))
    return {address: style(number) for number, address in enumerate(dict.fromkeys(addresses))}


def by_priority(virtual: VirtualRouter) -> list[Speaker]:
    """Return the routers of a virtual router as reports list them: the highest priority first, then by address."""
    speakers = virtual.router.speakers.values()
    return sorted(speakers, key=lambda s: (-max(p.priority for p in s.profiles), s.profile.rank, s.address))
