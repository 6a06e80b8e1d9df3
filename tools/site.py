"""Hooks of MkDocs: what stands on the site and is made from the program itself.

The reference of commands comes from their `--help`, the tables of the JSON formats from their schemas, the list of
rules from the catalogue, the example report and its picture from a sample: none of it is written twice. Rule pages
are for a terminal as well (`vrrpscope rules NAME`), in a Markdown that MkDocs reads only with blank lines before lists.
"""

from __future__ import annotations

import io
import json
import re
import sys
from contextlib import chdir
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # MkDocs loads a hook as a file, which then finds only what lies beside it

from mkdocs.structure.files import File  # noqa: E402 - not before the path is set

from tools.commands import commands  # noqa: E402 - not before the path is set
from vrrpscope.report import Options, render  # noqa: E402 - not before the path is set
from vrrpscope.rules import RULES  # noqa: E402 - not before the path is set

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

    from tools.commands import Command

_EXAMPLE: Final = ("lb01", "lb02"), ROOT / "samples" / "firewall-split-brain"
_SCHEMAS: Final = {
    path.name.removesuffix("-v1.schema.json"): path for path in ROOT.glob("vrrpscope/*/*-v1.schema.json")
}
"""The JSON formats, by the name of their page."""
_WHERE_THERE: Final = {"live.md": "Watch live", "deploy.md": "Keep it running"}
"""How-tos that are listed where they exist."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Complete the navigation: a page for each rule, and pages that are there only with what they tell of."""
    for section in config.nav or []:
        if "How-to" in section:
            there = {file: title for file, title in _WHERE_THERE.items() if (Path(config.docs_dir) / file).is_file()}
            section["How-to"] += [{title: file} for file, title in there.items()]
        if "Reference" in section:
            section["Reference"] += [{f"JSON: {name}": f"reference/{name}.md"} for name in sorted(_SCHEMAS)]
        if "Rules" in section:
            section["Rules"] += [{name: f"rules/{name}.md"} for name in sorted(RULES)]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is made."""
    for name, content in _made():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Prepare a rule's page, and link each rule that a page names."""
    uri = page.file.src_uri
    if uri.startswith("rules/") and uri != "rules/index.md":
        markdown = _spaced(markdown)
    return markdown if uri.startswith(("reference/", "changelog")) else _linked(markdown, uri)


def _made() -> Iterator[tuple[str, str | bytes]]:
    yield "reference/commands.md", "\n".join(_commands())
    yield "rules/index.md", "\n".join(_rules())
    for name, path in _SCHEMAS.items():
        text = path.read_text(encoding="utf-8")
        yield f"reference/{name}.md", "\n".join(_schema(json.loads(text), path.name))
        yield f"reference/{path.name}", text
    yield "changelog.md", _changes()
    yield from _examples()


# --- commands -------------------------------------------------------------------------------------------------------


def _commands() -> Iterator[str]:
    yield "# Commands\n"
    yield "Made from what `vrrpscope COMMAND --help` says. `man vrrpscope-analyze` and so on say the same.\n"
    for command in commands():
        yield from _command(command)


def _command(command: Command) -> Iterator[str]:
    yield f"{'##' if len(command.path) <= 2 else '###'} {command.name} {{ #{'-'.join(command.path)} }}\n"
    yield f"```text\n{command.name} {command.usage}\n```\n"
    for verbatim, text in command.help.text:
        yield f"```text\n{text}\n```\n" if verbatim else f"{_plain(text)}\n"
    if command.help.examples:
        yield "```sh\n" + "\n".join(command.help.examples) + "\n```\n"
    if command.children:
        yield "| command | what it does |\n|---|---|"
        for name, said in command.children:
            yield f"| [`{name}`](#{'-'.join((*command.path, name))}) | {_plain(said)} |"
        yield ""
    yield "| option | meaning |\n|---|---|"
    for option in command.options:
        names = ", ".join(f"`{name}`" for name in option.names)
        value = f" `{option.value}`".replace("|", "\\|") if option.value else ""
        yield f"| {names}{value} | {_plain(option.text)} |"
    yield ""
    if command.help.exits:
        yield "Exit codes: " + "; ".join(" ".join(line.split()) for line in command.help.exits) + "\n"


def _plain(text: str) -> str:
    """Return text that Markdown leaves as it is."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)


# --- rules ----------------------------------------------------------------------------------------------------------


def _rules() -> Iterator[str]:
    yield "# Rules\n"
    yield f"vrrpscope looks for {len(RULES)} things. `vrrpscope rules NAME` shows a page in the terminal.\n"
    topics: dict[str, list[str]] = {}
    for name, rule in RULES.items():
        topics.setdefault(rule.function.__module__, []).append(name)
    for module, names in topics.items():
        title = (import_module(module).__doc__ or "").strip().splitlines()[0].rstrip(".")
        yield f"## {title}\n"
        yield "| rule | what it finds |\n|---|---|"
        for name in names:
            yield f"| [`{name}`]({name}.md) | {_plain(RULES[name].summary)} |"
        yield ""


def _spaced(markdown: str) -> str:
    """Put a blank line before each list that follows a line of text."""
    lines: list[str] = []
    for line in markdown.splitlines():
        before = lines[-1] if lines else ""
        if line.startswith("- ") and before.strip() and not before.startswith(("- ", "  ")):
            lines.append("")
        lines.append(line)
    return "\n".join(lines)


def _linked(markdown: str, uri: str) -> str:
    """Link names of rules in backticks, but not in code, in headings, or in what is a link already."""
    up = "../" * uri.count("/")
    names = "|".join(re.escape(name) for name in sorted(RULES, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\[`])`({names})`(?![\]`])")
    parts = re.split(r"(^ *```.*?^ *```$)", markdown, flags=re.DOTALL | re.MULTILINE)
    for number in range(0, len(parts), 2):
        lines = parts[number].split("\n")
        parts[number] = "\n".join(
            line if line.startswith(("    ", "#")) else pattern.sub(rf"[`\1`]({up}rules/\1.md)", line) for line in lines
        )
    return "".join(parts)


# --- schemas --------------------------------------------------------------------------------------------------------


def _schema(schema: Mapping[str, object], file: str) -> Iterator[str]:
    yield f"# JSON: {schema['title']}\n"
    yield f"{schema['description']}\n"
    yield f"The contract itself, a JSON Schema: [{file}]({file}).\n"
    yield from _object("The document", schema)
    definitions = schema.get("$defs", {})
    if not isinstance(definitions, dict):
        raise TypeError(file)
    for name, definition in definitions.items():
        yield f"## {name}\n"
        if definition.get("description"):
            yield f"{_prose(definition['description'])}\n"
        if "properties" in definition:
            yield from _object("", definition)
        else:
            yield f"{_type(definition)}\n"


def _object(title: str, schema: Mapping[str, object]) -> Iterator[str]:
    if title:
        yield f"## {title}\n"
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(properties, dict) or not isinstance(required, list):
        raise TypeError(title)
    yield "| field | type | meaning |\n|---|---|---|"
    for name, each in properties.items():
        optional = "" if name in required else " (may be missing)"
        yield f"| `{name}` | {_type(each)} | {_prose(str(each.get('description', '')))}{optional} |"
    yield ""


def _type(schema: Mapping[str, object]) -> str:  # noqa: PLR0911 - one line for each kind of schema
    """Say in a few words what a value may be."""
    match schema:
        case {"$ref": str(reference)}:
            name = reference.rpartition("/")[2]
            return f"[{name}](#{name})"
        case {"const": value}:
            return f"`{json.dumps(value)}`"
        case {"enum": list(values)}:
            return ", ".join(f"`{json.dumps(value)}`" for value in values)
        case {"anyOf": list(kinds)} | {"oneOf": list(kinds)}:
            return " or ".join(_type(kind) for kind in kinds)
        case {"type": "array", "items": dict(items)}:
            return f"list of {_type(items)}"
        case {"type": list(kinds)}:
            return " or ".join(map(str, kinds))
        case {"type": str(kind)}:
            return kind
    return "anything"


def _prose(text: str) -> str:
    """Return a description for a table's cell: its backticks stay, all else is plain."""
    parts = text.split("`")
    return "`".join(part if number % 2 else _plain(part) for number, part in enumerate(parts))


# --- what else ------------------------------------------------------------------------------------------------------


def _changes() -> str:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    return text.replace("](docs/", "](")


def _examples() -> Iterator[tuple[str, str | bytes]]:
    """Yield a report as a page, and as a picture: what the front page shows."""
    from vrrpscope.analysis import analyze  # noqa: PLC0415 - all that follows is heavy, and needed only here
    from vrrpscope.plots import save  # noqa: PLC0415 - matplotlib

    hosts, directory = _EXAMPLE
    page, picture = io.StringIO(), io.BytesIO()
    with chdir(directory):  # so that the report names the files as a reader would
        analysis = analyze(*(f"{host}={host}.pcap" for host in hosts))
        render(analysis, "html", page, Options())
        save(analysis, picture, "svg")
    yield "assets/report.html", page.getvalue()
    yield "assets/story.svg", picture.getvalue()
