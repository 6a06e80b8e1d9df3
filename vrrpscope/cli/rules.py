"""`vrrpscope rules`: the catalogue, and the page of one rule."""

from __future__ import annotations

import click

from vrrpscope.cli.output import output
from vrrpscope.errors import UsageError
from vrrpscope.rules import RULES
from vrrpscope.rules.pages import page


@click.command("rules")
@click.argument(
    "rule", required=False, shell_complete=lambda _, __, begun: [name for name in RULES if name.startswith(begun)]
)
def command(rule: str | None) -> None:
    """List the rules, or explain one: what it finds, why, the evidence, the remedy, the source."""
    if rule is None:
        width = max(map(len, RULES))
        with output() as stream:
            stream.writelines(f"{name:<{width}}  {entry.summary}\n" for name, entry in RULES.items())
        return
    if rule not in RULES:
        raise UsageError(f"{rule}: no such rule; 'vrrpscope rules' lists them")
    with output() as stream:
        stream.write(page(rule))
