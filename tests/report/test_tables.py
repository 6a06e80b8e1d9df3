"""Tables: names with units, types that can be reckoned with, the same facts as the JSON report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.build import T0
from tests.plots.stories import EMPTY, story
from tests.report.captures import Say, rhythm, write
from tests.report.reading import document
from vrrpscope.analysis import analyze
from vrrpscope.errors import UsageError
from vrrpscope.report.adverts import COLUMNS
from vrrpscope.report.tables import EXPORTED, table

pd = pytest.importorskip("pandas")

if TYPE_CHECKING:
    from pathlib import Path

NAMES: Final = (*EXPORTED, "routers", "availability")
every_table = pytest.mark.parametrize("name", NAMES)


@every_table
def test_a_table_of_nothing_has_the_columns_and_types_of_any_other(name: str) -> None:
    empty, full = table(EMPTY, name), table(story("minute"), name)
    assert list(empty.columns) == list(full.columns)
    times = [c for c in full.columns if "datetime" in str(full.dtypes[c])]
    assert times == [c for c in empty.columns if "datetime" in str(empty.dtypes[c])]
    assert len(empty) == 0


@every_table
def test_spans_say_their_unit_and_times_are_utc_to_the_nanosecond(name: str) -> None:
    frame = table(story("minute"), name)
    for column, dtype in frame.dtypes.items():
        if column in ("time", "start", "end", "first", "last"):
            assert str(dtype) == "datetime64[ns, UTC]", column
        if str(dtype) == "float64":
            assert str(column).endswith("_s"), column


def test_the_tables_say_what_the_json_report_says(tmp_path: Path) -> None:
    path = write(
        tmp_path / "two.pcap", [*rhythm(5), *(s._replace(at=s.at + 8.61) for s in rhythm(4, host=6, priority=100))]
    )
    (virtual,) = document(path)["virtual_routers"]
    analysis = analyze(str(path))
    elections = table(analysis, "elections")
    assert list(elections.cause) == [e["cause"] for e in virtual["elections"]]
    assert elections.takeover_s.dropna().tolist() == [e["takeover_s"] for e in virtual["elections"] if e["takeover_s"]]
    masters = table(analysis, "masters")
    assert masters.router.tolist() == [m["router"] for m in virtual["masters"]]
    assert table(analysis, "availability").iloc[0].to_dict() == {
        "virtual_router": virtual["key"],
        **virtual["availability"],
    }


def test_every_advert_is_there_with_its_nanoseconds(tmp_path: Path) -> None:
    says = [*rhythm(3), Say(3.000000001, vrid=51, vips=("10.0.0.9", "10.0.0.8"), secret=b"pass")]
    frame = table(analyze(str(write(tmp_path / "four.pcap", says))), "adverts")
    assert list(frame.columns) == list(COLUMNS)
    assert len(frame) == 4
    last = frame.iloc[-1]
    assert last.time.value == T0 + 3_000_000_001
    assert (last.virtual_addresses, last.vrid, last.interval_s) == ("10.0.0.9 10.0.0.8", 51, 1.0)
    assert str(last.password).startswith("#")
    assert frame.ip_id.dtype == "Int64"


def test_adverts_of_several_captures_are_one_table() -> None:
    frame = table(story("minute"), "adverts")
    assert frame.groupby("capture", observed=True).size().to_dict() == {"lb01": 31, "lb02": 31}


def test_a_part_has_the_adverts_of_that_part() -> None:
    part = story("minute").between("+5", "+10")
    frame = table(part, "adverts")
    assert 0 < len(frame) < 31
    assert part.start is not None
    assert frame.time.min().value >= part.start


def test_of_standard_input_there_are_no_adverts() -> None:
    from dataclasses import replace

    capture = story("minute").captures[0]
    gone = replace(capture, info=replace(capture.info, path="-"))
    with pytest.raises(UsageError, match="standard input is read once"):
        table(replace(story("minute"), captures=(gone,)), "adverts")


def test_an_unknown_table_is_told_which_there_are() -> None:
    with pytest.raises(UsageError, match="no such table; there is adverts, elections"):
        table(EMPTY, "pie")
