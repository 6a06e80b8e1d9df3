"""A compressed file that grows is whole after each chunk, whatever became of the one before."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from vrrpscope.capture.deflate import LAST, Deflate
from vrrpscope.capture.stream import open_stream

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def unpacked(path: Path) -> bytes:
    stream = open_stream(str(path))
    found = bytearray()
    view = memoryview(bytearray(1 << 16))
    while got := stream.readinto(view):
        found += view[:got]
    stream.close()
    assert stream.problem is None
    return bytes(found)


@given(
    st.lists(st.tuples(st.binary(min_size=1, max_size=300), st.integers(1, 50), st.booleans()), min_size=1, max_size=8)
)
def test_what_was_taken_is_read_back_and_what_was_lost_leaves_no_trace(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[tuple[bytes, int, bool]]
) -> None:
    path = tmp_path_factory.mktemp("deflate") / "growing.zst"
    deflate, file, expected = Deflate(), b"", b""
    for data, times, taken in chunks:
        chunk = deflate.chunk(data * times)
        if not taken:
            deflate.lost()
            continue
        file = file.removesuffix(LAST) + chunk
        deflate.taken()
        expected += data * times
        path.write_bytes(file)
        assert unpacked(path) == expected
    if expected and shutil.which("zstdcat"):
        command = ["zstdcat", str(path)]
        assert subprocess.run(command, check=True, capture_output=True).stdout == expected


def test_what_came_before_helps_to_compress() -> None:
    deflate = Deflate()
    sizes = []
    for n in range(5):
        sizes.append(len(deflate.chunk(bytes(range(200)) + bytes([n]))))
        deflate.taken()
    assert all(size < sizes[0] // 5 for size in sizes[1:])
