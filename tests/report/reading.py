"""Reports as strings, made in this process."""

from __future__ import annotations

import json
import re
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any, Final

from vrrpscope.analysis import analyze
from vrrpscope.report import Options, render

ROOT: Final = Path(__file__).parents[2]
_DIGEST: Final = re.compile(r"#[0-9a-f]{8}\b")


def text(*specs: str | Path, show_secrets: bool = False, options: Options | None = None) -> str:
    """Return the text report; lines as a terminal with Unicode would get them."""
    stream = StringIO()
    render(analyze(*map(str, specs), show_secrets=show_secrets), "text", stream, options)
    return stream.getvalue()


def encoded(encoding: str, *specs: str | Path) -> bytes:
    """Return the text report as written to a stream of that encoding."""
    buffer = BytesIO()
    stream = TextIOWrapper(buffer, encoding=encoding)
    render(analyze(*map(str, specs)), "text", stream)
    stream.flush()
    return buffer.getvalue()


def raw_json(*specs: str | Path, show_secrets: bool = False) -> str:
    """Return the JSON report as written."""
    stream = StringIO()
    render(analyze(*map(str, specs), show_secrets=show_secrets), "json", stream)
    return stream.getvalue()


def document(*specs: str | Path, show_secrets: bool = False) -> dict[str, Any]:
    """Return the JSON report as read back."""
    found: dict[str, Any] = json.loads(raw_json(*specs, show_secrets=show_secrets))
    return found


def without_digests(report: str) -> str:
    """Return a report in which digests, whose key is new for every process, are all alike."""
    return _DIGEST.sub("#00000000", report)
