"""The screen put up without a terminal: keys go in, what stands on it comes out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from vrrpscope.live.screen.app import App
from vrrpscope.live.screen.feed import Feed
from vrrpscope.live.screen.pane import Pane

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.pilot import Pilot

    from vrrpscope.live.listener import State

    Act = Callable[[Pilot[None]], Awaitable[None]]

MANY = "\n".join(
    ["A is p150", "B is p100", *(f"every 1s from 0 to 20: A vrid={v} vips=10.0.{v}.3" for v in range(1, 41))]
)
SMALL, LARGE = (80, 24), (120, 40)


def app(state: State, *, color: bool | None = True, words: str = "") -> App:
    feed = Feed()
    feed.tick(state)
    return App(feed, source="eth0", words=words, color=color)


def drive(shown: App, act: Act, size: tuple[int, int] = SMALL) -> None:
    async def run() -> None:
        async with shown.run_test(size=size) as pilot:
            await pilot.pause()
            await act(pilot)

    asyncio.run(run())


def feed_of(pilot: Pilot[None]) -> Feed:
    return cast("App", pilot.app)._feed  # noqa: SLF001 - the watch's side of the screen


async def tick(pilot: Pilot[None], state: State) -> None:
    """Tell the screen of a state and let it draw."""
    feed_of(pilot).tick(state)
    cast("App", pilot.app).poll()
    await pilot.pause()


def lines(pilot: Pilot[None]) -> list[str]:
    """What stands on the screen."""
    width = pilot.app.size.width
    strips = pilot.app.screen._compositor.render_strips()  # noqa: SLF001 - there is no other way to read a screen
    return ["".join(segment.text for segment in strip)[:width].rstrip() for strip in strips]


def text(pilot: Pilot[None]) -> str:
    return "\n".join(lines(pilot))


def pane(pilot: Pilot[None], name: str) -> Pane:
    return pilot.app.screen_stack[0].query_one(f"#{name}", Pane)
