"""What a live capture writes in a pipe: lines for people, and documents that their schema describes."""

from __future__ import annotations

import json
import re
from io import BytesIO, StringIO, TextIOWrapper
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from tests.cli.running import ROOT, SAMPLES
from vrrpscope.capture.files import open_source
from vrrpscope.live.lines import Lines
from vrrpscope.live.listener import Counters, State
from vrrpscope.session import Session
from vrrpscope.timeline import events
from vrrpscope.timeline.events import Event

CAPTURES: Final = sorted(SAMPLES.glob("*/*.pcap"))
SCHEMA: Final[dict[str, Any]] = json.loads((ROOT / "vrrpscope/live/live-v1.schema.json").read_text(encoding="utf-8"))
LINE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z  \S+  .+")


def told(path: str, lines: Lines) -> None:
    """Feed a capture through a session, as a watch does."""
    heard: list[Event] = []
    session = Session(told=heard.append)
    with open_source(path) as source:
        session.open(0, source.info)
        lines.tick(State(0, source.info, Counters(0, 0, 0), (), (), (("eth0", True),)))
        for frames in source:
            news = session.feed(0, frames)
            for event in heard:
                lines.event(event)
            heard.clear()
            lines.found(news)
        source.info.note("eth0 is down", frame=7)
        lines.tick(State(source.info.last or 0, source.info, Counters(9, 8, 0), (), (), (("eth0", False),)))
    lines.close(session.close())


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_line_is_a_document_of_the_schema(path: object) -> None:
    stream = StringIO()
    told(str(path), Lines(stream, "ndjson"))
    documents = [json.loads(line) for line in stream.getvalue().splitlines()]
    validator = Draft202012Validator(SCHEMA)
    for document in documents:
        validator.validate(document)
        kind = SCHEMA["$defs"][document["type"]]["properties"]
        assert document.keys() <= {"schema", *kind}, "the schema names every field"
    assert [documents[0]["type"], documents[-2]["type"], documents[-1]["type"]] == ["start", "note", "end"]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_line_of_text_has_a_time_a_virtual_router_and_words(path: object) -> None:
    stream = StringIO()
    told(str(path), Lines(stream, "text"))
    lines = stream.getvalue().splitlines()
    assert all(LINE.fullmatch(line) for line in lines)
    assert lines[-1].endswith("capture  eth0 is down")


def test_every_kind_of_event_that_is_told_is_in_the_schema() -> None:
    from vrrpscope.live.words import words

    silent = {events.Closing, events.ClocksRead}
    kinds = {kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, Event)} - {Event}
    source = (ROOT / "vrrpscope/live/words.py").read_text(encoding="utf-8")
    assert {kind.__name__ for kind in kinds - silent} <= set(re.findall(r"told\.(\w+):", source))
    named = set(SCHEMA["$defs"]["event"]["properties"]["event"]["enum"])
    assert set(re.findall(r'Words\(\s*"([a-z-]+)"', source)) == named
    assert words(events.Closing(0, None)) is None  # type: ignore[arg-type]


def test_only_the_virtual_routers_asked_for_are_told() -> None:
    stream = StringIO()
    told(str(SAMPLES / "failover" / "lb01.pcap"), Lines(stream, "text", lambda _: False))
    assert stream.getvalue().splitlines()[0].endswith("capture  eth0 is down")


def test_a_stream_without_unicode_gets_plain_letters() -> None:
    raw = BytesIO()
    with TextIOWrapper(raw, encoding="ascii", write_through=True) as stream:
        told(str(SAMPLES / "failover" / "lb01.pcap"), Lines(stream, "text"))
        assert raw.getvalue().isascii()
        assert re.search(rb"  [-!X] failover", raw.getvalue())
