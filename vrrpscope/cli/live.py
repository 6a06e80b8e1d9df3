"""`vrrpscope live`: the engine of `analyze` on running interfaces, told as it happens."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from vrrpscope.cli.beside import config_option, paths_of, read_beside
from vrrpscope.cli.common import Choice, fail_option, fails, output_option, say, secrets_option, warn, width_of
from vrrpscope.cli.keeping import Kept, keepers, keeping
from vrrpscope.cli.keys import key_option
from vrrpscope.cli.output import output
from vrrpscope.cli.telling import Others, listeners, telling
from vrrpscope.errors import PrivilegeError, UsageError
from vrrpscope.report import Options, render
from vrrpscope.report.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from vrrpscope.live.listener import Listener
    from vrrpscope.live.screen import Screen
    from vrrpscope.live.watch import Source, Watch
    from vrrpscope.outcome import Analysis
    from vrrpscope.timeline.events import Event
    from vrrpscope.timeline.profile import RouterKey

_HELP = """Watch VRRP on running interfaces and tell what happens.

A screen on a terminal; in a pipe one line for each event and each finding, as soon as it is known.

\b
vrrpscope live -i eth0
vrrpscope live -i any --format ndjson | jq -r .text
ssh HOST sudo tcpdump -U -w - 'ip proto 112 or arp' | vrrpscope live -r -

\b
Ctrl-C ends it: the report goes to -o, counters to standard error.
Exit codes: as of analyze; 4 is no privilege.
"""
_REPORTS = {".json": "json", ".html": "html", ".htm": "html"}


@click.command("live", help=_HELP)
@click.option(
    "-i", "--interface", "interfaces", multiple=True, metavar="NAME", help="Capture here (repeatable), or any."
)
@click.option("-r", "--read", "pipe", metavar="-", help="Take frames from a pipe instead, - is standard input.")
@click.option(
    "-f", "--filter", "narrow", metavar="EXPR", help="Only frames that satisfy this too (tcpdump's language)."
)
@click.option("--promiscuous", is_flag=True, help="Take also what is meant for other hosts.")
@click.option("-c", "--count", "most", type=click.IntRange(1), metavar="N", help="End after so many frames.")
@click.option("--duration", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="End after so long.")
@click.option("-Z", "--user", metavar="USER", help="Go on as this user once the capture is open.")
@click.option("--vrid", "vrids", type=click.IntRange(0, 255), multiple=True, help="Only this VRID (repeatable).")
@click.option("--segment", "segments", multiple=True, help='Only this segment: vlan100, vni77, "" for untagged.')
@config_option
@key_option
@click.option("--format", "form", type=click.Choice(["text", "ndjson"]), help="Lines, also on a terminal.")
@output_option
@fail_option
@secrets_option
@keeping
@telling
def command(
    *,
    interfaces: tuple[str, ...],
    pipe: str | None,
    narrow: str | None,
    promiscuous: bool,
    most: int | None,
    duration: float | None,
    user: str | None,
    vrids: tuple[int, ...],
    segments: tuple[str, ...],
    configurations: tuple[str, ...],
    keys: tuple[bytes, ...],
    form: str | None,
    path: str | None,
    fail_on: str,
    show_secrets: bool,
    **wanted: Any,
) -> int:
    """Open, watch, report."""
    from vrrpscope.live.watch import Watch  # noqa: PLC0415 - what is used up to here opens nothing
    from vrrpscope.session import Session  # noqa: PLC0415

    if bool(interfaces) == bool(pipe):
        raise UsageError("where from? -i NAME (vrrpscope interfaces lists them), or -r - for a pipe")
    kept = Kept(**{name: wanted.pop(name) for name in Kept._fields})
    beside = read_beside(configurations)
    source = _open(interfaces, pipe, narrow, promiscuous=promiscuous)
    if user is not None:
        from vrrpscope.live.privileges import drop  # noqa: PLC0415 - only where it is asked for

        drop(user)
    events: list[Event] = []
    session = Session(beside=beside, keys=keys, show_secrets=show_secrets, window=source.window, told=events.append)
    choice = Choice(vrids, (), (), segments)
    screen = _screen(source, choice) if form is None else None
    complain = say if screen is None else screen.complain
    shown = _lines(form or "text", choice) if screen is None else screen.listener
    others = keepers(kept, source.names, complain) + _told(Others(**wanted), complain, show_secrets=show_secrets)
    watch = Watch(source, session, [shown, *others], events=events, most=most, duration=duration, complain=complain)
    if screen is None:
        with output():
            analysis = watch.run()
    else:
        analysis = screen.run(watch.run, watch.stop)
        for complaint in screen.complaints:
            say(complaint)
    analysis = choice.of(analysis)
    _report(analysis, watch, path, [] if beside is None else paths_of(beside))
    return fails(analysis.verdict, fail_on)


def _open(interfaces: tuple[str, ...], pipe: str | None, narrow: str | None, *, promiscuous: bool) -> Source:
    """Return where frames come from."""
    if pipe is not None:
        if narrow is not None or promiscuous:
            raise UsageError("-r: who captures filters there; -f and --promiscuous go with -i")
        from vrrpscope.live.stream import StreamSource  # noqa: PLC0415 - one of both

        return StreamSource(pipe)
    if not sys.platform.startswith("linux"):
        from vrrpscope.capture.sniffer import SniffSource  # noqa: PLC0415 - likewise

        return SniffSource(interfaces, narrow=narrow, promiscuous=promiscuous)
    from vrrpscope.capture.live import LiveSource  # noqa: PLC0415 - likewise

    try:
        return LiveSource(interfaces, narrow=narrow, promiscuous=promiscuous)
    except PrivilegeError as error:
        from vrrpscope.live.privileges import advice  # noqa: PLC0415 - likewise

        raise PrivilegeError(f"{error}; {advice(sys.argv, interfaces[0])}") from error


def _screen(source: Source, choice: Choice) -> Screen | None:
    """Return a screen, where one can be drawn."""
    from vrrpscope.live.screen import Screen, suits  # noqa: PLC0415 - only where no lines are asked for

    if not suits(sys.stdin, sys.stdout, os.environ):
        return None
    words = [f"/{choice.vrids[0]}"] if len(choice.vrids) == 1 else []
    words += [segment for segment in choice.segments[:1] if segment]
    try:
        return Screen(source="+".join(source.names), words=" ".join(words))
    except UsageError as error:  # it is not installed: lines will do
        say(str(error))
        return None


def _told(others: Others, say: Callable[[str], None], *, show_secrets: bool) -> list[Listener]:
    try:
        return listeners(others, say, show_secrets=show_secrets)
    except ImportError as error:
        raise UsageError(f"--metrics needs {error.name}: pip install 'vrrpscope[metrics]'") from error


def _lines(form: str, choice: Choice) -> Listener:
    from vrrpscope.live.lines import Lines  # noqa: PLC0415 - one of several ways to show it

    def wanted(key: RouterKey) -> bool:
        return (not choice.vrids or key.vrid in choice.vrids) and (
            not choice.segments or key.segment in choice.segments
        )

    return Lines(sys.stdout, form, wanted if choice.vrids or choice.segments else None)


def _report(analysis: Analysis, watch: Watch, path: str | None, inputs: list[str]) -> None:
    """Write the report, if it is wanted, and on standard error what it comes to."""
    if path is not None:
        form = next((form for end, form in _REPORTS.items() if path.endswith(end)), "text")
        with output(path, inputs=inputs) as stream:
            render(analysis, form, stream, Options(width=width_of(stream)))
    for capture in analysis.captures:
        warn(capture.info)
    say(verdict(analysis))
    seen, decoded, dropped = watch.last
    say(f"{seen:,} frames seen, {decoded:,} adverts decoded, {dropped:,} frames dropped")
