"""A configuration as a tree, whole or damaged, friendly or hostile."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrrpscope.errors import UsageError
from vrrpscope.keepalived import includes
from vrrpscope.keepalived.blocks import Statement, read_blocks
from vrrpscope.keepalived.text import MAX_NESTING, Place

if TYPE_CHECKING:
    from collections.abc import Iterable

NOWHERE = Path("/nonexistent")


def drawn(statements: Iterable[Statement]) -> str:
    """Return a tree as one line: `a b {c; d}`."""
    return "; ".join(" ".join(s.words) + ("" if s.body is None else f"{{{drawn(s)}}}") for s in statements)


def read(text: str, host: str | None = None, directory: Path = NOWHERE) -> tuple[str, list[str]]:
    troubles: list[str] = []
    statements, _ = read_blocks(text, directory, host, lambda place, said: troubles.append(f"{place}: {said}"))
    return drawn(statements), troubles


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a b\nc", "a b; c"),
        ("a {\n b\n}\nc", "a{b}; c"),
        ("a { b }", "a{b}"),
        ('a "b c" { d\n e }', "a b c{d; e}"),
        ("a ! b\n# c", "a"),
        ("$X=b c\na $X", "a b c"),
        ("$X=b \\\n c\na $X", "a b; c"),
        ("~SEQ(I, 2) a ${I}", "a 1; a 2"),
        ("@lb01 a\n@lb02 b\n@^lb01 c", "a"),
        ("", ""),
    ],
)
def test_a_text_is_read_as_keepalived_does(text: str, tree: str) -> None:
    assert read(text, "lb01") == (tree, [])


def test_statements_know_their_lines(tmp_path: Path) -> None:
    (tmp_path / "b.conf").write_text("\nb\n")
    statements, conditional = read_blocks("a\ninclude b.conf\n@x c\n", tmp_path, None)
    assert [s.place for s in statements] == [Place("", 1), Place("b.conf", 2), Place("", 3)]
    assert conditional


@pytest.mark.parametrize(
    ("text", "tree", "trouble"),
    [
        ("a {\n b", "a{b}", "line 1: the block a that opens here is not closed"),
        ("a }\nb", "a; b", "line 1: this } closes no block"),
        (
            "vrrp_instance A {\n b\nvrrp_instance B {\n c\n}",
            "vrrp_instance A{b}; vrrp_instance B{c}",
            "line 1: the block",
        ),
        (
            "vrrp_instance A {\nvirtual_ipaddress {\n1\ntrack_script {\nx\n}\n}",
            "vrrp_instance A{virtual_ipaddress{1}; track_script{x}}",
            "line 2: the block virtual_ipaddress",
        ),
        ('a "b\nc', "a; c", "line 1: a quotation that begins here does not end"),
        ("a ${X}\nb", "b", "line 1: ${X} is not defined"),
        ("include nosuch.conf\nb", "b", "line 1: included file /nonexistent/nosuch.conf does not exist"),
        ("~SEQ(I, x) a\nb", "b", "line 1: ~SEQ(I, x) cannot be read"),
        ("a " + "x" * 9000 + "\nb", "b", "line 1: the line is longer"),
    ],
)
def test_what_is_damaged_is_told_and_the_rest_is_used(text: str, tree: str, trouble: str) -> None:
    found, troubles = read(text)
    assert found == tree
    assert troubles[0].startswith(trouble)
    assert len(troubles) == 1


def test_where_trouble_is_refused_it_is_an_error() -> None:
    with pytest.raises(UsageError, match="line 1: the block a"):
        read_blocks("a {", NOWHERE, None)


def test_variables_without_end_end_the_reading_there() -> None:
    found, troubles = read("a\n$X=${X} ${X}\nb ${X}\nc")
    assert found == "a"
    assert "have no end" in troubles[0]


def test_nesting_and_inclusion_are_bounded(tmp_path: Path) -> None:
    deep = "a {\n" * (MAX_NESTING + 9) + "b\n" + "}\n" * (MAX_NESTING + 9) + "c\n"
    found, troubles = read(deep)
    assert found.endswith("; c")
    assert len(troubles) == 1
    (tmp_path / "a.conf").write_text("x\ninclude a.conf\n")
    found, troubles = read("include a.conf\ny", directory=tmp_path)
    assert found == "; ".join(["x"] * includes.MAX_DEPTH + ["y"])
    assert "nested deeper" in troubles[0]


def test_size_is_bounded(tmp_path: Path) -> None:
    long = ("# " + "x" * 4000 + "\ny\n") * 200
    for text, said in ((long, "larger than 1 MiB"), ("\n" * 50_000, "more than 100000 lines")):
        (tmp_path / "a.conf").write_text("x\n" + text)
        found, troubles = read("b\n" + "include a.conf\n" * 3, directory=tmp_path)
        assert found.startswith("b; x")
        assert said in troubles[0]
        assert len(troubles) == 1


_PIECES = [
    "{",
    "}",
    "\n",
    " ",
    '"',
    "\\",
    "!",
    "#",
    "@x ",
    "$A=",
    "${A}",
    "$A",
    "~SEQ(A,3) ",
    "~LST(A,{b}) ",
    "include x",
]
_WORDS = ["vrrp_instance", "virtual_ipaddress", "track_script", "a", "\x1b[2J", "\udc80"]


@given(st.lists(st.sampled_from(_PIECES + _WORDS), max_size=60).map("".join))
def test_no_text_is_an_error(text: str) -> None:
    read(text)
    read(text, "x")
