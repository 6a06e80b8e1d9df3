"""`--metrics ADDRESS:PORT`: how things stand, for Prometheus.

keepalived-exporter's nouns with the prefix `vrrpscope_`, told from what was seen on the wire instead of by the daemon.
A series is of a virtual router (labels interface, segment, family, vrid) or of one of its routers (label router too).
What can be corrected afterwards, as how long there was no master, is a gauge; a counter never goes back.

The server is bound to the address given and to nothing else, has threads of its own, and reads only what the last tick
left (`standing`): a scrape cannot hold up the capture. Metrics are made anew for each scrape from that.
"""

from __future__ import annotations

import socket
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from vrrpscope import __version__
from vrrpscope.errors import UsageError
from vrrpscope.findings import Severity
from vrrpscope.live.endpoints import Endpoint, endpoint
from vrrpscope.live.standing import BUCKETS, MAX_ROUTERS, MAX_VIRTUAL_ROUTERS, Tally
from vrrpscope.rules import rules_for

try:
    from prometheus_client import CollectorRegistry, make_wsgi_app
    from prometheus_client.core import (
        CounterMetricFamily,
        GaugeMetricFamily,
        HistogramMetricFamily,
        InfoMetricFamily,
    )
    from prometheus_client.registry import Collector
except ImportError as missing:
    raise UsageError("--metrics needs prometheus-client: pip install 'vrrpscope[metrics]'") from missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from prometheus_client.core import Metric

    from vrrpscope.capture.frames import Frames
    from vrrpscope.findings import Finding
    from vrrpscope.live.listener import State
    from vrrpscope.live.standing import RouterRow, Standing, VirtualRow
    from vrrpscope.outcome import Analysis
    from vrrpscope.timeline.events import Event

VIRTUAL: Final = ("interface", "segment", "family", "vrid")
ROUTER: Final = (*VIRTUAL, "router")

_SECOND: Final = 1e9


class Metrics:
    """Serves metrics; a `Listener`.

    Args:
        where: ADDRESS:PORT; port 0 takes any that is free.
        say: called with one line when more is seen than can be listed, from the thread that listens.
        virtual_routers: how many are listed at most.
        routers: of these together.

    Raises:
        UsageError: no such address, or it cannot be listened on.
    """

    def __init__(
        self,
        where: str,
        *,
        say: Callable[[str], None],
        virtual_routers: int = MAX_VIRTUAL_ROUTERS,
        routers: int = MAX_ROUTERS,
    ) -> None:
        asked = endpoint(where, "--metrics")
        self._say = say
        self._is_full = False
        self._tally = Tally(virtual_routers, routers)
        self._page = _Page()
        registry = CollectorRegistry()
        registry.register(self._page)
        family = socket.AF_INET6 if asked.is_ipv6 else socket.AF_INET
        server: type[_Server] = type("Server", (_Server,), {"address_family": family})
        try:
            self._server = make_server(asked.host, asked.port, make_wsgi_app(registry), server, _Handler)
        except OSError as error:
            raise UsageError(f"--metrics {where}: cannot be listened on: {error.strerror}") from error
        self.where = Endpoint(asked.host, self._server.server_port)
        # It looks that often whether it is to end.
        serve = self._server.serve_forever
        self._thread = Thread(target=serve, kwargs={"poll_interval": 0.1}, name="metrics", daemon=True)
        self._thread.start()

    def frames(self, frames: Frames) -> None:
        """Remember on which interface they came."""
        self._tally.note_frames(frames)

    def event(self, event: Event) -> None:
        """Count an election."""
        self._tally.note_event(event)

    def found(self, findings: Sequence[Finding]) -> None:
        """Count new ones."""
        self._tally.note_findings(findings)

    def tick(self, state: State) -> None:
        """Keep how things stand, for the next scrape."""
        standing = self._tally.standing(state)
        self._page.standing = standing
        if any(standing.unlisted) and not self._is_full:
            self._is_full = True
            self._say("metrics list no more routers: there are too many; vrrpscope_unlisted says how many are left out")

    def close(self, analysis: Analysis | None) -> None:  # noqa: ARG002 - a Listener is told; nothing of it is served
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind, without asking the name service what the address is called."""
        TCPServer.server_bind(self)
        host, port = self.socket.getsockname()[:2]
        self.server_name, self.server_port = str(host), int(port)
        self.setup_environ()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: who asked has gone away."""


class _Handler(WSGIRequestHandler):
    timeout = 10  # seconds; who does not ask by then is not waited for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the standard library
        """Log nothing."""


class _Page(Collector):
    """The latest standing, as metrics."""

    def __init__(self) -> None:
        self.standing: Standing | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics; only who is there before the first tick."""
        yield InfoMetricFamily("vrrpscope_build", "This program.", value={"version": __version__})
        standing = self.standing
        if standing is not None:
            yield from _of_the_watch(standing)
            yield from _of_virtual_routers(standing.virtual)
            yield from _takeovers(standing.virtual)
            yield from _of_mastership(standing.routers)
            yield from _of_adverts(standing.routers)


def _of_the_watch(standing: Standing) -> Iterator[Metric]:
    counters = standing.counters
    yield _gauge("watch_timestamp_seconds", "When this was so; it stands still if the watch does.", standing.looked)
    yield _counter("frames_seen", "Frames that the capture filter let through.", counters.seen)
    yield _counter("frames_dropped", "Of these, dropped by the kernel for want of room.", counters.dropped)
    yield _counter("advertisements_decoded", "Adverts among the others.", counters.decoded)
    up = GaugeMetricFamily("vrrpscope_interface_up", "Whether an interface is up.", labels=["interface"])
    for name, is_up in standing.interfaces:
        up.add_metric([name], is_up)
    yield up
    found = CounterMetricFamily("vrrpscope_findings", "Findings, by rule.", labels=["rule", "severity"])
    known = {(rule.name, severity.value): 0 for rule in rules_for(beside=False) for severity in Severity}
    for labels, number in (known | standing.findings).items():
        found.add_metric(labels, number)
    yield found
    unlisted = GaugeMetricFamily("vrrpscope_unlisted", "Seen, and not listed here: too many.", labels=["kind"])
    for kind, number in zip(("virtual routers", "routers"), standing.unlisted, strict=True):
        unlisted.add_metric([kind], number)
    yield unlisted


def _of_virtual_routers(rows: Sequence[VirtualRow]) -> Iterator[Metric]:
    info = InfoMetricFamily("vrrpscope_virtual_router", "A virtual router; its first address.", labels=VIRTUAL)
    masters = _gauges("masters", "Routers that are master now: 1 is healthy.", VIRTUAL)
    split = _gauges("split_brain", "Whether several are master, and not just while one yields.", VIRTUAL)
    masterless = _gauges("masterless", "Whether nobody is master although a backup should have taken over.", VIRTUAL)
    spent = _gauges("mastership_seconds", "How long there was one master, none, or several.", (*VIRTUAL, "masters"))
    elections = _counters("elections", "Elections, by the cause known at the time.", (*VIRTUAL, "cause"))
    omitted = _counters("events_omitted", "Events beyond what is kept; elections among them go uncounted.", VIRTUAL)
    for row in rows:
        info.add_metric(row.labels, {"address": row.address})
        masters.add_metric(row.labels, row.masters)
        split.add_metric(row.labels, row.is_split)
        masterless.add_metric(row.labels, row.is_masterless)
        span = row.availability
        for word, time in (("one", span.mastered), ("none", span.masterless), ("several", span.contested)):
            spent.add_metric((*row.labels, word), time / _SECOND)
        for cause, number in row.elections.items():
            elections.add_metric((*row.labels, cause.value), number)
        omitted.add_metric(row.labels, row.omitted)
    yield from (info, masters, split, masterless, spent, elections, omitted)


def _takeovers(rows: Sequence[VirtualRow]) -> Iterator[Metric]:
    took = HistogramMetricFamily(
        "vrrpscope_takeover_seconds",
        "From the last advert of a master, or its resignation, to the next.",
        labels=VIRTUAL,
    )
    for row in rows:
        buckets, sum_so_far = [], 0
        for bound, number in zip([*map(str, BUCKETS), "+Inf"], row.takeovers.counts, strict=True):
            sum_so_far += number
            buckets.append((bound, sum_so_far))
        took.add_metric(row.labels, buckets, row.takeovers.total)
    yield took


def _of_mastership(rows: Sequence[RouterRow]) -> Iterator[Metric]:
    master = _gauges("master", "Whether a router is master.", ROUTER)
    since = _gauges("master_since_timestamp_seconds", "Since when; only of masters.", ROUTER)
    became = _counters("become_master", "How often it became master.", ROUTER)
    priority = _gauges("priority", "Its priority, the latest above 0.", ROUTER)
    interval = _gauges("advertisement_interval_seconds", "The interval it announces.", ROUTER)
    for row in rows:
        master.add_metric(row.labels, row.since is not None)
        if row.since is not None:
            since.add_metric(row.labels, row.since / _SECOND)
        became.add_metric(row.labels, row.became)
        priority.add_metric(row.labels, row.priority)
        interval.add_metric(row.labels, row.interval / _SECOND)
    yield from (master, since, became, priority, interval)


def _of_adverts(rows: Sequence[RouterRow]) -> Iterator[Metric]:
    received = _counters("advertisements_received", "Adverts seen of it.", ROUTER)
    last = _gauges("last_advertisement_timestamp_seconds", "When the last one was.", ROUTER)
    missed = _counters("advertisements_missed", "That did not come: lost on the way, or not sent.", (*ROUTER, "kind"))
    odd = _counters("advertisements_odd", "Adverts with something odd about them.", (*ROUTER, "what"))
    for row in rows:
        received.add_metric(row.labels, row.adverts)
        last.add_metric(row.labels, row.last / _SECOND)
        for kind, number in row.missed.items():
            missed.add_metric((*row.labels, kind.value), number)
        for flag, number in row.odd.items():
            odd.add_metric((*row.labels, str(flag.name).lower()), number)
    yield from (received, last, missed, odd)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"vrrpscope_{name}", text, value=value)


def _counter(name: str, text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(f"vrrpscope_{name}", text, value=value)


def _gauges(name: str, text: str, labels: Sequence[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"vrrpscope_{name}", text, labels=labels)


def _counters(name: str, text: str, labels: Sequence[str]) -> CounterMetricFamily:
    return CounterMetricFamily(f"vrrpscope_{name}", text, labels=labels)
