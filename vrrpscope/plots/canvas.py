"""Paper and pencils: figures without pyplot, axes in UTC, and what all plots do alike.

No global state of matplotlib is read or set, so that a plot looks the same in a script, a notebook and a server. Times
go to matplotlib as days since the epoch (its own unit), which keeps them to about a microsecond.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, overload

import numpy as np
from matplotlib.dates import AutoDateLocator
from matplotlib.figure import Figure
from matplotlib.ticker import Formatter

from vrrpscope.report.escape import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Tick
    from numpy.typing import NDArray

    from vrrpscope.analysis import Analysis, VirtualRouter

DAY: Final = 86_400 * 1_000_000_000
SECOND: Final = 1_000_000_000
WIDTH: Final = 11.0
"""Inches."""
INK: Final = "#1c2126"
FAINT: Final = "#5b6168"
RULE: Final = "#d8dce0"
SMALL: Final = 8.0
TEXT: Final = 9.0
TITLE: Final = 10.5
MONO: Final = "DejaVu Sans Mono"
SANS: Final = "DejaVu Sans"
_LEAST_SPAN: Final = SECOND // 10
_MAX_NAME: Final = 28


class Drawing(Figure):
    """A figure that shows itself in a notebook, whatever backend is chosen there."""

    def settle(self) -> None:
        """Find the place of everything once and for all; matplotlib would find another one at each drawing."""
        for _ in range(2):
            self.draw_without_rendering()
        self.set_layout_engine("none")

    def _repr_png_(self) -> bytes:
        out = io.BytesIO()
        self.savefig(out, format="png", dpi=100)
        return out.getvalue()


def drawing(height: float, width: float = WIDTH) -> Drawing:
    """Return an empty figure of this many inches."""
    return Drawing(figsize=(width, height), dpi=100, layout="constrained", facecolor="white")


def axes(ax: Axes | None, height: float) -> Axes:
    """Return the axes to draw on: those that were given, or those of a new figure of this height in inches."""
    if ax is None:
        ax = drawing(height).subplots()
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(RULE)
    ax.tick_params(colors=FAINT, labelcolor=INK, labelsize=SMALL, labelfontfamily=SANS)
    ax.set_facecolor("white")
    return ax


def title(ax: Axes, text: str, remark: str = "") -> None:
    """Write what the plot shows above it, and what must be known of it below, behind the axis' own label."""
    ax.set_title(text, loc="left", fontsize=TITLE, fontweight="bold", color=INK, fontfamily=SANS, pad=7)
    if remark:
        label = ax.get_xlabel()
        ax.set_xlabel(f"{label}   ·   {remark}" if label else remark, fontsize=SMALL, color=FAINT, fontfamily=SANS)


def legend(ax: Axes, handles: Sequence[Artist], *, left: float | None = None) -> None:
    """Explain colours and marks, on the line of the title at the right, or from `left` on (part of the width)."""
    if handles:
        ax.legend(
            handles=list(handles),
            loc="lower right" if left is None else "lower left",
            bbox_to_anchor=(1 if left is None else left, 1),
            ncols=max(len(handles), 1),
            frameon=False,
            fontsize=SMALL,
            handlelength=1.6,
            handleheight=1.0,
            columnspacing=1.4,
            borderaxespad=0.2,
        )


def nothing(ax: Axes, text: str) -> Axes:
    """Say in place of a plot that there is nothing to draw, and why."""
    ax.set_axis_off()
    ax.text(0.5, 0.5, text, ha="center", va="center", fontsize=TEXT, color=FAINT, transform=ax.transAxes, wrap=True)
    return ax


@overload
def days(t: int) -> float: ...


@overload
def days(t: NDArray[np.int64]) -> NDArray[np.float64]: ...


def days(t: int | NDArray[np.int64]) -> float | NDArray[np.float64]:
    """Return times as matplotlib counts them. Nanoseconds since the epoch come in."""
    if isinstance(t, int):
        return t // DAY + (t % DAY) / DAY
    return np.asarray(t // DAY + (t % DAY) / DAY, np.float64)


def time_axis(ax: Axes, start: int, end: int, *, label: bool = True) -> None:
    """Make the horizontal axis UTC from `start` to `end`, nanoseconds since the epoch."""
    low, high = window(start, end)
    ax.set_xlim(days(low), days(high))
    locator = AutoDateLocator(tz=UTC, minticks=4, maxticks=8)  # type: ignore[no-untyped-call]  # its stubs are missing
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(_Clock())
    ax.grid(visible=True, axis="x", color=RULE, linewidth=0.6)
    ax.set_axisbelow(True)
    if label:
        first, last = _moment(days(start)), _moment(days(end))
        until = "" if first.date() == last.date() else f" to {last:%Y-%m-%d}"
        ax.set_xlabel(f"{first:%Y-%m-%d}{until}, UTC", fontsize=SMALL, color=FAINT, fontfamily=SANS)


def window(start: int, end: int) -> tuple[int, int]:
    """Return a time with a little room on both sides; never so short that a clock could not tell its ends apart."""
    room = max((end - start) // 100, (_LEAST_SPAN - (end - start)) // 2, 0)
    return start - room, end + room


class _Clock(Formatter):
    """Times of day, as exact as the ticks are close; the date where a day begins."""

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """Return the label of each tick."""
        step = min(np.diff(values), default=1.0) * 86_400
        moments = [_moment(value) for value in values]
        if step > 86_000:
            return [f"{m:%m-%d}" for m in moments]
        if step > 59:
            return [f"{m:%m-%d}\n00:00" if m.hour == m.minute == 0 else f"{m:%H:%M}" for m in moments]
        decimals = 0 if step > 0.99 else int(np.ceil(-np.log10(max(step, 1e-6)) - 1e-6))
        return [f"{m:%H:%M:%S.%f}"[: 8 + (decimals + 1 if decimals else 0)] for m in moments]

    def __call__(self, x: float, pos: Tick | int | None = None) -> str:
        """Return a time as the cursor shows it."""
        del pos
        return f"{_moment(x):%H:%M:%S.%f}"[:-3]


def _moment(day: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=round(day * 86_400_000_000))


def name(virtual: VirtualRouter) -> str:
    """Return what to call a virtual router: `VRID 50 · 10.0.0.3`, with its segment where it has one."""
    key = virtual.router.key
    place = f" · {plain(key.segment)}" if key.segment else ""
    more = len(virtual.addresses) - 1
    addresses = f" · {short(virtual.addresses[0])}{f' +{more}' if more else ''}" if virtual.addresses else ""
    return f"VRID {key.vrid}{' IPv6' if key.family == 6 else ''}{place}{addresses}"


def plain(text: str) -> str:
    """Return captured text as it may be drawn: nothing unprintable, and no dollar that would begin a formula."""
    return printable(text).replace("$", r"\$")


def short(text: str) -> str:
    """Return a name or address without its middle, if it is long, as it may be drawn."""
    return plain(text if len(text) <= _MAX_NAME else f"{text[: _MAX_NAME // 2]}…{text[-_MAX_NAME // 2 + 1 :]}")


def chosen(analysis: Analysis, most: int) -> tuple[list[VirtualRouter], str]:
    """Return the virtual routers there is room for, in the order of the analysis, and what to say of the others.

    Those with findings go first, the worst of them before all.
    """
    everyone = analysis.virtual_routers
    if len(everyone) <= most:
        return list(everyone), ""
    rank: dict[str | None, int] = {}
    for finding in analysis.findings:
        rank.setdefault(finding.virtual_router, finding.severity.rank)
    order = sorted(range(len(everyone)), key=lambda n: (rank.get(everyone[n].key, 9), n))
    shown = sorted(order[:most])
    return [everyone[n] for n in shown], f"the {most} of {len(everyone)} virtual routers with the worst findings"
