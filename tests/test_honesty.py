"""No report says more than can be known: every sample, through each of its captures, with and without what stands by.

Truth is what the daemons' own logs say (`truth.json`). A view is one capture, or all together; beside it stand the
configurations, the logs, both, or nothing.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal

import pytest

from tests.test_samples import VIEWS, label
from tests.truths import GRACE, doubtful, true_masters
from tests.views import SECOND, TOGETHER, View
from vrrpscope.analysis import analyze
from vrrpscope.cli.beside import read_beside
from vrrpscope.findings import Confidence, Severity
from vrrpscope.rules import RULES
from vrrpscope.rules.causes import CAUSES

if TYPE_CHECKING:
    from vrrpscope.findings import Finding
    from vrrpscope.outcome import Analysis

Given = Literal["nothing", "configurations", "logs", "both"]
GIVEN: Final[tuple[Given, ...]] = ("nothing", "configurations", "logs", "both")

WITHOUT_CAUSE: Final = {
    "config-drift",
    "damaged-capture",
    "damaged-configuration",
    "dropped-frames",
    "log-contradicts-capture",
}
"""Rules above info about what was given, not about trouble with an address: it has no cause to name."""

SPLITS: Final = {"split-brain", "silent-split-brain"}


@cache
def told(view: View, given: Given) -> Analysis:
    """Analyse a view of a sample with what stands beside it."""
    kinds = {host: m["kind"] for virtual in view.truth["virtual_routers"] for host, m in virtual["members"].items()}
    configurations = [f"{h}={view.directory / h}.conf" for h, kind in kinds.items() if kind == "keepalived"]
    logs = [f"{h}={view.directory / h}.log" for h, kind in kinds.items() if kind != "rogue"]
    specs = view.specs()
    beside = read_beside(
        configurations if given in {"configurations", "both"} else [], logs if given in {"logs", "both"} else [], specs
    )
    return analyze(*specs, beside=beside)


def agreement(view: View, finding: Finding) -> float:
    """Return for which share of the time that a finding tells all its routers held themselves for master."""
    end = max(capture.info.last or 0 for capture in told(view, "nothing").captures)
    key = (finding.virtual_router or "").split("/")
    true = true_masters(view, "/".join(key[-2:]), end)
    hosts = {view.host_of(router) for router in finding.routers}
    start, stop = finding.start + GRACE, (end if finding.end is None else finding.end) - GRACE
    cuts = sorted({start, stop, *(t for _, *bounds in true for t in bounds if start < t < stop)})
    doubt = doubtful(view, "/".join(key[-2:]))
    compared = agreed = 0
    for low, high in pairwise(cuts):
        middle = (low + high) // 2
        if not any(a <= middle <= b for a, b in doubt):
            compared += high - low
            agreed += (high - low) * (hosts <= {host for host, a, b in true if a <= middle < b})
    return agreed / compared if compared else 1.0


@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize("view", VIEWS, ids=label)
def test_all_trouble_has_a_cause(view: View, given: Given) -> None:
    for finding in told(view, given).findings:
        if finding.severity is not Severity.INFO:
            assert finding.cause in CAUSES or finding.rule in WITHOUT_CAUSE, finding


def test_what_needs_no_cause_exists_and_names_none() -> None:
    assert RULES.keys() >= WITHOUT_CAUSE
    findings = [f for view in VIEWS for given in GIVEN for f in told(view, given).findings]
    assert not [f for f in findings if f.rule in WITHOUT_CAUSE and f.cause]


@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize("view", VIEWS, ids=label)
def test_a_certain_split_brain_was_one(view: View, given: Given) -> None:
    for finding in told(view, given).findings:
        if finding.rule in SPLITS and finding.confidence is Confidence.CERTAIN:
            assert agreement(view, finding) >= 0.99, finding


def test_samples_hold_split_brains_that_one_capture_makes_certain() -> None:
    """Else the test above would test nothing."""
    certain = {
        view.directory.name
        for view in VIEWS
        for finding in told(view, "nothing").findings
        if view.name != TOGETHER and finding.rule in SPLITS and finding.confidence is Confidence.CERTAIN
    }
    assert certain >= {"firewall-split-brain", "interval-mismatch", "paused-master"}


def test_a_split_brain_that_was_none_would_be_noticed() -> None:
    view = next(v for v in VIEWS if v.directory.name == "interval-mismatch" and v.name == "lb01")
    finding = next(f for f in told(view, "nothing").findings if f.rule in SPLITS)
    assert agreement(view, finding) == 1.0
    before = replace(finding, start=finding.start - 5 * SECOND, end=finding.start)
    assert agreement(view, before) < 0.1


@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize("view", [view for view in VIEWS if view.expected["verdict"] == "healthy"], ids=label)
def test_a_healthy_story_is_never_critical(view: View, given: Given) -> None:
    alarming = [f.title for f in told(view, given).findings if f.severity is Severity.CRITICAL]
    assert not alarming
