"""What the documentation shows is what the commands print now.

A ```console block whose commands are `$ vrrpscope …` is run in a copy of the sample that its title names:

    ```console title="samples/firewall-split-brain"
    $ vrrpscope who lb02.pcap --at 22:13:35
    …
    ```

and each command must print, on standard output and standard error, what stands behind it; `[…]` alone on a line stands
for lines left out, and `$ echo $?` shows the exit code. Digests of passwords are salted, so all of them are equal here.
`--update-golden` writes anew what differs (name a page to write only that one); what is left out stays left out, by the
lines beside it. Blocks of other commands (tcpdump, the lab) are not run.
"""

from __future__ import annotations

import difflib
import io
import re
import shlex
import shutil
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from vrrpscope.cli import main

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = sorted(path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "rules")
BLOCK: Final = re.compile(
    r'^( *)```console(?: title="(?P<where>[^"]*)")?\n(?P<body>.*?)^\1```$', re.DOTALL | re.MULTILINE
)
LEFT_OUT: Final = "[…]"
SALTED: Final = re.compile(r"#[0-9a-f]{8}\b")


class Block(NamedTuple):
    """A block of a page."""

    page: Path
    where: str
    indent: str
    body: str

    @property
    def steps(self) -> list[tuple[str, list[str]]]:
        """Each command, and the lines it is said to print."""
        found: list[tuple[str, list[str]]] = []
        for line in self.body.splitlines():
            text = line.removeprefix(self.indent)
            if text.startswith("$ "):
                found.append((text[2:], []))
            elif found and not found[-1][1] and found[-1][0].endswith("\\"):
                found[-1] = (f"{found[-1][0]}\n{text}", [])
            else:
                found[-1][1].append(text)
        return found


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    every = [Block(page, m["where"] or "", m[1], m["body"]) for m in BLOCK.finditer(text)]
    return [block for block in every if block.body.lstrip().startswith("$ vrrpscope ")]


BLOCKS: Final = [block for page in PAGES for block in blocks(page)]


def printed(command: str, code: int) -> tuple[list[str], int]:
    """Return what a command prints, line by line, and its exit code; `code` is that of the one before."""
    words = shlex.split(command.replace("\\\n", " "))
    if words == ["echo", "$?"]:
        return [str(code)], code
    assert words[0] == "vrrpscope", f"{command}: a block that is run holds commands of vrrpscope alone"
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said), pytest.raises(SystemExit) as ended:
        main(words[1:])
    assert isinstance(ended.value.code, int)
    return said.getvalue().splitlines(), ended.value.code


def masked(lines: list[str]) -> list[str]:
    return [SALTED.sub("#", line).rstrip() for line in lines]


def pieces(lines: list[str]) -> list[list[str]]:
    """The runs of lines between those that are left out."""
    found: list[list[str]] = [[]]
    for line in lines:
        if line.strip() == LEFT_OUT:
            found.append([])
        else:
            found[-1].append(line)
    return found


def shows(shown: list[str], real: list[str]) -> bool:
    """Say whether what is shown is what was printed, but for what is left out."""
    pattern = "(?s:.*\n)?".join("".join(re.escape(line) + "\n" for line in piece) for piece in pieces(masked(shown)))
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in masked(real))) is not None


def anew(shown: list[str], real: list[str]) -> list[str]:
    """Return what is to be shown instead, with about the same left out."""
    parts, result, cursor = pieces(shown), list[str](), 0
    if len(parts) == 1:
        return real
    for number, part in enumerate(parts):
        if number:
            result.append(LEFT_OUT)
        if not part:
            continue
        begin = 0 if number == 0 else find(part[0], real, cursor)
        end = len(real) if number == len(parts) - 1 else find(part[-1], real, begin) + 1
        result += real[begin:end]
        cursor = end
    return result


def find(line: str, real: list[str], cursor: int) -> int:
    like = difflib.get_close_matches(line, real[cursor:], 1, 0.4)
    assert like, f"nothing like {line!r} is printed any more: write the block by hand"
    return real.index(like[0], cursor)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda b: f"{b.page.stem}-{shlex.split(b.steps[0][0])[1]}")
def test_a_command_prints_what_the_page_shows(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    here = tmp_path / "here"
    if block.where:
        shutil.copytree(ROOT / block.where, here)
    else:
        here.mkdir()
    monkeypatch.chdir(here)
    code, told, rotten = 0, list[str](), list[str]()
    for command, shown in block.steps:
        real, code = printed(command, code)
        told += [f"$ {line}" if number == 0 else line for number, line in enumerate(command.split("\n"))]
        if shows(shown, real):
            told += shown
        else:
            told += anew(shown, real)
            rotten += difflib.unified_diff(masked(shown), masked(real), "shown", "printed", lineterm="")
    update: str | None = request.config.getoption("--update-golden")
    if rotten and update is not None and block.page.name.startswith(update):
        body = "".join(f"{block.indent}{line}".rstrip() + "\n" for line in told)
        text, end = block.page.read_text(encoding="utf-8"), f"{block.indent}```\n"
        block.page.write_text(text.replace(f"\n{block.body}{end}", f"\n{body}{end}", 1), encoding="utf-8")
        return
    assert not rotten, "\n".join((f"{block.page} (--update-golden writes it anew):", *rotten))


def test_the_tutorial_shows_what_commands_print() -> None:
    assert len([block for block in BLOCKS if block.page.parent.name == "tutorial"]) >= 10
