"""Holds the reports of a story's captures against its `truth.json`.

Who held itself for master comes from the daemons' own logs. The report, from each capture alone and from all of
a story together, must say the same for at least 99 % of the time, 60 ms around the logged transitions aside (a
log line is stamped a little after the packet it is about). What was staged must be found, with the delays that
the settings predict: they are computed here from the settings, not taken from the engine.

A daemon's belief begins before its capture does, so the comparison runs from the first advert seen to the last
frame. A master that is killed has no belief left but is seen to be gone only when the next advert does not come.
"""

from __future__ import annotations

import json
from importlib import resources
from itertools import pairwise
from typing import Final

import pytest
from jsonschema import Draft202012Validator

from tests.views import SECOND, Json, View, frame_times, frames_in, key_of, nanoseconds

SCHEMA: Final = json.loads(resources.files("vrrpscope.report").joinpath("report-v1.schema.json").read_text())
VALIDATOR: Final = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
GRACE: Final = 60_000_000  # nanoseconds around a logged transition
AGREEMENT: Final = 0.99
NOTICE: Final = 0.25  # seconds: a client asks every 0.1 s, and both the old and the new master need a moment
JITTER: Final = 0.008  # seconds by which a daemon's timer may be late
GRAIN: Final = 0.01  # seconds: FRR counts whole centiseconds, and its first advert waits for its macvlan

Span = tuple[str, int, int]  # host, from, until


def true_masters(view: View, key: str, end: int) -> list[Span]:
    """Return who held itself for master, by its own word, of those that this view can see."""
    return [
        (m["host"], nanoseconds(m["from"]), nanoseconds(m["until"]) if m["until"] else end)
        for m in view.truth["mastership"]
        if m["virtual_router"] == key and m["host"] not in view.expected["unseen"]
    ]


def doubtful(view: View, key: str) -> list[tuple[int, int]]:
    """Return when a capture cannot tell whether a deaf master that hears again has yielded yet.

    It yields to the answer to its own advert, or, where that one was dropped too, to the next advert. The timers of
    both run from the same tenth of a millisecond on: which one would have spoken first is a race that nobody sees.
    """
    deaf = {
        host
        for split in view.expected["split_brains"].get(key, [])
        if split["cause"] == "one-node-deaf"
        for host in split["deaf"]
    }
    doubt = []
    for m in view.truth["mastership"]:
        if m["virtual_router"] == key and m["host"] in deaf and m["ended_by"] == "BACKUP":
            end, interval = nanoseconds(m["until"]), round(member(view, key, m["host"])["advert_int"] * SECOND)
            doubt.append((end - interval, end + interval))
    return doubt


def member(view: View, key: str, host: str) -> Json:
    """Return what a host has configured for a virtual router."""
    found: Json = next(v for v in view.truth["virtual_routers"] if v["key"] == key)["members"][host]
    return found


def unheard(view: View, key: str) -> list[tuple[int, int]]:
    """Return when a new master of a kind whose first advert comes late was master and had sent none."""
    spans = []
    for m in view.truth["mastership"]:
        if m["virtual_router"] == key:
            start = nanoseconds(m["from"])
            spans.append((start, start + round(member(view, key, m["host"])["unheard_s"] * SECOND)))
    return [(start, end) for start, end in spans if start < end]


def disagreement(
    told: list[Span], true: list[Span], doubt: list[tuple[int, int]], start: int, end: int
) -> tuple[int, int]:
    """Return for how long the two name different masters, and for how long they were compared."""
    cuts = {start, end}
    quiet = [(low - GRACE, high + GRACE) for low, high in doubt]
    for spans in (told, true):
        cuts.update(t for _, *bounds in spans for t in bounds)
    for _, *bounds in true:
        quiet += [(t - GRACE, t + GRACE) for t in bounds]
    cuts.update(t for pair in quiet for t in pair)
    times = sorted(t for t in cuts if start <= t <= end)
    wrong = compared = 0
    for low, high in pairwise(times):
        middle = (low + high) // 2
        if any(a <= middle <= b for a, b in quiet):
            continue
        compared += high - low
        said, was = ({host for host, a, b in spans if a <= middle < b} for spans in (told, true))
        wrong += (high - low) * (said != was)
    return wrong, compared


def agreement(view: View) -> float:
    """Return the share of time in which report and daemons name the same masters."""
    document = view.report
    end = max(nanoseconds(capture["last"]) for capture in document["captures"])
    wrong = compared = 0
    for virtual in document["virtual_routers"]:
        key, start = key_of(virtual), min(nanoseconds(router["first"]) for router in virtual["routers"])
        told = [
            (view.host_of(m["router"]), nanoseconds(m["start"]), nanoseconds(m["end"]) if m["end"] else end)
            for m in virtual["masters"]
            if view.host_of(m["router"]) not in view.expected["unseen"]
        ]
        one = disagreement(told, true_masters(view, key, end), doubtful(view, key) + unheard(view, key), start, end)
        wrong, compared = wrong + one[0], compared + one[1]
    assert compared > 5 * SECOND
    return 1 - wrong / compared


def contested_s(view: View, virtual: Json) -> float:
    """Return for how long at least two held themselves for master while the captures ran, in seconds."""
    end = max(nanoseconds(capture["last"]) for capture in view.report["captures"])
    start = min(nanoseconds(router["first"]) for router in virtual["routers"])
    spans = true_masters(view, key_of(virtual), end)
    cuts = sorted({start, end, *(t for _, a, b in spans for t in (a, b) if start <= t <= end)})
    return (
        sum(high - low for low, high in pairwise(cuts) if sum(a <= (low + high) // 2 < b for _, a, b in spans) > 1)
        / SECOND
    )


def expected_wait(view: View, key: str, change: Json) -> float:
    """Return in seconds what the new master's settings say (RFC 9568 section 6.1; RFC 3768 alike)."""
    new = member(view, key, change["new"])
    # RFC 9568 section 6.1: the interval is learned from the master, and the skew scales with it; in RFC 3768 neither.
    interval = (member(view, key, change["old"]) if new["version"] == 3 else new)["advert_int"]
    skew = (256 - new["priority"]) * (interval if new["version"] == 3 else 1) / 256
    return float(skew if change["timer"] == "skew" else 3 * interval + skew)


def stalled(view: View, start: int, end: int) -> float:
    """Return for how long the machine itself stood still between two times, in seconds."""
    spans = [(nanoseconds(stall["from"]), nanoseconds(stall["until"])) for stall in view.truth.get("stalls", ())]
    return sum(max(0, min(b, end) - max(a, start)) for a, b in spans) / SECOND


def is_shaken(view: View) -> bool:
    """Say whether the machine stood still for so long that adverts were late, which is none of the story's doing."""
    intervals = [m["advert_int"] for virtual in view.truth["virtual_routers"] for m in virtual["members"].values()]
    spans = [nanoseconds(stall["until"]) - nanoseconds(stall["from"]) for stall in view.truth.get("stalls", ())]
    return max(spans, default=0) / SECOND > 0.4 * min(intervals, default=1.0)


def check_contract(view: View) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(view.report)] == []


def check_agreement(view: View) -> None:
    assert agreement(view) >= AGREEMENT


def check_elections(view: View) -> None:
    """Every change of master has its cause and took what the timers say."""
    told: dict[str, list[Json]] = view.expected["elections"]
    assert {key_of(virtual) for virtual in view.report["virtual_routers"]} == told.keys()
    for virtual in view.report["virtual_routers"]:
        changes = told[key_of(virtual)]
        seen = [
            (e["from"] and view.host_of(e["from"]), view.host_of(e["to"]), e["cause"]) for e in virtual["elections"]
        ]
        assert seen == [(change["old"], change["new"], change["cause"]) for change in changes]
        for election, change in zip(virtual["elections"], changes, strict=True):
            if change["timer"] is not None:
                wait = expected_wait(view, key_of(virtual), change)
                assert election["expected_s"] == pytest.approx(wait, abs=1e-3)
                now = nanoseconds(election["time"])
                late = stalled(view, now - round((wait + JITTER) * SECOND), now)
                new = member(view, key_of(virtual), change["new"])
                grain = GRAIN if new["kind"] == "vrrpd" else 0
                late += new["unheard_s"] + grain
                assert wait - JITTER - grain <= election["takeover_s"] <= wait + JITTER + late
                assert election["last_heard"] is not None


def check_split_brains(view: View) -> None:
    """Every split brain has its kind, cause and deaf, and lasted as long as the daemons say."""
    for virtual in view.report["virtual_routers"]:
        told = view.expected["split_brains"].get(key_of(virtual), [])
        splits = virtual["split_brains"]
        assert [(s["cause"], tuple(view.host_of(d) for d in s["deaf"])) for s in splits] == [
            (expected["cause"], tuple(expected["deaf"])) for expected in told
        ]
        for split, expected in zip(splits, told, strict=True):
            assert expected["kind"] in {"any", split["kind"]}
        told_s, true_s = sum(split["duration_s"] for split in splits), contested_s(view, virtual)
        doubt = sum(high - low for low, high in doubtful(view, key_of(virtual))) // 2
        doubt += sum(high - low for low, high in unheard(view, key_of(virtual)))
        assert told_s == pytest.approx(true_s, abs=(2 * GRACE * max(1, len(splits)) + doubt) / SECOND)


def check_verdict(view: View) -> None:
    """The verdict and the alarming rules are those of the story; a split brain of any kind has either name."""
    alarming = {finding["rule"] for finding in view.report["findings"] if finding["severity"] != "info"}
    expected = set(view.expected["rules"])
    if any(split["kind"] == "any" for splits in view.expected["split_brains"].values() for split in splits):
        either = {"split-brain", "silent-split-brain"}
        assert alarming & either
        alarming, expected = alarming - either, expected - either
    if is_shaken(view):
        late = {"late-adverts", "near-failover"}
        assert alarming - late == expected - late
    else:
        assert (view.report["verdict"], alarming) == (view.expected["verdict"], expected)


def check_missed(view: View) -> None:
    """Adverts are missing only where some were lost or late."""
    expected = view.expected["missed"]
    if expected is not None:
        missed = [
            (view.host_of(m["router"]), m["kind"], m["adverts"])
            for virtual in view.report["virtual_routers"]
            for m in virtual["missed"]
        ]
        due = [(m["router"], m["kind"], m["adverts"]) for m in expected]
        if is_shaken(view):
            missed, due = ([entry for entry in entries if entry[1] != "late"] for entries in (missed, due))
        assert missed == due


def check_clients(view: View) -> None:
    """Clients went without an answer while nobody was master, and every web server answered some of the time."""
    webs = {host for host in view.truth["hosts"] if host.startswith("web")}
    for client in view.truth["clients"]:
        assert not client["served_by"] or {text.partition(" ")[0] for text in client["served_by"]} == webs
    if view.expected["outages"] is None:
        return
    vacant = [(v, e) for v in view.report["virtual_routers"] for e in v["elections"] if e["masterless_s"] > NOTICE]
    for client in view.truth["clients"]:
        outages = [outage for outage in client["outages"] if outage["lost"] > 1]  # one may meet the very move
        assert len(outages) == len(vacant) == view.expected["outages"]
        for outage, (virtual, election) in zip(outages, vacant, strict=True):
            start, end, taken = (nanoseconds(t) / SECOND for t in (outage["from"], outage["until"], election["time"]))
            assert end == pytest.approx(taken, abs=NOTICE)
            # A crash shows in a capture from the last advert on; it came at most one interval later.
            late = max(r["interval_s"] for r in virtual["routers"]) if election["cause"] == "timeout" else 0
            early = taken - start - election["masterless_s"]
            assert early >= -late - NOTICE
            # A host answers pings as long as it is master. Its web server may have gone before.
            assert early <= NOTICE or client["served_by"]


def check_availability(view: View) -> None:
    """It adds up, and follows from the reigns."""
    for virtual in view.report["virtual_routers"]:
        parts = virtual["availability"]
        assert parts["observed_s"] == pytest.approx(
            parts["mastered_s"] + parts["masterless_s"] + parts["contested_s"], abs=1e-6
        )
        assert min(parts.values()) >= 0
        assert parts["contested_s"] == pytest.approx(sum(s["duration_s"] for s in virtual["split_brains"]), abs=0.1)


def check_keys(view: View) -> None:
    """Keys are unique, and findings name existing ones."""
    keys = [virtual["key"] for virtual in view.report["virtual_routers"]]
    assert len(keys) == len(set(keys))
    assert {f["virtual_router"] for f in view.report["findings"]} <= {None, *keys}
    found = [(f["rule"], f["virtual_router"], f["start"]) for f in view.report["findings"]]
    assert len(found) == len(set(found))


def check_frames(view: View) -> None:
    """Every frame of evidence is in its capture, at the time that is told of it."""
    document = view.report
    times = {capture["name"]: frame_times(capture["path"]) for capture in document["captures"]}
    assert {c["name"]: c["frames"] for c in document["captures"]} == {name: len(t) for name, t in times.items()}
    for frame in frames_in(document):
        assert frame["number"] in times[frame["capture"]]
    for virtual in document["virtual_routers"]:
        for election in virtual["elections"]:
            frame = election["frame"]
            assert times[frame["capture"]][frame["number"]] == nanoseconds(election["time"])


def check_implementations(view: View) -> None:
    """Who sent is recognised from six adverts on, and never taken for another."""
    names = {"keepalived": "keepalived", "vrrpd": "frr"}
    for virtual in view.report["virtual_routers"]:
        members = next(v["members"] for v in view.truth["virtual_routers"] if v["key"] == key_of(virtual))
        for router in virtual["routers"]:
            kind = members[view.host_of(router["address"])]["kind"]
            if kind == "rogue":
                continue  # it may copy whom it likes
            sender = names.get(kind)
            assert router["implementation"] in {None, sender}
            assert router["implementation"] == sender or router["adverts"] < 6 or virtual["family"] == "ipv6"


def check_secrets(view: View) -> None:
    """No password of the story stands in its report."""
    document = json.dumps(view.report)
    for path in view.directory.glob("*.conf"):
        for line in path.read_text(encoding="utf-8").splitlines():
            name, _, value = line.strip().partition(" ")
            assert name != "auth_pass" or (value and value not in document)


CHECKS: Final = (
    check_contract,
    check_agreement,
    check_elections,
    check_split_brains,
    check_verdict,
    check_missed,
    check_clients,
    check_availability,
    check_keys,
    check_frames,
    check_implementations,
    check_secrets,
)
