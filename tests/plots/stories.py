"""What the plots are drawn of: a minute, a month, and more virtual routers than there is room for."""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from tests.report.captures import Say, write
from vrrpscope.analysis import Analysis, analyze

if TYPE_CHECKING:
    from types import ModuleType

ROOT: Final = Path(__file__).parents[2]
SAMPLES: Final = ROOT / "samples"
EMPTY: Final = Analysis(captures=(), virtual_routers=(), findings=(), start=None, end=None)

_FILES: Final = TemporaryDirectory(ignore_cleanup_errors=True)  # captures are read again by plots: they must stay


def month_module() -> ModuleType:
    """Return the helper of the third notebook, which is no package."""
    sys.path.insert(0, str(ROOT / "notebooks"))
    try:
        return import_module("month")
    finally:
        sys.path.remove(str(ROOT / "notebooks"))


@cache
def story(name: str) -> Analysis:
    """Return one of the stories, analysed."""
    return {"minute": _minute, "lossy": _lossy, "month": _month, "many": _many}[name]()


def _minute() -> Analysis:
    directory = SAMPLES / "firewall-split-brain"
    return analyze(f"lb01={directory / 'lb01.pcap'}", f"lb02={directory / 'lb02.pcap'}")


def _lossy() -> Analysis:
    return analyze(str(SAMPLES / "lossy" / "lb02.pcap"))


def _month() -> Analysis:
    path = Path(_FILES.name) / "month.pcap"
    month_module().write(path)
    return analyze(str(path))


def _many() -> Analysis:
    """Sixty virtual routers, every third of which fails over once; three are silent at the end."""
    says = []
    for vrid in range(1, 61):
        fails = 4.0 + vrid % 7
        for n in range(24):
            at = n + vrid / 100
            host, priority = (5, 150) if vrid % 3 or at < fails else (6, 100)
            if (host == 6 and at < fails + 3.61) or (vrid > 57 and at > 15):
                continue
            says.append(Say(at, host=host, priority=priority, vrid=vrid, vips=(f"10.0.{vrid}.3",), ip_id=n + 1))
    return analyze(str(write(Path(_FILES.name) / "many.pcap", says)))
