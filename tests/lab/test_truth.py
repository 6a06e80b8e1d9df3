"""The truth is what the daemons, the kernels and the clients say, in words that need no root to read."""

from __future__ import annotations

import pytest

from vrrpscope.lab.daemons import KINDS, Said
from vrrpscope.lab.logs import Line
from vrrpscope.lab.stories.cast import CLIENT, VI, both, host, keepalived
from vrrpscope.lab.story import Capture, Instance, Step, Story, Told, Unit
from vrrpscope.lab.truth import Captured, Deed, Staging, Transition, holding, mastership, rfc3339, transitions, truth

S = 1_000_000_000
KEY = "ipv4/50"
STAMP = "Sun Nov 22 21:19:45 2026: "


def staging(
    said: dict[str, list[tuple[float, str]]],
    *,
    deeds: tuple[tuple[float, Step], ...] = (),
    kernels: dict[str, list[tuple[float, str]]] | None = None,
    background: tuple[tuple[Step, list[str]], ...] = (),
) -> Staging:
    story = Story(
        "made-up", "", "", (*both(), CLIENT), (), Told("healthy", {}), captures=(Capture("lb01.pcap", "lb01"),)
    )
    return Staging(
        story,
        [Deed(round(t * S), round(t * S) + 1, step) for t, step in deeds],
        {"lb01.pcap": Captured(0, 100 * S, "0 packets dropped by kernel")},
        {(name, "keepalived"): lines(said.get(name, [])) for name in ("lb01", "lb02")},
        {name: lines(heard) for name, heard in (kernels or {}).items()},
        [(step, [Line(0, text) for text in texts]) for step, texts in background],
        [],
    )


def lines(said: list[tuple[float, str]]) -> list[Line]:
    return [Line(round(t * S), text) for t, text in said]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("(VI_50) Entering MASTER STATE\n", Said("VI_50", "MASTER")),
        ("(VI_50) Entering BACKUP STATE (init)\n", Said("VI_50", "BACKUP")),
        ("(VI_50) Entering FAULT STATE\n", Said("VI_50", "FAULT")),
        ("Stopping\n", Said("", "STOPPED")),
        ("(VI_50) Receive advertisement timeout\n", None),
        ("Stopped Keepalived v2.2.7 (01/16,2022)\n", None),
    ],
)
def test_what_keepalived_says_of_its_state_is_understood(line: str, said: Said | None) -> None:
    assert KINDS["keepalived"].hear(STAMP + line) == said


@pytest.mark.parametrize(
    ("kind", "line", "said"),
    [
        ("vrrpd", "VRRP: [W23ZH-NY264] [CORE] [VRID 50] [IPv4] Backup -> Master\n", Said("ipv4/50", "MASTER")),
        ("vrrpd", "VRRP: [W23ZH-NY264] [CORE] [VRID 7] [IPv6] Master -> Backup\n", Said("ipv6/7", "BACKUP")),
        ("vrrpd", "VRRP: [W23ZH-NY264] [CORE] [VRID 50] [IPv4] Master -> Initialize\n", Said("ipv4/50", "STOPPED")),
        ("vrrpd", "VRRP: [SN55S-ESQ86] [CORE] [VRID 50] [IPv4] Master_Down_Timer expired\n", None),
        ("vrrpd", "VRRP: [R3SM7-1JZFQ] [CORE] [VRID 50] [IPv4] 'Shutdown' event\n", None),
        ("ucarp", "2026-11-22T21:27:39.664883: [WARNING] Switching to state: MASTER\n", Said("", "MASTER")),
        ("ucarp", "[WARNING] Preferred master advertised: going back to BACKUP state\n", None),
        ("rogue", "1.0 10.0.0.66 > 224.0.0.18 VRRPv2 vrid 50 priority 255 ttl 255 id 1\n", Said("", "MASTER")),
        ("rogue", "1.0 not sent: Network is down\n", None),
        ("rogue", "2.000000 ended\n", Said("", "STOPPED")),
        ("zebra", "ZEBRA: [V98V0-MTWPF] client 24 says hello\n", None),
    ],
)
def test_what_others_say_of_their_state_is_understood(kind: str, line: str, said: Said | None) -> None:
    assert KINDS[kind].hear(line) == said


def told_by(kind: str, instance: Instance, said: list[tuple[float, str]], *deeds: tuple[float, Step]) -> Staging:
    """A story with one daemon on one host."""
    story = staging({}, deeds=deeds)
    stranger = host("fw01", 7, Unit(kind, "", (instance,)))
    stranger = stranger._replace(links=(stranger.links[0]._replace(more=("fe80::32:7",)),))
    return story._replace(story=story.story._replace(hosts=(stranger,)), said={("fw01", kind): lines(said)})


def test_who_says_nothing_when_it_is_stopped_ends_with_the_deed() -> None:
    group = Instance("", 50, 20, ("10.0.0.9",), protocol="carp")
    said = [(1.0, "[WARNING] Switching to state: MASTER")]
    assert transitions(told_by("ucarp", group, said, (4, Step("stop", "fw01")))) == [
        Transition(S, "carp/50", "fw01", "MASTER"),
        Transition(4 * S, "carp/50", "fw01", "STOPPED"),
    ]


def test_the_document_says_how_late_the_first_advert_of_a_kind_is_and_what_addresses_a_host_gets() -> None:
    for address, late in (("10.0.0.3", 0.0), ("fd00::3", 0.2)):
        document = truth(told_by("vrrpd", Instance("", 50, 100, (address,), 3, 0.2), []))
        assert document["virtual_routers"][0]["members"]["fw01"]["unheard_s"] == late
    assert "fe80::32:7" in document["hosts"]["fw01"][0]["addresses"]


def test_stopping_ends_every_instance_of_a_daemon() -> None:
    pair = keepalived(VI(150), VI(150, name="VI_51", vrid=51))
    story = staging({"lb01": [(1, STAMP + "Stopping\n")]})
    found = transitions(story._replace(story=story.story._replace(hosts=(host("lb01", 5, pair),))))
    assert found == [Transition(S, KEY, "lb01", "STOPPED"), Transition(S, "ipv4/51", "lb01", "STOPPED")]


def test_a_kill_is_nobodys_word_and_counts_from_the_deed() -> None:
    told = staging({"lb01": [(1, "(VI_50) Entering MASTER STATE")]}, deeds=((5, Step("kill", "lb01")),))
    assert mastership(transitions(told)) == [
        {"virtual_router": KEY, "host": "lb01", "from": rfc3339(S), "until": rfc3339(5 * S), "ended_by": "KILLED"}
    ]


def test_what_is_said_after_the_last_capture_does_not_count() -> None:
    assert transitions(staging({"lb01": [(101, "(VI_50) Entering MASTER STATE")]})) == []


def test_an_instance_that_is_not_configured_says_nothing() -> None:
    assert transitions(staging({"lb01": [(1, "(VI_9) Entering MASTER STATE")]})) == []


def test_a_master_that_says_so_again_is_one_master() -> None:
    said: list[tuple[float, str]] = [(1, "(VI_50) Entering MASTER STATE"), (3, "(VI_50) Entering MASTER STATE")]
    (interval,) = mastership(transitions(staging({"lb01": said})))
    assert (interval["from"], interval["until"]) == (rfc3339(S), None)


def test_the_kernel_says_who_has_the_address_for_how_long() -> None:
    said: list[tuple[float, str]] = [
        (1, "4: eth0    inet 10.0.0.3/24 scope global secondary eth0\\       valid_lft forever"),
        (2, "4: eth0    inet 10.0.0.99/24 scope global secondary eth0\\       valid_lft forever"),
        (6, "Deleted 4: eth0    inet 10.0.0.3/24 scope global secondary eth0\\       valid_lft forever"),
        (7, "Deleted 4: eth0    inet 10.0.0.3/24 scope global secondary eth0\\       valid_lft forever"),
        (9, "4: eth0    inet 10.0.0.3/24 scope global secondary eth0\\       valid_lft forever"),
    ]
    assert holding(staging({}, kernels={"lb02": said})) == [
        {"host": "lb02", "address": "10.0.0.3", "from": rfc3339(S), "until": rfc3339(6 * S)},
        {"host": "lb02", "address": "10.0.0.3", "from": rfc3339(9 * S), "until": None},
    ]


def test_the_document_names_what_was_done_and_what_clients_met() -> None:
    ask = Step("background", "client", "python -m vrrpscope.lab.client http://10.0.0.3/ --every 1")
    answers = ["1.000000 ok 1.2 web1\n", "2.000000 fail 500.0 timed out\n", "3.000000 ok 1.1 web2\n"]
    deed = Step("run", "lb02", "nft …", note="lb02 hears no more")
    document = truth(staging({}, deeds=((4, deed),), background=((ask, answers),)))
    assert document["steps"][0] | {"until": None} == {
        "at": rfc3339(4 * S),
        "until": None,
        "host": "lb02",
        "verb": "run",
        "command": "nft …",
        "note": "lb02 hears no more",
    }
    (client,) = document["clients"]
    assert (client["sent"], client["answered"], client["served_by"]) == (3, 2, {"web1": 1, "web2": 1})
    assert client["outages"] == [{"from": rfc3339(2 * S), "until": rfc3339(3 * S), "s": 1.0, "lost": 1}]
    assert document["virtual_routers"][0]["members"]["lb02"]["priority"] == 100
