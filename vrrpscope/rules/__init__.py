"""Events and configurations to findings: what is wrong, why, how sure that is, and what to do.

Pure; one topic a module.
"""

from __future__ import annotations

# Importing a topic enters its rules into the catalogue; this is the order in which they are listed.
# isort: off
from vrrpscope.rules import split_brain  # noqa: F401 - imported for its rules, as the next ones
from vrrpscope.rules import mastership  # noqa: F401
from vrrpscope.rules import clients  # noqa: F401
from vrrpscope.rules import adverts  # noqa: F401
from vrrpscope.rules import settings  # noqa: F401
from vrrpscope.rules import packets  # noqa: F401
from vrrpscope.rules import captures  # noqa: F401
from vrrpscope.rules import config_pairs  # noqa: F401
from vrrpscope.rules import config_weights  # noqa: F401
from vrrpscope.rules import config_roles  # noqa: F401
from vrrpscope.rules import config_files  # noqa: F401

# isort: on
from vrrpscope.rules.catalogue import RULES, Case, Rule, judge

__all__ = ["RULES", "Case", "Rule", "judge"]
