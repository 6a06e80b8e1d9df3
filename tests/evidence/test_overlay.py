"""Whose log it is, when its lines were written, and where it and the captures disagree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import vrrpscope
from tests import trace as traces
from tests.evidence.logs import BACKUP, FAILOVER, INIT, MASTER, OF_A, OF_B, STARTED, laid, log_of, own
from tests.rules.laying import routers
from vrrpscope.evidence.keepalived_log import read
from vrrpscope.evidence.log_owner import instances_of
from vrrpscope.evidence.overlay import lay
from vrrpscope.evidence.quotes import Span
from vrrpscope.evidence.said import Kind, masked
from vrrpscope.evidence.testimony import Beside
from vrrpscope.timeline.profile import RouterKey
from vrrpscope.timeline.timers import SECOND

if TYPE_CHECKING:
    from vrrpscope.evidence.said import Log

SAMPLES: Final = Path(__file__).parents[2] / "samples"
KEY: Final = RouterKey("", 4, 51)
A, B = traces.address("A", 4), traces.address("B", 4)


def nameless(*said: tuple[float, str]) -> tuple[tuple[float, str], ...]:
    """The same log without --log-detail."""
    return tuple(each for each in said if "Assigned" not in each[1])


def test_a_log_that_names_its_address_is_that_routers() -> None:
    one, other = laid(FAILOVER, log_of("x", *OF_A), log_of("y", *OF_B))
    assert (one.router, other.router) == (A, B)
    assert one.is_placed
    assert one.instances == other.instances == {"VI_51": KEY}
    assert one.contradictions == other.contradictions == ()


def test_a_log_that_names_no_address_is_that_of_the_router_that_took_over_when_it_says_so() -> None:
    one, other = laid(FAILOVER, log_of("x", *nameless(*OF_A)), log_of("y", *nameless(*OF_B)))
    assert (one.router, other.router) == (A, B)


def test_a_log_that_fits_several_routers_alike_is_nobodys() -> None:
    (overlay,) = laid(FAILOVER, log_of("lb01", (-9.0, INIT)))
    assert not overlay.is_known
    assert not overlay.is_placed
    assert not list(overlay.told)
    assert not list(overlay.quotes(KEY, Span(0, None), list(Kind)))


def test_a_capture_of_the_same_name_tells_whose_log_it_is() -> None:
    log = log_of("lb01", (-5.0, MASTER), (3.0, "A thread timer expired 0.100000 seconds ago"))
    assert laid(FAILOVER, log, home={"A": "lb01"})[0].router == A


def test_a_capture_of_the_same_name_is_not_believed_where_the_log_says_otherwise() -> None:
    log = log_of("lb01", (-5.0, INIT), (3.0, "(VI_51) received lower priority (1) advert from 10.0.0.9 - discarding"))
    assert laid(FAILOVER, log, home={"A": "lb01"})[0].router is None


def test_one_log_tells_whose_the_other_is_not() -> None:
    trace = "A is p150\n 0 A id=500\n every 1s from 1 to 9: A\n every 1s from 12.61 to 20: B"
    first = log_of("lb02", (12.61, MASTER))
    second = log_of("lb01", (-3.0, MASTER), (9.3, "(VI_51) Changing effective priority from 150 to 90"))
    assert [overlay.router for overlay in laid(trace, first, second)] == [B, A]


@pytest.mark.parametrize("decimals", [0, 6])
@pytest.mark.parametrize("ahead", [0.0, 7200.0, -4.25, 9000.0])
def test_a_log_is_put_on_the_captures_clock(ahead: float, decimals: int) -> None:
    (overlay,) = laid(FAILOVER, log_of("lb01", *OF_A, ahead=ahead, decimals=decimals))
    assert overlay.offset is not None
    assert abs(overlay.offset - ahead * SECOND) <= overlay.spread + SECOND // 1000
    masters = [said.t - traces.ZERO for said in overlay.log.said if said.kind is Kind.MASTER]
    assert abs(masters[-1] - 13 * SECOND) <= SECOND // 1000


def test_one_takeover_is_enough_for_a_clock_in_another_zone() -> None:
    (overlay,) = laid(FAILOVER, log_of("lb02", (-9.0, own("B")), (5.61, MASTER), ahead=3600))
    assert overlay.is_placed
    assert overlay.offset is not None
    assert abs(overlay.offset - 3600 * SECOND) <= overlay.spread


def test_logs_of_one_cluster_share_their_zone() -> None:
    silent = log_of("lb03", (-9.0, own("C")), (-8.0, INIT), (7.0, "VRRP_Script(x) succeeded"), ahead=7200)
    one, other = laid(FAILOVER, log_of("lb01", *OF_A, ahead=7200), silent)
    assert (one.is_placed, other.is_placed, other.matched) == (True, True, 0)
    assert [said.t - traces.ZERO for _, said in other.told] == [7 * SECOND]


def test_a_log_of_another_time_is_not_placed() -> None:
    (overlay,) = laid(FAILOVER, log_of("lb01", *OF_A, ahead=40 * 3600 + 333))
    assert overlay.is_known
    assert not overlay.is_placed
    assert overlay.contradictions == ()


def test_a_takeover_that_the_log_does_not_have_makes_its_clock_doubtful() -> None:
    log = log_of("lb02", (-9.0, own("B")), (-8.0, MASTER), (-7.0, BACKUP), (19.0, BACKUP))
    assert not laid(FAILOVER, log)[0].is_placed


def test_a_master_that_no_capture_shows_is_a_contradiction() -> None:
    log = log_of("lb03", (-9.0, own("C")), (-8.5, INIT), (8.0, MASTER), (14.0, BACKUP))
    ((overlay),) = laid(FAILOVER, log)
    (found,) = overlay.contradictions
    assert (found.logged, found.line, found.key) == (True, 3, KEY)
    assert (found.start - traces.ZERO) // SECOND == 8
    assert (found.end - traces.ZERO) // SECOND == 14


def test_a_master_that_its_log_knows_nothing_of_is_a_contradiction() -> None:
    said = [each for each in OF_A if each[1] != MASTER or each[0] < 0]
    (overlay,) = laid(FAILOVER, log_of("lb01", *said, (19.0, "VRRP_Script(x) succeeded")))
    (found,) = overlay.contradictions
    assert (found.logged, found.line) == (False, 0)
    assert found.start == traces.ZERO + 13 * SECOND


@pytest.mark.parametrize(
    "said",
    [
        ((8.0, own("C")), (12.0, "VRRP_Script(x) succeeded")),  # it says nothing of its state
        ((-9.0, own("C")), (-8.0, MASTER), (-1.0, BACKUP)),  # before the captures
        ((8.0, own("C")), (19.9, MASTER)),  # at their end
    ],
    ids=["no state", "before", "at the end"],
)
def test_what_neither_can_know_is_no_contradiction(said: tuple[tuple[float, str], ...]) -> None:
    assert laid(FAILOVER, log_of("lb03", *said))[0].contradictions == ()


def test_a_killed_daemon_is_not_held_to_what_it_believed_last() -> None:
    trace = "A is p150\n 0 A id=500\n every 1s from 1 to 4: A\n every 1s from 7.61 to 20: B"
    log = log_of(
        "lb01", (-9.0, own("A")), (-5.0, MASTER), (1.0, "VRRP_Script(x) succeeded"), (15.0, STARTED), (15.1, INIT)
    )
    assert laid(trace, log)[0].contradictions == ()


def test_quotes_are_those_of_the_time_the_kind_and_the_virtual_router() -> None:
    log = log_of(
        "lb02",
        *OF_B[:3],
        (7.0, "(VI_51) received an invalid passwd!"),
        (8.0, "(VI_51) received an invalid passwd!"),
        (8.5, "(VI_99) received an invalid passwd!"),
        (9.0, "A thread timer expired 2.000000 seconds ago"),
    )
    (overlay,) = laid(FAILOVER, log)

    def quoted(start: float, end: float | None, *kinds: Kind) -> list[tuple[Kind, int, int]]:
        span = Span(traces.ZERO + round(start * SECOND), None if end is None else traces.ZERO + round(end * SECOND))
        return [(q.said.kind, q.line.number, q.said.times) for q in overlay.quotes(KEY, span, kinds)]

    assert quoted(7.5, 8.2, Kind.REJECTED) == [(Kind.REJECTED, 4, 2)]  # begun before, said again within
    assert quoted(0, None, Kind.REJECTED, Kind.LATE) == [(Kind.REJECTED, 4, 2), (Kind.LATE, 7, 1)]
    assert quoted(9.5, None, Kind.REJECTED, Kind.LATE) == []
    assert list(overlay.quotes(RouterKey("", 4, 52), Span(0, None), [Kind.REJECTED])) == []
    assert overlay.line(overlay.log.said[0]).file == "lb02.log"


def test_instances_are_told_apart_by_the_addresses_that_they_announce() -> None:
    trace = f"{FAILOVER}\n every 1s from 0.5 to 19.5: D vrid=52 vips=10.0.0.4"
    garp = "({}) Sending/queueing gratuitous ARPs on eth0 for {}"
    log = log_of(
        "lb01",
        (-5.0, "(WEB) Entering MASTER STATE"),
        (-5.0, garp.format("WEB", "10.0.0.3")),
        (-4.0, "(MAIL) Entering MASTER STATE"),
        (-4.0, garp.format("MAIL", "10.0.0.4")),
    )
    seen = routers(trace)
    assert instances_of(log.said, (), seen) == {"WEB": KEY, "MAIL": RouterKey("", 4, 52)}


def test_a_password_that_a_daemon_echoes_is_not_quoted() -> None:
    assert masked("Unknown keyword: auth_pass s3cret") == "Unknown keyword: auth_pass …"
    assert masked("Password = s3cret") == "Password = …"
    assert masked("(VI) received an invalid passwd!") == "(VI) received an invalid passwd!"
    assert (
        masked("invalid IPSEC HMAC-MD5 value, or bad password !") == "invalid IPSEC HMAC-MD5 value, or bad password !"
    )


def sample(name: str) -> tuple[Log, ...]:
    """The logs of a recorded story."""
    return tuple(read(str(path), path.stem) for path in sorted((SAMPLES / name).glob("lb0?.log")))


STORIES = sorted(
    path.name for path in SAMPLES.iterdir() if (path / "lb02.log").exists() and (path / "lb02.pcap").exists()
)


@pytest.mark.parametrize("name", STORIES)
def test_recorded_logs_find_their_routers_and_agree_with_the_captures(name: str) -> None:
    logs = sample(name)
    captures = [f"{log.host}={SAMPLES / name / log.host}.pcap" for log in logs]
    analysis = vrrpscope.analyze(*captures, beside=Beside(logs=logs))
    spoken = {address for virtual in analysis.virtual_routers for address in virtual.router.speakers}
    for overlay in analysis.testimony.overlays:
        assert overlay.is_placed
        assert overlay.contradictions == ()
        assert overlay.routers == tuple(a for a in overlay.log.addresses if a in spoken) or not overlay.log.addresses
        assert abs(overlay.offset or 0) < SECOND // 10
    assert not {f.rule for f in analysis.findings} & {"log-contradicts-capture", "log-not-placed", "log-clock"}


def test_no_log_is_no_overlay() -> None:
    assert lay((), {}, Span(0, None)) == ()
