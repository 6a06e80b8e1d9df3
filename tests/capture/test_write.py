"""pcapng as we write it, read back by our own reader, and by tshark where it is installed."""

from __future__ import annotations

import io
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.build import T0
from vrrpscope.capture.files import open_source
from vrrpscope.capture.pcapng_blocks import options
from vrrpscope.capture.write import MAX_COMMENT, PcapngWriter, comment

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, packets: list[tuple[int, bytes]], *, text: str = "") -> Path:
    with path.open("wb") as stream:
        writer = PcapngWriter(stream, comment="of the whole", application="tests")
        first = writer.interface(1, name="eth0", snaplen=96, fcs=4)
        second = writer.interface(276, resolution=6)
        for n, (t, data) in enumerate(packets):
            odd = n % 2
            writer.packet(second if odd else first, t // 1000 if odd else t, data, len(data) + odd, text)
    return path


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    packets = [(T0 + n * 1_000_001_000, bytes(range(40 + n))) for n in range(6)]
    with open_source(str(write(tmp_path / "out", packets, text="hello"))) as source:
        (frames,) = [batch for batch in source if len(batch.t)]
        assert source.info.problems == []
        assert source.info.link_types == ["EN10MB", "LINUX_SLL2"]
        assert frames.t.tolist() == [t for t, _ in packets]
        assert frames.wirelen.tolist() == [len(data) + n % 2 for n, (_, data) in enumerate(packets)]
        assert frames.interface.tolist() == [0, 1] * 3
        for row, (_, data) in enumerate(packets):
            start = int(frames.start[row])
            assert frames.data[start : start + int(frames.caplen[row])].tobytes() == data


@given(st.text(max_size=3 * MAX_COMMENT))
def test_a_comment_of_any_text_is_one_option_and_never_too_long(text: str) -> None:
    whole = bytearray(comment(text))
    assert len(whole) % 4 == 0
    found = list(options(whole, 0, len(whole), "<"))
    if not text:
        assert found == []
        return
    ((code, value),) = found
    assert code == 1
    assert len(value) <= MAX_COMMENT
    value.decode()


def test_without_comments_no_options_are_written() -> None:
    stream = io.BytesIO()
    PcapngWriter(stream)
    assert len(stream.getvalue()) == 28


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_reads_names_times_and_comments(tmp_path: Path) -> None:
    path = write(tmp_path / "out.pcapng", [(T0, bytes(60)), (T0 + 123_456_000, bytes(60))], text="zwei\nZeilen ▲")
    fields = ["frame.interface_name", "frame.time_epoch", "frame.len", "frame.comment"]
    command = ["tshark", "-r", str(path), "-T", "fields", *(word for f in fields for word in ("-e", f))]
    lines = subprocess.run(command, capture_output=True, check=True).stdout.decode().splitlines()
    assert [line.split("\t") for line in lines] == [
        ["eth0", "1700000000.000000000", "60", "zwei\\nZeilen ▲"],
        ["unknown", "1700000000.123456000", "61", "zwei\\nZeilen ▲"],
    ]
