"""How many lines each pane gets: what it needs where there is room, its share where there is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST: Final = 3
"""Lines of a pane: its title, the names of its columns, and one thing."""


def heights(total: int, wanted: Sequence[int]) -> list[int]:
    """Share out so many lines.

    Args:
        total: how many there are.
        wanted: what each pane could fill, the first to the last from top to bottom; none is below `LEAST`.

    Returns:
        For each its height; they make up the total. Where that is less than `LEAST` for each, the lowest have none.
    """
    given = [LEAST if total >= LEAST * (place + 1) else 0 for place in range(len(wanted))]
    left = total - sum(given)
    while left > 0:
        hungry = [place for place, height in enumerate(given) if 0 < height < wanted[place]]
        if not hungry:
            last = max((place for place, height in enumerate(given) if height), default=0)
            given[last] += left
            break
        for place in hungry[:left]:
            given[place] += 1
        left -= len(hungry[:left])
    return given
