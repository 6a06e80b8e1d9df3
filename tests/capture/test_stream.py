from __future__ import annotations

import bz2
import contextlib
import gzip
import itertools
import lzma
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import lz4.frame
import pytest
import zstandard

from tests.build import T0, packets, pcap, pcapng
from tests.capture.reading import read
from vrrpscope.capture import open_source
from vrrpscope.capture.inflate import ZstdCodec
from vrrpscope.errors import NotACaptureError

if TYPE_CHECKING:
    from collections.abc import Callable

FRAMES = packets(2000)
PLAIN = pcap(FRAMES)
ROOT = Path(__file__).parents[2]


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def lz4_frame(data: bytes) -> bytes:
    return bytes(lz4.frame.compress(data, block_size=lz4.frame.BLOCKSIZE_MAX64KB))


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstd,
    "lz4": lz4_frame,
    "xz": lzma.compress,
    "bz2": lambda data: bz2.compress(data, 1),
}

each_compression = pytest.mark.parametrize("kind", list(COMPRESS))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.bin"


@each_compression
@pytest.mark.parametrize("block", [1000, None])
def test_a_compressed_capture_gives_the_same_frames(path: Path, kind: str, block: int | None) -> None:
    path.write_bytes(COMPRESS[kind](PLAIN))
    found, info = read(path, block=block)
    assert [frame.frame for frame in found] == [frame for _, frame in FRAMES]
    assert (info.compression, info.format, info.problems) == (kind, "pcap", [])


@each_compression
def test_members_one_behind_the_other_are_one_capture(path: Path, kind: str) -> None:
    cuts = [0, 10, 30, 20_000, 20_001, len(PLAIN)]
    path.write_bytes(b"".join(COMPRESS[kind](PLAIN[a:b]) for a, b in itertools.pairwise(cuts)))
    found, info = read(path, block=1000)
    assert [frame.frame for frame in found] == [frame for _, frame in FRAMES]
    assert info.problems == []


@each_compression
def test_a_compressed_capture_cut_short_gives_what_came_before_and_says_so(path: Path, kind: str) -> None:
    whole = COMPRESS[kind](PLAIN)
    for share in (0.5, 0.9, 0.999):
        path.write_bytes(whole[: int(len(whole) * share)])
        try:
            found, info = read(path)
        except NotACaptureError as error:  # one block of bz2 may hold it all
            stopped = (kind, "cut short" in str(error))
            assert stopped == ("bz2", True)
            continue
        assert [frame.frame for frame in found] == [frame for _, frame in FRAMES[: len(found)]]
        assert len(found) >= len(FRAMES) * share * 0.5 or kind in ("bz2", "zstd", "xz")
        assert f"{kind} data ends early" in info.problems[0].message
        assert info.problems[0].offset is not None


@each_compression
def test_a_compressed_capture_cut_anywhere_never_raises_anything_else(path: Path, kind: str) -> None:
    whole = COMPRESS[kind](pcap(packets(5)))
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        try:
            found, info = read(path)
        except NotACaptureError:
            continue
        assert [frame.frame for frame in found] == [frame for _, frame in packets(5)[: len(found)]]
        assert info.problems


@each_compression
def test_damage_inside_compressed_data_is_noted(path: Path, kind: str) -> None:
    whole = bytearray(COMPRESS[kind](PLAIN))
    whole[len(whole) * 3 // 4] ^= 0xFF
    path.write_bytes(whole)
    with contextlib.suppress(NotACaptureError):  # a format of one block may give nothing at all
        assert read(path)[1].problems


def test_a_wrong_gzip_checksum_costs_no_frame(path: Path) -> None:
    whole = bytearray(gzip.compress(PLAIN))
    whole[-8] ^= 0xFF
    path.write_bytes(whole)
    found, info = read(path)
    assert len(found) == len(FRAMES)
    assert "gzip data is damaged" in info.problems[0].message


@each_compression
def test_zeros_behind_the_data_are_padding_and_other_bytes_are_noted(path: Path, kind: str) -> None:
    path.write_bytes(COMPRESS[kind](PLAIN) + bytes(4096))
    found, info = read(path)
    assert len(found) == len(FRAMES)
    assert info.problems == []
    path.write_bytes(COMPRESS[kind](PLAIN) + b"\n-- end --\n")
    found, info = read(path)
    assert len(found) == len(FRAMES)
    assert "followed by other bytes" in info.problems[0].message


def test_zstd_skippable_frames_are_skipped(path: Path) -> None:
    skippable = struct.pack("<II", 0x184D2A53, 100_000) + bytes(100_000)
    path.write_bytes(skippable + zstd(PLAIN[:5000]) + skippable + zstd(PLAIN[5000:]) + skippable)
    found, info = read(path)
    assert len(found) == len(FRAMES)
    assert info.problems == []


@pytest.mark.parametrize("size", [0, 1, 255, 256, 70_000, 300_000])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("checksum", [True, False])
def test_every_zstd_header_is_understood_byte_by_byte(size: int, known: bool, checksum: bool) -> None:
    data = bytes(n * n % 251 for n in range(size))
    compressor = zstandard.ZstdCompressor(write_content_size=known, write_checksum=checksum)
    packed = compressor.compress(data) if known else compressor.compressobj().compress(data)
    if not known:
        stream = compressor.compressobj()
        packed = stream.compress(data) + stream.flush()
    codec = ZstdCodec()
    out = b""
    for n in range(len(packed)):
        assert not codec.eof
        out += codec.decompress(packed[n : n + 1], 1 << 20)
    assert codec.eof
    assert out == data


BOMB = """
import sys
from pathlib import Path
from vrrpscope.capture import open_source
from vrrpscope.errors import CaptureError
for path in sys.argv[1:]:
    with open_source(path) as source:
        for _ in source:
            pass
status = Path("/proc/self/status").read_text()
print(*(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc for the peak")
def test_decompression_bombs_and_claimed_lengths_cost_bounded_memory(tmp_path: Path) -> None:
    zeros = bytes(1 << 20)
    stream = zstandard.ZstdCompressor().compressobj()
    huge = stream.compress(pcap([]) + struct.pack("<IIII", 5, 0, 0xFFFF_FFFF, 0xFFFF_FFFF))
    for _ in range(100):
        huge += stream.compress(zeros)
    (tmp_path / "bomb.zst").write_bytes(huge + stream.flush())
    packer = lzma.LZMACompressor(preset=0)
    (tmp_path / "bomb.xz").write_bytes(
        packer.compress(pcap([(T0, b"x" * 60)])) + packer.compress(zeros * 40) + packer.flush()
    )
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(pcapng([]) + struct.pack("<II", 6, 0xFFFF_FFF0) + zeros * 40, 1))
    paths = [str(file) for file in sorted(tmp_path.iterdir())]
    run = subprocess.run([sys.executable, "-c", BOMB, *paths], capture_output=True, text=True, check=True, cwd=ROOT)
    assert int(run.stdout) < 100_000  # KiB, of which Python and NumPy are a third


@pytest.mark.parametrize("kind", [*COMPRESS, "plain"])
def test_standard_input_may_be_a_pipe(kind: str) -> None:
    data = PLAIN if kind == "plain" else COMPRESS[kind](PLAIN)
    reader, writer = os.pipe()

    def feed() -> None:
        with os.fdopen(writer, "wb", buffering=0) as pipe:
            pipe.write(data[:3])
            pipe.write(data[3:])

    feeder = threading.Thread(target=feed)
    feeder.start()
    saved = os.dup(0)
    try:
        os.dup2(reader, 0)
        found, info = read("-")
    finally:
        os.dup2(saved, 0)
        os.close(saved)
        os.close(reader)
        feeder.join()
    assert [frame.frame for frame in found] == [frame for _, frame in FRAMES]
    assert (info.name, info.path) == ("stdin", "-")
    assert info.problems == []


def test_what_a_pipe_holds_is_given_before_more_comes(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = os.open(fifo, os.O_RDWR)
    os.write(writer, pcap(FRAMES[:3]))
    with open_source(str(fifo)) as source:
        batches = iter(source)
        assert len(next(batches).t) == 3
        assert source.size is None
        os.write(writer, pcap(FRAMES[3:5])[24:])
        assert next(batches).number.tolist() == [4, 5]
    os.close(writer)


def test_position_reaches_size(path: Path) -> None:
    for data in (PLAIN, gzip.compress(PLAIN)):
        path.write_bytes(data)
        with open_source(str(path)) as source:
            assert source.size == len(data)
            for _ in source:
                pass
            assert source.position == len(data)


def test_a_compressed_file_inside_a_compressed_file_is_no_capture(path: Path) -> None:
    path.write_bytes(gzip.compress(gzip.compress(PLAIN)))
    with pytest.raises(NotACaptureError, match="is not a capture"):
        open_source(str(path))
