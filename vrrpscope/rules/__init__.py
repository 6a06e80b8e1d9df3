"""Events, logs and configurations to findings: what is wrong, why, how sure that is, and what to do.

Pure; one topic a module. Importing a topic enters its rules into the catalogue. Topics that captures alone can speak of
are imported here, at once; those that need a log or a configuration when somebody asks for their rules, because most
captures come alone, and what reads configurations costs as much to import as all that reads captures.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

# A new topic has its line here, or in `_BESIDE`; this is the order in which rules are listed.
# isort: off
from vrrpscope.rules import split_brain  # noqa: F401 - imported for its rules, as the next ones
from vrrpscope.rules import intruders  # noqa: F401
from vrrpscope.rules import mastership  # noqa: F401
from vrrpscope.rules import clients  # noqa: F401
from vrrpscope.rules import addresses  # noqa: F401
from vrrpscope.rules import groups  # noqa: F401
from vrrpscope.rules import refusals  # noqa: F401
from vrrpscope.rules import hosts  # noqa: F401
from vrrpscope.rules import adverts  # noqa: F401
from vrrpscope.rules import jitter  # noqa: F401
from vrrpscope.rules import together  # noqa: F401
from vrrpscope.rules import reflections  # noqa: F401
from vrrpscope.rules import settings  # noqa: F401
from vrrpscope.rules import restarts  # noqa: F401
from vrrpscope.rules import packets  # noqa: F401
from vrrpscope.rules import authentication  # noqa: F401
from vrrpscope.rules import captures  # noqa: F401

# isort: on
from vrrpscope.rules import catalogue
from vrrpscope.rules.catalogue import Case, Rule, judge

if TYPE_CHECKING:
    RULES: dict[str, Rule]
    """All rules by name; asking for it imports all topics."""

__all__ = ["RULES", "Case", "Rule", "judge", "rules_for"]

_BESIDE: Final = (
    "logged",
    "config_pairs",
    "config_weights",
    "config_roles",
    "config_files",
    "meant",
    "meant_priority",
    "meant_elections",
    "meant_roles",
)
"""The topics of what stands beside captures: logs, configurations."""


def rules_for(*, beside: bool) -> list[Rule]:
    """Return the rules that can find anything in captures, and in what stands `beside` them if something does."""
    if beside:
        return list(_all().values())
    return [rule for rule in catalogue.RULES.values() if _place(rule) < 0]


def __getattr__(name: str) -> dict[str, Rule]:
    """Make `RULES` when it is asked for."""
    if name != "RULES":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _all()


def _all() -> dict[str, Rule]:
    for topic in _BESIDE:
        import_module(f"{__name__}.{topic}")
    # Somebody may have imported a topic before its turn.
    return dict(sorted(catalogue.RULES.items(), key=lambda entry: _place(entry[1])))


def _place(rule: Rule) -> int:
    """Return the place of a rule's topic in `_BESIDE`; -1 where captures alone can speak of it."""
    topic = rule.function.__module__.rpartition(".")[2]
    return _BESIDE.index(topic) if topic in _BESIDE else -1
