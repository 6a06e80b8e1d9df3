"""Events to findings: what is wrong, why, how sure that is, and what to do. Pure; one topic a module."""

from __future__ import annotations

# Importing a topic enters its rules into the catalogue, in this order.
from vrrpscope.rules import adverts, captures, mastership, packets, settings, split_brain  # noqa: F401
from vrrpscope.rules.catalogue import RULES, Case, Rule, judge

__all__ = ["RULES", "Case", "Rule", "judge"]
