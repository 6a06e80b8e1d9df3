"""Bytes to `Frames`: all capture input, from a path on the command line to bounded batches of frames."""

from __future__ import annotations

from vrrpscope.capture.files import CaptureSpec, expand, open_source
from vrrpscope.capture.frames import PADDING, CaptureInfo, Frames, Problem, Source

__all__ = ["PADDING", "CaptureInfo", "CaptureSpec", "Frames", "Problem", "Source", "expand", "open_source"]
