"""`python -m vrrpscope`."""

from __future__ import annotations

from vrrpscope.cli import main

main()
