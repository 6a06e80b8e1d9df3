"""`vrrpscope interfaces`: what can be captured on."""

from __future__ import annotations

import json

import click

from vrrpscope.capture.interfaces import ANY, interfaces
from vrrpscope.cli.output import output
from vrrpscope.report.escape import printable


@click.command("interfaces")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to list.")
def command(*, form: str) -> None:
    """List what `vrrpscope live -i` can capture on."""
    found = interfaces()
    with output() as stream:
        if form == "json":
            rows = [{"name": i.name, "up": i.up, "type": i.kind_name or None, "mac": i.mac or None} for i in found]
            stream.write(json.dumps(rows, indent=2) + "\n")
            return
        width = max(len(each.name) for each in found) if found else 0
        for each in found:
            state = "up" if each.up else "down"
            line = f"{each.name:<{width}}  {state:<4}  {each.kind_name:<10}  {each.mac}"
            stream.write(printable(line.rstrip()) + "\n")
        stream.write(f"{ANY:<{width}}  all of these together\n")
