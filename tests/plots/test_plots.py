"""Plots: what they draw, that they draw it alike, and what they do where there is nothing or too much."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from matplotlib.figure import Figure

from tests.plots.pictures import TOLERANCE, distance, draw
from tests.plots.stories import EMPTY, SAMPLES, story
from tests.report.captures import Say, rhythm, write
from vrrpscope import plots
from vrrpscope.analysis import analyze
from vrrpscope.errors import UsageError
from vrrpscope.plots import PLOTS
from vrrpscope.plots.spans import Span, shares, vacancies
from vrrpscope.report.palette import SPLIT_BRAIN, router_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GOLDEN: Final = Path(__file__).with_name("golden")
MAX_SIZE: Final = 60_000  # bytes of a picture kept
MAX_ARTISTS: Final = 1_500
PICTURES: Final = [
    *((plot, tale) for plot in PLOTS for tale in ("minute", "month")),
    *((plot, "many") for plot in ("timeline", "raster", "availability", "priority")),
    ("raster", "lossy"),
]
every_plot = pytest.mark.parametrize("name", PLOTS)


def texts(ax: Axes) -> str:
    figure = ax.figure
    figure.draw_without_rendering() if isinstance(figure, Figure) else None
    labels = [*ax.get_xticklabels(), *ax.get_yticklabels(), *ax.texts, ax.xaxis.label, ax.yaxis.label]
    legend = ax.get_legend()
    labels += legend.get_texts() if legend else []
    return "\n".join(label.get_text() for label in labels) + ax.get_title(loc="left")


@pytest.mark.parametrize(("name", "tale"), PICTURES)
def test_a_plot_looks_as_it_did(name: str, tale: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    golden = GOLDEN / f"{tale}-{name}.png"
    figure = story(tale).plot(name)
    update: str | None = request.config.getoption("--update-golden")
    if update is not None and golden.name.startswith(update):
        draw(figure, golden)
    assert distance(draw(figure, tmp_path / "now.png"), golden) <= TOLERANCE, f"{golden}: --update-golden accepts it"


def test_pictures_are_small_and_of_plots_that_exist() -> None:
    kept = {path.name: path.stat().st_size for path in GOLDEN.glob("*.png")}
    assert set(kept) == {f"{tale}-{name}.png" for name, tale in PICTURES}
    assert max(kept.values()) <= MAX_SIZE


def test_the_comparison_sees_a_story_that_is_another(tmp_path: Path) -> None:
    whole = draw(story("minute").plot("timeline"), tmp_path / "whole.png")
    other = draw(story("minute").between("+4", "+14").plot("timeline"), tmp_path / "part.png")
    assert distance(whole, other) > 2 * TOLERANCE
    assert distance(whole, GOLDEN / "minute-raster.png") == 1.0


@every_plot
def test_a_plot_draws_on_the_axes_it_is_given(name: str) -> None:
    ax = Figure().subplots()
    assert PLOTS[name](story("minute"), ax) is ax


@every_plot
def test_a_plot_of_nothing_says_so(name: str) -> None:
    ax = PLOTS[name](EMPTY)
    assert len(ax.texts) == 1
    assert ax.texts[0].get_text()


@every_plot
@pytest.mark.parametrize("tale", ["month", "many"])
def test_a_plot_holds_a_bounded_number_of_marks(name: str, tale: str) -> None:
    assert len(PLOTS[name](story(tale)).get_children()) < MAX_ARTISTS


@every_plot
def test_a_single_advert_is_a_plot_too(name: str, tmp_path: Path) -> None:
    analysis = analyze(str(write(tmp_path / "one.pcap", [Say(0.0)])))
    draw(analysis.plot(name), tmp_path / "one.png")


def test_a_router_has_the_colour_of_its_reports_in_every_plot() -> None:
    analysis = story("minute")
    color = router_styles(analysis)["10.0.0.5"].color_light
    for name in ("timeline", "raster", "intervals", "priority"):
        svg = io.BytesIO()
        analysis.plot(name).savefig(svg, format="svg")
        assert color in svg.getvalue().decode(), name


def test_a_split_brain_is_a_mark_and_a_word_not_only_a_colour() -> None:
    assert f"{SPLIT_BRAIN.symbol} split brain" in texts(plots.timeline(story("minute")))
    assert f"{SPLIT_BRAIN.symbol} 8.001 s" in texts(plots.timeline(story("minute")))


def test_the_timeline_tells_why_few_reigns_began() -> None:
    analysis = analyze(str(SAMPLES / "two-instances" / "lb01.pcap"))
    assert {"resigned", "preempted"} <= set(texts(plots.timeline(analysis)).replace("◆", "").split())


def test_missed_adverts_are_counted_beside_their_lane() -> None:
    assert "13 · 3 lost" in texts(plots.raster(story("lossy")))


def test_each_place_that_captured_has_lanes_of_its_own() -> None:
    shown = texts(plots.raster(story("minute")))
    assert "10.0.0.5  at lb01" in shown
    assert "10.0.0.5  at lb02" in shown


def test_the_master_down_limit_is_drawn_where_the_backup_has_it() -> None:
    assert "master down 3.609 s" in texts(plots.intervals(story("lossy"))).replace("3.414 s to ", "")


def test_the_intervals_of_a_part_are_those_of_that_part() -> None:
    def gaps(ax: Axes) -> float:
        return max(float(patch.get_data().values.max()) for patch in ax.patches if hasattr(patch, "get_data"))

    whole, part = story("minute"), story("minute").between("+0", "+5")
    assert gaps(plots.intervals(part)) < gaps(plots.intervals(whole))


def test_takeovers_stand_beside_their_prediction() -> None:
    assert "3.610 s  (+0 ms)" in texts(plots.takeovers(story("minute")))


def test_a_hundred_per_cent_means_all_of_it(tmp_path: Path) -> None:
    says = [s._replace(priority=0) if s.at == 4_000 else s for s in rhythm(8_000) if not 4_000 < s.at < 4_001.5]
    shown = texts(plots.availability(analyze(str(write(tmp_path / "gap.pcap", says)))))
    assert "100.00 %" not in shown
    assert "nobody" in shown


def test_what_was_left_out_is_said() -> None:
    assert "40 of 60 virtual routers" in texts(plots.timeline(story("many")))
    assert "more lanes left out" in texts(plots.raster(story("many")))


def test_a_name_with_dollars_is_no_formula(tmp_path: Path) -> None:
    one = write(tmp_path / "a.pcap", rhythm(5))
    two = write(tmp_path / "b.pcap", rhythm(5))
    analysis = analyze(f"$\\frac{{1$={one}", f"b$x$={two}")
    draw(analysis.plot(), tmp_path / "all.png")


def test_captures_that_are_gone_leave_a_word_in_their_place(tmp_path: Path) -> None:
    path = write(tmp_path / "gone.pcap", rhythm(5))
    analysis = analyze(str(path))
    path.unlink()
    assert "cannot be read again" in texts(plots.raster(analysis))
    draw(analysis.plot(), tmp_path / "all.png")


def test_the_whole_story_is_one_figure_and_the_same_bytes_each_time() -> None:
    for form in plots.ENDINGS:
        one, two = io.BytesIO(), io.BytesIO()
        plots.save(story("minute"), one, form)
        plots.save(story("minute"), two, form)
        assert one.getvalue() == two.getvalue() != b"", form


def test_an_unknown_plot_is_told_which_there_are() -> None:
    with pytest.raises(UsageError, match="no such plot; there is timeline"):
        plots.draw(story("minute"), "pie")


def test_no_plot_touches_what_others_draw() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    plots.save(story("minute"), io.BytesIO(), "svg")
    assert dict(mpl.rcParams) == before


def test_shares_add_up_to_the_time_that_is_covered() -> None:
    edges = np.arange(0, 101, 10)
    assert shares([Span(5, 25), Span(90, 100)], edges).tolist() == [0.5, 1, 0.5, 0, 0, 0, 0, 0, 0, 1]
    assert shares([], edges).tolist() == [0] * 10


def test_before_the_first_advert_nobody_is_missing() -> None:
    analysis = story("lossy")
    assert analysis.start is not None
    assert analysis.end is not None
    virtual = analysis.virtual_routers[0]
    assert vacancies(virtual, analysis.start - 10**10, analysis.end) == []
