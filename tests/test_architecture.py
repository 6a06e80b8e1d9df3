"""The shape of the house, kept by reading its source: nothing is imported here, so nothing can hide.

    errors, findings, keepalived ← capture ← wire ← timeline ← evidence ← rules ← outcome ← session
    ← analysis ← questions ← report ← plots ← live, notebook ← cli

Imports point left only; `lab` stands alone beside `cli`, which may start it, and shares only errors and
keepalived's language with the rest. Each heavy library is imported
in one place. Only what runs beside a person (live sources of `capture/`, `live/`, `lab/`, `cli/`) may look at a clock.
Parts that do not exist yet are simply not found.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[1]
PACKAGE: Final = ROOT / "vrrpscope"
MODULES: Final = sorted(PACKAGE.rglob("*.py"))
MAX_LINES: Final = 400

RANK: Final = {
    name: rank
    for rank, names in enumerate(
        [
            ("errors", "findings", "keepalived"),
            ("capture",),
            ("wire",),
            ("timeline",),
            ("evidence",),
            ("rules",),
            ("outcome",),
            ("session",),
            ("analysis",),
            ("questions",),
            ("report",),
            ("plots",),
            ("live", "notebook"),
            ("cli", "lab"),
        ]
    )
    for name in names
}
"""Which part may import which: one of a lower rank, or itself."""

ROOMS: Final = {
    "scapy": ("capture/sniffer.py",),
    "pyshark": ("capture/tshark.py",),
    "matplotlib": ("plots/",),
    "click": ("cli/",),
    "jinja2": ("report/html.py",),
    "pandas": ("report/tables.py",),
    "pyarrow": ("report/parquet.py",),
    "IPython": (),
    "rich": ("report/paint.py", "live/screen/"),
    "zstandard": ("capture/inflate.py", "capture/deflate.py"),
    "lz4": ("capture/inflate.py",),
    "prometheus_client": ("live/metrics.py",),
    "textual": ("live/screen/",),
}
"""The only places that import a heavy library; naming one for a type checker does not load it."""

DOORS: Final = {("cli", "lab"), *(("outcome", to) for to in ("questions", "report", "plots"))}
"""What may be imported against the order: `cli` starts the lab, and an `Analysis`, which is what a person holds in
hand, answers by what stands to its right, when it is asked."""

CLOCKED: Final = ("capture/live.py", "capture/sniffer.py", "live/", "lab/", "cli/")
CLOCKS: Final = {
    *(
        f"time.{name}{unit}"
        for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time", "clock_gettime")
        for unit in ("", "_ns")
    ),
    *(f"time.{name}" for name in ("sleep", "localtime", "gmtime", "ctime", "strftime")),
    *(f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")),
    "datetime.date.today",
}


def source_modules(tree: ast.Module, here: tuple[str, ...], *, types: bool = True) -> Iterator[str]:
    """Yield the dotted name of all that a module imports; `here` is its package, for relative imports."""
    for node in walk(tree, types=types):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(here[: len(here) - node.level + 1]) if node.level else ""
            origin = ".".join(part for part in (base, node.module) if part)
            # `from vrrpscope import wire` names a module as much as `import vrrpscope.wire` does.
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def walk(tree: ast.AST, *, types: bool) -> Iterator[ast.AST]:
    """Walk a tree, without the blocks under `if TYPE_CHECKING:` unless types are wanted."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not types:
            for branch in node.orelse:
                yield branch
                yield from walk(branch, types=types)
            continue
        yield node
        yield from walk(node, types=types)


def wrong_way(tree: ast.Module, module: str) -> list[str]:
    """Return the imports of a module (`wire/layers.py`) that do not point left."""
    parts = module.removesuffix(".py").split("/")
    mine = parts[0]
    if mine in {"__init__", "__main__"}:
        return []  # the public face imports everything, lazily
    wrong = []
    for name in source_modules(tree, ("vrrpscope", *parts[:-1])):
        root, _, rest = name.partition(".")
        part = rest.partition(".")[0]
        if root != "vrrpscope" or part in {mine, "__version__", ""}:
            continue
        if part not in RANK or mine not in RANK:
            wrong.append(f"{name} (a part this test does not know)")
        elif mine == "lab":
            wrong += [name] * (part not in {"errors", "keepalived"})
        elif mine == "keepalived":
            wrong += [name] * (part != "errors")
        elif RANK[part] >= RANK[mine] and (mine, part) not in DOORS:
            wrong.append(name)
    return wrong


def strangers(tree: ast.Module, module: str) -> list[str]:
    """Return the heavy libraries a module imports outside their place."""
    names = {name.partition(".")[0] for name in source_modules(tree, (), types=False)}
    return sorted(name for name in names & ROOMS.keys() if not module.startswith(ROOMS[name]))


def clocks(tree: ast.Module) -> list[str]:
    """Return the clocks a module speaks of, called or handed on, under whatever name it imported them."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            known |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    spoken = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            head, dot, rest = ast.unparse(node).partition(".")
            spoken.append(known.get(head, head) + dot + rest)
    return sorted(CLOCKS.intersection(spoken))


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


every_module = pytest.mark.parametrize("path", MODULES, ids=relative)


@every_module
def test_imports_point_left_only(path: Path) -> None:
    assert wrong_way(parsed(path), relative(path)) == []


@every_module
def test_each_heavy_library_stays_in_its_place(path: Path) -> None:
    assert strangers(parsed(path), relative(path)) == []


@every_module
def test_only_what_runs_beside_a_person_reads_a_clock(path: Path) -> None:
    if not relative(path).startswith(CLOCKED):
        assert clocks(parsed(path)) == []


@every_module
def test_a_module_opens_with_its_theory_of_operation(path: Path) -> None:
    assert ast.get_docstring(parsed(path))


@pytest.mark.parametrize(
    "path",
    sorted(path for top in ("vrrpscope", "tests", "samples") for path in (ROOT / top).rglob("*.py")),
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_a_file_stays_readable(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("wire/layers.py", "from vrrpscope.timeline.engine import Engine"),
        ("wire/layers.py", "from vrrpscope import cli"),
        ("wire/layers.py", "from ..rules import split"),
        ("capture/stream.py", "def f():\n    import vrrpscope.wire.vrrp"),
        ("findings.py", "from vrrpscope.errors import UsageError"),
        ("keepalived/text.py", "from vrrpscope.findings import Finding"),
        ("report/text.py", "from vrrpscope.plots import figure"),
        ("live/screen.py", "from vrrpscope.lab import story"),
        ("lab/run.py", "import vrrpscope.analysis"),
        ("attic/old.py", "import vrrpscope.wire"),
    ],
)
def test_an_import_that_points_right_is_seen(module: str, text: str) -> None:
    assert wrong_way(ast.parse(text), module)


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("wire/layers.py", "from . import checksum\nfrom .columns import ADVERT\nimport numpy"),
        ("rules/split.py", "from ..timeline.events import Event\nfrom vrrpscope.findings import Finding"),
        ("report/json_v1.py", "from vrrpscope import __version__\nfrom vrrpscope.analysis import Analysis"),
        ("cli/lab.py", "from vrrpscope.lab import story"),
        ("lab/rehearsal.py", "from vrrpscope.keepalived.text import Reader"),
        ("keepalived/text.py", "from vrrpscope.errors import UsageError"),
        ("__init__.py", "def __getattr__(name):\n    from vrrpscope.analysis import Session"),
    ],
)
def test_an_import_that_points_left_is_allowed(module: str, text: str) -> None:
    assert wrong_way(ast.parse(text), module) == []


def test_a_library_outside_its_place_is_seen_unless_only_named_for_types() -> None:
    text = "def table():\n    import pandas as pd"
    guarded = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas as pd"
    assert strangers(ast.parse(text), "report/text.py") == ["pandas"]
    assert strangers(ast.parse(text), "report/tables.py") == []
    assert strangers(ast.parse(guarded), "report/text.py") == []


@pytest.mark.parametrize(
    "text",
    [
        "import time\ntime.time()",
        "from time import perf_counter as tick\ntick()",
        "import datetime as dt\ndt.datetime.now(dt.UTC)",
        "from datetime import datetime\ndef f(now=datetime.utcnow): ...",
    ],
)
def test_a_clock_is_seen_under_any_name(text: str) -> None:
    assert clocks(ast.parse(text))


def test_times_that_are_data_are_no_clock() -> None:
    text = "from datetime import UTC, datetime\ndatetime.fromtimestamp(0, UTC)\nengine.now()\nrow.time"
    assert clocks(ast.parse(text)) == []
