"""A session that may wait tells the same as one that goes on with every batch."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from vrrpscope.analysis import Analysis, Session
from vrrpscope.capture.files import open_source

SAMPLES: Final = Path(__file__).parents[1] / "samples"
CAPTURES: Final = sorted(SAMPLES.glob("*/lb01.pcap*"))[:4]


def read(path: Path, patience: int) -> tuple[Analysis, int]:
    """Return what is told, and how many findings came before the capture ended."""
    session = Session(patience=patience)
    early = 0
    with open_source(str(path)) as source:
        session.open(0, source.info)
        for frames in source:
            for first in range(0, len(frames.t), 7):
                part = slice(first, first + 7)
                columns = {name: getattr(frames, name)[part] for name in frames._fields if name != "data"}
                early += len(session.feed(0, frames._replace(**columns)))
    session.finish(0)
    return session.close(), early


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("patience", [50, 1 << 20])
def test_patience_changes_when_findings_come_and_not_what_they_are(path: Path, patience: int) -> None:
    at_once, _ = read(path, 0)
    later, early = read(path, patience)
    assert later.findings == at_once.findings
    assert [v.availability for v in later.virtual_routers] == [v.availability for v in at_once.virtual_routers]
    assert [c.duplicates for c in later.captures] == [c.duplicates for c in at_once.captures]
    if patience > 1 << 10:
        assert not early
