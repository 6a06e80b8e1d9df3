"""How well causes are found: what each story staged, against what its report names, with more and less to go by.

    python -m tests.lab.causes DIRECTORY...      each as `vrrpscope lab run STORY -o DIRECTORY/STORY` leaves it

A staged cause is *first* if a finding names it as its cause, *possible* if one names it among what looks alike, else
*missed*. It is *hidden* from a view that a story says cannot show it (`Told.hidden`): an advert lost on the way to one
host leaves no trace at the other. The *headline* is right if the finding that stands first, where one alarms, names a
staged cause. Reports are made from one capture, from both, and with configurations and logs.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.views import TOGETHER, View, views
from vrrpscope.analysis import Analysis, analyze
from vrrpscope.cli.beside import read_beside
from vrrpscope.lab.stories import STORIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vrrpscope.findings import Finding
    from vrrpscope.lab.story import Told

WAYS: Final = ("one capture", "all captures", "with configurations", "with logs", "with both")


class Found(NamedTuple):
    """What one report says of one staged cause."""

    story: str
    view: str
    way: str
    cause: str
    said: str  # first, possible, missed, hidden
    headline: bool | None  # None where nothing alarms


def found(name: str, directory: Path) -> Iterator[Found]:
    """Yield what reports of one recorded story say of what was staged in it."""
    story = STORIES[name]
    for view in views(directory):
        told = story.told_at.get(view.name, story.told)
        wrapped = [c for c in view.truth["captures"] if c["wrapped_in"]]
        for way in WAYS[:1] if view.name != TOGETHER and not wrapped else WAYS[1:]:
            findings = _findings(view, way)
            headline = findings[0].cause in story.staged if findings and findings[0].severity.rank < 2 else None
            for cause in story.staged:
                yield Found(story.name, view.name, way, cause, said(cause, findings, told), headline)


def said(cause: str, findings: Iterable[Finding], told: Told | None) -> str:
    """Return how a report names a cause."""
    findings = list(findings)
    if any(finding.cause == cause for finding in findings):
        return "first"
    if any(cause in finding.also_possible for finding in findings):
        return "possible"
    return "hidden" if told is not None and cause in told.hidden else "missed"


def summary(results: Iterable[Found]) -> Iterator[str]:
    """Yield the lines of a table: shares for each way to look."""
    results = list(results)
    yield f"{'':<20} {'causes':>7} {'first':>8} {'possible':>9} {'missed':>7} {'hidden':>7} {'headline':>9}"
    for way in WAYS:
        tally = Counter(each.said for each in results if each.way == way)
        visible = tally["first"] + tally["possible"] + tally["missed"]
        if visible:
            named = tally["first"] + tally["possible"]
            headlines = {
                (each.story, each.view): each.headline
                for each in results
                if each.way == way and each.headline is not None
            }
            right = f"{sum(headlines.values()) / len(headlines):.1%}" if headlines else "-"
            yield (
                f"{way:<20} {visible:>7} {tally['first'] / visible:>8.1%} {named / visible:>9.1%} "
                f"{tally['missed']:>7} {tally['hidden']:>7} {right:>9}"
            )


def laid(directory: Path) -> Iterator[str]:
    """Yield what is wrong with how the logs of one recorded story are laid over its captures, all together."""
    for view in views(directory):
        if view.name == TOGETHER:
            analysis = _analysis(view, "with logs")
            masters = {mastership["host"] for mastership in view.truth["mastership"]}
            for overlay in analysis.testimony.overlays:
                links = view.truth["hosts"][overlay.host]
                own = {address.partition("/")[0] for link in links for address in link["addresses"]}
                wrong = set(overlay.routers) - own  # two hosts may share an address
                if wrong or (not overlay.routers and overlay.log.instances and overlay.host in masters):
                    yield f"log of {overlay.host}: taken for that of {wrong or 'nobody'}"
                yield from (f"log of {overlay.host}: {each}" for each in overlay.contradictions)


def _findings(view: View, way: str) -> tuple[Finding, ...]:
    return _analysis(view, way).findings


def _analysis(view: View, way: str) -> Analysis:
    members = {host for virtual in view.truth["virtual_routers"] for host in virtual["members"]}
    configurations = [f"{host}={path}" for host in sorted(members) if (path := _keepalived(view.directory / host))]
    logs = [f"{host}={path}" for host in sorted(members) if (path := view.directory / f"{host}.log").exists()]
    beside = read_beside(
        configurations if way in {"with configurations", "with both"} else (),
        logs if way in {"with logs", "with both"} else (),
        view.specs(),
    )
    return analyze(*view.specs(), beside=beside)


def _keepalived(host: Path) -> Path | None:
    """Return a host's configuration, if it is keepalived's."""
    path = host.with_name(f"{host.name}.conf")
    return path if path.exists() and "vrrp_instance" in path.read_text(encoding="utf-8") else None


def main(arguments: list[str]) -> None:
    """Print what is not named first, and the table."""
    results = [
        each
        for argument in arguments
        for directory in sorted(Path(argument).iterdir())
        if directory.name in STORIES
        for each in found(directory.name, directory)
    ]
    lines = [
        f"{each.story:<26} {each.view:<10} {each.way:<20} {each.cause:<20} {each.said}"
        for each in results
        if each.said != "first"
    ]
    sys.stdout.writelines(line + "\n" for line in (*lines, *summary(results)))


if __name__ == "__main__":
    main(sys.argv[1:])
