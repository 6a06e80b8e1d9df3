"""What is shipped to run it with: judged by the tools that would refuse it, and held against what is measured."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Final

import pytest

from tests.live.test_metrics import scrape, serving
from tests.live.watched import watch

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"
DASHBOARD: Final = DEPLOY / "grafana-dashboard.json"
ALERTS: Final = DEPLOY / "prometheus-alerts.yml"
UNIT: Final = DEPLOY / "vrrpscope-live@.service"

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool (package prometheus) is not installed"
)
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze (package systemd) is not installed"
)


def run(*words: str) -> str:
    """Run a tool that must have nothing to complain of; return what it says."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def expressions() -> list[str]:
    """Return what the dashboard asks Prometheus, with Grafana's variables filled in."""
    dashboard = json.loads(DASHBOARD.read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += [each["expr"] for each in dashboard["annotations"]["list"]]
    return [re.sub(r'"\$\w+"', '".*"', re.sub(r"\[\$\w+\]", "[5m]", expression)) for expression in asked]


def exported() -> set[str]:
    with serving() as (metrics, _):
        watch("failover/lb01.pcap", metrics)
        return {name for name, _ in scrape(metrics)}


@needs_promtool
def test_alert_rules_are_rules() -> None:
    assert "SUCCESS" in run("promtool", "check", "rules", str(ALERTS))


@needs_promtool
def test_alerts_fire_when_they_should_and_not_otherwise() -> None:
    assert "SUCCESS" in run("promtool", "test", "rules", str(Path(__file__).parent / "alerts.test.yml"))


def test_every_alert_is_tried() -> None:
    alerts = set(re.findall(r"- alert: (\w+)", ALERTS.read_text()))
    assert alerts == set(re.findall(r"alertname: (\w+)", (Path(__file__).parent / "alerts.test.yml").read_text()))


@needs_promtool
def test_the_dashboard_asks_what_prometheus_understands(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(expressions())]
    path = tmp_path / "rules.yml"  # JSON is YAML
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"{len(rules)} rules found" in run("promtool", "check", "rules", str(path))


@pytest.mark.parametrize("path", [DASHBOARD, ALERTS], ids=lambda path: path.name)
def test_only_metrics_that_exist_are_asked_for(path: Path) -> None:
    asked = set(re.findall(r"\bvrrpscope_\w+", path.read_text()))
    assert asked
    assert asked <= exported()


def test_panels_of_the_dashboard_do_not_overlap_and_have_numbers_of_their_own() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) == 23


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is there: the tool looks for it."""
    program = tmp_path / "vrrpscope"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    path = tmp_path / UNIT.name
    text = UNIT.read_text()
    assert text.count("=/usr/local/bin/vrrpscope live ") == 1
    path.write_text(text.replace("/usr/local/bin/vrrpscope", str(program)))
    return path


@needs_systemd
def test_systemd_has_nothing_to_say_against_the_unit(unit: Path) -> None:
    of_an_interface = str(unit).replace("@.", "@eth0.")
    assert not run("systemd-analyze", "verify", "--man=no", of_an_interface)


@needs_systemd
def test_the_unit_is_hardened(unit: Path) -> None:
    if "--offline" not in run("systemd-analyze", "--help"):
        pytest.skip("this systemd-analyze judges only units that are installed")
    run("systemd-analyze", "security", "--offline=yes", "--threshold=20", str(unit))  # 2.0 of 10; the usual is 9.6


def test_the_container_has_what_it_needs() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    wanted = re.search(r"whl\)\[([\w,]+)\]", text)
    assert wanted is not None
    assert set(wanted[1].split(",")) <= known.keys()
    assert "USER" not in text  # docker gives nobody else a capability
