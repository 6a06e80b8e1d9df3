"""What Prometheus is told: scraped as it would, and checked by its own tool."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.frames import batch
from tests.live.watched import ETH0, finding, idle, watch
from vrrpscope.capture.frames import CaptureInfo
from vrrpscope.errors import UsageError
from vrrpscope.live.arrivals import REMEMBERED, Arrivals
from vrrpscope.live.endpoints import endpoint
from vrrpscope.live.metrics import Metrics
from vrrpscope.live.standing import Tally
from vrrpscope.timeline.events import Election

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.live.listener import State
    from vrrpscope.timeline.events import Event

FIREWALL: Final = "firewall-split-brain/lb01.pcap"
VIRTUAL: Final = {"interface": "eth0", "segment": "", "family": "ipv4"}

Page = dict[tuple[str, frozenset[tuple[str, str]]], float]


@contextmanager
def serving(where: str = "127.0.0.1:0", **limits: int) -> Iterator[tuple[Metrics, list[str]]]:
    said: list[str] = []
    metrics = Metrics(where, say=said.append, **limits)
    try:
        yield metrics, said
    finally:
        metrics.close(None)


def text(metrics: Metrics, accept: str = "text/plain") -> str:
    request = urllib.request.Request(f"http://{metrics.where}/metrics", headers={"Accept": accept})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return str(answer.read().decode())


def scrape(metrics: Metrics) -> Page:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text(metrics))
        for sample in family.samples
    }


def values(page: Page, name: str, **labels: str) -> dict[str, float]:
    """Return the values of a metric by the labels that are left open."""
    wanted = labels.items()
    return {
        " ".join(value for _, value in sorted(found - set(wanted) - set(VIRTUAL.items()))): value
        for (known, found), value in page.items()
        if known == f"vrrpscope_{name}" and set(wanted) <= found
    }


class Scraped:
    """Metrics that are scraped after each tick; and what was told beside."""

    def __init__(self, metrics: Metrics, name: str = "eth0") -> None:
        self._name = name
        self.pages: list[Page] = []
        self.events: list[Event] = []
        self._metrics = metrics
        self.frames, self.found, self.close = metrics.frames, metrics.found, metrics.close

    def event(self, event: Event) -> None:
        self.events.append(event)
        self._metrics.event(event)

    def tick(self, state: State) -> None:
        self._metrics.tick(state._replace(info=CaptureInfo(self._name, "")))
        self.pages.append(scrape(self._metrics))


def test_a_split_brain_is_seen_while_it_lasts() -> None:
    with serving() as (metrics, said):
        scraped = Scraped(metrics)
        watch(FIREWALL, scraped)
    seen = [values(page, "split_brain").get("50", 0) for page in scraped.pages]
    assert 1 in seen
    assert seen[-1] == 0
    assert not said


def test_each_router_has_its_series() -> None:
    with serving() as (metrics, _):
        found = watch("failover/lb01.pcap", metrics)
        page = scrape(metrics)
    masters = values(page, "master", vrid="50")
    assert set(masters) == {"10.0.0.5", "10.0.0.6"}
    assert sum(masters.values()) == values(page, "masters")["50"]
    assert values(page, "priority", vrid="50") == {"10.0.0.5": 150, "10.0.0.6": 100}
    since = values(page, "master_since_timestamp_seconds", vrid="50")
    assert set(since) == {router for router, value in masters.items() if value}
    last = values(page, "last_advertisement_timestamp_seconds", vrid="50")
    assert all(last[router] >= since[router] for router in since)
    counted = values(page, "findings_total")
    assert sum(counted.values()) == len({each.key for each in found})


def test_elections_are_counted_by_cause_and_takeovers_measured() -> None:
    with serving() as (metrics, _):
        watch(FIREWALL, metrics)
        page = scrape(metrics)
    causes = {name.split()[0]: value for name, value in values(page, "elections_total").items() if value}
    assert causes["deaf"] == causes["initial"] == 1
    assert values(page, "takeover_seconds_count")["50"] >= 1
    assert values(page, "takeover_seconds_bucket", le="3.5")["50"] == 0
    assert values(page, "takeover_seconds_bucket", le="4.0")["50"] >= 1
    assert sum(values(page, "become_master_total").values()) == sum(causes.values())


def test_nobody_is_master_when_all_have_fallen_silent() -> None:
    with serving() as (metrics, _):
        watch("failover/lb01.pcap", metrics, after=30)
        page = scrape(metrics)
    assert values(page, "masterless") == {"50": 1}
    assert values(page, "masters") == {"50": 0}
    assert not values(page, "master_since_timestamp_seconds")


def test_no_counter_goes_back() -> None:
    with serving() as (metrics, _):
        scraped = Scraped(metrics)
        watch("paused-master/lb01.pcap", scraped, step=9)
    assert len(scraped.pages) > 3
    for before, after in pairwise(scraped.pages):
        assert all(after[key] >= value for key, value in before.items() if key[0].endswith("_total"))


def test_an_election_told_again_is_counted_once() -> None:
    with serving() as (metrics, _):
        scraped = Scraped(metrics)
        watch("paused-master/lb01.pcap", scraped)
    told = [(event.seen, event.router) for event in scraped.events if isinstance(event, Election)]
    assert len(told) > len(set(told))
    assert sum(values(scraped.pages[-1], "elections_total").values()) == len(set(told))


def test_more_routers_than_can_be_listed_are_said_once_and_counted() -> None:
    with serving(virtual_routers=1, routers=1) as (metrics, said):
        watch("two-instances/lb01.pcap", metrics)
        page = scrape(metrics)
    assert len(values(page, "masters")) == 1
    assert len(values(page, "priority")) == 1
    assert values(page, "unlisted", kind="virtual routers") == {"": 1}
    assert len(said) == 1


def test_what_is_listed_stays_listed() -> None:
    with serving(virtual_routers=1) as (metrics, _):
        scraped = Scraped(metrics)
        watch("two-instances/lb01.pcap", scraped, step=40)
    assert len({name for page in scraped.pages for name in values(page, "masters")}) == 1


def test_of_several_interfaces_the_one_is_named_on_which_a_router_was_heard() -> None:
    arrivals = Arrivals()
    frames = batch([b"\0" * 60] * 3)
    arrivals.note(frames._replace(number=np.array([7, 8, 9]), interface=np.array([1, 0, 1], np.uint16)))
    both = ["eth0", "eth1"]
    assert [arrivals.interface(number, both) for number in range(6, 11)] == ["", "eth1", "eth0", "eth1", ""]
    assert arrivals.interface(6, ["eth0"]) == "eth0"


def test_interfaces_of_long_ago_are_forgotten() -> None:
    arrivals = Arrivals()
    frames = batch([b"\0" * 60])
    for start in range(0, 200_000, 10_000):
        numbers = np.arange(start, start + 10_000)
        arrivals.note(frames._replace(number=numbers, interface=np.ones(10_000, np.uint16)))
    assert len(arrivals) <= REMEMBERED
    assert arrivals.interface(199_999, ["a", "b"]) == "b"
    assert not arrivals.interface(1, ["a", "b"])


def test_two_interfaces_give_each_router_its_own() -> None:
    with serving() as (metrics, _):
        watch(FIREWALL, metrics, (("eth0", True), ("eth1", True)))
        page = scrape(metrics)
    assert {dict(labels)["interface"] for (name, labels) in page if name == "vrrpscope_priority"} == {"eth0"}


def test_findings_are_counted_once_however_often_they_are_told() -> None:
    with serving() as (metrics, _):
        metrics.found([finding(1), finding(2)])
        metrics.found([finding(1, end=2)])
        metrics.tick(idle())
        page = scrape(metrics)
    assert values(page, "findings_total", rule="split-brain") == {"critical": 2, "warning": 0, "info": 0}


def test_before_the_first_tick_it_says_who_is_there() -> None:
    with serving() as (metrics, _):
        assert [name for name, _ in scrape(metrics)] == ["vrrpscope_build_info"]


def test_the_watch_itself_is_measured() -> None:
    with serving() as (metrics, _):
        watch(FIREWALL, metrics, (("eth0", True), ("eth1", False)))
        page = scrape(metrics)
    assert {name: page["vrrpscope_interface_up", frozenset({("interface", name)})] for name in ("eth0", "eth1")} == {
        "eth0": 1,
        "eth1": 0,
    }
    assert values(page, "frames_dropped_total") == {"": 2}
    assert values(page, "frames_seen_total")[""] == values(page, "advertisements_decoded_total")[""] + 1


@pytest.mark.parametrize(("name", "interfaces"), [("any", (("lo", True), ("eth0", True))), ("-", ())])
def test_where_interfaces_are_not_told_apart_all_is_one(name: str, interfaces: tuple[tuple[str, bool], ...]) -> None:
    tally = Tally()
    standing = tally.standing(idle()._replace(info=CaptureInfo(name, name), interfaces=interfaces))
    assert standing.interfaces == ()
    with serving() as (metrics, _):
        scraped = Scraped(metrics, name)
        watch(FIREWALL, scraped, interfaces)
    named = {dict(labels).get("interface", name) for page in scraped.pages for _, labels in page}
    assert named == {name}


def test_the_watch_gets_on_by_this_hosts_clock() -> None:
    before = int(time.time())
    with serving() as (metrics, _):
        metrics.tick(idle())
        page = scrape(metrics)
    assert before <= values(page, "watch_timestamp_seconds")[""] <= time.time()


def test_it_listens_on_an_ipv6_address() -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with serving("[::1]:0") as (metrics, _):
        assert str(metrics.where).startswith("[::1]:")
        assert "vrrpscope_build_info" in text(metrics)


def test_a_port_that_is_taken_is_one_line() -> None:
    with serving() as (metrics, _), pytest.raises(UsageError, match="cannot be listened on: Address already in use"):
        Metrics(str(metrics.where), say=print)


def test_after_its_end_the_port_is_free() -> None:
    with serving() as (metrics, _):
        where = str(metrics.where)
    with serving(where) as (again, _):
        assert str(again.where) == where


@pytest.mark.parametrize(
    "where", ["9112", ":9112", "localhost:9112", "127.0.0.1", "127.0.0.1:70000", "::1:9112", "[127.0.0.1]:1", "[::1]:x"]
)
def test_what_is_no_address_and_port_is_refused(where: str) -> None:
    with pytest.raises(UsageError, match="is not ADDRESS:PORT"):
        Metrics(where, say=print)


def test_an_address_is_written_canonically() -> None:
    assert str(endpoint("[0::0:1]:9112", "--metrics")) == "[::1]:9112"


def test_without_the_library_one_line_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['prometheus_client'] = None\n"
        "from vrrpscope.errors import UsageError\n"
        "try:\n    import vrrpscope.live.metrics\n"
        "except UsageError as error:\n    print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "--metrics needs prometheus-client: pip install 'vrrpscope[metrics]'\n"


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (package prometheus) is not installed")
def test_promtool_has_nothing_to_say_against_it() -> None:
    with serving() as (metrics, _):
        watch(FIREWALL, metrics, ETH0)
        page = text(metrics)
    checked = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_openmetrics_is_spoken_to_who_asks_for_it() -> None:
    with serving() as (metrics, _):
        watch(FIREWALL, metrics)
        page = text(metrics, "application/openmetrics-text; version=1.0.0")
    assert page.endswith("# EOF\n")
