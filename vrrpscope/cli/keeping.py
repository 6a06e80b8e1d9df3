"""`live -w, -b, --keep-evidence`: which frames are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import click

from vrrpscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vrrpscope.live.listener import Listener

_F = TypeVar("_F", bound="Callable[..., object]")


class Kept(NamedTuple):
    """What is to be kept, as the user wrote it."""

    recording: str | None
    rotation: tuple[str, ...]
    evidence: str | None


def keeping(function: _F) -> _F:
    """Give a command the options of `Kept`: recording, rotation, evidence."""
    for option in reversed(
        (
            click.option("-w", "--write", "recording", metavar="FILE", help="Keep all frames: .pcapng or .pcapng.zst."),
            click.option(
                "-b",
                "--rotate",
                "rotation",
                multiple=True,
                metavar="WHAT:VALUE",
                help="Begin a new file: duration:SECONDS, filesize:KB, packets:N; keep only files:N.",
            ),
            click.option(
                "--keep-evidence", "evidence", metavar="DIR", help="Keep the frames around each critical finding here."
            ),
        )
    ):
        function = option(function)
    return function


def keepers(kept: Kept, names: Sequence[str], say: Callable[[str], None]) -> list[Listener]:
    """Return those who keep frames.

    Args:
        kept: what was asked for.
        names: the interfaces, as `Frames.interface` counts them.
        say: called with lines the user should see.

    Raises:
        UsageError: a file or directory that cannot be.
    """
    found: list[Listener] = []
    if kept.recording is not None:
        from vrrpscope.live.recorder import Recorder  # noqa: PLC0415 - only where it is asked for
        from vrrpscope.live.rotation import parse_rotation  # noqa: PLC0415

        found.append(Recorder(kept.recording, names, parse_rotation(kept.rotation), say=say))
    elif kept.rotation:
        raise UsageError("-b: which file? -w FILE names it")
    if kept.evidence is not None:
        from vrrpscope.live.evidence import EvidenceKeeper  # noqa: PLC0415 - likewise

        found.append(EvidenceKeeper(kept.evidence, names, say=say))
    return found
