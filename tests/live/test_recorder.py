"""A recording as it is left behind: by a rotation, a full disk, a killed process."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.build import BILLION
from tests.frames import part
from tests.live.recordings import NOON, arriving, needs_tshark, read, state, tshark
from vrrpscope.errors import UsageError
from vrrpscope.live.recorder import Recorder
from vrrpscope.live.rotation import parse_rotation

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
ENDINGS: Final = pytest.mark.parametrize("ending", ["pcapng", "pcapng.zst"])
MINUTE: Final = 60 * BILLION


def recorder(path: Path, *rotation: str, said: list[str] | None = None) -> Recorder:
    said = [] if said is None else said
    return Recorder(str(path), ["eth0", "bond0.7"], parse_rotation(rotation), say=said.append)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@ENDINGS
def test_what_came_in_is_what_is_read_back(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"cap.{ending}"
    times = [NOON + n * 100_000_001 for n in range(50)]
    frames = arriving(times, interface=[0, 1] * 25)
    record = recorder(path)
    record.frames(part(frames, slice(0, 20)))
    record.frames(part(frames, slice(20, 50)))
    record.close(None)
    found = read(path)
    assert found.numbers == list(range(1, 51))
    assert found.times == times
    assert found.info.problems == []
    assert found.info.dropped == 0
    assert (record.written, record.lost) == (50, 0)


@needs_tshark
@ENDINGS
def test_tshark_reads_names_times_and_lengths(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"cap.{ending}"
    record = recorder(path)
    frames = arriving([NOON + 1, NOON + 2], interface=[1, 0], size=61)
    record.frames(frames._replace(wirelen=frames.wirelen + 1400))
    record.close(None)
    assert tshark(path, "frame.time_epoch", "frame.interface_name", "frame.cap_len", "frame.len") == [
        "1763812800.000000001|bond0.7|61|1461",
        "1763812800.000000002|eth0|61|1461",
    ]


@pytest.mark.skipif(shutil.which("zstdcat") is None, reason="zstd is not installed")
def test_a_compressed_recording_is_whole_while_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "cap.pcapng.zst"
    record = recorder(path)
    for n in range(5):
        record.frames(arriving([NOON + n * BILLION], first=n + 1))
        record.tick(state(NOON + n * BILLION))
        unpacked = subprocess.run(["zstdcat", str(path)], check=True, capture_output=True)
        assert unpacked.stderr == b""
        (tmp_path / "plain").write_bytes(unpacked.stdout)
        assert read(tmp_path / "plain").numbers == read(path).numbers == list(range(1, n + 2))
        assert read(path).info.problems == []
    record.close(None)


@given(data=st.data())
def test_any_split_into_batches_and_ticks_records_the_same(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    where = tmp_path_factory.mktemp("recording")
    steps = data.draw(st.lists(st.integers(0, 40 * BILLION), min_size=1, max_size=30))
    times = [NOON + sum(steps[: n + 1]) for n in range(len(steps))]
    cuts = sorted({0, len(times), *data.draw(st.lists(st.integers(0, len(times)), max_size=5))})
    rotation = data.draw(
        st.sampled_from(["duration:60", "duration:7", "packets:4", "filesize:1", "duration:60,packets:3"])
    )
    ending = data.draw(st.sampled_from(["pcapng", "pcapng.zst"]))
    record = recorder(where / f"cap.{ending}", rotation)
    frames = arriving(times)
    for begin, end in pairwise(cuts):
        record.frames(part(frames, slice(begin, end)))
        record.tick(state(times[end - 1]))
    record.close(None)
    found = [read(path) for path in sorted(where.iterdir())]
    assert [number for file in found for number in file.numbers] == list(range(1, len(times) + 1))
    assert all(file.info.problems == [] for file in found)
    if "packets" in rotation:
        assert max(len(file.numbers) for file in found) <= 4
    if rotation == "duration:60":
        assert all(t // MINUTE == file.times[0] // MINUTE for file in found for t in file.times)


def test_files_begin_on_the_clock_and_the_first_one_when_it_does(tmp_path: Path) -> None:
    record = recorder(tmp_path / "cap.pcapng", "duration:60")
    for n, at in enumerate([2, 59, 61, 150], 1):
        record.frames(arriving([NOON + at * BILLION], first=n))
    record.tick(state(NOON + 245 * BILLION))
    record.close(None)
    assert names(tmp_path) == [
        "cap_00001_20251122120002.pcapng",
        "cap_00002_20251122120100.pcapng",
        "cap_00003_20251122120200.pcapng",
        "cap_00004_20251122120400.pcapng",
    ]
    assert [read(path).numbers for path in sorted(tmp_path.iterdir())] == [[1, 2], [3], [4], []]


def test_no_file_begins_before_it_is_known_what_time_it_is(tmp_path: Path) -> None:
    record = recorder(tmp_path / "cap.pcapng", "duration:60")
    record.tick(state(0))
    record.frames(arriving([NOON + 1]))
    record.close(None)
    assert names(tmp_path) == ["cap_00001_20251122120000.pcapng"]


def test_a_late_frame_goes_into_the_file_at_hand_and_a_clock_set_back_begins_another(tmp_path: Path) -> None:
    record = recorder(tmp_path / "cap.pcapng", "duration:60")
    for n, at in enumerate([61, 59, -3600], 1):
        record.frames(arriving([NOON + at * BILLION], first=n))
    record.close(None)
    assert names(tmp_path) == ["cap_00001_20251122120101.pcapng", "cap_00002_20251122110000.pcapng"]
    assert [read(path).numbers for path in sorted(tmp_path.iterdir())] == [[1, 2], [3]]


def test_the_oldest_file_goes_when_there_are_too_many_and_only_of_this_run(tmp_path: Path) -> None:
    other = tmp_path / "cap_00000_20251122110000.pcapng"
    other.write_bytes(b"of an earlier run")
    record = recorder(tmp_path / "cap.pcapng", "packets:2,files:3")
    record.frames(arriving([NOON + n * BILLION for n in range(11)]))
    record.close(None)
    kept = sorted(tmp_path.iterdir())
    assert kept[0] == other
    assert [read(path).numbers for path in kept[1:]] == [[7, 8], [9, 10], [11]]


def test_a_size_ends_a_file(tmp_path: Path) -> None:
    record = recorder(tmp_path / "cap.pcapng", "filesize:10")
    record.frames(arriving([NOON + n for n in range(1000)], size=300))
    record.close(None)
    sizes = [path.stat().st_size for path in sorted(tmp_path.iterdir())]
    assert all(10_000 <= size < 10_500 for size in sizes[:-1])
    assert len(sizes) > 30


def test_nothing_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "cap.pcapng"
    path.write_bytes(b"evidence")
    with pytest.raises(UsageError, match="exists"):
        recorder(path)
    assert path.read_bytes() == b"evidence"
    for _ in range(2):  # the second run begins within the same second
        record = recorder(path, "duration:60")
        record.frames(arriving([NOON]))
        record.close(None)
    assert names(tmp_path)[1:] == ["cap_00001_20251122120000.pcapng", "cap_00002_20251122120000.pcapng"]


def test_a_recording_is_for_its_owner_alone(tmp_path: Path) -> None:
    recorder(tmp_path / "cap.pcapng").close(None)
    assert stat.S_IMODE((tmp_path / "cap.pcapng").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["cap.pcap", "cap", "-", "cap.pcapng.gz", "missing/cap.pcapng"])
@pytest.mark.parametrize("rotation", [[], ["duration:60"]])
def test_what_cannot_be_recorded_to_is_refused_at_once(tmp_path: Path, name: str, rotation: list[str]) -> None:
    with pytest.raises(UsageError):
        recorder(tmp_path / name, *rotation)


def test_what_the_kernel_dropped_is_said_in_each_file(tmp_path: Path) -> None:
    record = recorder(tmp_path / "cap.pcapng", "packets:1")
    for n, dropped in enumerate([5, 5, 7]):
        record.frames(arriving([NOON + n * BILLION], first=n + 1))
        record.tick(state(NOON + n * BILLION, dropped=dropped))
    record.close(None)
    assert [read(path).info.dropped for path in sorted(tmp_path.iterdir())] == [5, 0, 2]


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Have the system refuse to let any file grow further, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@ENDINGS
def test_what_cannot_be_written_waits_and_is_written_when_that_can_be_done(tmp_path: Path, ending: str) -> None:
    said: list[str] = []
    path = tmp_path / f"cap.{ending}"
    record = recorder(path, said=said)
    record.frames(arriving([NOON + n * BILLION for n in range(10)]))
    with no_file_beyond(path.stat().st_size + 5):
        for n in range(10, 20):
            record.frames(arriving([NOON + n * BILLION], first=n + 1))
            record.tick(state(NOON + n * BILLION))
        assert read(path).numbers == list(range(1, 11))
        assert read(path).info.problems == []
    assert len(said) == 1
    assert "cannot be written" in said[0]
    record.frames(arriving([NOON + 20 * BILLION], first=21))
    record.close(None)
    assert read(path).numbers == list(range(1, 22))
    assert read(path).info.problems == []
    assert len(said) == 2
    assert record.lost == 0


def test_what_does_not_fit_into_memory_meanwhile_is_counted_and_said_at_the_gap(tmp_path: Path) -> None:
    said: list[str] = []
    path = tmp_path / "cap.pcapng"
    record = recorder(path, said=said)
    with no_file_beyond(path.stat().st_size):
        for n in range(0, 1000, 100):
            record.frames(arriving([NOON + n * BILLION] * 100, first=n + 1, size=16_000))
    record.frames(arriving([NOON + 1000 * BILLION], first=1001))
    record.tick(state(NOON + 1000 * BILLION))
    record.frames(arriving([NOON + 1001 * BILLION], first=1002))
    record.close(None)
    found = read(path)
    assert record.lost > 400
    assert len(found.numbers) + record.lost == 1002
    assert found.info.dropped == record.lost
    assert f"{record.lost} frames could not be written" in said[-1]
    if shutil.which("tshark"):
        comments = [line for line in tshark(path, "frame.comment") if line]
        assert comments == [f"vrrpscope: before this one {record.lost} frames could not be written"]


RECORDING = """
import sys
from tests.live.recordings import NOON, arriving, state
from vrrpscope.live.recorder import Recorder
record = Recorder(sys.argv[1], ["eth0"], say=print)
step = 50_000_000
n = 0
while True:
    n += 1
    record.frames(arriving([NOON + n * step], first=n))
    if n % 10 == 0:
        record.tick(state(NOON + n * step))
    print(n, flush=True)
"""


@ENDINGS
def test_of_a_killed_process_all_but_the_last_second_is_there(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"cap.{ending}"
    command = [sys.executable, "-c", RECORDING, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        given = 0
        while given < 333:
            given = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        child.wait()
        given = int((["333", *child.stdout.read().split()])[-1])
    found = read(path)
    second = 20  # frames
    assert found.numbers == list(range(1, len(found.numbers) + 1))
    assert len(found.numbers) >= given - second
    assert found.info.problems == []


FULL = """
import json, os, sys
from tests.live.recordings import NOON, arriving, read, state
from vrrpscope.live.recorder import Recorder
from vrrpscope.live.rotation import parse_rotation
where = sys.argv[1]
said = []
rotation = parse_rotation(["duration:60,files:2"])
with open(where + "/ballast", "wb") as ballast:
    ballast.write(bytes(400_000))
record = Recorder(where + "/cap.pcapng", ["eth0"], rotation, say=said.append)
second, n = 1_000_000_000, 0
for t in range(0, 600, 5):
    if t == 300:
        os.unlink(where + "/ballast")
    frames = arriving([NOON + t * second] * 10, first=n + 1, size=1500)
    record.frames(frames)
    record.tick(state(NOON + t * second))
    n += 10
record.close(None)
files = [read(where + "/" + name) for name in sorted(os.listdir(where))]
json.dump([said, n, record.lost, [f.numbers for f in files], [str(f.info.problems) for f in files]], sys.stdout)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or shutil.which("unshare") is None, reason="mounts a small disk"
)
def test_a_full_disk_is_reported_once_and_the_recording_goes_on(tmp_path: Path) -> None:
    mount = f'mount -t tmpfs -o size=600k tmpfs "{tmp_path}" && exec "$@"'
    command = ["unshare", "-m", "sh", "-c", mount, "sh", sys.executable, "-c", FULL, str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if "mount" in ended.stderr:
        pytest.skip("no permission to mount")
    assert ended.returncode == 0, ended.stderr
    said, given, lost, files, problems = json.loads(ended.stdout)
    assert "No space left on device" in said[0]
    assert "is written again" in said[1]
    assert len(said) == 2 + bool(lost)
    assert set(problems) == {"[]"}
    assert files[-1] == list(range(given - 119, given + 1))
