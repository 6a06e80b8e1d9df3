"""Holds the report of a wrapped capture against that of the same frames as they were.

Behind a VLAN tag or inside a mirror's tunnel the same frames, at the same times and under the same numbers, are
of another segment. The report must say so, and otherwise be the same word for word.
"""

from __future__ import annotations

import json
import re
from typing import Final

from tests.views import Json, View, key_of
from vrrpscope.capture.files import stem

SEGMENTS: Final[dict[str | None, str]] = {
    None: "",
    "vlan": "vlan100",
    "qinq": "vlan30.100",
    "gre": "gre",
    "erspan1": "erspan",
    "erspan2": "erspan7+vlan100",
    "erspan3": "erspan7+vlan100",
    "vxlan": "vni77",
}
"""The segment that a report names, by what is put around the frames."""

_SAME_PLACE: Final = ("host", "interface", "filter")


def check_wrapping(view: View) -> None:
    """Behind a tag or inside a tunnel the same is said, of another segment."""
    captures: dict[str, Json] = {stem(capture["file"]): capture for capture in view.truth["captures"]}
    this = captures.get(view.name)  # None for all captures together, which are the plain ones
    how: str | None = None if this is None else this["wrapped_in"]
    assert {virtual["segment"] for virtual in view.report["virtual_routers"]} <= {SEGMENTS[how]}
    if this is not None and how is not None:
        plain = next(
            name
            for name, capture in captures.items()
            if capture["wrapped_in"] is None and all(capture[key] == this[key] for key in _SAME_PLACE)
        )
        assert _unplaced(view) == _unplaced(view._replace(name=plain))


def _unplaced(view: View) -> Json:
    """Return a report without the names of its capture and segment; digests of passwords are new each time."""
    text = json.dumps(view.report).replace(f'"capture": "{view.name}"', '"capture": ""')
    document: Json = json.loads(re.sub(r"#[0-9a-f]{8}", "#", text))
    for capture in document["captures"]:
        capture["name"] = capture["path"] = ""
    keys: dict[str | None, str | None] = {None: None}
    for virtual in document["virtual_routers"]:
        keys[virtual["key"]] = key_of(virtual)
        virtual["key"], virtual["segment"] = key_of(virtual), ""
    for finding in document["findings"]:
        finding["virtual_router"] = keys[finding["virtual_router"]]
    return document
