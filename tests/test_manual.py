"""Manual pages and completions that are shipped are those of the commands as they are now, and work."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

import pytest

from tests.cli.running import COMMAND, environment
from tools import completions, manual

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAGES: Final = manual.pages()
REFRESH: Final = "python -m tools.manual writes them anew"


@pytest.mark.parametrize("name", PAGES)
def test_a_manual_page_says_what_the_command_says(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(manual.MAN / name, PAGES[name])


def test_there_is_no_page_of_a_command_that_is_no_more() -> None:
    assert {path.name for path in manual.MAN.iterdir()} == PAGES.keys(), REFRESH


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not installed")
def test_mandoc_finds_nothing_to_say_about_a_manual_page() -> None:
    pages = sorted(map(str, manual.MAN.glob("*.1")))
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "style", *pages], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
@pytest.mark.parametrize("name", PAGES)
def test_groff_formats_a_manual_page_without_a_warning(name: str) -> None:
    command = ["groff", "-man", "-ww", "-Tutf8", "-Z", str(manual.MAN / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("shell", completions.FILES)
def test_a_completion_is_what_click_makes_now(shell: str, golden: Callable[[Path, str], None]) -> None:
    path = completions.COMPLETIONS / completions.FILES[shell]
    if version("click") != completions.CLICK:
        pytest.skip(f"written with click {completions.CLICK}; this is {version('click')}, whose scripts may differ")
    golden(path, completions.script(shell))


@pytest.fixture
def on_path(tmp_path: Path) -> str:
    """A PATH on which `vrrpscope` is this tree's."""
    program = tmp_path / "vrrpscope"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m {COMMAND[-1]} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return f"{tmp_path}:{environment()['PATH']}"


def ask(shell: str, script: str, path: str) -> list[str]:
    done = subprocess.run(
        [shell, "-c", script], capture_output=True, text=True, check=False, env=environment(PATH=path), cwd=manual.MAN
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (("ana",), ["analyze"]),
        (("analyze", "--evid"), ["--evidence"]),
        (("analyze", "--fail-on", "cr"), ["critical"]),
        (("rules", "silent-"), ["silent-split-brain"]),
        (("lab", "run", "firewall-"), ["firewall-split-brain"]),
    ],
)
def test_bash_completes_what_was_begun(typed: tuple[str, ...], offered: list[str], on_path: str) -> None:
    words = " ".join(("vrrpscope", *typed))
    script = (
        f"source {completions.COMPLETIONS / completions.FILES['bash']}; "
        f"COMP_WORDS=({words}); COMP_CWORD={len(typed)}; _vrrpscope_completion vrrpscope; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    assert ask("bash", script, on_path) == offered


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes_what_was_begun(on_path: str) -> None:
    script = f"source {completions.COMPLETIONS / completions.FILES['fish']}; complete -C 'vrrpscope inv'"
    assert ask("fish", script, on_path)[:1] == ["inventory"]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_reads_its_completion(on_path: str) -> None:
    file = completions.COMPLETIONS / completions.FILES["zsh"]
    script = f"autoload -U compinit && compinit -D -u && source {file} && echo $_comps[vrrpscope]"
    assert ask("zsh", script, on_path) == ["_vrrpscope_completion"]


@pytest.mark.parametrize("argument", ["lb0", ""])
def test_captures_are_completed_as_files(argument: str, on_path: str) -> None:
    words = f"env COMP_WORDS='vrrpscope analyze {argument}' COMP_CWORD=2 _VRRPSCOPE_COMPLETE=bash_complete vrrpscope"
    assert ask("sh", words, on_path) == [f"file,{argument}"]
