"""The ways to look at a recorded story, and what its truth and its reports hold."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from io import StringIO
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vrrpscope.analysis import analyze
from vrrpscope.capture.files import open_source, stem
from vrrpscope.report import render

if TYPE_CHECKING:
    from pathlib import Path

TOGETHER: Final = "together"
SECOND: Final = 1_000_000_000

Json = dict[str, Any]


class View(NamedTuple):
    """One way to look at a recorded story: through one capture, or through all of them."""

    directory: Path
    name: str

    def specs(self) -> list[str]:
        files = [self.directory / capture["file"] for capture in self.truth["captures"]]
        if self.name == TOGETHER:
            return [f"{stem(str(path))}={path}" for path in files if not self.wrapped(path)]
        return [str(path) for path in files if stem(str(path)) == self.name]

    def wrapped(self, path: Path) -> bool:
        """Say whether a capture shows the segment from within a tunnel or tag: another segment to a report."""
        return any(c["file"] == path.name and c["wrapped_in"] for c in self.truth["captures"])

    @property
    def truth(self) -> Json:
        return truth(self.directory)

    @property
    def expected(self) -> Json:
        everything: Json = self.truth["expected"]
        found: Json = everything[self.name if self.name in everything else TOGETHER]
        return found

    @property
    def report(self) -> Json:
        return report(self)

    def host_of(self, address: str) -> str:
        hosts: dict[str, list[Json]] = self.truth["hosts"]
        return next(
            name
            for name, links in hosts.items()
            if address in {a.partition("/")[0] for link in links for a in link["addresses"]}
        )


def views(directory: Path) -> list[View]:
    """Return each capture of a recorded story as a view, and all together."""
    captures = truth(directory)["captures"]
    names = [stem(capture["file"]) for capture in captures]
    together = [TOGETHER] * (len([c for c in captures if not c["wrapped_in"]]) > 1)
    return [View(directory, name) for name in (*names, *together)]


@cache
def truth(directory: Path) -> Json:
    found: Json = json.loads((directory / "truth.json").read_text(encoding="utf-8"))
    return found


@cache
def report(view: View) -> Json:
    stream = StringIO()
    render(analyze(*view.specs()), "json", stream)
    document: Json = json.loads(stream.getvalue())
    return document


@cache
def frame_times(path: str) -> dict[int, int]:
    with open_source(path) as source:
        return {
            number: t for frames in source for number, t in zip(frames.number.tolist(), frames.t.tolist(), strict=True)
        }


def nanoseconds(text: str) -> int:
    """Read an RFC 3339 time of any precision."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return round(datetime.fromisoformat(whole + "+00:00").timestamp()) * SECOND + int(fraction.ljust(9, "0"))


def key_of(virtual: Json) -> str:
    """Return the key of a reported virtual router as the truth has it: without its segment."""
    return f"{virtual['family']}/{virtual['vrid']}"


def frames_in(value: object) -> list[Json]:
    """Collect every frame reference, wherever it stands in a report."""
    if isinstance(value, dict):
        if value.keys() == {"capture", "number"}:
            return [value]
        return [frame for inner in value.values() for frame in frames_in(inner)]
    return [frame for inner in value for frame in frames_in(inner)] if isinstance(value, list) else []
