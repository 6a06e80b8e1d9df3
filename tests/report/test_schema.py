"""The schema says what report-v1 promises: it accepts what may be written and refuses what may not.

A path such as `virtual_routers.0.masters.0.end` names the value that a case changes in the full document.
"""

from __future__ import annotations

import copy
import json
from importlib import resources
from typing import TYPE_CHECKING, Final

import pytest
from jsonschema import Draft202012Validator

from tests.report.documents import LOG, MINIMAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.report.documents import Json


SCHEMA: Final = json.loads(resources.files("vrrpscope.report").joinpath("report-v1.schema.json").read_text())
VALIDATOR: Final = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)

T0: Final = "2026-11-22T16:55:02.580000000Z"
T1: Final = "2026-11-22T16:55:17.630123456Z"
T2: Final = "2026-11-22T16:55:34.660000000Z"
T3: Final = "2026-11-22T16:55:42.830000000Z"
FRAME: Final[dict[str, Json]] = {"capture": "lb02", "number": 45}

ROUTER: Final[dict[str, Json]] = {
    "address": "10.0.0.5",
    "macs": ["0a:ec:ed:dd:2c:c3"],
    "version": [2],
    "priorities": [150, 0],
    "interval_s": 1.0,
    "auth": "simple",
    "implementation": "keepalived",
    "virtual_addresses": ["10.0.0.3"],
    "destination": "multicast",
    "checksum": "plain",
    "digest": "valid",
    "clock_offset_s": 0.25,
    "adverts": 39,
    "first": T0,
    "last": T3,
    "lost": 0,
    "late": 0,
    "interval_observed_s": {"p50": 1.0001, "p99": 1.004, "max": 1.02},
}

FULL: Final[dict[str, Json]] = {
    "schema": "vrrpscope.report/1",
    "vrrpscope": "0.1.0",
    "verdict": "critical",
    "captures": [
        {
            "name": "lb02",
            "path": "lb02.pcap",
            "format": "pcap",
            "compression": None,
            "link_types": ["EN10MB"],
            "frames": 284,
            "adverts": 57,
            "first": T0,
            "last": T3,
            "dropped": None,
            "duplicates": 0,
            "clock_offset_s": 0.0,
            "problems": [{"offset": 18067, "frame": 284, "message": "cut off in this record"}],
        }
    ],
    "virtual_routers": [
        {
            "key": "vlan100/ipv4/50",
            "segment": "vlan100",
            "family": "ipv4",
            "vrid": 50,
            "virtual_addresses": ["10.0.0.3"],
            "routers": [
                ROUTER,
                {
                    **ROUTER,
                    "address": "10.0.0.6",
                    "adverts": 1,
                    "implementation": None,
                    "interval_observed_s": {"p50": None, "p99": None, "max": None},
                },
            ],
            "masters": [
                {
                    "router": "10.0.0.6",
                    "start": T1,
                    "end": T2,
                    "adverts": 18,
                    "mute_s": 0,
                    "ended_by": "yielded",
                },
                {
                    "router": "10.0.0.5",
                    "start": T0,
                    "end": None,
                    "adverts": 39,
                    "mute_s": 0.0,
                    "ended_by": None,
                },
            ],
            "elections": [
                {
                    "time": T1,
                    "frame": FRAME,
                    "from": "10.0.0.5",
                    "to": "10.0.0.6",
                    "cause": "deaf",
                    "takeover_s": 3.610,
                    "expected_s": 3.609,
                    "masterless_s": 0.0,
                    "last_heard": {"capture": "lb02", "number": 40},
                }
            ],
            "split_brains": [
                {
                    "start": T1,
                    "end": T2,
                    "duration_s": 17.029876544,
                    "routers": ["10.0.0.5", "10.0.0.6"],
                    "kind": "visible",
                    "cause": "one-node-deaf",
                    "confidence": "certain",
                    "deaf": ["10.0.0.6"],
                    "also_possible": ["unknown"],
                    "last_heard": {"capture": "lb02", "number": 40},
                    "frames": [FRAME],
                }
            ],
            "missed": [{"router": "10.0.0.5", "start": T0, "end": T1, "adverts": 2, "kind": "lost", "margin_s": 0.4}],
            "deliveries": [
                {
                    "from": "10.0.0.5",
                    "to": "10.0.0.6",
                    "sent_at": "lb01",
                    "looked_for_at": "lb02",
                    "sent": 39,
                    "arrived": 30,
                    "unheeded": 12,
                    "rejected": 0,
                    "lost": [{"start": T0, "end": T1, "adverts": 9, "frame": FRAME}],
                }
            ],
            "availability": {
                "observed_s": 40.2,
                "mastered_s": 16.0,
                "masterless_s": 4.2,
                "contested_s": 20.0,
            },
        }
    ],
    "configurations": [],
    "logs": [LOG],
    "findings": [
        {
            "rule": "split-brain",
            "severity": "critical",
            "confidence": "certain",
            "virtual_router": "vlan100/ipv4/50",
            "routers": ["10.0.0.6"],
            "start": T1,
            "end": None,
            "title": "Two routers answered for 10.0.0.3",
            "explanation": "10.0.0.6 stopped hearing 10.0.0.5.",
            "remedy": "Let IP protocol 112 in on 10.0.0.6.",
            "cause": "packet-filter",
            "also_possible": ["path"],
            "frames": [FRAME],
            "lines": [{"host": "lb02", "file": "lb02.log", "number": 12}],
        }
    ],
}

ROUTER_AT: Final = "virtual_routers.0.routers.0"
ELECTION: Final = "virtual_routers.0.elections.0"
SPLIT: Final = "virtual_routers.0.split_brains.0"

ALLOWED: Final[list[tuple[str, Json]]] = [
    ("captures.0.format", "pcapng"),
    ("captures.0.compression", "zstd"),
    ("captures.0.first", None),
    ("captures.0.dropped", 12),
    ("captures.0.clock_offset_s", -0.25),
    ("captures.0.clock_offset_s", None),
    ("captures.0.problems.0.offset", None),
    ("captures.0.problems.0.frame", None),
    ("virtual_routers.0.segment", ""),
    ("virtual_routers.0.key", "ipv6/7"),
    ("virtual_routers.0.key", "vlan30.100/ipv4/255"),
    ("virtual_routers.0.virtual_addresses", ["fe80::1", "2001:db8::2:1", "::ffff:10.0.0.1"]),
    (f"{ROUTER_AT}.checksum", None),
    (f"{ROUTER_AT}.auth", "hmac"),
    (f"{ROUTER_AT}.implementation", "frr"),
    (f"{ELECTION}.from", None),
    (f"{ELECTION}.takeover_s", None),
    (f"{ELECTION}.last_heard", None),
    (f"{SPLIT}.end", None),
    (f"{SPLIT}.kind", "silent"),
    (f"{SPLIT}.last_heard", None),
    ("virtual_routers.0.deliveries.0.to", None),
    ("findings.0.virtual_router", None),
]

REFUSED: Final[list[tuple[str, Json]]] = [
    ("schema", "vrrpscope.report/2"),
    ("vrrpscope", ""),
    ("verdict", "info"),
    ("verdict", "warning"),  # while a finding is critical
    ("captures", {}),
    ("captures.0.name", ""),
    ("captures.0.format", "snoop"),
    ("captures.0.compression", "zip"),
    ("captures.0.compression", ""),
    ("captures.0.link_types", "EN10MB"),
    ("captures.0.frames", -1),
    ("captures.0.frames", 1.5),
    ("captures.0.frames", None),
    ("captures.0.first", "2026-11-22T16:55:02Z"),
    ("captures.0.first", "2026-11-22T16:55:02.580000Z"),
    ("captures.0.first", "2026-11-22T16:55:02.580000000+00:00"),
    ("captures.0.first", "2026-11-22 16:55:02.580000000Z"),
    ("captures.0.first", "2026-13-22T16:55:02.580000000Z"),
    ("captures.0.first", "2026-11-22T24:55:02.580000000Z"),
    ("captures.0.first", T0 + "\n"),
    ("captures.0.first", 1795366502.58),
    ("captures.0.dropped", "0"),
    ("captures.0.problems.0.frame", 0),
    ("captures.0.problems.0.message", None),
    ("virtual_routers.0.key", "vlan100/50"),
    ("virtual_routers.0.key", "ipv4/050"),
    ("virtual_routers.0.segment", None),
    ("virtual_routers.0.family", 4),
    ("virtual_routers.0.vrid", 256),
    ("virtual_routers.0.vrid", True),
    ("virtual_routers.0.virtual_addresses", ["010.0.0.3"]),
    ("virtual_routers.0.virtual_addresses", ["10.0.0.256"]),
    ("virtual_routers.0.virtual_addresses", ["10.0.0.3/24"]),
    ("virtual_routers.0.virtual_addresses", ["FE80::1"]),
    ("virtual_routers.0.virtual_addresses", ["fe80::0001"]),
    ("virtual_routers.0.virtual_addresses", ["fe80::1::2"]),
    (f"{ROUTER_AT}.address", None),
    (f"{ROUTER_AT}.macs", ["0A:EC:ED:DD:2C:C3"]),
    (f"{ROUTER_AT}.macs", ["0a-ec-ed-dd-2c-c3"]),
    (f"{ROUTER_AT}.version", 2),
    (f"{ROUTER_AT}.version", [4]),
    (f"{ROUTER_AT}.version", []),
    (f"{ROUTER_AT}.priorities", [256]),
    (f"{ROUTER_AT}.priorities", [150, 150]),
    (f"{ROUTER_AT}.interval_s", "1"),
    (f"{ROUTER_AT}.auth", "password"),
    (f"{ROUTER_AT}.destination", "broadcast"),
    (f"{ROUTER_AT}.checksum", "bad"),
    (f"{ROUTER_AT}.adverts", 0),
    (f"{ROUTER_AT}.last", None),
    (f"{ROUTER_AT}.interval_observed_s", None),
    (f"{ROUTER_AT}.interval_observed_s.p99", -1),
    ("virtual_routers.0.masters.0.start", None),
    ("virtual_routers.0.masters.0.end", None),  # while it says what ended it
    ("virtual_routers.0.masters.0.mute_s", None),
    ("virtual_routers.0.masters.0.ended_by", "preempted"),
    (f"{ELECTION}.frame", None),
    (f"{ELECTION}.frame", {"capture": "lb02"}),
    (f"{ELECTION}.frame.number", 0),
    (f"{ELECTION}.to", None),
    (f"{ELECTION}.cause", "preempt"),
    (f"{ELECTION}.takeover_s", -0.1),
    (f"{SPLIT}.duration_s", None),
    (f"{SPLIT}.routers", []),
    (f"{SPLIT}.kind", "hidden"),
    (f"{SPLIT}.cause", "deaf"),
    (f"{SPLIT}.confidence", "sure"),
    (f"{SPLIT}.deaf", None),
    (f"{SPLIT}.frames", [45]),
    ("virtual_routers.0.deliveries.0.from", None),
    ("virtual_routers.0.deliveries.0.arrived", -1),
    ("virtual_routers.0.deliveries.0.lost.0.adverts", 0),
    ("virtual_routers.0.missed.0.adverts", 0),
    ("virtual_routers.0.missed.0.kind", "missed"),
    ("virtual_routers.0.availability.masterless_s", -1.0),
    ("virtual_routers.0.availability.contested_s", None),
    ("findings.0.rule", "Split Brain"),
    ("findings.0.severity", "healthy"),
    ("findings.0.virtual_router", "50"),
    ("findings.0.start", None),
    ("findings.0.title", ""),
    ("findings.0.remedy", None),
]


def changed(path: str, value: Json) -> Json:
    """Return the full document with one value replaced."""
    document: Json = copy.deepcopy(FULL)
    *steps, last = path.split(".")
    inner = document
    for step in steps:
        inner = inner[int(step)] if isinstance(inner, list) else as_object(inner)[step]
    assert last in as_object(inner), "a case must change something that is there"
    as_object(inner)[last] = value
    return document


def as_object(value: Json) -> dict[str, Json]:
    assert isinstance(value, dict)
    return value


def objects(value: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every JSON object in a document."""
    if isinstance(value, dict):
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        yield from objects(inner, (*path, step))


def schema_objects(node: Json) -> Iterator[Mapping[str, Json]]:
    """Yield every subschema that describes an object of the report."""
    if isinstance(node, dict):
        if "additionalProperties" in node or "required" in node:
            yield node
        for inner in node.values():
            yield from schema_objects(inner)


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("document", [MINIMAL, FULL], ids=["minimal", "full"])
def test_a_valid_document_is_accepted(document: Json) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


@pytest.mark.parametrize(("path", "value"), ALLOWED)
def test_what_the_contract_allows_is_accepted(path: str, value: Json) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(changed(path, value))] == []


@pytest.mark.parametrize(("path", "value"), REFUSED)
def test_what_the_contract_forbids_is_refused(path: str, value: Json) -> None:
    assert not VALIDATOR.is_valid(changed(path, value))


@pytest.mark.parametrize("where", list(objects(FULL)), ids=lambda where: ".".join(map(str, where)) or "root")
def test_every_field_is_required_and_new_ones_are_welcome(where: tuple[str | int, ...]) -> None:
    document: Json = copy.deepcopy(FULL)
    inner: Json = document
    for step in where:
        inner = inner[step] if isinstance(inner, list) and isinstance(step, int) else as_object(inner)[str(step)]
    here = as_object(inner)
    for name in list(here):
        value = here.pop(name)
        assert not VALIDATOR.is_valid(document), name
        here[name] = value
    here["added_in_a_later_version"] = 1
    assert VALIDATOR.is_valid(document)


@pytest.mark.parametrize(
    ("severities", "verdict"),
    [
        ([], "healthy"),
        (["info"], "healthy"),
        (["info", "warning"], "warning"),
        (["warning", "critical"], "critical"),
    ],
)
def test_the_verdict_is_the_worst_severity_and_info_alone_is_healthy(severities: list[str], verdict: str) -> None:
    findings = FULL["findings"]
    assert isinstance(findings, list)
    finding = as_object(findings[0])
    for said in ("critical", "warning", "healthy"):
        document = {**FULL, "verdict": said, "findings": [{**finding, "severity": s} for s in severities]}
        assert VALIDATOR.is_valid(document) is (said == verdict)


def test_every_field_of_the_schema_is_described() -> None:
    for node in schema_objects(SCHEMA):
        properties = node.get("properties")
        if not isinstance(properties, dict) or "additionalProperties" not in node:
            continue  # a condition, not a description of an object
        assert node["additionalProperties"] is True
        assert node["required"] == list(properties)
        for name, field in properties.items():
            spoken_for = as_object(field)
            assert "description" in spoken_for or "$ref" in spoken_for, name
