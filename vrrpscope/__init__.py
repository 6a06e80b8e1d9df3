"""vrrpscope: who was VRRP master when, where two routers were, and why, from a packet capture.

    import vrrpscope

    analysis = vrrpscope.analyze("lb01=lb01.pcap", "lb02=lb02.pcap")
    print(analysis.verdict)
    for finding in analysis.findings:
        print(finding.severity, finding.title)

Everything public is here and imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vrrpscope.analysis import Analysis, Session, analyze
    from vrrpscope.capture import open_source
    from vrrpscope.errors import CaptureError, VrrpscopeError
    from vrrpscope.findings import Confidence, Finding, Frame, Severity

__version__ = "0.1.0"

__all__ = [
    "Analysis",
    "CaptureError",
    "Confidence",
    "Finding",
    "Frame",
    "Session",
    "Severity",
    "VrrpscopeError",
    "analyze",
    "open_source",
]

_HOMES = {
    "analysis": ("Analysis", "Session", "analyze"),
    "capture": ("open_source",),
    "errors": ("CaptureError", "VrrpscopeError"),
    "findings": ("Confidence", "Finding", "Frame", "Severity"),
}


def load_ipython_extension(shell: object) -> None:
    """Give a notebook the magics `%vrrpscope` and `%%vrrpscope`; IPython calls it for `%load_ext vrrpscope`."""
    from importlib import import_module  # noqa: PLC0415 - `import vrrpscope` itself costs nothing

    import_module("vrrpscope.notebook").load(shell)


def __getattr__(name: str) -> object:
    """Import a public name from its home."""
    from importlib import import_module  # noqa: PLC0415 - `import vrrpscope` itself costs nothing

    for home, names in _HOMES.items():
        if name in names:
            value: object = getattr(import_module(f"vrrpscope.{home}"), name)
            return value
    raise AttributeError(f"module 'vrrpscope' has no attribute {name!r}")
